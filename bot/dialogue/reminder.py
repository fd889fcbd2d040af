"""What a client reads of a visit that comes near, and what can be answered at once.

The first line says when and nothing more: it is what a lock screen shows. The buttons name the visit;
they work for ever and show how it is by then.
"""

from collections.abc import Sequence
from datetime import date

from bot.dialogue.appointment import facts_of, local_start, name_of, short_code, way
from bot.dialogue.draft import House
from bot.dialogue.screen import Choice, Clock, Day, Joined, Look, Plural, Row, Screen, Text, Word
from bot.domain.model import Appointment, Status
from bot.usecases.desk import Catalogue


def reminder(
    appointments: Sequence[Appointment], catalogue: Catalogue, house: House, *, today: date, asks: bool
) -> Screen:
    """One message for the visits of one day. `asks`: whether the client comes, unless that was said."""
    if len(appointments) > 1:
        return _several(appointments, catalogue, house, today=today, asks=asks)
    appointment = appointments[0]
    local, wanted = local_start(appointment, catalogue), str(appointment.id)
    discreet = is_discreet(appointment, catalogue)
    lines: tuple[Word, ...] = ()
    if not discreet:
        lines = facts_of(appointment, catalogue, house, short_code(appointment.id), when=False)
    asking = asks and appointment.status is not Status.CONFIRMED
    rows: list[Row] = []
    if asking:
        lines = (*lines, Text("Will you come?"))
        rows.append((Choice(Text("✓ I will come"), "coming", wanted, Look.GOOD),))
    if discreet:
        rows.append((Choice(Text("Show the visit"), "visit", wanted),))
    rows.append(
        (Choice(Text("Another time"), "move", wanted), Choice(Text("Cancel the visit"), "cancel", wanted))
    )
    rows.append(way(house))
    return Screen(
        asks=Text(
            "Your visit: {day}, {time}", day=Day(local.date(), full=True, today=today), time=Clock(local)
        ),
        lines=lines,
        extra=tuple(rows),
    )


def _several(
    appointments: Sequence[Appointment], catalogue: Catalogue, house: House, *, today: date, asks: bool
) -> Screen:
    lines: list[Word] = []
    rows: list[Row] = []
    for appointment in appointments:
        local, wanted = local_start(appointment, catalogue), str(appointment.id)
        at, discreet = Clock(local), is_discreet(appointment, catalogue)
        lines.append(Joined((at,) if discreet else (at, name_of(appointment, catalogue))))
        if asks and appointment.status is not Status.CONFIRMED:
            rows.append((Choice(Text("{time} ✓ I will come", time=at), "coming", wanted, Look.GOOD),))
        rows.append(
            (
                Choice(Text("{time} another time", time=at), "move", wanted),
                Choice(Text("{time} cancel", time=at), "cancel", wanted),
            )
        )
    rows.append(way(house))
    day = Day(local_start(appointments[0], catalogue).date(), full=True, today=today)
    if asks and any(it.status is not Status.CONFIRMED for it in appointments):
        lines.append(Text("Will you come?"))
    return Screen(
        asks=Plural("Your {n} visit: {day}", "Your {n} visits: {day}", n=len(appointments), day=day),
        lines=tuple(lines),
        extra=tuple(rows),
    )


def which_one(appointments: Sequence[Appointment], catalogue: Catalogue, step: str) -> Screen:
    """A typed answer that fits several visits."""
    options = tuple(
        Choice(
            Joined(
                (
                    Day(local_start(it, catalogue).date()),
                    Clock(local_start(it, catalogue)),
                    name_of(it, catalogue),
                )
            ),
            step,
            str(it.id),
        )
        for it in appointments
    )
    return Screen(asks=Text("Which visit do you mean?"), options=options)


def is_discreet(appointment: Appointment, catalogue: Catalogue) -> bool:
    """Whether the clinic has flagged the service as one whose name must not be read by chance."""
    return any(it.discreet for it in catalogue.services if it.id == appointment.service_id)


def call_them() -> Word:
    """What operators read when a reminder or a notice could not be delivered."""
    return Text(
        "The client has blocked the bot and was not reached about this visit: please call. "
        "Reminders go on as soon as the client comes back."
    )
