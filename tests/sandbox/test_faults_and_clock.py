"""The switches of the sandbox: what breaks, what time it is, what was asked, and what the world holds."""

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.server import serving
from tests.sandbox.conftest import Caller
from tests.sandbox.test_scheduling_api import KEYED
from tests.sandbox.worlds import FIXTURE_WORLD, Row

BOOKING = "/api/v1/accounts/7/scheduling/appointments"


async def test_an_answer_lost_after_the_booking_leaves_the_booking(call: Caller) -> None:
    status, _ = await call("POST //_sandbox/faults", {"match": "POST /appointments", "kind": "drop_after"})
    assert status == 201
    with pytest.raises(aiohttp.ClientConnectionError):
        await call.scheduling("POST /appointments", KEYED)
    assert len(call.world.appointments) == 2
    assert (await call.scheduling("POST /appointments", KEYED))[0] == 200
    _, journal = await call("GET //_sandbox/requests")
    assert [(row.get("fault"), row["status"]) for row in journal] == [("drop_after", 201), (None, 200)]


@pytest.mark.parametrize("kind", ["drop_before", "timeout"])
async def test_a_request_lost_on_the_way_does_nothing(call: Caller, kind: str) -> None:
    await call("POST //_sandbox/faults", {"match": "POST /appointments", "kind": kind, "seconds": 0.05})
    with pytest.raises(aiohttp.ClientConnectionError):
        await call.scheduling("POST /appointments", KEYED)
    assert len(call.world.appointments) == 1
    _, [row] = await call("GET //_sandbox/requests")
    assert (row["fault"], row["status"], row["body"]) == (kind, None, KEYED)


async def test_a_client_that_gives_up_ends_the_silence(call: Caller) -> None:
    call.sandbox.faults.add({"match": "POST /appointments", "kind": "hold_after"})
    soon = aiohttp.ClientTimeout(total=0.2)
    with pytest.raises(TimeoutError):
        await call.session.post(call.sandbox.url + BOOKING, json=KEYED, timeout=soon)
    assert len(call.world.appointments) == 2


@pytest.mark.parametrize(("kind", "appointments"), [("kill_before", 1), ("kill_after", 2)])
async def test_a_process_is_killed_at_a_request(call: Caller, kind: str, appointments: int) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    rule = {"match": "POST /appointments$", "kind": kind, "pid": process.pid}
    assert (await call("POST //_sandbox/faults", rule))[0] == 201
    with pytest.raises(aiohttp.ClientConnectionError):
        await call.scheduling("POST /appointments", KEYED)
    assert await asyncio.wait_for(process.wait(), 10) == -signal.SIGKILL
    assert len(call.world.appointments) == appointments
    assert (await call.scheduling("POST /appointments", KEYED))[0] in (200, 201)


async def test_nobody_else_is_killed(call: Caller) -> None:
    for pid in (None, 0, 1, -1, True, "12", os.getpid()):
        rule = {"match": "*", "kind": "kill_before", "pid": pid}
        assert (await call("POST //_sandbox/faults", rule))[0] == 422
    assert (await call("POST //_sandbox/faults", {"match": "*", "kind": "status", "pid": 12345}))[0] == 422


async def test_a_fault_can_let_the_first_requests_pass(call: Caller) -> None:
    call.sandbox.faults.add({"match": "GET /services", "kind": "status", "status": 503, "skip": 1})
    assert [(await call.scheduling("GET /services"))[0] for _ in range(3)] == [200, 503, 200]


async def test_a_delayed_request_is_performed(call: Caller) -> None:
    call.sandbox.faults.add({"match": "*", "kind": "delay", "seconds": 0.05})
    assert (await call.scheduling("POST /appointments", KEYED))[0] == 201


async def test_a_fault_fires_as_often_as_it_was_told_to_and_counts(call: Caller) -> None:
    await call(
        "POST //_sandbox/faults",
        {"match": "GET /services", "kind": "status", "status": 503, "code": "MEDELEMENT", "times": 2},
    )
    answers = [(await call.scheduling("GET /services"))[0] for _ in range(3)]
    assert answers == [503, 503, 200]
    _, [rule] = await call("GET //_sandbox/faults")
    assert (rule["fired"], rule["times"]) == (2, 2)
    call.sandbox.faults.add({"match": "GET", "kind": "status", "times": 0})
    assert [(await call.scheduling("GET /services"))[0] for _ in range(2)] == [500, 500]
    assert (await call("DELETE //_sandbox/faults"))[0] == 204
    assert (await call.scheduling("GET /services"))[0] == 200


