"""When a resource is free: One-Link's arithmetic, as pure functions over plain rows.

Rows have the shapes of the scheduling API; weekday 0 is Sunday, minutes are local wall-clock minutes
after midnight, instants are ISO 8601. Checked slot by slot and code by code against calendars recorded
from One-Link's own rules (`tests/data/onelink-availability-cases.json.gz`).

What the rules do *not* look at, deliberately, because One-Link does not: the current time, lead time,
whether the resource is active, and the duration of a service.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Row = dict[str, Any]

STEP_SECONDS = 5 * 60
"""Candidate starts stand five minutes apart, whatever the resource's slot duration."""

MIN_SLOT_MINUTES = 5
"""A shorter slot length is raised to this one, not refused."""

REASONS = {
    "VALIDATION_ERROR": "ends_at must be after starts_at",
    "OUTSIDE_WORKING_HOURS": "Appointment is outside working hours",
    "BLOCKED_BY_HOLIDAY": "Date is blocked by holiday",
    "BLOCKED_BY_BREAK": "Appointment overlaps resource break",
    "BLOCKED_BY_VACATION": "Appointment overlaps blocked time",
    "SLOT_CONFLICT": "Slot is already occupied",
}
"""The words One-Link puts beside each refusal code."""


class Interval(NamedTuple):
    """A half-open stretch of time in Unix seconds.

    `local` says how a slot that opens at its edge is printed: with the resource's offset when the edge
    came from a work rule or a break, with `Z` when it came from an appointment, a time off or `from`.
    For a blocker the edge is its end; for free time it is its start.
    """

    start: int
    end: int
    local: bool


class Slot(NamedTuple):
    """A free start and end in Unix seconds, and how One-Link prints them (see `Interval`)."""

    start: int
    end: int
    local: bool


