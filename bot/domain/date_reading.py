"""What a typed phrase has said so far, and the calendar and clock arithmetic behind it."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import Enum, auto

#: The ranges behind words; the last is exclusive (conversation design, 3.4).
PARTS: dict[str, tuple[time | None, time | None]] = {
    "MORNING": (None, time(12)),
    "DAYTIME": (time(12), time(17)),
    "LUNCH": (time(12), time(14)),
    "FORENOON": (None, time(13)),
    "AFTERNOON": (time(13), time(18)),
    "EVENING": (time(17), None),
}

#: Parts of a day that tell morning hours from evening ones.
PART_WORD = r"(?:MORNING|DAYTIME|AFTERNOON|EVENING)"


class Kind(Enum):
    """How a day was named."""

    FIXED = auto()  # today, 25 November
    WEEKDAY = auto()
    WEEKEND = auto()
    AROUND = auto()  # in a week
    QUESTION = auto()  # next Monday: two readings


@dataclass(frozen=True, slots=True)
class NamedDays:
    """One mention of days."""

    days: tuple[date, ...]
    kind: Kind = Kind.FIXED


class Nonsense(Exception):
    """The phrase contradicts itself or names what does not exist: 31 February, 15 a.m."""


@dataclass(slots=True)
class Reading:
    """What the rules have found so far; `exact` excludes a range."""

    now: datetime
    days: list[NamedDays] = field(default_factory=list)
    alternatives: bool = False  # days joined by "or"
    part: str | None = None
    earliest: time | None = None
    latest: time | None = None
    exact: time | None = None

    @property
    def today(self) -> date:
        return self.now.date()

    def day(self, *days: date, kind: Kind = Kind.FIXED) -> None:
        self.days.append(NamedDays(days, kind))

    def within(self, earliest: time | None, latest: time | None) -> None:
        if (earliest and self.earliest) or (latest and self.latest):
            raise Nonsense
        self.earliest = earliest or self.earliest
        self.latest = latest or self.latest

    def at(self, exact: time) -> None:
        if self.exact is not None:
            raise Nonsense
        self.exact = exact


def clock(text: str, part: str | None) -> time:
    """The time of a piece of the phrase; hours follow the word next to them, else that of the phrase."""
    found = re.search(r"(?<!\S)(\d{1,2})(?:[:.]?(\d\d))?(?!\S)", text)
    if found is None:
        raise Nonsense
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[2] and ":" not in text and "." not in text and minute % 5:
        raise Nonsense  # 1430 is a time, 2026 is not
    own = re.search(rf"{PART_WORD}|DNYA|AM|PM", text)
    word = own[0] if own else part
    if word in {"MORNING", "AM"}:
        if hour > 12 or (hour == 12 and word == "MORNING"):
            raise Nonsense
        hour %= 12
    elif word in {"EVENING", "PM"}:
        hour += 12 if hour < 12 else 0
    elif (1 <= hour <= 7 and not found[1].startswith("0")) or (word == "DNYA" and hour < 8):
        hour += 12
    return time(hour, minute)


def calendar_date(reading: Reading, day: str, month: str, year: str | None) -> date:
    """Without a year: this year's, or next year's where that is nearer."""
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    half_a_year = timedelta(days=183)
    try:
        this_year = date(reading.today.year, int(month), int(day))
    except ValueError:  # 29 February of a common year
        return date(reading.today.year + 1, int(month), int(day))
    if reading.today - this_year > half_a_year:
        return date(this_year.year + 1, int(month), int(day))
    return this_year


def day_of_month(reading: Reading, day: str) -> date:
    """The next such day, today included; a month that is too short is passed over."""
    first = reading.today.replace(day=1)
    for _ in range(3):
        try:
            candidate = first.replace(day=int(day))
        except ValueError:
            candidate = None
        if candidate and candidate >= reading.today:
            return candidate
        first = (first + timedelta(days=31)).replace(day=1)
    raise Nonsense


def coming(reading: Reading, symbol: str) -> date:
    """The next such weekday, today included."""
    return reading.today + timedelta(days=(int(symbol[1]) - 1 - reading.today.weekday()) % 7)


def monday(reading: Reading) -> date:
    return reading.today - timedelta(days=reading.today.weekday())


def makes_sense(reading: Reading) -> bool:
    """Whether the pieces go together. Beside an exact time a part of the day has done its work."""
    if reading.alternatives and len(reading.days) < 2:
        return False
    if reading.exact is not None:
        by_part_only = (reading.earliest, reading.latest) in {(None, None), *PARTS.values()}
        reading.earliest = reading.latest = None
        return by_part_only
    return reading.earliest is None or reading.latest is None or reading.earliest < reading.latest
