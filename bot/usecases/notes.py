"""Telling the operators about a visit, in the conversation with its client."""

import structlog

from bot.domain.errors import BookingError
from bot.domain.model import Appointment
from bot.onelink.conversations import Conversations
from bot.onelink.source_id import source_id_for

log = structlog.get_logger(__name__)


class Notes:
    """Private notes. `conversations` is None where no inbox is set: then there is nowhere to write."""

    def __init__(self, conversations: Conversations | None, *, bot_key: str) -> None:
        self.conversations = conversations
        self.bot_key = bot_key

    def has_room_for(self, appointment: Appointment) -> bool:
        """Whether there can be a note at all: an inbox, and a contact to have a conversation with."""
        return self.conversations is not None and appointment.contact_id is not None

    async def leave(self, client_id: int, appointment: Appointment, text: str, about: str) -> bool:
        """Leave a note; repeat-safe by `about` (letters, digits, `-`), which names what it is about.

        Whether the note is there. Not being able to is logged, not raised: the visit does not depend on it.
        """
        if self.conversations is None or not self.has_room_for(appointment):
            return False
        try:
            conversation = await self._conversation(self.conversations, client_id, appointment)
            await self.conversations.add_private_note(conversation, text, f"tgs:{about}-{appointment.id}")
        except BookingError as error:
            log.warning("note_not_left", code=error.code, status=error.status)
            return False
        return True

    async def _conversation(
        self, conversations: Conversations, client_id: int, appointment: Appointment
    ) -> int:
        if appointment.conversation_display_id is not None:
            return appointment.conversation_display_id
        assert appointment.contact_id is not None  # noqa: S101 (asked by the caller)
        source_id = source_id_for(self.bot_key, client_id)
        known = await conversations.conversations_of(appointment.contact_id)
        ours = next((it for it in known if it.source_id in (None, source_id)), None)
        if ours is None:
            await conversations.link_contact(appointment.contact_id, source_id)
            ours = await conversations.create_conversation(appointment.contact_id, source_id)
        return ours.display_id
