"""An attempt to book, to move or to cancel: stored before anything leaves, kept until its outcome is shown.

sending   the request may be on its way; the card says that it is being booked
checking  an answer was lost: the card says that it is being checked, and the same key is
          asked again until One-Link tells

It ends when the card shows the outcome. A process that dies in between repeats the request with
the same key, learns the same outcome and shows it: no stage beyond these two has to be kept.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Self

from bot.domain.model import Slot

#: How long to wait before the same key is asked again: 1, 2, 4 … at most 30 s.
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
#: After this time without an answer the operators are told, and the client what happens next.
TAKES_LONG = timedelta(minutes=10)


class Stage(StrEnum):
    """How far an attempt has come."""

    SENDING = "sending"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the client confirmed. Holds personal data: it is dropped with the attempt."""

    service_id: int
    resource_id: int
    starts_at: datetime
    ends_at: datetime
    name: str
    phone: str
    phone_verified: bool
    iin: str | None = None
    birth_date: date | None = None
    comment: str | None = None

    def __repr__(self) -> str:
        return f"Wanted(service_id={self.service_id}, resource_id={self.resource_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Something a client confirmed, on its way into One-Link.

    `card_id` is the message that shows the outcome.
    """

    key: str
    client_id: int
    card_id: int
    locale: str
    begun_at: datetime
    stage: Stage = Stage.SENDING
    tries: int = 0
    told_staff: bool = False  # that it takes long

    def tried_again(self) -> Self:
        """The attempt after one more try without a certain answer."""
        return replace(self, stage=Stage.CHECKING, tries=self.tries + 1)

    def pause(self) -> timedelta:
        """How long to wait before the next try."""
        doubled: timedelta = FIRST_PAUSE * 2 ** min(max(self.tries - 1, 0), 10)
        return min(doubled, LONGEST_PAUSE)

    def takes_long(self, now: datetime) -> bool:
        """Whether the client and the operators should be told that it takes unusually long."""
        return now - self.begun_at >= TAKES_LONG


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingAttempt(Attempt):
    """A confirmed wish and how far its fulfilment has come. `key` is the dialogue's idempotency key.

    What was made on the way (contact, conversation) is kept, so that a repetition continues where
    the last one stopped. `uncertain` says that a creation may have reached One-Link without its answer
    reaching us; `conflicts` counts the refusals that may be an echo of it; `yielding` that we are
    cancelling it, because another was first.
    """

    kind: Literal["booking"] = "booking"
    wanted: Wanted
    uncertain: bool = False
    conflicts: int = 0
    yielding: bool = False
    contact_id: int | None = None
    source_id: str | None = None  # under which the inbox knows this client with this contact
    conversation_id: int | None = None
    link: str | None = None  # the form of the conversation link that is being tried

    @property
    def external_ref(self) -> str:
        """Marks the appointment in One-Link as made by this bot."""
        return f"tgbot:{self.key}"


class What(StrEnum):
    """What a client does with a visit that exists, apart from moving it."""

    CANCEL = "cancel"
    CONFIRM = "confirm"  # "I will come"
    RESTORE = "restore"  # takes the own cancellation back


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAttempt(Attempt):
    """A confirmed change of a visit. Asking One-Link twice is harmless, so nothing else has to be kept."""

    kind: Literal["change"] = "change"
    what: What
    appointment_id: int

    @staticmethod
    def key_for(what: What, appointment_id: int) -> str:
        """One change of this sort at a time."""
        return f"{what.value}-{appointment_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAttempt(Attempt):
    """A confirmed move: the old time is kept until the new one is certain.

    Sending the same times again is harmless. `yielding`: somebody else was first at the new time, and the
    visit is being put back to its old one.
    """

    kind: Literal["move"] = "move"
    appointment_id: int
    was: Slot
    wanted: Slot
    yielding: bool = False

    @staticmethod
    def key_for(appointment_id: int) -> str:
        """One move of an appointment at a time."""
        return f"move-{appointment_id}"


AnyAttempt = BookingAttempt | ChangeAttempt | MoveAttempt


def keys_of_changes(appointment_id: int) -> tuple[str, ...]:
    """The keys under which a change of this appointment may be unfinished."""
    changes = (ChangeAttempt.key_for(what, appointment_id) for what in What)
    return (MoveAttempt.key_for(appointment_id), *changes)
