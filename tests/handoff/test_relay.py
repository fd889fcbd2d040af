"""Which messages of One-Link a client gets to see (section 2.5), and what operators learn of their way."""

from typing import Any

import httpx
import pytest

from bot.sandbox.correspondence import Correspondence
from bot.sandbox.server import Sandbox
from tests.conftest import one_profile_each
from tests.faults.wire import Telegram
from tests.handoff.conftest import SECRET
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import calls
from tests.people import Client

pytest_generate_tests = one_profile_each

RATE = "How was the conversation? The clinic would like to know."


@pytest.fixture
def telegram(control: httpx.AsyncClient, sandbox: Sandbox) -> Telegram:
    """Telegram's side."""
    return Telegram(control, sandbox)


async def posted(control: httpx.AsyncClient, operator: Operator, **body: Any) -> int:
    """A message that a program posts with the account's token: its id."""
    number = (await operator.conversation())["id"]
    response = await control.post(
        f"/api/v1/accounts/7/conversations/{number}/messages",
        json=body,
        headers={"api_access_token": "test-token"},
    )
    response.raise_for_status()
    return int(response.json()["id"])


async def is_the_first_new_thing(client: Client, operator: Operator, said: int) -> None:
    """Nothing has come to the client since `said` but what an operator writes now."""
    await operator.writes("The end")
    await client.waits_for("The end")
    assert (await client.words_of_bot())[said:] == ["Дана\nThe end"]


async def test_notes_are_for_the_staff_only(client: Client, operator: Operator) -> None:
    await calls(client)
    said = len(await client.words_of_bot())
    await operator.writes("A difficult one", private=True)
    await is_the_first_new_thing(client, operator, said)


