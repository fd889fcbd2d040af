"""The message list of a conversation -> domain.

Pure functions. Shapes: onelink-conversations-api, sections 1.6, 2.3, 2.7 and F23. What one field
of a message holds must not keep the others from being shown: only a message without an id or of an
unheard-of kind is left out.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import structlog

from bot.domain.errors import OneLinkUnreachable
from bot.domain.thread import Attachment, Kind, ThreadMessage
from bot.onelink.file_names import name_in
from bot.onelink.rows import Row, Unreadable, read, row_id

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: REST writes numbers, webhooks words (section 2.3).
KINDS: Mapping[int | str, Kind] = {
    0: Kind.INCOMING,
    1: Kind.OUTGOING,
    2: Kind.ACTIVITY,
    3: Kind.TEMPLATE,
} | {kind.value: kind for kind in Kind}


class SenderRow(Row):
    type: str | None = None
    name: str | None = None
    available_name: str | None = None  # the name that an operator wants to be seen under


class AttachmentRow(Row):
    id: int
    file_type: str = "file"
    data_url: str | None = None
    file_size: int | None = None


class MessageRow(Row):
    id: int
    message_type: int | str
    content: str | None = None
    private: bool | None = None
    source_id: str | None = None
    sender: dict[str, Any] | None = None
    content_type: str | None = None
    status: str | None = None
    content_attributes: dict[str, Any] | None = None
    attachments: list[Any] | None = None


def load_messages(rows: object) -> tuple[ThreadMessage, ...]:
    """The readable messages by id; a list in which not one row has an id is OneLinkUnreachable."""
    if not isinstance(rows, list):
        raise OneLinkUnreachable("unreadable_answer")
    messages = _readable(load_message, rows, "message")
    if rows and not messages and all(row_id(row) is None for row in rows):
        raise OneLinkUnreachable("unreadable_answer")
    return tuple(sorted(messages, key=lambda message: message.id))


def load_message(row: object) -> ThreadMessage:
    """One message. Raises Unreadable."""
    it = read(MessageRow, row)
    if it.message_type not in KINDS:
        raise Unreadable("message_type")
    sender = read(SenderRow, it.sender or {})
    attributes = it.content_attributes or {}
    return ThreadMessage(
        id=it.id,
        kind=KINDS[it.message_type],
        text=tidy(it.content or ""),
        # Of what is neither true nor false the safe reading is that clients must not see it.
        private=_is_set(row, "private") if it.private is None else it.private,
        source_id=it.source_id or None,
        sender_type=sender.type,
        sender_name=sender.available_name or sender.name,
        content_type=it.content_type or "text",
        status=it.status or "sent",
        external_error=_text(attributes.get("external_error")),
        deleted=attributes.get("deleted") is True,
        in_reply_to=_text(attributes.get("in_reply_to_external_id")),
        attachments=_readable(load_attachment, it.attachments or [], "attachment"),
    )


def load_attachment(row: object) -> Attachment:
    """A file of a message; a location or a contact card has an empty `url`. Raises Unreadable."""
    it = read(AttachmentRow, row)
    url = it.data_url or ""
    return Attachment(id=it.id, file_type=it.file_type, url=url, name=name_in(url), size=it.file_size)


def tidy(content: str) -> str:
    """As webhooks have it (section 2.3): a backslash before a line's end and the last empty lines go."""
    return content.replace("\\\n", "\n").rstrip("\n")


def _readable(load: Callable[[object], T], rows: list[Any], what: str) -> tuple[T, ...]:
    """The rows that can be read; of the others the log learns the id and the names of the fields."""
    loaded: list[T] = []
    for row in rows:
        try:
            loaded.append(load(row))
        except Unreadable as error:
            log.warning("onelink.row_skipped", load=what, id=row_id(row), fields=str(error))
    return tuple(loaded)


def _is_set(row: object, key: str) -> bool:
    return isinstance(row, dict) and row.get(key) is not None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
