"""What becomes of a message after it was written: delivery, a second try, deletion."""

from bot.sandbox.answers import Refused, Row, not_found
from bot.sandbox.world import World

DELIVERY = ("sent", "delivered", "read", "failed")

DELETED = "Сообщение удалено"
"""One-Link's placeholder, in the language of the account."""


def message_in(conversation: Row, message_id: int) -> Row:
    """The message of this conversation, or One-Link's 404."""
    for message in conversation["messages"]:
        if message["id"] == message_id:
            found: Row = message
            return found
    raise not_found()


class MessageFate:
    """Changes messages that exist; every real change is a `message_updated`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def report(self, conversation: Row, message: Row, status: str, error: str | None = None) -> None:
        """Delivery status. The error stays only with `failed`; `read` never becomes `delivered`."""
        if status not in DELIVERY:
            raise Refused(422, f"'{status}' is not a valid status")
        if message["status"] == "read" and status == "delivered":
            return
        self._set(conversation, message, status=status, external_error=error if status == "failed" else None)

    def retry(self, conversation: Row, message: Row) -> None:
        """The operator's "Retry": it only says `sent` again, One-Link itself sends nothing."""
        if message["source_id"]:
            raise Refused(422, "A message with a source id cannot be retried")
        if message["status"] != "failed":
            raise Refused(422, "Only a failed message can be retried")
        self._set(conversation, message, status="sent", external_error=None)

    def delete(self, conversation: Row, message: Row) -> None:
        """A placeholder stays; the files go, in the storage too."""
        for row in message["attachments"]:
            self.world.files.forget(row["signed"])
        self._set(
            conversation,
            message,
            content=DELETED,
            content_type="text",
            content_attributes={"deleted": True},
            attachments=[],
        )

    def _set(self, conversation: Row, message: Row, **changes: object) -> None:
        if any(message[key] != value for key, value in changes.items()):
            message.update(changes)
            self.world.happened("message_updated", conversation, message)
