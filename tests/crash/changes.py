"""What must be true of a visit that its client began to move or to cancel, whatever broke on the way.

The client may have been stopped in the middle of the questions, and staff may have changed it as well: so it
is not one card that is looked for, but some message that says what One-Link says.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from tests.clinic import ALMATY, Row

#: Where a client wants to move to, the same day.
LATER = "15:00"
MOVED = "Your visit has been moved."
CANCELLED = "This visit is cancelled. You can undo this for 30 seconds."
RESTORED = "Your visit has been restored."
#: Nobody is left to finish these.
UNFINISHED = (
    "Moving your visit",
    "Cancelling your visit",
    "Restoring your visit",
    "Checking with the clinic whether your visit has been moved",
    "The clinic's calendar does not answer, so I cannot tell yet",
)
#: The client is being asked, and knows that nothing is decided.
ASKING = (
    "Which day?",
    "What time?",
    "Shall I move the visit?",
    "Cancel this visit?",
    "The clinic's calendar does not answer at the moment.",
)
#: Says that somebody at the clinic did it.
CLINIC_DID = (
    "The clinic has moved your visit.",
    "The clinic has cancelled your visit.",
    "The clinic has changed the visit in the meantime.",
    "The visit has been cancelled in the meantime",
    "Your visit was booked, but",
)
GONE = (
    "This visit is cancelled.",
    "The clinic has cancelled your visit.",
    "The visit has been cancelled in the meantime",
    "Your visit was booked, but it has since been cancelled.",
)
STAYS = ("it stays at its old time.", "Your visit stays at its old time")


def told_of_changes(
    texts: Sequence[str],
    row: Row,
    touched: Collection[int],
    *,
    wished: str,
    moves: int,
    cancels: int,
    looks: int = 0,
) -> list[str]:
    """What is wrong with these messages to the client of this appointment.

    `wished`: the time that was booked; `moves`, `cancels`: how often a change was begun; `looks`: how often
    an older card was asked afterwards. `touched`: appointments that staff changed themselves.
    """
    moved = [text for text in texts if text.startswith(MOVED)]
    cancelled = [text for text in texts if text.startswith(CANCELLED)]
    wrong = [f"a card still says {text[:40]!r}" for text in texts if text.startswith(UNFINISHED)]
    if not knows(texts, row):
        wrong.append("no message says how the visit is now")
    if len(moved) > moves or len(cancelled) > cancels + looks:
        wrong.append(f"{len(moved)} cards say moved, {len(cancelled)} say cancelled")
    wrong += [f"moved to what nobody wished: {text!r}" for text in moved if f", {LATER}" not in text]
    if row["id"] in touched:
        return wrong
    wrong += [f"told of what nobody did: {text[:60]!r}" for text in texts if text.startswith(CLINIC_DID)]
    if _is_cancelled(row):
        if not cancels:
            wrong.append("cancelled, and nobody asked for it")
        return wrong
    if cancelled:
        wrong.append("stands, and a card says cancelled")
    at = _local(row).strftime("%H:%M")
    if at not in (wished, LATER) or (at == LATER and not moves):
        wrong.append(f"is at {at}")
    if at == wished and moved:
        wrong.append("is at its old time, and a card says moved")
    if at == LATER and any(words in text for text in texts for words in STAYS):
        wrong.append("is moved, and a card says that it is not")
    return wrong


def knows(texts: Sequence[str], row: Row) -> bool:
    """Whether some message says how the appointment is now, or the last one asks about it while it stands."""
    about = [text for text in texts if f"-{row['id']}\n" in text + "\n"]
    if _is_cancelled(row):
        return any(text.startswith(GONE) for text in about)
    start = _local(row)
    when = f"{start:%A}, {start.day} {start:%B}, {start:%H:%M}"
    says = any(when in text and not text.startswith(GONE) for text in about)
    return says or any(words in texts[-1] for words in ASKING)


def _is_cancelled(row: Row) -> bool:
    return bool(row["status"] == "cancelled")


def _local(row: Row) -> datetime:
    return datetime.fromisoformat(row["starts_at"]).astimezone(ALMATY)
