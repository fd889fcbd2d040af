"""Whatever breaks between client and operator: every word arrives, in order, and the client's words once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from bot.app import App
from bot.domain.handoff import Said, Thread
from bot.onelink.http import _Line
from bot.relay_storage import ClaimLost
from bot.sandbox.faults import Kind
from bot.sandbox.server import Sandbox
from bot.sandbox.webhook_delivery import signature
from bot.sandbox.world import Profile
from bot.storage import Storage
from tests.clinic import NOW, Clinic
from tests.conftest import StartBot
from tests.crash.stage import until
from tests.faults.weather import OneLinkWeather
from tests.faults.wire import Telegram
from tests.handoff.conftest import SECRET
from tests.handoff.operators import ANY_RING, LONGEST_WAIT, Operator
from tests.handoff.test_handoff import BACK, WITH_STAFF, calls
from tests.people import Client

CALLING = "I am calling a person from the clinic…"
NOT_REACHED = "The clinic's system does not answer at the moment, so nobody has read this yet."
#: What a call asks of One-Link, in this order (section 8.3).
STEPS = (
    "POST /contact_inboxes/filter",
    "POST /contacts$",
    "POST /conversations$",
    "POST /messages$",
    "POST /toggle_status$",
)
#: Seconds until a request is given up, instead of ten.
SOON = 0.4
LEASE = timedelta(seconds=30)


@pytest.fixture
def profile() -> Profile:
    """Most faults look the same from both generations."""
    return "current"


@pytest.fixture
def weather(bot: App, sandbox: Sandbox) -> OneLinkWeather:
    """One-Link up and down; silence is not waited for as long as in life."""
    bot.http._line = _Line(bot.http._line.places, SOON, SOON * 3)
    bot.http._upload_line = _Line(bot.http._upload_line.places, SOON, SOON * 3)
    return OneLinkWeather(bot, sandbox)


@pytest.fixture
def telegram(control: httpx.AsyncClient, sandbox: Sandbox) -> Telegram:
    """Telegram's side."""
    return Telegram(control, sandbox)


async def in_the_end(bot: App, fact: Callable[[], Awaitable[bool]], chat_id: int = 501) -> None:
    """The fact comes true; pauses between tries are not waited for."""

    async def look() -> bool:
        bot.http._breaker.succeeded()
        await bot.storage.relays.ring(chat_id)
        return await fact()

    if not await until(look, LONGEST_WAIT):
        left = await _redis(bot).lrange(f"outbox:{{{chat_id}}}", 0, -1)
        raise AssertionError(f"that has not come true; posts that are left: {left}")


def _redis(bot: App) -> Any:
    """Its stubs cannot decide whether they are to be awaited."""
    return bot.storage.redis


def has_read(operator: Operator, *texts: str) -> Callable[[], Awaitable[bool]]:
    """Whether these are the client's messages in One-Link, in this order, and nothing else."""

    async def fact() -> bool:
        return bool(await operator.conversations()) and await operator.texts("incoming") == list(texts)

    return fact


async def shown(client: Client, *texts: str) -> list[str]:
    """Which of these the bot's messages end with, in the order of the chat."""
    words = await client.words_of_bot()
    return [text for said in words for text in texts if said.endswith(text)]


@pytest.mark.parametrize("kind", ["status", "html", "timeout", "drop_before", "drop_after"])
async def test_a_call_gets_through_although_every_step_of_it_fails(
    kind: Kind, bot: App, client: Client, operator: Operator, clinic: Clinic, weather: OneLinkWeather
) -> None:
    await client.reaches_the_day()
    for step in STEPS:
        await clinic.fault(step, kind, status=503, times=3 if "filter" in step else 1)
    await client.taps("Operator")
    await client.says("First", "Second", "Third")
    await in_the_end(bot, has_read(operator, "First", "Second", "Third"))
    await operator.waits_until("open")
    assert len(await operator.conversations()) == 1
    assert len((await clinic.world())["contacts"]) == 1
    assert len(await operator.messages("note")) == 1
    await client.waits_until_some_message_says(WITH_STAFF)


