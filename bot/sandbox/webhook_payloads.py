"""Bodies of One-Link's webhooks. They differ from REST in names, types and in what they leave out."""

from datetime import UTC, datetime

from bot.sandbox.answers import Row
from bot.sandbox.conversation_views import (
    attachment_views,
    attributes_of,
    latest_public,
    message_view,
    sender_of,
    unread,
)
from bot.sandbox.rows import MESSAGE_TYPES
from bot.sandbox.world import Event, World

_NAMES = {number: name for name, number in MESSAGE_TYPES.items()}
_CLASSES = {"user": "User", "agent_bot": "AgentBot", "contact": "Contact"}


def webhook_payload(world: World, event: Event) -> Row:
    """The body for an event, as things are at this moment."""
    conversation = webhook_conversation(world, event.conversation)
    if event.message is not None:
        return {"event": event.name} | _message(world, event.conversation, event.message, conversation)
    if event.actor is not None:
        user = _person(world, event.actor)
        return {
            "event": event.name,
            "user": user,
            "conversation": conversation,
            "is_private": event.private,
        }
    return conversation | {"event": event.name, "changed_attributes": _changed(event)}


def webhook_conversation(world: World, conversation: Row) -> Row:
    """A conversation without `uuid`; times are Unix seconds, only `updated_at` has a fraction."""
    contact = world.contacts.get(conversation["contact_id"])
    assignee = world.users.get(conversation["assignee_id"])
    copied = (
        "id",
        "inbox_id",
        "status",
        "labels",
        "additional_attributes",
        "custom_attributes",
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
        "can_reply": True,
        "campaign": None,
        "campaign_id": None,
        "channel": "Channel::Api",
        "contact_inbox": _contact_inbox(world, conversation),
        "messages": [_latest(world, conversation, message) for message in latest_public(conversation)],
        "meta": {
            "sender": _contact(world, contact) | {"type": "contact"} if contact else None,
            "assignee": _staff(assignee) if assignee else None,
            "assignee_type": "User" if assignee else None,
            "team": world.teams.get(conversation["team_id"]),
            "hmac_verified": False,
        },
        "unread_count": unread(conversation),
        "assignee_last_seen_at": 0,
        "timestamp": conversation["last_activity_at"],
        "updated_at": float(conversation["updated_at"]),
    }


def _message(world: World, conversation: Row, message: Row, shown: Row) -> Row:
    inbox = world.inboxes[conversation["inbox_id"]]
    payload = {key: message[key] for key in ("id", "content_type", "private", "source_id")} | {
        "content": _content(world, conversation, message),
        "content_attributes": attributes_of(message),
        "additional_attributes": {},
        "message_type": _NAMES[message["message_type"]],
        "created_at": _iso(message["created_at"]),
        "account": _account(world),
        "inbox": {"id": inbox["id"], "name": inbox["name"]},
        "conversation": shown,
        "sender": _person(world, message["sender"]) if message["sender"] else None,
    }
    if message["attachments"]:
        payload["attachments"] = attachment_views(world, message)
    return payload


def _content(world: World, conversation: Row, message: Row) -> str | None:
    """Line breaks of the editor made plain; only here a survey has its address."""
    content: str | None = message["content"]
    if content is None:
        return None
    if message["content_type"] == "input_csat":
        content = f"{content} {world.url}/survey/responses/{conversation['uuid']}"
    return content.replace("\\\n", "\n").rstrip("\n")


def _person(world: World, actor: Row) -> Row:
    """The one who wrote or types. Only a contact has no `type`."""
    if actor["type"] == "contact":
        contact = world.contacts.get(actor["id"])
        return _contact(world, contact) | {"account": _account(world)} if contact else {"id": actor["id"]}
    if actor["type"] == "user" and (user := world.users.get(actor["id"])) is not None:
        return {key: user[key] for key in ("id", "name", "email")} | {"type": "user"}
    return {key: actor.get(key) for key in ("id", "name", "type")}


def _contact(world: World, contact: Row) -> Row:
    owner = world.users.get(contact["owner_id"])
    return sender_of(contact) | {"owner": _staff(owner) if owner else None}


def _staff(user: Row) -> Row:
    return {"id": user["id"], "name": user["name"], "available_name": user["name"], "type": "user"}


def _latest(world: World, conversation: Row, message: Row) -> Row:
    """Here, as in REST, `message_type` is a number and `created_at` Unix seconds."""
    sender = message["sender"] or {}
    return message_view(world, conversation, message) | {
        "sender_type": _CLASSES.get(sender.get("type", "")),
        "sender_id": sender.get("id"),
    }


def _contact_inbox(world: World, conversation: Row) -> Row:
    place = conversation["inbox_id"], conversation["source_id"]
    for link in world.contact_inboxes.values():
        if (link["inbox_id"], link["source_id"]) == place:
            keys = ("id", "contact_id", "inbox_id", "source_id", "created_at", "updated_at")
            more = {"hmac_verified": False, "pubsub_token": f"pubsub-{link['id']}"}
            return {key: link[key] for key in keys} | more
    return {}


def _changed(event: Event) -> list[Row] | None:
    """One-Link leaves them out of `conversation_status_changed` and has none for a new conversation."""
    if event.changes is None:
        return None
    return [
        {attribute: {"previous_value": former, "current_value": present}}
        for attribute, (former, present) in event.changes.items()
    ]


def _account(world: World) -> Row:
    return {"id": world.account_id or 1, "name": "Clinic"}


def _iso(unix: int) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
