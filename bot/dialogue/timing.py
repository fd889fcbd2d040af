"""The questions about time: which day, which slot."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.dialogue.choosing import not_found
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Instead, NotTaken
from bot.dialogue.matching import numbered
from bot.dialogue.paging import TIMES_PAGE, page_of
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Row, Screen, Text, Word
from bot.domain import agenda
from bot.domain.agenda import PartOfDay
from bot.domain.dates import Ambiguous, PastDate, When, read_time, read_when
from bot.domain.model import Service, Slot
from bot.usecases.desk import ANY, PAGE_DAYS, Catalogue, Week

PARTS: dict[PartOfDay, Text] = {
    PartOfDay.MORNING: Text("Morning"),
    PartOfDay.DAY: Text("Afternoon"),
    PartOfDay.EVENING: Text("Evening"),
}


async def pick_day(draft: BookingDraft, talk: Talk) -> Screen:
    """The days of a week that have free slots, with their number; first of all the soonest slot."""
    _, _, zone = await _wish(draft, talk)
    week = await _week_shown(draft, talk)
    if week is None:
        return await _nothing_free(draft, talk)
    today = await _today(talk)
    options = [
        Choice(
            Text("{day} · {n} free", day=Day(found.day, today=today), n=len(found.slots)),
            "day",
            found.day.isoformat(),
        )
        for found in week.days
    ]
    lines: list[Word] = []
    if draft.page == 0 and week.days:
        soonest = week.days[0].slots[0]
        when = Day(week.days[0].day, today=today), Clock(soonest.starts_at.astimezone(zone))
        options.insert(
            0, Choice(Text("Soonest: {day}, {time}", day=when[0], time=when[1]), "day", slot_value(soonest))
        )
        if talk.house.emergency:
            lines.append(Text("If it cannot wait, call {number}.", number=talk.house.emergency))
    if not week.days:
        lines.append(Text("Everything is taken in these days."))
    return Screen(
        asks=Text("Which day?"),
        lines=tuple(lines),
        options=tuple(options),
        extra=await _week_row(draft, week, talk),
    )


async def read_day(draft: BookingDraft, raw: str, talk: Talk) -> date:
    """A day, or the soonest slot, which answers both questions at once."""
    if "." in raw:
        slot = await _offered(draft, raw, talk)
        _, _, zone = await _wish(draft, talk)
        day = slot.starts_at.astimezone(zone).date()
        raise Instead(draft=replace(draft, day=day, slot=slot, again=None, changing=False, page=0, lost=None))
    return date.fromisoformat(raw)


async def type_day(draft: BookingDraft, text: str, talk: Talk) -> date:
    """A day by its number in the list, or as people say it: "tomorrow", "on Friday", "25.11 at 10"."""
    screen = await pick_day(draft, talk)
    if choice := numbered(text, screen.options):
        return await read_day(draft, choice.value, talk)
    _, _, zone = await _wish(draft, talk)
    when = read_when(text, talk.now.astimezone(zone))
    return await _day_meant(draft, when, text, talk)


async def pick_slot(draft: BookingDraft, talk: Talk) -> Screen:
    """The free times of the day by part of day; or the neighbours of a slot that was just lost."""
    _, resource_id, zone = await _wish(draft, talk)
    if draft.lost is not None:
        return await _neighbours(draft, draft.lost, talk)
    week = await _week_of(draft, talk)
    slots = week.on(draft.day) if draft.day else ()
    if not slots:
        return Screen(
            asks=Text("Everything is taken that day. Another day?"),
            extra=((Choice(Text("Other days"), "back"),), *await _other_specialist(draft, talk)),
        )
    named = [slot for slot in slots if _within(slot, draft.earliest, draft.latest, zone)]
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
    return await _offered(draft, raw, talk)


async def type_slot(draft: BookingDraft, text: str, talk: Talk) -> Slot:
    """A time such as `14:30`, the number of an option, or another day."""
    screen = await pick_slot(draft, talk)
    _, _, zone = await _wish(draft, talk)
    at = read_time(text)
    if at is not None and draft.day:
        slot = await _slot_at(draft, draft.day, at, talk)
        if slot is not None:
            return slot
    # The times are not numbered on the screen, so "10" is ten o'clock where that is free.
    if choice := numbered(text, screen.options):
        return await _offered(draft, choice.value, talk)
    if at is not None and draft.day:
        raise _not_free(draft, at, zone)
    when = read_when(text, talk.now.astimezone(zone))
    day = await _day_meant(draft, when, text, talk)
    raise Instead(draft=replace(draft, day=day, page=0, lost=None))


def slot_value(slot: Slot) -> str:
    """A slot in a few bytes: `resource.minutes.length`, minutes since 1970."""
    minutes = int(slot.starts_at.timestamp() // 60)
    return f"{slot.resource_id}.{minutes}.{int((slot.ends_at - slot.starts_at).total_seconds() // 60)}"


def slot_of(value: str) -> Slot:
    """The reverse of `slot_value`; raises ValueError."""
    resource_id, minutes, length = map(int, value.split("."))
    starts_at = datetime.fromtimestamp(minutes * 60, UTC)
    return Slot(starts_at, resource_id, starts_at + timedelta(minutes=length))


async def _offered(draft: BookingDraft, raw: str, talk: Talk) -> Slot:
    service, resource_id, zone = await _wish(draft, talk)
    slot = slot_of(raw)
    if not await talk.desk.still_free(service, slot, resource_id, talk.now):
        day = slot.starts_at.astimezone(zone).date()
        raise NotTaken(
            Text("This time has just been taken."),
            draft=replace(draft, lost=slot, slot=None, day=day, again=None),
        )
    return slot


async def _day_meant(
    draft: BookingDraft, when: When | Ambiguous | PastDate | None, text: str, talk: Talk
) -> date:
    today = await _today(talk)
    match when:
        case When(days=days) if days:
            return await _bookable(draft, when, talk)
        case Ambiguous(days=days):
            first, second = (Day(day, full=True) for day in days[:2])
            raise NotTaken(
                Text("Do you mean {first} or {second}? Please type the date.", first=first, second=second)
            )
        case PastDate():
            raise NotTaken(Text("That day has already passed."))
        case When():
            raise NotTaken(
                Text("Which day do you mean? For example: {day}", day=Day(today + timedelta(days=1)))
            )
        case _:
            raise not_found(text)


async def _bookable(draft: BookingDraft, when: When, talk: Talk) -> date:
    """The first meant day that has free slots; a time or part of day said with it is kept."""
    service, resource_id, zone = await _wish(draft, talk)
    catalogue = await talk.desk.catalogue(talk.now)
    last = talk.desk.last_day(catalogue, talk.now)
    days = [day for day in when.days or () if day <= last]
    if not days:
        raise NotTaken(
            Text("That is too far ahead. The last day that can be booked: {day}", day=Day(last, full=True))
        )
    for day in days:
        week = await talk.desk.week(
            service, resource_id, talk.desk.page_of(day, catalogue, talk.now), talk.now
        )
        slots = week.on(day)
        if not slots:
            continue
        changed = replace(draft.unlooked(), day=day, slot=None, again=None, lost=None)
        if when.exact:
            exact = await _slot_at(draft, day, when.exact, talk)
            if exact is None:
                raise _not_free(changed, when.exact, zone)
            raise Instead(draft=replace(changed, slot=exact))
        if any(_within(slot, when.earliest, when.latest, zone) for slot in slots):
            raise Instead(draft=replace(changed, earliest=when.earliest, latest=when.latest))
        if when.earliest or when.latest:
            raise Instead(Text("At that time of day everything is taken."), draft=changed)
        raise Instead(draft=changed)
    raise NotTaken(Text("Everything is taken: {day}", day=Day(days[0], full=True)))


async def _slot_at(draft: BookingDraft, day: date, at: time, talk: Talk) -> Slot | None:
    """The free slot at a named time: of those on the grid the one shown there, else off the grid."""
    service, resource_id, zone = await _wish(draft, talk)
    week = await _week_of(replace(draft, day=day), talk)
    on_grid = (slot for slot in week.on(day) if slot.starts_at.astimezone(zone).time() == at)
    starts_at = datetime.combine(day, at, zone)
    return next(on_grid, None) or await talk.desk.slot_at(service, resource_id, starts_at, talk.now)


def _not_free(draft: BookingDraft, at: time, zone: ZoneInfo) -> NotTaken:
    """A named time that is not free: its neighbours are offered."""
    wanted = datetime.combine(draft.day or date.min, at, zone)
    lost = Slot(wanted.astimezone(UTC), draft.resource_id or ANY, wanted.astimezone(UTC))
    return NotTaken(Text("{time} is not free.", time=Clock(wanted)), draft=replace(draft, lost=lost))


def _within(slot: Slot, earliest: time | None, latest: time | None, zone: ZoneInfo) -> bool:
    at = slot.starts_at.astimezone(zone).time()
    return (earliest is None or at >= earliest) and (latest is None or at < latest)


async def _wish(draft: BookingDraft, talk: Talk) -> tuple[Service, int, ZoneInfo]:
    """What is being booked, with whom, and in which zone times are shown."""
    catalogue = await talk.desk.catalogue(talk.now)
    service = catalogue.service(draft.service_id or 0)
    resource_id = draft.resource_id or ANY
    providers = catalogue.providers(service) if resource_id == ANY else (catalogue.resource(resource_id),)
    return service, resource_id, talk.desk.zone_of(catalogue, providers)


async def _today(talk: Talk) -> date:
    return talk.desk.today(await talk.desk.catalogue(talk.now), talk.now)


async def _week_shown(draft: BookingDraft, talk: Talk) -> Week | None:
    service, resource_id, _ = await _wish(draft, talk)
    if draft.page == 0:
        return await talk.desk.first_week_with_slots(service, resource_id, talk.now)
    first = await _today(talk) + timedelta(days=PAGE_DAYS * draft.page)
    return await talk.desk.week(service, resource_id, first, talk.now)


async def _week_of(draft: BookingDraft, talk: Talk) -> Week:
    service, resource_id, _ = await _wish(draft, talk)
    catalogue = await talk.desk.catalogue(talk.now)
    day = draft.day or await _today(talk)
    return await talk.desk.week(service, resource_id, talk.desk.page_of(day, catalogue, talk.now), talk.now)


async def _week_row(draft: BookingDraft, week: Week, talk: Talk) -> tuple[Row, ...]:
    """Earlier and later weeks, as far as they exist."""
    catalogue = await talk.desk.catalogue(talk.now)
    number = (week.first - talk.desk.today(catalogue, talk.now)).days // PAGE_DAYS
    row = []
    if number > 0:
        row.append(Choice(Text("‹ Earlier"), "page", str(number - 1)))
    if week.first + timedelta(days=PAGE_DAYS) <= talk.desk.last_day(catalogue, talk.now):
        row.append(Choice(Text("Later ›"), "page", str(number + 1)))
    return (tuple(row),) if row else ()


async def _nothing_free(draft: BookingDraft, talk: Talk) -> Screen:
    catalogue = await talk.desk.catalogue(talk.now)
    last = talk.desk.last_day(catalogue, talk.now)
    return Screen(
        asks=Text(
            "There is no free time at all. The last day that can be booked: {day}", day=Day(last, full=True)
        ),
        lines=(Text("Another specialist may have some."),) if draft.resource_id != ANY else (),
        extra=(
            *await _other_specialist(draft, talk),
            (Choice(Text("Another service"), "reopen", "service_id"),),
            (Choice(Text("↻ Refresh"), "refresh"),),
        ),
    )


async def _other_specialist(draft: BookingDraft, talk: Talk) -> tuple[Row, ...]:
    catalogue = await talk.desk.catalogue(talk.now)
    several = len(catalogue.providers(catalogue.service(draft.service_id or 0))) > 1
    return ((Choice(Text("Another specialist"), "reopen", "resource_id"),),) if several else ()


async def _neighbours(draft: BookingDraft, lost: Slot, talk: Talk) -> Screen:
    service, resource_id, zone = await _wish(draft, talk)
    near = await talk.desk.neighbours(service, resource_id, lost.starts_at, talk.now)
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
