"""Every request that the bot makes for a client meets every fault there is, one at a time: what was begun is
finished all the same, and the client reads what is so.

Half of the requests meet one fault with one generation of One-Link, chosen by their names; with EVERY_FAULT=1
each of them meets all faults with both.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from zlib import crc32

import httpx
import pytest

from bot.app import App
from bot.onelink.http import _Line
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox
from bot.sandbox.world import PROFILES
from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.crash.stage import until
from tests.faults.flows import FLOWS, Flow, Judge, either
from tests.faults.playing import (
    RESTS_WITHIN,
    assert_ends_well,
    comes_to_an_end,
    nothing_personal,
    playing,
    rests,
)
from tests.faults.wire import Telegram

__all__ = ["nothing_personal"]

Rule = dict[str, Any]

EVERYTHING = "EVERY_FAULT" in os.environ
#: Seconds until a request is given up, where silence is the fault.
SOON = 0.5
#: What Telegram and One-Link share.
ANYBODY: dict[str, Rule] = {
    "silence": {"kind": "timeout"},
    "silence after the deed": {"kind": "hold_after"},
    "cut": {"kind": "drop_before"},
    "cut after the deed": {"kind": "drop_after"},
    "slow": {"kind": "delay", "seconds": 0.2},
    "bad gateway": {"kind": "status", "status": 502},
    "page of a gateway": {"kind": "html", "status": 502},
    "page of a failure": {"kind": "html", "status": 500},
    "page instead of an answer": {"kind": "html", "status": 200},
    "too many requests": {"kind": "status", "status": 429, "seconds": 1},
}
#: The only fault that is not tried again: what One-Link means is not known.
UNREADABLE = "nothing in the answer"
ONE_LINK: dict[str, Rule] = ANYBODY | {
    "unavailable": {"kind": "status", "status": 503},
    UNREADABLE: {"kind": "status", "status": 200, "body": {}},
}
#: What Telegram says of somebody who does not want to hear of the bot.
BLOCKED: Rule = {
    "kind": "status",
    "status": 403,
    "body": {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"},
}
#: Telegram's methods whose effect a client sees twice if the answer to the first was lost.
SENDS = ("/sendMessage",)
DOUBTFUL = ("silence after the deed", "cut after the deed")
#: What the bot says about itself at its start has no client.
PUBLISHED = ("setmy", "getmy", "deletemy", "setchatmenubutton", "getwebhookinfo", "deletewebhook")


def is_telegrams(request: str) -> bool:
    """Whether a named request is one of Telegram's methods."""
    method = request.split()[1]
    return method[1:].isalpha() and not method.islower()


def faults_for(flow: Flow, request: str) -> dict[str, Rule]:
    """The faults that this request can meet, by name."""
    if not is_telegrams(request):
        return ONE_LINK
    blocked = flow.unreached is not None and flow.unreached[0] == request
    return ANYBODY | ({"blocked": BLOCKED} if blocked else {})


def generations(request: str) -> tuple[str, ...]:
    """The generations of One-Link with which the request is made."""
    _, _, only = request.partition(" @")
    return (only,) if only else tuple(PROFILES)


def cases() -> Iterator[Any]:
    """Flow, request, fault, generation of One-Link."""
    for name, flow in FLOWS.items():
        for request in flow.requests:
            faults, profiles = list(faults_for(flow, request)), generations(request)
            chosen = crc32(f"{name}: {request}".encode())
            pairs = [(fault, profile) for fault in faults for profile in profiles]
            if not EVERYTHING:
                pairs = [pairs[chosen // 2 % len(pairs)]] if chosen % 2 else []
            for fault, profile in pairs:
                yield pytest.param(name, request, fault, profile, id=f"{name}-{request}-{fault}-{profile}")


def by_name(flow: Flow, made: Iterable[tuple[str, str]], profile: str) -> tuple[list[str], list[str]]:
    """Requests (method, path) as the flow names them, and those for which it has no name."""
    rules = {match: Fault(match, "status") for match in (request.split(" #")[0] for request in flow.requests)}
    rules = {match.split(" @")[0]: rule for match, rule in rules.items()}
    times: Counter[str] = Counter()
    named, strange = [], []
    for method, path in made:
        match = next((match for match, rule in rules.items() if rule.hits(method, path)), None)
        if match is None:
            strange.append(f"{method} {path}")
            continue
        times[match] += 1
        named.append(match if times[match] == 1 else f"{match} #{times[match]}")
    return named, strange


def _gives_up_soon(app: App) -> None:
    """Silence is not waited for as long as in life."""
    app.http._line = _Line(app.http._line.places, SOON, SOON * 3)
    app.http._upload_line = _Line(app.http._upload_line.places, SOON, SOON * 3)
    app.bot.session.timeout = SOON


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        (name, profile)
        for name in FLOWS
        for profile in (PROFILES if EVERYTHING else [PROFILES[crc32(name.encode()) % len(PROFILES)]])
    ],
)
async def test_every_request_has_a_name(
    name: str,
    profile: str,
    start_bot: StartBot,
    control: httpx.AsyncClient,
    clinic: Clinic,
    sandbox: Sandbox,
    redis_url: str,
) -> None:
    flow = FLOWS[name]
    async with playing(start_bot, control, clinic, sandbox, redis_url) as scene:
        await flow.prepare(scene)
        assert await until(lambda: rests(scene), RESTS_WITHIN)
        sandbox.journal.rows.clear()
        sandbox.telegram.state.journal.clear()
        await flow.act(scene)
        assert await until(lambda: rests(scene), RESTS_WITHIN)
        made = [(row["method"], row["path"]) for row in sandbox.journal.rows]
        calls = [call["method"] for call in sandbox.telegram.state.journal]
        made += [("POST", f"/{call}") for call in calls if not call.lower().startswith(PUBLISHED)]
        named, strange = by_name(flow, made, profile)
        assert not strange, f"FLOWS does not name {strange}"
        expected = [it.split(" @")[0] for it in flow.requests if profile in generations(it)]
        assert sorted(named) == sorted(expected)
        assert not await flow.wrong(scene, 1)


@pytest.mark.parametrize(("name", "request_", "fault", "profile"), list(cases()))
async def test_a_request_that_fails_once_is_made_good(
    name: str,
    request_: str,
    fault: str,
    profile: str,
    start_bot: StartBot,
    control: httpx.AsyncClient,
    clinic: Clinic,
    sandbox: Sandbox,
    telegram: Telegram,
    redis_url: str,
) -> None:
    flow = FLOWS[name]
    match, _, number = request_.split(" @")[0].partition(" #")
    rule = faults_for(flow, request_)[fault] | {"match": match, "skip": int(number or 1) - 1}
    async with playing(start_bot, control, clinic, sandbox, redis_url) as scene:
        await flow.prepare(scene)
        assert await until(lambda: rests(scene), RESTS_WITHIN)
        if fault.startswith("silence"):
            _gives_up_soon(scene.app)
        planned = sandbox.faults.add(rule)
        await flow.act(scene)
        await comes_to_an_end(scene, flow)
        assert planned.fired == 1, "this request was not made"
        twice = match.endswith(SENDS) and fault in DOUBTFUL
        await assert_ends_well(scene, telegram, _judge(flow, match, fault), 2 if twice else 1)


def _judge(flow: Flow, match: str, fault: str) -> Judge:
    if flow.unreached and fault == "blocked":
        return flow.unreached[1]
    if flow.put_off and fault == UNREADABLE and match.startswith("GET"):
        return either(flow.put_off, flow.wrong)
    return flow.wrong
