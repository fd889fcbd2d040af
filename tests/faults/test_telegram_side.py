"""What Telegram and its users do to a bot: refusals, deleted cards, blocks, redelivery, webhooks."""

import asyncio
from typing import Any

import httpx
import pytest

from bot.app import App
from bot.running import CannotStart
from bot.sandbox.server import Sandbox
from bot.telegram import beside
from bot.telegram.commands import publish_commands
from bot.telegram.intake import LONGEST_LINE
from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.crash.stage import until
from tests.faults.wire import Telegram
from tests.people import Client
from tests.ports import free_port

SECRET = "secret-of-the-webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def by_webhook(port: int) -> dict[str, Any]:
    """Settings of a bot that Telegram calls."""
    return {"public_url": f"http://127.0.0.1:{port}", "webhook_secret": SECRET, "http_port": port}


# --- edits --------------------------------------------------------------------------------------


async def test_a_card_that_already_looks_like_this_is_no_failure(client: Client, telegram: Telegram) -> None:
    await client.reaches_the_day()
    await client.taps("tomorrow, Tue 8 Jan · 16 free")
    await client.taps_at_once("↻ Refresh", 4)
    await client.sees("What time?")
    refused = [call for call in telegram.calls("editMessageText", client.chat_id) if not call["ok"]]
    assert all("message is not modified" in call["error"] for call in refused)
    assert len(await client.words_of_bot()) == len(set(await client.words_of_bot()))
    assert telegram.unanswered_taps(client.chat_id) == 0


async def test_the_next_screen_does_not_wait_until_the_tap_is_answered(
    client: Client, telegram: Telegram, clinic: Clinic
) -> None:
    await client.reaches_the_day()
    await clinic.fault("POST /answerCallbackQuery", "delay", seconds=3)
    await client.taps_and_leaves("tomorrow, Tue 8 Jan · 16 free")
    await client.waits_for("What time?")
    assert telegram.unanswered_taps(client.chat_id) == 1
    await client.waits()  # an update is handled when nothing of it is under way any more
    assert telegram.unanswered_taps(client.chat_id) == 0


