"""Free slots arranged for a person: days, parts of a day, a few readable times.

One-Link offers a start every 5 minutes, 86 on an empty day. It decides what is free; here
slots are only left out and put in order. Instants are compared as instants; the venue's clock
(`zone`) says which day a slot belongs to and which times look round.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.domain.model import Slot

#: One-Link's constant distance between two starts (scheduling API, section 2).
_OFFERED_EVERY = timedelta(minutes=5)

#: Times people like to read: on the hour and half past.
_ROUND_MIN = 30

_FEWEST_STEP_MIN, _MOST_STEP_MIN, _MOST_FALLBACK_MIN = 10, 240, 60


class PartOfDay(StrEnum):
    """How people divide a day when they choose a time."""

    MORNING = "morning"
    DAY = "day"
    EVENING = "evening"


@dataclass(frozen=True, slots=True)
class DayOfSlots:
    """The slots of one day in the venue's zone, by start."""

    day: date
    slots: tuple[Slot, ...]


def part_of(at: time) -> PartOfDay:
    """Morning until 12:00, day until 17:00, then evening."""
    if at < time(12):
        return PartOfDay.MORNING
    return PartOfDay.DAY if at < time(17) else PartOfDay.EVENING


def grid_step(duration_min: int, slot_duration_min: int) -> int:
    """Minutes between two offered starts.

    The resource's own grid where it makes sense (5 to 240 minutes), since the clinic chose it.
    Otherwise the service's duration, but at most an hour, so that a long service keeps a choice.
    Never below 10 minutes: a grid of 5 is a wall of buttons.
    """
    if 5 <= slot_duration_min <= _MOST_STEP_MIN:
        return max(slot_duration_min, _FEWEST_STEP_MIN)
    return min(max(duration_min, _FEWEST_STEP_MIN), _MOST_FALLBACK_MIN)


def upcoming(slots: Iterable[Slot], now: datetime, lead: timedelta, horizon: timedelta) -> list[Slot]:
    """Slots from `now + lead` to `now + horizon`, both included. One-Link offers past ones too."""
    return [slot for slot in slots if now + lead <= slot.starts_at <= now + horizon]


def thin(slots: Iterable[Slot], step_min: int, zone: ZoneInfo) -> list[Slot]:
    """A readable selection, by start: from each free run one slot every `step_min` minutes.

    A run begins at its first round time (a half hour, or a multiple of the step if that is smaller)
    or, when it is too short to contain one, at its first start: a short gap never vanishes.
    """
    step = timedelta(minutes=step_min)
    return sorted(
        slot for run in _runs(slots, zone) for slot in _every(step, _from_round(run, step_min, zone))
    )


def days(slots: Iterable[Slot], zone: ZoneInfo) -> list[DayOfSlots]:
    """The days that have slots, in order."""
    by_day = groupby(sorted(slots), key=lambda slot: _day(slot, zone))
    return [DayOfSlots(day, tuple(found)) for day, found in by_day]


def parts(slots: Iterable[Slot], zone: ZoneInfo) -> dict[PartOfDay, list[Slot]]:
    """The slots of one day by part of day; parts without slots are absent."""
    by_part = groupby(sorted(slots), key=lambda slot: part_of(slot.starts_at.astimezone(zone).time()))
    return {part: list(found) for part, found in by_part}


def merge_any(slots: Iterable[Slot], zone: ZoneInfo) -> list[Slot]:
    """For "any specialist": one slot for each start, by start.

    The resource with the most slots that day gets it, which spreads the load; of equals the
    one with the lower id, so that the same slots always give the same answer.
    """
    distinct = sorted(set(slots))
    load = Counter((_day(slot, zone), slot.resource_id) for slot in distinct)

    def preference(slot: Slot) -> tuple[int, int]:
        return -load[_day(slot, zone), slot.resource_id], slot.resource_id

    return [min(same, key=preference) for _, same in groupby(distinct, key=lambda slot: slot.starts_at)]


def neighbours(slots: Iterable[Slot], wanted: datetime, zone: ZoneInfo, n: int = 3) -> list[Slot]:
    """The `n` best replacements for a time that is gone, by start.

    First the same day, nearest first; then later days; earlier days only when nothing else is left.
    Give it fresh slots, merged by `merge_any` where several resources will do.
    """
    day = wanted.astimezone(zone).date()

    def effort(slot: Slot) -> tuple[int, timedelta, Slot]:
        away = (_day(slot, zone) - day).days
        return (0 if away == 0 else 1 if away > 0 else 2), abs(slot.starts_at - wanted), slot

    return sorted(sorted(slots, key=effort)[:n])


def _runs(slots: Iterable[Slot], zone: ZoneInfo) -> Iterator[list[Slot]]:
    """Starts of one resource and local day that follow each other every 5 minutes.

    Overlapping work rules give duplicates, or starts of two rhythms (09:00, 09:05 and 09:03, 09:08):
    each rhythm is a run of its own.
    """

    def rhythm(slot: Slot) -> tuple[int, date, float]:
        return slot.resource_id, _day(slot, zone), slot.starts_at.timestamp() % _OFFERED_EVERY.total_seconds()

    distinct = {(slot.resource_id, slot.starts_at): slot for slot in slots}.values()
    for _, group in groupby(sorted(sorted(distinct), key=rhythm), key=rhythm):
        run: list[Slot] = []
        for slot in group:
            if run and slot.starts_at - run[-1].starts_at != _OFFERED_EVERY:
                yield run
                run = []
            run.append(slot)
        yield run


def _from_round(run: Sequence[Slot], step_min: int, zone: ZoneInfo) -> Sequence[Slot]:
    """The run from its first round time on; all of it if it has none."""
    every = min(step_min, _ROUND_MIN)
    for i, slot in enumerate(run):
        local = slot.starts_at.astimezone(zone)
        if (local.hour * 60 + local.minute) % every == 0:
            return run[i:]
    return run


def _every(step: timedelta, run: Iterable[Slot]) -> Iterator[Slot]:
    """The first slot, then each first one that starts at least a step after the last taken."""
    last: datetime | None = None
    for slot in run:
        if last is None or slot.starts_at - last >= step:
            last = slot.starts_at
            yield slot


def _day(slot: Slot, zone: ZoneInfo) -> date:
    return slot.starts_at.astimezone(zone).date()
