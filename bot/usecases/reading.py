"""Answers of One-Link that may be used for a moment: read once for everybody who asks at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Readings are dropped, oldest first, beyond this many.
MOST = 512


@dataclass(frozen=True, slots=True)
class Reading(Generic[V]):
    """What was read, and when."""

    value: V
    at: datetime


class Readings(Generic[K, V]):
    """One reading for each key, used until it is `max_age` old; concurrent askers share one request.

    Failures are not kept: everybody who waits gets the error, the next one asks again.
    """

    def __init__(self, load: Callable[[K], Awaitable[V]], max_age: timedelta) -> None:
        self._load = load
        self._max_age = max_age
        self._kept: dict[K, Reading[V]] = {}
        self._coming: dict[K, asyncio.Task[Reading[V]]] = {}

    async def get(self, key: K, now: datetime) -> Reading[V]:
        """A reading that is fresh at `now`."""
        kept = self._kept.get(key)
        # A clock that was set back must not keep an old reading alive.
        if kept is not None and timedelta() <= now - kept.at < self._max_age:
            return kept
        coming = self._coming.get(key)
        if coming is None:
            coming = self._coming[key] = asyncio.create_task(self._read(key, now))
        # One asker who gives up must not take the answer away from the others.
        return await asyncio.shield(coming)

    def forget(self, key: K | None = None) -> None:
        """Read this key (all keys) anew when it is next asked for."""
        if key is None:
            self._kept.clear()
        else:
            self._kept.pop(key, None)

    async def _read(self, key: K, now: datetime) -> Reading[V]:
        try:
            reading = Reading(await self._load(key), now)
            self._kept.pop(key, None)
            self._kept[key] = reading
            while len(self._kept) > MOST:
                self._kept.pop(next(iter(self._kept)))
            return reading
        finally:
            self._coming.pop(key, None)
