"""Telegram's limits of speed, off unless asked for (https://core.telegram.org/bots/faq#broadcasting-to-users).

About 30 messages a second in all and one a second in one chat, short bursts allowed.
"""

import math
import time
from dataclasses import dataclass, field

from bot.sandbox.telegram_refusal import too_many_requests


@dataclass
class _Bucket:
    """Holds up to `size` tokens and gains `rate` a second; a message costs one."""

    size: float
    rate: float
    tokens: float = field(init=False)
    at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.tokens = self.size

    def wait(self) -> float:
        """Seconds until a message may pass; 0 takes a token."""
        now = time.monotonic()
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0
        return (1 - self.tokens) / self.rate


class Pacing:
    """Refuses with 429 what comes too fast, while switched on."""

    def __init__(self) -> None:
        self.on = False
        self._all = _Bucket(30, 30)
        self._chats: dict[int, _Bucket] = {}

    def switch(self, on: bool) -> None:
        """Turn the limits on or off; both start with full buckets."""
        self.on = on
        self._all = _Bucket(30, 30)
        self._chats = {}

    def check(self, chat_id: int) -> None:
        """Refusal 429 when this message is one too many."""
        if not self.on:
            return
        wait = self._chats.setdefault(chat_id, _Bucket(3, 1)).wait() or self._all.wait()
        if wait:
            raise too_many_requests(math.ceil(wait))
