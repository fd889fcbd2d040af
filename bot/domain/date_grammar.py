"""From a row of date symbols to the days and times it names; see `dates` for the whole.

Two tables do the work. `_REWRITES` brings the forms of three languages to fewer ones. `_RULES`
are tried in order; each takes its piece out of the phrase and notes what it says. Whatever is
left over in the end was not understood, and then nothing was.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from bot.domain.date_reading import (
    PART_WORD,
    PARTS,
    Kind,
    Nonsense,
    Reading,
    calendar_date,
    clock,
    coming,
    day_of_month,
    makes_sense,
    monday,
)
from bot.domain.date_words import symbols

#: Stands where something was read, so that its neighbours do not join into something never said.
_READ = "."

_HALF_OF_DAY = r"(?:MORNING|EVENING|DNYA|AM|PM)"  # written after an hour
_TIME = rf"(?:{PART_WORD} )?(?:CLOCK )?(?:\d{{1,2}}[:.]\d\d|\d{{1,4}})(?: HOUR)?(?: {_HALF_OF_DAY})?"

_REWRITES: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"TEN ([12])", r"1\1"),  # он бір, он екі
    (r"TEN", "10"),
    (r"UNITD AFTER TOMORROW", "OVERMORROW"),
    (r"(\d+) (?:CHAS|CLOCK(?! \d))", r"\1 HOUR"),
    (r"(AT|AFTER|BEFORE|FROM) CHAS", r"\1 1"),  # в час
    (r"IN CHAS", "IN 1 HOUR"),
    (r"IN HOUR", "IN 1 HOUR"),
    (r"HALF PAST (\d+)", r"\1:30"),
    (r"(\d+) HALFPAST", r"\1:30"),
    (r"(?:AT )?HALF 1 ORD", "12:30"),  # полпервого
    (r"(?:AT )?HALF (\d+) ORD", lambda m: f"{int(m[1]) - 1}:30"),
    (r"(AT|CLOCK) (\d{1,2}) (?:HOUR )?([0-5][05])(?: MIN)?(?! (?:ORD|M\d+|HOUR))", r"\1 \2:\3"),
    (r"(AT|CLOCK) (\d{1,2})-([0-5][05])", r"\1 \2:\3"),  # в 10-30
    (r"AFTER LUNCH|LUNCH AFTER(?! \d)", "AFTERNOON"),
    (r"BEFORE LUNCH|LUNCH BEFORE(?! \d)", "FORENOON"),
    (r"NOON", "12:00"),
    (r"BEFORE EVENING|EVENING BEFORE(?! \d)", "BEFORE 17:00"),
    (r"THIS (MORNING|AFTERNOON|EVENING)", r"TODAY \1"),
    (r"(?:THIS|COMING) (W\d|WEEKEND)", r"\1"),
    (r"ORD KUN", "ORD"),
    (r"(\d+) KUN", r"\1 ORD"),  # 25 күні
    (r"(W\d|TODAY|TOMORROW|OVERMORROW) KUN", r"\1"),
    (r"(?:AT|ON|IN|FROM|FOR) (TODAY|TOMORROW|W\d|WEEKEND|MORNING|LUNCH|AFTERNOON|EVENING)", r"\1"),
    (r"(?:AT|ON|FOR) (THIS|NEXT|OVERMORROW|FORENOON|W\d)", r"\1"),
]


def read_phrase(text: str, now: datetime) -> Reading | None:
    """What the phrase names, or None if any of it is not understood."""
    row = symbols(text)
    if not row:
        return None
    phrase = " ".join(row)
    for pattern, replacement in _REWRITES:
        phrase = re.sub(_bounded(pattern), replacement, phrase)
    reading = Reading(now)
    # The part of the day is needed to read hours, so it is looked for before them.
    words = set(re.findall(_bounded("|".join(PARTS)), phrase))
    reading.part = words.pop() if len(words) == 1 else None
    try:
        for pattern, note in _RULES:
            phrase = _take(phrase, pattern, note, reading)
    except (Nonsense, ValueError, OverflowError):
        return None
    return reading if not set(phrase.split()) - {_READ} and makes_sense(reading) else None


def _bounded(pattern: str) -> str:
    return rf"(?<!\S)(?:{pattern})(?!\S)"


def _take(phrase: str, pattern: str, note: "_Note", reading: Reading) -> str:
    def noted(match: re.Match[str]) -> str:
        return _READ if note(reading, match) is not False else match[0]

    return re.sub(_bounded(pattern), noted, phrase)


def _relative(reading: Reading, m: re.Match[str]) -> None:
    away = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1, "OVERMORROW": 2}[m[0]]
    reading.day(reading.today + timedelta(days=away))


def _in_weeks(reading: Reading, m: re.Match[str]) -> None:
    weeks = int(m[1] or m[2] or 1)
    reading.day(reading.today + timedelta(weeks=weeks), kind=Kind.AROUND)


def _in_days(reading: Reading, m: re.Match[str]) -> None:
    reading.day(reading.today + timedelta(days=int(m[1] or m[2])))


def _in_hours(reading: Reading, m: re.Match[str]) -> None:
    then = reading.now + timedelta(hours=int(m[1] or m[2]))
    reading.day(then.date())
    reading.within(then.time().replace(second=0, microsecond=0), None)


def _whole_date(reading: Reading, m: re.Match[str]) -> bool | None:
    """A date in figures; 10.30 can only be a time, and so is a second such figure: 5.12 10.10."""
    day, month, year = m[1], m[2], m[3]
    before = m.string[: m.start()].split()[-1:]
    if "." in m[0] and year is None and len(month) == 2:
        if reading.days or int(month) > 12 or int(day) < 1 or before in (["AT"], ["CLOCK"]):
            return False
        if before in (["AFTER"], ["BEFORE"], ["FROM"]):  # until 5.12: a day or a time?
            raise Nonsense
    reading.day(calendar_date(reading, day, month, year))
    return None


def _month_name(reading: Reading, m: re.Match[str]) -> None:
    # A Kazakh date may begin with its year: 2026 ж. 25 қараша.
    year = m["year"] or m.groupdict().get("first")
    reading.day(calendar_date(reading, m["day"], m["month"], year))


def _week(reading: Reading, m: re.Match[str]) -> None:
    first = monday(reading) + timedelta(weeks=m[1] == "NEXT")
    whole = [first + timedelta(days=n) for n in range(7)]
    reading.day(*(day for day in whole if day >= reading.today))


def _weekday_of_week(reading: Reading, m: re.Match[str]) -> None:
    week, weekday = m[1] or m[4], m[2] or m[3]
    reading.day(monday(reading) + timedelta(weeks=week == "NEXT", days=int(weekday[1]) - 1))


def _next_weekday(reading: Reading, m: re.Match[str]) -> None:
    first = coming(reading, m[1])
    if first == reading.today:  # on a Monday, "next Monday" can only be that of next week
        reading.day(first + timedelta(weeks=1))
    else:
        reading.day(first, first + timedelta(weeks=1), kind=Kind.QUESTION)


def _weekdays(reading: Reading, m: re.Match[str]) -> None:
    days = sorted({coming(reading, symbol) for symbol in re.findall(r"W\d", m[0])})
    reading.day(*days, kind=Kind.WEEKDAY)


def _weekend(reading: Reading, m: re.Match[str]) -> None:
    both = (monday(reading) + timedelta(days=n) for n in (5, 6))
    reading.day(*(day for day in both if day >= reading.today), kind=Kind.WEEKEND)


def _or(reading: Reading, m: re.Match[str]) -> None:
    reading.alternatives = True


def _between(reading: Reading, m: re.Match[str]) -> None:
    start, end = (m[1], m[2]) if m[1] else (m[3], m[4])
    by_start, by_end = (re.search(rf"{PART_WORD}|AM|PM|DNYA", piece) for piece in (start, end))
    # "с 9 утра до 12": the word holds for the start. "с 5 до 7 вечера": for both, if that makes a range.
    start_time = clock(start, by_end[0] if by_end else reading.part)
    end_time = clock(end, None if by_start else reading.part)
    if start_time >= end_time:
        start_time = clock(start, None)
    reading.within(start_time, end_time)


def _not_before(reading: Reading, m: re.Match[str]) -> None:
    reading.within(clock(m[1] or m[2], reading.part), None)


def _not_after(reading: Reading, m: re.Match[str]) -> None:
    reading.within(None, clock(m[1] or m[2], reading.part))


def _exactly(reading: Reading, m: re.Match[str]) -> None:
    reading.at(clock(m[0], reading.part))


def _exactly_that_day(reading: Reading, m: re.Match[str]) -> bool | None:
    """На завтра на 10: "на 10" alone may be the tenth."""
    if not reading.days:
        return False
    reading.at(clock(m[0], reading.part))
    return None


def _part(reading: Reading, m: re.Match[str]) -> None:
    earliest, latest = PARTS[m[0]]
    reading.within(None if reading.earliest else earliest, None if reading.latest else latest)


def _day_number(reading: Reading, m: re.Match[str]) -> None:
    reading.day(day_of_month(reading, m[1]))


def _bare_number(reading: Reading, m: re.Match[str]) -> None:
    """With a day it is an hour, unless it may be the day's own number: "Monday 23"; alone, a day."""
    number = int(m[0])
    if not reading.days:
        if reading.part:
            return reading.at(clock(m[0], reading.part))
        if len(re.findall(_bounded(r"\d{1,2}"), m.string)) > 1:
            raise Nonsense
        return reading.day(day_of_month(reading, m[0]))
    named = {day for found in reading.days for day in found.days}
    if any(day.day == number for day in named):
        if len(named) > 1:
            raise Nonsense
        return None
    # "Wednesday 9", and the next 9th is a Wednesday: nine o'clock, or that day?
    weekdays = {day.weekday() for found in reading.days if found.kind is Kind.WEEKDAY for day in found.days}
    if 1 <= number <= 31 and day_of_month(reading, m[0]).weekday() in weekdays:
        raise Nonsense
    return reading.at(clock(m[0], reading.part))


_Note = Callable[[Reading, re.Match[str]], bool | None]

_RULES: list[tuple[str, _Note]] = [
    # days
    (r"YESTERDAY|TODAY|TOMORROW|OVERMORROW", _relative),
    (r"IN (?:(\d+) )?WEEK|(?:(\d+) )?WEEK AFTER", _in_weeks),
    (r"IN (\d+) (?:UNITD|DNYA)|(\d+) UNITD AFTER", _in_days),
    (r"IN (\d+) HOUR|(\d+) HOUR AFTER", _in_hours),
    (r"(?:ON )?(20\d\d)-(\d\d?)-(\d\d?)", lambda r, m: r.day(date(int(m[1]), int(m[2]), int(m[3])))),
    (r"(?:ON )?(\d\d?)/(\d\d?)(?:/(20\d\d|\d\d))?", _whole_date),
    (r"(?:ON )?(\d\d?)\.(\d\d?)(?:\.(20\d\d|\d\d))?", _whole_date),
    (
        r"(?:(?:ON|FOR|AT) )?(?:(?P<first>20\d\d) )?(?P<day>\d\d?)(?: ORD)?"
        r" M(?P<month>\d+)(?: (?P<year>20\d\d))?",
        _month_name,
    ),
    (r"(?:(?:ON|FOR) )?M(?P<month>\d+) (?P<day>\d\d?)(?: ORD)?(?: (?P<year>20\d\d))?", _month_name),
    (r"(NEXT|THIS) WEEK (W\d)|(W\d) (NEXT|THIS) WEEK", _weekday_of_week),
    (r"(NEXT|THIS) WEEK", _week),
    (r"NEXT (W\d)", _next_weekday),
    (r"W\d(?:(?: OR| AND)? W\d)*", _weekdays),
    (r"WEEKEND", _weekend),
    (r"(?:(?:AT|ON|FOR) )?(\d\d?) ORD", _day_number),
    (r"(?:ON|FOR) (2[4-9]|3[01])", _day_number),
    (r"OR", _or),
    # times
    (rf"(?:FROM|AFTER) ({_TIME}) BEFORE ({_TIME})|BETWEEN ({_TIME}) AND ({_TIME})", _between),
    (rf"({_TIME}) ABL ({_TIME}) DAT BEFORE", _between),
    (rf"(?:AFTER|FROM) ({_TIME})|({_TIME}) ABL (?:AFTER|FROM)", _not_before),
    (rf"BEFORE ({_TIME})|({_TIME}) DAT BEFORE", _not_after),
    (rf"(?:{PART_WORD} )?(?:AT|CLOCK) {_TIME}(?: LOC| DAT)?|{_TIME} LOC", _exactly),
    (rf"(?:ON|FOR) {_TIME}", _exactly_that_day),
    (rf"\d{{1,2}}[:.]\d\d(?: {_HALF_OF_DAY})?|\d{{3,4}}", _exactly),
    (
        rf"(?:CLOCK )?\d{{1,2}} (?:HOUR )?{_HALF_OF_DAY}|\d{{1,2}} HOUR|{PART_WORD} \d{{1,2}}",
        _exactly,
    ),
    ("|".join(PARTS), _part),
    (r"\d{1,2}", _bare_number),
]
