"""Days and times as clients type them: "завтра после 5", "ертең таңертең", "25 Nov at 10".

An own small grammar for Kazakh, Russian and English, since a wrong day is worse than none: every
word must be understood, or the answer is None and the client gets buttons. Two readings
become a question (`Ambiguous`). Days come before months (5.12 is 5 December), hours from 1 to 7 are
in the afternoon unless the phrase says "утра" or is written 07:00.

The phrase is turned into symbols (`date_words`), rewritten into fewer forms (`_REWRITES`), and
read piece by piece (`date_grammar`); here the pieces are put together and compared with the clock.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bot.domain.date_grammar import read_phrase
from bot.domain.date_reading import Kind, Reading

#: A client who says "on Saturday" this late on a Saturday means the next one.
DAY_IS_OVER = time(18)

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class When:
    """The days and times somebody would come.

    `days` is None when no day was named. `latest` is exclusive. With `exact` there is no range.
    `around` marks a rough day ("in a week"): its neighbours may be shown too.
    """

    days: tuple[date, ...] | None
    earliest: time | None = None
    latest: time | None = None
    exact: time | None = None
    around: bool = False

    def allows(self, moment: datetime) -> bool:
        """Whether a start at this local time is what was asked for."""
        at = moment.time()
        return (
            (self.days is None or moment.date() in self.days)
            and (self.exact is None or at == self.exact)
            and (self.earliest is None or at >= self.earliest)
            and (self.latest is None or at < self.latest)
        )


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several days could be meant; the times hold for whichever is chosen."""

    days: tuple[date, ...]
    earliest: time | None = None
    latest: time | None = None
    exact: time | None = None

    def chosen(self, day: date) -> When:
        """The answer once the client has picked one of `days`."""
        return When((day,), self.earliest, self.latest, self.exact)


@dataclass(frozen=True, slots=True)
class PastDate:
    """A day, or a time of today, that is over."""

    day: date


def read_when(text: str, now_local: datetime) -> When | Ambiguous | PastDate | None:
    """What a typed day or time means at `now_local`, the venue's wall clock; None if not understood.

    A number alone is a day of the month. Where it could also be the number of a listed choice,
    that is the caller's to decide first.
    """
    reading = read_phrase(text, now_local)
    if reading is None:
        return None
    return _compare_with_clock(reading, now_local)


def read_time(text: str) -> time | None:
    """A time and nothing else: 14:30, 14.30, 1430, "в 9", "сағат 10-да", 10am, and also a bare 9."""
    bare = text.strip()
    phrase = f"at {bare}" if bare.isascii() and bare.isdecimal() and len(bare) <= 2 else text
    # Any day will do: a phrase that names one is not a time.
    reading = read_phrase(phrase.replace(".", ":") if _is_dotted(bare) else phrase, datetime(2000, 1, 1))  # noqa: DTZ001
    return reading.exact if reading and not reading.days else None


def _is_dotted(text: str) -> bool:
    """14.30 or 10.11: here no date is expected, so it is a time."""
    hour, dot, minute = text.partition(".")
    return bool(dot) and hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 == len(minute)


def _compare_with_clock(reading: Reading, now: datetime) -> When | Ambiguous | PastDate | None:
    today = now.date()
    if not reading.days:
        return When(None, reading.earliest, reading.latest, reading.exact)
    days, kind = _agreed(reading, now)
    if not days:
        return None
    if kind is Kind.QUESTION:
        return Ambiguous(days, reading.earliest, reading.latest, reading.exact)
    ahead = tuple(day for day in days if day > today or (day == today and not _time_is_over(reading, now)))
    if kind in {Kind.WEEKDAY, Kind.WEEKEND}:
        if now.time() >= DAY_IS_OVER:
            ahead = tuple(day for day in ahead if day != today)
        if kind is Kind.WEEKDAY:
            ahead = tuple(sorted({*ahead, *(day + _WEEK for day in days if day not in ahead)}))
        elif not ahead:  # Sunday evening: the next weekend
            ahead = (today + timedelta(days=6), today + _WEEK)
    if not ahead:
        return PastDate(max(days))
    return When(ahead, reading.earliest, reading.latest, reading.exact, around=kind is Kind.AROUND)


def _time_is_over(reading: Reading, now: datetime) -> bool:
    """Whether the times asked for lie behind, if the day is today."""
    at = now.time()
    return (reading.exact is not None and reading.exact <= at) or (
        reading.latest is not None and reading.latest <= at
    )


def _agreed(reading: Reading, now: datetime) -> tuple[tuple[date, ...], Kind]:
    """One answer from everything said about the day; no days if it does not fit together."""
    first, *others = reading.days
    if not others:
        return first.days, first.kind
    plain = {Kind.FIXED, Kind.WEEKDAY}
    if not {found.kind for found in reading.days} <= plain:
        return (), Kind.FIXED
    if reading.alternatives:
        return tuple(sorted({day for found in reading.days for day in found.days})), Kind.FIXED
    fixed = {found.days for found in reading.days if found.kind is Kind.FIXED}
    named = {day.weekday() for found in reading.days if found.kind is Kind.WEEKDAY for day in found.days}
    if len(fixed) != 1:
        return (), Kind.FIXED
    (days,) = fixed
    common = tuple(day for day in days if not named or day.weekday() in named)
    if common or len(days) > 1 or days[0] < now.date():
        return common or days[: len(days) == 1], Kind.FIXED
    # "Friday the 28th" when the 28th is a Saturday: ask which of the two is right.
    day = days[0]
    near = (day + timedelta(days=n) for n in (1, -1, 2, -2, 3, -3, 4, 5, 6))
    other = next(d for d in near if d.weekday() in named and d >= now.date())
    return tuple(sorted({day, other})), Kind.QUESTION
