"""What clients type about themselves goes to One-Link and nowhere else: no log, metric or key in Redis."""

import contextlib
import io
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import structlog

from bot.app import App
from bot.dialogue.framing import CANCEL
from bot.logs import set_up_logs
from bot.sandbox.server import Sandbox
from tests.clinic import ANNA, Clinic
from tests.conftest import StartBot
from tests.people import Client

IIN = "900215312348"
NAME, SURNAME = "Алия", "Нурланова"
PHONE = "+77011234567"
#: How these may be written; a name also as JSON escapes it.
IDENTITY = (IIN, NAME, SURNAME, "7011234567", "701 123 4567", "\\u041d\\u0443\\u0440\\u043b\\u0430\\u043d")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TWELVE_DIGITS = re.compile(r"(?<![\d.])\d{12}(?!\d)")


@pytest.fixture
def profile() -> str:
    return "published"  # it refuses more: links, and what a race leaves


@pytest.fixture(params=["json", "console"])
def logs(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Standard error, with the logs set up as `run` does it."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    with contextlib.redirect_stderr(written):
        set_up_logs(request.param)
        yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)


async def gives_identity(client: Client, time: str = "10:00") -> None:
    """From /start to the summary, with everything that identifies a person."""
    await client.reaches_the_name(time=time)
    if "Your name" in (await client.card())["text"]:  # a returning client is known already
        await client.says(f"{NAME} {SURNAME}")
        await client.shares_phone(PHONE)
    await client.says(IIN)
    await client.sees("Shall I book it?")


async def kept_in_redis(app: App) -> str:
    """Every key and every value, as text."""
    redis: Any = app.storage.redis
    found = []
    async for key in redis.scan_iter():
        kind = (await redis.type(key)).decode()
        value: Any
        match kind:
            case "string":
                value = await redis.get(key)
            case "hash":
                value = await redis.hgetall(key)
            case "zset":
                value = await redis.zrange(key, 0, -1, withscores=True)
            case "list":
                value = await redis.lrange(key, 0, -1)
            case "set":
                value = await redis.smembers(key)
            case _:
                value = await redis.xrange(key)
        found.append(f"{key!r} {readable(value)}")
    return "\n".join(found)


def readable(value: Any) -> str:
    """Bytes anywhere in it as text."""
    match value:
        case bytes():
            return value.decode(errors="replace")
        case dict():
            return " ".join(f"{readable(k)}={readable(v)}" for k, v in value.items())
        case list() | tuple() | set():
            return " ".join(readable(each) for each in value)
        case _:
            return str(value)


def assert_nothing_of(text: str, *forbidden: str, where: str) -> None:
    for each in forbidden:
        assert each not in text, f"{each!r} in {where}: …{text[max(0, text.index(each) - 200) :][:400]}"
    found = TWELVE_DIGITS.search(UUID.sub("", text))
    assert found is None, f"twelve digits in {where}: {text[max(0, found.start() - 200) :][:400]}"


async def addresses(clinic: Clinic) -> str:
    """Paths and queries of all requests to One-Link: proxies write them into their logs."""
    return "\n".join(
        f"{row['path']}?{urlencode(row['query'])} {row['query']}" for row in await clinic.requests()
    )


async def buttons_of(client: Client) -> str:
    chat = await client.chat()
    return "\n".join(
        str(button.get("data"))
        for message in chat["messages"]
        for row in message["buttons"]
        for button in row
    )


async def goes_through_everything(
    client: Client, clinic: Clinic, sandbox: Sandbox, control: httpx.AsyncClient
) -> None:
    """A booking and its cancellation; then each way in which either goes wrong."""
    await gives_identity(client)
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await client.sees("This visit is cancelled.")

    # Refused, lost, and answered with what quotes the client.
    quoting = {"payload": {"client_name": f"{NAME} {SURNAME}", "client_phone": PHONE, "starts_at": IIN}}
    refusing = {"error": f"{NAME} {SURNAME} {PHONE} {IIN}", "code": IIN, "details": {IIN: [PHONE]}}
    troubles: list[dict[str, Any]] = [
        {"match": "POST /appointments$", "kind": "drop_after"},
        {"match": "POST /appointments$", "kind": "status", "status": 201, "body": quoting},
        {
            "match": "POST /appointments$",
            "kind": "html",
            "status": 502,
            "body": f"<p>{NAME} {PHONE} {IIN}</p>",
        },
        {"match": "POST /messages$", "kind": "status", "status": 422, "body": refusing},
        {"match": "POST /contact_inboxes/filter", "kind": "status", "status": 200, "body": quoting},
    ]
    for number, trouble in enumerate(troubles):
        sandbox.faults.add(trouble)
        await gives_identity(client, time=f"{14 + number // 2}:{30 * (number % 2):02d}")
        await client.taps("✓ Confirm")
        await client.waits_for("You are booked")
        sandbox.faults.clear()
    sandbox.faults.add({"match": "POST /cancel$", "kind": "status", "status": 422, "body": refusing})
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await client.sees("did not cancel the visit")

    slots = {"payload": {"slots": [quoting] * 3}}
    sandbox.faults.add({"match": "GET /calendar", "kind": "status", "status": 200, "body": slots, "times": 0})
    await client.reaches_the_day()
    await client.says(IIN)
    sandbox.faults.clear()
    await client.says("cancel")  # a returning client's name is in the draft without having been typed

    # Telegram refuses with words that quote the message: an exception nobody has thought of.
    plan = {
        "method": "sendMessage",
        "status": 400,
        "description": f"Bad Request: can't parse entities: {NAME} {SURNAME} {PHONE} {IIN}",
    }
    (await control.post("/_sandbox/telegram/refusals", json=plan)).raise_for_status()
    await client.says(f"{NAME} {SURNAME} {PHONE} {IIN}")
    await client.waits()


