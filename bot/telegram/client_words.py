"""What a client sends, as the operators will read it: text in Markdown, and at most one file."""

from zlib import crc32

from aiogram.types import Message

from bot.domain.handoff import Said, SentFile
from bot.telegram.markdown import to_markdown

#: Bytes; Telegram gives bots no larger files (https://core.telegram.org/bots/api#getfile).
LARGEST_FILE = 20 * 1024 * 1024
#: So much of a message that the client answers is quoted.
_QUOTED = 120


def said_in(message: Message, *, mark: str = "") -> Said:
    """A message, under a key that is the same however often Telegram delivers it."""
    file = _file_in(message)
    text = _text_in(message)
    if file is None and not text:
        text = f"[{message.content_type}]"
    key = f"tg:{message.chat.id}:{message.message_id}"
    return Said(key=key, text=f"{_quote_of(message)}{mark}{text}", file=file)


def said_in_edit(message: Message) -> Said:
    """An edited message: a new one to the operators, for theirs cannot be edited."""
    said = said_in(message, mark="✎ ")
    # Edits are dated in whole seconds: two of one second differ in what they say.
    version = f"{message.edit_date or 0}:{crc32(said.text.encode(errors='replace'))}"
    return Said(key=f"{said.key}:{version}", text=said.text)


def is_too_large(said: Said) -> bool:
    """Whether Telegram will not let a bot have the file."""
    return said.file is not None and (said.file.size or 0) > LARGEST_FILE


def _text_in(message: Message) -> str:
    if message.text is not None:
        return to_markdown(message.text, message.entities)
    if message.caption is not None:
        return to_markdown(message.caption, message.caption_entities)
    if message.venue is not None:
        place = message.venue.location
        return f"📍 {message.venue.title}, {message.venue.address}: {_map(place.latitude, place.longitude)}"
    if message.location is not None:
        return f"📍 {_map(message.location.latitude, message.location.longitude)}"
    if message.contact is not None:
        names = (message.contact.first_name, message.contact.last_name)
        return f"☎ {' '.join(name for name in names if name)} {message.contact.phone_number}"
    if message.sticker is not None:
        return message.sticker.emoji or "[sticker]"
    return ""


def _file_in(message: Message) -> SentFile | None:
    number = message.message_id
    if message.photo:
        photo = message.photo[-1]
        return SentFile(photo.file_id, f"photo-{number}.jpg", "image/jpeg", photo.file_size)
    if message.voice:
        mime_type = message.voice.mime_type or "audio/ogg"
        return SentFile(message.voice.file_id, f"voice-{number}.ogg", mime_type, message.voice.file_size)
    if message.video_note:
        note = message.video_note
        return SentFile(note.file_id, f"video-{number}.mp4", "video/mp4", note.file_size)
    # An animation comes as a document, too.
    for kind in (message.animation, message.video, message.audio, message.document):
        if kind is not None:
            mime_type = kind.mime_type or "application/octet-stream"
            return SentFile(kind.file_id, kind.file_name or f"file-{number}", mime_type, kind.file_size)
    return None


def _quote_of(message: Message) -> str:
    """The public API cannot say which message is answered: its beginning is quoted instead."""
    answered = message.reply_to_message
    text = (answered.text or answered.caption or "") if answered is not None else ""
    if not text:
        return ""
    begun = " ".join(text.split())
    shortened = begun if len(begun) <= _QUOTED else begun[: _QUOTED - 1] + "…"
    return f"> {to_markdown(shortened)}\n\n"


def _map(latitude: float, longitude: float) -> str:
    return f"https://maps.google.com/?q={latitude},{longitude}"
