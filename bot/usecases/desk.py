"""What can be booked, with whom and when: One-Link's catalogue and free slots, made readable.

One-Link is the only judge of what is free; the desk drops what is past or too soon, thins the
five-minute starts to a readable grid, and shares fresh readings between clients.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain import agenda
from bot.domain.agenda import DayOfSlots
from bot.domain.client import Client
from bot.domain.errors import BookingError, Gone
from bot.domain.model import Contact, Resource, Service, Slot
from bot.domain.own_time import CELL, with_own_time
from bot.onelink.conversations import Conversations
from bot.onelink.scheduling import Scheduling
from bot.onelink.source_id import source_id_for
from bot.usecases.reading import Reading, Readings

#: A catalogue may be this old, a list of free slots this old.
CATALOGUE_AGE = timedelta(minutes=5)
SLOTS_AGE = timedelta(seconds=30)
#: One request asks for this many days: a week is also what one page shows.
PAGE_DAYS = 7

Offered = TypeVar("Offered", Service, Resource)

ANY = 0  # stands for a resource id: any resource will do


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the clinic offers at the moment: only what somebody provides."""

    services: tuple[Service, ...]
    resources: tuple[Resource, ...]

    def service(self, service_id: int) -> Service:
        """Raises Gone if it is not offered any more."""
        return _named(self.services, service_id)

    def resource(self, resource_id: int) -> Resource:
        """Raises Gone if it cannot be booked any more."""
        return _named(self.resources, resource_id)

    def providers(self, service: Service) -> tuple[Resource, ...]:
        """Those who provide the service."""
        return tuple(resource for resource in self.resources if service.offered_by(resource))

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone: that of most resources."""
        zones = [resource.zone for resource in self.resources]
        return max(zones, key=zones.count) if zones else ZoneInfo("Asia/Almaty")


@dataclass(frozen=True, slots=True)
class _Range:
    """What one calendar request asks for: whole local days of some resources."""

    resource_ids: tuple[int, ...]
    duration_min: int
    first: date
    zone: ZoneInfo
    days: int = PAGE_DAYS

    def contains(self, slot: Slot) -> bool:
        """Whether the slot begins on one of the days, with one of the resources."""
        away = (slot.starts_at.astimezone(self.zone).date() - self.first).days
        return slot.resource_id in self.resource_ids and 0 <= away < self.days


@dataclass(frozen=True, slots=True)
class Week:
    """The free slots of a week, thinned, in order; only days that have some. `read_at`: how fresh."""

    first: date
    days: tuple[DayOfSlots, ...]
    read_at: datetime

    def on(self, day: date) -> tuple[Slot, ...]:
        """The slots of one day."""
        return next((tuple(found.slots) for found in self.days if found.day == day), ())


class BookingDesk:
    """The use cases of choosing. `lead` and `horizon` bound what is offered.

    `own` is the slot of the visit that is being moved, if one is: its time counts as free.
    """

    def __init__(
        self,
        scheduling: Scheduling,
        conversations: Conversations | None,
        *,
        bot_key: str,
        lead: timedelta,
        horizon: timedelta,
    ) -> None:
        self.scheduling = scheduling
        self.conversations = conversations
        self.bot_key = bot_key
        self.lead = lead
        self.horizon = horizon
        self._catalogue: Readings[None, Catalogue] = Readings(self._read_catalogue, CATALOGUE_AGE)
        self._slots: Readings[_Range, tuple[Slot, ...]] = Readings(self._read_slots, SLOTS_AGE)

    async def catalogue(self, now: datetime) -> Catalogue:
        """Services and resources, at most five minutes old."""
        return (await self._catalogue.get(None, now)).value

    async def known_catalogue(self, now: datetime) -> Catalogue:
        """The catalogue for naming what is told anyway; without names where One-Link does not answer."""
        try:
            return await self.catalogue(now)
        except BookingError:
            return Catalogue((), ())

    async def week(
        self, service: Service, resource_id: int, first: date, now: datetime, *, own: Slot | None = None
    ) -> Week:
        """Free slots of the seven days from `first`, which may be ANY resource's.

        With ANY, each start is bound to one resource: the one with the most free time that day.
        """
        catalogue = await self.catalogue(now)
        providers = self._asked(catalogue, service, resource_id)
        zone = self.zone_of(catalogue, providers)
        reading = await self._free(self._range(service, providers, first, zone), now, own)
        slots = agenda.upcoming(reading.value, now, self.lead, self.horizon)
        steps = {it.id: agenda.grid_step(service.duration_min, it.slot_duration_min) for it in providers}
        thinned = agenda.thin(slots, steps, zone)
        chosen = agenda.merge_any(thinned, zone) if resource_id == ANY else thinned
        return Week(first, tuple(agenda.days(chosen, zone)), reading.at)

    async def first_week_with_slots(
        self, service: Service, resource_id: int, now: datetime, *, own: Slot | None = None
    ) -> Week | None:
        """The first week that has free slots, from today to the horizon."""
        first = self.today(await self.catalogue(now), now)
        while first <= self.last_day(await self.catalogue(now), now):
            week = await self.week(service, resource_id, first, now, own=own)
            if week.days:
                return week
            first += timedelta(days=PAGE_DAYS)
        return None

    async def slot_at(
        self,
        service: Service,
        resource_id: int,
        starts_at: datetime,
        now: datetime,
        *,
        own: Slot | None = None,
    ) -> Slot | None:
        """The slot with exactly this start, on the readable grid or off it; None if it is not free."""
        ends_at = starts_at + timedelta(minutes=service.duration_min)
        catalogue = await self.catalogue(now)
        for provider in self._asked(catalogue, service, resource_id):
            slot = Slot(starts_at.astimezone(UTC), provider.id, ends_at.astimezone(UTC))
            if await self.still_free(service, slot, resource_id, now, own=own):
                return slot
        return None

    async def still_free(
        self, service: Service, slot: Slot, resource_id: int, now: datetime, *, own: Slot | None = None
    ) -> bool:
        """Whether this slot is in a fresh reading, on its grid or off it."""
        catalogue = await self.catalogue(now)
        providers = self._asked(catalogue, service, resource_id)
        zone = self.zone_of(catalogue, providers)
        first = self.page_of(slot.starts_at.astimezone(zone).date(), catalogue, now)
        reading = await self._free(self._range(service, providers, first, zone), now, own)
        return slot in agenda.upcoming(reading.value, now, self.lead, self.horizon)

    async def neighbours(
        self, service: Service, resource_id: int, wanted: datetime, now: datetime, *, own: Slot | None = None
    ) -> tuple[Slot, ...]:
        """Up to three free slots near a lost one, read anew: the same day first, then the days after."""
        catalogue = await self.catalogue(now)
        self._slots.forget()
        zone = self.zone_of(catalogue, self._asked(catalogue, service, resource_id))
        first = self.page_of(wanted.astimezone(zone).date(), catalogue, now)
        week = await self.week(service, resource_id, first, now, own=own)
        slots = [slot for day in week.days for slot in day.slots]
        if not slots and (later := await self.first_week_with_slots(service, resource_id, now, own=own)):
            slots = [slot for day in later.days for slot in day.slots]
        return tuple(agenda.neighbours(slots, wanted, zone=zone))

    def refresh(self) -> None:
        """Read free slots anew when they are next asked for."""
        self._slots.forget()

    def forget_catalogue(self) -> None:
        """Read services and resources anew when they are next asked for."""
        self._catalogue.forget()

    async def contact_of(self, client: Client) -> Contact | None:
        """What One-Link knows of a client who booked before; None where it cannot be told apart.

        Of a client who only typed a number nothing but that number is known: the record with it may
        be another person's. So may the one under the source id of a client who has since proven another
        phone: a relative's, for whom the first booking was made.
        """
        if self.conversations is None or client.contact_id is None:
            return None
        contact = await self.conversations.contact_by_source(source_id_for(self.bot_key, client.id))
        if contact is None:
            return None
        if client.verified:
            # A merged contact has another id; it is the client's own if it was linked as that.
            return contact if client.contact_id in (contact.id, client.linked) else None
        return Contact(id=contact.id, phone=contact.phone)

    def key_for(self, client_id: int, update_id: int | None) -> str:
        """The key of a dialogue that this update begins; without an update, any.

        An update that is handled again, because a process died in the middle, begins the same dialogue: the
        buttons that the client has seen already stay good. Who knows the client cannot tell the key.
        """
        if update_id is None:
            return str(uuid.uuid4())
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.bot_key}:{client_id}:{update_id}"))

    def today(self, catalogue: Catalogue, now: datetime) -> date:
        """Today at the clinic."""
        return now.astimezone(catalogue.zone).date()

    def last_day(self, catalogue: Catalogue, now: datetime) -> date:
        """The furthest day that can be booked."""
        return (now + self.horizon).astimezone(catalogue.zone).date()

    def page_of(self, day: date, catalogue: Catalogue, now: datetime) -> date:
        """The first day of the page that shows this day: pages are weeks counted from today."""
        today = self.today(catalogue, now)
        return today + timedelta(days=(day - today).days // PAGE_DAYS * PAGE_DAYS)

    def zone_of(self, catalogue: Catalogue, providers: Sequence[Resource]) -> ZoneInfo:
        """The zone in which these resources' times are shown."""
        return providers[0].zone if len({p.zone for p in providers}) == 1 else catalogue.zone

    def _asked(self, catalogue: Catalogue, service: Service, resource_id: int) -> tuple[Resource, ...]:
        providers = catalogue.providers(service)
        asked = providers if resource_id == ANY else tuple(p for p in providers if p.id == resource_id)
        if not asked:
            raise Gone("resource")
        return asked

    def _range(self, service: Service, providers: Sequence[Resource], first: date, zone: ZoneInfo) -> _Range:
        return _Range(tuple(p.id for p in providers), service.duration_min, first, zone)

    async def _free(self, wanted: _Range, now: datetime, own: Slot | None) -> Reading[tuple[Slot, ...]]:
        """A fresh reading of free slots, `own` time counted as free; as old as the older of its parts."""
        reading = await self._slots.get(wanted, now)
        if own is None or not wanted.contains(own):
            return reading
        day = own.starts_at.astimezone(wanted.zone).date()
        around = _Range((own.resource_id,), CELL // timedelta(minutes=1), day, wanted.zone, days=1)
        cells = await self._slots.get(around, now)
        slots = with_own_time(reading.value, cells.value, own, timedelta(minutes=wanted.duration_min))
        return Reading(slots, min(reading.at, cells.at))

    async def _read_catalogue(self, _: None) -> Catalogue:
        services, resources = await self.scheduling.services(), await self.scheduling.resources()
        bookable = tuple(resource for resource in resources if resource.bookable)
        offered = tuple(s for s in services if any(s.offered_by(resource) for resource in bookable))
        return Catalogue(offered, bookable)

    async def _read_slots(self, wanted: _Range) -> tuple[Slot, ...]:
        start = datetime.combine(wanted.first, time(), wanted.zone)
        end = datetime.combine(wanted.first + timedelta(days=wanted.days), time(), wanted.zone)
        return await self.scheduling.free_slots(
            start, end, resource_ids=wanted.resource_ids, duration_min=wanted.duration_min
        )


def _named(rows: Sequence[Offered], wanted: int) -> Offered:
    found = next((row for row in rows if row.id == wanted), None)
    if found is None:
        raise Gone("service or resource")
    return found
