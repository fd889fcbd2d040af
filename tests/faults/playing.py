"""One story of `flows` with a bot of its own: how it begins, how it ends, and what it must not leave."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from aiogram.exceptions import TelegramAPIError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.domain.errors import BookingError
from bot.onelink.exchange import Patience
from bot.relay_storage import PASSED
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox
from bot.storage import TurnLost
from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.crash.stage import until
from tests.faults.flows import MINUTE, Flow, Judge, Scene, goes_round
from tests.faults.wire import Telegram
from tests.handoff.operators import ANY_RING, Operator
from tests.people import Client
from tests.test_redaction import IDENTITY, assert_nothing_of, kept_in_redis

#: What Telegram says that the client is called.
FIRST_NAME = "Aliya"
#: Seconds for everything that is going on to come to its end.
RESTS_WITHIN = 10.0
#: So often what has failed is tried again at once; the first time, nothing has failed.
TRIES = 4
#: Logged where nobody has thought of something; the clients are served all the same.
UNFORESEEN = ("telling_failed", "rounds_failed", "relay_failed", "post_given_up", "message_given_up")


@pytest.fixture(autouse=True)
def nothing_personal(logged: list[Any], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever breaks was thought of, no task fails unseen, and no log names a client."""
    with caplog.at_level(logging.INFO):
        yield
    unforeseen = [event for event in logged if event["event"] in UNFORESEEN]
    assert not unforeseen, unforeseen
    written = [record.getMessage() for record in caplog.records]
    assert not [line for line in written if "never retrieved" in line], written
    assert_nothing_of("\n".join([*map(str, logged), *written]), *IDENTITY, FIRST_NAME, where="the logs")


@contextlib.asynccontextmanager
async def playing(
    start_bot: StartBot,
    control: httpx.AsyncClient,
    clinic: Clinic,
    sandbox: Sandbox,
    redis_url: str,
    **settings: Any,
) -> AsyncIterator[Scene]:
    """A bot and its client; afterwards the bot has stopped and left nothing behind."""
    before = asyncio.all_tasks()
    async with start_bot(redis_url=redis_url, **settings) as app:
        # As many repeats as ever, without the pauses between them: they are tested elsewhere.
        app.http._patience = Patience(first_wait_s=0.01)
        client = Client(control, 501)
        await client.is_called(FIRST_NAME, "en")
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


async def has_come(held: Fault) -> bool:
    """Whether a request that is to be held, or to fail, has been made."""
    return held.fired > 0


async def rests(scene: Scene) -> bool:
    """Whether the bot does nothing at the moment: all updates are handled, and nobody relays."""
    redis: Any = scene.app.storage.redis
    number = scene.client.chat_id
    # In the order in which work is passed on, lest it be overlooked on its way.
    if scene.sandbox.telegram.state.pending():
        return False
    if await redis.zcount("relays", "-inf", ANY_RING):
        return False
    return not await redis.exists(f"relaying:{{{number}}}", f"lock:{{{number}}}")


async def is_finished(scene: Scene) -> bool:
    """Whether nothing waits to be tried again."""
    redis: Any = scene.app.storage.redis
    number, relays = scene.client.chat_id, scene.app.relays
    left = await redis.exists("attempts", f"outbox:{{{number}}}")
    # What has failed for good is looked at for days: an operator may press Retry.
    unreported = PASSED.encode() in await redis.hvals(f"looks:{{{number}}}")
    return not left and not unreported and not (relays is not None and relays._tries)


async def comes_to_an_end(scene: Scene, flow: Flow) -> None:
    """What has failed is tried again, without the pauses before it."""
    app = scene.app
    for _ in range(TRIES):
        assert await until(lambda: rests(scene), RESTS_WITHIN), "the bot does not come to rest"
        app.http._breaker.succeeded()
        app.worker.forgets_failures()
        if flow.rounds:
            await goes_round(scene)
        elif await is_finished(scene):
            return
        with contextlib.suppress(RedisError, TelegramAPIError, BookingError, TurnLost):
            await app.worker.settle_one(app.clock() + MINUTE)
        await app.storage.relays.ring(scene.client.chat_id)
    assert await until(lambda: rests(scene), RESTS_WITHIN), "the bot does not come to rest"
    assert await is_finished(scene), "something is left to be done"


async def assert_ends_well(scene: Scene, telegram: Telegram, judge: Judge, most: int) -> None:
    """It is as the judge says, and stays so: no message comes twice, no button spins, no key has two
    appointments, and nothing of the person is kept."""
    broken = await judge(scene, most)
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
