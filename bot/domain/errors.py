"""Everything that can go wrong, and what the bot can do about it.

BookingError
├── Refused                  say why, offer another choice; the draft survives
│   ├── SlotTaken            somebody else has this time (also: an unknown 409, the state changed)
│   ├── OutsideWorkingHours  working hours, breaks, holidays or absences do not allow it
│   ├── NotOfferedHere       this resource does not provide this service (any more)
│   ├── IinRefused           One-Link found the IIN wrong
│   ├── PhoneRefused         One-Link found the phone number wrong
│   ├── ContactExists        a contact with this phone is there already: use that one
│   ├── WrongConversation    the conversation to link does not belong to this contact
│   ├── TooLarge             a file is bigger than what can be passed on: say so, the text still goes
│   └── CannotBook           refused for another reason: an operator has to help
│       └── ReasonNeeded     a conversation changes its status only with one of these reasons
├── Gone                     what was asked for is not in One-Link (any more)
├── NotPermitted             the token, role or account is not accepted: whoever runs the bot has to act
└── OneLinkUnreachable       no answer to rely on: what was sent may or may not have happened

They carry facts for programs and logs, never words for clients and never personal data:
words live in `locales/`.
"""


class BookingError(Exception):
    """The root of the tree; never raised itself."""

    def __init__(self, code: str = "", *, status: int | None = None) -> None:
        super().__init__(code or type(self).__name__)
        self.code = code
        self.status = status


class Refused(BookingError):
    """One-Link understood the request and said no: nothing was changed."""


class SlotTaken(Refused):
    """Somebody else has this time."""


class OutsideWorkingHours(Refused):
    """Working hours, a break, a holiday or an absence do not allow this time."""


class NotOfferedHere(Refused):
    """This resource does not provide this service (any more)."""


class IinRefused(Refused):
    """The IIN does not pass One-Link's check."""


class PhoneRefused(Refused):
    """The phone number is not accepted."""


class ContactExists(Refused):
    """The phone belongs to the contact `contact_id` already: somebody was faster, or an answer was lost."""

    def __init__(self, contact_id: int, code: str = "", *, status: int | None = None) -> None:
        super().__init__(code, status=status)
        self.contact_id = contact_id


class WrongConversation(Refused):
    """The conversation to link belongs to another contact, or the id means another conversation."""


class TooLarge(Refused):
    """A file is bigger than one of those that pass it on takes."""


class CannotBook(Refused):
    """Refused for a reason the client cannot mend; `code` tells the log which."""


class ReasonNeeded(CannotBook):
    """This account wants a reason for the new status of a conversation: one of `options`."""

    def __init__(self, options: tuple[str, ...], code: str = "", *, status: int | None = None) -> None:
        super().__init__(code, status=status)
        self.options = options


class Gone(BookingError):
    """The thing asked for does not exist (any more); a 404 does not say which of those named."""


class NotPermitted(BookingError):
    """The token, the role, the account or the feature: a matter for the person who runs the bot."""


class OneLinkUnreachable(BookingError):
    """Timeout, broken connection, 429, 5xx or an answer that is not One-Link's.

    A write that ended like this may or may not have been carried out.
    """
