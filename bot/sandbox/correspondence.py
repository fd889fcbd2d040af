"""How conversations start and messages are written, whichever API asked for it."""

import re
from collections.abc import Sequence
from typing import Any

from bot.sandbox.answers import Crashed, Refused, Row, is_true, text
from bot.sandbox.attachments import MOST_ATTACHMENTS, Upload, attachment_row
from bot.sandbox.ownership import STATUSES, Ownership
from bot.sandbox.rows import MESSAGE_TYPES
from bot.sandbox.world import World

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
        self.ownership = Ownership(world)

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

    def write(self, conversation: Row, body: Row, sender: Row | None, uploads: Sequence[Upload] = ()) -> Row:
        """Add a message. SourceTaken when its `source_id` is in use; Refused when One-Link declines it.

        An incoming message reopens a snoozed or resolved conversation: to `pending` when a bot is attached
        to the inbox, otherwise to `open`, that is, to the operators. Without a sender it is One-Link's own:
        an automation, a survey.
        """
        world, now = self.world, int(self.world.clock.now().timestamp())
        source_id = text(body.get("source_id"))
        key = (conversation["inbox_id"], source_id)
        if source_id and key in world.message_keys:
            raise SourceTaken(*world.message_keys[key])
        kind = MESSAGE_TYPES.get(body.get("message_type") or "outgoing", 1)
        content = body.get("content")
        self._refuse(conversation, content, uploads, now)
        if kind == MESSAGE_TYPES["outgoing"] and content is not None:
            content = _LIQUID.sub("", str(content))  # a template engine runs over outgoing texts
        delay = float(world.switches["attachment_delay"])
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
                "created_at": now,
                "attachments": [attachment_row(it, world.files.keep(it, delay)) for it in uploads],
            }
        )
        conversation["messages"].append(message)
        if source_id:
            world.message_keys[key] = (conversation, message)
        conversation["last_activity_at"] = now
        self.ownership.touch(conversation)
        if kind == MESSAGE_TYPES["incoming"]:
            self._woken(conversation)
        elif sender is not None and sender["type"] == "user" and not message["private"]:
            self._answered(conversation, now)
        world.happened("message_created", conversation, message)
        return message

    def _refuse(self, conversation: Row, content: Any, uploads: Sequence[Upload], now: int) -> None:
        if content is not None and len(str(content)) > LONGEST_CONTENT:
            raise Refused(422, f"Content is too long (maximum is {LONGEST_CONTENT} characters)")
        if len(uploads) > MOST_ATTACHMENTS:
            raise Refused(422, "Attachments exceeded maximum allowed")
        latest = conversation["messages"][-MESSAGES_PER_MINUTE:]
        if sum(1 for message in latest if message["created_at"] > now - 60) >= MESSAGES_PER_MINUTE:
            raise Refused(422, "Too many messages")

    def _woken(self, conversation: Row) -> None:
        conversation["waiting_since"] = conversation["last_activity_at"]
        conversation["contact_typing_at"] = None
        if conversation["status"] == "snoozed":
            self.ownership.move(conversation, "open")
        elif conversation["status"] == "resolved":
            attached = self.world.inboxes[conversation["inbox_id"]]["bot_attached"]
            self.ownership.move(conversation, "pending" if attached else "open")

    def _answered(self, conversation: Row, now: int) -> None:
        """A person of the clinic has replied: nobody waits any more."""
        conversation["waiting_since"] = 0
        conversation["first_reply_created_at"] = conversation["first_reply_created_at"] or now

    def _reply_to(self, conversation: Row, given: Any) -> Row:
        """`in_reply_to` and `in_reply_to_external_id` fill each other within the conversation."""
        attributes = dict(given) if isinstance(given, dict) else {}
        for message in conversation["messages"]:
            if attributes.get("in_reply_to") == message["id"]:
                attributes["in_reply_to_external_id"] = message["source_id"]
            elif message["source_id"] and attributes.get("in_reply_to_external_id") == message["source_id"]:
                attributes["in_reply_to"] = message["id"]
        return attributes
