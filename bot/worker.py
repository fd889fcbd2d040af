"""Durable work: what clients confirmed and is not settled yet, and what they have to be told unasked.

Any process may do it. An attempt is claimed for some seconds, so that the others leave it alone; one
process at a time goes the rounds. What a killed process held runs out by itself.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from redis.exceptions import RedisError

from bot.domain.attempt import AnyAttempt
from bot.domain.errors import BookingError
from bot.metrics import Metrics
from bot.storage import Storage, Turn, TurnLost
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.telling import Telling
from bot.usecases.rounds import Change, Due, Rounds

log = structlog.get_logger(__name__)

#: How long one attempt is left to the process that claimed it.
CLAIM = timedelta(seconds=30)
#: Attempts in work at the same time.
HANDS = 4
#: How often to look when nothing is due.
IDLE = timedelta(milliseconds=500)

#: How long the rounds are left to the process that goes them; it asks again before each batch.
ROUNDS_LEASE = timedelta(seconds=15)
#: How often to look whether a reminder has become due; that costs no request.
TICK = timedelta(seconds=1)
#: A reminder is sent by a reading of the calendar that is not older.
FRESH = timedelta(seconds=30)
#: Messages that are on their way at the same time.
BATCH = 20
#: What could not be told is tried again after this.
LATER = timedelta(seconds=60)

T = TypeVar("T")


class Worker:
    """A loop of small functions that say whether they found work, and the rounds."""

    def __init__(
        self,
        bot: Bot,
        front: Front,
        storage: Storage,
        now: Callable[[], datetime],
        rounds: Rounds,
        telling: Telling,
        metrics: Metrics,
        *,
        sync_every: timedelta,
    ) -> None:
        self.bot = bot
        self.front = front
        self.storage = storage
        self.now = now
        self.rounds = rounds
        self.telling = telling
        self.metrics = metrics
        self.sync_every = sync_every
        self._stopping = asyncio.Event()
        self._looked_at: float | None = None  # by the loop's clock; None: this process does not go the rounds
        self._put_off: dict[int, float] = {}  # clients who could not be told, until when

    async def run(self) -> None:
        """Work until `stop`, on a few attempts side by side: one slow answer must not hold up the others."""
        hands = (self._work() for _ in range(HANDS))
        await asyncio.gather(*hands, self._go_rounds())

    async def stop(self) -> None:
        """Finish what is in hand and take no more."""
        self._stopping.set()

    async def settle_one(self, now: datetime) -> bool:
        """Settle the attempt that is due, if any. True means: there may be more."""
        attempt = await self.storage.claim_attempt(now, CLAIM)
        if attempt is None:
            return False
        async with self.storage.turn(attempt.client_id) as turn:
            # While we waited for the client's turn, its own update may have settled it.
            fresh = await self.storage.attempt(attempt.key)
            if turn is not None and fresh is not None:
                await self._settle(fresh, turn, now)
        return True

    def forgets_failures(self) -> None:
        """Try everybody again at once."""
        self._put_off.clear()

    async def go_round(self) -> None:
        """Look at the calendar if it is time to, tell what has changed, remind of what is due."""
        if not await self.storage.hold("rounds", ROUNDS_LEASE):
            self._looked_at = None
            return
        if self._age() >= self.sync_every:
            await self.look()
        due = self.rounds.due(self.now())
        if due and self._age() > FRESH:
            await self.look()
            due = self.rounds.due(self.now())
        self.metrics.reminders_due.set(len(due))
        ready = [it for it in due if self._may_try(it.client_id)]
        # The most urgent first; after a while something more urgent may have become due, or have changed.
        for batch in _batches(ready):
            if self._age() > FRESH or not await self._goes_on():
                return
            sent = await self._each(batch, lambda it: it.client_id, self._remind)
            self.metrics.reminders_sent.inc(sent)

    async def look(self) -> None:
        """Read the calendar and tell every change, batch by batch."""
        # At the start this machine's clock may be wrong by days: the catalogue's answer tells the time.
        await self.front.desk.catalogue(self.now())
        changes = await self.rounds.look(self.now())
        self._looked_at = asyncio.get_running_loop().time()
        ready = [it for it in changes if self._may_try(it.client_id)]
        for batch in _batches(ready):
            if not await self._goes_on():
                return
            told = await self._each(batch, lambda it: it.client_id, self._tell)
            self.metrics.notices_sent.inc(told)

    async def _goes_on(self) -> bool:
        """Whether this process goes on with its rounds: it is not stopped, and no other one does."""
        return not self._stopping.is_set() and await self.storage.hold("rounds", ROUNDS_LEASE)

    async def _each(
        self, items: Sequence[T], client_of: Callable[[T], int], act: Callable[[T], Awaitable[bool]]
    ) -> int:
        """Do it for all of them side by side; how many times it was done. Who fails is tried again later."""

        async def one(item: T) -> bool:
            later = LATER.total_seconds()
            try:
                return await act(item)
            except TelegramRetryAfter as error:
                log.warning("telegram_asks_to_wait", seconds=error.retry_after)
                later = float(error.retry_after)
            except (RedisError, TelegramAPIError, BookingError, TurnLost) as error:
                log.warning("telling_waits", error=type(error).__name__)
            except Exception as error:
                log.exception("telling_failed", error=type(error).__name__)
            self._put_off[client_of(item)] = asyncio.get_running_loop().time() + later
            return False

        return sum(await asyncio.gather(*(one(item) for item in items)))

    async def _tell(self, change: Change) -> bool:
        return await self.telling.tell(change, self.now())

    async def _remind(self, due: Due) -> bool:
        return await self.telling.remind(due, self.now())

    def _may_try(self, client_id: int) -> bool:
        until = self._put_off.get(client_id)
        if until is None:
            return True
        if asyncio.get_running_loop().time() < until:
            return False
        del self._put_off[client_id]
        return True

    def _age(self) -> timedelta:
        """How old the latest reading is, by the loop's clock: One-Link's may jump."""
        if self._looked_at is None:
            return timedelta.max
        return timedelta(seconds=asyncio.get_running_loop().time() - self._looked_at)

    async def _work(self) -> None:
        await self._until_stopped("work", lambda: self.settle_one(self.now()), IDLE)

    async def _go_rounds(self) -> None:
        async def round_() -> bool:
            await self.go_round()
            return False

        await self._until_stopped("rounds", round_, TICK)
        with contextlib.suppress(RedisError):  # then the lease runs out by itself
            await self.storage.let_go("rounds")

    async def _until_stopped(self, name: str, act: Callable[[], Awaitable[bool]], pause: timedelta) -> None:
        """Again and again; a pause whenever nothing was found. A failure is logged and tried again."""
        while not self._stopping.is_set():
            try:
                found = await act()
            except (RedisError, TelegramAPIError, BookingError, TurnLost) as error:
                log.warning(f"{name}_waits", error=type(error).__name__)
                found = False
            except Exception as error:
                log.exception(f"{name}_failed", error=type(error).__name__)
                found = False
            if not found:
                await self._rest(pause)

    async def _settle(self, attempt: AnyAttempt, turn: Turn, now: datetime) -> None:
        """Try again, in the language and the card in which the client confirmed."""
        card = Card(self.bot, turn, self.front.texts[attempt.locale], now)
        talk = self.front.talk_in(attempt.locale, turn, now)
        await self.front.settle(card, attempt, talk)

    async def _rest(self, pause: timedelta) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), pause.total_seconds())
        except TimeoutError:
            return


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + BATCH] for at in range(0, len(items), BATCH))
