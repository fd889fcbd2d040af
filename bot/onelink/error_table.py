"""One-Link's refusals -> the bot's errors: the only place that knows One-Link's codes.

The status decides first, then `code`; never the text, which follows the account's
language (onelink-scheduling-api 1.1, 1.2). A body may be anything: HTML, text, nothing.
"""

import re
from collections.abc import Mapping

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
    ReasonNeeded,
    SlotTaken,
    WrongConversation,
)

_CODE = re.compile(r"[A-Z][A-Z_]{1,60}")

#: Codes of 409 and 422.
ERRORS: Mapping[str, type[BookingError]] = {
    "SLOT_CONFLICT": SlotTaken,
    "APPOINTMENT_SLOT_UNAVAILABLE": SlotTaken,
    "OUTSIDE_WORKING_HOURS": OutsideWorkingHours,
    "BLOCKED_BY_HOLIDAY": OutsideWorkingHours,
    "BLOCKED_BY_BREAK": OutsideWorkingHours,
    "BLOCKED_BY_VACATION": OutsideWorkingHours,
    "SERVICE_NOT_AVAILABLE_FOR_RESOURCE": NotOfferedHere,
    "RESOURCE_NOT_AVAILABLE_FOR_SCHEDULING": NotOfferedHere,
    "MEDELEMENT_SERVICE_UNMAPPED": NotOfferedHere,
    "MEDELEMENT_SERVICE_UNAVAILABLE": NotOfferedHere,
    "INVALID_IIN": IinRefused,
    "IIN_REQUIRED": IinRefused,
    "MEDELEMENT_PATIENT_PHONE_INVALID": PhoneRefused,
    "CONVERSATION_CONTACT_MISMATCH": WrongConversation,
    # An appointment with our key exists although its replay was not found: two requests
    # with one key met. The outcome is unknown until the same request is sent once more.
    "DUPLICATE_IDEMPOTENCY_KEY": OneLinkUnreachable,
}

#: Codes that come with the reasons to choose from (onelink-conversations-api 1.8, F11).
REASON_CODES = frozenset({"CONVERSATION_STATUS_REASON_REQUIRED", "CONVERSATION_STATUS_REASON_INVALID"})

#: Statuses that say what happened without a code.
STATUSES: Mapping[int, type[BookingError]] = {
    401: NotPermitted,  # also a missing right: One-Link's documents promise 403, its code answers 401
    402: NotPermitted,  # the account's plan
    403: NotPermitted,
    404: Gone,
    408: OneLinkUnreachable,
    425: OneLinkUnreachable,
    429: OneLinkUnreachable,
}

#: Attributes that One-Link names when a phone number is malformed or belongs to somebody else.
PHONE_ATTRIBUTES = frozenset({"phone", "phone_number", "client_phone"})


def error_for(status: int, body: object, *, about_appointment: bool) -> BookingError:
    """The error for an answer that is not 2xx; `body` is its JSON, None if there was none.

    `about_appointment` decides what a 409 with an unheard-of code means: the state of the
    calendar changed (ask again), or something that a client cannot mend.
    """
    fields = body if isinstance(body, dict) else {}
    code = fields.get("code")
    # It is logged: only what looks like a code, for a proxy may put anything there.
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    if code in REASON_CODES:
        return ReasonNeeded(_reasons(fields), code, status=status)
    return _kind(status, code, fields, about_appointment)(code, status=status)


def _reasons(fields: Mapping[str, object]) -> tuple[str, ...]:
    details = fields.get("details")
    options = details.get("reason_options") if isinstance(details, dict) else None
    return tuple(it for it in options if isinstance(it, str)) if isinstance(options, list) else ()


def _kind(
    status: int, code: str, fields: Mapping[str, object], about_appointment: bool
) -> type[BookingError]:
    if status in STATUSES:
        return STATUSES[status]
    if status in (409, 422):
        if code in ERRORS:
            return ERRORS[code]
        if _named_attributes(fields) & PHONE_ATTRIBUTES:
            return PhoneRefused
        return SlotTaken if status == 409 and about_appointment else CannotBook
    # 1xx-3xx and 5xx: a proxy, a deployment, a wrong address. Any other 4xx: understood and declined.
    return CannotBook if 400 <= status < 500 else OneLinkUnreachable


def _named_attributes(fields: Mapping[str, object]) -> frozenset[str]:
    """`details` of the scheduling API (an object), `attributes` of the conversations API (a list)."""
    named: set[str] = set()
    for key in ("details", "attributes"):
        value = fields.get(key)
        if isinstance(value, dict | list):
            named.update(name for name in value if isinstance(name, str))
    return frozenset(named)
