"""Redis restarts, is killed or is away for ten seconds, Telegram is down, the clock jumps: before a client
acts, or while that is on its way. What was begun is finished all the same.

Some of these; with EVERY_FAULT=1 each story meets all of them, with both generations of One-Link.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.exceptions import RedisError

from bot.sandbox.server import Sandbox
from bot.sandbox.world import PROFILES
from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.crash.stage import Store, stores, until
from tests.faults.flows import FLOWS, Scene
from tests.faults.playing import (
    RESTS_WITHIN,
    assert_ends_well,
    comes_to_an_end,
    has_come,
    nothing_personal,
    playing,
    rests,
)
from tests.faults.wire import Telegram

__all__ = ["nothing_personal"]

EVERYTHING = "EVERY_FAULT" in os.environ
#: Seconds that a neighbour is away; where not everything is played, until the bot has tried so often.
AWAY_S, OFTEN = 10.0, 10_000 if EVERYTHING else 3
#: How that is logged.
IN_VAIN = ("update_waits", "rounds_waits", "telling_waits", "polling_failed")
#: Seconds of patience: the bot's pauses grow while nobody answers.
PATIENCE_S = 30.0
#: Seconds that this takes.
HELD_S = 0.5
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happens."""

    scene: Scene
    store: Store
    in_vain: Callable[[], Awaitable[bool]]  # whether the bot has tried often enough


@asynccontextmanager
async def redis_restarts(place: Place) -> AsyncIterator[None]:
    await place.store.restart()
    yield


@asynccontextmanager
async def redis_is_killed(place: Place) -> AsyncIterator[None]:
    await place.store.kill()
    await place.store.start()
    yield


@asynccontextmanager
async def redis_is_away(place: Place) -> AsyncIterator[None]:
    await place.store.stop()
    yield
    await until(place.in_vain, AWAY_S)
    await place.store.start()


@asynccontextmanager
async def telegram_is_down(place: Place) -> AsyncIterator[None]:
    faults = place.scene.sandbox.faults
    down = faults.add({"match": "/bot", "kind": "status", "status": 502, "times": 0})
    yield
    await until(place.in_vain, AWAY_S)
    faults.rules.remove(down)


@asynccontextmanager
async def the_clock_is_put_back(place: Place) -> AsyncIterator[None]:
    await place.scene.clock_is(place.scene.sandbox.clock.now() - HOUR)
    yield


@asynccontextmanager
async def the_clock_is_put_forward(place: Place) -> AsyncIterator[None]:
    await place.scene.clock_is(place.scene.sandbox.clock.now() + HOUR)
    yield


TROUBLES: dict[str, Callable[[Place], AbstractAsyncContextManager[None]]] = {
    "Redis restarts": redis_restarts,
    "Redis is killed": redis_is_killed,
    "Redis is away": redis_is_away,
    "Telegram is down": telegram_is_down,
    "the clock is put back": the_clock_is_put_back,
    "the clock is put forward": the_clock_is_put_forward,
}
MOMENTS = ("before", "in the middle")
SOME = (
    ("book", "Redis is killed", "in the middle", "current"),
    ("cancel", "Redis is away", "before", "published"),
    ("move", "Telegram is down", "in the middle", "published"),
    ("call", "Redis is away", "in the middle", "current"),
    ("remind", "Telegram is down", "before", "current"),
)


def cases() -> Iterator[tuple[str, str, str, str]]:
    """Story, trouble, moment, generation of One-Link."""
    if not EVERYTHING:
        yield from SOME
        return
    for name, trouble, moment, profile in product(FLOWS, TROUBLES, MOMENTS, PROFILES):
        if (name, trouble) == ("undo", "the clock is put forward"):
            continue  # what was cancelled an hour ago is not restored any more
        if (name, trouble, moment) == ("remind", "the clock is put back", "before"):
            continue  # nothing is due yet
        yield name, trouble, moment, profile


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A Redis that can go away."""
    async with stores(tmp_path, 1) as [one]:
        yield one


@pytest.mark.parametrize(("name", "trouble", "moment", "profile"), list(cases()))
async def test_whoever_goes_away_and_comes_back_costs_the_client_nothing(
    name: str,
    trouble: str,
    moment: str,
    profile: str,
    start_bot: StartBot,
    control: httpx.AsyncClient,
    clinic: Clinic,
    sandbox: Sandbox,
    telegram: Telegram,
    store: Store,
    logged: list[Any],
) -> None:
    flow = FLOWS[name]

    async def in_vain() -> bool:
        return sum(event["event"] in IN_VAIN for event in logged) >= OFTEN

    async with playing(start_bot, control, clinic, sandbox, store.url) as scene:
        scene.client.patience = PATIENCE_S
        await flow.prepare(scene)
        assert await until(lambda: rests(scene), RESTS_WITHIN)
        held = sandbox.faults.add({"match": flow.decisive, "kind": "delay", "seconds": HELD_S})
        begins = TROUBLES[trouble](Place(scene, store, in_vain))
        if moment == "before":
            async with begins:
                acting = asyncio.create_task(flow.act(scene))
        else:
            acting = asyncio.create_task(flow.act(scene))
            assert await until(lambda: has_come(held), RESTS_WITHIN), "this request was not made"
            async with begins:
                pass
        with contextlib.suppress(RedisError):  # of the rounds that this test goes; the bot's own go on
            await acting
        # A doorbell that rang in vain: the look without one, which comes half a minute later.
        await scene.app.storage.relays.ring(scene.client.chat_id)
        await comes_to_an_end(scene, flow)
        assert held.fired, "this request was not made"
        # A message that has left before Redis could say so leaves once more.
        doubtful = trouble.startswith("Redis") and "POST /sendMessage" in flow.requests
        await assert_ends_well(scene, telegram, flow.wrong, 2 if doubtful else 1)
