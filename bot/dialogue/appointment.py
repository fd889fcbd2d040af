"""The card of an appointment, and the facts that every message about one names.

Its buttons name the appointment and nothing else: they work as long as the message exists.
"""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.dialogue.choosing import money
from bot.dialogue.draft import House
from bot.dialogue.menu import VISITS
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Look, Row, Screen, Text, Word
from bot.domain.model import UPCOMING, Appointment, Resource, Service, Status
from bot.usecases.desk import Catalogue

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without I, O, 0, 1: it is read aloud at the desk


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
    if house.directions:
        lines.append(Joined((house.directions,)))
    if house.preparation:
        lines.append(Text("Please note: {what}", what=house.preparation))
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


def by_phone(house: House) -> tuple[Word, ...]:
    """The other way to reach the clinic, where the settings have its phone."""
    return (Text("You can also call the clinic: {phone}", phone=house.phone),) if house.phone else ()


def _is_confirmed(appointment: Appointment) -> bool:
    return appointment.status is Status.CONFIRMED


def _resource(appointment: Appointment, catalogue: Catalogue) -> Resource | None:
    return next((r for r in catalogue.resources if r.id == appointment.resource_id), None)


def _service(appointment: Appointment, catalogue: Catalogue) -> Service | None:
    return next((s for s in catalogue.services if s.id == appointment.service_id), None)
