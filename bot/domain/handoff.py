"""From "call an operator" until the conversation ends: what is kept, and what has to be passed on yet.

calling   the client has asked for a person; One-Link does not know it yet
human     the conversation is open in One-Link: operators answer, the bot is silent and relays

What clients write meanwhile, and what they ask of the bot, are posts: stored in order with the update
that brought them, and taken out one by one when One-Link has them. Sending a post twice is harmless.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal


class Stage(StrEnum):
    """How far a handoff has come."""

    CALLING = "calling"
    HUMAN = "human"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A client is with the operators. `card_id` is the message that tells how it stands."""

    id: str
    stage: Stage
    since: datetime
    card_id: int | None = None
    told_waiting: bool = False  # that nobody has answered yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Call an operator: `note` is what they read first, in their language; `name` is for a new contact."""

    handoff_id: str
    note: str
    name: str
    kind: Literal["call"] = "call"

    def __repr__(self) -> str:
        return f"Call({self.handoff_id})"


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file a client has sent, by Telegram's name for it. `size` is in bytes, where Telegram tells it."""

    file_id: str
    name: str
    mime_type: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A client's message, as Markdown; `key` is its `source_id` in One-Link. It goes where that handoff's
    call went."""

    key: str
    text: str
    handoff_id: str = ""
    file: SentFile | None = None
    kind: Literal["said"] = "said"

    def __repr__(self) -> str:
        return f"Said({self.key})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A booking has led to this conversation, whose messages up to `cursor` are known: operators may take
    it over."""

    conversation_id: int
    source_id: str
    cursor: int | None  # None: what is there by the time it is looked at is known
    contact_id: int | None = None
    kind: Literal["met"] = "met"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack:
    """The client is with the bot again: the conversation goes back to it, with a note."""

    handoff_id: str
    note: str
    kind: Literal["back"] = "back"


Post = Met | Call | Said | HandBack

#: How long to wait before a post is tried again: 1, 2, 4 … at most 30 s (section 4 of the conversations API).
LONGEST_PAUSE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A client's conversation in One-Link. Only the process that relays for the client writes it.

    contact_id   One-Link's record of the client in this conversation
    handoff_id   the last handoff that led here
    cursor       the last message that was looked at; what comes after it is new
    status       as One-Link last told it; "" before it has
    shown        messages in Telegram that already show parts of the message after the cursor
    quiet_since  when anybody last wrote; answered_at: when an operator did
    """

    conversation_id: int
    source_id: str
    contact_id: int | None = None
    handoff_id: str = ""
    cursor: int = 0
    status: str = ""
    shown: tuple[int, ...] = ()
    quiet_since: datetime
    answered_at: datetime | None = None

    def read(self, message_id: int) -> "Thread":
        """After a message has been dealt with."""
        return replace(self, cursor=max(self.cursor, message_id), shown=())
