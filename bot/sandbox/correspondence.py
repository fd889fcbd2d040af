"""What happens to conversations and messages, whichever API asked for it."""

import re
from typing import Any

from bot.sandbox.answers import Crashed, Refused, Row, is_true, text
from bot.sandbox.rows import MESSAGE_TYPES
from bot.sandbox.world import World

STATUSES = ("open", "resolved", "pending", "snoozed")
LONGEST_CONTENT = 150_000
MESSAGES_PER_MINUTE = 200
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)


class SourceTaken(Exception):
    """The source id of a new message is already used in the inbox; carries the message that has it."""

    def __init__(self, conversation: Row, message: Row) -> None:
        super().__init__(message["source_id"])
        self.conversation = conversation
        self.message = message


class Correspondence:
    """Writes conversations and messages into the world and tells its listeners."""

    def __init__(self, world: World) -> None:
        self.world = world

    def link(self, contact: Row, inbox: Row, source_id: str) -> Row:
        """The contact's place in the inbox; the same one again if it exists. Somebody else's is a crash."""
        found = self.linked(inbox, source_id)
        if found is None:
            row = {"contact_id": contact["id"], "inbox_id": inbox["id"], "source_id": source_id}
            return self.world.add("contact_inboxes", row)
        if found["contact_id"] != contact["id"]:
            raise Crashed("source_id belongs to another contact")
        return found

    def linked(self, inbox: Row, source_id: str) -> Row | None:
        key = (inbox["id"], source_id)
        rows = self.world.contact_inboxes.values()
        return next((row for row in rows if (row["inbox_id"], row["source_id"]) == key), None)

    def start(self, inbox: Row, link: Row, body: Row) -> Row:
        """A new conversation; with `lock_to_single_conversation` the last one, whatever else was asked."""
        world = self.world
        earlier = [
            row
            for row in world.rows("conversations")
            if (row["inbox_id"], row["source_id"]) == (inbox["id"], link["source_id"])
        ]
        if inbox["lock_to_single_conversation"] and earlier:
            return earlier[-1]
        contact = world.find("contacts", link["contact_id"])
        status = body.get("status") or "open"
        if status not in STATUSES:
            raise Refused(422, f"'{status}' is not a valid status")
        if inbox["bot_attached"]:
            status = "pending"  # even when `open` was asked for
        if contact["blocked"]:
            status = "resolved"
        conversation = world.add(
            "conversations",
            {
                "inbox_id": inbox["id"],
                "contact_id": contact["id"],
                "source_id": link["source_id"],
                "status": status,
                "assignee_id": body.get("assignee_id") or contact["owner_id"],
                "team_id": body.get("team_id"),
                "custom_attributes": body.get("custom_attributes"),
                "additional_attributes": body.get("additional_attributes"),
            },
        )
        world.happened("conversation_created", conversation)
        return conversation

    def move(self, conversation: Row, status: str, *, snoozed_until: int | None = None) -> None:
        """Set the status; setting the one it has is a silent success."""
        conversation["snoozed_until"] = snoozed_until if status == "snoozed" else None
        if conversation["status"] != status:
            conversation["status"] = status
            self.touch(conversation)
            self.world.happened("conversation_status_changed", conversation)

    def touch(self, conversation: Row) -> None:
        conversation["updated_at"] = round(self.world.clock.now().timestamp(), 3)

    def write(self, conversation: Row, body: Row, sender: Row) -> Row:
        """Add a message. SourceTaken when its `source_id` is in use; Refused when One-Link declines it.

        An incoming message reopens a snoozed or resolved conversation: to `pending` when a bot is attached
        to the inbox, otherwise to `open`, that is, to the operators.
        """
        world, now = self.world, int(self.world.clock.now().timestamp())
        source_id = text(body.get("source_id"))
        key = (conversation["inbox_id"], source_id)
        if source_id and key in world.message_keys:
            raise SourceTaken(*world.message_keys[key])
        kind = MESSAGE_TYPES.get(body.get("message_type") or "outgoing", 1)
        content = body.get("content")
        if content is not None and len(str(content)) > LONGEST_CONTENT:
            raise Refused(422, f"Content is too long (maximum is {LONGEST_CONTENT} characters)")
        if sum(1 for m in conversation["messages"][-MESSAGES_PER_MINUTE:] if m["created_at"] > now - 60) >= (
            MESSAGES_PER_MINUTE
        ):
            raise Refused(422, "Too many messages")
        if kind == MESSAGE_TYPES["outgoing"] and content is not None:
            content = _LIQUID.sub("", str(content))  # a template engine runs over outgoing texts
        message = world.message_row(
            {
                "conversation_id": conversation["id"],
                "content": content,
                "message_type": kind,
                "private": is_true(str(body.get("private") or "")),
                "content_type": body.get("content_type") or "text",
                "content_attributes": self._reply_to(conversation, body.get("content_attributes")),
                "source_id": source_id,
                "sender": sender,
            }
        )
        conversation["messages"].append(message)
        if source_id:
            world.message_keys[key] = (conversation, message)
        conversation["last_activity_at"] = now
        self.touch(conversation)
        if kind == MESSAGE_TYPES["incoming"]:
            self._woken(conversation)
        world.happened("message_created", conversation, message)
        return message

    def _woken(self, conversation: Row) -> None:
        conversation["waiting_since"] = conversation["last_activity_at"]
        if conversation["status"] == "snoozed":
            self.move(conversation, "open")
        elif conversation["status"] == "resolved":
            attached = self.world.inbox(conversation["inbox_id"])["bot_attached"]
            self.move(conversation, "pending" if attached else "open")

    def _reply_to(self, conversation: Row, given: Any) -> Row:
        """`in_reply_to` and `in_reply_to_external_id` fill each other within the conversation."""
        attributes = dict(given) if isinstance(given, dict) else {}
        for message in conversation["messages"]:
            if attributes.get("in_reply_to") == message["id"]:
                attributes["in_reply_to_external_id"] = message["source_id"]
            elif message["source_id"] and attributes.get("in_reply_to_external_id") == message["source_id"]:
                attributes["in_reply_to"] = message["id"]
        return attributes
