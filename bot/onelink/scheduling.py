"""One-Link's scheduling: one method for each endpoint, domain types both ways."""

import asyncio
from collections.abc import Collection
from datetime import datetime

from bot.domain.errors import ContactExists, PhoneRefused
from bot.domain.model import (
    Appointment,
    CalendarReading,
    Contact,
    ConversationLink,
    Created,
    NewAppointment,
    Resource,
    Service,
    Slot,
    Status,
)
from bot.onelink.http import OneLinkHttp
from bot.onelink.rows import every, only, payload_of
from bot.onelink.wire import (
    canonical_phone,
    dump_appointment,
    dump_appointments_query,
    dump_calendar_query,
    dump_change,
    load_contact,
    load_resource,
    load_services,
)
from bot.onelink.wire_calendar import (
    load_appointment,
    load_appointments,
    load_calendar,
    load_slots,
    parse_slots,
)


class Scheduling:
    """Services, resources, the calendar, contacts and appointments of one account.

    Every method may raise NotPermitted and OneLinkUnreachable. Reads are repeated when
    One-Link cannot be reached; writes are sent once, and after OneLinkUnreachable it is
    unknown whether they happened.
    """

    def __init__(self, http: OneLinkHttp) -> None:
        self._http = http

    async def services(self) -> tuple[Service, ...]:
        """Everything that can be booked, by name."""
        answer = await self._http.get("scheduling/services")
        return load_services(payload_of(answer.body))

    async def resources(self) -> tuple[Resource, ...]:
        """Who and what provides services, by name; some may not be `bookable`."""
        answer = await self._http.get("scheduling/resources")
        return every(load_resource, payload_of(answer.body))

    async def calendar(
        self, start: datetime, end: datetime, *, resource_ids: Collection[int] | None = None
    ) -> CalendarReading:
        """The range [start, end): resources and appointments of any status; `None` means all resources.

        Resources that are not bookable are included. Gone if a resource is unknown.
        """
        if resource_ids is not None and not resource_ids:  # an empty list would mean everybody
            return CalendarReading(appointments=(), resources=())
        params = dump_calendar_query(start, end, resource_ids, None, with_slots=False)
        answer = await self._http.get("scheduling/calendar", params)
        # A month of a busy clinic takes a while: others are answered meanwhile.
        return await asyncio.to_thread(load_calendar, answer.body)

    async def free_slots(
        self,
        start: datetime,
        end: datetime,
        *,
        resource_ids: Collection[int] | None = None,
        duration_min: int | None = None,
    ) -> tuple[Slot, ...]:
        """Free slots of the range, by start; without a duration as long as each resource's own slots.

        Past slots and slots of resources that are not bookable are included. A slot never crosses the
        ends of the range, so ask for whole local days, and at most for a week at a time (a day of one
        resource is about 11 KB). Gone if a resource is unknown.
        """
        if resource_ids is not None and not resource_ids:
            return ()
        params = dump_calendar_query(start, end, resource_ids, duration_min, with_slots=True)
        answer = await self._http.get("scheduling/calendar", params, parse=parse_slots)
        return load_slots(answer.body)

    async def appointment(self, appointment_id: int) -> Appointment:
        """Any appointment of the account; whose it is, is for the caller to check. Raises Gone."""
        answer = await self._http.get("scheduling/appointments/{id}", id=appointment_id)
        return only(load_appointment, answer.body)

    async def appointments_of(
        self, contact_ids: Collection[int], start: datetime, end: datetime
    ) -> tuple[Appointment, ...]:
        """Appointments of these contacts that begin in [start, end), of any status, by start.

        The older One-Link answers with everybody's: those of others are left out here.
        """
        if not contact_ids:
            return ()
        params = dump_appointments_query(start, end, contact_ids)
        answer = await self._http.get("scheduling/appointments", params)
        found = load_appointments(payload_of(answer.body))
        return tuple(appointment for appointment in found if appointment.contact_id in contact_ids)

    async def find_contacts(self, search: str) -> tuple[Contact, ...]:
        """Contacts with this text somewhere in name, email, phone or identifier: also other people's."""
        answer = await self._http.get("scheduling/contacts", {"search": search, "limit": "100"})
        return every(load_contact, payload_of(answer.body))

    async def find_contact_by_phone(self, phone: str) -> Contact | None:
        """The contact with exactly this phone; the oldest, should there be several."""
        wanted = canonical_phone(phone)
        found = [contact for contact in await self.find_contacts(wanted) if contact.phone == wanted]
        return min(found, key=lambda contact: contact.id, default=None)

    async def create_contact(self, name: str, phone: str) -> Contact:
        """A new contact. Raises ContactExists if the phone has one already, PhoneRefused if it is no phone.

        One-Link says both with the same code and words in the account's language, so a
        refusal that names the phone is followed by a look.
        """
        body = {"full_name": name, "phone": canonical_phone(phone)}
        try:
            answer = await self._http.post("scheduling/contacts", body)
        except PhoneRefused as refusal:
            existing = await self.find_contact_by_phone(phone)
            if existing is None:
                raise
            raise ContactExists(existing.id, refusal.code, status=refusal.status) from refusal
        return only(load_contact, answer.body)

    async def complete_contact(self, contact_id: int, name: str, phone: str) -> Contact:
        """Give a contact its name and phone. Raises PhoneRefused, also if another contact has the phone.

        Only for a contact without an identifier: any other is checked as an IIN by this endpoint
        (scheduling API, section 5).
        """
        body = {"full_name": name, "phone": canonical_phone(phone)}
        answer = await self._http.patch("scheduling/contacts/{id}", body, id=contact_id)
        return only(load_contact, answer.body)

    async def create_appointment(self, new: NewAppointment, *, idempotency_key: str) -> Created:
        """Book. Repeating the call with the same key returns the same appointment, as it is by now.

        A replayed one may have been moved or cancelled since: compare before saying "booked".
        Raises Refused and its kinds; Gone when resource, service, contact or conversation is
        unknown (One-Link does not say which).
        """
        body = dump_appointment(new) | {"idempotency_key": idempotency_key}
        answer = await self._http.post("scheduling/appointments", body)
        return Created(appointment=only(load_appointment, answer.body), replayed=answer.status == 200)

    async def update_appointment(
        self,
        appointment_id: int,
        *,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        resource_id: int | None = None,
        link: ConversationLink | None = None,
        status: Status | None = None,
    ) -> Appointment:
        """Change only what is given. Sending the same change again is harmless.

        To move, give both ends (and the resource only if it changes: the older One-Link
        prices anew when it is named). An empty `link` unlinks. SCHEDULED revives a cancelled one, if its
        time is still free; to cancel, use `cancel_appointment`. Raises Refused, Gone.
        """
        body = dump_change(
            starts_at=starts_at, ends_at=ends_at, resource_id=resource_id, link=link, status=status
        )
        answer = await self._http.patch("scheduling/appointments/{id}", body, id=appointment_id)
        return only(load_appointment, answer.body)

    async def cancel_appointment(self, appointment_id: int) -> Appointment:
        """Ask for the end of an appointment; believe the returned `status`, not the success of the call.

        A cancelled one stays cancelled (safe to repeat), a past one is cancelled without
        complaint. Raises Refused, Gone.
        """
        answer = await self._http.post("scheduling/appointments/{id}/cancel", id=appointment_id)
        return only(load_appointment, answer.body)
