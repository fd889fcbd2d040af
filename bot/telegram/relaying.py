"""Relaying for one client: what the client wrote to the operators, what they answered to the client.

One process relays for a client; it may die anywhere and another one begins again. Towards One-Link
everything is repeat-safe. Towards Telegram nothing is: a message that was sent and not noted down is sent
once more, at most that one (section 5 of the conversations API).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError

from bot.dialogue import handoff as screens
from bot.dialogue.screen import Screen
from bot.domain.client import Client
from bot.domain.errors import Gone
from bot.domain.handoff import Handoff, Stage, Thread
from bot.domain.thread import ThreadMessage, Whose, whose
from bot.onelink.files import Files
from bot.storage import Turn
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.handoff import bot_is_back
from bot.telegram.moves import tolerate
from bot.telegram.operator_words import OperatorWords, reply_to
from bot.telegram.operators import new_id
from bot.telegram.posting import Posting
from bot.usecases.handoffs import WITH_OPERATORS, Handoffs, News

log = structlog.get_logger(__name__)

#: A conversation of the bot's is looked at this often, for so long after the last words in it: operators
#: may write there, and a doorbell may be lost.
QUIET_LOOK, QUIET_FOR = timedelta(minutes=5), timedelta(minutes=30)
#: A page of messages is full with 100; those that cannot be read are not counted.
NEARLY_A_PAGE = 90
#: So many pages in one go; the rest when everybody else has had a turn.
MOST_PAGES = 10
#: After so many failed tries (half a minute) the client is told that the clinic's system does not answer.
TOLD_AFTER = 5
#: Why a message has to be looked at again; a survey's link is kept instead of a word.
DELETED, FAILED = "deleted", "failed"


@dataclass(frozen=True, slots=True)
class Relaying:
    """`look_every`: how often an open conversation is looked at without a doorbell. `idle`: after so long
    without a word the bot answers again."""

    bot: Bot
    front: Front
    handoffs: Handoffs
    posting: Posting
    files: Files
    look_every: timedelta
    idle: timedelta

    async def relay(self, client_id: int, now: datetime, tries: int) -> datetime | None:
        """Everything that is to be done for this client; when to look again (None: when a doorbell rings).

        Raises what will pass. What was done until then is stored.
        """
        relays = self.front.storage.relays
        thread = await relays.thread(client_id)
        while (post := await relays.post(client_id)) is not None:
            thread = await self.posting.pass_on(client_id, post, thread, now)
            if thread is not None:
                await relays.save_thread(client_id, thread)
            await relays.drop_post(client_id)
        if thread is None:
            return None
        try:
            thread = await self._read(client_id, thread, now, tries)
        except Gone:
            log.warning("conversation_is_gone")
            await self._back_to_bot(client_id, now, screens.back_with_the_bot(ended_by_staff=True))
            return None
        return await self._look_again_at(client_id, thread, now)

    async def trouble(self, client_id: int, now: datetime, tries: int) -> None:
        """One-Link has not answered so often: a client who waits for a person is told."""
        if tries != TOLD_AFTER:
            return
        async with self._turn(client_id, now) as (turn, card):
            handoff = turn.client.handoff
            if handoff is None:
                return
            screen = screens.not_reached_yet(self.front.house)
            if handoff.stage is Stage.CALLING and handoff.card_id is not None:
                await card.redraw(handoff.card_id, screen)
            else:
                await card.write(screen)

    async def _read(self, client_id: int, thread: Thread, now: datetime, tries: int) -> Thread:
        """Show what is new, in order; then follow the status."""
        before = thread.status
        for _ in range(MOST_PAGES):
            news = await self.handoffs.news(thread)
            thread = replace(thread, status=news.status)
            for message in news.messages:
                thread = await self._show(client_id, thread, message, now, tries)
            if len(news.messages) < NEARLY_A_PAGE:
                break
        await self._look_back(client_id, thread, news, now, tries)
        return await self._follow(client_id, thread, before, now)

    async def _show(
        self, client_id: int, thread: Thread, message: ThreadMessage, now: datetime, tries: int
    ) -> Thread:
        relays = self.front.storage.relays
        kind = Whose.NOT_FOR_CLIENTS if message.deleted else whose(message)
        passed: tuple[int, ...] = ()
        if kind is Whose.OPERATOR:
            if thread.status != "resolved":  # else: the last words of a talk that is over
                thread = await self._taken_over(client_id, thread, now)
            thread = replace(thread, answered_at=now, quiet_since=now)
        if kind in (Whose.OPERATOR, Whose.AUTOMATION):
            thread, passed = await self._send(
                client_id, thread, message, tries, signed=kind is Whose.OPERATOR
            )
        thread = thread.read(message.id)
        await relays.save_thread(client_id, thread, (message.id, passed) if passed else None)
        if passed:
            await self.handoffs.reached(thread, message.id)
        return thread

    async def _send(
        self, client_id: int, thread: Thread, message: ThreadMessage, tries: int, *, signed: bool
    ) -> tuple[Thread, tuple[int, ...]]:
        """Each part of a message; what was sent before a crash is not sent again. () if it cannot reach
        the client: then the operators know."""
        client = await self.front.storage.client(client_id)
        words = OperatorWords(self.bot, self.files, client_id, self.front.texts[client.speaks], tries)
        parts = words.parts(message, signed=signed)
        answered = reply_to(message, client_id)
        try:
            for number, part in enumerate(parts):
                if number < len(thread.shown):
                    continue
                sent = await part(answered if number == 0 else None)
                thread = replace(thread, shown=(*thread.shown, sent.message_id))
                if number + 1 < len(parts):
                    await self.front.storage.relays.save_thread(client_id, thread)
        except TelegramForbiddenError:
            await self._out_of_reach(client, thread, message.id)
            return thread, ()
        return thread, thread.shown

    async def _out_of_reach(self, client: Client, thread: Thread, message_id: int) -> None:
        log.info("blocked_by_client")
        await self.front.storage.relays.look_later(client.id, message_id, FAILED)
        await self.handoffs.not_reached(thread, message_id, "Telegram: bot was blocked by the user")
        said = self.front.texts[self.front.texts.default].say(screens.out_of_reach())
        about = client.handoff.id if client.handoff is not None else f"{message_id}"
        await self.handoffs.note(thread, said, f"blocked-{about}")

    async def _look_back(self, client_id: int, thread: Thread, news: News, now: datetime, tries: int) -> None:
        """Messages that were looked at before and have changed since."""
        relays = self.front.storage.relays
        for message_id, why in (await relays.looks(client_id)).items():
            if message_id > thread.cursor:
                continue
            if why == DELETED:
                for shown in await relays.passed(client_id, message_id):
                    await tolerate(self.bot.delete_message(client_id, shown))
            elif why == FAILED:
                if not await self._retried(client_id, thread, message_id, tries):
                    continue
            # A survey's link can be forged: it belongs to the conversation, or it is not shown.
            elif news.uuid is not None and why.rstrip("/").endswith(f"/{news.uuid}"):
                async with self._turn(client_id, now) as (_, card):
                    await card.write(screens.survey(why))
            await relays.looked(client_id, message_id)

    async def _retried(self, client_id: int, thread: Thread, message_id: int, tries: int) -> bool:
        """Whether an operator has pressed Retry on a message that had not arrived, and it was sent again."""
        message = await self.handoffs.again(thread, message_id)
        if message is None or message.deleted:
            return True
        if message.status == "failed":
            return False
        thread, passed = await self._send(client_id, replace(thread, shown=()), message, tries, signed=True)
        if passed:
            await self.front.storage.relays.save_thread(
                client_id, replace(thread, shown=()), (message_id, passed)
            )
            await self.handoffs.reached(thread, message_id)
        return bool(passed)

    async def _follow(self, client_id: int, thread: Thread, before: str, now: datetime) -> Thread:
        """Whoever changed the status in One-Link has said who answers from now on."""
        client = await self.front.storage.client(client_id)
        with_operators = thread.status in WITH_OPERATORS
        if client.handoff is not None and client.handoff.stage is Stage.HUMAN and not with_operators:
            await self._back_to_bot(client_id, now, screens.back_with_the_bot(ended_by_staff=True))
        elif client.handoff is None and with_operators and before not in WITH_OPERATORS:
            thread = await self._taken_over(client_id, thread, now)
        await self.front.storage.relays.save_thread(client_id, thread)
        return thread

    async def _taken_over(self, client_id: int, thread: Thread, now: datetime) -> Thread:
        """Operators answer from now on, of their own accord, if they do not already (section 2.5)."""
        client = await self.front.storage.client(client_id)
        if client.handoff is None:
            async with self._turn(client_id, now) as (turn, card):
                if turn.client.handoff is None:
                    await card.write(screens.taken_over())
                    handoff = Handoff(id=new_id(), stage=Stage.HUMAN, since=now)
                    turn.client = replace(turn.client, handoff=handoff)
        return await self.handoffs.take_over(thread) if thread.status == "pending" else thread

    async def _back_to_bot(self, client_id: int, now: datetime, said: Screen) -> None:
        async with self._turn(client_id, now) as (turn, card):
            if turn.client.handoff is None:
                return
            try:
                await bot_is_back(card, self.front.talk_in(card.words.locale, turn, now), self.front, said)
            except TelegramForbiddenError:
                turn.client = replace(turn.client, handoff=None)

    @asynccontextmanager
    async def _turn(self, client_id: int, now: datetime) -> AsyncIterator[tuple[Turn, Card]]:
        async with self.front.storage.turn(client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            yield turn, Card(self.bot, turn, self.front.texts[turn.client.speaks], now)

    async def _look_again_at(self, client_id: int, thread: Thread, now: datetime) -> datetime | None:
        """When to look without a doorbell; on the way, nobody is left waiting in silence."""
        client = await self.front.storage.client(client_id)
        handoff = client.handoff
        if handoff is None:
            return now + QUIET_LOOK if now - thread.quiet_since < QUIET_FOR else None
        if now - thread.quiet_since >= self.idle:
            # In One-Link the conversation stays as it is: should somebody answer after all, it goes on.
            await self._back_to_bot(client_id, now, screens.idle_for_long())
            return None
        if await self._waits_too_long(thread, handoff, now):
            async with self._turn(client_id, now) as (turn, card):
                if turn.client.handoff is not None and not turn.client.handoff.told_waiting:
                    minutes = int((now - handoff.since) / timedelta(minutes=1))
                    await card.write(screens.nobody_yet(self.front.house, minutes))
                    turn.client = replace(
                        turn.client, handoff=replace(turn.client.handoff, told_waiting=True)
                    )
        return now + self.look_every

    async def _waits_too_long(self, thread: Thread, handoff: Handoff, now: datetime) -> bool:
        house = self.front.house
        if handoff.told_waiting or thread.answered_at is not None or now - handoff.since < house.patience:
            return False
        catalogue = await self.front.desk.known_catalogue(now)
        return house.office_hours is None or house.office_hours.covers(now.astimezone(catalogue.zone))
