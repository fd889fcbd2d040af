"""The time, as One-Link sees it.

Slots are kept and judged by One-Link, so its clock decides what is past. Each of its
answers tells its time in the Date header; where this machine's clock is off by more
than the header can tell, the bot follows One-Link (docs/decisions/0003).
"""

import time
from datetime import UTC, datetime, timedelta

#: The header has whole seconds, and the answer has travelled: smaller differences mean nothing.
TOLERANCE = timedelta(seconds=5)


class Clock:
    """Call it for the aware UTC time; tell it each Date header that arrives."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def observe(self, server_time: datetime) -> None:
        """Follow the server where the two differ by more than the tolerance."""
        offset = server_time - datetime.fromtimestamp(time.time(), UTC)
        if abs(offset - self.offset) > TOLERANCE:
            self.offset = offset if abs(offset) > TOLERANCE else timedelta()
