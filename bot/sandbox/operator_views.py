"""Conversations as the clinic's page shows them: everything there is, notes and activity included."""

from typing import Any
from urllib.parse import quote

from bot.sandbox.answers import Row
from bot.sandbox.conversation_views import unread
from bot.sandbox.rows import MESSAGE_TYPES
from bot.sandbox.world import World

TYPING_SECONDS = 30
"""How long somebody seems to be typing who never said that they stopped."""

_KINDS = {number: name for name, number in MESSAGE_TYPES.items()}


def conversation_card(world: World, conversation: Row) -> Row:
    """One conversation with all its messages; times are Unix seconds."""
    contact = world.contacts.get(conversation["contact_id"], {})
    assignee = world.users.get(conversation["assignee_id"])
    keys = ("id", "status", "inbox_id", "source_id", "last_activity_at")
    return {key: conversation[key] for key in keys} | {
        "contact": {
            "id": conversation["contact_id"],
            "name": contact.get("full_name"),
            "phone": contact.get("phone"),
        },
        "assignee": {key: assignee[key] for key in ("id", "name")} if assignee else None,
        "unread": unread(conversation),
        "typing": _is_typing(world, conversation),
        "messages": [message_card(world, message) for message in conversation["messages"]],
    }


def message_card(world: World, message: Row) -> Row:
    """`kind` is `note` for what only staff see, else incoming, outgoing, activity or template."""
    keys = ("id", "content", "created_at", "status", "external_error", "source_id")
    attributes = message["content_attributes"]
    return {key: message[key] for key in keys} | {
        "kind": "note" if message["private"] else _KINDS[message["message_type"]],
        "sender": _sender(world, message["sender"]),
        "deleted": bool(attributes.get("deleted")),
        "in_reply_to": attributes.get("in_reply_to"),
        "attachments": [_file(world, row) for row in message["attachments"]],
    }


def _sender(world: World, sender: Row | None) -> Row | None:
    if sender is None:
        return None
    tables: dict[Any, tuple[dict[int, Row], str]] = {
        "contact": (world.contacts, "full_name"),
        "user": (world.users, "name"),
        "agent_bot": (world.agent_bots, "name"),
    }
    table, column = tables.get(sender.get("type"), ({}, "name"))
    name = table.get(sender.get("id", 0), {}).get(column) or sender.get("name")
    return {"name": name, "type": sender.get("type")}


def _file(world: World, row: Row) -> Row:
    url = f"{world.url}/rails/active_storage/blobs/redirect/{row['signed']}/{quote(row['name'], safe='')}"
    return {key: row[key] for key in ("id", "file_type", "name")} | {"size": row["file_size"], "url": url}


def _is_typing(world: World, conversation: Row) -> bool:
    since = conversation["contact_typing_at"]
    return since is not None and 0 <= world.clock.now().timestamp() - since < TYPING_SECONDS
