"""A client's appointments: whose they are, and cancelling them."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.client import Client
from bot.domain.errors import BookingError
from bot.domain.model import UPCOMING, Appointment
from bot.onelink.conversations import Conversations
from bot.onelink.scheduling import Scheduling
from bot.onelink.source_id import source_id_for


class NotYours(BookingError):
    """The appointment belongs to somebody else: nothing about it may be shown."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment that is this client's, and the client as One-Link now knows it."""

    appointment: Appointment
    client: Client

    def can_be_cancelled(self, now: datetime) -> bool:
        """One-Link cancels anything; only what lies ahead makes sense (scheduling API, section 9)."""
        return self.appointment.status in UPCOMING and self.appointment.starts_at > now


class Visits:
    """Every method asks One-Link whose the appointment is, each time."""

    def __init__(self, scheduling: Scheduling, conversations: Conversations | None, *, bot_key: str) -> None:
        self.scheduling = scheduling
        self.conversations = conversations
        self.bot_key = bot_key

    async def visit(self, client: Client, appointment_id: int) -> Visit:
        """The client's appointment. Raises NotYours, or Gone if it does not exist."""
        appointment = await self.scheduling.appointment(appointment_id)
        if client.owns(appointment.id, appointment.contact_id):
            return Visit(appointment, client)
        # Operators merge contacts, and then the contact's id changes while our source id stays.
        merged = await self._as_merged(client, appointment)
        if merged is not None and merged.owns(appointment.id, appointment.contact_id):
            return Visit(appointment, merged)
        raise NotYours

    async def cancel(self, client: Client, appointment_id: int, now: datetime) -> Visit:
        """Cancel what lies ahead and return what One-Link then says: repeat-safe.

        Trust `status` of the result alone: an answer of 200 may leave the appointment standing.
        """
        visit = await self.visit(client, appointment_id)
        if not visit.can_be_cancelled(now):
            return visit
        return Visit(await self.scheduling.cancel_appointment(appointment_id), visit.client)

    async def _as_merged(self, client: Client, appointment: Appointment) -> Client | None:
        if self.conversations is None or client.contact_id in (None, appointment.contact_id):
            return None
        contact = await self.conversations.contact_by_source(source_id_for(self.bot_key, client.id))
        return client.merged_into(contact.id) if contact else None
