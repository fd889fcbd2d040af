"""How fast the bot writes to clients who have not asked: Telegram takes some 30 messages a second in all."""

import asyncio
from datetime import timedelta

#: Leaves a little to the answers of clients who write meanwhile: those are few against so many of these.
EVERY = timedelta(seconds=1) / 29
_SLACK_S = 0.1


class Pace:
    """One message after the other, evenly; across all that is told unasked by this process."""

    def __init__(self, every: timedelta = EVERY) -> None:
        self._every_s = every.total_seconds()
        self._next = 0.0
        self._line = asyncio.Lock()  # lets in by the order of coming

    async def turn(self) -> None:
        """Wait until the next message may leave. Callers leave in the order in which they came."""
        async with self._line:
            now = asyncio.get_running_loop().time()
            if self._next < now - _SLACK_S:
                self._next = now  # nobody was in line
            elif self._next > now:
                await asyncio.sleep(self._next - now)
            # From when this one should have left: a sleep always ends a little late.
            self._next += self._every_s
