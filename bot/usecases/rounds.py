"""Going the rounds: the calendar of the coming days, held against what clients were told.

One-Link announces no changes of appointments. One reading of a range shows all of them, however many
clients there are; what has to be told, and which reminders are due, follows from it. Nothing is planned
or stored ahead, so a visit that staff added, moved or cancelled is right by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from bot.domain.attempt import keys_of_changes
from bot.domain.errors import BookingError, Gone
from bot.domain.model import UPCOMING, Appointment, Status
from bot.domain.reminders import ReminderPolicy, due, planned, together
from bot.domain.watched import WatchedVisit
from bot.onelink.scheduling import Scheduling
from bot.storage import Storage

log = structlog.get_logger(__name__)

#: The longest range that one request asks for (scheduling API, section 12, row 22).
LONGEST_RANGE = timedelta(days=31)
#: Visits that have left the range are asked for one by one, so many in one round.
MOST_STRAYS = 10
#: What was told of a past visit is forgotten after this.
FORGOTTEN_AFTER = timedelta(days=1)
_ALMATY = ZoneInfo("Asia/Almaty")


@dataclass(frozen=True, slots=True)
class Change:
    """Something its client has not been told. `known` is None for a visit that is new to the bot."""

    client_id: int
    appointment: Appointment
    known: WatchedVisit | None


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder to be sent now: the visits that belong in one message, by start."""

    client_id: int
    offset: timedelta
    visits: tuple[WatchedVisit, ...]

    @property
    def starts_at(self) -> datetime:
        """The first start: the sooner, the more urgent."""
        return self.visits[0].starts_at


@dataclass(frozen=True, slots=True)
class Picture:
    """The calendar at one moment, and what clients had been told of it by then."""

    appointments: Mapping[int, Appointment] = field(default_factory=dict)
    zones: Mapping[int, ZoneInfo] = field(default_factory=dict)
    known: dict[int, WatchedVisit] = field(default_factory=dict)

    def zone_of(self, resource_id: int) -> ZoneInfo:
        """Where that resource works."""
        return self.zones.get(resource_id, _ALMATY)