async def test_no_identity_in_logs_metrics_addresses_buttons_or_redis(
    logs: io.StringIO, start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic, sandbox: Sandbox
) -> None:
    async with start_bot() as app:
        client = Client(control, 501)
        await client.is_called("Somebody", "en")
        await goes_through_everything(client, clinic, sandbox, control)
        kept = await kept_in_redis(app)
        metrics = (await app.measured()).decode()
    written = logs.getvalue()
    assert "update_failed" in written  # the unforeseen one was logged …
    assert "places" in written  # … with places, not with values
    assert_nothing_of(written, *IDENTITY, where="the logs")
    assert "Traceback" not in written
    assert_nothing_of(metrics, *IDENTITY, where="the metrics")
    assert_nothing_of(await addresses(clinic), *IDENTITY, where="the addresses")
    assert_nothing_of(await buttons_of(client), *IDENTITY, where="the buttons")
    assert_nothing_of(kept, *IDENTITY, where="Redis")


async def test_the_iin_leaves_redis_when_the_appointment_exists(
    bot: App, client: Client, clinic: Clinic
) -> None:
    await gives_identity(client)
    assert IIN in await kept_in_redis(bot)  # it has to be somewhere until then
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    assert_nothing_of(await kept_in_redis(bot), *IDENTITY, where="Redis")


async def test_a_booking_that_nobody_answers_for_keeps_its_wish_and_then_nothing(
    bot: App, client: Client, clinic: Clinic
) -> None:
    await gives_identity(client)
    await clinic.fault("POST /appointments$", "drop_after")
    await client.taps("✓ Confirm")
    await client.sees("Checking your booking")
    assert IIN in await kept_in_redis(bot)
    await client.waits_for("You are booked")
    await client.waits()
    async with bot.storage.turn(client.chat_id):  # the worker's turn is over
        pass
    assert_nothing_of(await kept_in_redis(bot), *IDENTITY, where="Redis")


async def test_leaving_a_booking_deletes_what_was_typed(bot: App, client: Client) -> None:
    await gives_identity(client)
    await client.taps(CANCEL.label, "Yes, stop booking")
    assert_nothing_of(await kept_in_redis(bot), *IDENTITY, where="Redis")


async def test_beginning_anew_deletes_what_was_typed(bot: App, client: Client) -> None:
    await gives_identity(client)
    await client.says("/start")
    await client.taps("Start again")
    await client.sees("Which service")
    assert_nothing_of(await kept_in_redis(bot), *IDENTITY, where="Redis")


async def test_an_attempt_whose_outcome_cannot_be_shown_forgets_the_person_all_the_same(
    bot: App, client: Client, clinic: Clinic
) -> None:
    await gives_identity(client)
    body = {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    await clinic.fault("POST /editMessageText", "status", status=403, body=body, times=0)
    await clinic.fault("POST /sendMessage", "status", status=403, body=body, times=0)
    await client.taps("✓ Confirm")
    await client.waits()
    await clinic.is_well_again()
    if not await clinic.appointments():
        # Blocked before anything was sent: the draft waits for its day to be over, and nothing else.
        assert await bot.storage.open_attempts() == 0
        return
    assert_nothing_of(await kept_in_redis(bot), *IDENTITY, where="Redis")


async def test_the_message_with_the_iin_leaves_the_chat(client: Client, sandbox: Sandbox) -> None:
    await gives_identity(client)
    shown = "\n".join(m["text"] for m in await client.messages())
    assert IIN not in shown


async def test_operators_read_no_iin_in_the_conversation(client: Client, clinic: Clinic) -> None:
    await gives_identity(client)
    await client.taps("✓ Confirm")
    conversations = (await clinic.world())["conversations"]
    assert conversations
    for conversation in conversations:
        for message in conversation["messages"]:
            assert not re.search(r"\d{12}", message["content"] or "")


async def test_without_an_inbox_only_the_search_for_a_contact_names_the_phone(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    """The scheduling API has no other way to find a contact by phone (GET …/contacts?search=)."""
    async with start_bot(onelink_inbox_id=None, onelink_inbox_identifier=None):
        client = Client(control, 501)
        await client.is_called("Somebody", "en")
        await gives_identity(client)
        await client.taps("✓ Confirm")
        await client.sees("You are booked")
    searches = await clinic.requests("scheduling/contacts", "GET")
    assert [row["query"]["search"] for row in searches] == [PHONE]
    others = [row for row in await clinic.requests() if row not in searches]
    text = "\n".join(f"{row['path']} {row['query']}" for row in others)
    assert_nothing_of(text, *IDENTITY, where="the addresses")


async def test_values_that_hold_a_person_do_not_print_it(bot: App, client: Client, clinic: Clinic) -> None:
    await gives_identity(client)
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await client.taps("✓ Confirm")  # refused: the draft goes on
    async with bot.storage.turn(client.chat_id) as turn:
        assert turn is not None
        from bot.telegram.card import _DRAFT

        draft = _DRAFT.validate_python(turn.data["draft"])
    assert draft.name == f"{NAME} {SURNAME}"
    for value in (draft, draft.phone, draft.iin):
        assert_nothing_of(repr(value) + str(value), *IDENTITY, where="a repr")
