"""Making a visit: the card while it is being booked, why it was not, and what the staff reads about it."""

from bot.dialogue.appointment import by_phone, facts_of, short_code
from bot.dialogue.draft import House
from bot.dialogue.screen import Choice, Joined, Screen, Text, Word
from bot.domain.errors import (
    BookingError,
    Gone,
    IinRefused,
    NotOfferedHere,
    NotPermitted,
    OutsideWorkingHours,
    PhoneRefused,
    SlotTaken,
)
from bot.domain.model import Appointment, Status
from bot.usecases.desk import Catalogue

#: Many visits ahead, or many cancelled: the same words, for the limits are nobody's business.
BRAKED = Text(
    "Many visits have been booked or cancelled from here. The clinic's staff will gladly book the next one."
)


def booking_now() -> Screen:
    """The card while the request is on its way: no buttons, so nothing can be pressed twice."""
    return Screen(asks=Text("Booking your visit…"))


def being_checked(house: House, *, late: bool = False) -> Screen:
    """The card while nobody knows yet whether the visit exists; `late`: it takes unusually long."""
    lines: list[Word] = [Text("You do not need to book again: the result will appear here by itself.")]
    if late:
        lines.insert(0, Text("It takes longer than usual. The clinic's staff will see your request, too."))
    if house.phone:
        lines.append(Text("If it is urgent, call the clinic: {phone}", phone=house.phone))
    return Screen(
        asks=Text("Checking your booking with the clinic. This usually takes less than a minute."),
        lines=tuple(lines),
    )


def changed_since(appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """The visit was made, and then cancelled or moved by somebody before the client saw it."""
    wanted = str(appointment.id)
    if appointment.status is Status.CANCELLED:
        asks = Text("Your visit was booked, but it has since been cancelled.")
    else:
        asks = Text("Your visit was booked, but the clinic has moved it. Now it is:")
    return Screen(
        asks=asks,
        lines=(*facts_of(appointment, catalogue, house, short_code(appointment.id)), *by_phone(house)),
        extra=(
            (Choice(Text("Show the visit"), "visit", wanted), Choice(Text("Book again"), "again", wanted)),
        ),
    )


def refusal(why: BookingError) -> Word:
    """Why it was not booked, in words; what to do about it is on the screen that follows."""
    match why:
        case SlotTaken():
            return Text("This time has just been taken.")
        case OutsideWorkingHours():
            return Text("The clinic does not work at this time any more.")
        case NotOfferedHere() | Gone():
            return Text("The clinic has just changed what it offers. Please choose again.")
        case IinRefused():
            return Text("The clinic's system does not accept this IIN. Please check it.")
        case PhoneRefused():
            return Text("The clinic's system does not accept this phone number. Please check it.")
        case NotPermitted():
            return Text("The clinic's system does not let me book at the moment; its staff can.")
        case _:
            return Text("The clinic's system did not accept the booking; its staff can help.")


def staff_note(language: str, code: str, *, verified: bool, delivered: bool) -> Word:
    """What operators read in the conversation about a visit booked here."""
    phone = (
        Text("Phone: verified, shared by its owner.")
        if verified
        else Text("Phone: typed by the client, not verified.")
    )
    booked = Text(
        "Booked in Telegram. Code {code}. Language: {language}. {phone}",
        code=code,
        language=language,
        phone=phone,
    )
    if delivered:
        return booked
    unseen = Text("The client has blocked the bot and has not seen that the visit is booked: please call.")
    return Joined((booked, unseen), by=" ")


def late_note() -> Word:
    """What operators read while the outcome of a booking is unknown for long."""
    return Text(
        "A client confirmed a booking in Telegram, but One-Link has not answered for more than ten minutes. "
        "The bot goes on asking. Please look whether the visit is in the calendar and tell the client."
    )
