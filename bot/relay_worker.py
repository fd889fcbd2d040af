"""The hands that relay: each takes a client whose conversation is due, for as long as there is something."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from redis.exceptions import RedisError

from bot.domain.errors import BookingError
from bot.domain.handoff import LONGEST_PAUSE
from bot.storage import Storage, TurnLost
from bot.telegram.relaying import Relaying

log = structlog.get_logger(__name__)

#: How long a client is left to the process that relays; it asks for more while it is at it.
CLAIM = timedelta(seconds=30)
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
        self._tries: dict[int, int] = {}  # failed tries in a row, by client

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
        relays = self.storage.relays
        client_id = await relays.claim(now, CLAIM)
        if client_id is None:
            return False
        tries = self._tries.get(client_id, 0)
        renewal = asyncio.create_task(self._keep(client_id))
        due: datetime | None = now
        try:
            due = await self.relaying.relay(client_id, now, tries)
            self._tries.pop(client_id, None)
        except TelegramRetryAfter as error:
            log.warning("telegram_asks_to_wait", seconds=error.retry_after)
            due = now + timedelta(seconds=error.retry_after)
        except (RedisError, TelegramAPIError, BookingError, TurnLost) as error:
            log.warning("relay_waits", error=type(error).__name__, tries=tries)
            due = await self._put_off(client_id, now, tries + 1)
        except Exception as error:
            log.exception("relay_failed", error=type(error).__name__)
            due = await self._put_off(client_id, now, tries + 1)
        finally:
            renewal.cancel()
            await asyncio.shield(relays.end(client_id, now, CLAIM, due))
        return True

    async def _put_off(self, client_id: int, now: datetime, tries: int) -> datetime:
        self._tries[client_id] = tries
        with contextlib.suppress(RedisError, TelegramAPIError, TurnLost):
            await self.relaying.trouble(client_id, now, tries)
        return now + min(timedelta(seconds=2 ** min(tries - 1, 10)), LONGEST_PAUSE)

    async def _keep(self, client_id: int) -> None:
        while True:
            await asyncio.sleep(CLAIM.total_seconds() / 3)
            with contextlib.suppress(RedisError, OSError):
                await self.storage.relays.renew(client_id, CLAIM)

    async def _work(self) -> None:
        stirred = self.storage.relays.stirred
        while not self._stopping.is_set():
            stirred.clear()
            try:
                found = await self.relay_one(self.now())
            except RedisError as error:
                log.warning("relay_waits", error=type(error).__name__)
                found = False
            if not found and not self._stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stirred.wait(), IDLE.total_seconds())