def zone(name: str) -> tzinfo:
    """The named time zone; UTC when there is no such zone, as in One-Link."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def seconds(instant: str) -> int:
    """ISO 8601 to Unix seconds; a text without an offset is UTC."""
    moment = datetime.fromisoformat(instant)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def print_utc(at: int) -> str:
    """Unix seconds as `2026-03-09T05:30:00Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat()[:19] + "Z"


def print_local(at: int, where: tzinfo) -> str:
    """Unix seconds as `2026-03-09T10:30:00+05:00`; UTC itself prints `Z`."""
    text = datetime.fromtimestamp(at, where).isoformat()
    return text[:19] + "Z" if text.endswith("+00:00") else text


@dataclass(frozen=True)
class Day:
    """One local date of one resource, before absences and appointments are subtracted."""

    holiday: bool
    work: tuple[Interval, ...]
    breaks: tuple[Interval, ...]


class Timetable:
    """All that bears on one resource's free time, indexed once so that many days stay cheap.

    Rows of other resources are skipped; a time off without a resource concerns the whole account.
    """

    def __init__(
        self,
        resource: Row,
        *,
        work_rules: Iterable[Row] = (),
        break_rules: Iterable[Row] = (),
        holidays: Iterable[Row] = (),
        workday_overrides: Iterable[Row] = (),
        time_offs: Iterable[Row] = (),
        appointments: Iterable[Row] = (),
    ) -> None:
        own = resource["id"]
        self.zone = zone(resource["timezone"])
        self.work_rules = _by_weekday(rule for rule in work_rules if rule.get("resource_id", own) == own)
        self.break_rules = _by_weekday(rule for rule in break_rules if rule.get("resource_id", own) == own)
        self.holidays = tuple(holidays)
        self.overrides = {row["date"]: row for row in workday_overrides if row["resource_id"] in (own, None)}
        self.time_offs = sorted(
            Interval(seconds(row["starts_at"]), seconds(row["ends_at"]), False)
            for row in time_offs
            if row["resource_id"] in (own, None)
        )
        self.taken = sorted(
            (Interval(seconds(row["starts_at"]), seconds(row["ends_at"]), False), row.get("id"))
            for row in appointments
            if row["resource_id"] == own and row["status"] != "cancelled"
        )

    def slots(self, start: int, end: int, duration_min: int) -> list[Slot]:
        """Every candidate inside [start, end), in One-Link's order, duplicates of overlapping rules kept."""
        length = max(duration_min, MIN_SLOT_MINUTES) * 60
        return [
            Slot(at, at + length, free.local)
            for free in self._free(start, end)
            for at in range(free.start, free.end - length + 1, STEP_SECONDS)
        ]

    def refusal(self, start: int, end: int, *, ignoring: int | None = None) -> str | None:
        """Why this time cannot be booked: a key of REASONS, or None when it can.

        The order is One-Link's, the first failure wins. `ignoring` is the id of the appointment that is
        being moved: it never conflicts with itself.
        """
        if end <= start:
            return "VALIDATION_ERROR"
        on = datetime.fromtimestamp(start, self.zone).date()
        # Ending exactly at midnight still belongs to the day; crossing it does not.
        if end > self._instant(on, 24 * 60):
            return "OUTSIDE_WORKING_HOURS"
        day = self._day(on)
        if day.holiday:
            return "BLOCKED_BY_HOLIDAY"
        if not any(work.start <= start and end <= work.end for work in day.work):
            return "OUTSIDE_WORKING_HOURS"
        if _overlaps(day.breaks, start, end):
            return "BLOCKED_BY_BREAK"
        if _overlaps(self.time_offs, start, end):
            return "BLOCKED_BY_VACATION"
        if _overlaps((interval for interval, owner in self.taken if owner != ignoring), start, end):
            return "SLOT_CONFLICT"
        return None

    def _free(self, start: int, end: int) -> Iterator[Interval]:
        if end <= start:
            return
        on = datetime.fromtimestamp(start, self.zone).date()
        last = datetime.fromtimestamp(end - 1, self.zone).date()
        absences = [off for off in self.time_offs if off.start < end and off.end > start]
        taken = [visit for visit, _ in self.taken if visit.start < end and visit.end > start]
        while on <= last:
            day = self._day(on)
            blockers = sorted((*day.breaks, *absences, *taken))
            for work in day.work:
                for left, right, local in _subtract(work, blockers):
                    clipped = Interval(max(left, start), min(right, end), local and left >= start)
                    if clipped.start < clipped.end:
                        yield clipped
            on += timedelta(days=1)

    def _day(self, on: date) -> Day:
        override = self.overrides.get(on.isoformat())
        if override is not None:
            work = self._interval(on, override["start_minute"], override["end_minute"])
            pause, resume = override.get("break_start_minute"), override.get("break_end_minute")
            breaks = () if pause is None or resume is None else (self._interval(on, pause, resume),)
            return Day(False, (work,), breaks)
        if _is_holiday(self.holidays, on):
            return Day(True, (), ())
        weekday = on.isoweekday() % 7
        return Day(
            False,
            tuple(self._interval(on, *minutes) for minutes in self.work_rules.get(weekday, ())),
            tuple(self._interval(on, *minutes) for minutes in self.break_rules.get(weekday, ())),
        )

    def _interval(self, on: date, start_minute: int, end_minute: int) -> Interval:
        return Interval(self._instant(on, start_minute), self._instant(on, end_minute), True)

    def _instant(self, on: date, minute: int) -> int:
        # Wall-clock arithmetic first, the offset afterwards: a rule keeps its hours on a DST day.
        wall = datetime(on.year, on.month, on.day) + timedelta(minutes=minute)  # noqa: DTZ001
        return int(wall.replace(tzinfo=self.zone).timestamp())


def _by_weekday(rules: Iterable[Row]) -> dict[int, list[tuple[int, int]]]:
    """Active rules as (start_minute, end_minute) by weekday, in the order the API lists them."""
    ordered: dict[int, list[tuple[int, int]]] = {}
    for rule in sorted(rules, key=lambda row: (row["weekday"], row["start_minute"], row.get("id", 0))):
        if rule.get("active", True):
            ordered.setdefault(rule["weekday"], []).append((rule["start_minute"], rule["end_minute"]))
    return ordered


def _is_holiday(holidays: Iterable[Row], on: date) -> bool:
    """A holiday falls on the date, and no row for the same date makes it a working day."""
    text = on.isoformat()
    falls = [
        row
        for row in holidays
        if row["date"] == text or (row["recurring_yearly"] and row["date"][5:] == text[5:])
    ]
    return bool(falls) and not any(row["working_day_override"] for row in falls)


def _overlaps(intervals: Iterable[Interval], start: int, end: int) -> bool:
    """Touching ends do not overlap."""
    return any(interval.start < end and interval.end > start for interval in intervals)


def _subtract(work: Interval, blockers: Sequence[Interval]) -> Iterator[Interval]:
    """What is left of a working interval, given blockers sorted by start."""
    opens, local = work.start, work.local
    for blocker in blockers:
        if blocker.start >= work.end:
            break
        if blocker.end <= opens:
            continue
        if blocker.start > opens:
            yield Interval(opens, blocker.start, local)
        opens, local = blocker.end, blocker.local
    if opens < work.end:
        yield Interval(opens, work.end, local)
