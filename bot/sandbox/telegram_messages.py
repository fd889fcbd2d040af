"""The Bot API's methods about messages: send, edit, delete, answer a tap.

A person has to write first ("chat not found" until then) and can block the bot. Checks run in the order in
which Telegram reports them: content, keyboard, chat.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from bot.sandbox.chat import ACTION_SHOWN, Chat, Message
from bot.sandbox.telegram_files import KINDS, UNCAPTIONED, media_body
from bot.sandbox.telegram_markup import checked_markup
from bot.sandbox.telegram_params import Params
from bot.sandbox.telegram_refusal import Refusal, bad_request
from bot.sandbox.telegram_state import Bot, TelegramState
from bot.sandbox.telegram_text import caption_text, message_text

Json = dict[str, Any]

DELETABLE_FOR = timedelta(hours=48)
ANSWERABLE_FOR = timedelta(minutes=15)
ANSWER_LENGTH = 200
ALBUM_LENGTH = 10
_GROUPED = ("photo", "video", "document", "audio")
_ALONE = ("document", "audio")
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class MessageMethods:
    """Each method takes the parameters of one call and returns its `result`, or raises a Refusal."""

    def __init__(self, state: TelegramState, bot: Bot) -> None:
        self.state = state
        self.bot = bot

    def table(self) -> dict[str, Callable[[Params], object]]:
        """Methods by name, as in the address of a call."""
        named: dict[str, Callable[[Params], object]] = {
            "sendMessage": self.send_message,
            "sendLocation": self.send_location,
            "sendVenue": self.send_venue,
            "sendContact": self.send_contact,
            "sendMediaGroup": self.send_album,
            "copyMessage": self.copy_message,
            "editMessageText": self.edit_text,
            "editMessageCaption": self.edit_caption,
            "editMessageReplyMarkup": self.edit_markup,
            "deleteMessage": self.delete_message,
            "deleteMessages": self.delete_messages,
            "answerCallbackQuery": self.answer_query,
            "sendChatAction": self.send_action,
            "getChat": self.get_chat,
        }
        for kind in KINDS:
            named[f"send{kind.title().replace('_', '')}"] = partial(self.send_media, kind)
        return named

    def send_message(self, params: Params) -> Json:
        rich = message_text(params.text("text"), params.text("parse_mode"), params.data("entities"))
        return self._send(params, {"text": rich.text} | _entities("entities", rich.entities))

    def send_media(self, kind: str, params: Params) -> Json:
        body = media_body(self.state, kind, params)
        return self._send(params, body | ({} if kind in UNCAPTIONED else self._caption(params)))

    def send_album(self, params: Params) -> list[Json]:
        """Photos and videos together, documents or audio files among themselves; one message each."""
        items = params.data("media")
        if not items:
            raise bad_request("there are no messages to send")
        if len(items) > ALBUM_LENGTH:
            raise bad_request("too many messages to send as an album")
        kinds = [str(item.get("type")) for item in items]
        for kind in kinds:
            if kind not in _GROUPED:
                raise bad_request(f"can't parse InputMedia: type \"{kind}\" can't be used in sendMediaGroup")
            if kind in _ALONE and set(kinds) != {kind}:
                raise bad_request(f"{kind} can't be mixed with other media types")
        # Any number nobody else has will do.
        group = {"media_group_id": self.state.next_query_id()}
        bodies = []
        for kind, item in zip(kinds, items, strict=True):
            part = Params(item | {kind: item.get("media")}, params.uploads)
            bodies.append(media_body(self.state, kind, part) | self._caption(part) | group)
        return [self._send(params, body) for body in bodies]

    def send_location(self, params: Params) -> Json:
        return self._send(params, {"location": _point(params)})

    def send_venue(self, params: Params) -> Json:
        if not params.text("title"):
            raise bad_request("VENUE_TITLE_EMPTY")
        point = _point(params)
        venue = {"location": point, "title": params.text("title"), "address": params.text("address")}
        return self._send(params, {"location": point, "venue": venue})

    def send_contact(self, params: Params) -> Json:
        if not params.text("phone_number"):
            raise bad_request("phone number is empty")
        names = ("phone_number", "first_name", "last_name")
        return self._send(
            params, {"contact": {name: params.text(name) for name in names if params.text(name)}}
        )

    def copy_message(self, params: Params) -> Json:
        source = self.state.chats.get(params.integer("from_chat_id") or 0)
        original = source.visible(params.integer("message_id")) if source else None
        if original is None:
            raise bad_request("message to copy not found")
        body = {name: value for name, value in original.body.items() if name != "media_group_id"}
        sent = self._send(params, body)
        return {"message_id": sent["message_id"]}

    def edit_text(self, params: Params) -> Json:
        rich = message_text(params.text("text"), params.text("parse_mode"), params.data("entities"))
        body = {"text": rich.text} | _entities("entities", rich.entities)
        chat, message = self._editable(params)
        if "text" not in message.body:
            raise bad_request("there is no text in the message to edit")
        return self._edit(chat, message, body, checked_markup(params.data("reply_markup"), editing=True))

    def edit_caption(self, params: Params) -> Json:
        caption = self._caption(params)
        chat, message = self._editable(params)
        if "text" in message.body:
            raise bad_request("there is no caption in the message to edit")
        kept = {name: value for name, value in message.body.items() if not name.startswith("caption")}
        markup = checked_markup(params.data("reply_markup"), editing=True)
        return self._edit(chat, message, kept | caption, markup)

    def edit_markup(self, params: Params) -> Json:
        markup = checked_markup(params.data("reply_markup"), editing=True)
        chat, message = self._editable(params)
        return self._edit(chat, message, message.body, markup)

    def delete_message(self, params: Params) -> bool:
        chat = self._chat(params)
        message = chat.visible(params.integer("message_id"))
        if message is None:
            raise bad_request("message to delete not found")
        if self._too_old_to_delete(message):
            raise bad_request("message can't be deleted for everyone")
        chat.delete(message)
        return True

    def delete_messages(self, params: Params) -> bool:
        """Messages that do not exist or may not be deleted are skipped, as Telegram does."""
        chat = self._chat(params)
        ids = params.data("message_ids") or []
        if not 1 <= len(ids) <= 100:
            raise bad_request("there must be 1 to 100 message identifiers to delete")
        for message in filter(None, map(chat.visible, ids)):
            if not self._too_old_to_delete(message):
                chat.delete(message)
        return True

    def answer_query(self, params: Params) -> bool:
        query_id = params.text("callback_query_id")
        chat = next((chat for chat in self.state.chats.values() if query_id in chat.queries), None)
        now = self.state.now()
        if chat is None or now - chat.queries[query_id].asked_at > ANSWERABLE_FOR:
            raise bad_request(_TOO_OLD)
        text = params.text("text")
        if len(text) > ANSWER_LENGTH:
            raise bad_request("MESSAGE_TOO_LONG")
        chat.queries[query_id].answered = True
        if text:
            alert = params.flag("show_alert")
            chat.toasts.append(
                {"text": text, "alert": alert, "date": self.state.timestamp(), "query_id": query_id}
            )
        chat.changed()
        return True

    def send_action(self, params: Params) -> bool:
        chat = self._writable(params)
        chat.action = (params.text("action"), self.state.now() + ACTION_SHOWN)
        chat.changed()
        return True

    def get_chat(self, params: Params) -> Json:
        return self._chat(params).chat_json() | {"accent_color_id": 0, "max_reaction_count": 11}

    def _send(self, params: Params, body: Json) -> Json:
        markup = checked_markup(params.data("reply_markup"))
        chat = self._writable(params)
        self.state.pacing.check(chat.id)
        reply = params.data("reply_parameters") or {}
        replied = chat.visible(reply.get("message_id"))
        if reply and replied is None and not reply.get("allow_sending_without_reply"):
            raise bad_request("message to be replied not found")
        message = self.state.post(chat, self.bot.user(), body, markup)
        message.reply_to = replied
        return chat.message_json(message)

    def _edit(self, chat: Chat, message: Message, body: Json, markup: Json | None) -> Json:
        if body == message.body and markup == message.markup:
            raise bad_request(
                "message is not modified: specified new message content and reply markup "
                "are exactly the same as a current content and reply markup of the message"
            )
        self.state.pacing.check(chat.id)
        message.edit(body, markup, self.state.timestamp())
        chat.changed()
        return chat.message_json(message)

    def _editable(self, params: Params) -> tuple[Chat, Message]:
        chat = self._writable(params)
        message = chat.visible(params.integer("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        # "It is currently only possible to edit messages without reply_markup or with inline keyboards."
        if not message.from_bot or (message.markup and not message.buttons):
            raise bad_request("message can't be edited")
        return chat, message

    def _chat(self, params: Params) -> Chat:
        raw = params.text("chat_id")
        if not raw:
            raise bad_request("chat_id is empty")
        chat = self.state.chats.get(params.integer("chat_id") or 0)
        if chat is None or not chat.started:
            raise bad_request("chat not found")
        return chat

    def _writable(self, params: Params) -> Chat:
        chat = self._chat(params)
        if chat.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return chat

    def _too_old_to_delete(self, message: Message) -> bool:
        return self.state.timestamp() - message.date > DELETABLE_FOR.total_seconds()

    @staticmethod
    def _caption(params: Params) -> Json:
        rich = caption_text(
            params.text("caption"), params.text("parse_mode"), params.data("caption_entities")
        )
        return ({"caption": rich.text} if rich.text else {}) | _entities("caption_entities", rich.entities)


def _entities(name: str, entities: list[Json]) -> Json:
    return {name: entities} if entities else {}


def _point(params: Params) -> Json:
    latitude, longitude = params.number("latitude"), params.number("longitude")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad_request("wrong latitude or longitude specified")
    return {"latitude": latitude, "longitude": longitude}
