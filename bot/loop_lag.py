"""How late the process comes to what is due: whatever blocks the event loop makes every client wait."""

import asyncio

#: Seconds. Ten times a second costs nothing, and no pause that a client could feel goes unseen.
EVERY_S = 0.1


class LoopLag:
    """Sleeps, and looks how much longer that took."""

    def __init__(self) -> None:
        self._most_s = 0.0
        self._asleep_since: float | None = None

    async def watch(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._asleep_since = loop.time()
                await asyncio.sleep(EVERY_S)
                self._note(loop.time())
        finally:
            self._asleep_since = None

    def taken(self) -> float:
        """The most since this was last asked, in seconds; also of the sleep that should have ended."""
        self._note(asyncio.get_running_loop().time())
        most_s, self._most_s = self._most_s, 0.0
        return most_s

    def _note(self, now: float) -> None:
        if self._asleep_since is not None:
            self._most_s = max(self._most_s, now - self._asleep_since - EVERY_S)
