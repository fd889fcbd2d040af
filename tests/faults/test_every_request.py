"""Every request that the bot makes for a client meets every fault there is, one at a time: what was begun is
finished all the same, and the client reads what is so.

Half of the requests meet one fault with one generation of One-Link, chosen by their names; with EVERY_FAULT=1
each of them meets all faults with both.
"""

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from zlib import crc32

import httpx
import pytest
from aiogram.exceptions import TelegramAPIError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.app import App
from bot.domain.errors import BookingError
from bot.onelink.exchange import Patience
from bot.onelink.http import _Line
from bot.relay_storage import PASSED
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox
from bot.sandbox.world import PROFILES
from bot.storage import TurnLost
from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.crash.stage import until
from tests.faults.flows import FLOWS, MINUTE, Flow, Scene, goes_round
from tests.faults.wire import Telegram
from tests.handoff.operators import ANY_RING, Operator
from tests.people import Client
from tests.test_redaction import IDENTITY, assert_nothing_of, kept_in_redis

Rule = dict[str, Any]

EVERYTHING = "EVERY_FAULT" in os.environ
#: Seconds until a request is given up, where silence is the fault.
SOON = 0.5
#: Seconds for everything that is going on to come to its end.
RESTS_WITHIN = 10.0
#: So often what has failed is tried again at once; the first time, nothing has failed.
TRIES = 4
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
ONE_LINK: dict[str, Rule] = ANYBODY | {
    "unavailable": {"kind": "status", "status": 503},
    "nothing in the answer": {"kind": "status", "status": 200, "body": {}},
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
#: Logged where nobody has thought of something; the clients are served all the same.
UNFORESEEN = ("telling_failed", "rounds_failed", "relay_failed", "post_given_up", "message_given_up")
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


@pytest.fixture(autouse=True)
def nothing_personal(logged: list[Any], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever breaks was thought of, no task fails unseen, and no log names a client."""
    with caplog.at_level(logging.INFO):
        yield
    unforeseen = [event for event in logged if event["event"] in UNFORESEEN]
    assert not unforeseen, unforeseen
    written = [record.getMessage() for record in caplog.records]
    assert not [line for line in written if "never retrieved" in line], written
    assert_nothing_of("\n".join([*map(str, logged), *written]), *IDENTITY, where="the logs")


@contextlib.asynccontextmanager
async def _playing(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic, sandbox: Sandbox, redis_url: str
) -> AsyncIterator[Scene]:
    """A bot and its client; afterwards the bot has stopped and left nothing behind."""
    before = asyncio.all_tasks()
    async with start_bot() as app:
        # As many repeats as ever, without the pauses between them: they are tested elsewhere.
        app.http._patience = Patience(first_wait_s=0.01)
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        yield Scene(app, client, clinic, Operator(control), sandbox)
    left = [task for task in asyncio.all_tasks() - before if _is_ours(task)]
    assert not left, left
    assert not (held := await _held(redis_url)), held


def _is_ours(task: asyncio.Task[Any]) -> bool:
    """Whether the bot has begun it: a connection of the sandbox ends when its other side has gone."""
    return "bot/sandbox" not in (name := repr(task)) and "aiohttp/web_protocol" not in name


async def _held(redis_url: str) -> list[str]:
    """Leases and unfinished work that are left in Redis."""
    redis: Any = Redis.from_url(redis_url, decode_responses=True)
    try:
        kinds = ("lock:*", "relaying:*", "rounds", "attempt:*", "attempts", "outbox:*")
        return [key for kind in kinds async for key in redis.scan_iter(kind)]
    finally:
        await redis.aclose()


async def _rests(scene: Scene) -> bool:
    """Whether the bot does nothing at the moment: all updates are handled, and nobody relays."""
    redis: Any = scene.app.storage.redis
    number = scene.client.chat_id
    # In the order in which work is passed on, lest it be overlooked on its way.
    if scene.sandbox.telegram.state.pending():
        return False
    if await redis.zcount("relays", "-inf", ANY_RING):
        return False
    return not await redis.exists(f"relaying:{{{number}}}", f"lock:{{{number}}}")


async def _is_finished(scene: Scene) -> bool:
    """Whether nothing waits to be tried again."""
    redis: Any = scene.app.storage.redis
    number, relays = scene.client.chat_id, scene.app.relays
    left = await redis.exists("attempts", f"outbox:{{{number}}}")
    # What has failed for good is looked at for days: an operator may press Retry.
    unreported = PASSED.encode() in await redis.hvals(f"looks:{{{number}}}")
    return not left and not unreported and not (relays is not None and relays._tries)


async def _comes_to_an_end(scene: Scene, flow: Flow) -> None:
    """What has failed is tried again, without the pauses before it."""
    app = scene.app
    for _ in range(TRIES):
        assert await until(lambda: _rests(scene), RESTS_WITHIN), "the bot does not come to rest"
        app.http._breaker.succeeded()
        app.worker.forgets_failures()
        if flow.rounds:
            await goes_round(scene)
        elif await _is_finished(scene):
            return
        with contextlib.suppress(RedisError, TelegramAPIError, BookingError, TurnLost):
            await app.worker.settle_one(app.clock() + MINUTE)
        await app.storage.relays.ring(scene.client.chat_id)
    assert await until(lambda: _rests(scene), RESTS_WITHIN), "the bot does not come to rest"
    assert await _is_finished(scene), "something is left to be done"


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
    async with _playing(start_bot, control, clinic, sandbox, redis_url) as scene:
        await flow.prepare(scene)
        assert await until(lambda: _rests(scene), RESTS_WITHIN)
        sandbox.journal.rows.clear()
        sandbox.telegram.state.journal.clear()
        await flow.act(scene)
        assert await until(lambda: _rests(scene), RESTS_WITHIN)
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
    async with _playing(start_bot, control, clinic, sandbox, redis_url) as scene:
        await flow.prepare(scene)
        assert await until(lambda: _rests(scene), RESTS_WITHIN)
        if fault.startswith("silence"):
            _gives_up_soon(scene.app)
        planned = sandbox.faults.add(rule)
        await flow.act(scene)
        await _comes_to_an_end(scene, flow)
        assert planned.fired == 1, "this request was not made"
        twice = match.endswith(SENDS) and fault in DOUBTFUL
        judge = flow.unreached[1] if flow.unreached and fault == "blocked" else flow.wrong
        broken = await judge(scene, 2 if twice else 1)
        told = await scene.texts()
        await goes_round(scene)
        if len(await scene.texts()) != len(told):
            broken.append("the bot does not know what it has told")
        if spinning := telegram.unanswered_taps(scene.client.chat_id):
            broken.append(f"{spinning} taps are not answered")
        rows = await scene.clinic.appointments(live=False)
        keys = Counter(row["idempotency_key"] for row in rows if row["idempotency_key"])
        broken += [f"{count} appointments with one key" for count in keys.values() if count > 1]
        assert not broken, "\n".join([*broken, "the chat ends:", *(await scene.texts())[-4:]])
        assert_nothing_of(await kept_in_redis(scene.app), *IDENTITY, where="Redis")
