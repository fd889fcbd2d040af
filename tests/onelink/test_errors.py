"""What the bot makes of One-Link's refusals: the table, value by value."""

import pytest

from bot.domain.errors import (
    BookingError,
    CannotBook,
    Gone,
    IinRefused,
    NotOfferedHere,
    NotPermitted,
    OneLinkUnreachable,
    OutsideWorkingHours,
    PhoneRefused,
    SlotTaken,
    WrongConversation,
)
from bot.onelink.error_table import error_for

NAMED_PHONE = {
    "error": "Телефон уже занят",
    "code": "VALIDATION_ERROR",
    "details": {"phone_number": ["занят"]},
}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (409, {"code": "SLOT_CONFLICT"}, SlotTaken),
        (409, {"code": "APPOINTMENT_SLOT_UNAVAILABLE"}, SlotTaken),
        (409, {"code": "OUTSIDE_WORKING_HOURS"}, OutsideWorkingHours),
        (409, {"code": "BLOCKED_BY_HOLIDAY"}, OutsideWorkingHours),
        (409, {"code": "BLOCKED_BY_BREAK"}, OutsideWorkingHours),
        (409, {"code": "BLOCKED_BY_VACATION"}, OutsideWorkingHours),
        (409, {"code": "DUPLICATE_IDEMPOTENCY_KEY"}, OneLinkUnreachable),
        (409, {"code": "SOMETHING_NEW"}, SlotTaken),
        (422, {"code": "SERVICE_NOT_AVAILABLE_FOR_RESOURCE"}, NotOfferedHere),
        (422, {"code": "RESOURCE_NOT_AVAILABLE_FOR_SCHEDULING"}, NotOfferedHere),
        (422, {"code": "INVALID_IIN"}, IinRefused),
        (422, {"code": "CONVERSATION_CONTACT_MISMATCH"}, WrongConversation),
        (422, {"error": "contact_id is required", "code": "VALIDATION_ERROR"}, CannotBook),
        (422, {"code": "APPOINTMENT_READ_ONLY"}, CannotBook),
        (422, NAMED_PHONE, PhoneRefused),
        (
            422,
            {"message": "Phone number has already been taken", "attributes": ["phone_number"]},
            PhoneRefused,
        ),
        (422, {"error": "param is missing"}, CannotBook),
        (422, {"code": "VALIDATION_ERROR", "details": "surprise"}, CannotBook),
        (400, None, CannotBook),
        (401, {"error": "Invalid Access Token"}, NotPermitted),
        (401, {"errors": ["…"]}, NotPermitted),
        (402, {"error": "…"}, NotPermitted),
        (403, {"code": "FEATURE_DISABLED"}, NotPermitted),
        (404, {"error": "Resource could not be found"}, Gone),
        (404, None, Gone),
        (404, {"code": "SLOT_CONFLICT"}, Gone),  # the status comes first
        (429, None, OneLinkUnreachable),
        (301, None, OneLinkUnreachable),
        (500, None, OneLinkUnreachable),
        (502, None, OneLinkUnreachable),
        (503, {"code": "MEDELEMENT_AVAILABILITY_UNVERIFIED"}, OneLinkUnreachable),
        (409, ["not", "an", "object"], SlotTaken),
        (422, {"code": 17}, CannotBook),
    ],
)
def test_an_answer_becomes_what_the_bot_can_act_on(
    status: int, body: object, kind: type[BookingError]
) -> None:
    error = error_for(status, body, about_appointment=True)
    assert type(error) is kind
    assert error.status == status


def test_a_conflict_that_is_not_about_an_appointment_is_not_a_taken_slot() -> None:
    body = {"error": "source_id is already used by another conversation"}
    assert type(error_for(409, body, about_appointment=False)) is CannotBook


def test_an_error_keeps_the_code_and_drops_the_words() -> None:
    error = error_for(422, NAMED_PHONE, about_appointment=False)
    assert error.code == "VALIDATION_ERROR"
    assert "занят" not in repr(error) + str(vars(error))
