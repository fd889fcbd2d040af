"""How updates arrive: each is handled once, one at a time for a client, and acknowledged only afterwards.

Telegram keeps an update until it is acknowledged. Polling acknowledges by its offset, which
never passes an unfinished update; a webhook by the answer, which waits for the handler.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramUnauthorizedError
from aiogram.methods import TelegramMethod
from aiogram.types import Update, User
from structlog.contextvars import bound_contextvars

from bot.dialogue.screen import Text
from bot.storage import Storage
from bot.telegram.beside import answering
from bot.telegram.middleware import PASSING
from bot.telegram.texts import Texts

log = structlog.get_logger(__name__)

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
#: Updates of one client that may wait; a person never has more, a flood must not hold up the others.
LONGEST_LINE = 20
POLL_TIMEOUT = timedelta(seconds=25)
#: While older updates are in hand, Telegram answers at once with the same ones: look again this often.
LOOK_AGAIN = timedelta(milliseconds=200)
#: Waiting before an update that failed for a passing reason is handled again.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=500), timedelta(seconds=30)


@dataclass(slots=True)
class _Line:
    """The updates of one client, in the order of their arrival; forgotten when nobody waits."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    told: bool = False
    stuck: bool = False  # the first of them waits for what will pass: nobody is writing too fast


class Intake:
    """Feeds updates to the dispatcher."""

    def __init__(
        self,
        bot: Bot,
        dispatcher: Dispatcher,
        storage: Storage,
        texts: Texts,
        now: Callable[[], datetime],
    ) -> None:
        self.bot = bot
        self.texts = texts
        self.dispatcher = dispatcher
        self.storage = storage
        self.now = now
        self._lines: dict[int, _Line] = {}
        self._in_hand: dict[int, asyncio.Task[bool]] = {}
        self._stopping = asyncio.Event()

    async def handle(self, update: Update) -> TelegramMethod[Any] | None:
        """Handle one update and store what it does. Raises what will pass: then it is not handled.

        Returns what Telegram is asked for by answering the webhook.
        """
        sender = _sender_of(update)
        if sender is None or await self._is_turned_away(sender):
            return None
        async with self._line(sender.id):
            with answering() as answer:
                is_new = await self._take(update, sender)
        if not is_new and update.callback_query is not None:
            return update.callback_query.answer()  # perhaps the answer was lost in which that travelled
        return answer.request

    async def _take(self, update: Update, sender: User) -> bool:
        """Whether it was not handled before. With the line held: FIFO within this process; the lease in Redis
        orders the processes."""
        async with self.storage.turn(sender.id, update.update_id) as turn:
            if turn is not None:
                with bound_contextvars(update_id=update.update_id):
                    await self.dispatcher.feed_update(self.bot, update, turn=turn, now=self.now())
        return turn is not None

    async def poll(self) -> None:
        """Take updates by long polling until `stop`; returns when those in hand are finished."""
        done: set[int] = set()
        offset = 0
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                timeout = 0 if self._in_hand else int(POLL_TIMEOUT.total_seconds())
                updates = await self._unless_stopped(
                    self.bot.get_updates(
                        offset=offset,
                        timeout=timeout,
                        allowed_updates=ALLOWED_UPDATES,
                        request_timeout=timeout + 10,
                    )
                )
                pause = FIRST_PAUSE
            except TelegramUnauthorizedError:
                log.error("telegram_token_refused")
                raise
            except TelegramAPIError as error:
                log.warning("polling_failed", error=type(error).__name__)
                if isinstance(error, TelegramConflictError):
                    log.error("another_process_polls_with_this_token")
                await self._sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            fresh = [u for u in updates or () if u.update_id not in done and u.update_id not in self._in_hand]
            for update in fresh:
                task = asyncio.create_task(self._until_handled(update))
                self._in_hand[update.update_id] = task
                task.add_done_callback(partial(self._finished, update_id=update.update_id, done=done))
            if not fresh and self._in_hand:
                await asyncio.wait(
                    self._in_hand.values(),
                    timeout=LOOK_AGAIN.total_seconds(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
            offset = self._next_offset(offset, done)
        if self._in_hand:
            await asyncio.wait(self._in_hand.values())
        await self._confirm(self._next_offset(offset, done))

    async def stop(self) -> None:
        """Take no more updates."""
        self._stopping.set()

    async def _is_turned_away(self, sender: User) -> bool:
        """A flood from one client: what is in line is handled, the rest is answered once."""
        line = self._lines.get(sender.id)
        if line is None or line.waiting < LONGEST_LINE or line.stuck:
            return False
        if line.told:
            return True
        line.told = True
        log.warning("flood_turned_away")
        say = self.texts[self.texts.chosen(None, sender.language_code)].say
        with contextlib.suppress(TelegramAPIError):
            text = say(Text("That was very quick. Please wait for the answer."))
            await self.bot.send_message(sender.id, text)
        return True

    @asynccontextmanager
    async def _line(self, client_id: int) -> AsyncIterator[_Line]:
        line = self._lines.setdefault(client_id, _Line())
        line.waiting += 1
        try:
            async with line.lock:
                yield line
        finally:
            line.waiting -= 1
            if not line.waiting:
                self._lines.pop(client_id, None)

    def _finished(self, task: asyncio.Task[bool], update_id: int, done: set[int]) -> None:
        # One that was given up at the stop stays in hand: the offset must not pass it.
        if not task.cancelled() and task.exception() is None and task.result():
            self._in_hand.pop(update_id, None)
            done.add(update_id)

    def _next_offset(self, offset: int, done: set[int]) -> int:
        """The offset that confirms all finished updates below the oldest unfinished one."""
        oldest = min(self._in_hand, default=None)
        confirmed = {update_id for update_id in done if oldest is None or update_id < oldest}
        done -= confirmed
        return max([offset, *(update_id + 1 for update_id in confirmed)])

    async def _confirm(self, offset: int) -> None:
        """Tell Telegram what was finished since the last poll, so that a restart does not repeat it."""
        if offset:
            try:
                await self.bot.get_updates(offset=offset, timeout=0, limit=1, allowed_updates=ALLOWED_UPDATES)
            except TelegramAPIError as error:
                log.warning("last_offset_not_confirmed", error=type(error).__name__)

    async def _until_handled(self, update: Update) -> bool:
        """Whether it was handled; False: the bot stops, and Telegram keeps it for the next start.

        While it waits to be tried again, the client's later updates wait behind it.
        """
        sender = _sender_of(update)
        if sender is None or await self._is_turned_away(sender):
            return True
        pause = FIRST_PAUSE
        async with self._line(sender.id) as line:
            while True:
                try:
                    await self._take(update, sender)
                    line.stuck = False
                    return True
                except PASSING as error:
                    log.warning("update_waits", update_id=update.update_id, error=type(error).__name__)
                    line.stuck = True
                    if self._stopping.is_set():
                        return False
                    await self._sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)

    async def _sleep(self, pause: timedelta) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), pause.total_seconds())
        except TimeoutError:
            return

    async def _unless_stopped(self, request: Awaitable[list[Update]]) -> list[Update] | None:
        polling = asyncio.ensure_future(request)
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if polling.done():
            return polling.result()
        polling.cancel()
        return None


def _sender_of(update: Update) -> User | None:
    for event in (update.message, update.edited_message, update.callback_query, update.my_chat_member):
        if event is not None:
            return event.from_user
    return None
