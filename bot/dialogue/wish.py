"""What a draft wishes to book, held against what is free: shared by the questions for day and time."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import NotTaken
from bot.dialogue.screen import Choice, Clock, Row, Text
from bot.domain.model import Service, Slot
from bot.usecases.desk import ANY, Week


async def wish(draft: BookingDraft, talk: Talk) -> tuple[Service, int, ZoneInfo]:
    """What is being booked, with whom, and in which zone times are shown."""
    catalogue = await talk.desk.catalogue(talk.now)
    service = catalogue.service(draft.service_id or 0)
    if draft.was is not None:  # a visit that is moved keeps its length
        length = draft.was.ends_at - draft.was.starts_at
        service = replace(service, duration_min=int(length.total_seconds() // 60))
    resource_id = draft.resource_id or ANY
    providers = catalogue.providers(service) if resource_id == ANY else (catalogue.resource(resource_id),)
    return service, resource_id, talk.desk.zone_of(catalogue, providers)


async def today_at_clinic(talk: Talk) -> date:
    """Today at the clinic."""
    return talk.desk.today(await talk.desk.catalogue(talk.now), talk.now)


async def week_of(draft: BookingDraft, talk: Talk) -> Week:
    """The week of the draft's day (of today, without one)."""
    service, resource_id, _ = await wish(draft, talk)
    catalogue = await talk.desk.catalogue(talk.now)
    day = draft.day or await today_at_clinic(talk)
    first = talk.desk.page_of(day, catalogue, talk.now)
    return await talk.desk.week(service, resource_id, first, talk.now, own=draft.was)


async def offered(draft: BookingDraft, raw: str, talk: Talk) -> Slot:
    """The slot a button stands for, if a fresh reading has it; else its neighbours are offered."""
    service, resource_id, zone = await wish(draft, talk)
    slot = slot_of(raw)
    if not await talk.desk.still_free(service, slot, resource_id, talk.now, own=draft.was):
        day = slot.starts_at.astimezone(zone).date()
        raise NotTaken(
            Text("This time has just been taken."),
            draft=replace(draft, lost=slot, slot=None, day=day, again=None),
        )
    return slot


async def slot_at(draft: BookingDraft, day: date, at: time, talk: Talk) -> Slot | None:
    """The free slot at a named time: of those on the grid the one shown there, else off the grid."""
    service, resource_id, zone = await wish(draft, talk)
    week = await week_of(replace(draft, day=day), talk)
    on_grid = (slot for slot in week.on(day) if slot.starts_at.astimezone(zone).time() == at)
    starts_at = datetime.combine(day, at, zone)
    found = next(on_grid, None)
    return found or await talk.desk.slot_at(service, resource_id, starts_at, talk.now, own=draft.was)


def not_free(draft: BookingDraft, at: time, zone: ZoneInfo) -> NotTaken:
    """A named time that is not free: its neighbours are offered."""
    wanted = datetime.combine(draft.day or date.min, at, zone)
    if draft.was is not None and draft.was.starts_at == wanted:
        return NotTaken(Text("That is the time your visit has now. Please choose another one."))
    lost = Slot(wanted.astimezone(UTC), draft.resource_id or ANY, wanted.astimezone(UTC))
    return NotTaken(Text("{time} is not free.", time=Clock(wanted)), draft=replace(draft, lost=lost))


async def other_specialist(draft: BookingDraft, talk: Talk) -> tuple[Row, ...]:
    """A way to another provider, where there is one."""
    catalogue = await talk.desk.catalogue(talk.now)
    several = len(catalogue.providers(catalogue.service(draft.service_id or 0))) > 1
    return ((Choice(Text("Another specialist"), "reopen", "resource_id"),),) if several else ()


def slot_value(slot: Slot) -> str:
    """A slot in a few bytes: `resource.minutes.length`, minutes since 1970."""
    minutes = int(slot.starts_at.timestamp() // 60)
    return f"{slot.resource_id}.{minutes}.{int((slot.ends_at - slot.starts_at).total_seconds() // 60)}"


def slot_of(value: str) -> Slot:
    """The reverse of `slot_value`; raises ValueError."""
    resource_id, minutes, length = map(int, value.split("."))
    starts_at = datetime.fromtimestamp(minutes * 60, UTC)
    return Slot(starts_at, resource_id, starts_at + timedelta(minutes=length))


def within(slot: Slot, earliest: time | None, latest: time | None, zone: ZoneInfo) -> bool:
    """Whether a slot begins at the time of day that the client named."""
    at = slot.starts_at.astimezone(zone).time()
    return (earliest is None or at >= earliest) and (latest is None or at < latest)
