"""The last question: everything at a glance, each line can be changed, one button confirms."""

from collections.abc import Sequence

from bot.dialogue.choosing import money
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import NotTaken
from bot.dialogue.matching import command_in
from bot.dialogue.personal import shown
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Look, Plural, Screen, Text, Word
from bot.domain.attempt import Wanted
from bot.domain.iin import Iin, masked
from bot.usecases.desk import ANY


async def confirm(draft: BookingDraft, talk: Talk) -> Screen:
    """What will be booked; with any specialist, the one this slot is with is named here."""
    catalogue = await talk.desk.catalogue(talk.now)
    slot = draft.slot
    assert slot is not None  # noqa: S101 (the question before)
    service = catalogue.service(draft.service_id or 0)
    resource = catalogue.resource(slot.resource_id)
    local = slot.starts_at.astimezone(resource.zone)
    minutes = Plural("{n} min", "{n} min", n=service.duration_min)
    price = money(service.price_with(resource.id))
    lines: list[Word] = [
        Text("Service: {service}", service=Joined(tuple(w for w in (service, minutes, price) if w))),
        Text("Specialist: {name}", name=resource),
        Text("When: {day}, {time}", day=Day(local.date(), full=True), time=Clock(local)),
        Text("Name: {name}", name=draft.name or ""),
        Text("Phone: {phone}", phone=shown(draft.phone.number) if draft.phone else ""),
        *_identity(draft),
    ]
    return Screen(
        asks=Text("Shall I book it?"),
        lines=tuple(lines),
        options=(Choice(Text("✓ Confirm"), "confirmed", "yes", Look.GOOD),),
        extra=_edits(draft),
    )


async def read_confirmed(draft: BookingDraft, raw: str, talk: Talk) -> bool:
    """The button says yes."""
    return True


async def type_confirmed(draft: BookingDraft, text: str, talk: Talk) -> bool:
    """A clear yes counts as well."""
    if command_in(text) == "yes" or text.strip() in ("1", "1."):
        return True
    raise NotTaken(Text("To book, press “Confirm”. To change something, press its button."))


def wanted(draft: BookingDraft, talk: Talk) -> Wanted:
    """The confirmed wish, as it is sent to One-Link; the comment is for its operators."""
    assert draft.service_id and draft.slot and draft.name and draft.phone and draft.iin  # noqa: S101, PT018
    born = draft.birth_date.date if draft.birth_date else None
    remarks = []
    if not draft.phone.verified:
        remarks.append(talk.tell_staff(Text("The phone number was typed, it is not verified.")))
    if draft.iin.reason == "foreign":
        remarks.append(talk.tell_staff(Text("No IIN (foreign document): please check the papers.")))
    return Wanted(
        service_id=draft.service_id,
        resource_id=draft.slot.resource_id,
        starts_at=draft.slot.starts_at,
        ends_at=draft.slot.ends_at,
        name=draft.name,
        phone=draft.phone.number,
        phone_verified=draft.phone.verified,
        iin=draft.iin.number,
        birth_date=born,
        comment=" ".join(remarks) or None,
    )


async def chosen(draft: BookingDraft, talk: Talk) -> Word | None:
    """What is chosen so far, in one line: "Therapist · Akhmetova · Mon 7 Jan, 10:00"."""
    catalogue = await talk.desk.catalogue(talk.now)
    words: list[Fact] = []
    if draft.service_id is not None:
        words.append(catalogue.service(draft.service_id))
    if draft.resource_id is not None:
        bound = draft.slot.resource_id if draft.slot else draft.resource_id
        words.append(Text("Any specialist") if bound == ANY else catalogue.resource(bound))
    if draft.slot is not None:
        local = draft.slot.starts_at.astimezone(catalogue.resource(draft.slot.resource_id).zone)
        words.append(Joined((Day(local.date()), Clock(local)), by=", "))
    elif draft.day is not None:
        words.append(Day(draft.day))
    # No line begins with the dot.
    return Joined(tuple(words), by="\u00a0· ") if words else None


def _identity(draft: BookingDraft) -> Sequence[Word]:
    if draft.iin is None or draft.iin.reason == "off":
        return ()
    if draft.iin.number:
        return (Text("IIN: {iin}", iin=masked(Iin(draft.iin.number))),)
    if draft.iin.reason == "known":
        return (Text("IIN: the clinic has it"),)
    if draft.birth_date and draft.birth_date.date:
        return (Text("No IIN, born {date}", date=draft.birth_date.date.strftime("%d.%m.%Y")),)
    return (Text("IIN: not given"),)


def _edits(draft: BookingDraft) -> tuple[tuple[Choice, ...], ...]:
    """A button for each line, two in a row."""
    changes = [
        Choice(Text("Change service"), "change", "service_id"),
        Choice(Text("Change specialist"), "change", "resource_id"),
        Choice(Text("Change day"), "change", "day"),
        Choice(Text("Change time"), "change", "slot"),
        Choice(Text("Change name"), "change", "name"),
        Choice(Text("Change phone"), "change", "phone"),
        Choice(Text("Change IIN"), "change", "iin"),
    ]
    shown = [c for c in changes if c.value not in draft.unasked or c.value in ("name", "phone")]
    return tuple(tuple(shown[at : at + 2]) for at in range(0, len(shown), 2))
