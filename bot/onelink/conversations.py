"""One-Link's conversations in one API inbox: one method for each endpoint, domain types both ways."""

import re

from bot.domain.errors import ContactExists, Gone, PhoneRefused, Refused
from bot.domain.model import Contact, Conversation
from bot.onelink.http import OneLinkHttp
from bot.onelink.rows import every, only, payload_of
from bot.onelink.wire import canonical_phone, load_contact
from bot.onelink.wire_conversations import (
    Inbox,
    dump_phone_filter,
    has_source_id,
    load_conversation,
    load_inbox,
    load_status,
    load_wrapped_contact,
)


class Conversations:
    """Contacts, conversations and messages of the bot's inbox.

    Conversations are named by their display id. Every method may raise NotPermitted and
    OneLinkUnreachable; reads are repeated when One-Link cannot be reached, writes are not.
    """

    def __init__(self, http: OneLinkHttp, inbox_id: int, inbox_identifier: str) -> None:
        self._http = http
        self._inbox_id = inbox_id
        self._inbox_identifier = inbox_identifier

    async def contact_by_source(self, source_id: str) -> Contact | None:
        """The contact that this inbox knows by `source_id`; survives merges of contacts."""
        body = {"inbox_id": self._inbox_id, "source_id": source_id}
        try:
            answer = await self._http.post("contact_inboxes/filter", body, repeatable=True)
        except Gone:
            return None
        return only(load_wrapped_contact, answer.body)

    async def contact_by_phone(self, phone: str) -> Contact | None:
        """The contact with exactly this phone; the oldest, should there be several."""
        wanted = canonical_phone(phone)
        answer = await self._http.post("contacts/filter", dump_phone_filter(wanted), repeatable=True)
        contacts = every(load_contact, payload_of(answer.body))
        found = [contact for contact in contacts if contact.phone == wanted]
        return min(found, key=lambda contact: contact.id, default=None)

    async def create_contact(self, name: str, phone: str, source_id: str) -> Contact:
        """A new contact, linked to the inbox. Raises ContactExists (then link it) and PhoneRefused."""
        body = {
            "inbox_id": self._inbox_id,
            "source_id": source_id,
            "name": name,
            "phone_number": canonical_phone(phone),
        }
        try:
            answer = await self._http.post("contacts", body)
        except PhoneRefused as refusal:
            existing = await self.contact_by_phone(phone)
            if existing is None:
                raise
            raise ContactExists(existing.id, refusal.code, status=refusal.status) from refusal
        return only(load_wrapped_contact, answer.body)

    async def link_contact(self, contact_id: int, source_id: str) -> None:
        """Let the inbox know a contact by `source_id`; linking it again is harmless.

        A source_id that another contact has may come back as OneLinkUnreachable (a 500).
        """
        body = {"inbox_id": self._inbox_id, "source_id": source_id}
        await self._http.post("contacts/{id}/contact_inboxes", body, id=contact_id)

    async def conversations_of(self, contact_id: int) -> tuple[Conversation, ...]:
        """The contact's conversations in this inbox, newest first.

        One-Link shows the contact's 20 newest of all inboxes.
        """
        answer = await self._http.get("contacts/{id}/conversations", id=contact_id)
        conversations = every(load_conversation, payload_of(answer.body))
        ours = (it for it in conversations if it.inbox_id == self._inbox_id)
        return tuple(sorted(ours, key=lambda it: it.display_id, reverse=True))

    async def conversation(self, display_id: int) -> Conversation:
        """One conversation. Raises Gone."""
        answer = await self._http.get("conversations/{id}", id=display_id)
        return only(load_conversation, answer.body)

    async def create_conversation(self, contact_id: int, source_id: str) -> Conversation:
        """A new conversation in which the bot answers (`pending`).

        An inbox that locks to a single conversation returns the existing one, whatever its status.
        """
        body = {
            "inbox_id": self._inbox_id,
            "contact_id": contact_id,
            "source_id": source_id,
            "status": "pending",
        }
        answer = await self._http.post("conversations", body)
        return only(load_conversation, answer.body)

    async def set_status(self, display_id: int, status: str, *, reason: str | None = None) -> str:
        """Set `open`, `pending` or `resolved`; returns the status that One-Link reports afterwards.

        Harmless to repeat. Refused with code CONVERSATION_STATUS_REASON_REQUIRED where the
        account demands a reason.
        """
        body = {"status": status} | ({"status_reason": reason} if reason else {})
        answer = await self._http.post("conversations/{id}/toggle_status", body, id=display_id)
        return only(load_status, answer.body)

    async def add_private_note(self, display_id: int, text: str, source_id: str) -> None:
        """Tell the operators something the client does not see; one `source_id`, one note.

        The text passes through One-Link's Liquid templates: see `without_liquid`.
        """
        body = {
            "content": without_liquid(text),
            "message_type": "outgoing",
            "private": True,
            "source_id": source_id,
        }
        try:
            await self._http.post("conversations/{id}/messages", body, id=display_id)
        except Refused:
            # A repeated key is refused by a database error without a code, in words that
            # may change: whether the note is there is what counts.
            if not await self._has_message(display_id, source_id):
                raise

    async def add_client_message(
        self, display_id: int, contact_source_id: str, text: str, source_id: str
    ) -> None:
        """Show the operators what a client wrote; one `source_id`, one message.

        Goes through the public API, the only one where a repeated key is not an error.
        Refused when the key was used in another conversation; Gone when the conversation
        is not this contact's.
        """
        await self._http.post(
            "/public/api/v1/inboxes/{inbox}/contacts/{contact}/conversations/{id}/messages",
            {"content": text, "source_id": source_id},
            inbox=self._inbox_identifier,
            contact=contact_source_id,
            id=display_id,
        )

    async def inbox(self) -> Inbox:
        """The inbox itself, for `check`. Raises Gone."""
        answer = await self._http.get("inboxes/{id}", id=self._inbox_id)
        return only(load_inbox, answer.body)

    async def _has_message(self, display_id: int, source_id: str) -> bool:
        """Whether the message with this key is among the last 20."""
        answer = await self._http.get("conversations/{id}/messages", id=display_id)
        rows = payload_of(answer.body)
        return isinstance(rows, list) and any(has_source_id(row, source_id) for row in rows)


def without_liquid(text: str) -> str:
    """Text that One-Link will not evaluate: a space breaks each `{{` and `{%`."""
    return re.sub(r"\{(?=[{%])", "{ ", text)
