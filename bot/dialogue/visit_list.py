"""The lists of a client's visits, what lies ahead and what has been, and proving whose they are."""

from collections.abc import Sequence

from bot.dialogue.appointment import local_start, name_of
from bot.dialogue.menu import BOOK, MENU, VISITS
from bot.dialogue.screen import Choice, Clock, Day, Joined, Row, Screen, Text, Word
from bot.domain.model import Appointment
from bot.usecases.desk import Catalogue

PAST = Choice(Text("Past visits"), "past")
FIND = Choice(Text("Find visits made by phone"), "find")


def upcoming(
    appointments: Sequence[Appointment],
    catalogue: Catalogue,
    *,
    proven: bool,
    notices: tuple[Word, ...] = (),
) -> Screen:
    """What lies ahead, a button for each. `proven`: the client's phone is known to be the client's."""
    lines: tuple[Word, ...] = ()
    if not proven:
        lines = (
            Text("Visits made by phone or at the reception are shown once you share your phone number."),
        )
    find: tuple[Row, ...] = () if proven else ((FIND,),)
    return Screen(
        asks=Text("Your visits") if appointments else Text("You have no visits ahead."),
        notices=notices,
        lines=lines,
        options=_buttons(appointments, catalogue),
        extra=(*find, (BOOK,), (PAST, MENU)),
    )


def past(appointments: Sequence[Appointment], catalogue: Catalogue) -> Screen:
    """What has been, the latest first."""
    return Screen(
        asks=Text("Past visits")
        if appointments
        else Text("There are no past visits of the last three months."),
        options=_buttons(appointments, catalogue),
        extra=((VISITS, MENU),),
    )


def ask_for_phone() -> Screen:
    """The way to visits that were made by phone: the number, proven by sharing it."""
    return Screen(
        asks=Text("Please share your phone number with the button below."),
        lines=(Text("I need it to find the visits that the clinic has booked for this number."),),
        shares_phone=Choice(Text("Share my phone number"), "phone"),
        last=(Choice(Text("‹ Back"), "back"),),
    )


def ask_for_consent(terms: Sequence[Word]) -> Screen:
    """A phone number is personal data: consent comes first."""
    return Screen(
        asks=Text("May the clinic use your phone number to find your visits?"),
        lines=tuple(terms),
        options=(Choice(Text("I agree"), "findable"),),
        extra=((VISITS,),),
    )


def _buttons(appointments: Sequence[Appointment], catalogue: Catalogue) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            Joined((_when(appointment, catalogue), name_of(appointment, catalogue))),
            "visit",
            str(appointment.id),
        )
        for appointment in appointments
    )


def _when(appointment: Appointment, catalogue: Catalogue) -> Word:
    local = local_start(appointment, catalogue)
    return Joined((Day(local.date()), Clock(local)), by=", ")
