"""What the client makes of a One-Link that is slow, cut off, or not One-Link at all."""

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import BookingError, CannotBook, Gone, NotPermitted, OneLinkUnreachable, SlotTaken
from bot.onelink.breaker import Breaker
from bot.onelink.exchange import Patience
from bot.sandbox.server import Sandbox
from tests.onelink.conftest import IMPATIENT, TOKEN, Line, connected
from tests.onelink.test_contract import KEY, booking


@pytest.fixture
async def line(sandbox: Sandbox, stack: AsyncExitStack) -> Line:
    """A client in a hurry, with a breaker that does not get in the way."""
    return await connected(stack, sandbox.url, patience=IMPATIENT, breaker=Breaker(threshold=100))


def arrived(sandbox: Sandbox, method: str) -> int:
    return sum(row["method"] == method for row in sandbox.journal.rows)


def booked(sandbox: Sandbox) -> int:
    return len(sandbox.world.appointments) - 1


# Repeats


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html", "status": 502},
        {"kind": "status", "status": 429},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 200, "body": "It works!"},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
    ],
)
async def test_a_read_is_repeated_until_it_is_answered(
    line: Line, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    sandbox.faults.add({"match": "GET /services", "times": 2} | fault)
    assert await line.scheduling.services()


async def test_a_read_is_given_up_after_three_attempts(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add({"match": "GET /services", "kind": "html", "times": 0})
    with pytest.raises(OneLinkUnreachable) as error:
        await line.scheduling.services()
    assert error.value.status == 502
    assert arrived(sandbox, "GET") == 3


async def test_a_silent_one_link_is_given_up_in_time(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add({"match": "GET /services", "kind": "timeout", "times": 0})
    async with asyncio.timeout(IMPATIENT.total_s + 1):
        with pytest.raises(OneLinkUnreachable, match="timeout"):
            await line.scheduling.services()


async def test_a_look_up_that_is_a_post_is_repeated_like_a_read(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add({"match": "POST /contacts/filter", "kind": "html", "times": 2})
    assert await line.conversations.contact_by_phone("+77015554433") is not None


@pytest.mark.parametrize(
    ("fault", "happened"),
    [
        ({"kind": "html", "status": 502}, 0),
        ({"kind": "status", "status": 429}, 0),
        ({"kind": "timeout"}, 0),
        ({"kind": "hold_after"}, 1),
        ({"kind": "drop_before"}, 0),
        ({"kind": "drop_after"}, 1),
        ({"kind": "status", "status": 200, "body": "<html>Welcome to the hotel</html>"}, 0),
        ({"kind": "status", "status": 201, "body": {"payload": {"ok": True}}}, 0),
    ],
)
async def test_a_booking_without_a_usable_answer_is_unknown_and_safe_to_repeat(
    line: Line, sandbox: Sandbox, fault: dict[str, Any], happened: int
) -> None:
    sandbox.faults.add({"match": "POST /appointments"} | fault)
    with pytest.raises(OneLinkUnreachable):
        await line.scheduling.create_appointment(booking(), idempotency_key=KEY)
    assert (arrived(sandbox, "POST"), booked(sandbox)) == (1, happened)  # a write is never repeated here

    again = await line.scheduling.create_appointment(booking(), idempotency_key=KEY)
    assert again.replayed == bool(happened)
    assert booked(sandbox) == 1


# Refusals in strange clothes


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": "You are not authorized to do this action"}, NotPermitted),
        (403, "<html>Forbidden</html>", NotPermitted),
        (404, "<html>Not here</html>", Gone),
        (409, "", SlotTaken),
        (422, "<html>", CannotBook),
        (400, "Bad Request", CannotBook),
    ],
)
async def test_a_refusal_is_understood_whatever_its_body(
    line: Line, sandbox: Sandbox, status: int, body: object, error: type[BookingError]
) -> None:
    sandbox.faults.add({"match": "POST /appointments", "kind": "status", "status": status, "body": body})
    with pytest.raises(error) as refusal:
        await line.scheduling.create_appointment(booking(), idempotency_key=KEY)
    assert type(refusal.value) is error
    assert arrived(sandbox, "POST") == 1


async def test_a_refused_read_is_not_repeated(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add({"match": "GET /services", "kind": "status", "status": 401})
    with pytest.raises(NotPermitted):
        await line.scheduling.services()
    assert arrived(sandbox, "GET") == 1


# One slow request and the others


async def test_a_slow_answer_does_not_hold_up_another(line: Line, sandbox: Sandbox) -> None:
    sandbox.faults.add({"match": "GET /resources", "kind": "timeout", "times": 0})
    slow = asyncio.create_task(line.scheduling.resources())
    assert await line.scheduling.services()
    assert not slow.done()
    with pytest.raises(OneLinkUnreachable):
        await slow


async def test_cancelling_a_call_passes_through_and_gives_its_place_back(
    sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    line = await connected(stack, sandbox.url, patience=Patience(parallel=1))
    sandbox.faults.add({"match": "GET /resources", "kind": "timeout", "times": 0})
    slow = asyncio.create_task(line.scheduling.resources())
    async with asyncio.timeout(2):
        while not arrived(sandbox, "GET"):  # noqa: ASYNC110  the journal rings no bell
            await asyncio.sleep(0)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert await line.scheduling.services()


# The breaker, on the wire


async def test_after_failures_in_a_row_nobody_waits_for_one_link(
    sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    seconds = 0.0
    breaker = Breaker(threshold=3, pause_s=5, monotonic=lambda: seconds)
    line = await connected(stack, sandbox.url, patience=IMPATIENT, breaker=breaker)
    sandbox.faults.add({"match": "GET /services", "kind": "html", "times": 3})
    with pytest.raises(OneLinkUnreachable):
        await line.scheduling.services()
    with pytest.raises(OneLinkUnreachable, match="breaker_open"):
        await line.scheduling.services()
    assert arrived(sandbox, "GET") == 3

    seconds += 5
    assert await line.scheduling.services()
    assert await line.scheduling.services()


async def test_refusals_do_not_open_the_breaker(sandbox: Sandbox, stack: AsyncExitStack) -> None:
    line = await connected(stack, sandbox.url, breaker=Breaker(threshold=1))
    for _ in range(3):
        with pytest.raises(Gone):
            await line.scheduling.appointment(424242)
    assert await line.scheduling.services()


async def test_a_one_link_that_is_not_there_is_unreachable(stack: AsyncExitStack) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # taken, and not listening
        line = await connected(stack, f"http://127.0.0.1:{unheard.getsockname()[1]}", patience=IMPATIENT)
        with pytest.raises(OneLinkUnreachable, match="connection"):
            await line.scheduling.services()
    assert [exchange.status for exchange in line.exchanges] == [None, None, None]


# What is written down


async def test_the_log_tells_the_shape_of_a_request_and_nothing_personal(
    line: Line, sandbox: Sandbox
) -> None:
    sandbox.faults.add({"match": "GET /contacts", "kind": "html"})
    sandbox.faults.add(
        {"match": "POST /appointments", "kind": "status", "status": 422, "code": "INVALID_IIN"}
    )
    with capture_logs() as logs:
        await line.scheduling.find_contact_by_phone("+77015554433")
        with pytest.raises(BookingError):
            await line.scheduling.create_appointment(
                booking(client_identifier="123456789012"), idempotency_key=KEY
            )
    written = repr(logs)
    assert "INVALID_IIN" in written
    assert "scheduling/contacts" in written
    for secret in ("7015554433", "Алия", "123456789012", TOKEN):
        assert secret not in written
