"""Durable work: what clients confirmed and is not settled yet, and what they have to be told unasked.

Any process may do it. An attempt is claimed for some seconds, so that the others leave it alone; one
process at a time goes the rounds. What a killed process held runs out by itself.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from redis.exceptions import RedisError

from bot.domain.attempt import AnyAttempt
from bot.domain.errors import BookingError
from bot.domain.watched import WatchedVisit
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

#: How long the rounds are left to the process that goes them; it asks again before each message.
ROUNDS_LEASE = timedelta(seconds=15)
#: How often to look whether a reminder has become due; that costs no request.
TICK = timedelta(seconds=1)
#: A reminder is sent by a reading of the calendar that is not older.
FRESH = timedelta(seconds=30)
#: After a calendar that could not be read, the next look waits this long.
LOOK_AGAIN = timedelta(seconds=15)
#: Messages that are on their way at the same time. `Pace` says how many a second, this how many may be
#: late: Telegram being slow for one client must not hold up the others.
MESSENGERS = 12
#: What could not be told is tried again after this.
LATER = timedelta(seconds=60)

News = TypeVar("News", Change, Due, WatchedVisit)


def _always() -> bool:
    return True


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
        self._looking = asyncio.Lock()
        self._rounds = asyncio.Lock()
        self._looked_at: float | None = None  # by the loop's clock; None: this process does not go the rounds
        self._look_again = 0.0  # by the same clock: not before
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
        if attempt is not None:
            await self._settle_claimed(attempt, now)
        return attempt is not None

    def forgets_failures(self) -> None:
        """Try everything again at once."""
        self._put_off.clear()
        self._look_again = 0.0

    def put_off_for(self, client_id: int) -> timedelta:
        """How long a client who could not be told is left alone yet."""
        return timedelta(seconds=max(0.0, self._put_off.get(client_id, 0.0) - self._loop_time()))

    async def go_round(self) -> None:
        """Look at the calendar if it is time to, tell what has changed, remind of what is due."""
        # The lease keeps other processes out, not this one: a client put off by one round is not by another.
        async with self._rounds:
            await self._go_round()

    async def _go_round(self) -> None:
        if not await self.storage.hold("rounds", ROUNDS_LEASE):
            self._looked_at = None
            self.metrics.reminders_due.set(0)
            return
        if self._age() >= self.sync_every and not await self.look():
            return
        due = self.rounds.due(self.now())
        if due and self._age() > FRESH:
            if not await self.look():
                return
            due = self.rounds.due(self.now())
        self.metrics.reminders_due.set(len(due))
        # The most urgent first; after a while something more urgent may have become due, or have changed.
        await self._each(due, self._remind, while_=lambda: self._age() <= FRESH)
        await self._each(self.telling.to_invite(self.now()), self._invite)

    async def look(self) -> bool:
        """Read the calendar and tell every change; False if it could not be read just now."""
        if self._loop_time() < self._look_again:
            return False
        try:
            # At the start this machine's clock may be wrong by days: the catalogue's answer tells the time.
            await self.front.desk.catalogue(self.now())
            changes = await self.rounds.look(self.now())
        except BookingError as error:
            self._look_again = self._loop_time() + LOOK_AGAIN.total_seconds()
            log.warning("calendar_not_read", error=type(error).__name__, status=error.status)
            return False
        self._looked_at = self._loop_time()
        self.metrics.calendar_read.set_to_current_time()
        await self._each(changes, self._tell)
        return True

    async def _goes_on(self) -> bool:
        """Whether this process goes on with its rounds: it is not stopped, and no other one does. Without
        Redis nobody does, and what is on its way is finished."""
        try:
            return not self._stopping.is_set() and await self.storage.hold("rounds", ROUNDS_LEASE)
        except RedisError as error:
            log.warning("rounds_wait", error=type(error).__name__)
            return False

    async def _each(
        self,
        items: Iterable[News],
        act: Callable[[News], Awaitable[None]],
        while_: Callable[[], bool] = _always,
    ) -> None:
        """Do it for all of them, in order, a few at a time. Who fails is tried again later."""
        line = iter(items)

        async def messenger() -> None:
            for item in line:
                if not self._may_try(item.client_id):
                    continue
                if not while_() or not await self._goes_on():
                    return
                await self._try(item, act)

        async with asyncio.TaskGroup() as group:
            for _ in range(MESSENGERS):
                group.create_task(messenger())

    async def _try(self, item: News, act: Callable[[News], Awaitable[None]]) -> None:
        later = LATER.total_seconds()
        try:
            await act(item)
            return
        except TelegramRetryAfter as error:
            log.warning("telegram_asks_to_wait", seconds=error.retry_after)
            later = float(error.retry_after)
        except (RedisError, TelegramAPIError, BookingError, TurnLost) as error:
            log.warning("telling_waits", error=type(error).__name__)
        except Exception as error:
            log.exception("telling_failed", error=type(error).__name__)
        self._put_off[item.client_id] = self._loop_time() + later

    async def _tell(self, change: Change) -> None:
        if await self.telling.tell(change, self.now()):
            self.metrics.notices_sent.inc()

    async def _invite(self, visit: WatchedVisit) -> None:
        if await self.telling.invite(visit, self.now()):
            self.metrics.invitations_sent.inc()

    async def _remind(self, due: Due) -> None:
        if await self.telling.remind(due, self.now()):
            self.metrics.reminders_sent.inc()

    def _may_try(self, client_id: int) -> bool:
        if self.put_off_for(client_id):
            return False
        self._put_off.pop(client_id, None)
        return True

    def _age(self) -> timedelta:
        """How old the latest reading is, by the loop's clock: One-Link's may jump."""
        if self._looked_at is None:
            return timedelta.max
        return timedelta(seconds=self._loop_time() - self._looked_at)

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    async def _work(self) -> None:
        async def settle_next() -> bool:
            attempt = await self._next_attempt()
            if attempt is not None:
                await self._settle_claimed(attempt, self.now())
            return True  # whoever has found nothing has rested

        await self._until_stopped("work", settle_next, IDLE)

    async def _next_attempt(self) -> AnyAttempt | None:
        """What is due. One hand looks, and rests when there is nothing; the others wait behind it."""
        async with self._looking:
            if self._stopping.is_set():
                return None
            attempt = await self.storage.claim_attempt(self.now(), CLAIM)
            if attempt is None:
                await self._rest(IDLE)
            return attempt

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

    async def _settle_claimed(self, attempt: AnyAttempt, now: datetime) -> None:
        async with self.storage.turn(attempt.client_id) as turn:
            # While we waited for the client's turn, its own update may have settled it.
            fresh = await self.storage.attempt(attempt.key)
            if turn is not None and fresh is not None:
                await self._settle(fresh, turn, now)

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
