"""A client's appointments: whose they are, which there are, and changing them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.attempt import What
from bot.domain.client import Client
from bot.domain.errors import BookingError
from bot.domain.model import UPCOMING, Appointment, Status
from bot.domain.watched import watched
from bot.onelink.conversations import Conversations
from bot.onelink.scheduling import Scheduling
from bot.onelink.source_id import source_id_for
from bot.storage import Storage, Turn

#: Clients see visits this far ahead (staff may book beyond the bot's own horizon) and this far back.
AHEAD, BACK = timedelta(days=365), timedelta(days=90)
#: So long can a client take a cancellation back.
UNDO = timedelta(seconds=30)
#: Lists show at most so many.
MOST = 20


class NotYours(BookingError):
    """The appointment belongs to somebody else: nothing about it may be shown."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment that is this client's, and the client as One-Link now knows it."""

    appointment: Appointment
    client: Client

    def lies_ahead(self, now: datetime) -> bool:
        """One-Link changes anything; only what lies ahead makes sense (scheduling API, section 9)."""
        return self.appointment.status in UPCOMING and self.appointment.starts_at > now

    def can_be_restored(self, now: datetime) -> bool:
        """Whether a cancellation can be taken back."""
        return self.appointment.status is Status.CANCELLED and self.appointment.starts_at > now


@dataclass(frozen=True, slots=True)
class Learned:
    """What a client's looking at an appointment meant: another card that showed it until now, and whether
    it was news to the client that it is elsewhere, or that it stands again."""

    older_card: int | None = None
    changed: bool = False
    stands_again: bool = False


class Visits:
    """Every method asks One-Link whose the appointment is, each time."""

    def __init__(
        self, scheduling: Scheduling, conversations: Conversations | None, storage: Storage, *, bot_key: str
    ) -> None:
        self.scheduling = scheduling
        self.conversations = conversations
        self.storage = storage
        self.bot_key = bot_key

    async def visit(self, client: Client, appointment_id: int) -> Visit:
        """The client's appointment. Raises NotYours, or Gone if it does not exist."""
        appointment = await self.scheduling.appointment(appointment_id)
        if client.owns(appointment.id, appointment.contact_id):
            return Visit(appointment, client)
        merged = await self.current(client)
        if merged.owns(appointment.id, appointment.contact_id):
            return Visit(appointment, merged)
        raise NotYours

    async def current(self, client: Client) -> Client:
        """The client as One-Link knows it by now.

        Operators merge contacts, and then the contact's id changes while our source id stays. Only a
        contact that was linked under this client's own source id may be followed like that: otherwise
        the source id leads to whoever owns the number with which the client once booked.
        """
        if self.conversations is None or client.contact_id is None or client.linked != client.contact_id:
            return client
        contact = await self.conversations.contact_by_source(source_id_for(self.bot_key, client.id))
        if contact is None or contact.id == client.contact_id:
            return client
        return client.merged_into(contact.id)

    async def upcoming(self, client: Client, now: datetime) -> tuple[Appointment, ...]:
        """What lies ahead, by start: also what staff booked for a client whose phone is proven.

        Give it the client as returned by `current`.
        """
        found = await self._between(client, now, now + AHEAD)
        return tuple(it for it in found if it.status in UPCOMING and it.starts_at > now)[:MOST]

    async def past(self, client: Client, now: datetime) -> tuple[Appointment, ...]:
        """What has been, the latest first; cancelled ones are left out."""
        found = await self._between(client, now - BACK, now)
        return tuple(it for it in reversed(found) if it.status is not Status.CANCELLED)[:MOST]

    async def change(self, client: Client, appointment_id: int, what: What, now: datetime) -> Visit:
        """Cancel, confirm or restore, where that makes sense, and return what One-Link then says.

        Repeat-safe. Trust the state of the result alone: an answer of 200 may leave everything as it was.
        """
        visit = await self.visit(client, appointment_id)
        if what is What.RESTORE:
            if not visit.can_be_restored(now):
                return visit
            changed = await self.scheduling.update_appointment(appointment_id, status=Status.SCHEDULED)
        elif not visit.lies_ahead(now):
            return visit
        elif what is What.CANCEL:
            changed = await self.scheduling.cancel_appointment(appointment_id)
        elif visit.appointment.status is Status.CONFIRMED:
            return visit
        else:
            changed = await self.scheduling.update_appointment(appointment_id, status=Status.CONFIRMED)
        return Visit(changed, visit.client)

    async def proven(self, client: Client, phone: str) -> Client | None:
        """The client as the owner of One-Link's contact with exactly this phone; None: there is no such."""
        contact = await self.scheduling.find_contact_by_phone(phone)
        return client.proven_by(contact.id) if contact is not None else None

    async def learned(
        self,
        turn: Turn,
        appointment: Appointment,
        now: datetime,
        *,
        card_id: int,
        by_own_cancel: bool = False,
    ) -> Learned:
        """This turn's client is shown the appointment as it is now, in the message `card_id`: no notice is
        due for that."""
        known = turn.told.get(appointment.id) or await self.storage.visit(appointment.id)
        if known is None:
            fresh = watched(appointment, turn.client.id, now)
        elif known.client_id == turn.client.id:
            fresh = known.told(appointment, now)
        else:
            return Learned()
        before = fresh.card_id
        if by_own_cancel:
            fresh = replace(fresh, cancelled_at=now)
        turn.told[appointment.id] = replace(fresh, card_id=card_id)
        stands = appointment.status is not Status.CANCELLED
        return Learned(
            older_card=before if before != card_id else None,
            changed=stands and known is not None and known.differs(appointment),
            stands_again=stands and known is not None and known.status is Status.CANCELLED,
        )

    async def met(self, turn: Turn, appointment: Appointment, now: datetime) -> None:
        """A list has named the appointment: from now on its client hears what the clinic changes.

        What a list shows of a change is easily overlooked: the notice of it is still due.
        """
        if await self.storage.visit(appointment.id) is None:
            turn.told.setdefault(appointment.id, watched(appointment, turn.client.id, now))

    async def undoable(self, turn: Turn, appointment: Appointment, now: datetime) -> bool:
        """Whether this client has cancelled it just now, and may take that back."""
        known = turn.told.get(appointment.id) or await self.storage.visit(appointment.id)
        if known is None or known.client_id != turn.client.id or known.cancelled_at is None:
            return False
        return appointment.status is Status.CANCELLED and now - known.cancelled_at <= UNDO

    async def _between(self, client: Client, start: datetime, end: datetime) -> tuple[Appointment, ...]:
        found = await self.scheduling.appointments_of(client.contacts, start, end)
        return tuple(it for it in found if client.owns(it.id, it.contact_id))