class Rounds:
    """What is to be told and to be reminded of. `policy` is None where the bot sends no reminders."""

    def __init__(
        self,
        scheduling: Scheduling,
        storage: Storage,
        policy: ReminderPolicy | None,
        horizon: timedelta,
        book_again: timedelta | None = None,
    ) -> None:
        """`book_again`: so long after a visit its client is asked about another one; None: never."""
        self.book_again = book_again
        self.scheduling = scheduling
        self.storage = storage
        self.policy = policy
        self.horizon = horizon
        self.picture = Picture()
        self._asked: dict[int, datetime] = {}
        self._moments: dict[int, tuple[tuple[datetime, tuple[int, ...]], datetime]] = {}

    async def look(self, now: datetime) -> tuple[Change, ...]:
        """Read the calendar; what its clients do not know yet. Raises OneLinkUnreachable, NotPermitted."""
        # First: what a client changes while the calendar is being read is in the calendar already.
        known = await self.storage.visits()
        appointments: dict[int, Appointment] = {}
        zones: dict[int, ZoneInfo] = {}
        start, end = now, now + self.horizon + timedelta(days=1)
        while start < end:
            until = min(start + LONGEST_RANGE, end)
            reading = await self.scheduling.calendar(start, until)
            appointments |= {it.id: it for it in reading.appointments}
            zones |= {resource.id: resource.zone for resource in reading.resources}
            start = until
        strangers = [it for it in appointments.values() if it.id not in known and it.status in UPCOMING]
        contacts = sorted({it.contact_id for it in strangers if it.contact_id is not None})
        clients = await self.storage.clients_of(contacts)
        self.picture = Picture(appointments, zones, known)
        await self._forget_past(known, now)
        self._moments = {number: kept for number, kept in self._moments.items() if number in known}
        self._asked = {number: at for number, at in self._asked.items() if number in known}
        new = [Change(clients[it.contact_id], it, None) for it in strangers if it.contact_id in clients]
        strayed = await self._strayed(now)
        return (*self._differing(known, appointments, now), *strayed, *new)

    async def is_our_doing(self, appointment: Appointment) -> bool:
        """Whether the bot itself is changing it right now: the client is told by that."""
        reference = appointment.external_ref or ""
        keys = keys_of_changes(appointment.id)
        return await self.storage.some_attempt((*keys, reference.removeprefix("tgbot:")))

    def due(self, now: datetime) -> tuple[Due, ...]:
        """The reminders to be sent now, by the latest reading; the most urgent first."""
        if self.policy is None:
            return ()
        known = self.picture.known.values()
        clients = {it.client_id for it in known if self._first_moment(it, self.policy) <= now}
        by_client: dict[int, list[WatchedVisit]] = {client_id: [] for client_id in clients}
        for visit in known:
            appointment = self.picture.appointments.get(visit.appointment_id)
            if visit.client_id in clients and appointment is not None and not visit.differs(appointment):
                by_client[visit.client_id].append(visit.as_in(appointment))
        found = (self.due_among(client_id, visits, now) for client_id, visits in by_client.items())
        return tuple(sorted((it for it in found if it is not None), key=lambda it: it.starts_at))

    def due_among(self, client_id: int, visits: list[WatchedVisit], now: datetime) -> Due | None:
        """The reminder that is due for one client, the most urgent one."""
        if self.policy is None:
            return None
        for visit in sorted(visits, key=lambda it: it.starts_at):
            zone = self.picture.zone_of(visit.resource_id)
            offset = due(visit, self.policy, zone, now)
            if offset is not None:
                group = together(visit, visits, offset, self.policy, zone, now)
                return Due(client_id, offset, tuple(group))
        return None

    def _first_moment(self, visit: WatchedVisit, policy: ReminderPolicy) -> datetime:
        """Before this moment no reminder of the visit is due: most visits need no closer look."""
        kept = self._moments.get(visit.appointment_id)
        if kept is None or kept[0] != (visit.starts_at, visit.reminded):
            zone = self.picture.zone_of(visit.resource_id)
            left = [it for it in policy.offsets if not visit.was_reminded(it)]
            moments = [planned(visit.starts_at, offset, policy, zone) for offset in left]
            kept = (visit.starts_at, visit.reminded), min(moments, default=datetime.max.replace(tzinfo=UTC))
            self._moments[visit.appointment_id] = kept
        return kept[1]

    def over(self, now: datetime) -> tuple[WatchedVisit, ...]:
        """Visits that were over some time ago, of clients with nothing ahead; one for each client."""
        if self.book_again is None:
            return ()
        known = self.picture.known.values()
        expected = {it.client_id for it in known if it.lies_ahead and it.starts_at > now}
        latest: dict[int, WatchedVisit] = {}
        for visit in sorted(known, key=lambda it: it.ends_at):
            if visit.lies_ahead and visit.client_id not in expected and visit.starts_at <= now:
                latest[visit.client_id] = visit
        return tuple(it for it in latest.values() if it.ends_at + self.book_again <= now)

    def keep(self, told: Mapping[int, WatchedVisit | None]) -> None:
        """What clients have just been told belongs into the picture; None: nothing will be told any more."""
        for number, visit in told.items():
            if visit is None:
                self.picture.known.pop(number, None)
            else:
                self.picture.known[number] = visit

    def _differing(
        self, known: Mapping[int, WatchedVisit], appointments: Mapping[int, Appointment], now: datetime
    ) -> list[Change]:
        """What is past is not told: neither a visit that is over nor a move of it into the past."""
        return [
            Change(visit.client_id, appointment, visit)
            for visit in known.values()
            if (appointment := appointments.get(visit.appointment_id)) is not None
            and visit.differs(appointment)
            and max(visit.starts_at, appointment.starts_at) > now
        ]

    async def _strayed(self, now: datetime) -> list[Change]:
        """Visits that should be in the range and are not: moved out of it, or deleted."""
        missing = [
            visit
            for visit in self.picture.known.values()
            if visit.appointment_id not in self.picture.appointments
            and visit.lies_ahead
            and now < visit.starts_at < now + self.horizon
        ]
        changes = []
        missing.sort(key=lambda it: self._asked.get(it.appointment_id, datetime.min.replace(tzinfo=UTC)))
        found = {}
        for visit in missing[:MOST_STRAYS]:
            self._asked[visit.appointment_id] = now
            try:
                appointment = await self.scheduling.appointment(visit.appointment_id)
            except Gone:
                appointment = _deleted(visit)
            except BookingError as error:
                log.warning("visit_not_found_out", status=error.status)
                continue
            if visit.differs(appointment):
                changes.append(Change(visit.client_id, appointment, visit))
            else:
                found[appointment.id] = appointment
        self.picture = replace(self.picture, appointments={**self.picture.appointments, **found})
        return changes

    async def _forget_past(self, known: Mapping[int, WatchedVisit], now: datetime) -> None:
        kept_for = FORGOTTEN_AFTER + (self.book_again or timedelta())
        await self.storage.forget_visits(
            [it.appointment_id for it in known.values() if it.ends_at < now - kept_for]
        )


def _deleted(visit: WatchedVisit) -> Appointment:
    """One-Link deletes only what was cancelled before."""
    return Appointment(
        id=visit.appointment_id,
        status=Status.CANCELLED,
        resource_id=visit.resource_id,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
    )
