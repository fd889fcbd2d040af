"""One chat between a person and the bot: the messages both see, and what is on the screen besides."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.signals import Signal

Json = dict[str, Any]

# A chat action ("typing…") is shown for five seconds or until the next message.
ACTION_SHOWN = timedelta(seconds=5)


@dataclass
class Person:
    """Somebody with a Telegram account. A language_code of None is absent from updates."""

    id: int
    first_name: str = "Client"
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "ru"
    phone: str = ""

    def __post_init__(self) -> None:
        self.phone = self.phone or f"+7701{self.id % 10_000_000:07d}"

    def user(self) -> Json:
        """The `User` of the Bot API."""
        optional = {
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language_code,
        }
        given = {name: value for name, value in optional.items() if value}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name} | given

    def described(self) -> Json:
        """All of it, for the control routes."""
        return {
            "id": self.id,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language_code,
            "phone": self.phone,
        }


@dataclass
class Message:
    """A message. `body` holds the fields of the Bot API that are its content (text, document …)."""

    message_id: int
    sender: Json
    date: int
    body: Json
    markup: Json | None = None
    edit_date: int | None = None
    history: list[str] = field(default_factory=list)
    deleted: bool = False
    reply_to: "Message | None" = None

    @property
    def from_bot(self) -> bool:
        return bool(self.sender["is_bot"])

    @property
    def shown_text(self) -> str:
        """What can be read in the bubble: the text or the caption."""
        return str(self.body.get("text") or self.body.get("caption") or "")

    @property
    def buttons(self) -> list[list[Json]]:
        """Rows of inline buttons, as the Bot API got them."""
        rows: list[list[Json]] = (self.markup or {}).get("inline_keyboard", [])
        return rows

    def edit(self, body: Json, markup: Json | None, date: int) -> None:
        """Replace the content; the words that were there before stay in `history`."""
        self.history.append(self.shown_text)
        self.body, self.markup, self.edit_date = body, markup, date

    def described(self) -> Json:
        """The message as a person sees it, for the control routes."""
        kind = next((name for name in _KINDS if name in self.body), "text")
        shown = {
            "message_id": self.message_id,
            "from": "bot" if self.from_bot else "person",
            "kind": kind,
            "text": self.shown_text,
            "entities": self.body.get("entities") or self.body.get("caption_entities") or [],
            "buttons": [[_described_button(button) for button in row] for row in self.buttons],
            "edits": len(self.history),
            "history": self.history,
            "date": self.date,
            "edit_date": self.edit_date,
            "deleted": self.deleted,
            "reply_to": self.reply_to.message_id if self.reply_to else None,
            "media_group_id": self.body.get("media_group_id"),
        }
        if not self.from_bot:
            shown["name"] = self.sender["first_name"]
        if kind in FILE_KINDS:
            return shown | {kind: _described_file(kind, self.body[kind])}
        return shown if kind == "text" else shown | {kind: self.body[kind]}


FILE_KINDS = ("animation", "document", "photo", "voice", "sticker", "video", "video_note", "audio")
"""An animation has a document beside it, for old programs: it has to be looked for first."""
_KINDS = (*FILE_KINDS, "contact", "venue", "location")
# Telegram does not say these: it makes every photo a JPEG, every sticker a WebP, every video note an MP4.
_MIME_TYPES = {"photo": "image/jpeg", "sticker": "image/webp", "video_note": "video/mp4"}


def _described_file(kind: str, content: Any) -> Json:
    """One file, whatever its kind: `file_id`, `file_size`, `mime_type`, `file_name` (None for most kinds).

    Of a photo it is the largest of its sizes; the rest is as in the Bot API. Its bytes are at
    `/_sandbox/files/<file_id>`.
    """
    file: Json = content[-1] if isinstance(content, list) else content
    return {"file_name": None, "mime_type": _MIME_TYPES.get(kind)} | file


def _described_button(button: Json) -> Json:
    """`text`, `style` and what the button does: `data`, `url`, `copy_text` (a string) or another action."""
    shown = {name: value for name, value in button.items() if name not in ("callback_data", "copy_text")}
    if "callback_data" in button:
        shown["data"] = button["callback_data"]
    if "copy_text" in button:
        shown["copy_text"] = button["copy_text"]["text"]
    return shown


@dataclass
class Query:
    """A tap that the bot has to answer."""

    query_id: str
    message_id: int
    data: str
    asked_at: datetime
    answered: bool = False


class Chat:
    """State of one chat. `version` grows with every visible change."""

    def __init__(self, chat_id: int, person: Person) -> None:
        self.id = chat_id
        self.person = person
        self.messages: dict[int, Message] = {}
        self.keyboard: Json | None = None
        self.keyboard_message_id: int | None = None
        self.toasts: list[Json] = []
        self.queries: dict[str, Query] = {}
        self.action: tuple[str, datetime] | None = None
        self.started = False
        self.blocked = False
        self.version = 1
        self.signal = Signal()

    @property
    def is_group(self) -> bool:
        return self.id < 0

    def changed(self) -> None:
        """Count a visible change and wake those who look at this chat."""
        self.version += 1
        self.signal.fire()

    def add(self, message: Message) -> None:
        """A new message at the end; a reply keyboard that came with it replaces the present one."""
        self.messages[message.message_id] = message
        markup = message.markup or {}
        if "keyboard" in markup:
            self.keyboard, self.keyboard_message_id = markup, message.message_id
        elif "remove_keyboard" in markup:
            self.hide_keyboard()
        if message.from_bot:
            self.action = None
        self.changed()

    def hide_keyboard(self) -> None:
        self.keyboard = self.keyboard_message_id = None

    def delete(self, message: Message) -> None:
        """The message vanishes for both sides, and with it the reply keyboard it brought."""
        message.deleted = True
        if message.message_id == self.keyboard_message_id:
            self.hide_keyboard()
        self.changed()

    def visible(self, message_id: int | None) -> Message | None:
        """The message with this id, unless it was deleted or never existed."""
        message = self.messages.get(message_id) if message_id is not None else None
        return message if message and not message.deleted else None

    def newest_first(self) -> list[Message]:
        """What is on the screen, the latest first."""
        return [message for message in reversed(self.messages.values()) if not message.deleted]

    def chat_json(self) -> Json:
        """The `Chat` of the Bot API."""
        if self.is_group:
            return {"id": self.id, "type": "supergroup", "title": "Group"}
        kept = ("id", "first_name", "last_name", "username")
        user = self.person.user()
        return {name: user[name] for name in kept if name in user} | {"type": "private"}

    def message_json(self, message: Message, *, as_replied: bool = False) -> Json:
        """The `Message` of the Bot API. One that is replied to does not say what it replied to itself."""
        result = {
            "message_id": message.message_id,
            "from": message.sender,
            "chat": self.chat_json(),
            "date": message.date,
        } | message.body
        if message.edit_date is not None:
            result["edit_date"] = message.edit_date
        if message.buttons:
            result["reply_markup"] = message.markup
        if message.reply_to is not None and not as_replied:
            result["reply_to_message"] = self.message_json(message.reply_to, as_replied=True)
        return result

    def described(self, now: datetime) -> Json:
        """What the person sees, for the control routes."""
        typing = self.action[0] if self.action and now < self.action[1] else None
        return {
            "chat_id": self.id,
            "version": self.version,
            "person": self.person.described(),
            "messages": [message.described() for message in self.messages.values()],
            "keyboard": self.keyboard["keyboard"] if self.keyboard else None,
            "keyboard_options": {
                name: value for name, value in (self.keyboard or {}).items() if name != "keyboard"
            },
            "toasts": self.toasts,
            "waiting": [
                {"query_id": query.query_id, "message_id": query.message_id, "data": query.data}
                for query in self.queries.values()
                if not query.answered
            ],
            "typing": typing,
            "started": self.started,
            "blocked": self.blocked,
        }
