"""Messages of a conversation on their way to the client, one by one, each once.

Towards Telegram nothing is repeat-safe: a message that was sent and not noted down is sent once more, at
most that one (section 5 of the conversations API).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError

from bot.dialogue import handoff as screens
from bot.domain.client import Client
from bot.domain.errors import Gone, NotPermitted, OneLinkUnreachable, Refused
from bot.domain.handoff import Thread
from bot.domain.thread import ThreadMessage, Whose, whose
from bot.onelink.files import Files
from bot.relay_storage import PASSED, Claim
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.moves import tolerate
from bot.telegram.operator_words import OperatorWords, reply_to
from bot.usecases.handoffs import Handoffs, News

log = structlog.get_logger(__name__)

#: Why a message has to be looked at again; a survey's link is kept instead of a word. See also PASSED.
DELETED, FAILED, RETRY, MISSED = "deleted", "failed", "retry", "missed"


def meant_for(message: ThreadMessage) -> Whose:
    """Whose turn it is; what was taken back before it was shown is for nobody."""
    return Whose.NOT_FOR_CLIENTS if message.deleted else whose(message)


@dataclass(frozen=True, slots=True)
class Showing:
    """For one client, under one claim."""

    bot: Bot
    front: Front
    handoffs: Handoffs
    files: Files
    claim: Claim

    async def show(self, thread: Thread, message: ThreadMessage) -> Thread:
        """The conversation after this message."""
        kind = meant_for(message)
        passed: tuple[int, ...] = ()
        lost: Sequence[str] = ()
        if kind in (Whose.OPERATOR, Whose.AUTOMATION):
            thread, passed, lost = await self._send(thread, message, signed=kind is Whose.OPERATOR)
        thread = thread.read(message.id)
        await self.claim.save_thread(thread, (message.id, passed) if passed else None)
        if lost:
            await self._incomplete(thread, message.id, lost)
        elif passed:
            await self._tick(thread, message.id)
        return thread

    async def _incomplete(self, thread: Thread, message_id: int, lost: Sequence[str]) -> None:
        """The client has the words and not these files (section 8.5); Retry sends it all again."""
        relays = self.front.storage.relays
        await relays.look_later(self.claim.client_id, thread.conversation_id, message_id, FAILED)
        await self._not_reached(thread, message_id, f"Not passed on: {', '.join(lost)}")

    async def give_up(self, thread: Thread, message: ThreadMessage) -> Thread:
        """What came after this message must not wait for it for ever: the operators are told."""
        await self._not_reached(thread, message.id, "The bot could not pass this message on")
        thread = thread.read(message.id)
        await self.claim.save_thread(thread)
        return thread

    async def look_back(self, thread: Thread, news: News, now: datetime) -> None:
        """Messages that were looked at before and have changed since."""
        client_id, relays = self.claim.client_id, self.front.storage.relays
        for message_id, why in (await relays.looks(client_id, thread.conversation_id)).items():
            if message_id > thread.cursor or why == FAILED:
                continue
            if why == PASSED:
                await self._tick(thread, message_id)
                continue
            if why == DELETED:
                for shown in await relays.passed(client_id, message_id):
                    await tolerate(self.bot.delete_message(client_id, shown))
            elif why in (RETRY, MISSED):
                if not await self._late(thread, message_id):
                    await relays.look_later(client_id, thread.conversation_id, message_id, FAILED)
                    continue
            # A survey's link can be forged: it belongs to the conversation, or it is not shown.
            elif news.uuid is not None and why.rstrip("/").endswith(f"/{news.uuid}"):
                await self._survey(thread, message_id, why, now)
            await relays.looked(client_id, thread.conversation_id, message_id, why)

    async def _survey(self, thread: Thread, message_id: int, link: str, now: datetime) -> None:
        """Once, whatever rings how often."""
        client_id = self.claim.client_id
        if await self.front.storage.relays.passed(client_id, message_id):
            return
        async with self.front.storage.turn(client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            card = Card(self.bot, turn, self.front.texts[turn.client.speaks], now)
            try:
                sent = await card.say(screens.survey(link))
            except (TelegramForbiddenError, TelegramBadRequest) as error:
                # Telegram refuses buttons that lead to addresses within a house.
                log.warning("survey_not_passed_on", error=type(error).__name__)
                return
        await self.claim.save_thread(thread, (message_id, (sent.message_id,)))

    async def _send(
        self, thread: Thread, message: ThreadMessage, *, signed: bool, again: bool = False
    ) -> tuple[Thread, tuple[int, ...], Sequence[str]]:
        """Each part of a message, and what was lost on the way; what was sent before a crash is not sent
        again. () if it cannot reach the client: then the operators know. `again`: it is not the next one,
        and no part is noted down."""
        client = await self.front.storage.client(self.claim.client_id)
        tries = 0 if again else self.claim.tries
        words = OperatorWords(self.bot, self.files, client.id, self.front.texts[client.speaks], tries)
        parts = words.parts(message, signed=signed)
        answered = reply_to(message, client.id)
        shown = () if again else thread.shown
        try:
            for number, part in enumerate(parts):
                if number < len(shown):
                    continue
                sent = await part(answered if number == 0 else None)
                shown = (*shown, sent.message_id)
                if number + 1 < len(parts) and not again:
                    thread = replace(thread, shown=shown)
                    await self.claim.save_thread(thread)
        except (TelegramForbiddenError, TelegramBadRequest) as error:
            await self._out_of_reach(client, thread, message.id, error)
            return thread, (), ()
        return thread, shown, words.lost

    async def _out_of_reach(
        self,
        client: Client,
        thread: Thread,
        message_id: int,
        error: TelegramForbiddenError | TelegramBadRequest,
    ) -> None:
        log.info("out_of_reach", error=type(error).__name__)
        await self.front.storage.relays.look_later(client.id, thread.conversation_id, message_id, FAILED)
        await self._not_reached(thread, message_id, f"Telegram: {error.message}")
        if isinstance(error, TelegramBadRequest) and "chat not found" not in error.message:
            return  # this message is at fault, not the chat
        said = self.front.texts[self.front.texts.default].say(screens.out_of_reach())
        about = client.handoff.id if client.handoff is not None else f"{message_id}"
        try:
            await self.handoffs.note(thread, said, f"blocked-{about}")
        except (Refused, Gone) as refusal:
            log.warning("note_not_left", error=type(refusal).__name__, status=refusal.status)

    async def _not_reached(self, thread: Thread, message_id: int, why: str) -> None:
        try:
            await self.handoffs.not_reached(thread, message_id, why)
        except (Refused, Gone) as refusal:
            log.warning("failure_not_reported", error=type(refusal).__name__, status=refusal.status)

    async def _tick(self, thread: Thread, message_id: int) -> None:
        """Tell the operators that the client has it; what keeps us from it does not hold up anything."""
        conversations = self.handoffs.conversations
        try:
            await conversations.report(thread.conversation_id, message_id, delivered=True)
        except (OneLinkUnreachable, NotPermitted) as error:
            log.warning("delivery_not_reported", error=type(error).__name__, status=error.status)
            return  # again with the next look
        except (Refused, Gone) as error:
            log.warning("delivery_not_reported", error=type(error).__name__, status=error.status)
        relays = self.front.storage.relays
        await relays.looked(self.claim.client_id, thread.conversation_id, message_id, PASSED)

    async def _late(self, thread: Thread, message_id: int) -> bool:
        """One that had not arrived and whose operator has pressed Retry, or that became visible after a later
        one. False: it has failed, and nobody has pressed anything."""
        message = await self.handoffs.again(thread, message_id)
        if message is None or meant_for(message) not in (Whose.OPERATOR, Whose.AUTOMATION):
            return True
        if message.status == "failed":
            return False
        signed = meant_for(message) is Whose.OPERATOR
        _, passed, lost = await self._send(thread, message, signed=signed, again=True)
        if passed:
            await self.claim.save_thread(thread, (message_id, passed))
        if lost:
            await self._incomplete(thread, message_id, lost)
        elif passed:
            await self._tick(thread, message_id)
        return bool(passed) and not lost
