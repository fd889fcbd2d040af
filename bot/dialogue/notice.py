"""What a client reads when the clinic has changed a visit: how it was, how it is, what can be done."""

from bot.dialogue.appointment import facts_of, local_start, short_code
from bot.dialogue.draft import House
from bot.dialogue.framing import OPERATOR
from bot.dialogue.menu import VISITS
from bot.dialogue.screen import Choice, Clock, Day, Joined, Look, Row, Screen, Text, Word
from bot.domain.model import Appointment, Status
from bot.domain.watched import WatchedVisit
from bot.usecases.desk import Catalogue


def changed(known: WatchedVisit, appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """Old and new. Silence is not consent: there is a button for each answer."""
    wanted = str(appointment.id)
    if appointment.status is Status.CANCELLED:
        return Screen(
            asks=Text("The clinic has cancelled your visit."),
            lines=facts_of(appointment, catalogue, house, short_code(appointment.id)),
            extra=((Choice(Text("Book again"), "again", wanted),), (OPERATOR,)),
        )
    rows: tuple[Row, ...] = (
        (Choice(Text("OK"), "keep", wanted, Look.GOOD),),
        (Choice(Text("Another time"), "move", wanted), Choice(Text("Cancel the visit"), "cancel", wanted)),
    )
    facts = facts_of(appointment, catalogue, house, short_code(appointment.id))
    if known.status is Status.CANCELLED:
        return Screen(asks=Text("Your visit stands again."), lines=facts, extra=rows)
    if known.starts_at == appointment.starts_at:
        return Screen(asks=Text("Your visit will be with another specialist."), lines=facts, extra=rows)
    return Screen(
        asks=Text("The clinic has moved your visit."),
        lines=(
            Text("It was: {when}", when=_when_known(known, appointment, catalogue)),
            Text("Now it is: {when}", when=_when(appointment, catalogue)),
            *facts_of(appointment, catalogue, house, short_code(appointment.id), when=False),
        ),
        extra=rows,
    )


def booked_by_staff(appointment: Appointment, catalogue: Catalogue, house: House) -> Screen:
    """Somebody at the clinic has booked what the client was about to book here."""
    wanted = str(appointment.id)
    return Screen(
        asks=Text("The clinic has booked a visit for you, so I have stopped the booking here."),
        lines=facts_of(appointment, catalogue, house, short_code(appointment.id)),
        extra=(
            (Choice(Text("OK"), "keep", wanted, Look.GOOD),),
            (
                Choice(Text("Another time"), "move", wanted),
                Choice(Text("Cancel the visit"), "cancel", wanted),
            ),
            (VISITS,),
        ),
    )


def _when(appointment: Appointment, catalogue: Catalogue) -> Word:
    local = local_start(appointment, catalogue)
    return Joined((Day(local.date(), full=True), Clock(local)), by=", ")


def _when_known(known: WatchedVisit, appointment: Appointment, catalogue: Catalogue) -> Word:
    local = known.starts_at.astimezone(local_start(appointment, catalogue).tzinfo)
    return Joined((Day(local.date(), full=True), Clock(local)), by=", ")
