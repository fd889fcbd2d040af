"""The booking dialogue: its questions, in order."""

from bot.dialogue import choosing, days, personal, summary, times
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Dialogue, Step

BOOKING: Dialogue[BookingDraft, Talk] = Dialogue(
    category=Step(
        choosing.pick_category,
        choosing.read_category,
        choosing.type_category,
        only=choosing.only_category,
        forgets=("service_id", "resource_id", "day", "slot"),
    ),
    service_id=Step(
        choosing.pick_service,
        choosing.read_service,
        choosing.type_service,
        forgets=("resource_id", "day", "slot"),
    ),
    resource_id=Step(
        choosing.pick_resource,
        choosing.read_resource,
        choosing.type_resource,
        only=choosing.only_resource,
        forgets=("day", "slot"),
    ),
    day=Step(days.pick_day, days.read_day, days.type_day, forgets=("slot",)),
    slot=Step(times.pick_slot, times.read_slot, times.type_slot),
    consent=Step(
        personal.give_consent, personal.read_consent, personal.type_consent, only=personal.only_consent
    ),
    name=Step(personal.give_name, personal.read_own_name, personal.type_name),
    phone=Step(personal.give_phone, personal.read_phone_choice, personal.type_phone),
    iin=Step(
        personal.give_iin,
        personal.read_iin_choice,
        personal.type_iin,
        only=personal.only_iin,
        forgets=("birth_date",),
    ),
    birth_date=Step(
        personal.give_birth_date,
        personal.read_no_button,
        personal.type_birth_date,
        only=personal.only_birth_date,
    ),
    confirmed=Step(summary.confirm, summary.read_confirmed, summary.type_confirmed),
)
