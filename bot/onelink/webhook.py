"""Webhooks of One-Link: whether they are genuine, and what they ring for.

Pure functions. Shapes: onelink-conversations-api, sections 2.1-2.4, 2.8 and F12-F21, F24. Nothing here
raises, whatever came in.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from bot.domain.doorbell import Doorbell
from bot.domain.thread import OURS, SURVEY, Kind
from bot.onelink.wire_messages import KINDS

MESSAGE_EVENTS = frozenset({"message_created", "message_updated"})
TYPING_EVENTS: Mapping[str, bool] = {"conversation_typing_on": True, "conversation_typing_off": False}
CONVERSATION_EVENTS = frozenset(
    {
        "conversation_created",
        "conversation_status_changed",
        "conversation_updated",
        "conversation_opened",  # these two only from an agent bot's webhook
        "conversation_resolved",
    }
)

#: Seconds by which a signature's time may differ from ours.
TOLERANCE_S = 300

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_URL = re.compile(r"https?://[^\s<>\"'()\[\]]+", re.IGNORECASE)


def verified(raw: bytes, headers: Mapping[str, str], secret: str | None, now: datetime) -> bool:
    """Whether a webhook may ring (section 2.2): False only for a signature that does not hold.

    Inbox webhooks of some generations are not signed at all: those pass, and so does everything while
    we have no secret, for all they can do is make us look.
    """
    given = {name.lower(): value for name, value in headers.items()}
    signature, timestamp = given.get("x-chatwoot-signature"), given.get("x-chatwoot-timestamp")
    if not secret or (signature is None and timestamp is None):
        return True
    if signature is None or timestamp is None or not _TIMESTAMP.fullmatch(timestamp):
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_S:
        return False
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + raw, "sha256").hexdigest()
    return hmac.compare_digest(f"sha256={digest}".encode(), signature.encode(errors="backslashreplace"))


def read_doorbell(raw: bytes) -> Doorbell | None:
    """What rang; None for anything that is not an event about a conversation."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    event = body.get("event") if isinstance(body, dict) else None
    if not isinstance(event, str):
        return None
    if event in CONVERSATION_EVENTS:
        return Doorbell(
            event=event, conversation_id=_id(body), inbox_id=_inbox_id(body), status=_text(body, "status")
        )
    if event not in MESSAGE_EVENTS and event not in TYPING_EVENTS:
        return None
    conversation = _object(body, "conversation")
    inbox_id = _inbox_id(body) or _inbox_id(conversation)
    status = _text(conversation, "status")
    bell = Doorbell(event=event, conversation_id=_id(conversation), inbox_id=inbox_id, status=status)
    if event in MESSAGE_EVENTS:
        return replace(
            bell,
            message_id=_id(body),
            for_client=_is_for_client(body),
            deleted=_object(body, "content_attributes").get("deleted") is True,
            survey=_survey(body),
        )
    return replace(bell, typing=TYPING_EVENTS[event] if _by_operator(body) else None)


def _by_operator(body: Mapping[str, Any]) -> bool:
    """Contacts have no `type`; what is typed into a private note is nothing for clients."""
    return _object(body, "user").get("type") == "user" and body.get("is_private") is False


def _is_for_client(body: Mapping[str, Any]) -> bool:
    """The echoes of what clients and the bot wrote ring, too (sections 2.3 and 2.5): those need no look."""
    kind = body.get("message_type")
    known = KINDS.get(kind) if isinstance(kind, int | str) else None
    ours = (_text(body, "source_id") or "").startswith(OURS)
    return body.get("private") is False and known in (Kind.OUTGOING, Kind.TEMPLATE) and not ours


def _survey(body: Mapping[str, Any]) -> str | None:
    """The link of a request to rate the conversation: REST does not tell it (section 2.3)."""
    kind, content = body.get("message_type"), body.get("content")
    if not isinstance(kind, int | str) or KINDS.get(kind) is not Kind.TEMPLATE:
        return None
    if body.get("content_type") != SURVEY or not isinstance(content, str):
        return None
    if body.get("event") != "message_created":
        return None  # the client's rating changes the message, and must not ask again
    # The clinic may word the request, and link to other things in it.
    urls = [url.rstrip(".,;:!?*_") for url in _URL.findall(content)]
    return next((url for url in urls if "/survey/" in url), urls[0] if urls else None)


def _inbox_id(body: Mapping[str, Any]) -> int | None:
    return _id(_object(body, "inbox")) or _id(body, "inbox_id")


def _text(body: Mapping[str, Any], key: str) -> str | None:
    value = body.get(key)
    return value if isinstance(value, str) else None


def _object(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def _id(body: Mapping[str, Any], key: str = "id") -> int | None:
    value = body.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
