"""Free starts for a visit that is being moved: the time the visit itself takes counts as free.

One-Link's calendar leaves out what overlaps any appointment, also the one to be moved, but a move
never conflicts with itself: a visit of an hour at 11:30 can begin at 11:45. What else is free near it
can only be asked: cells of five minutes show the free time that is too short for the whole visit.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from bot.domain.model import Slot

#: The length of a cell, and One-Link's distance between two starts (scheduling API, section 4).
CELL = timedelta(minutes=5)


def with_own_time(
    slots: Iterable[Slot], cells: Iterable[Slot], own: Slot, duration: timedelta
) -> tuple[Slot, ...]:
    """The free starts with those that overlap the visit's `own` time, by start, in UTC, each once.

    `slots` are One-Link's free starts for a visit of `duration`; `cells` its free starts for five
    minutes, of which those of the visit's resource count. A start is added every five minutes from
    the visit's own one, both ways, where cells and own time cover all of it. The own start is left
    out: a visit does not move to where it is.

    Cells do not show where two working rules meet, so an added start may cross that seam: then
    One-Link refuses the move as it would any other time outside working hours.
    """
    own = _in_utc(own)
    near = [_in_utc(cell) for cell in cells if cell.resource_id == own.resource_id]
    found = {_in_utc(slot) for slot in slots}
    found.update(Slot(at, own.resource_id, at + duration) for at in _starts(near, own, duration))
    return tuple(sorted(slot for slot in found if slot[:2] != own[:2]))


def _starts(cells: Iterable[Slot], own: Slot, duration: timedelta) -> Iterator[datetime]:
    """Starts every five minutes whose time overlaps the own one and lies in the free time around it."""
    begin, end = _free_around(own, cells)
    at = own.starts_at - (own.starts_at - begin) // CELL * CELL
    while at < own.ends_at and at + duration <= end:
        if at + duration > own.starts_at:
            yield at
        at += CELL


def _free_around(own: Slot, cells: Iterable[Slot]) -> tuple[datetime, datetime]:
    """Begin and end of the unbroken free time that contains the own time.

    Cells may overlap each other: overlapping working rules give two rhythms (09:00, 09:05 and 09:03).
    """
    begin, end = own.starts_at, own.ends_at
    by_start = sorted(cells)
    for cell in by_start:
        if cell.starts_at <= end:
            end = max(end, cell.ends_at)
    # All cells are equally long: by start is by end, too.
    for cell in reversed(by_start):
        if cell.ends_at >= begin:
            begin = min(begin, cell.starts_at)
    return begin, end


def _in_utc(slot: Slot) -> Slot:
    """The same slot; in one zone of summer and winter time, datetimes compare by the wall clock."""
    return Slot(slot.starts_at.astimezone(UTC), slot.resource_id, slot.ends_at.astimezone(UTC))
