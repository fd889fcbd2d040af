"""The time inside the sandbox: real time plus an offset that tests and the demo page may change."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Listener = Callable[[datetime], None]


class Clock:
    """Runs as fast as the real clock; jumps when told to.

    Listeners are called after every jump (not on every tick) with the new time, in the order in which
    they subscribed. They must not block.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self._listeners: list[Listener] = []
        self._at = datetime.now(UTC)
        self._since = time.monotonic()
        if now is not None:
            self.set(now)

    def now(self) -> datetime:
        """The present moment of the sandbox, aware, UTC."""
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def set(self, now: datetime) -> None:
        """Jump to a moment, forwards or backwards. A naive datetime is a ValueError."""
        if now.tzinfo is None:
            raise ValueError("the sandbox clock takes aware datetimes only")
        self._at = now.astimezone(UTC)
        self._since = time.monotonic()
        for listener in tuple(self._listeners):
            listener(self._at)

    def advance(self, seconds: float) -> None:
        """Jump by so many seconds; a negative number goes back."""
        self.set(self.now() + timedelta(seconds=seconds))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call the listener after each jump. Returns a function that ends the subscription."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe
