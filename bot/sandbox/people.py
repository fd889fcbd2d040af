"""What people do in Telegram, and the updates this makes."""

from typing import Any

from bot.sandbox.chat import Chat, Message, Person, Query
from bot.sandbox.tapping import InlineButton, button_labelled, button_with_data
from bot.sandbox.telegram_files import KINDS, UNCAPTIONED, file_body, sample
from bot.sandbox.telegram_params import Upload
from bot.sandbox.telegram_refusal import Refusal
from bot.sandbox.telegram_state import TelegramState
from bot.sandbox.telegram_text import Entity, caption_text, message_text

Json = dict[str, Any]

_ALMATY = {"latitude": 43.238949, "longitude": 76.889709}
_PLACES: dict[str, Json] = {
    "location": {"location": _ALMATY},
    "venue": {
        "location": _ALMATY,
        "venue": {"location": _ALMATY, "title": "Арбат", "address": "Жібек Жолы 50"},
    },
}


class CannotDo(Exception):
    """The person cannot do this now: nothing to edit, the bot is blocked, nobody knows the message."""


class People:
    """Acts on behalf of the person of a chat. Answers name the message and the update that came of it."""

    def __init__(self, state: TelegramState) -> None:
        self.state = state

    def says(
        self,
        chat: Chat,
        text: str,
        who: Person | None = None,
        *,
        entities: list[Entity] | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """Type a text and send it. `entities` is what the person made bold, a link …; the rest is found."""
        return self._send(chat, _text_body(text, entities), who, reply_to)

    def sends(
        self,
        chat: Chat,
        kind: str,
        caption: str = "",
        *,
        file: Upload | None = None,
        size: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """Send a location, a venue or a file: this one, or a sample of so many bytes."""
        return self._send(chat, self._media(kind, caption, file, size), reply_to=reply_to)

    def sends_album(self, chat: Chat, items: list[Json], reply_to: int | None = None) -> Json:
        """Send several files at once: a message and an update for each, held together by an id.

        An item is `{"kind", "caption"?, "size"?}`.
        """
        # Any number nobody else has will do.
        group = {"media_group_id": self.state.next_query_id()}
        bodies = [
            self._media(str(item["kind"]), str(item.get("caption", "")), None, item.get("size"))
            for item in items
        ]
        if not bodies:
            raise CannotDo("an album needs at least one file")
        sent = [self._send(chat, body | group, reply_to=reply_to) for body in bodies]
        return sent[-1] | {name: [one[name[:-1]] for one in sent] for name in ("message_ids", "update_ids")}

    def _media(self, kind: str, caption: str, file: Upload | None, size: int | None) -> Json:
        if kind in _PLACES:
            return _PLACES[kind]
        if kind not in KINDS:
            raise CannotDo(f"cannot send {kind!r}; there are {', '.join((*_PLACES, *KINDS))}")
        body = file_body(self.state, kind, file or sample(kind, size))
        return body if kind in UNCAPTIONED else body | _caption_body(caption)

    def shares_contact(self, chat: Chat, phone: str, user_id: int | None) -> Json:
        """Send a contact card; one without user_id is from the phone book of somebody not in Telegram."""
        contact: Json = {"phone_number": phone, "first_name": chat.person.first_name}
        if user_id != chat.person.id:
            contact["first_name"] = "Contact"
        elif chat.person.last_name:
            contact["last_name"] = chat.person.last_name
        if user_id is not None:
            contact["user_id"] = user_id
        self._keyboard_used(chat)
        return self._send(chat, {"contact": contact})

    def edits(self, chat: Chat, message_id: int | None, text: str) -> Json:
        """Change an own message, the last one by default."""
        own = [m for m in chat.newest_first() if not m.from_bot and "text" in m.body]
        message = next((m for m in own if message_id in (None, m.message_id)), None)
        if message is None:
            raise CannotDo("there is no such message of this person to edit")
        message.edit(_text_body(text, None), None, self.state.timestamp())
        chat.changed()
        update_id = self.state.emit("edited_message", chat.message_json(message), str(chat.id))
        return {"message_id": message.message_id, "update_id": update_id}

    def deletes(self, chat: Chat, message_id: int) -> Json:
        """Delete a message for both sides. Bots are not told."""
        message = chat.visible(message_id)
        if message is None:
            raise CannotDo("there is no such message to delete")
        chat.delete(message)
        return {"message_id": message_id, "update_id": None}

    def blocks(self, chat: Chat, blocked: bool) -> Json:
        """Block the bot or let it write again; bots are told of the change."""
        if chat.blocked == blocked:
            return {"update_id": None}
        chat.blocked = blocked
        chat.changed()
        bot = next(iter(self.state.bots.values()), None)
        user = bot.user() if bot else {"id": 0, "is_bot": True, "first_name": "Bot"}
        member = {"user": user, "status": "member"}
        banned = {"user": user, "status": "kicked", "until_date": 0}
        payload = {
            "chat": chat.chat_json(),
            "from": chat.person.user(),
            "date": self.state.timestamp(),
            "old_chat_member": member if blocked else banned,
            "new_chat_member": banned if blocked else member,
        }
        return {"update_id": self.state.emit("my_chat_member", payload, str(chat.id))}

    def taps_label(
        self, chat: Chat, label: str, message_id: int | None = None, who: Person | None = None
    ) -> Json:
        """Press the button with this label. Links and copied codes stay on the phone: no update."""
        found = button_labelled(chat, label, message_id)
        if isinstance(found, InlineButton):
            return self._press(chat, found, who)
        button = found.button
        if button.get("request_contact"):
            return self.shares_contact(chat, chat.person.phone, chat.person.id)
        self._keyboard_used(chat)
        if button.get("request_location"):
            return self.sends(chat, "location")
        return self.says(chat, str(button["text"]), who)

    def taps_data(self, chat: Chat, data: str, message_id: int | None, who: Person | None = None) -> Json:
        """Send callback data, also from a card that has changed meanwhile: taps travel, keyboards change."""
        if message_id is None:
            return self._press(chat, button_with_data(chat, data), who)
        message = chat.messages.get(message_id)
        if message is None or not message.from_bot:
            raise CannotDo(f"there is no message {message_id} of the bot")
        return self._press(chat, InlineButton(message, {"callback_data": data}), who)

    def _press(self, chat: Chat, found: InlineButton, who: Person | None) -> Json:
        button, message = found.button, found.message
        if "callback_data" not in button:
            shown = {name: button[name] for name in ("url", "copy_text") if name in button}
            return {"message_id": message.message_id, "update_id": None} | shown
        if chat.blocked:
            raise CannotDo("this person has blocked the bot")
        query = Query(
            self.state.next_query_id(), message.message_id, str(button["callback_data"]), self.state.now()
        )
        chat.queries[query.query_id] = query
        chat.changed()
        person = who or chat.person
        inaccessible = {"chat": chat.chat_json(), "message_id": message.message_id, "date": 0}
        payload = {
            "id": query.query_id,
            "from": person.user(),
            "message": inaccessible if message.deleted else chat.message_json(message),
            "chat_instance": str(chat.id * 7919),
            "data": query.data,
        }
        update_id = self.state.emit("callback_query", payload, str(person.id))
        return {"message_id": message.message_id, "query_id": query.query_id, "update_id": update_id}

    def _send(self, chat: Chat, body: Json, who: Person | None = None, reply_to: int | None = None) -> Json:
        if chat.blocked:
            raise CannotDo("this person has blocked the bot")
        replied = chat.visible(reply_to)
        if reply_to is not None and replied is None:
            raise CannotDo(f"there is no message {reply_to} to reply to")
        person = who or chat.person
        chat.started = True
        message = self.state.post(chat, person.user(), body)
        message.reply_to = replied
        update_id = None
        if self._bot_sees(chat, message):
            update_id = self.state.emit("message", chat.message_json(message), str(chat.id))
        return {"message_id": message.message_id, "update_id": update_id}

    def _bot_sees(self, chat: Chat, message: Message) -> bool:
        """In groups a bot in privacy mode, the default, sees commands and its own name only."""
        text = message.shown_text
        named = any(f"@{bot.profile.username}" in text for bot in self.state.bots.values())
        return not chat.is_group or text.startswith("/") or named

    @staticmethod
    def _keyboard_used(chat: Chat) -> None:
        if (chat.keyboard or {}).get("one_time_keyboard"):
            chat.hide_keyboard()
            chat.changed()


def _text_body(text: str, entities: list[Entity] | None) -> Json:
    try:
        rich = message_text(text, "", entities)
    except Refusal as refusal:
        raise CannotDo(f"a person cannot send this: {refusal.description}") from None
    return {"text": rich.text} | ({"entities": rich.entities} if rich.entities else {})


def _caption_body(caption: str) -> Json:
    try:
        rich = caption_text(caption, "", None)
    except Refusal as refusal:
        raise CannotDo(f"a person cannot send this: {refusal.description}") from None
    entities = {"caption_entities": rich.entities} if rich.entities else {}
    return ({"caption": rich.text} if rich.text else {}) | entities
