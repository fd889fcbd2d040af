"""What was said in a conversation of One-Link, and which messages are for the client.

Shapes and rules: onelink-conversations-api, sections 1.6, 2.5 and 2.7.
"""

from dataclasses import dataclass
from enum import StrEnum

#: Message keys that the bot itself uses in `source_id` all begin like this (section 5): `tg:` what clients
#: wrote, `tgs:` notes. It is the only mark of an echo that is there before our own request has an answer.
OURS = "tg"

#: `content_type` of a request to rate the conversation.
SURVEY = "input_csat"


class Kind(StrEnum):
    """How One-Link files a message."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    ACTIVITY = "activity"  # "Dana resolved the conversation"
    TEMPLATE = "template"  # greeting, out of office, survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a message. `url` leads to it over redirects; `name` may be empty."""

    id: int
    file_type: str  # image, video, audio, file, location, contact
    url: str
    name: str
    size: int | None = None  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """One message of a conversation; ids grow in the order of writing."""

    id: int
    kind: Kind
    text: str  # Markdown as One-Link's editor writes it
    private: bool = False
    source_id: str | None = None
    sender_type: str | None = None  # contact, user, agent_bot; None for automation
    sender_name: str | None = None
    content_type: str = "text"
    status: str = "sent"  # sent, delivered, read, failed
    external_error: str | None = None
    deleted: bool = False
    in_reply_to: str | None = None  # the `source_id` of the message that this one answers
    attachments: tuple[Attachment, ...] = ()


class Whose(StrEnum):
    """What a message is to the bot."""

    OPERATOR = "operator"  # shown to the client; in a conversation of the bot's it takes over
    AUTOMATION = "automation"  # shown to the client, takes nothing over
    SURVEY = "survey"  # its link is shown to the client
    NOT_FOR_CLIENTS = "not for clients"  # notes, activity, greetings, what clients and the bot wrote


def whose(message: ThreadMessage) -> Whose:
    """The decision table of section 2.5, first match."""
    if message.private or message.kind in (Kind.INCOMING, Kind.ACTIVITY):
        return Whose.NOT_FOR_CLIENTS
    if (message.source_id or "").startswith(OURS) or message.sender_type == "agent_bot":
        return Whose.NOT_FOR_CLIENTS
    if message.kind is Kind.TEMPLATE:
        return Whose.SURVEY if message.content_type == SURVEY else Whose.NOT_FOR_CLIENTS
    return Whose.OPERATOR if message.sender_type == "user" else Whose.AUTOMATION
