"""The hands that relay: each takes a client whose conversation is due, for as long as there is something."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from redis.exceptions import RedisError
from structlog.contextvars import bound_contextvars

from bot.domain.errors import BookingError
from bot.domain.handoff import LONGEST_PAUSE
from bot.relay_storage import LONGEST_WAIT, Claim, ClaimLost
from bot.storage import Storage, TurnLost
from bot.telegram.operators import new_id
from bot.telegram.relaying import Relaying

log = structlog.get_logger(__name__)

#: A killed process keeps its clients from the others no longer than this; a living one renews the lease.
CLAIM = timedelta(seconds=10)
#: Clients in work at the same time: more would only wait in line for One-Link.
HANDS = 6
#: How often to look for work that another process has left; own work is known at once.
IDLE = timedelta(milliseconds=500)


class RelayWorker:
    """Relays for any client, on any replica; a failure is tried again after 1, 2, 4 … 30 s."""

    def __init__(self, relaying: Relaying, storage: Storage, now: Callable[[], datetime]) -> None:
        self.relaying = relaying
        self.storage = storage
        self.now = now
        self._stopping = asyncio.Event()
        self._looking = asyncio.Lock()
        self._tries: dict[int, int] = {}  # failed tries in a row, by client; only of those that fail

    async def run(self) -> None:
        """Work until `stop`."""
        async with asyncio.TaskGroup() as hands:
            for _ in range(HANDS):
                hands.create_task(self._work())

    async def stop(self) -> None:
        """Finish what is in hand and take no more."""
        self._stopping.set()
        self.storage.relays.stirred.set()

    async def relay_one(self, now: datetime) -> bool:
        """Relay for the client who is due, if any. True means: there may be more."""
        claim = await self.storage.relays.claim(now, CLAIM)
        if claim is not None:
            await self._relay(claim, now)
        return claim is not None

    async def _relay(self, claim: Claim, now: datetime) -> None:
        claim.tries = self._tries.pop(claim.client_id, 0)
        renewal = asyncio.create_task(_keep(claim))
        due: datetime | None = now
        try:
            with bound_contextvars(relay_id=new_id()):
                due = await self._relayed(claim, now)
        finally:
            renewal.cancel()
            # Without an answer the lease ends by itself, and the client is due again.
            await asyncio.shield(claim.end(due))

    async def _relayed(self, claim: Claim, now: datetime) -> datetime | None:
        """When the client is due again."""
        try:
            return await self.relaying.relay(claim, now, self._stopping.is_set)
        except ClaimLost:
            log.warning("claim_lost")
            return None
        except TelegramRetryAfter as error:
            log.warning("telegram_asks_to_wait", seconds=error.retry_after)
            self._tries[claim.client_id] = claim.tries
            return self.now() + min(timedelta(seconds=error.retry_after), LONGEST_WAIT / 2)
        except (RedisError, TelegramAPIError, TurnLost) as error:
            log.warning("relay_waits", error=type(error).__name__, tries=claim.tries)
        except BookingError as error:
            log.warning("relay_waits", error=type(error).__name__, code=error.code, tries=claim.tries)
            await self._tell(claim, now)
        except Exception as error:
            log.exception("relay_failed", error=type(error).__name__)
        self._tries[claim.client_id] = tries = claim.tries + 1
        return self.now() + min(timedelta(seconds=2 ** min(tries - 1, 10)), LONGEST_PAUSE)

    async def _tell(self, claim: Claim, now: datetime) -> None:
        try:
            await self.relaying.trouble(claim.client_id, now, claim.tries + 1)
        except Exception as error:
            log.warning("trouble_not_told", error=type(error).__name__)

    async def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                claim = await self._next_claim()
                if claim is not None:
                    await self._relay(claim, self.now())
            except Exception as error:  # a hand that ends would end all the others, too
                log.warning("relay_waits", error=type(error).__name__)

    async def _next_claim(self) -> Claim | None:
        """Who is due. One hand looks, and rests when there is nobody; the others wait behind it."""
        stirred = self.storage.relays.stirred
        async with self._looking:
            claim = None
            if not self._stopping.is_set():
                stirred.clear()
                try:
                    claim = await self.storage.relays.claim(self.now(), CLAIM)
                finally:
                    if claim is None:
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(stirred.wait(), IDLE.total_seconds())
            return claim


async def _keep(claim: Claim) -> None:
    while True:
        await asyncio.sleep(CLAIM.total_seconds() / 3)
        with contextlib.suppress(RedisError, OSError, ClaimLost):  # the next write tells the hand
            await claim.renew()
