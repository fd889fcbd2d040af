"""The card of an appointment, the screens while it is being made, and cancelling it.

Its buttons name the appointment and nothing else: they work as long as the message exists.
"""

import hashlib

from bot.dialogue.choosing import money
from bot.dialogue.draft import House
from bot.dialogue.framing import OPERATOR
from bot.dialogue.menu import MENU
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Look, Screen, Text, Word
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
from bot.domain.model import Appointment, Service, Status
from bot.usecases.desk import Catalogue

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without I, O, 0, 1: it is read aloud at the desk


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


def visit_card(
    appointment: Appointment, catalogue: Catalogue, house: House, *, upcoming: bool, new: bool = False
) -> Screen:
    """What, who, when, price, code; buttons while the visit lies ahead."""
    cancelled = appointment.status is Status.CANCELLED
    if cancelled:
        asks = Text("This visit is cancelled.")
    elif new:
        asks = Text("You are booked.")
    else:
        asks = Text("Your visit")
    code = short_code(appointment.id)
    cancel = Choice(Text("Cancel the visit"), "cancel", str(appointment.id), Look.DANGER)
    # Below: this card stays as the card of its visit.
    again = Choice(Text("Book again") if cancelled else Text("Book another visit"), "book", "below")
    copy = ((Choice(Text("Copy code {code}", code=code), copies=code),),) if upcoming else ()
    return Screen(
        asks=asks,
        lines=_facts(appointment, catalogue, house, code),
        extra=(*copy, *(((cancel,),) if upcoming else ()), (again,)),
    )


def ask_to_cancel(appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """One confirmation, in words that cannot be taken for leaving a draft."""
    wanted = str(appointment.id)
    return Screen(
        asks=Text("Cancel this visit?"),
        lines=_facts(appointment, catalogue, house, short_code(appointment.id)),
        options=(
            Choice(Text("Yes, cancel the visit"), "cancelled", wanted, Look.DANGER),
            Choice(Text("No, keep it"), "keep", wanted, Look.GOOD),
        ),
    )


def cancelling_now() -> Screen:
    """The card while the cancellation is on its way."""
    return Screen(asks=Text("Cancelling your visit…"))


def cancelling_unknown(house: House, appointment_id: int) -> Screen:
    """The answer was lost or did not come: the visit may still stand; the bot goes on asking."""
    return Screen(
        asks=Text(
            "The clinic's calendar does not answer, so I cannot tell yet whether the visit is cancelled."
        ),
        lines=(Text("I keep asking; the answer will appear here by itself."), *_by_phone(house)),
        options=(Choice(Text("↻ Try again"), "cancelled", str(appointment_id)),),
    )


def not_cancelled(appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """One-Link did not cancel it: said as it is, with the way to a person."""
    return Screen(
        asks=Text(
            "The clinic's system did not cancel the visit. It still stands; please tell the clinic's staff."
        ),
        lines=(*_facts(appointment, catalogue, house, short_code(appointment.id)), *_by_phone(house)),
        extra=((Choice(Text("Show the visit"), "visit", str(appointment.id)),), (OPERATOR,)),
    )


def changed_since(appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """The visit was made, and then cancelled or moved by somebody before the client saw it."""
    if appointment.status is Status.CANCELLED:
        asks = Text("Your visit was booked, but it has since been cancelled.")
    else:
        asks = Text("Your visit was booked, but the clinic has moved it. Now it is:")
    return Screen(
        asks=asks,
        lines=(*_facts(appointment, catalogue, house, short_code(appointment.id)), *_by_phone(house)),
        extra=(
            (
                Choice(Text("Show the visit"), "visit", str(appointment.id)),
                Choice(Text("Book again"), "book", "below"),
            ),
        ),
    )


def not_to_be_shown() -> Screen:
    """Somebody else's appointment, or none: one answer for both, so that it tells nothing."""
    return Screen(asks=Text("I do not find this visit among yours."), extra=((MENU,),))


def unreachable_visit(house: House, appointment_id: int) -> Screen:
    """One-Link does not answer; the visit is as it was."""
    return Screen(
        asks=Text("The clinic's calendar does not answer at the moment. Please try again in a minute."),
        lines=_by_phone(house),
        options=(Choice(Text("↻ Try again"), "visit", str(appointment_id)),),
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


def short_code(appointment_id: int) -> str:
    """Four characters and the id's checkable rest, e.g. `K7-9001`, to be said at the desk."""
    digest = hashlib.sha256(str(appointment_id).encode()).digest()
    return f"{_ALPHABET[digest[0] % 32]}{_ALPHABET[digest[1] % 32]}-{appointment_id}"


def _facts(appointment: Appointment, catalogue: Catalogue, house: House, code: str) -> tuple[Word, ...]:
    service = _service(appointment, catalogue)
    resource = next((r for r in catalogue.resources if r.id == appointment.resource_id), None)
    zone = resource.zone if resource else catalogue.zone
    local = appointment.starts_at.astimezone(zone)
    name: Fact = service or appointment.service_name or Text("Visit")
    amount = money(appointment.amount) or (
        money(service.price_with(appointment.resource_id)) if service else None
    )
    lines: list[Word] = [Text("Service: {service}", service=name)]
    if resource:
        lines.append(Text("Specialist: {name}", name=resource))
    lines.append(Text("When: {day}, {time}", day=Day(local.date(), full=True), time=Clock(local)))
    if house.address:
        lines.append(Text("Where: {address}", address=house.address))
    if amount:
        lines.append(Text("Price: {price}", price=amount))
    lines.append(Text("Code: {code}", code=code))
    return tuple(lines)


def _service(appointment: Appointment, catalogue: Catalogue) -> Service | None:
    return next((s for s in catalogue.services if s.id == appointment.service_id), None)


def _by_phone(house: House) -> tuple[Word, ...]:
    return (Text("You can also call the clinic: {phone}", phone=house.phone),) if house.phone else ()
