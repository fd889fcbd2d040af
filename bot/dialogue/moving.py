"""Moving a visit: the questions of a booking from the day on, and one summary of old and new."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.dialogue import choosing, days, times
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Dialogue, NotTaken, Step
from bot.dialogue.matching import command_in
from bot.dialogue.screen import Choice, Clock, Day, Joined, Look, Screen, Text, Word
from bot.domain.attempt import MoveAttempt
from bot.domain.model import Appointment, Slot


def moving(appointment: Appointment, talk: Talk) -> BookingDraft:
    """A draft that asks for another time of this visit; service and specialist stay as they are."""
    return BookingDraft(
        key=talk.new_key(),
        service_id=appointment.service_id,
        resource_id=appointment.resource_id,
        unasked=("service_id", "resource_id"),
        moves=appointment.id,
        was=Slot(appointment.starts_at, appointment.resource_id, appointment.ends_at),
    )


async def ask_to_move(draft: BookingDraft, talk: Talk) -> Screen:
    """What is now and what will be."""
    catalogue = await talk.desk.catalogue(talk.now)
    assert draft.slot and draft.was  # noqa: S101, PT018 (the question before)
    lines: list[Word] = [
        Text("Service: {service}", service=catalogue.service(draft.service_id or 0)),
        Text("Specialist: {name}", name=catalogue.resource(draft.slot.resource_id)),
        Text("Now: {when}", when=_when(draft.was, catalogue.resource(draft.slot.resource_id).zone)),
        Text("New: {when}", when=_when(draft.slot, catalogue.resource(draft.slot.resource_id).zone)),
    ]
    return Screen(
        asks=Text("Shall I move the visit?"),
        lines=tuple(lines),
        options=(Choice(Text("✓ Move the visit"), "confirmed", "yes", Look.GOOD),),
        extra=((Choice(Text("Change day"), "change", "day"), Choice(Text("Change time"), "change", "slot")),),
    )


async def read_move(draft: BookingDraft, raw: str, talk: Talk) -> bool:
    """The button says yes."""
    return True


async def type_move(draft: BookingDraft, text: str, talk: Talk) -> bool:
    """A clear yes counts as well."""
    if command_in(text) == "yes" or text.strip() in ("1", "1."):
        return True
    raise NotTaken(Text("To move the visit, press its button. To change something, press its button."))


def _when(slot: Slot, zone: ZoneInfo) -> Word:
    local = slot.starts_at.astimezone(zone)
    return Joined((Day(local.date(), full=True), Clock(local)), by=", ")


MOVING: Dialogue[BookingDraft, Talk] = Dialogue(
    resource_id=Step(
        choosing.pick_resource,
        choosing.read_resource,
        choosing.type_resource,
        forgets=("day", "slot"),
    ),
    day=Step(days.pick_day, days.read_day, days.type_day, forgets=("slot",)),
    slot=Step(times.pick_slot, times.read_slot, times.type_slot),
    confirmed=Step(ask_to_move, read_move, type_move),
)


def confirmed_move(draft: BookingDraft, card_id: int, talk: Talk) -> MoveAttempt:
    """The confirmed move, to be stored before anything leaves."""
    assert draft.moves and draft.was and draft.slot  # noqa: S101, PT018
    return MoveAttempt(
        key=draft.attempt_key,
        client_id=talk.client.id,
        card_id=card_id,
        locale=talk.locale,
        begun_at=talk.now,
        appointment_id=draft.moves,
        was=draft.was,
        wanted=draft.slot,
    )


def after_refused_move(draft: BookingDraft) -> BookingDraft:
    """The draft without the time that could not be had: its neighbours are offered."""
    return replace(draft, slot=None, lost=draft.slot, confirmed=None, again=None, changing=False)
