"""The card of an appointment, the screens while it is being made, and cancelling it.

Its buttons name the appointment and nothing else: they work as long as the message exists.
"""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.dialogue.choosing import money
from bot.dialogue.draft import House
from bot.dialogue.framing import OPERATOR
from bot.dialogue.menu import MENU, VISITS
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Look, Plural, Row, Screen, Text, Word
from bot.domain.attempt import What
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
from bot.domain.model import UPCOMING, Appointment, Resource, Service, Status
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
    appointment: Appointment,
    catalogue: Catalogue,
    house: House,
    now: datetime,
    *,
    said: Word | None = None,
    first: tuple[Row, ...] = (),
    more: tuple[Word, ...] = (),
) -> Screen:
    """What, who, when, price, code; and what can be done about it, while the visit lies ahead.

    `said` comes first instead of the plain heading; `more` and `first` are words and buttons about what
    has just happened.
    """
    upcoming = appointment.status in UPCOMING and appointment.starts_at > now
    cancelled = appointment.status is Status.CANCELLED
    if said is not None:
        asks = said
    elif cancelled:
        asks = Text("This visit is cancelled.")
    elif not upcoming and appointment.starts_at <= now:
        asks = Text("This visit is over.")
    else:
        asks = Text("You have confirmed this visit.") if _is_confirmed(appointment) else Text("Your visit")
    wanted, code = str(appointment.id), short_code(appointment.id)
    # Below: this card stays as the card of its visit.
    again = Choice(Text("Book again"), "again", wanted)
    another = Choice(Text("Book another visit"), "book", "below")
    lists = (VISITS, again if not upcoming and appointment.service_id is not None else another)
    rows: list[Row] = list(first)
    if upcoming:
        rows += [
            (Choice(Text("Another time"), "move", wanted),),
            (Choice(Text("Cancel the visit"), "cancel", wanted, Look.DANGER),),
            (Choice(Text("Copy code {code}", code=code), copies=code),),
            (Choice(Text("Add to my calendar"), "file", wanted), *way(house)),
        ]
    elif cancelled and appointment.starts_at > now:
        rows.append((Choice(Text("Remove from my calendar"), "file", wanted),))
    facts = facts_of(appointment, catalogue, house, code)
    return Screen(asks=asks, lines=(*facts, *more), extra=(*rows, lists))


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
        lines=(*facts_of(appointment, catalogue, house, short_code(appointment.id)), *_by_phone(house)),
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
    return Screen(asks=asks, lines=_by_phone(house), extra=((show,),))


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
        lines=(Text("I keep asking; the answer will appear here by itself."), *_by_phone(house)),
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
        lines=(*facts_of(appointment, catalogue, house, short_code(appointment.id)), *_by_phone(house)),
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
            *_by_phone(house),
        ),
    )


def refused_move(why: BookingError, appointment_id: int, house: House) -> Screen:
    """The visit stands where it was, and another time does not help."""
    return Screen(
        asks=Text("The visit was not moved: it stays at its old time."),
        notices=(refusal(why),) if isinstance(why, SlotTaken | OutsideWorkingHours | NotPermitted) else (),
        lines=_by_phone(house),
        extra=((Choice(Text("Show the visit"), "visit", str(appointment_id)),), (OPERATOR,)),
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
        lines=(*facts_of(appointment, catalogue, house, short_code(appointment.id)), *_by_phone(house)),
        extra=(
            (Choice(Text("Show the visit"), "visit", wanted), Choice(Text("Book again"), "again", wanted)),
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


def facts_of(
    appointment: Appointment, catalogue: Catalogue, house: House, code: str, *, when: bool = True
) -> tuple[Word, ...]:
    """A line for each fact. `when`: the time, too, unless another line says it."""
    service = _service(appointment, catalogue)
    resource = _resource(appointment, catalogue)
    local = local_start(appointment, catalogue)
    amount = money(appointment.amount) or (
        money(service.price_with(appointment.resource_id)) if service else None
    )
    lines: list[Word] = [Text("Service: {service}", service=name_of(appointment, catalogue))]
    if resource:
        lines.append(Text("Specialist: {name}", name=resource))
    if when:
        lines.append(Text("When: {day}, {time}", day=Day(local.date(), full=True), time=Clock(local)))
    if house.address:
        lines.append(Text("Where: {address}", address=house.address))
    lines += [Joined((note,)) for note in (house.directions, house.preparation) if note]
    if amount:
        lines.append(Text("Price: {price}", price=amount))
    lines.append(Text("Code: {code}", code=code))
    return tuple(lines)


def name_of(appointment: Appointment, catalogue: Catalogue) -> Fact:
    """What is done there; a name of its own where One-Link does not say."""
    return _service(appointment, catalogue) or appointment.service_name or Text("Visit")


def local_start(appointment: Appointment, catalogue: Catalogue) -> datetime:
    """The start on the venue's clock."""
    return appointment.starts_at.astimezone(zone_of(appointment, catalogue))


def zone_of(appointment: Appointment, catalogue: Catalogue) -> ZoneInfo:
    """The venue's zone."""
    resource = _resource(appointment, catalogue)
    return resource.zone if resource else catalogue.zone


def way(house: House) -> Row:
    """How to get there, where the settings have a map."""
    return (Choice(Text("How to get there"), opens=house.map_url),) if house.map_url else ()


def _is_confirmed(appointment: Appointment) -> bool:
    return appointment.status is Status.CONFIRMED


def _resource(appointment: Appointment, catalogue: Catalogue) -> Resource | None:
    return next((r for r in catalogue.resources if r.id == appointment.resource_id), None)


def _service(appointment: Appointment, catalogue: Catalogue) -> Service | None:
    return next((s for s in catalogue.services if s.id == appointment.service_id), None)


def _by_phone(house: House) -> tuple[Word, ...]:
    return (Text("You can also call the clinic: {phone}", phone=house.phone),) if house.phone else ()
