"""What an operator sees and does in One-Link, through the control routes of the clinic's page."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.sandbox.conftest import Caller, calling
from tests.sandbox.worlds import Row

LIST = "GET //_sandbox/conversations"
ONE = "//_sandbox/conversations/1"
PUBLIC = "//public/api/v1/inboxes/IDENT/contacts/tg_8f0c2d/conversations/1"
WORDS = {"content": "Позовите администратора", "source_id": "tg:777:101"}
DANA = {"name": "Дана", "type": "user"}


@pytest.fixture(params=["published", "current"])
async def call(request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    conversations = [
        {"id": 1, "inbox_id": 14, "contact_id": 501, "source_id": "tg_8f0c2d", "status": "open"},
        {"id": 2, "inbox_id": 14, "contact_id": 502, "source_id": "tg_other"},
    ]
    contacts = [
        {"id": 501, "full_name": "Алия Нурланова", "phone": "+77015554433"},
        {"id": 502, "full_name": "Другой клиент"},
    ]
    async with calling(request.param, conversations=conversations, contacts=contacts) as caller:
        yield caller


async def seen(call: Caller, conversation_id: int = 1) -> Row:
    """One conversation as the page shows it."""
    _, body = await call(LIST)
    found: Row = next(row for row in body["conversations"] if row["id"] == conversation_id)
    return found


async def write(call: Caller, **body: Any) -> Row:
    status, message = await call(f"POST {ONE}/messages", body)
    assert status == 200, message
    written: Row = message
    return written


async def test_conversations_are_listed_with_everything_an_operator_sees(call: Caller) -> None:
    await call("PUT //_sandbox/clock", {"advance": 60})
    await call(f"POST {PUBLIC}/messages", WORDS)
    _, body = await call(LIST)
    assert [row["id"] for row in body["conversations"]] == [1, 2]
    shown = body["conversations"][0]
    [message] = shown.pop("messages")
    assert shown.pop("last_activity_at") == message["created_at"]
    assert shown == {
        "id": 1,
        "status": "open",
        "inbox_id": 14,
        "source_id": "tg_8f0c2d",
        "contact": {"id": 501, "name": "Алия Нурланова", "phone": "+77015554433"},
        "assignee": None,
        "unread": 1,
        "typing": False,
    }
    assert (
        message.items()
        >= {
            "kind": "incoming",
            "content": WORDS["content"],
            "status": "sent",
            "external_error": None,
            "deleted": False,
            "source_id": "tg:777:101",
            "in_reply_to": None,
            "attachments": [],
        }.items()
    )
    assert message["sender"] == {"name": "Алия Нурланова", "type": "contact"}


async def test_an_operator_who_is_not_the_bot_replies_and_makes_notes(call: Caller) -> None:
    _, asked = await call(f"POST {PUBLIC}/messages", WORDS)
    reply = await write(call, content="Слушаю вас", in_reply_to=asked["id"])
    assert (reply["kind"], reply["sender"], reply["source_id"]) == ("outgoing", DANA, None)
    assert reply["in_reply_to"] == asked["id"]
    note = await write(call, content="Перезвонить", private=True, user_id=3)
    assert (note["kind"], note["sender"]["name"]) == ("note", "Бот записи")
    _, listed = await call("GET /conversations/1/messages")
    assert [row["id"] for row in listed["payload"]] == [asked["id"], reply["id"], note["id"]]
    assert listed["payload"][1]["content_attributes"]["in_reply_to_external_id"] == "tg:777:101"
    assert listed["payload"][1]["sender"]["type"] == "user"


async def test_an_operator_sends_files_without_a_word(call: Caller) -> None:
    form = aiohttp.FormData({"content": "", "private": "false"})
    form.add_field("attachments[]", b"%PDF", filename="прайс.pdf", content_type="application/pdf")
    url = f"{call.sandbox.url}/_sandbox/conversations/1/messages"
    async with call.session.post(url, data=form) as response:
        message = await response.json()
    assert (message["kind"], message["content"]) == ("outgoing", None)
    [file] = message["attachments"]
    assert (file["file_type"], file["name"], file["size"]) == ("file", "прайс.pdf", 4)
    async with aiohttp.request("GET", file["url"]) as response:
        assert await response.read() == b"%PDF"
    _, deleted = await call(f"DELETE {ONE}/messages/{message['id']}")
    assert deleted["attachments"] == []
    async with aiohttp.request("GET", file["url"]) as response:
        assert response.status == 404


async def test_a_deleted_message_leaves_a_placeholder(call: Caller) -> None:
    said = await write(call, content="Ой")
    status, deleted = await call(f"DELETE {ONE}/messages/{said['id']}")
    assert (status, deleted["deleted"], deleted["content"]) == (200, True, "Сообщение удалено")
    _, listed = await call("GET /conversations/1/messages")
    assert listed["payload"][0]["content_attributes"] == {"deleted": True}


async def test_retry_says_sent_again_but_not_for_a_message_with_a_key(call: Caller) -> None:
    said = await write(call, content="Здравствуйте")
    retry = f"POST {ONE}/messages/{said['id']}/retry"
    assert (await call(retry))[0] == 422
    await call(f"PATCH /conversations/1/messages/{said['id']}", {"status": "failed", "external_error": "no"})
    failed = (await seen(call))["messages"][0]
    assert (failed["status"], failed["external_error"]) == ("failed", "no")
    status, message = await call(retry)
    assert (status, message["status"], message["external_error"]) == (200, "sent", None)
    _, own = await call(f"POST {PUBLIC}/messages", WORDS)
    await call(f"PATCH /conversations/1/messages/{own['id']}", {"status": "failed"})
    assert (await call(f"POST {ONE}/messages/{own['id']}/retry"))[0] == 422


async def test_status_and_assignee_leave_activity_that_rest_counts(call: Caller) -> None:
    status, shown = await call(f"POST {ONE}/assign", {"user_id": 21})
    assert (status, shown["assignee"]) == (200, {"id": 21, "name": "Дана"})
    _, shown = await call(f"POST {ONE}/assign", {"user_id": None})
    assert shown["assignee"] is None
    for _ in range(2):
        _, shown = await call(f"POST {ONE}/status", {"status": "resolved"})
    assert shown["status"] == "resolved"
    await call(f"POST {PUBLIC}/messages", WORDS)
    await call(f"POST {PUBLIC}/toggle_status")
    rows = (await seen(call))["messages"]
    assert [row["content"] for row in rows if row["kind"] == "activity"] == [
        "Дана self-assigned this conversation",
        "Conversation unassigned by Дана",
        "Conversation was marked resolved by Дана",
        "System reopened the conversation due to a new incoming message.",
        "Conversation was resolved by Алия Нурланова",
    ]
    _, listed = await call("GET /conversations/1/messages")
    assert [row["id"] for row in listed["payload"]] == [row["id"] for row in rows]
    assert [row["message_type"] for row in listed["payload"]] == [2, 2, 2, 0, 2, 2]
    _, public = await call(f"GET {PUBLIC}/messages")
    assert [row["content"] for row in public] == [WORDS["content"]]


async def test_a_survey_follows_a_resolved_conversation(call: Caller) -> None:
    _, shown = await call(f"POST {ONE}/status", {"status": "resolved", "survey": True})
    survey = shown["messages"][-1]
    assert (survey["kind"], survey["content"], survey["sender"]) == ("template", "Оцените нас", None)


async def test_an_automation_writes_in_nobodys_name(call: Caller) -> None:
    status, message = await call(f"POST {ONE}/automation", {"content": "Ждём вас завтра"})
    assert (status, message["kind"], message["sender"]) == (200, "outgoing", None)
    _, listed = await call("GET /conversations/1/messages")
    assert "sender" not in listed["payload"][0]


async def test_a_client_seems_to_type_until_they_write_or_time_passes(call: Caller) -> None:
    for stop in ("typing off", "a message", "half a minute"):
        await call(f"POST {PUBLIC}/toggle_typing", {"typing_status": "on"})
        assert (await seen(call))["typing"] is True
        if stop == "typing off":
            await call(f"POST {PUBLIC}/toggle_typing", {"typing_status": "off"})
        elif stop == "a message":
            await call(f"POST {PUBLIC}/messages", WORDS)
        else:
            await call("PUT //_sandbox/clock", {"advance": 31})
        assert (await seen(call))["typing"] is False, stop
    status, shown = await call(f"POST {ONE}/typing", {"on": True})
    assert (status, shown["typing"]) == (200, False)


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("POST //_sandbox/conversations/9/messages", {"content": "x"}, 404),
        ("POST //_sandbox/conversations/one/messages", {"content": "x"}, 404),
        (f"POST {ONE}/messages", {"content": " "}, 422),
        (f"POST {ONE}/messages", {"content": "x", "user_id": 99}, 422),
        (f"POST {ONE}/messages", {"content": "x", "in_reply_to": "y"}, 422),
        (f"DELETE {ONE}/messages/9", None, 404),
        (f"POST {ONE}/status", {"status": "asleep"}, 422),
        (f"POST {ONE}/assign", {"user_id": 99}, 422),
        (f"POST {ONE}/automation", {}, 422),
    ],
)
async def test_a_refusal_says_why(call: Caller, action: str, body: Any, status: int) -> None:
    answered, refused = await call(action, body)
    assert (answered, refused.keys()) == (status, {"error"})
    assert (await seen(call))["messages"] == []


@pytest.mark.parametrize(
    ("action", "body"),
    [
        (f"POST {ONE}/messages", {"content": "Здравствуйте"}),
        (f"POST {ONE}/typing", {"on": True}),
        (f"POST {PUBLIC}/messages", WORDS),
        (f"POST {PUBLIC}/toggle_typing", {"typing_status": "on"}),
    ],
)
async def test_the_page_wakes_when_either_side_does_something(call: Caller, action: str, body: Row) -> None:
    _, before = await call("GET //_sandbox/changes")
    waiting = asyncio.create_task(call("GET //_sandbox/changes", since=str(before["version"]), wait="10"))
    await call(action, body)
    _, after = await waiting
    assert after["version"] > before["version"]
