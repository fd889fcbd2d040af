"""A date of birth as people type it: day first, with any separator, or in ISO order."""

import re
from datetime import date

_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
_OLDEST_YEARS = 120


def read_birth_date(text: str, today: date) -> date | None:
    """The date, or None where it is no date, lies ahead or is older than anybody."""
    plain = text.translate(_FULL_WIDTH)
    found = re.fullmatch(
        r"\D*([0-9]{1,2})\D+([0-9]{1,2})\D+([0-9]{4})\D*|([0-9]{2})([0-9]{2})([0-9]{4})", plain
    )
    iso = re.fullmatch(r"\s*([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\s*", plain)
    if iso:
        year, month, day = map(int, iso.groups())
    elif found:
        day, month, year = (int(part) for part in found.groups() if part)
    else:
        return None
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return born if born <= today and today.year - born.year <= _OLDEST_YEARS else None
