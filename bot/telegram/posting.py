"""Posts on their way to the operators, one by one: each is repeated until One-Link has it."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest

from bot.dialogue import handoff as screens
from bot.dialogue.screen import Screen
from bot.domain.errors import Gone, Refused
from bot.domain.handoff import Call, HandBack, Met, Post, Said, Stage, Thread
from bot.onelink.files import FileToSend
from bot.storage import Turn
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.operators import new_id
from bot.usecases.handoffs import WITH_OPERATORS, Handoffs

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Posting:
    """Does what a post says, in One-Link and in the client's chat."""

    bot: Bot
    front: Front
    handoffs: Handoffs

    async def pass_on(
        self, client_id: int, post: Post, thread: Thread | None, now: datetime
    ) -> Thread | None:
        """The client's conversation after the post. Repeat-safe; raises what will pass."""
        match post:
            case Met():
                return await self._met(client_id, post, thread, now)
            case Call():
                return await self._call(client_id, post, thread, now)
            case Said():
                return await self._say(client_id, post, thread, now) if thread is not None else None
            case HandBack():
                return await self._hand_back(post, thread)

    async def _met(self, client_id: int, met: Met, thread: Thread | None, now: datetime) -> Thread:
        if thread is not None and thread.conversation_id == met.conversation_id:
            return replace(thread, quiet_since=now)
        client = await self.front.storage.client(client_id)
        if thread is not None and client.handoff is not None:
            return thread  # in the middle of a talk in another conversation of the same client
        return self.handoffs.met(met, now)

    async def _call(self, client_id: int, call: Call, thread: Thread | None, now: datetime) -> Thread | None:
        client = await self.front.storage.client(client_id)
        if client.handoff is None or client.handoff.id != call.handoff_id:
            return thread  # the client has gone back before anybody was called
        thread = await self.handoffs.call(client, thread, call, now)
        await self.front.storage.relays.save_thread(client_id, thread)
        async with self.front.storage.turn(client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            handoff = turn.client.handoff
            if handoff is not None and handoff.id == call.handoff_id:
                turn.client = replace(turn.client, handoff=replace(handoff, stage=Stage.HUMAN))
                catalogue = await self.front.desk.known_catalogue(now)
                local = now.astimezone(catalogue.zone)
                await self._tell(turn, handoff.card_id, screens.called(self.front.house, local), now)
        return thread

    async def _say(self, client_id: int, said: Said, thread: Thread, now: datetime) -> Thread:
        file = None
        if said.file is not None:
            try:
                content = await self.bot.download(said.file.file_id)
                file = FileToSend(said.file.name, said.file.mime_type, content.read() if content else b"")
            except TelegramBadRequest:
                log.warning("file_not_to_be_had")
                said = await self._without_file(client_id, said, screens.too_large(), now)
        try:
            await self.handoffs.say(thread, said, file)
        except Gone:
            thread = await self._begun_anew(client_id, thread, now)
            await self.handoffs.say(thread, said, file)
        except Refused as refusal:
            if file is None:
                # Nobody can mend this by repeating it, and what follows must not wait for ever.
                log.error("message_not_taken", code=refusal.code, status=refusal.status)
                await self._inform(client_id, screens.not_passed_on(), now)
            else:
                log.warning("file_not_taken", code=refusal.code, status=refusal.status)
                said = await self._without_file(client_id, said, screens.not_passed_on(), now)
                await self.handoffs.say(thread, said, None)
        return replace(thread, quiet_since=now)

    async def _without_file(self, client_id: int, said: Said, told: Screen, now: datetime) -> Said:
        """The client is told that the file did not go; the operators, that there was one."""
        await self._inform(client_id, told, now)
        name = said.file.name if said.file is not None else ""
        return replace(said, text=f"{said.text}\n[{name}: ✕]".strip(), file=None)

    async def _begun_anew(self, client_id: int, thread: Thread, now: datetime) -> Thread:
        """Somebody has deleted the conversation: another one takes its place, and is open."""
        client = await self.front.storage.client(client_id)
        handoff_id = client.handoff.id if client.handoff is not None else new_id()
        words = self.front.texts[self.front.texts.default]
        call = Call(
            handoff_id=f"{handoff_id}-anew", note=words.say(screens.begun_anew()), name=str(client_id)
        )
        fresh = await self.handoffs.call(client, thread, call, now)
        await self.front.storage.relays.save_thread(client_id, fresh)
        return fresh

    async def _hand_back(self, back: HandBack, thread: Thread | None) -> Thread | None:
        if thread is None or thread.status not in WITH_OPERATORS:
            return thread
        try:
            return await self.handoffs.hand_back(thread, back)
        except Gone:
            return None

    async def _inform(self, client_id: int, screen: Screen, now: datetime) -> None:
        async with self.front.storage.turn(client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            await Card(self.bot, turn, self.front.texts[turn.client.speaks], now).write(screen)

    async def _tell(self, turn: Turn, message_id: int | None, screen: Screen, now: datetime) -> None:
        """In the message that tells how the handoff stands."""
        card = Card(self.bot, turn, self.front.texts[turn.client.speaks], now)
        if message_id is None:
            await card.write(screen)
        else:
            await card.redraw(message_id, screen)
