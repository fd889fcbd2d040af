"""Rows of the world as the conversation APIs show them."""

from itertools import islice
from typing import Any
from urllib.parse import quote

from bot.sandbox.answers import Row
from bot.sandbox.availability import seconds
from bot.sandbox.world import World

_INBOX_SWITCHES = (
    "lock_to_single_conversation",
    "greeting_enabled",
    "working_hours_enabled",
    "enable_email_collect",
    "enable_auto_assignment",
    "hmac_mandatory",
)


def inbox_view(inbox: Row, *, secrets: bool) -> Row:
    """An inbox as its settings page shows it; only administrators see the secrets."""
    view = {
        "id": inbox["id"],
        "channel_id": inbox["id"],
        "name": inbox["name"],
        "channel_type": "Channel::Api",
        "inbox_identifier": inbox["inbox_identifier"],
        "webhook_url": inbox["webhook_url"],
        **{name: inbox[name] for name in _INBOX_SWITCHES},
        "additional_attributes": {},
    }
    if secrets:
        view |= {"hmac_token": inbox.get("hmac_token"), "secret": inbox.get("secret")}
    return view


def inbox_brief(inbox: Row) -> Row:
    brief = {key: inbox[key] for key in ("id", "name")}
    return brief | {
        "channel_id": inbox["id"],
        "channel_type": "Channel::Api",
        "avatar_url": "",
        "provider": None,
    }


def link_view(world: World, link: Row) -> Row:
    """A contact's place in an inbox."""
    return {"source_id": link["source_id"], "inbox": inbox_brief(world.inbox(link["inbox_id"]))}


def contact_view(world: World, contact: Row) -> Row:
    links = [link for link in world.contact_inboxes.values() if link["contact_id"] == contact["id"]]
    return sender_of(contact) | {
        "company_id": contact["company_id"],
        "last_activity_at": None,
        "created_at": seconds(contact["created_at"]),
        "contact_inboxes": [link_view(world, link) for link in links],
    }


def sender_of(contact: Row) -> Row:
    """A contact without its links, as conversations carry it."""
    return {
        "id": contact["id"],
        "name": contact["full_name"],
        "phone_number": contact["phone"],
        "identifier": contact["identifier"],
        "email": contact["email"],
        "thumbnail": "",
        "blocked": contact["blocked"],
        "additional_attributes": contact["additional_attributes"],
        "custom_attributes": contact["custom_attributes"],
        "owner_id": contact["owner_id"],
    }


def user_view(user: Row) -> Row:
    keys = {key: user[key] for key in ("id", "name", "email", "role")}
    return keys | {"available_name": user["name"], "type": "user", "thumbnail": "", "confirmed": True}


def message_view(world: World, conversation: Row, message: Row) -> Row:
    """A message over REST: `message_type` is a number, `created_at` Unix seconds."""
    keys = (
        "id",
        "content",
        "message_type",
        "content_type",
        "content_attributes",
        "created_at",
        "private",
        "source_id",
        "status",
    )
    view = {key: message[key] for key in keys}
    view |= {"inbox_id": conversation["inbox_id"], "conversation_id": conversation["id"]}
    view["content_attributes"] = attributes_of(message)
    if message["attachments"]:
        view["attachments"] = attachment_views(world, message)
    if message["sender"] is not None:
        view["sender"] = _sender_view(world, message["sender"])
    return view


def attributes_of(message: Row) -> Row:
    """`content_attributes` with the error of a failed delivery, which One-Link keeps among them."""
    error = message["external_error"]
    attributes: Row = message["content_attributes"]
    return attributes | {"external_error": error} if error else attributes


def attachment_views(world: World, message: Row) -> list[Row]:
    """The files of a message. The name is in the address only; sizes of pictures are never measured."""
    views = []
    for row in message["attachments"]:
        place = f"redirect/{row['signed']}/{quote(row['name'], safe='')}"
        storage = f"{world.url}/rails/active_storage"
        view = {
            "id": row["id"],
            "message_id": message["id"],
            "file_type": row["file_type"],
            "account_id": world.account_id or 1,
            "extension": None,
            "data_url": f"{storage}/blobs/{place}",
            "thumb_url": f"{storage}/representations/{place}" if row["file_type"] == "image" else "",
            "file_size": row["file_size"],
            "width": None,
            "height": None,
        }
        views.append(view | ({"transcribed_text": ""} if row["file_type"] == "audio" else {}))
    return views


def latest_public(conversation: Row) -> list[Row]:
    """The last message that is neither a note nor activity, in a list; empty when there is none."""
    shown = (m for m in reversed(conversation["messages"]) if not m["private"] and m["message_type"] != 2)
    return list(islice(shown, 1))


def conversation_view(world: World, conversation: Row, account_id: int | None = None) -> Row:
    """A conversation over REST; `id` is the display id. It does not tell the source id (F4)."""
    contact = world.contacts.get(conversation["contact_id"])
    assignee = world.users.get(conversation["assignee_id"])
    copied = (
        "id",
        "uuid",
        "inbox_id",
        "status",
        "labels",
        "custom_attributes",
        "additional_attributes",
        "snoozed_until",
        "first_reply_created_at",
        "priority",
        "waiting_since",
        "agent_last_seen_at",
        "contact_last_seen_at",
        "last_activity_at",
        "created_at",
    )
    return {key: conversation[key] for key in copied} | {
        "account_id": account_id or world.account_id or 1,
        "can_reply": True,
        "channel": "Channel::Api",
        "messages": [message_view(world, conversation, it) for it in latest_public(conversation)],
        "updated_at": float(conversation["updated_at"]),
        "meta": {
            "sender": (sender_of(contact) | {"type": "contact"}) if contact else None,
            "channel": "Channel::Api",
            "assignee": user_view(assignee) if assignee else None,
            "assignee_type": "User" if assignee else None,
            "team": world.teams.get(conversation["team_id"]),
            "hmac_verified": False,
        },
        "timestamp": conversation["last_activity_at"],
        "unread_count": unread(conversation),
    }


def _sender_view(world: World, sender: Row) -> Row:
    tables: dict[Any, dict[int, Row]] = {"user": world.users, "agent_bot": world.agent_bots}
    if sender.get("type") == "contact":
        contact = world.contacts.get(sender["id"])
        return (sender_of(contact) if contact else sender) | {"type": "contact"}
    row = tables.get(sender.get("type"), {}).get(sender["id"])
    named = {} if row is None else {"name": row["name"], "available_name": row["name"]}
    return {"available_name": sender.get("name")} | sender | named


def unread(conversation: Row) -> int:
    """How many incoming messages there are since an operator last looked."""
    seen = conversation["agent_last_seen_at"]
    return sum(1 for m in conversation["messages"] if m["message_type"] == 0 and m["created_at"] > seen)
