"""Which questions a draft goes through: those of a booking, or of moving a visit."""

from bot.dialogue.booking import BOOKING
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Dialogue
from bot.dialogue.moving import MOVING


def dialogue_of(draft: BookingDraft) -> Dialogue[BookingDraft, Talk]:
    """The dialogue to which this draft belongs."""
    return BOOKING if draft.moves is None else MOVING
