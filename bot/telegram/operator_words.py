"""What an operator writes, in the client's chat: text with its formatting, then each file."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.types import BufferedInputFile, Message, ReplyParameters

from bot.dialogue.handoff import attachment_lost
from bot.domain.errors import Gone, OneLinkUnreachable, TooLarge
from bot.domain.thread import Attachment, ThreadMessage
from bot.onelink.files import LARGEST_FILE, Files
from bot.telegram.rich_text import Rich, caption_of, named, to_telegram
from bot.telegram.texts import Words

log = structlog.get_logger(__name__)

#: Bytes; a larger picture goes as a document (https://core.telegram.org/bots/api#sendphoto).
LARGEST_PHOTO = 10 * 1024 * 1024
#: A file that could not be fetched so often is given up: what was written after it must not wait for ever.
TRIES = 5

Part = Callable[[ReplyParameters | None], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class OperatorWords:
    """The parts of one message, for one chat. `tries`: how often this has failed before. `lost`: names of
    the files in whose place the client was told that there was one."""

    bot: Bot
    files: Files
    chat_id: int
    words: Words
    tries: int = 0
    lost: list[str] = field(default_factory=list)

    def parts(self, message: ThreadMessage, *, signed: bool) -> list[Part]:
        """What to send, in order; `signed`: with the operator's name before the text."""
        text = to_telegram(message.text)
        name = message.sender_name if signed else None
        pieces = named(name, text) if name and text else text
        caption = caption_of(pieces) if message.attachments else None
        written = () if caption is not None else pieces
        parts = [self._text(piece) for piece in written]
        for number, attachment in enumerate(message.attachments):
            parts.append(self._file(attachment, caption if number == 0 else None))
        return parts

    def _text(self, piece: Rich) -> Part:
        async def send(reply: ReplyParameters | None) -> Message:
            return await self._say(piece, reply)

        return send

    def _file(self, attachment: Attachment, caption: Rich | None) -> Part:
        async def send(reply: ReplyParameters | None) -> Message:
            try:
                return await self._send_file(attachment, caption, reply)
            except (Gone, TooLarge, TelegramBadRequest, TelegramEntityTooLarge) as error:
                log.warning("attachment_not_passed_on", why=type(error).__name__)
            except (OneLinkUnreachable, TelegramNetworkError, TelegramServerError):
                # Where all of Telegram is away, what is said instead does not get through either.
                if self.tries < TRIES:
                    raise
                log.warning("attachment_given_up")
            name = attachment.name or attachment.file_type
            self.lost.append(name)
            lost = self.words.say(attachment_lost(name))
            said = f"{caption.text}\n{lost}" if caption else lost
            return await self._say(Rich(said, caption.entities if caption else []), reply)

        return send

    async def _say(self, piece: Rich, reply: ReplyParameters | None) -> Message:
        """With its formatting; without it, should Telegram not take that: the words are what counts."""
        try:
            return await self.bot.send_message(
                self.chat_id, piece.text, parse_mode=None, entities=piece.entities, reply_parameters=reply
            )
        except TelegramBadRequest as error:
            if "chat not found" in error.message or not (piece.entities or reply):
                raise
            log.warning("formatting_not_taken")
        return await self.bot.send_message(self.chat_id, piece.text, parse_mode=None)

    async def _send_file(
        self, attachment: Attachment, caption: Rich | None, reply: ReplyParameters | None
    ) -> Message:
        if (attachment.size or 0) > LARGEST_FILE:
            raise TooLarge
        found = await self.files.file(attachment.url)
        file = BufferedInputFile(found.content, found.name or attachment.name or attachment.file_type)
        entities = list(caption.entities) if caption else None
        text = caption.text if caption else None
        more = {"caption": text, "caption_entities": entities, "parse_mode": None, "reply_parameters": reply}
        kind = attachment.file_type
        if kind == "image" and len(found.content) <= LARGEST_PHOTO and found.mime_type != "image/gif":
            try:
                return await self.bot.send_photo(self.chat_id, file, **more)  # type: ignore[arg-type]
            except TelegramBadRequest:
                log.info("picture_sent_as_document")  # too long and narrow, or no picture at all
        elif kind == "video":
            return await self.bot.send_video(self.chat_id, file, **more)  # type: ignore[arg-type]
        elif kind == "audio" and found.mime_type in ("audio/ogg", "audio/opus"):
            return await self.bot.send_voice(self.chat_id, file, **more)  # type: ignore[arg-type]
        elif kind == "audio":
            return await self.bot.send_audio(self.chat_id, file, **more)  # type: ignore[arg-type]
        return await self.bot.send_document(self.chat_id, file, **more)  # type: ignore[arg-type]


def reply_to(message: ThreadMessage, chat_id: int) -> ReplyParameters | None:
    """The client's message that the operator answers, by our own key of it: `tg:<chat>:<message>`."""
    prefix, _, rest = (message.in_reply_to or "").partition(":")
    chat, _, number = rest.partition(":")
    number = number.partition(":")[0]
    if prefix != "tg" or chat != str(chat_id) or not (number.isascii() and number.isdigit()):
        return None
    return ReplyParameters(message_id=int(number), allow_sending_without_reply=True)
