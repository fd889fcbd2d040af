"""Posts on their way to the operators, one by one: each is repeated until One-Link has it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import aiohttp
import structlog
from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import GetFile

from bot.dialogue import handoff as screens
from bot.dialogue.screen import Screen, Text
from bot.domain.client import Client
from bot.domain.errors import CannotBook, Gone, Refused
from bot.domain.handoff import Call, HandBack, Met, Post, Said, SentFile, Stage, Thread
from bot.onelink.files import FileToSend
from bot.relay_storage import Claim
from bot.storage import Turn
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.usecases.handoffs import Handoffs

log = structlog.get_logger(__name__)

#: What fails so often, a minute and a half, for a reason of its own is given up.
GIVEN_UP_AFTER = 7


#: A client's conversations, by display id.
Threads = Mapping[int, Thread]


@dataclass(frozen=True, slots=True)
class Posting:
    """Does what a post says, in One-Link and in the client's chat. `line`: files go one or two at a time,
    for each is held in memory."""

    bot: Bot
    front: Front
    handoffs: Handoffs
    line: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def pass_on(self, claim: Claim, post: Post, threads: Threads, now: datetime) -> Thread | None:
        """The conversation that the post has changed, if any. Repeat-safe; raises what will pass, and what
        One-Link refuses until it has been tried GIVEN_UP_AFTER times."""
        match post:
            case Met():
                known = threads.get(post.conversation_id)
                return replace(known, quiet_since=now) if known else await self.handoffs.met(post, now)
            case Call():
                return await self._call(claim, post, threads, now)
            case Said():
                return await self._say(claim, post, threads, now)
            case HandBack():
                return await self._hand_back(post, _called_by(post.handoff_id, threads))

    async def _call(self, claim: Claim, call: Call, threads: Threads, now: datetime) -> Thread | None:
        client = await self.front.storage.client(claim.client_id)
        own = self._own(client, threads)
        if client.handoff is None:  # who has gone back and called again still waits for a person
            return await self._called_off(client, call, own, now)
        thread = await self.handoffs.call(client, own, call, now)
        await claim.save_thread(thread)
        catalogue = await self.front.desk.known_catalogue(now)
        async with self.front.storage.turn(client.id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            handoff = turn.client.handoff
            if handoff is not None and handoff.id == call.handoff_id:
                turn.client = replace(turn.client, handoff=replace(handoff, stage=Stage.HUMAN))
                local = now.astimezone(catalogue.zone)
                await self._tell(turn, handoff.card_id, screens.called(self.front.house, local), now)
        return thread

    async def _called_off(
        self, client: Client, call: Call, thread: Thread | None, now: datetime
    ) -> Thread | None:
        """The client has gone back, and nobody is to come; an earlier try may have opened the conversation
        without our hearing of it. What was written meanwhile must not open a resolved one."""
        thread = thread or await self.handoffs.begun_by(client, call, now)
        if thread is None:
            return None
        note = self.front.texts[self.front.texts.default].say(Text("The client has gone back to the bot."))
        thread = await self._hand_back(HandBack(handoff_id=call.handoff_id, note=note), thread)
        return await self.handoffs.quieten(thread) if thread is not None else None

    def _own(self, client: Client, threads: Threads) -> Thread | None:
        return next((it for it in threads.values() if self.handoffs.is_own(it, client)), None)

    async def _say(self, claim: Claim, said: Said, threads: Threads, now: datetime) -> Thread | None:
        """Where that handoff's call went. Words to one that was called off go to the client's conversation,
        where they wake nobody."""
        client = await self.front.storage.client(claim.client_id)
        thread = _called_by(said.handoff_id, threads) or self._own(client, threads)
        thread = thread or await self._begun_anew(claim, said.handoff_id, None, now)
        if thread is None:
            return None
        told: Screen | None = None
        file: FileToSend | None = None
        if said.file is not None:
            try:
                async with self.line:
                    file = await self._fetched(said.file, claim.tries)
            except TelegramBadRequest:
                log.warning("file_not_to_be_had")
                told = screens.too_large()
            if file is None:
                told = told or screens.file_not_taken()
                said = _without_file(said)
        try:
            thread = await self._passed(claim, said, file, thread, now)
        except Refused as refusal:
            told = screens.words_not_taken() if file is None else screens.file_not_taken()
            if file is not None:
                log.warning("file_not_taken", code=refusal.code, status=refusal.status)
                thread = await self._passed(claim, _without_file(said), None, thread, now)
            elif claim.tries < GIVEN_UP_AFTER:
                raise  # perhaps too many messages in a minute (section 4)
            else:
                log.error("message_not_taken", code=refusal.code, status=refusal.status)
        if told is not None:
            await self._inform(claim.client_id, told, now)
        return replace(thread, quiet_since=now)

    async def _fetched(self, sent: SentFile, tries: int) -> FileToSend | None:
        """The file from Telegram; None: given up. Raises TelegramBadRequest for one never to be had."""
        try:
            content = await self.bot.download(sent.file_id)
        except (TelegramBadRequest, TelegramRetryAfter):
            raise
        except (TelegramAPIError, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("file_not_fetched", error=type(error).__name__, tries=tries)
            if tries < GIVEN_UP_AFTER:
                # Without the original, whose words hold an address with the token.
                raise TelegramNetworkError(GetFile(file_id=sent.file_id), "file not fetched") from None
            return None
        return FileToSend(sent.name, sent.mime_type, content.read() if content else b"")

    async def _passed(
        self, claim: Claim, said: Said, file: FileToSend | None, thread: Thread, now: datetime
    ) -> Thread:
        """Where it was said: in this conversation, or in the one that takes its place."""
        try:
            await self.handoffs.say(thread, said, file)
        except Gone:
            fresh = await self._begun_anew(claim, said.handoff_id, thread, now)
            if fresh is None:
                return thread
            await self.handoffs.say(fresh, said, file)
            return fresh
        return thread

    async def _begun_anew(
        self, claim: Claim, handoff_id: str, thread: Thread | None, now: datetime
    ) -> Thread | None:
        """Somebody has deleted the conversation: another one takes its place, and is open. None for a
        client whom operators do not expect (any more)."""
        client = await self.front.storage.client(claim.client_id)
        if client.handoff is None or client.handoff.id != handoff_id:
            log.warning("nobody_to_say_it_to")
            return None
        note = self.front.texts[self.front.texts.default].say(screens.begun_anew())
        call = Call(handoff_id=f"{handoff_id}-anew", note=note, name=str(client.id))
        fresh = replace(await self.handoffs.call(client, None, call, now), handoff_id=handoff_id)
        if thread is not None and fresh.conversation_id == thread.conversation_id:
            # It is there, and does not take what this client says: the identifier is another inbox's.
            raise CannotBook("conversation_refuses_its_client")
        await claim.save_thread(fresh)
        return fresh

    async def _hand_back(self, back: HandBack, thread: Thread | None) -> Thread | None:
        """Whatever was heard of the conversation last: its status is asked for now."""
        if thread is None:
            return None
        try:
            return await self.handoffs.hand_back(thread, back)
        except Gone:
            return thread

    async def _inform(self, client_id: int, screen: Screen, now: datetime) -> None:
        async with self.front.storage.turn(client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            await self._tell(turn, None, screen, now)

    async def _tell(self, turn: Turn, message_id: int | None, screen: Screen, now: datetime) -> None:
        """In this message, or in a new one; what was done is done, whether or not Telegram takes it."""
        card = Card(self.bot, turn, self.front.texts[turn.client.speaks], now)
        try:
            if message_id is None:
                await card.write(screen)
            else:
                await card.redraw(message_id, screen)
        except TelegramBadRequest as error:
            log.warning("not_told", error=error.message)


def _called_by(handoff_id: str, threads: Threads) -> Thread | None:
    """The conversation to which that handoff has led."""
    return next((it for it in threads.values() if handoff_id and it.handoff_id == handoff_id), None)


def _without_file(said: Said) -> Said:
    """The operators learn that there was one."""
    name = said.file.name if said.file is not None else ""
    return replace(said, text=f"{said.text}\n[{name}: ✕]".strip(), file=None)
