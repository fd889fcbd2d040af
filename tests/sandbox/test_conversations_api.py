"""The examples of the conversations document: contacts, conversations, messages, the public inbox."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.sandbox.conftest import Caller, calling
from tests.sandbox.worlds import FIXTURE_WORLD, Row

SOURCE = "tg_8f0c2d"
PUBLIC = f"//public/api/v1/inboxes/IDENT/contacts/{SOURCE}/conversations"
AIGUL = {"inbox_id": 14, "source_id": SOURCE, "name": "Айгуль", "phone_number": "+77010000001"}
WORDS = {"content": "Позовите администратора", "source_id": "tg:777:101"}


@pytest.fixture
async def dialogue(call: Caller) -> Caller:
    """Айгуль has a pending conversation, number 1."""
    _, body = await call("POST /contacts", AIGUL)
    contact_id = body["payload"]["contact"]["id"]
    status, body = await call(
        "POST /conversations",
        {"inbox_id": 14, "contact_id": contact_id, "source_id": SOURCE, "status": "pending"},
    )
    assert (status, body["id"], body["status"]) == (200, 1, "pending")
    return call


@pytest.fixture
async def unlocked() -> AsyncIterator[Caller]:
    """An inbox where a client may have several conversations."""
    inbox = FIXTURE_WORLD["inboxes"][0] | {"lock_to_single_conversation": False}
    async with calling("current", inboxes=[inbox]) as call:
        await call("POST /contacts", AIGUL)
        yield call


async def test_f1_a_contact_is_created_with_its_place_in_the_inbox(call: Caller) -> None:
    status, body = await call("POST /contacts", AIGUL)
    contact, link = body["payload"]["contact"], body["payload"]["contact_inbox"]
    assert status == 200
    assert contact.items() >= {"name": "Айгуль", "phone_number": "+77010000001", "identifier": None}.items()
    [place] = contact["contact_inboxes"]
    assert place["inbox"].items() >= {"id": 14, "name": "Telegram", "channel_type": "Channel::Api"}.items()
    assert (link["source_id"], link["inbox"]["id"]) == (SOURCE, 14)
    taken = {"message": "Phone number has already been taken", "attributes": ["phone_number"]}
    assert await call("POST /contacts", AIGUL | {"source_id": "tg_other"}) == (422, taken)


async def test_a_contact_needs_no_phone(call: Caller) -> None:
    status, body = await call("POST /contacts", {"inbox_id": 14, "source_id": SOURCE, "name": "Айгуль"})
    contact = body["payload"]["contact"]
    assert (status, contact["name"], contact["phone_number"]) == (200, "Айгуль", None)
    _, found = await call("POST /contact_inboxes/filter", {"inbox_id": 14, "source_id": SOURCE})
    assert found["id"] == contact["id"]


async def test_f2_a_phone_is_looked_up_without_its_plus(call: Caller) -> None:
    def by_phone(number: str) -> Row:
        condition = {"attribute_key": "phone_number", "filter_operator": "equal_to", "query_operator": None}
        return {"payload": [condition | {"values": [number]}]}

    status, body = await call("POST /contacts/filter", by_phone("77015554433"))
    assert (status, body["meta"]) == (200, {"count": 1, "current_page": 1})
    assert (body["payload"][0]["id"], body["payload"][0]["contact_inboxes"]) == (501, [])
    _, body = await call("POST /contacts/filter", by_phone("+77015554433"))
    assert body["payload"] == []


async def test_f3_a_known_contact_is_linked_and_found_by_source(call: Caller) -> None:
    place = {"inbox_id": 14, "source_id": SOURCE}
    assert await call("POST /contact_inboxes/filter", place) == (404, "")
    for _ in range(2):
        status, body = await call("POST /contacts/501/contact_inboxes", place)
        assert (status, body["source_id"], body["inbox"]["id"]) == (200, SOURCE, 14)
    status, body = await call("POST /contact_inboxes/filter", place)
    assert (status, body["id"]) == (200, 501)


async def test_f4_a_locked_inbox_returns_the_last_conversation(dialogue: Caller) -> None:
    contact_id = dialogue.world.conversations[1]["contact_id"]
    again = {"inbox_id": 14, "contact_id": contact_id, "source_id": SOURCE, "status": "open"}
    _, body = await dialogue("POST /conversations", again)
    assert (body["id"], body["status"]) == (1, "pending")
    _, listed = await dialogue(f"GET /contacts/{contact_id}/conversations")
    assert [row["id"] for row in listed["payload"]] == [1]
    stranger = await dialogue("POST /conversations", again | {"contact_id": 501})
    assert stranger == (422, {"error": "source_id should be unique"})


async def test_a_conversation_has_a_uuid_and_a_time_of_change_with_a_fraction(dialogue: Caller) -> None:
    for change in ({}, {"labels": ["tg-bot"]}):
        await dialogue("POST /conversations/1/labels", change)
        _, shown = await dialogue("GET /conversations/1")
        assert isinstance(shown["updated_at"], float)
        assert len(shown["uuid"]) == 36


async def test_f5_a_clients_message_is_kept_exactly_once(dialogue: Caller) -> None:
    status, first = await dialogue(f"POST {PUBLIC}/1/messages", WORDS)
    assert status == 200
    assert first.items() >= (WORDS | {"message_type": 0, "conversation_id": 1, "status": "sent"}).items()
    assert first["sender"]["type"] == "contact"
    assert await dialogue(f"POST {PUBLIC}/1/messages", WORDS) == (200, first)
    assert len(dialogue.world.conversations[1]["messages"]) == 1


async def test_f6_a_key_used_in_another_conversation_is_refused(unlocked: Caller) -> None:
    for _ in range(2):
        status, _ = await unlocked(f"POST {PUBLIC}", {})
        assert status == 200
    await unlocked(f"POST {PUBLIC}/1/messages", WORDS)
    refused = {"error": "source_id is already used by another conversation"}
    assert await unlocked(f"POST {PUBLIC}/2/messages", WORDS) == (409, refused)


async def test_f7_a_reply_of_the_bot_is_signed_by_it_and_its_repeat_is_refused(dialogue: Caller) -> None:
    reply = {
        "content": "Передаю администратору {{ contact.name }}",
        "message_type": "outgoing",
        "private": False,
        "source_id": "tgb:777:102",
        "sender_type": "AgentBot",
        "sender_id": 6,
    }
    status, body = await dialogue("POST /conversations/1/messages", reply)
    assert (status, body["message_type"], body["private"], body["inbox_id"]) == (200, 1, False, 14)
    assert body["content"] == "Передаю администратору "
    assert body["sender"].items() >= {"id": 6, "name": "Salon bot", "type": "agent_bot"}.items()
    status, body = await dialogue("POST /conversations/1/messages", reply)
    assert status == 422
    assert "duplicate key value" in body["error"]


async def test_f8_a_private_note_is_hidden_from_the_client(dialogue: Caller) -> None:
    note = {"content": "Клиент просит изменить запись", "private": True, "source_id": "tgs:h-91:1"}
    status, body = await dialogue("POST /conversations/1/messages", note)
    assert (status, body["private"], body["sender"]["type"]) == (200, True, "user")
    assert await dialogue(f"GET {PUBLIC}/1/messages") == (200, [])


async def test_f10_opening_by_an_agent_assigns_the_agent(dialogue: Caller) -> None:
    status, body = await dialogue("POST /conversations/1/toggle_status", {"status": "open"})
    done = {"success": True, "conversation_id": 1, "current_status": "open", "snoozed_until": None}
    assert (status, body) == (200, {"meta": {}, "payload": done})
    _, shown = await dialogue("GET /conversations/1")
    assert shown["meta"]["assignee"]["id"] == 3


async def test_a_status_writes_an_activity_message_that_only_rest_lists(dialogue: Caller) -> None:
    await dialogue("POST /conversations/1/toggle_status", {"status": "resolved"})
    _, listed = await dialogue("GET /conversations/1/messages")
    [activity] = listed["payload"]
    said = "Conversation was marked resolved by Бот записи"
    assert (activity["message_type"], activity["content"]) == (2, said)
    assert (await dialogue("GET /conversations/1"))[1]["messages"] == []
    assert await dialogue(f"GET {PUBLIC}/1/messages") == (200, [])


async def test_f11_a_status_may_demand_a_reason(dialogue: Caller) -> None:
    dialogue.world.switches["status_reasons"] = {"open": ["Запрос клиента"]}
    status, body = await dialogue("POST /conversations/1/toggle_status", {"status": "open"})
    assert (status, body) == (
        422,
        {
            "error": "Select a reason before moving the conversation to open.",
            "code": "CONVERSATION_STATUS_REASON_REQUIRED",
            "details": {"status": "open", "reason_options": ["Запрос клиента"]},
        },
    )
    reasoned = {"status": "open", "status_reason": "Запрос клиента"}
    assert (await dialogue("POST /conversations/1/toggle_status", reasoned))[0] == 200


async def test_f22_a_delivery_report_keeps_an_error_only_with_failed(dialogue: Caller) -> None:
    await dialogue("POST /conversations/1/messages", {"content": "Добрый день!"})
    error = "Telegram: bot was blocked by the user"
    report = {"status": "failed", "external_error": error}
    status, body = await dialogue("PATCH /conversations/1/messages/1", report)
    assert (status, body["status"]) == (200, "failed")
    assert body["content_attributes"]["external_error"] == error
    for given, kept in (("read", "read"), ("delivered", "read")):
        _, body = await dialogue("PATCH /conversations/1/messages/1", {"status": given})
        assert (body["status"], body["content_attributes"]) == (kept, {})


async def test_f23_messages_are_pulled_after_a_cursor(dialogue: Caller) -> None:
    for number in range(3):
        await dialogue("POST /conversations/1/messages", {"content": f"{number}"})
    status, body = await dialogue("GET /conversations/1/messages", after="1")
    assert status == 200
    assert [(row["id"], row["content"]) for row in body["payload"]] == [(2, "1"), (3, "2")]
    _, body = await dialogue("GET /conversations/1/messages", before="2")
    assert [row["id"] for row in body["payload"]] == [1]


@pytest.mark.parametrize(
    ("before", "after"), [("resolved", "open"), ("snoozed", "open"), ("pending", "pending")]
)
async def test_a_clients_message_wakes_the_operators(dialogue: Caller, before: str, after: str) -> None:
    await dialogue("POST /conversations/1/toggle_status", {"status": before})
    await dialogue(f"POST {PUBLIC}/1/messages", WORDS)
    assert dialogue.world.conversations[1]["status"] == after


async def test_an_operators_reply_to_a_client_names_the_clients_key(dialogue: Caller) -> None:
    _, asked = await dialogue(f"POST {PUBLIC}/1/messages", WORDS)
    reply = {"content": "Слушаю", "content_attributes": {"in_reply_to": asked["id"]}}
    _, body = await dialogue("POST /conversations/1/messages", reply)
    assert body["content_attributes"]["in_reply_to_external_id"] == "tg:777:101"


async def test_labels_are_replaced_and_attributes_merged(dialogue: Caller) -> None:
    for labels in (["tg-bot", "vip"], ["tg-bot"]):
        assert await dialogue("POST /conversations/1/labels", {"labels": labels}) == (
            200,
            {"payload": labels},
        )
    for given in ({"a": 1}, {"b": 2}):
        _, body = await dialogue("POST /conversations/1/custom_attributes", {"custom_attributes": given})
    assert body == {"custom_attributes": {"a": 1, "b": 2}}


async def test_an_assignee_becomes_the_owner_and_unknown_ids_clear(dialogue: Caller) -> None:
    _, body = await dialogue("POST /conversations/1/assignments", {"assignee_id": 21})
    assert body["name"] == "Дана"
    conversation = dialogue.world.conversations[1]
    assert dialogue.world.contacts[conversation["contact_id"]]["owner_id"] == 21
    assert await dialogue("POST /conversations/1/assignments", {"assignee_id": 99}) == (200, None)
    _, team = await dialogue("POST /conversations/1/assignments", {"team_id": 4})
    assert team["name"] == "Регистратура"


async def test_the_public_side_reads_only_its_own_conversations(dialogue: Caller) -> None:
    stranger = PUBLIC.replace(SOURCE, "tg_stranger")
    assert (await dialogue(f"POST {stranger}/1/messages", WORDS))[0] == 404
    assert (await dialogue(f"GET {PUBLIC.replace('IDENT', 'OTHER')}/1"))[0] == 404
    assert (await dialogue(f"POST {PUBLIC}/1/update_last_seen"))[0] == 200
    assert (await dialogue(f"POST {PUBLIC}/1/toggle_typing", {"typing_status": "on"}))[0] == 200
    _, body = await dialogue(f"POST {PUBLIC}/1/toggle_status")
    assert body["status"] == "resolved"


async def test_a_public_contact_does_not_get_a_number_that_is_somebody_elses(call: Caller) -> None:
    stranger = {"source_id": "tg_new", "name": "Кто-то", "phone_number": "+77015554433"}
    status, body = await call("POST //public/api/v1/inboxes/IDENT/contacts", stranger)
    assert (status, body["source_id"], body["phone_number"]) == (200, "tg_new", None)
    _, again = await call("POST //public/api/v1/inboxes/IDENT/contacts", stranger)
    assert again["id"] == body["id"]


async def test_the_profile_and_the_inbox_tell_what_a_check_needs(call: Caller) -> None:
    _, me = await call("GET //api/v1/profile")
    assert (me["id"], me["accounts"][0]["id"], me["accounts"][0]["role"]) == (3, 7, "agent")
    _, inbox = await call("GET /inboxes/14")
    assert inbox["inbox_identifier"] == "IDENT"
    assert "hmac_token" not in inbox
    _, inboxes = await call("GET /inboxes")
    assert [row["id"] for row in inboxes["payload"]] == [14]
    assert (await call("GET /inboxes/15"))[0] == 404


async def test_a_world_without_inboxes_takes_the_number_its_client_names() -> None:
    async with calling("current", inboxes=[]) as call:
        await call("POST //public/api/v1/inboxes/whatever/contacts", {"source_id": SOURCE})
        status, body = await call("GET /inboxes/77")
        assert (status, body["id"]) == (200, 77)
        _, contact = await call("POST /contact_inboxes/filter", {"inbox_id": 77, "source_id": SOURCE})
        assert contact["contact_inboxes"][0]["inbox"]["id"] == 77


async def test_the_account_api_needs_a_token_and_the_public_one_does_not(call: Caller) -> None:
    async with aiohttp.request("GET", f"{call.sandbox.url}/api/v1/accounts/7/conversations/1") as response:
        assert response.status == 401
    async with aiohttp.request("GET", f"{call.sandbox.url}/public/api/v1/inboxes/IDENT") as response:
        assert response.status == 200
    assert (await call("GET //api/v1/accounts/8/conversations"))[0] == 404
