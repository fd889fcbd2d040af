"""Rows of the world as the conversation APIs show them."""

from typing import Any

from bot.sandbox.answers import Row
from bot.sandbox.availability import seconds
from bot.sandbox.world import World


def inbox_view(inbox: Row, *, secrets: bool) -> Row:
    """An inbox as its settings page shows it; only administrators see the secrets."""
    view = {
        "id": inbox["id"],
        "channel_id": inbox["id"],
        "name": inbox["name"],
        "channel_type": "Channel::Api",
        "inbox_identifier": inbox["inbox_identifier"],
        "webhook_url": inbox["webhook_url"],
        "lock_to_single_conversation": inbox["lock_to_single_conversation"],
        "hmac_mandatory": inbox["hmac_mandatory"],
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
    if message["external_error"]:
        view["content_attributes"] = view["content_attributes"] | {
            "external_error": message["external_error"]
        }
    if message["attachments"]:
        view["attachments"] = message["attachments"]
    if message["sender"] is not None:
        view["sender"] = _sender_view(world, message["sender"])
    return view


def conversation_view(world: World, conversation: Row, account_id: int | None = None) -> Row:
    """A conversation as both REST and webhooks show it; `id` is the display id."""
    contact = world.contacts.get(conversation["contact_id"])
    assignee = world.users.get(conversation["assignee_id"])
    messages = [m for m in conversation["messages"] if not m["private"] and m["message_type"] != 2][-1:]
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
        "updated_at",
    )
    return {key: conversation[key] for key in copied} | {
        "account_id": account_id or world.account_id or 1,
        "can_reply": True,
        "channel": "Channel::Api",
        "messages": [message_view(world, conversation, message) for message in messages],
        "meta": {
            "sender": (sender_of(contact) | {"type": "contact"}) if contact else None,
            "channel": "Channel::Api",
            "assignee": user_view(assignee) if assignee else None,
            "assignee_type": "User" if assignee else None,
            "team": world.teams.get(conversation["team_id"]),
            "hmac_verified": False,
        },
        "contact_inbox": {
            "contact_id": conversation["contact_id"],
            "inbox_id": conversation["inbox_id"],
            "source_id": conversation["source_id"],
        },
        "timestamp": conversation["last_activity_at"],
        "unread_count": _unread(conversation),
    }


def _sender_view(world: World, sender: Row) -> Row:
    tables: dict[Any, dict[int, Row]] = {"user": world.users, "agent_bot": world.agent_bots}
    if sender.get("type") == "contact":
        contact = world.contacts.get(sender["id"])
        return (sender_of(contact) if contact else sender) | {"type": "contact"}
    row = tables.get(sender.get("type"), {}).get(sender["id"])
    named = {} if row is None else {"name": row["name"], "available_name": row["name"]}
    return {"available_name": sender.get("name")} | sender | named


def _unread(conversation: Row) -> int:
    """Incoming messages since an operator last looked."""
    seen = conversation["agent_last_seen_at"]
    return sum(1 for m in conversation["messages"] if m["message_type"] == 0 and m["created_at"] > seen)
