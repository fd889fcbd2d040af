"""Durable work that is due: bookings and cancellations whose outcome is not known or not shown yet.

Any process may do it: an attempt is claimed for some seconds, so that the others leave it alone;
a claim that a killed process held runs out by itself.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from redis.exceptions import RedisError

from bot.domain.attempt import AnyAttempt
from bot.storage import Storage, Turn, TurnLost
from bot.telegram.card import Card
from bot.telegram.front import Front

log = structlog.get_logger(__name__)

#: How long one attempt is left to the process that claimed it.
CLAIM = timedelta(seconds=30)
#: Attempts in work at the same time.
HANDS = 4
#: How often to look when nothing is due.
IDLE = timedelta(milliseconds=500)


class Worker:
    """A loop of small functions that say whether they found work."""

    def __init__(self, bot: Bot, front: Front, storage: Storage, now: Callable[[], datetime]) -> None:
        self.bot = bot
        self.front = front
        self.storage = storage
        self.now = now
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`, on a few attempts side by side: one slow answer must not hold up the others."""
        await asyncio.gather(*(self._work() for _ in range(HANDS)))

    async def _work(self) -> None:
        """A failure is logged, and tried again when the claim has run out."""
        while not self._stopping.is_set():
            try:
                found = await self.settle_one(self.now())
            except (RedisError, TelegramAPIError, TurnLost) as error:
                log.warning("work_waits", error=type(error).__name__)
                found = False
            except Exception as error:
                log.exception("work_failed", error=type(error).__name__)
                found = False
            if not found:
                await self._rest()

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

    async def _settle(self, attempt: AnyAttempt, turn: Turn, now: datetime) -> None:
        """Try again, in the language and the card in which the client confirmed."""
        card = Card(self.bot, turn, self.front.texts[attempt.locale], now)
        talk = self.front.talk_in(attempt.locale, turn, now)
        await self.front.settle(card, attempt, talk)

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), IDLE.total_seconds())
        except TimeoutError:
            return
