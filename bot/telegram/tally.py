"""How a try at an attempt ended, in one word for the metrics."""

from collections.abc import Callable

from bot.domain.attempt import AnyAttempt
from bot.domain.errors import BookingError, OneLinkUnreachable
from bot.usecases.booking import Booked, ChangedSince, Checking, NotBooked
from bot.usecases.booking import Outcome as BookingOutcome
from bot.usecases.moving import Moved, MoveOutcome, NotMoved, Otherwise, StillUnknown

#: Counts a try, with the attempt as it was before.
Count = Callable[[AnyAttempt, str], None]


def word_for(outcome: BookingOutcome | MoveOutcome | BookingError) -> str:
    """`done`, `unknown`, `changed_since` (by the clinic), `yielded` (another was first), or the refusal."""
    match outcome:
        case Booked() | Moved():
            return "done"
        case Checking() | StillUnknown() | OneLinkUnreachable():
            return "unknown"
        case ChangedSince() | Otherwise():
            return "changed_since"
        case NotBooked(why=why) | NotMoved(why=why):
            return word_for(why)
        case BookingError(code="yielded"):
            return "yielded"
        case BookingError():
            return type(outcome).__name__