async def test_telegram_fails_in_telegrams_words(call: Caller) -> None:
    limit = {"match": "POST /sendMessage", "kind": "status", "status": 429, "seconds": 3}
    call.sandbox.faults.add(limit)
    status, body = await call("POST //bot1:a/sendMessage", {"chat_id": 1, "text": "x"})
    assert (status, body["ok"], body["parameters"]) == (429, False, {"retry_after": 3})
    _, journal = await call("GET //_sandbox/requests")
    assert journal == []


async def test_a_fault_that_makes_no_sense_is_refused(call: Caller) -> None:
    for rule in ({"kind": "status"}, {"match": "*", "kind": "magic"}, {"match": "*", "kind": "html", "x": 1}):
        assert (await call("POST //_sandbox/faults", rule))[0] == 422


@pytest.mark.parametrize(
    ("match", "method", "path", "hits"),
    [
        ("POST /appointments", "POST", BOOKING, True),
        ("POST /appointments", "POST", f"{BOOKING}/1/cancel", True),
        ("POST /appointments$", "POST", f"{BOOKING}/1/cancel", False),
        ("/appointments", "PATCH", f"{BOOKING}/1", True),
        ("GET", "POST", BOOKING, False),
        ("* /sendMessage", "POST", "/bot1:a/sendMessage", True),
    ],
)
def test_a_match_is_a_method_and_a_piece_of_the_path(match: str, method: str, path: str, hits: bool) -> None:
    assert Fault(match, "status").hits(method, path) is hits


async def test_every_answer_tells_the_time_of_the_sandbox(call: Caller) -> None:
    _, before = await call("GET //_sandbox/clock")
    jumps: list[datetime] = []
    call.sandbox.clock.subscribe(jumps.append)
    _, after = await call("PUT //_sandbox/clock", {"advance": 3600})
    assert (before["now"][:16], after["now"][:16]) == ("2026-03-08T06:00", "2026-03-08T07:00")
    assert len(jumps) == 1
    await call("PUT //_sandbox/clock", {"now": "2030-01-07T10:00:00Z"})
    for path in ("/_sandbox", "/api/v1/profile", "/nowhere", "/public/api/v1/inboxes/IDENT"):
        async with call.session.get(call.sandbox.url + path) as response:
            told = parsedate_to_datetime(response.headers["Date"])
            assert timedelta(0) <= call.sandbox.clock.now() - told < timedelta(seconds=5)
            assert told.year == 2030


async def test_a_world_read_and_written_back_is_the_same_world(call: Caller) -> None:
    await call.scheduling("POST /appointments", KEYED)
    await call("POST /contacts", {"inbox_id": 14, "source_id": "tg_1", "name": "Айгуль"})
    await call("POST //public/api/v1/inboxes/IDENT/contacts/tg_1/conversations", {})
    await call("POST /conversations/1/messages", {"content": "x", "source_id": "tgb:1"})
    _, world = await call("GET //_sandbox/world")
    assert await call("PUT //_sandbox/world", world) == (200, world)
    assert (await call.scheduling("POST /appointments", KEYED))[0] == 200


async def test_a_world_that_makes_no_sense_changes_nothing(call: Caller) -> None:
    senseless: list[Any] = [
        {"masters": []},
        {"appointments": [{"resource_id": 11}]},
        {"switches": {"rase": 1}},
        [],
    ]
    for world in senseless:
        assert (await call("PUT //_sandbox/world", world))[0] == 422
    assert (await call.scheduling("GET /appointments/9000"))[0] == 200


async def test_a_minimal_world_is_enough() -> None:
    world: Row = {"resources": [{"id": 11, "name": "Anna"}], "services": [{"id": 31, "name": "Haircut"}]}
    headers = {"api_access_token": "anything"}
    async with serving("current", world) as sandbox, aiohttp.ClientSession(headers=headers) as session:
        async with session.get(f"{sandbox.url}/api/v1/accounts/1/scheduling/resources") as response:
            [anna] = (await response.json())["payload"]
        assert anna["timezone"] == "Asia/Almaty"
        assert sandbox.world.services[31]["duration_min"] == 30


async def test_the_sandbox_refuses_to_listen_beyond_this_machine() -> None:
    with pytest.raises(ValueError, match="loopback"):
        async with serving("current", FIXTURE_WORLD, host="0.0.0.0"):  # noqa: S104
            pass
