"""Whose a conversation is: its status, assignee and team; and who is typing in it."""

from bot.sandbox.activity import assignee_sentence, status_sentence, team_sentence
from bot.sandbox.answers import Row
from bot.sandbox.rows import MESSAGE_TYPES
from bot.sandbox.world import Changes, World

STATUSES = ("open", "resolved", "pending", "snoozed")


def acting(user: Row) -> Row:
    """A user as the sender of a message, or as the one who did something."""
    return {"id": user["id"], "name": user["name"], "type": "user"}


class Ownership:
    """Changes a conversation, writes the activity message about it, and tells the world's listeners."""

    def __init__(self, world: World) -> None:
        self.world = world

    def touch(self, conversation: Row) -> None:
        conversation["updated_at"] = round(self.world.clock.now().timestamp(), 3)

    def updated(self, conversation: Row, changes: Changes) -> None:
        """Something but messages changed; `changes` are the former and the present values by attribute."""
        self.touch(conversation)
        self.world.happened("conversation_updated", conversation, changes=changes)

    def move(
        self, conversation: Row, status: str, *, by: Row | None = None, snoozed_until: int | None = None
    ) -> None:
        """Set the status; setting the one it has is a silent success. `by` None: One-Link itself."""
        conversation["snoozed_until"] = snoozed_until if status == "snoozed" else None
        former = conversation["status"]
        if former == status:
            return
        conversation["status"] = status
        if status == "resolved":
            conversation["waiting_since"] = 0
        self._remark(conversation, status_sentence(status, by))
        self.touch(conversation)
        self.world.happened("conversation_status_changed", conversation)
        self.world.happened("conversation_updated", conversation, changes={"status": (former, status)})

    def assign(self, conversation: Row, user: Row | None, *, by: Row) -> None:
        """Give the conversation to a user, who also becomes the contact's owner; None takes it away."""
        former, user_id = conversation["assignee_id"], user["id"] if user else None
        conversation["assignee_id"] = user_id
        contact = self.world.contacts.get(conversation["contact_id"])
        if contact is not None and user_id is not None:
            contact["owner_id"] = user_id
        if former != user_id:
            self._remark(conversation, assignee_sentence(user, by))
        self.updated(conversation, {"assignee_id": (former, user_id)})

    def assign_team(self, conversation: Row, team: Row | None, *, by: Row) -> None:
        former, team_id = conversation["team_id"], team["id"] if team else None
        conversation["team_id"] = team_id
        if former != team_id:
            sentence = team_sentence(team, self.world.teams.get(former or 0), by)
            self._remark(conversation, sentence)
        self.updated(conversation, {"team_id": (former, team_id)})

    def typing(self, conversation: Row, on: bool, *, by: Row, private: bool = False) -> None:
        """Somebody started or stopped writing."""
        if by["type"] == "contact":
            conversation["contact_typing_at"] = int(self.world.clock.now().timestamp()) if on else None
        event = "conversation_typing_on" if on else "conversation_typing_off"
        self.world.happened(event, conversation, actor=by, private=private)

    def _remark(self, conversation: Row, sentence: str) -> None:
        """An activity message. It has an id and its place in the list, but no webhook speaks of it."""
        row = {
            "conversation_id": conversation["id"],
            "content": sentence,
            "message_type": MESSAGE_TYPES["activity"],
            "created_at": int(self.world.clock.now().timestamp()),
        }
        conversation["messages"].append(self.world.message_row(row))
        conversation["last_activity_at"] = row["created_at"]
