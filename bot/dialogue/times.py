"""The question for the time: free slots by part of day, typed times, and what is near a lost one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.dialogue.days import day_meant
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Instead
from bot.dialogue.matching import numbered
from bot.dialogue.paging import TIMES_PAGE, page_of
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Row, Screen, Text, Word
from bot.dialogue.wish import not_free, offered, other_specialist, slot_at, slot_value, week_of, wish, within
from bot.domain import agenda
from bot.domain.agenda import PartOfDay
from bot.domain.dates import read_time, read_when
from bot.domain.model import Slot
from bot.usecases.desk import ANY, Catalogue

PARTS: dict[PartOfDay, Text] = {
    PartOfDay.MORNING: Text("Morning"),
    PartOfDay.DAY: Text("Afternoon"),
    PartOfDay.EVENING: Text("Evening"),
}


async def pick_slot(draft: BookingDraft, talk: Talk) -> Screen:
    """The free times of the day by part of day; or the neighbours of a slot that was just lost."""
    _, resource_id, zone = await wish(draft, talk)
    if draft.lost is not None:
        return await _neighbours(draft, draft.lost, talk)
    week = await week_of(draft, talk)
    slots = week.on(draft.day) if draft.day else ()
    if not slots:
        return Screen(
            asks=Text("Everything is taken that day. Another day?"),
            extra=((Choice(Text("Other days"), "back"),), *await other_specialist(draft, talk)),
        )
    named = [slot for slot in slots if within(slot, draft.earliest, draft.latest, zone)]
    if named and len(named) < len(slots):
        slots = tuple(named)
    by_part = agenda.parts(slots, zone)
    part = PartOfDay(draft.part) if draft.part in by_part else next(iter(by_part))
    few = len(slots) <= TIMES_PAGE
    shown, row = page_of(list(slots) if few else by_part[part], draft.page, TIMES_PAGE)
    return Screen(
        asks=Text("What time?"),
        lines=(Text("Free times as of {time}.", time=Clock(week.read_at.astimezone(zone))),),
        options=await _times(shown, resource_id, zone, talk),
        columns=1 if resource_id == ANY else 3,
        extra=(
            *(() if few else (_tabs(by_part, part),)),
            *row,
            *(((Choice(Text("All times"), "part", ""),),) if named and draft.is_narrowed else ()),
            (Choice(Text("↻ Refresh"), "refresh"),),
        ),
    )


async def read_slot(draft: BookingDraft, raw: str, talk: Talk) -> Slot:
    """A slot that is free by a fresh reading; if it is not any more, its neighbours are offered."""
    return await offered(draft, raw, talk)


async def type_slot(draft: BookingDraft, text: str, talk: Talk) -> Slot:
    """A time such as `14:30`, the number of an option, or another day."""
    screen = await pick_slot(draft, talk)
    _, _, zone = await wish(draft, talk)
    at = read_time(text)
    if at is not None and draft.day:
        slot = await slot_at(draft, draft.day, at, talk)
        if slot is not None:
            return slot
    # The times are not numbered on the screen, so "10" is ten o'clock where that is free.
    if choice := numbered(text, screen.options):
        return await offered(draft, choice.value, talk)
    if at is not None and draft.day:
        raise not_free(draft, at, zone)
    when = read_when(text, talk.now.astimezone(zone))
    day = await day_meant(draft, when, text, talk)
    raise Instead(draft=replace(draft, day=day, page=0, lost=None))


async def _neighbours(draft: BookingDraft, lost: Slot, talk: Talk) -> Screen:
    service, resource_id, zone = await wish(draft, talk)
    near = await talk.desk.neighbours(service, resource_id, lost.starts_at, talk.now, own=draft.was)
    catalogue = await talk.desk.catalogue(talk.now)
    options = tuple(
        Choice(Joined((_when(slot, zone), *_who(slot, resource_id, catalogue))), "slot", slot_value(slot))
        for slot in near
    )
    return Screen(
        asks=Text("{time} is taken. Free nearby:", time=_when(lost, zone))
        if options
        else Text("{time} is taken, and there is no other free time near it.", time=_when(lost, zone)),
        options=options,
        extra=((Choice(Text("Other times"), "reopen", "slot"), Choice(Text("Other days"), "reopen", "day")),),
    )


async def _times(shown: Sequence[Slot], resource_id: int, zone: ZoneInfo, talk: Talk) -> tuple[Choice, ...]:
    catalogue = await talk.desk.catalogue(talk.now)
    return tuple(
        Choice(
            Joined((Clock(_local(slot, zone)), *_who(slot, resource_id, catalogue))), "slot", slot_value(slot)
        )
        for slot in shown
    )


def _who(slot: Slot, resource_id: int, catalogue: Catalogue) -> tuple[Fact, ...]:
    """With any specialist, the one this slot is with."""
    return (catalogue.resource(slot.resource_id),) if resource_id == ANY else ()


def _tabs(by_part: dict[PartOfDay, list[Slot]], shown: PartOfDay) -> Row:
    return tuple(
        Choice(
            Joined((*(("•",) if part is shown else ()), PARTS[part], len(slots)), by=" "),
            "part",
            part.value,
        )
        for part, slots in by_part.items()
    )


def _when(slot: Slot, zone: ZoneInfo) -> Word:
    local = _local(slot, zone)
    return Joined((Day(local.date()), Clock(local)), by=", ")


def _local(slot: Slot, zone: ZoneInfo) -> datetime:
    return slot.starts_at.astimezone(zone)
