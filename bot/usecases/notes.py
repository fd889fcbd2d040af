"""Telling the operators about something, in the conversation with a client."""

import structlog

from bot.domain.errors import BookingError
from bot.domain.model import Appointment
from bot.relay_storage import RelayStorage
from bot.usecases.contacts import Contacts, Linked

log = structlog.get_logger(__name__)


class Notes:
    """Private notes. `contacts` is None where no inbox is set: then there is nowhere to write."""

    def __init__(self, contacts: Contacts | None, relays: RelayStorage) -> None:
        self.contacts = contacts
        self.relays = relays

    def has_room_for(self, appointment: Appointment) -> bool:
        """Whether there can be a note at all: an inbox, and a contact to have a conversation with."""
        return self.contacts is not None and appointment.contact_id is not None

    async def leave(self, client_id: int, appointment: Appointment, text: str, about: str) -> bool:
        """Leave a note about a visit; repeat-safe by `about` (letters, digits, `-`), which names it.

        Whether the note is there. Not being able to is logged, not raised: the visit does not depend on it.
        """
        if self.contacts is None or appointment.contact_id is None:
            return False
        try:
            found = await self._conversation(self.contacts, client_id, appointment, appointment.contact_id)
        except BookingError as error:
            log.warning("note_not_left", code=error.code, status=error.status)
            return False
        return await self.leave_in(found, text, f"{about}-{appointment.id}") is not None

    async def _conversation(
        self, contacts: Contacts, client_id: int, appointment: Appointment, contact_id: int
    ) -> int:
        """The visit's, if One-Link names it; else the client's with that contact, known or made."""
        if appointment.conversation_display_id is not None:
            return appointment.conversation_display_id
        threads = (await self.relays.threads(client_id)).values()
        known = next((it for it in threads if it.contact_id == contact_id), None)
        if known is not None:
            return known.conversation_id
        return (await contacts.conversation(Linked(contact_id, contacts.source_id(client_id)))).display_id

    async def leave_in(self, conversation_id: int | None, text: str, key: str) -> int | None:
        """Leave a note in this conversation, repeat-safe by `key`; its id, or None if it is not there."""
        if self.contacts is None or conversation_id is None:
            return None
        try:
            return await self.contacts.conversations.add_private_note(conversation_id, text, f"tgs:{key}")
        except BookingError as error:
            log.warning("note_not_left", code=error.code, status=error.status)
            return None
