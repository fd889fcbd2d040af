"""Everything Telegram remembers in the sandbox: bots, people, chats, files, and who called what."""

import itertools
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox.bot_profile import BotProfile
from bot.sandbox.bot_updates import UpdateQueue
from bot.sandbox.bot_webhook import Webhook
from bot.sandbox.chat import Chat, Message, Person
from bot.sandbox.clock import Clock
from bot.sandbox.pacing import Pacing
from bot.sandbox.signals import Signal
from bot.sandbox.telegram_params import Upload

Json = dict[str, Any]

_JOURNAL_LENGTH = 2000
#: Telegram's ids begin anywhere. aiogram keeps the latest updates by id: two of one process that shared
#: one would be compared field by field.
_FIRST_UPDATES = itertools.count(700_000_001, 100_000)


@dataclass
class Bot:
    """A bot, known by its token. It has a queue from the first time it asks for updates or sets a webhook."""

    token: str
    id: int
    profile: BotProfile = field(default_factory=BotProfile)
    queue: UpdateQueue | None = None
    webhook: Webhook | None = None

    def user(self) -> Json:
        """The `User` of the Bot API."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.profile.name,
            "username": self.profile.username,
        }


@dataclass
class PlannedRefusal:
    """A call that shall fail: the next `times` calls of this method (to this chat, when given)."""

    method: str
    chat_id: int | None
    status: int
    description: str
    retry_after: int | None
    times: int


class TelegramState:
    """One Telegram. Updates go to every listening bot; before there is one, they wait for the first."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bots: dict[str, Bot] = {}
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Upload] = {}
        self.journal: deque[Json] = deque(maxlen=_JOURNAL_LENGTH)
        self.pacing = Pacing()
        self.refusals: list[PlannedRefusal] = []
        self.accepted_tokens: set[str] | None = None
        self.changed = Signal()
        self._queues = [UpdateQueue(self.changed, next(_FIRST_UPDATES))]
        self._message_ids = itertools.count(1)
        self._query_ids = itertools.count(4_000_000_000_000_000_001)

    def now(self) -> datetime:
        return self.clock.now()

    def timestamp(self) -> int:
        """The present moment as the Bot API writes it: Unix seconds."""
        return int(self.clock.now().timestamp())

    def bot(self, token: str) -> Bot:
        """The bot with this token; the first call with a new token makes it known."""
        if token not in self.bots:
            self.bots[token] = Bot(token, int(token.partition(":")[0]))
            self.bots_changed()
        return self.bots[token]

    def bots_changed(self) -> None:
        """A bot came or says something else about itself: everybody sees that in their chat."""
        for chat in self.chats.values():
            chat.changed()

    def queue_of(self, bot: Bot) -> UpdateQueue:
        """The bot's updates; from now on it gets every one."""
        if bot.queue is None:
            claimed = {id(other.queue) for other in self.bots.values()}
            if id(self._queues[0]) in claimed:
                self._queues.append(UpdateQueue(self.changed, next(_FIRST_UPDATES)))
            bot.queue = self._queues[-1]
        return bot.queue

    def emit(self, kind: str, payload: Json, lane: str) -> int | None:
        """Send an update to the bots. Returns its id; None when no bot wants this kind."""
        ids = [queue.put(kind, payload, f"{kind} {lane}") for queue in self._queues]
        for bot in self.bots.values():
            if bot.webhook:
                bot.webhook.deliver()
        return next((update_id for update_id in ids if update_id is not None), None)

    def pending(self) -> int:
        """How many updates were not confirmed yet."""
        return sum(len(queue.pending) for queue in self._queues)

    def person(self, user_id: int) -> Person:
        return self.people.setdefault(user_id, Person(user_id))

    def chat(self, chat_id: int, user_id: int | None = None) -> Chat:
        """The chat with this id, opened when needed; the id of a private chat is the person's."""
        if chat_id not in self.chats:
            self.chats[chat_id] = Chat(chat_id, self.person(user_id or abs(chat_id)))
        return self.chats[chat_id]

    def post(self, chat: Chat, sender: Json, body: Json, markup: Json | None = None) -> Message:
        """A new message in a chat. Message ids grow over all chats, as they do for a real bot."""
        message = Message(next(self._message_ids), sender, self.timestamp(), body, markup)
        chat.add(message)
        return message

    def next_query_id(self) -> str:
        return str(next(self._query_ids))

    def keep_file(self, upload: Upload) -> str:
        """Store a file and return its file_id."""
        file_id = f"sandboxFile{len(self.files) + 1:06d}"
        self.files[file_id] = upload
        return file_id

    def close(self) -> None:
        """End all waiting: the server stops."""
        self.changed.close()
        for chat in self.chats.values():
            chat.signal.close()
