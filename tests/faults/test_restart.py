"""The bot goes away at the worst moments; what was said, typed and confirmed is still there afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest

from bot.sandbox.server import Sandbox
from bot.storage import LEASE as TURN_LEASE
from tests.clinic import Clinic
from tests.conftest import StartBot, settings_for
from tests.faults.wire import Telegram
from tests.people import Client
from tests.process import BotProcess, Launcher, environment_of

Step = Callable[[Client], Awaitable[None]]
StartProcess = Callable[[], AbstractAsyncContextManager[BotProcess]]

#: What a client does, step by step, and what is asked after it.
WAY: list[tuple[Step, str]] = [
    (lambda client: client.says("/start"), "Book a visit here"),
    (lambda client: client.taps("Book a visit"), "Which service"),
    (lambda client: client.taps("Haircut"), "With whom?"),
    (lambda client: client.taps("Anna Ivanova"), "Which day?"),
    (lambda client: client.taps("tomorrow, Tue 8 Jan · 16 free"), "What time?"),
    (lambda client: client.taps("10:00"), "Who processes the data"),
    (lambda client: client.taps("I agree"), "Your name"),
    (lambda client: client.says("Алия Нурланова"), "Your phone"),
    (lambda client: client.shares_phone("+77011234567"), "Your IIN"),
    (lambda client: client.says("900215312348"), "Shall I book it?"),
    (lambda client: client.taps("✓ Confirm"), "You are booked"),
    (lambda client: client.taps("Cancel the visit"), "Cancel this visit?"),
    (lambda client: client.taps("Yes, cancel the visit"), "This visit is cancelled."),
]


async def somebody(control: httpx.AsyncClient) -> Client:
    client = Client(control, 501)
    await client.is_called("Aliya", "en")
    return client


async def test_a_restart_after_every_step_loses_nothing(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    client = await somebody(control)
    for does, asked in WAY:
        async with start_bot():
            await does(client)
            await client.sees(asked)
    [made] = await clinic.appointments(live=False)
    assert (made["starts_at"], made["client_name"]) == ("2030-01-08T05:00:00Z", "Алия Нурланова")
    assert made["status"] == "cancelled"


async def test_what_clients_do_while_the_bot_is_down_is_done_when_it_is_back(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    client = await somebody(control)
    async with start_bot():
        await client.reaches_the_summary()
    await client.taps_and_leaves("✓ Confirm")
    async with start_bot():
        await client.waits()
        await client.sees("You are booked")
        await client.taps("Cancel the visit")
    await client.taps_and_leaves("Yes, cancel the visit")
    assert len(await clinic.appointments()) == 1
    async with start_bot():
        await client.waits()
        await client.sees("This visit is cancelled.")
    assert await clinic.appointments() == []


async def test_a_text_typed_while_the_bot_is_down_is_read_when_it_is_back(
    start_bot: StartBot, control: httpx.AsyncClient
) -> None:
    client = await somebody(control)
    async with start_bot():
        await client.reaches_the_name()
    await client.says_and_leaves("Алия Нурланова", "8 701 123 45 67")
    async with start_bot():
        await client.waits()
        await client.sees("Your IIN?")


async def test_a_tap_handled_before_the_stop_is_not_handled_again(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic, sandbox: Sandbox, telegram: Telegram
) -> None:
    client = await somebody(control)
    async with start_bot():
        await client.reaches_the_summary()
        seen = telegram.noting()
        await client.taps("✓ Confirm")
        await client.sees("You are booked")
    [(kind, payload, update_id)] = seen
    telegram.redeliver(kind, payload, update_id)
    async with start_bot():
        await client.waits()
        await client.sees("You are booked")
    assert len(await clinic.appointments(live=False)) == 1
    assert len(await client.words_of_bot()) == len(set(await client.words_of_bot()))


async def test_an_uncertain_booking_is_settled_by_the_next_start(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    client = await somebody(control)
    async with start_bot():
        await client.reaches_the_summary()
        await clinic.fault("POST /appointments$", "drop_after")
        await client.taps("✓ Confirm")
        await client.sees("Checking your booking")
    async with start_bot():
        await client.waits_for("You are booked")
    assert len(await clinic.appointments(live=False)) == 1


# --- real processes -----------------------------------------------------------------------------


@pytest.fixture
def start_process(launcher: Launcher, sandbox: Sandbox, redis_url: str, tmp_path: Path) -> StartProcess:
    """Start a bot as a process of its own; it runs while the block does."""
    return lambda: launcher.running(environment_of(settings_for(sandbox, redis_url)), tmp_path)


async def test_processes_that_are_stopped_and_killed_lose_nothing_and_book_once(
    start_process: StartProcess, control: httpx.AsyncClient, clinic: Clinic, sandbox: Sandbox
) -> None:
    client = await somebody(control)

    # Stopped politely in the middle of a dialogue, while a client is typing.
    async with start_process() as bot:
        await client.reaches_the_name()
        await client.says_and_leaves("Алия Нурланова")
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log()

    # Killed between the question and the next.
    async with start_process() as bot:
        await client.waits()
        await client.sees("Your phone number?")
        await client.shares_phone("+77011234567")
        await bot.kill()

    # Killed between Confirm and its answer: One-Link has booked, nobody was told.
    async with start_process() as bot:
        await client.taps("Skip")
        await client.sees("Shall I book it?")
        sandbox.faults.add({"match": "POST /appointments$", "kind": "kill_after", "pid": bot.pid})
        await client.taps_and_leaves("✓ Confirm")
        await clinic.waits_until_asked("scheduling/appointments", "POST")
        await bot.kill()
    assert len(await clinic.appointments()) == 1

    # Another one takes over: the lock of the killed one ends by itself, the tap is executed.
    async with start_process() as bot:
        await client.waits_for("You are booked")
        await client.waits()
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log()
    [made] = await clinic.appointments(live=False)
    posts = [row["body"] for row in await clinic.requests("scheduling/appointments", "POST")]
    assert {body["idempotency_key"] for body in posts} == {made["idempotency_key"]}
    assert len(await client.words_of_bot()) == len(set(await client.words_of_bot()))


async def test_buttons_that_a_killed_process_has_shown_stay_good(
    start_process: StartProcess, control: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The client sees the first question and answers it before anybody has stored that it was asked."""
    client = await somebody(control)
    async with start_process() as bot:
        await client.says("/start")
        sandbox.faults.add({"match": "POST /editMessageText", "kind": "kill_after", "pid": bot.pid})
        await client.taps_and_leaves("Book a visit")
        assert await bot.ends() == -9
    await client.taps_and_leaves("Haircut")
    async with start_process():
        await client.waits()
        await client.sees("With whom?")


async def test_a_stopped_bot_finishes_what_is_in_hand(
    start_process: StartProcess, control: httpx.AsyncClient, clinic: Clinic, sandbox: Sandbox
) -> None:
    client = await somebody(control)
    async with start_process() as bot:
        await client.reaches_the_summary()
        sandbox.faults.add({"match": "POST /appointments$", "kind": "delay", "seconds": 1.0})
        await client.taps_and_leaves("✓ Confirm")
        await clinic.waits_until_asked("scheduling/appointments", "POST")
        assert await bot.terminate() == 0
    # Not before the client had the answer.
    await client.sees("You are booked")
    assert sandbox.telegram.state.pending() == 0


async def test_two_processes_with_one_redis_handle_a_clients_updates_one_at_a_time(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    assert TURN_LEASE.total_seconds() < 10
    client = await somebody(control)
    async with start_bot() as one:
        await client.reaches_the_summary()
        async with one.storage.turn(client.chat_id), asyncio.timeout(5):
            await client.taps_and_leaves("✓ Confirm")
            # Held by somebody else: nothing moves.
            await control.get(f"/_sandbox/chats/{client.chat_id}", params={"since": "0"})
            assert await clinic.appointments() == []
        await client.waits()
        await client.sees("You are booked")
