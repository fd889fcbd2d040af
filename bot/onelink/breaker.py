"""A circuit breaker: when One-Link does not answer, nobody waits for it.

Forty lines of our own, because the published ones do not work here: pybreaker's async
call raises NameError, purgatory's redis extra conflicts with ours.
"""

from collections.abc import Callable
from time import monotonic as system_monotonic

from bot.domain.errors import OneLinkUnreachable

#: The code of the error raised without asking One-Link.
BREAKER_OPEN = "breaker_open"


class Breaker:
    """Opens after `threshold` failures in a row; then lets one request through every `pause_s` seconds.

    That probe needs no bookkeeping: admitting it moves the next one a pause ahead, so a
    probe that is cancelled, or never reports, delays nobody for ever.
    """

    def __init__(
        self,
        *,
        threshold: int = 5,
        pause_s: float = 5.0,
        monotonic: Callable[[], float] = system_monotonic,
    ) -> None:
        self._threshold = threshold
        self._pause_s = pause_s
        self._monotonic = monotonic
        self._failures = 0
        self._next_probe_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= self._threshold

    def admit(self) -> None:
        """Let a request pass, or raise OneLinkUnreachable at once."""
        if not self.is_open:
            return
        now = self._monotonic()
        if now < self._next_probe_at:
            raise OneLinkUnreachable(BREAKER_OPEN)
        self._next_probe_at = now + self._pause_s

    def succeeded(self) -> None:
        """One-Link answered; a refusal is an answer too."""
        self._failures = 0

    def failed(self) -> None:
        """No answer to rely on."""
        self._failures += 1
        if self.is_open:
            self._next_probe_at = self._monotonic() + self._pause_s