async def test_a_client_who_waits_for_one_link_is_told_and_reached_afterwards(
    bot: App, client: Client, operator: Operator, weather: OneLinkWeather
) -> None:
    await client.reaches_the_day()
    weather.goes_down()
    await client.taps("Operator")
    await client.sees(CALLING)

    async def told() -> bool:
        return client.reads(NOT_REACHED) in (await client.card())["text"]

    await in_the_end(bot, told)
    await client.says("Is anybody there?")
    weather.comes_back()
    await in_the_end(bot, has_read(operator, "Is anybody there?"))
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.sees_nothing_of(NOT_REACHED)


@pytest.mark.parametrize("kind", ["status", "html", "timeout", "drop_before", "drop_after"])
async def test_what_a_client_writes_meanwhile_arrives_in_order_and_once(
    kind: Kind, bot: App, client: Client, operator: Operator, clinic: Clinic, weather: OneLinkWeather
) -> None:
    await calls(client)
    await clinic.fault("POST /public/", kind, status=503, times=2)
    await client.says("One")
    await client.sends("photo")
    await client.says("Three")
    await clinic.fault("POST /public/", kind, status=503, skip=1)
    await in_the_end(bot, has_read(operator, "One", "", "Three"))
    rows = await operator.messages("incoming")
    assert len({row["source_id"] for row in rows}) == 3
    assert [len(row["attachments"]) for row in rows] == [0, 1, 0]


@pytest.mark.parametrize("kind", ["status", "html", "timeout", "drop_before"])
async def test_what_operators_write_while_it_cannot_be_read_comes_in_order_and_once(
    kind: Kind, bot: App, client: Client, operator: Operator, clinic: Clinic, weather: OneLinkWeather
) -> None:
    await calls(client)
    await clinic.fault("GET /conversations/", kind, status=503, times=7)
    for text in ("One", "Two", "Three"):
        await operator.writes(text)

    async def come() -> bool:
        return await shown(client, "One", "Two", "Three") == ["One", "Two", "Three"]

    await in_the_end(bot, come)


@pytest.mark.parametrize("kind", ["status", "timeout", "drop_before", "drop_after"])
async def test_a_tick_mark_that_could_not_be_set_is_set_later(
    kind: Kind, bot: App, client: Client, operator: Operator, clinic: Clinic, weather: OneLinkWeather
) -> None:
    await calls(client)
    await clinic.fault("PATCH /messages/", kind, status=503, times=2)
    number = await operator.writes("Hello")
    await client.waits_for("Hello")

    async def ticked() -> bool:
        rows = await operator.messages("outgoing")
        known = [(row["id"], row["status"]) for row in rows] == [(number, "delivered")]
        return known and not await bot.storage.relays.looks(501, 1)

    await in_the_end(bot, ticked)
    assert await shown(client, "Hello") == ["Hello"]


