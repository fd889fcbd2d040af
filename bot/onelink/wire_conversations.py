"""Conversation-side JSON <-> domain: contacts, conversations, the inbox, the token's owner.

Pure functions. Shapes: onelink-conversations-api, section 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.model import Contact, Conversation
from bot.onelink.rows import Row, Unreadable, read
from bot.onelink.wire import load_contact


class ConversationRow(Row):
    id: int  # the display id
    status: str
    inbox_id: int | None = None
    uuid: str | None = None
    updated_at: float | None = None
    meta: dict[str, Any] | None = None
    contact_inbox: dict[str, Any] | None = None


class InboxRow(Row):
    id: int
    name: str | None = None
    channel_type: str | None = None
    inbox_identifier: str | None = None
    lock_to_single_conversation: bool | None = None
    greeting_enabled: bool | None = None
    working_hours_enabled: bool | None = None
    enable_email_collect: bool | None = None
    enable_auto_assignment: bool | None = None
    webhook_url: str | None = None
    secret: str | None = None


class ProfileRow(Row):
    id: int
    role: str | None = None
    accounts: list[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What `check` looks at; None where One-Link does not say.

    `has_secret`: webhooks of this inbox can be signed, and the token may see with what.
    """

    id: int
    name: str | None
    channel_type: str | None
    identifier: str | None
    locks_to_single_conversation: bool | None
    greets: bool | None
    answers_out_of_hours: bool | None
    asks_for_email: bool | None
    assigns: bool | None
    webhook_url: str | None = field(repr=False)  # its random part is all that keeps strangers from ringing
    has_secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Whose token it is: the role in each account that the user belongs to, by account id."""

    user_id: int
    roles: Mapping[int, str] = field(default_factory=dict)


def load_wrapped_contact(row: object) -> Contact:
    """A contact, bare or as `{"contact": {…}, "contact_inbox": {…}}`."""
    return load_contact(row["contact"] if isinstance(row, dict) and "contact" in row else row)


def load_conversation(row: object) -> Conversation:
    """A conversation; its `id` is the display id everywhere in this API (section 1.9)."""
    it = read(ConversationRow, row)
    sender = (it.meta or {}).get("sender")
    contact_id = sender.get("id") if isinstance(sender, dict) else None
    # Webhooks have it on top, some generations' REST within `meta`, others nowhere (section 7, F4).
    link = it.contact_inbox or (it.meta or {}).get("contact_inbox")
    source_id = link.get("source_id") if isinstance(link, dict) else None
    return Conversation(
        display_id=it.id,
        status=it.status,
        contact_id=contact_id if isinstance(contact_id, int) else None,
        inbox_id=it.inbox_id,
        source_id=source_id if isinstance(source_id, str) else None,
        updated_at=it.updated_at,
        uuid=it.uuid,
    )


def load_status(row: object) -> str:
    """The status that a toggle_status left behind (F10); it need not be the one asked for."""
    status = row.get("current_status") if isinstance(row, dict) else None
    if not isinstance(status, str):
        raise Unreadable("current_status")
    return status


def load_inbox(row: object) -> Inbox:
    """The inbox that the bot writes to."""
    it = read(InboxRow, row)
    return Inbox(
        id=it.id,
        name=it.name,
        channel_type=it.channel_type,
        identifier=it.inbox_identifier,
        locks_to_single_conversation=it.lock_to_single_conversation,
        greets=it.greeting_enabled,
        answers_out_of_hours=it.working_hours_enabled,
        asks_for_email=it.enable_email_collect,
        assigns=it.enable_auto_assignment,
        webhook_url=it.webhook_url or None,
        has_secret=bool(it.secret),
    )


def load_profile(row: object) -> Profile:
    """The owner of the token (GET /api/v1/profile)."""
    it = read(ProfileRow, row)
    accounts = [account for account in it.accounts or [] if isinstance(account, dict)]
    return Profile(
        user_id=it.id,
        roles={
            account["id"]: str(account.get("role") or it.role or "")
            for account in accounts
            if "id" in account
        },
    )


def dump_phone_filter(phone: str) -> dict[str, object]:
    """The exact look-up by phone (F2): without `+`, for the server prepends one itself."""
    return {
        "payload": [
            {
                "attribute_key": "phone_number",
                "filter_operator": "equal_to",
                "values": [phone.removeprefix("+")],
                "query_operator": None,
            }
        ]
    }
