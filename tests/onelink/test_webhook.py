"""What rings the bot: the webhooks of F12-F21, the signature of F24, and garbage."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.doorbell import Doorbell
from bot.onelink.webhook import (
    CONVERSATION_EVENTS,
    MESSAGE_EVENTS,
    TYPING_EVENTS,
    read_doorbell,
    verified,
)

#: The keys of CONV that matter to anybody here.
CONV: dict[str, Any] = {
    "id": 482,
    "inbox_id": 14,
    "status": "open",
    "messages": [{"id": 90321, "message_type": 1, "conversation_id": 482}],
    "contact_inbox": {"id": 7001, "contact_id": 5120, "inbox_id": 14, "source_id": "tg_8f0c2d"},
    "meta": {"sender": {"id": 5120, "type": "contact", "name": "Айгуль"}, "assignee": None},
    "updated_at": 1790834460.52,
}
DANA = {"id": 21, "name": "Дана", "email": "dana@example.test", "type": "user"}
AIGUL = {"id": 5120, "name": "Айгуль", "phone_number": "+77010000001"}

F12: dict[str, Any] = {
    "event": "message_created",
    "id": 90321,
    "content": "Добрый день! Чем **помочь**?",
    "content_type": "text",
    "content_attributes": {"in_reply_to": 90310, "in_reply_to_external_id": "tg:777:101"},
    "message_type": "outgoing",
    "private": False,
    "source_id": None,
    "created_at": "2026-10-01T06:02:10.311Z",
    "account": {"id": 3, "name": "Salon"},
    "inbox": {"id": 14, "name": "Telegram"},
    "sender": DANA,
    "conversation": CONV,
}
F13 = F12 | {"id": 90322, "content": None, "attachments": [{"id": 811, "file_type": "file"}]}
F14 = F12 | {"id": 90311, "source_id": "tgb:777:102", "sender": {"id": 6, "type": "agent_bot"}}
F15 = F12 | {"private": True}
F16 = F12 | {"id": 90310, "message_type": "incoming", "source_id": "tg:777:101", "sender": AIGUL}
F17 = CONV | {"event": "conversation_status_changed", "changed_attributes": None, "status": "resolved"}
F18 = CONV | {
    "event": "conversation_updated",
    "changed_attributes": [{"assignee_id": {"previous_value": None, "current_value": 21}}],
}
F19: dict[str, Any] = {
    "event": "conversation_typing_on",
    "user": DANA,
    "conversation": CONV,
    "is_private": False,
}
F20 = F12 | {"event": "message_updated", "content_attributes": {"deleted": True}}
LINK = "https://one-link.example/survey/responses/0b6a6b0e-6a52-4c0f-9d0a-5d7f3b1c0001"
F21: dict[str, Any] = {
    "event": "message_created",
    "id": 90340,
    "message_type": "template",
    "content_type": "input_csat",
    "content": f"Оцените нас {LINK}",
    "content_attributes": {"display_type": "emoji"},
    "private": False,
    "sender": None,
    "source_id": None,
    "inbox": {"id": 14, "name": "Telegram"},
    "conversation": CONV | {"status": "resolved"},
}

CREATED = Doorbell(
    event="message_created",
    conversation_id=482,
    message_id=90321,
    inbox_id=14,
    status="open",
    for_client=True,
)


def rung(body: object) -> Doorbell | None:
    return read_doorbell(orjson.dumps(body))


# What rings


@pytest.mark.parametrize(
    ("body", "message_id", "for_client"),
    [(F12, 90321, True), (F13, 90322, True), (F14, 90311, False), (F15, 90321, False), (F16, 90310, False)],
    ids=["F12 text", "F13 file", "F14 echo", "F15 note", "F16 mirrored"],
)
def test_a_message_rings_for_its_conversation(
    body: dict[str, Any], message_id: int, for_client: bool
) -> None:
    assert rung(body) == replace(CREATED, message_id=message_id, for_client=for_client)


def test_a_changed_message_rings_too() -> None:
    bell = rung(F20)
    assert bell is not None
    assert (bell.event, bell.conversation_id, bell.message_id) == ("message_updated", 482, 90321)
    assert bell.deleted


@pytest.mark.parametrize("body", [F17, F18], ids=["F17 resolved", "F18 assigned"])
def test_a_conversation_rings_for_itself(body: dict[str, Any]) -> None:
    assert rung(body) == Doorbell(
        event=body["event"], conversation_id=482, inbox_id=14, status=body["status"]
    )


@pytest.mark.parametrize("kind", ["outgoing", 1, "template", 3, "incoming", 0, None, []])
def test_only_what_the_clinic_writes_is_for_clients(kind: object) -> None:
    for_client = kind in ("outgoing", 1, "template", 3)
    assert rung(F12 | {"message_type": kind}) == replace(CREATED, for_client=for_client)


def test_what_is_missing_is_none() -> None:
    assert rung({"event": "message_created"}) == Doorbell(event="message_created")
    assert rung({"event": "conversation_updated", "id": "482"}) == Doorbell(event="conversation_updated")
    without_inbox = {key: value for key, value in F12.items() if key != "inbox"}
    assert rung(without_inbox) == CREATED  # the conversation names it, too


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "message_created",
        {},
        {"event": None},
        {"event": ["message_created"]},
        {"event": "contact_updated", "id": 5120},
        {"event": "webwidget_triggered"},
    ],
)
def test_what_is_not_about_a_conversation_does_not_ring(body: object) -> None:
    assert rung(body) is None


# Typing


def test_an_operator_begins_and_stops_typing() -> None:
    assert rung(F19) == Doorbell(
        event="conversation_typing_on", conversation_id=482, inbox_id=14, status="open", typing=True
    )
    stopped = rung(F19 | {"event": "conversation_typing_off"})
    assert stopped is not None
    assert stopped.typing is False


@pytest.mark.parametrize(
    "changes",
    [
        {"user": AIGUL},
        {"user": {"id": 6, "type": "agent_bot"}},
        {"user": None},
        {"is_private": True},
        {"is_private": None},
    ],
)
def test_what_clients_must_not_see_typed_is_not_typing(changes: dict[str, Any]) -> None:
    bell = rung(F19 | changes)
    assert bell is not None
    assert bell.typing is None


# Surveys


@pytest.mark.parametrize("kind", ["template", 3])
def test_a_request_to_rate_carries_its_link(kind: object) -> None:
    bell = rung(F21 | {"message_type": kind})
    assert bell is not None
    assert bell.survey == LINK


@pytest.mark.parametrize(
    ("content", "link"),
    [
        (f"Спасибо! ({LINK})", LINK),
        (f"[Оценить]({LINK}).", LINK),
        (f"{LINK}.", LINK),
        (f"Наш сайт https://clinic.example, оценка {LINK}!", LINK),
        ("http://one-link.example/r/1", "http://one-link.example/r/1"),
        ("javascript:alert(1) ftp://one-link.example/survey/1", None),
        ("Оцените нас", None),
        (None, None),
        (17, None),
    ],
)
def test_a_link_is_found_in_what_the_clinic_wrote_around_it(content: object, link: str | None) -> None:
    bell = rung(F21 | {"content": content})
    assert bell is not None
    assert bell.survey == link


@pytest.mark.parametrize(
    "changes", [{"message_type": "outgoing"}, {"message_type": "incoming"}, {"content_type": "text"}]
)
def test_only_one_links_own_request_to_rate_is_one(changes: dict[str, Any]) -> None:
    bell = rung(F21 | changes)
    assert bell is not None
    assert bell.survey is None


# Signatures

SECRET = "test-secret-0001"
RAW = b'{"event":"message_created","id":90321}'
SIGNED_AT = datetime.fromtimestamp(1767225600, UTC)
SIGNATURE = "sha256=4c88da091503e2a6c355d1095f21db0a2c72cc93a62dcc3e1351f5a4fa69aead"
HEADERS = {"X-Chatwoot-Timestamp": "1767225600", "X-Chatwoot-Signature": SIGNATURE}


def test_the_published_signature_holds() -> None:
    assert verified(RAW, HEADERS, SECRET, SIGNED_AT)
    assert verified(RAW, {name.lower(): value for name, value in HEADERS.items()}, SECRET, SIGNED_AT)


@pytest.mark.parametrize(("seconds", "holds"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signature_holds_for_five_minutes(seconds: int, holds: bool) -> None:
    assert verified(RAW, HEADERS, SECRET, SIGNED_AT + timedelta(seconds=seconds)) is holds


def test_what_is_not_signed_may_ring_and_so_may_all_without_a_secret() -> None:
    assert verified(RAW, {"X-Chatwoot-Delivery": "5f0c6f0e"}, SECRET, SIGNED_AT)
    assert verified(RAW, {}, None, SIGNED_AT)
    assert verified(RAW, HEADERS | {"X-Chatwoot-Signature": "sha256=00"}, None, SIGNED_AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Chatwoot-Signature": "sha256=" + "0" * 64},
        {"X-Chatwoot-Signature": SIGNATURE.removeprefix("sha256=")},
        {"X-Chatwoot-Signature": ""},
        {"X-Chatwoot-Signature": "sha256=ключ"},
        {"X-Chatwoot-Timestamp": "1767225601"},
        {"X-Chatwoot-Timestamp": "01767225600"},
        {"X-Chatwoot-Timestamp": " 1767225600"},
        {"X-Chatwoot-Timestamp": "1767225600.0"},
        {"X-Chatwoot-Timestamp": "١٧٦٧٢٢٥٦٠٠"},
        {"X-Chatwoot-Timestamp": "9" * 400},
        {"X-Chatwoot-Timestamp": "soon"},
        {"X-Chatwoot-Timestamp": ""},
    ],
)
def test_a_signature_that_is_not_exactly_right_does_not_hold(changes: dict[str, str]) -> None:
    assert not verified(RAW, HEADERS | changes, SECRET, SIGNED_AT)


def test_half_a_signature_and_another_body_or_secret_do_not_hold() -> None:
    assert not verified(RAW, {"X-Chatwoot-Signature": SIGNATURE}, SECRET, SIGNED_AT)
    assert not verified(RAW, {"X-Chatwoot-Timestamp": "1767225600"}, SECRET, SIGNED_AT)
    assert not verified(RAW + b" ", HEADERS, SECRET, SIGNED_AT)
    assert not verified(RAW, HEADERS, "another secret", SIGNED_AT)


@given(raw=st.binary(max_size=64), secret=st.text(min_size=1, max_size=16))
def test_whatever_is_signed_right_holds(raw: bytes, secret: str) -> None:
    digest = hmac.new(secret.encode(), b"1767225600." + raw, "sha256").hexdigest()
    headers = HEADERS | {"X-Chatwoot-Signature": f"sha256={digest}"}
    assert verified(raw, headers, secret, SIGNED_AT)


# Garbage

NAMES = st.sampled_from(["X-Chatwoot-Signature", "x-chatwoot-timestamp", "X-Chatwoot-Delivery"])
KEYS = st.sampled_from([*F12, "user", "is_private", "inbox_id", "type"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.sampled_from(sorted(MESSAGE_EVENTS | set(TYPING_EVENTS) | CONVERSATION_EVENTS))


@given(raw=st.binary(max_size=200))
def test_garbage_does_not_ring(raw: bytes) -> None:
    bell = read_doorbell(raw)
    assert bell is None


@given(event=EVENTS, body=st.dictionaries(KEYS, JSON))
def test_strange_bodies_ring_with_whole_ids_or_none(event: str, body: dict[str, object]) -> None:
    bell = rung(body | {"event": event})
    assert bell is not None
    assert bell.event == event
    for number in (bell.conversation_id, bell.message_id, bell.inbox_id):
        assert number is None or (type(number) is int and number > 0)
    assert bell.survey is None or bell.survey.lower().startswith(("http://", "https://"))


@given(raw=st.binary(max_size=64), headers=st.dictionaries(NAMES, st.text(max_size=80)))
def test_strange_headers_are_an_answer_and_not_an_error(raw: bytes, headers: dict[str, str]) -> None:
    signed = {name.lower() for name in headers} & {"x-chatwoot-signature", "x-chatwoot-timestamp"}
    assert verified(raw, headers, SECRET, SIGNED_AT) is not bool(signed)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"[" * 5000, b'{"event":"message_created"', b"NaN"])
def test_what_is_no_json_does_not_ring(raw: bytes) -> None:
    assert read_doorbell(raw) is None