async def test_a_tap_is_answered_in_the_answer_to_the_webhook(
    start_bot: StartBot,
    control: httpx.AsyncClient,
    telegram: Telegram,
    clinic: Clinic,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(beside, "WAITS_FOR_ANSWER", 60)
    async with start_bot(**by_webhook(free_port())):
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        await client.reaches_the_day()
        await clinic.fault("POST /answerCallbackQuery", "drop_before", times=20)  # none is sent by itself
        await client.taps("tomorrow, Tue 8 Jan · 16 free")
        await client.sees("What time?")
        await client.waits()
        assert telegram.unanswered_taps(client.chat_id) == 0


async def test_a_tap_whose_answer_was_lost_is_answered_when_it_comes_again(
    start_bot: StartBot, control: httpx.AsyncClient, telegram: Telegram
) -> None:
    port = free_port()
    async with start_bot(**by_webhook(port)), httpx.AsyncClient() as outside:
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        await client.reaches_the_day()
        updates = telegram.noting(held=True)
        await client.taps_and_leaves("tomorrow, Tue 8 Jan · 16 free")
        [(kind, payload, update_id)] = updates
        posted = {"update_id": update_id, kind: payload}
        for _ in range(2):  # the first answer reaches nobody
            answer = await outside.post(
                f"http://127.0.0.1:{port}/telegram", json=posted, headers={HEADER: SECRET}
            )
            await client.sees("What time?")
        assert answer.json() == {"method": "answerCallbackQuery", "callback_query_id": payload["id"]}


async def test_a_tap_whose_work_takes_long_is_answered_meanwhile(
    start_bot: StartBot, control: httpx.AsyncClient, telegram: Telegram, clinic: Clinic
) -> None:
    async def is_answered() -> bool:
        return telegram.unanswered_taps(client.chat_id) == 0

    async with start_bot(**by_webhook(free_port())):
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        await client.reaches_the_summary()
        await clinic.fault("POST /appointments$", "delay", seconds=3)
        await client.taps_and_leaves("✓ Confirm")
        await clinic.waits_until_asked("/appointments", "POST")
        assert await until(is_answered, 10)
        await client.sees("Booking")
        await client.waits_for("You are booked")


async def test_a_tap_on_a_card_the_client_has_deleted_goes_on_in_a_new_one(client: Client) -> None:
    await client.reaches_the_day()
    data, message_id = await client.remembers("tomorrow, Tue 8 Jan · 16 free")
    await client.deletes(message_id)
    await client.taps_data(data, message_id)
    await client.sees("What time?")
    assert (await client.card())["message_id"] != message_id
    await client.taps("10:00")
    await client.sees("Tue 8 Jan, 10:00")


async def test_the_outcome_of_a_booking_whose_card_was_deleted_comes_in_a_new_one(
    client: Client, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    data, message_id = await client.remembers("✓ Confirm")
    await client.deletes(message_id)
    await client.taps_data(data, message_id)
    await client.sees("You are booked")
    assert len(await clinic.appointments()) == 1


@pytest.mark.parametrize("method", ["editMessageText", "sendMessage", "answerCallbackQuery"])
async def test_being_asked_to_wait_is_waited_for(
    client: Client, telegram: Telegram, clinic: Clinic, method: str
) -> None:
    await client.reaches_the_day()
    if method == "sendMessage":
        await telegram.refuses(method, 429, retry_after=1)
        await client.says("08.01.2030 10:00")
    else:
        await telegram.refuses(method, 429, retry_after=1)
        await client.taps("Soonest: today, Mon 7 Jan, 10:30")
    await client.sees("Who processes the data")


@pytest.mark.parametrize(("method", "status"), [("editMessageText", 502), ("sendMessage", 502)])
async def test_an_answer_that_telegram_fails_to_take_is_given_again(
    client: Client, telegram: Telegram, clinic: Clinic, method: str, status: int
) -> None:
    await client.reaches_the_summary()
    await telegram.refuses(method, status)
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    await telegram.refuses(method, status)
    await client.says("/start")
    await client.sees("Book a visit here")
    assert len(await clinic.appointments(live=False)) == 1


async def test_edits_lost_on_the_way_do_not_book_twice(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    await clinic.fault("POST /editMessageText", "drop_after", times=3)
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    assert len(await clinic.appointments(live=False)) == 1


# --- blocked ------------------------------------------------------------------------------------


async def test_a_client_who_has_blocked_the_bot_stops_nobody(
    client: Client, rival: Client, telegram: Telegram, clinic: Clinic
) -> None:
    await client.reaches_the_day()
    await client.says_and_leaves("09.01.2030 11:00")
    await client.blocks()
    await client.waits()
    tried = len(telegram.calls("sendMessage", client.chat_id))
    await rival.books(phone="+77017654321")
    await rival.sees("You are booked")
    assert len(telegram.calls("sendMessage", client.chat_id)) == tried
    await client.blocks(False)
    await client.says("/book")
    await client.is_answered_below()


async def test_a_client_who_blocks_the_bot_while_it_books_is_booked_and_the_staff_are_told(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.reaches_the_summary()
    body = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    await clinic.fault("POST /editMessageText", "status", status=403, body=body, skip=1)
    await client.taps("✓ Confirm")
    assert len(await clinic.appointments()) == 1
    assert await bot.storage.open_attempts() == 0
    [conversation] = (await clinic.world())["conversations"]
    assert any(message["private"] for message in conversation["messages"])
    await client.says("/start")
    await client.sees("Book a visit here")


# --- each update once, nobody waits for another ---------------------------------------------------


async def test_an_update_that_telegram_sends_again_is_handled_once(
    client: Client, clinic: Clinic, sandbox: Sandbox, telegram: Telegram
) -> None:
    await client.says("/start")
    queue = next(bot.queue for bot in sandbox.telegram.state.bots.values() if bot.queue)
    update_id = queue._next_id - 1
    before = len(await client.words_of_bot())
    telegram.redeliver("message", message_of(501, "/start"), update_id)
    await client.waits()
    assert len(await client.words_of_bot()) == before


async def test_a_client_whose_answer_takes_long_does_not_delay_another(
    client: Client, rival: Client, clinic: Clinic
) -> None:
    await client.says("/start")
    await client.taps("Book a visit", "Haircut")
    await clinic.fault("GET /calendar", "delay", seconds=2.5)
    await client.taps_and_leaves("Anna Ivanova")
    await clinic.waits_until_asked("scheduling/calendar", "GET")
    await rival.says_and_leaves("/start")
    await rival.waits_for("Book a visit here")
    await client.sees("With whom?")
    await client.waits_for("Which day?")
    await client.waits()


async def test_taps_of_one_client_are_handled_in_their_order(client: Client) -> None:
    await client.says("/start")
    for word in ("one", "two", "three", "four"):
        await client.says_and_leaves(word)
    await client.waits()
    answers = [m["text"] for m in await client.messages()]
    assert [text for text in answers if text in ("one", "two", "three", "four")] == [
        "one",
        "two",
        "three",
        "four",
    ]
    assert sum("To begin, press the button" in text for text in answers) == 4


# --- webhook ------------------------------------------------------------------------------------


async def test_by_webhook_the_whole_way_works(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    async with start_bot(**by_webhook(free_port())):
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.books()
        await client.sees("You are booked")
        await client.taps("Cancel the visit")
        await client.taps_at_once("Yes, cancel the visit", 3)
        await client.sees("This visit is cancelled.")
    # Back to polling: the bot takes down its own webhook.
    async with start_bot():
        await client.says("/start")
        await client.sees("Book a visit here")


async def test_the_webhook_is_for_telegram_alone(start_bot: StartBot, control: httpx.AsyncClient) -> None:
    port = free_port()
    update = {"update_id": 5, "message": message_of(501, "/start")}
    async with start_bot(**by_webhook(port)), httpx.AsyncClient() as stranger:
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.says("/start")
        before = len(await client.words_of_bot())
        address = f"http://127.0.0.1:{port}/telegram"
        for headers in ({}, {HEADER: "wrong-secret"}, {HEADER: ""}, {HEADER: SECRET[:-1]}, {HEADER: "ё"}):
            raw = {name.encode(): value.encode() for name, value in headers.items()}
            assert (await stranger.post(address, json=update, headers=raw)).status_code == 401
        assert (await stranger.post(address, content=b"{", headers={HEADER: SECRET})).status_code == 200
        assert (await stranger.get(address)).status_code == 405
        assert len(await client.words_of_bot()) == before


async def test_an_update_posted_twice_at_once_is_handled_once(
    start_bot: StartBot, control: httpx.AsyncClient
) -> None:
    port = free_port()
    update = {"update_id": 900_000_001, "message": message_of(501, "/start")}
    async with start_bot(**by_webhook(port)), httpx.AsyncClient() as telegram:
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.says("/language")
        before = len(await client.words_of_bot())
        address, headers = f"http://127.0.0.1:{port}/telegram", {HEADER: SECRET}
        answers = await asyncio.gather(
            *(telegram.post(address, json=update, headers=headers) for _ in range(3))
        )
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert len(await client.words_of_bot()) == before + 1


async def test_health_and_readiness_are_told(start_bot: StartBot) -> None:
    port = free_port()
    async with (
        start_bot(http_port=port) as app,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as probe,
    ):
        for _ in range(100):  # until it listens
            try:
                ready = await probe.get("/readyz")
                break
            except httpx.ConnectError:
                await asyncio.wait_for(app.storage.ping(), 1)
        assert ready.status_code == 200
        assert (await probe.get("/healthz")).status_code == 200
        assert (await probe.post("/telegram", json={})).status_code == 404


async def test_a_webhook_of_another_system_is_left_alone_and_told(
    start_bot: StartBot, control: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    token = "100200300:test-token-of-the-sandbox"
    response = await control.post(f"/bot{token}/setWebhook", json={"url": "http://127.0.0.1:9/chatwoot"})
    response.raise_for_status()
    with pytest.raises(CannotStart, match="Another system"):
        async with start_bot() as app:
            # The bot ends by itself.
            await asyncio.wait_for(app.intake._stopping.wait(), 10)
    assert sandbox.telegram.state.bots[token].webhook is not None


async def test_a_public_address_that_telegram_refuses_is_told_and_offered_again(
    start_bot: StartBot, control: httpx.AsyncClient, telegram: Telegram, logged: list[Any]
) -> None:
    """The name may not be known yet; what was refused once is no reason to end."""
    await telegram.refuses("setWebhook", 400, "Bad Request: bad webhook: Failed to resolve host")
    async with start_bot(**by_webhook(free_port())):
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        await client.says("/start")
        await client.sees("Book a visit here")
    [refused] = [event for event in logged if event["event"] == "telegram_refuses_public_url"]
    assert "Failed to resolve host" in refused["why"]


def message_of(user_id: int, text: str) -> dict[str, Any]:
    """A message as Telegram posts it."""
    return {
        "message_id": 7_000,
        "date": 1893988800,
        "chat": {"id": user_id, "type": "private", "first_name": "Aliya"},
        "from": {"id": user_id, "is_bot": False, "first_name": "Aliya", "language_code": "en"},
        "text": text,
    }


# --- order --------------------------------------------------------------------------------------


async def test_what_a_client_writes_later_waits_behind_what_has_to_be_tried_again(
    client: Client, telegram: Telegram
) -> None:
    await client.says("/start")
    await telegram.refuses("sendMessage", 502, chat_id=client.chat_id)
    await client.says_and_leaves("/language", "/book")
    await client.waits()
    language, service = (await client.words_of_bot())[-2:]
    assert client.reads("Which language do you prefer?") in language
    assert client.reads("Which service would you like?") in service


async def test_who_writes_much_while_telegram_is_away_is_not_taken_for_a_flood(
    client: Client, telegram: Telegram
) -> None:
    await client.says("/start")
    await telegram.refuses("sendMessage", 502, chat_id=client.chat_id, times=3)
    await client.says_and_leaves("/language")
    async with asyncio.timeout(10):
        while not [call for call in telegram.calls("sendMessage", client.chat_id) if not call["ok"]]:
            await client.messages()
    await client.says_and_leaves(*(["hello"] * (LONGEST_LINE + 5)))
    await client.waits()
    words = await client.words_of_bot()
    assert not [
        text for text in words if client.reads("That was very quick. Please wait for the answer.") in text
    ]
    assert sum(client.reads("I book visits. To begin, press the button.") in text for text in words) == (
        LONGEST_LINE + 5
    )


# --- what Telegram shows of the bot ---------------------------------------------------------------


async def test_a_restart_tells_telegram_of_the_bot_only_what_is_new(
    start_bot: StartBot, sandbox: Sandbox
) -> None:
    """Telegram answers 429 to bots that set their descriptions often."""

    def told() -> int:
        return sum(call["method"] == "setMyDescription" for call in sandbox.telegram.state.journal)

    async with start_bot() as bot:
        assert await until(bot.storage.published, 10)
        first = await bot.storage.published()
        assert told() == 4
    async with start_bot() as bot:
        await publish_commands(bot.bot, bot.texts, bot.front.house, bot.storage)
        assert told() == 4
    async with start_bot(clinic_phone="+7 727 111 11 11") as bot:

        async def is_new() -> bool:
            return await bot.storage.published() != first

        assert await until(is_new, 10)
        assert told() == 8
