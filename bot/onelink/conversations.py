"""One-Link's conversations in one API inbox: one method for each endpoint, domain types both ways."""

import re
from collections.abc import Sequence

from bot.domain.errors import (
    CannotBook,
    ContactExists,
    Gone,
    NotPermitted,
    OneLinkUnreachable,
    PhoneRefused,
    Refused,
    TooLarge,
)
from bot.domain.model import Contact, Conversation
from bot.domain.thread import ThreadMessage
from bot.onelink.exchange import Answer, Form
from bot.onelink.files import FileToSend
from bot.onelink.http import OneLinkHttp
from bot.onelink.rows import every, only, payload_of
from bot.onelink.wire import canonical_phone, load_contact
from bot.onelink.wire_conversations import (
    Inbox,
    dump_phone_filter,
    load_conversation,
    load_inbox,
    load_status,
    load_wrapped_contact,
)
from bot.onelink.wire_messages import load_message, load_messages

#: The client's own side of a conversation: the path is the secret (section 1.1).
PUBLIC_MESSAGES = "/public/api/v1/inboxes/{inbox}/contacts/{contact}/conversations/{id}/messages"


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

    async def create_contact(self, name: str, phone: str | None, source_id: str) -> Contact:
        """A new contact, linked to the inbox. Raises ContactExists (then link it) and PhoneRefused."""
        body: dict[str, object] = {"inbox_id": self._inbox_id, "source_id": source_id, "name": name}
        if phone is not None:
            body["phone_number"] = canonical_phone(phone)
        try:
            answer = await self._http.post("contacts", body)
        except PhoneRefused as refusal:
            existing = await self.contact_by_phone(phone) if phone is not None else None
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

        Harmless to repeat. Raises ReasonNeeded where the account demands a reason, or another one.
        """
        body = {"status": status} | ({"status_reason": reason} if reason else {})
        answer = await self._http.post("conversations/{id}/toggle_status", body, id=display_id)
        return only(load_status, answer.body)

    async def assign_team(self, display_id: int, team_id: int) -> None:
        """Give the conversation to a team; harmless to repeat."""
        await self._http.post("conversations/{id}/assignments", {"team_id": team_id}, id=display_id)

    async def add_private_note(self, display_id: int, text: str, source_id: str) -> int:
        """Tell the operators something the client does not see; one `source_id`, one note. Its id.

        The text passes through One-Link's Liquid templates: see `without_liquid`.
        """
        body = {
            "content": without_liquid(text),
            "message_type": "outgoing",
            "private": True,
            "source_id": source_id,
        }
        try:
            answer = await self._http.post("conversations/{id}/messages", body, id=display_id)
            return only(load_message, answer.body).id
        except Refused:
            # A repeated key is refused by a database error without a code, in words that
            # may change: whether the note is there is what counts.
            found = next(
                (it.id for it in await self.latest_messages(display_id) if it.source_id == source_id), None
            )
            if found is None:
                raise
            return found

    async def add_client_message(
        self,
        display_id: int,
        contact_source_id: str,
        text: str,
        source_id: str,
        files: Sequence[FileToSend] = (),
    ) -> None:
        """Show the operators what a client wrote and sent (at most 15 files); one `source_id`, one message.

        Goes through the public API, the only one where a repeated key is not an error.
        Refused when the key was used in another conversation, and when files find no room in
        the account's storage (status 402); TooLarge when they do not pass the door; Gone when
        the conversation is not this contact's.
        """
        fields = {"content": text, "source_id": source_id}
        if files:
            form = Form(fields, [("attachments[]", file.part()) for file in files])
            await self._upload(display_id, contact_source_id, form)
            return
        answer = await self._http.post(
            PUBLIC_MESSAGES,
            fields,
            inbox=self._inbox_identifier,
            contact=contact_source_id,
            id=display_id,
        )
        _assert_kept(answer)

    async def messages(self, display_id: int, *, after: int) -> tuple[ThreadMessage, ...]:
        """The next messages after the one with this id, by id: at most 100, of all kinds. Raises Gone.

        Fewer than 100 need not be the last ones, for those that cannot be read are left out: an
        empty answer is the end.
        """
        query = {"after": str(after)}
        answer = await self._http.get("conversations/{id}/messages", query, id=display_id)
        # A query lost on the way brings the last 20 again and again: whoever reads to the end must get there.
        return tuple(it for it in load_messages(payload_of(answer.body)) if it.id > after)

    async def latest_messages(self, display_id: int) -> tuple[ThreadMessage, ...]:
        """The last 20 messages, by id. Raises Gone."""
        answer = await self._http.get("conversations/{id}/messages", id=display_id)
        return load_messages(payload_of(answer.body))

    async def report(self, display_id: int, message_id: int, *, delivered: bool, error: str = "") -> None:
        """Tell the operators that a message of theirs has reached the client, or why it has not.

        Harmless to repeat; a message that is `read` stays so. Raises Gone.
        """
        outcome = {"status": "delivered"} if delivered else {"status": "failed", "external_error": error}
        answer = await self._http.patch(
            "conversations/{id}/messages/{message}", outcome, id=display_id, message=message_id
        )
        _assert_kept(answer)

    async def inbox(self) -> Inbox:
        """The inbox itself, for `check`. Raises Gone."""
        answer = await self._http.get("inboxes/{id}", id=self._inbox_id)
        return only(load_inbox, answer.body)

    async def _upload(self, display_id: int, contact_source_id: str, form: Form) -> None:
        """Send a message with files; for a file two refusals mean something else than for a text."""
        try:
            answer = await self._http.post_form(
                PUBLIC_MESSAGES,
                form,
                inbox=self._inbox_identifier,
                contact=contact_source_id,
                id=display_id,
            )
            _assert_kept(answer)
        except NotPermitted as error:
            if error.status != 402:  # the storage is full; texts still go
                raise
            raise CannotBook(error.code, status=error.status) from error
        except Refused as refusal:
            if refusal.status != 413:  # a proxy in front of One-Link limits bodies (section 1.7)
                raise
            raise TooLarge(refusal.code, status=refusal.status) from refusal


def without_liquid(text: str) -> str:
    """Text that One-Link will not evaluate: a space breaks each `{{` and `{%`."""
    return re.sub(r"\{(?=[{%])", "{ ", text)


def _assert_kept(answer: Answer) -> None:
    """A message that One-Link has kept is in its answer. Raises OneLinkUnreachable: nobody knows."""
    if not isinstance(answer.body, dict) or "id" not in answer.body:
        raise OneLinkUnreachable("unreadable_answer")
