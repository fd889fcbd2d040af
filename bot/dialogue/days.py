"""The question for the day, by button or as people say it."""

from dataclasses import replace
from datetime import date, timedelta

from bot.dialogue.choosing import not_found
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Instead, NotTaken
from bot.dialogue.matching import numbered
from bot.dialogue.screen import Choice, Clock, Day, Row, Screen, Text, Word
from bot.dialogue.wish import (
    not_free,
    offered,
    other_specialist,
    slot_at,
    slot_value,
    today_at_clinic,
    wish,
    within,
)
from bot.domain.dates import Ambiguous, PastDate, When, read_when
from bot.usecases.desk import ANY, PAGE_DAYS, Week


async def pick_day(draft: BookingDraft, talk: Talk) -> Screen:
    """The days of a week that have free slots, with their number; first of all the soonest slot."""
    _, _, zone = await wish(draft, talk)
    week = await _week_shown(draft, talk)
    if week is None:
        return await _nothing_free(draft, talk)
    today = await today_at_clinic(talk)
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
        extra=(
            *await _week_row(draft, week, talk),
            *(await other_specialist(draft, talk) if draft.moves is not None else ()),
        ),
    )


async def read_day(draft: BookingDraft, raw: str, talk: Talk) -> date:
    """A day, or the soonest slot, which answers both questions at once."""
    if "." in raw:
        slot = await offered(draft, raw, talk)
        _, _, zone = await wish(draft, talk)
        day = slot.starts_at.astimezone(zone).date()
        raise Instead(draft=replace(draft, day=day, slot=slot, again=None, changing=False, page=0, lost=None))
    return date.fromisoformat(raw)


async def type_day(draft: BookingDraft, text: str, talk: Talk) -> date:
    """A day by its number in the list, or as people say it: "tomorrow", "on Friday", "25.11 at 10"."""
    screen = await pick_day(draft, talk)
    if choice := numbered(text, screen.options):
        return await read_day(draft, choice.value, talk)
    _, _, zone = await wish(draft, talk)
    when = read_when(text, talk.now.astimezone(zone))
    return await day_meant(draft, when, text, talk)


async def day_meant(
    draft: BookingDraft, when: When | Ambiguous | PastDate | None, text: str, talk: Talk
) -> date:
    """The day that a typed text means, or what there is to say about it."""
    today = await today_at_clinic(talk)
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
    service, resource_id, zone = await wish(draft, talk)
    catalogue = await talk.desk.catalogue(talk.now)
    last = talk.desk.last_day(catalogue, talk.now)
    days = [day for day in when.days or () if day <= last]
    if not days:
        raise NotTaken(
            Text("That is too far ahead. The last day that can be booked: {day}", day=Day(last, full=True))
        )
    for day in days:
        first = talk.desk.page_of(day, catalogue, talk.now)
        week = await talk.desk.week(service, resource_id, first, talk.now, own=draft.was)
        slots = week.on(day)
        if not slots:
            continue
        changed = replace(draft.unlooked(), day=day, slot=None, again=None, lost=None)
        if when.exact:
            exact = await slot_at(draft, day, when.exact, talk)
            if exact is None:
                raise not_free(changed, when.exact, zone)
            raise Instead(draft=replace(changed, slot=exact))
        if any(within(slot, when.earliest, when.latest, zone) for slot in slots):
            raise Instead(draft=replace(changed, earliest=when.earliest, latest=when.latest))
        if when.earliest or when.latest:
            raise Instead(Text("At that time of day everything is taken."), draft=changed)
        raise Instead(draft=changed)
    raise NotTaken(Text("Everything is taken: {day}", day=Day(days[0], full=True)))


async def _week_shown(draft: BookingDraft, talk: Talk) -> Week | None:
    service, resource_id, _ = await wish(draft, talk)
    if draft.page == 0:
        return await talk.desk.first_week_with_slots(service, resource_id, talk.now, own=draft.was)
    first = await today_at_clinic(talk) + timedelta(days=PAGE_DAYS * draft.page)
    return await talk.desk.week(service, resource_id, first, talk.now, own=draft.was)


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
            *await other_specialist(draft, talk),
            *(((Choice(Text("Another service"), "reopen", "service_id"),),) if draft.moves is None else ()),
            (Choice(Text("↻ Refresh"), "refresh"),),
        ),
    )
