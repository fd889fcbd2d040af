"""Free slots arranged for a person: days, parts of a day, a few readable times.

One-Link offers a start every 5 minutes, 86 on an empty day. It decides what is free; here
slots are only left out and put in order. Instants are compared as instants; the venue's clock
(`zone`) says which day a slot belongs to and which times look round.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

from bot.domain.model import Slot

#: One-Link's constant distance between two starts (scheduling API, section 2).
_OFFERED_EVERY = timedelta(minutes=5)

#: Times people like to read: on the hour and half past.
_ROUND_MIN = 30

_START, _RESOURCE = itemgetter(0), itemgetter(1)  # of a slot

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
    earliest, latest = now + lead, now + horizon
    return [slot for slot in slots if earliest <= slot.starts_at <= latest]


def thin(slots: Iterable[Slot], steps: Mapping[int, int], zone: ZoneInfo) -> list[Slot]:
    """A readable selection, by start: from each free run one slot every so many minutes.

    `steps` has these minutes by resource id; slots of other resources are left out. A run begins at
    its first round time (a half hour, or a multiple of the step if that is smaller) or, when it is too
    short to contain one, at its first start: a short gap never vanishes.
    """
    by_resource: dict[int, list[Slot]] = {resource_id: [] for resource_id in sorted(steps)}
    for slot in sorted(slots, key=_START):
        if (own := by_resource.get(slot.resource_id)) is not None:
            own.append(slot)
    taken = (
        slot
        for resource_id, own in by_resource.items()
        for _, of_day in _by_day(own, zone)
        for run in _runs(of_day)
        for slot in _readable(run, steps[resource_id], zone)
    )
    return sorted(taken, key=_START)


def days(slots: Iterable[Slot], zone: ZoneInfo) -> list[DayOfSlots]:
    """The days that have slots, in order."""
    return [DayOfSlots(day, tuple(found)) for day, found in _by_day(sorted(slots), zone)]


def parts(slots: Iterable[Slot], zone: ZoneInfo) -> dict[PartOfDay, list[Slot]]:
    """The slots of one day by part of day; parts without slots are absent."""
    by_part = groupby(sorted(slots), key=lambda slot: part_of(slot.starts_at.astimezone(zone).time()))
    return {part: list(found) for part, found in by_part}


def merge_any(slots: Iterable[Slot], zone: ZoneInfo) -> list[Slot]:
    """For "any specialist": one slot for each start, by start.

    The resource with the most slots that day gets it, which spreads the load; of equals the
    one with the lower id, so that the same slots always give the same answer.
    """
    merged: list[Slot] = []
    for _, found in _by_day(sorted(slots, key=_START), zone):
        of_day = list(dict.fromkeys(found))
        load = Counter(map(_RESOURCE, of_day))
        preferred_last = sorted(of_day, key=lambda slot: (load[slot.resource_id], -slot.resource_id))
        merged += sorted({slot.starts_at: slot for slot in preferred_last}.values(), key=_START)
    return merged


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


def _by_day(slots: Iterable[Slot], zone: ZoneInfo) -> Iterator[tuple[date, list[Slot]]]:
    """Slots by start -> the same by local day. Only the first start of a day is put on the venue's clock."""
    of_day: list[Slot] = []
    day, ends = date.min, datetime.min.replace(tzinfo=UTC)
    for slot in slots:
        if slot.starts_at >= ends:
            if of_day:
                yield day, of_day
            day, of_day = _day(slot, zone), []
            ends = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        of_day.append(slot)
    if of_day:
        yield day, of_day


def _runs(slots: Iterable[Slot]) -> list[list[Slot]]:
    """Slots of one resource and day, by start -> those that follow each other every 5 minutes.

    Overlapping work rules give duplicates, or starts of two rhythms (09:00, 09:05 and 09:03, 09:08):
    each rhythm is a run of its own.
    """
    runs: list[list[Slot]] = []
    others: dict[datetime | None, list[Slot]] = {}  # runs of other rhythms by what would continue them
    run: list[Slot] = []
    latest, due = None, None
    for slot in slots:
        start = slot.starts_at
        if start == latest:
            continue
        if start != due:
            others[due] = run
            run = others.pop(start, [])
            if not run:
                runs.append(run)
        run.append(slot)
        latest, due = start, start + _OFFERED_EVERY
    return runs


def _readable(run: Sequence[Slot], step_min: int, zone: ZoneInfo) -> Sequence[Slot]:
    """From the run's first round time on (if it has none, from its first), each next one a step later."""
    every = min(step_min, _ROUND_MIN)
    rounds = (i for i, slot in enumerate(run) if _minute(slot.starts_at, zone) % every == 0)
    return run[next(rounds, 0) :: -(-timedelta(minutes=step_min) // _OFFERED_EVERY)]


def _day(slot: Slot, zone: ZoneInfo) -> date:
    return slot.starts_at.astimezone(zone).date()


@lru_cache(maxsize=4096)
def _minute(start: datetime, zone: ZoneInfo) -> int:
    """Of the local day. Resources share their starts, and a client looks at the same ones at each step."""
    local = start.astimezone(zone)
    return local.hour * 60 + local.minute
