"""Waiting for a fact instead of sleeping: every long poll of the sandbox stands on this."""

import asyncio
from collections.abc import Callable


class Signal:
    """Wakes everybody who waits; what happened is for them to look up."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    def fire(self) -> None:
        """Something changed: let all waiters look again."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """End all present and future waiting, so that a server can stop at once."""
        self._closed = True
        self.fire()

    async def until(self, fact: Callable[[], bool], seconds: float) -> bool:
        """Wait until the fact is true, at most so many (real) seconds. Returns whether it is true."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not fact():
            left = deadline - loop.time()
            if left <= 0 or self._closed:
                return False
            future = loop.create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait([future], timeout=left)
            finally:
                self._waiting.discard(future)
        return True
