"""Whether this machine knows today's time zones.

Kazakhstan has had one zone, UTC+5, since 2024-03-01. Zone data from before (tzdata < 2024a) put
every visit one hour off. `zoneinfo` prefers the system's data to the `tzdata` package, so an old
base image wins over a new package: ask once, at the start.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_PROBE_ZONE = "Asia/Almaty"
_PROBE_MOMENT = datetime(2024, 6, 1)  # noqa: DTZ001 - wall-clock time, the zone is what is asked for
_EXPECTED = timedelta(hours=5)


class ZoneDataOutdated(Exception):
    """The zone data are older than 2024a, or missing: then `found` is None."""

    def __init__(self, zone: str, found: timedelta | None, expected: timedelta) -> None:
        super().__init__(f"{zone}: UTC offset {found} on 2024-06-01, expected {expected}")
        self.zone = zone
        self.found = found
        self.expected = expected


def assert_zone_data() -> None:
    """Return if Almaty is at +05:00 in June 2024, else raise `ZoneDataOutdated`."""
    try:
        found = _PROBE_MOMENT.replace(tzinfo=ZoneInfo(_PROBE_ZONE)).utcoffset()
    except ZoneInfoNotFoundError:
        found = None
    if found != _EXPECTED:
        raise ZoneDataOutdated(_PROBE_ZONE, found, _EXPECTED)
