"""Changing a visit: the questions before it, the card while it is on its way, and what came of it."""

from bot.dialogue.appointment import by_phone, facts_of, short_code
from bot.dialogue.draft import House
from bot.dialogue.framing import OPERATOR
from bot.dialogue.menu import MENU
from bot.dialogue.outcomes import refusal
from bot.dialogue.screen import Choice, Look, Plural, Row, Screen, Text
from bot.domain.attempt import What
from bot.domain.errors import BookingError, NotPermitted, OutsideWorkingHours, SlotTaken
from bot.domain.model import Appointment
from bot.usecases.desk import Catalogue

#: The buttons that ask for a change once more.
AGAIN = {What.CANCEL: "cancelled", What.CONFIRM: "coming", What.RESTORE: "undo"}
#: Reasons for a cancellation, asked after it and never before; told to the staff, kept nowhere else.
REASONS = {
    "plans": Text("My plans have changed"),
    "better": Text("I do not need it any more"),
    "price": Text("Too expensive"),
    "other": Text("Another reason"),
}


def ask_to_cancel(appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """One confirmation, in words that cannot be taken for leaving a draft."""
    wanted = str(appointment.id)
    return Screen(
        asks=Text("Cancel this visit?"),
        lines=facts_of(appointment, catalogue, house, short_code(appointment.id)),
        options=(
            Choice(Text("Yes, cancel the visit"), "cancelled", wanted, Look.DANGER),
            Choice(Text("No, keep it"), "keep", wanted, Look.GOOD),
        ),
        extra=((Choice(Text("Another time"), "move", wanted),),),
    )


def too_late_to_change(appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """Inside the change window: not "no", but who can; and that somebody cannot come is told at once."""
    hours = int(house.change_window.total_seconds() // 3600)
    wanted = str(appointment.id)
    return Screen(
        asks=Plural(
            "Less than {n} hour is left until the visit: now only the clinic's staff can change it.",
            "Less than {n} hours are left until the visit: now only the clinic's staff can change it.",
            n=max(hours, 1),
        ),
        lines=(*facts_of(appointment, catalogue, house, short_code(appointment.id)), *by_phone(house)),
        options=(
            Choice(Text("I cannot come: tell the clinic"), "absent", wanted),
            Choice(Text("No, keep it"), "keep", wanted, Look.GOOD),
        ),
        extra=((OPERATOR,),),
    )


def told_absent(house: House, appointment_id: int, *, told: bool) -> Screen:
    """The clinic knows that the client will not come; or it could not be told, and a call is needed."""
    asks = (
        Text("I have told the clinic that you will not come. Its staff will cancel the visit.")
        if told
        else Text("I could not tell the clinic. Please call, so that somebody else can have this time.")
    )
    show = Choice(Text("Show the visit"), "visit", str(appointment_id))
    return Screen(asks=asks, lines=by_phone(house), extra=((show,),))


def ask_why(appointment_id: int) -> tuple[Row, ...]:
    """Buttons for the reason of a cancellation; nobody has to answer."""
    return tuple((Choice(said, "why", f"{appointment_id}.{name}"),) for name, said in REASONS.items())


def changing_now(what: What) -> Screen:
    """The card while the change is on its way: no buttons, so nothing can be pressed twice."""
    said = {
        What.CANCEL: Text("Cancelling your visit…"),
        What.CONFIRM: Text("Telling the clinic that you will come…"),
        What.RESTORE: Text("Taking the cancellation back…"),
    }
    return Screen(asks=said[what])


def change_unknown(what: What, house: House, appointment_id: int) -> Screen:
    """The answer was lost or did not come: the bot goes on asking."""
    wanted = str(appointment_id)
    said = {
        What.CANCEL: Text(
            "The clinic's calendar does not answer, so I cannot tell yet whether the visit is cancelled."
        ),
        What.CONFIRM: Text(
            "The clinic's calendar does not answer. I will tell it that you come as soon as it does."
        ),
        What.RESTORE: Text(
            "The clinic's calendar does not answer, so I cannot tell yet whether the visit stands again."
        ),
    }
    return Screen(
        asks=said[what],
        lines=(Text("I keep asking; the answer will appear here by itself."), *by_phone(house)),
        options=(Choice(Text("↻ Try again"), AGAIN[what], wanted),),
    )


def not_changed(
    what: What,
    appointment: Appointment,
    catalogue: Catalogue,
    house: House,
    why: BookingError | None = None,
) -> Screen:
    """One-Link did not do it: said as it is, with the way to a person. `why`: its refusal, if it was one."""
    said = {
        What.CANCEL: Text(
            "The clinic's system did not cancel the visit. It still stands; please tell the clinic's staff."
        ),
        What.CONFIRM: Text("The clinic's system did not take your answer. The visit stands all the same."),
        What.RESTORE: Text("This time has been taken meanwhile. The visit stays cancelled.")
        if isinstance(why, SlotTaken)
        else Text("The visit could not be taken back: it stays cancelled."),
    }
    wanted = str(appointment.id)
    if what is What.RESTORE:
        rows: tuple[Row, ...] = ((Choice(Text("Book again"), "again", wanted),), (OPERATOR,))
    else:
        rows = ((Choice(Text("Show the visit"), "visit", wanted),), (OPERATOR,))
    return Screen(
        asks=said[what],
        notices=(refusal(why),) if isinstance(why, OutsideWorkingHours) else (),
        lines=(*facts_of(appointment, catalogue, house, short_code(appointment.id)), *by_phone(house)),
        extra=rows,
    )


def moving_now() -> Screen:
    """The card while the move is on its way."""
    return Screen(asks=Text("Moving your visit…"))


def move_unknown(house: House) -> Screen:
    """Nobody knows yet whether the visit is at its new time."""
    return Screen(
        asks=Text("Checking with the clinic whether your visit has been moved."),
        lines=(
            Text("You do not need to do anything: the result will appear here by itself."),
            *by_phone(house),
        ),
    )


def refused_move(why: BookingError, appointment_id: int, house: House) -> Screen:
    """The visit stands where it was, and another time does not help."""
    return Screen(
        asks=Text("The visit was not moved: it stays at its old time."),
        notices=(refusal(why),) if isinstance(why, SlotTaken | OutsideWorkingHours | NotPermitted) else (),
        lines=by_phone(house),
        extra=((Choice(Text("Show the visit"), "visit", str(appointment_id)),), (OPERATOR,)),
    )


def not_to_be_shown() -> Screen:
    """Somebody else's appointment, or none: one answer for both, so that it tells nothing."""
    return Screen(asks=Text("I do not find this visit among yours."), extra=((MENU,),))


def unreachable_visit(house: House, appointment_id: int) -> Screen:
    """One-Link does not answer; the visit is as it was."""
    return Screen(
        asks=Text("The clinic's calendar does not answer at the moment. Please try again in a minute."),
        lines=by_phone(house),
        options=(Choice(Text("↻ Try again"), "visit", str(appointment_id)),),
    )
