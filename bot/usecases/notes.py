"""Telling the operators about something, in the conversation with a client."""

import structlog

from bot.domain.errors import BookingError
from bot.domain.model import Appointment
from bot.usecases.contacts import Contacts, Linked

log = structlog.get_logger(__name__)


class Notes:
    """Private notes. `contacts` is None where no inbox is set: then there is nowhere to write."""

    def __init__(self, contacts: Contacts | None) -> None:
        self.contacts = contacts

    def has_room_for(self, appointment: Appointment) -> bool:
        """Whether there can be a note at all: an inbox, and a contact to have a conversation with."""
        return self.contacts is not None and appointment.contact_id is not None

    async def leave(self, client_id: int, appointment: Appointment, text: str, about: str) -> bool:
        """Leave a note about a visit; repeat-safe by `about` (letters, digits, `-`), which names it.

        Whether the note is there. Not being able to is logged, not raised: the visit does not depend on it.
        """
        if self.contacts is None or appointment.contact_id is None:
            return False
        conversation_id = appointment.conversation_display_id
        if conversation_id is None:
            linked = Linked(appointment.contact_id, self.contacts.source_id(client_id))
            try:
                conversation_id = (await self.contacts.conversation(linked)).display_id
            except BookingError as error:
                log.warning("note_not_left", code=error.code, status=error.status)
                return False
        return await self.leave_in(conversation_id, text, f"{about}-{appointment.id}") is not None

    async def leave_in(self, conversation_id: int | None, text: str, key: str) -> int | None:
        """Leave a note in this conversation, repeat-safe by `key`; its id, or None if it is not there."""
        if self.contacts is None or conversation_id is None:
            return None
        try:
            return await self.contacts.conversations.add_private_note(conversation_id, text, f"tgs:{key}")
        except BookingError as error:
            log.warning("note_not_left", code=error.code, status=error.status)
            return None