async def test_lost_doorbells_are_made_up_for_by_looking(
    client: Client, rival: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await operator.webhooks(lose=1000)
    await operator.writes("Nobody rings for this")
    await clinic.clock_is(NOW + timedelta(minutes=1))
    await rival.reaches_the_day()  # the bot learns what time it is
    await client.waits_for("Nobody rings for this")


async def test_doorbells_that_come_twice_or_backwards_or_late_change_nothing(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await operator.webhooks(double=True, backwards=True)
    for text in ("One", "Two", "Three"):
        await operator.writes(text)
    await operator.sets("resolved")
    await operator.webhooks(backwards=False)
    await client.waits_until_some_message_says("The clinic's staff have ended the conversation.")
    assert await shown(client, "One", "Two", "Three") == ["One", "Two", "Three"]
    words = await client.words_of_bot()
    assert sum("The clinic's staff have ended the conversation." in text for text in words) == 1


async def test_only_genuine_doorbells_ring(
    start_bot: StartBot, port: int, control: httpx.AsyncClient, sandbox: Sandbox, clinic: Clinic
) -> None:
    client, operator = Client(control, 501), Operator(control)
    await client.is_called("Aliya", "en")
    async with start_bot(
        webhook_secret=SECRET, http_port=port, onelink_webhook_secret="signing-secret"
    ) as bot:
        await calls(client)
        await clinic.waits_until_asked("/toggle_status", "POST")
        await operator.webhooks(lose=1000)
        number = (await operator.conversation())["id"]
        await operator.writes("Quietly")
        genuine = _body(number, 14)
        url = f"http://127.0.0.1:{port}/onelink/"
        now = str(int(sandbox.clock.now().timestamp()))
        forged = {"X-Chatwoot-Timestamp": now, "X-Chatwoot-Signature": "sha256=" + "0" * 64}
        old = str(int(now) - 900)
        aged = _signed("signing-secret", old, genuine)
        for path, body, headers, status in (
            (SECRET, genuine, forged, 401),
            (SECRET, genuine, aged, 401),
            ("another-secret", genuine, {}, 404),
            (SECRET, _body(number, 99), {}, 200),
            (SECRET, _body(12345, 14), {}, 200),
            (SECRET, b"\xff\x00garbage", {}, 200),
            (SECRET, b'{"event": "message_created", "conversation": [], "id": {}}', {}, 200),
        ):
            answer = await control.post(url + path, content=body, headers=headers)
            assert answer.status_code == status, body
        assert not await bot.storage.redis.zcount("relays", "-inf", ANY_RING)
        headers = _signed("signing-secret", now, genuine)
        assert (await control.post(url + SECRET, content=genuine, headers=headers)).status_code == 200
        await client.waits_for("Quietly")


async def test_telegram_asking_to_wait_keeps_the_order(
    client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    await telegram.refuses("sendMessage", 429, retry_after=1, times=2)
    await asyncio.gather(*(operator.writes(text) for text in ("One", "Two", "Three")))
    written = [text for text in await operator.texts("outgoing") if text]
    await client.waits_for(written[-1])
    assert await shown(client, "One", "Two", "Three") == written


async def test_telegram_being_down_keeps_the_order(
    bot: App, client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    await telegram.refuses("sendMessage", 502, times=9)
    for text in ("One", "Two", "Three"):
        await operator.writes(text)

    async def come() -> bool:
        return await shown(client, "One", "Two", "Three") == ["One", "Two", "Three"]

    await in_the_end(bot, come)


async def test_a_client_who_has_blocked_the_bot_is_reached_after_retry(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.blocks()
    number = await operator.writes("Can you read this?")
    await operator.waits_for_tick(number, "failed")
    await operator.waits_for("Клиент заблокировал бота", "note")
    await client.blocks(False)
    await operator.retries(number)
    await client.waits_for("Can you read this?")
    await operator.waits_for_tick(number)


async def test_formatting_that_telegram_does_not_take_is_left_out(
    client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    await telegram.refuses("sendMessage", 400, "Bad Request: can't parse entities")
    number = await operator.writes("**Bold** words")
    await client.waits_for("Bold words")
    assert (await client.card())["entities"] == []
    await operator.waits_for_tick(number)


async def test_a_message_that_telegram_never_takes_holds_nothing_up(
    client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    await telegram.refuses("sendMessage", 400, "Bad Request: nobody knows why", times=2)
    number = await operator.writes("Poison")
    await operator.writes("Afterwards")
    await client.waits_for("Afterwards")
    await operator.waits_for_tick(number, "failed")


async def test_a_file_that_never_gets_through_to_telegram_is_given_up_and_named(
    bot: App, client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    await telegram.refuses("sendDocument", 502, times=1000)
    await operator.sends("цены.pdf", b"%PDF-1.4 prices", "application/pdf", "Our prices")
    await operator.writes("Afterwards")

    async def come() -> bool:
        return await shown(client, "Afterwards") == ["Afterwards"]

    await in_the_end(bot, come)
    assert any("цены.pdf" in text for text in await client.words_of_bot())


async def test_a_message_that_one_link_never_takes_holds_nothing_up(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await clinic.fault("POST /public/", "status", status=422, times=8)
    await client.says("Poison", "Afterwards")
    await in_the_end(bot, has_read(operator, "Afterwards"))


async def test_too_many_messages_in_a_minute_are_waited_for(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await clinic.fault("POST /public/", "status", status=422, times=4)
    await client.says("One", "Two")
    await in_the_end(bot, has_read(operator, "One", "Two"))


async def test_a_clients_file_that_cannot_be_had_holds_nothing_up(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await clinic.fault("GET /file/bot", "status", status=404, times=0)
    await client.sends("document")
    await client.says("Afterwards")

    async def read() -> bool:
        return "Afterwards" in await operator.texts("incoming")

    await in_the_end(bot, read)
    [lost, _] = await operator.texts("incoming")
    assert "✕" in lost


async def test_what_this_version_cannot_read_holds_nothing_up(
    bot: App, client: Client, operator: Operator
) -> None:
    await calls(client)
    await operator.waits_until("open")
    await _redis(bot).rpush("outbox:{501}", b'{"kind": "song"}', b"\xff")
    await client.says("Afterwards")
    await in_the_end(bot, has_read(operator, "Afterwards"))
    await bot.storage.redis.hset("thread:{501}", "1", b'{"conversation": "from the future"}')
    await client.says("And now?")
    await in_the_end(bot, has_read(operator, "Afterwards", "And now?"))
    await operator.writes("Still here")
    await client.waits_for("Still here")


async def test_a_doorbell_for_what_this_version_cannot_read_is_answered(
    bot: App, client: Client, operator: Operator, port: int, control: httpx.AsyncClient
) -> None:
    """Any other answer than 200 would mark the operator's message as failed."""
    await calls(client)
    await bot.storage.redis.hset("thread:{501}", "1", b'{"conversation": "from the future"}')
    answer = await control.post(f"http://127.0.0.1:{port}/onelink/{SECRET}", content=_body(1, 14))
    assert answer.status_code == 200


async def test_one_clients_trouble_is_nobody_elses(
    bot: App, client: Client, rival: Client, operator: Operator
) -> None:
    await calls(client)
    await bot.storage.redis.set("client:{501}", b"not readable at all")
    await _redis(bot).rpush("outbox:{501}", b'{"kind": "song"}')
    await bot.storage.relays.ring(501)
    await calls(rival)
    await rival.says("Do you hear me?")
    await operator.waits_for("Do you hear me?")


@pytest.mark.parametrize("performed", [False, True])
async def test_who_goes_back_before_anybody_was_called_wakes_nobody(
    performed: bool, bot: App, client: Client, operator: Operator, clinic: Clinic, weather: OneLinkWeather
) -> None:
    await client.reaches_the_day()
    kind: Kind = "drop_after" if performed else "drop_before"
    await clinic.fault("POST /toggle_status$", kind, times=1)
    await clinic.fault("POST /messages$", "status", status=503, skip=1, times=0)
    await client.taps("Operator")
    await clinic.waits_until_asked("/toggle_status", "POST")
    await client.says("Never mind")
    await client.taps(BACK)
    await client.sees("Which day?")
    weather.comes_back()

    async def quiet() -> bool:
        return not await _redis(bot).llen("outbox:{501}")

    await in_the_end(bot, quiet)
    assert (await operator.conversation())["status"] == "pending"
    await client.says("08.01.2030 10:00")
    await client.sees_nothing_of("A person from the clinic is writing to you.")


async def test_words_to_a_call_that_was_called_off_do_not_open_a_resolved_conversation(
    bot: App, client: Client, operator: Operator, weather: OneLinkWeather
) -> None:
    await calls(client)
    await client.says("One")
    await operator.waits_for("One")
    await operator.sets("resolved")
    await client.waits_until_some_message_says("The clinic's staff have ended the conversation.")
    weather.goes_down()
    await client.taps("Operator")
    await client.says("Two")
    await client.taps(BACK)
    weather.comes_back()
    await in_the_end(bot, has_read(operator, "One", "Two"))
    assert (await operator.conversation())["status"] == "pending"
    words = await client.words_of_bot()
    assert not any("A person from the clinic is writing to you." in text for text in words)


async def test_a_client_who_goes_back_and_calls_again_loses_no_word(
    bot: App, client: Client, operator: Operator, weather: OneLinkWeather
) -> None:
    await client.reaches_the_day()
    weather.goes_down()
    await client.taps("Operator")
    await client.says("One")
    await client.taps(BACK)
    await client.says("/operator", "Two")
    weather.comes_back()
    await in_the_end(bot, has_read(operator, "One", "Two"))
    await operator.waits_until("open")


async def test_an_operators_answer_given_while_the_bot_is_away_is_there_when_it_is_back(
    start_bot: StartBot, port: int, control: httpx.AsyncClient
) -> None:
    client, operator = Client(control, 501), Operator(control)
    await client.is_called("Aliya", "en")
    async with start_bot(webhook_secret=SECRET, http_port=port):
        await calls(client)
        await operator.waits_until("open")
    number = await operator.writes("While you were away")
    await operator.waits_for_tick(number, "failed")  # nobody answered the door
    async with start_bot(webhook_secret=SECRET, http_port=port) as bot:
        await in_the_end(bot, _ticked(operator, number))
        assert await shown(client, "While you were away") == ["While you were away"]


async def test_a_hand_that_was_silent_for_too_long_writes_nothing_more(redis_url: str) -> None:
    storage = Storage(Redis.from_url(redis_url))
    posts = [Said(key="tg:501:1", text="One"), Said(key="tg:501:2", text="Two")]
    async with storage.turn(501) as turn:
        assert turn is not None
        turn.posts.extend(posts)
    slow = await storage.relays.claim(NOW, LEASE)
    assert slow is not None
    assert await storage.relays.claim(NOW + 2 * LEASE, LEASE) is None
    assert await slow.post() == posts[0]
    await storage.redis.delete("relaying:{501}")  # its time is over
    quick = await storage.relays.claim(NOW + 2 * LEASE, LEASE)
    assert quick is not None
    assert await quick.post() == posts[0]
    await quick.drop_post()
    thread = Thread(conversation_id=1, source_id="tg_1", quiet_since=NOW)
    for write in (slow.save_thread(thread), slow.drop_post(), slow.renew()):
        with pytest.raises(ClaimLost):
            await write
    await slow.end(None)
    assert await storage.relays.threads(501) == {}
    assert await quick.post() == posts[1]
    await quick.drop_post()
    await quick.save_thread(thread)
    assert await quick.post() is None
    await quick.end(None)
    assert await storage.relays.claim(NOW + timedelta(days=1), LEASE) is None
    await storage.redis.aclose()


async def test_a_hand_whose_lease_ran_out_goes_on_if_nobody_else_came(redis_url: str) -> None:
    storage = Storage(Redis.from_url(redis_url))
    await storage.relays.ring(501)
    claim = await storage.relays.claim(NOW, LEASE)
    assert claim is not None
    await storage.redis.delete("relaying:{501}")
    await claim.save_thread(Thread(conversation_id=1, source_id="tg_1", quiet_since=NOW))
    assert await storage.relays.claim(NOW + timedelta(days=1), LEASE) is None
    await claim.end(None)
    await claim.renew()  # one that comes too late keeps nobody out
    await storage.relays.ring(501)
    assert await storage.relays.claim(NOW, LEASE) is not None
    await storage.redis.aclose()


def _ticked(operator: Operator, number: int) -> Callable[[], Awaitable[bool]]:
    async def fact() -> bool:
        return any((it["id"], it["status"]) == (number, "delivered") for it in await operator.messages())

    return fact


def _body(conversation_id: int, inbox_id: int) -> bytes:
    return (
        b'{"event": "message_created", "id": 1, "private": false, "message_type": "outgoing", '
        b'"inbox": {"id": %d}, "conversation": {"id": %d}}' % (inbox_id, conversation_id)
    )


def _signed(secret: str, timestamp: str, body: bytes) -> dict[str, str]:
    return {
        "X-Chatwoot-Timestamp": timestamp,
        "X-Chatwoot-Signature": signature(secret, timestamp, body),
    }