async def test_what_the_client_wrote_does_not_come_back(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.says("Hello")
    await operator.waits_for("Hello")
    said = len(await client.words_of_bot())
    await is_the_first_new_thing(client, operator, said)


async def test_what_carries_the_bots_own_key_does_not_come_back(
    client: Client, operator: Operator, control: httpx.AsyncClient
) -> None:
    await calls(client)
    said = len(await client.words_of_bot())
    await posted(control, operator, content="An echo", source_id="tgb:501:7")
    await is_the_first_new_thing(client, operator, said)


async def test_what_a_bot_of_one_link_writes_is_not_passed_on(
    client: Client, operator: Operator, sandbox: Sandbox
) -> None:
    await calls(client)
    said = len(await client.words_of_bot())
    robot = {"id": 6, "name": "Robot", "type": "agent_bot"}
    [conversation] = sandbox.world.rows("conversations")
    Correspondence(sandbox.world).write(conversation, {"content": "Beep"}, robot)
    await is_the_first_new_thing(client, operator, said)


async def test_an_automatic_message_comes_without_a_name(client: Client, operator: Operator) -> None:
    await calls(client)
    number = await operator.automates("We have moved to **Abay 1**")
    await client.waits_for("We have moved to Abay 1")
    assert (await client.card())["text"] == "We have moved to Abay 1"
    await operator.waits_for_tick(number)


async def test_an_automatic_message_takes_nothing_over(client: Client, operator: Operator) -> None:
    await client.books()
    await client.sees("You are booked.")
    await operator.automates("We have moved")
    await client.waits_for("We have moved")
    await operator.doorbells_rang()
    assert (await operator.conversation())["status"] == "pending"
    await client.says("/start")
    await client.has_button("Book a visit")


async def test_greetings_and_out_of_office_texts_of_one_link_are_not_passed_on(
    client: Client, operator: Operator, sandbox: Sandbox
) -> None:
    await calls(client)
    said = len(await client.words_of_bot())
    [conversation] = sandbox.world.rows("conversations")
    greeting = {"content": "We answer within a day", "message_type": "template"}
    Correspondence(sandbox.world).write(conversation, greeting, None)
    await is_the_first_new_thing(client, operator, said)


async def test_another_inboxs_doorbell_wakes_nobody(
    client: Client, operator: Operator, control: httpx.AsyncClient, port: int
) -> None:
    await calls(client)
    number = (await operator.conversation())["id"]
    said = len(await client.words_of_bot())
    body = {
        "event": "conversation_typing_on",
        "user": {"id": 21, "type": "user"},
        "is_private": False,
        "conversation": {"id": number, "inbox_id": 99},
    }
    answer = await control.post(f"http://127.0.0.1:{port}/onelink/{SECRET}", json=body)
    assert answer.status_code == 200
    assert (await client.chat())["typing"] is None
    await is_the_first_new_thing(client, operator, said)


async def test_the_client_sees_an_operator_typing(
    client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    await operator.types()
    await operator.types()
    await operator.doorbells_rang()
    await operator.writes("At three")
    await client.waits_for("At three")
    assert len(telegram.calls("sendChatAction", client.chat_id)) == 1


async def test_the_client_does_not_see_that_a_note_is_typed(
    client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    await operator.types(private=True)
    await operator.doorbells_rang()
    await operator.writes("At three")
    await client.waits_for("At three")
    assert not telegram.calls("sendChatAction", client.chat_id)


async def test_nobody_is_seen_typing_while_the_bot_answers(
    client: Client, operator: Operator, telegram: Telegram
) -> None:
    await client.books()
    asked = len(telegram.calls("sendChatAction", client.chat_id))
    await operator.types()
    await operator.doorbells_rang()
    await operator.automates("We have moved")
    await client.waits_for("We have moved")
    assert len(telegram.calls("sendChatAction", client.chat_id)) == asked


async def test_a_file_that_failed_is_sent_again_after_retry(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.blocks()
    number = await operator.sends("цены.pdf", b"%PDF", "application/pdf", "Our prices")
    row = await operator.waits_for_tick(number, "failed")
    assert "blocked" in row["external_error"]
    await client.blocks(False)
    await operator.retries(number)
    await client.waits_for("Our prices")
    assert (await client.card())["document"]["file_name"] == "цены.pdf"
    await operator.waits_for_tick(number)


async def test_retry_sends_only_what_had_failed_and_only_once(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.blocks()
    failed = await operator.writes("Lost")
    await operator.waits_for_tick(failed, "failed")
    await client.blocks(False)
    await operator.writes("Later")
    await client.waits_for("Later")
    await operator.retries(failed)
    await client.waits_for("Lost")
    await operator.waits_for_tick(failed)
    await operator.doorbells_rang()
    await operator.writes("The end")
    await client.waits_for("The end")
    said = await client.words_of_bot()
    assert [sum(text.endswith(word) for text in said) for word in ("Lost", "Later")] == [1, 1]


async def test_the_link_of_a_survey_is_a_button(client: Client, operator: Operator, sandbox: Sandbox) -> None:
    await calls(client)
    await operator.sets("resolved", survey=True)
    await client.waits_until_some_message_says(RATE)
    [conversation] = sandbox.world.rows("conversations")
    [button] = [
        button
        for message in await client.messages()
        for row in message["buttons"]
        for button in row
        if button["text"] == client.reads("Rate it")
    ]
    assert button["url"] == f"{sandbox.url}/survey/responses/{conversation['uuid']}"


async def test_the_link_of_a_forged_survey_is_not_shown(
    client: Client, operator: Operator, control: httpx.AsyncClient, port: int
) -> None:
    await calls(client)
    number = await operator.writes("Hello")
    await operator.waits_for_tick(number)
    forged = {
        "event": "message_created",
        "id": number,
        "content": "Rate us https://phishing.test/survey/responses/0b6a6b0e-6a52-4c0f-9d0a-5d7f3b1c0001",
        "content_type": "input_csat",
        "message_type": "template",
        "private": False,
        "conversation": {"id": (await operator.conversation())["id"], "inbox_id": 14},
    }
    answer = await control.post(f"http://127.0.0.1:{port}/onelink/{SECRET}", json=forged)
    assert answer.status_code == 200
    await operator.writes("The end")
    await client.waits_for("The end")
    assert not any("phishing" in str(message["buttons"]) for message in await client.messages())
    assert not any(client.reads(RATE) in text for text in await client.words_of_bot())
