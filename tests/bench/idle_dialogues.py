"""P8: what clients who write nothing cost: memory of the bot's process, and of Redis.

Two clients are real: one stops before the last question, one books. What is kept of them is copied, under
other numbers, as often as needed.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, cast

from httpx_aiohttp import HttpxAiohttpClient
from redis.asyncio import Redis

from bot.embedded_redis import embedded_redis
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from tests.bench.findings import Finding
from tests.bench.lone_bot import THURSDAY, TUESDAY, answering, first_booking
from tests.bench.machine import cores, pinned, resident_bytes
from tests.bench.stage import staged
from tests.clinic import NOW, world
from tests.people import Client
from tests.process import Launcher, launching

IDLE, FINISHED, AT_ONCE = 100_000, 20_000, 1000
REPEATS = 5
#: The bot goes its rounds every second meanwhile, and answers somebody.
LIVES_S, GREETINGS = 4.0, 20
#: Numbers as long as Telegram's.
FIRST_CLIENT, UNDECIDED, BOOKED = 600_000_001, 500_000_001, 500_000_002
FIRST_NUMBER = 1_000_001
MOST_GROWTH, LARGEST_DRAFT, LARGEST_CLIENT = 0.05, 2048, 300
SHARED = ("visits", "contacts", "threads")


@dataclass(frozen=True, slots=True)
class Kept:
    """A key of one client's (`fields` None: a text), or one field of a key of everybody's."""

    key: bytes
    text: bytes = b""
    fields: dict[bytes, bytes] | None = None
    lifetime_ms: int = -1

    @property
    def shared(self) -> bool:
        """Whether other clients have fields in the same key."""
        return self.key.decode() in SHARED


async def idle_dialogues() -> list[Finding]:
    """The process with and without them, in turns; then Redis alone."""
    bot_core, other_core = cores()
    with ExitStack() as stack:
        with pinned(bot_core):
            launcher = stack.enter_context(launching())
        stack.enter_context(pinned(other_core))
        directories = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(2)]
        async with AsyncExitStack() as servers:
            empty, full = [await servers.enter_async_context(embedded_redis(Path(d))) for d in directories]
            draft, client = await _kept_of_two(full)
            async with Redis.from_url(full) as redis:
                sizes = [
                    await _bytes_each(redis, [it for it in client if it.lifetime_ms < 0], FINISHED),
                    await _bytes_each(redis, [it for it in client if _stays_for_ever(it)], FINISHED),
                    await _bytes_each(redis, draft, IDLE),  # last of all: it stays there
                ]
            pairs = [
                (await _resident(launcher, empty), await _resident(launcher, full)) for _ in range(REPEATS)
            ]
    return _findings(pairs, sizes, draft, client)


def _findings(
    pairs: Sequence[tuple[int, int]], sizes: Sequence[float], draft: Sequence[Kept], client: Sequence[Kept]
) -> list[Finding]:
    without, with_idle = (median(sizes) for sizes in zip(*pairs, strict=True))
    growth = median(full / empty for empty, full in pairs) - 1
    ahead, for_ever, of_draft = sizes
    return [
        Finding(
            f"memory of the process with {IDLE:,} idle dialogues in Redis",
            f"{growth:+.1%} ({without / 1e6:.1f} MB → {with_idle / 1e6:.1f} MB)",
            f"within {MOST_GROWTH:.0%} of empty",
            abs(growth) <= MOST_GROWTH,
        ),
        Finding(
            f"Redis for a live draft, of {IDLE:,}",
            f"{of_draft:.0f} bytes",
            "at most 2 KB",
            of_draft <= LARGEST_DRAFT,
        ),
        Finding("namely, bytes of the values alone", _listed(draft)),
        Finding(
            f"Redis for a client whose only visit is over, of {FINISHED:,}",
            f"{for_ever:.0f} bytes",
            f"at most {LARGEST_CLIENT} bytes",
            for_ever <= LARGEST_CLIENT,
        ),
        Finding("namely, bytes of the values alone", _listed([it for it in client if _stays_for_ever(it)])),
        Finding("the same while the visit lies ahead, a day after it was booked", f"{ahead:.0f} bytes"),
    ]


async def _kept_of_two(redis_url: str) -> tuple[list[Kept], list[Kept]]:
    """What Redis holds of somebody who is asked whether to book, and of somebody who has booked."""
    async with (
        serving(world=world(), clock=Clock(NOW)) as sandbox,
        answering(sandbox, redis_url) as app,
        HttpxAiohttpClient(base_url=sandbox.url, timeout=60) as control,
    ):
        booked, undecided = Client(control, BOOKED), Client(control, UNDECIDED)
        for person in (booked, undecided):
            await person.is_called("Aliya", "en")
        steps = first_booking(undecided, THURSDAY)
        del steps["confirm"]
        for act in (*steps.values(), *first_booking(booked, TUESDAY).values()):
            await act()
        assert app.relays is not None
        while await app.relays.relay_one(app.clock()):
            pass
    async with Redis.from_url(redis_url) as redis:
        kept = await _kept_of(redis, UNDECIDED), await _kept_of(redis, BOOKED)
        await redis.flushall()
    return kept


async def _kept_of(redis: "Redis", client_id: int) -> list[Kept]:
    """All that names this client."""
    found = []
    for key in [key async for key in redis.scan_iter(f"*{client_id}*")]:
        lifetime = await redis.pttl(key)
        if await redis.type(key) == b"hash":
            fields = await cast(Any, redis.hgetall(key))
            found.append(Kept(key, fields=fields, lifetime_ms=lifetime))
        else:
            assert await redis.type(key) == b"string", f"{key!r} is of another kind"
            found.append(Kept(key, text=await redis.get(key), lifetime_ms=lifetime))
    for name in SHARED:
        fields = await cast(Any, redis.hgetall(name))
        own = {field: value for field, value in fields.items() if str(client_id).encode() in value}
        if own:
            found.append(Kept(name.encode(), fields=own))
    return found


async def _bytes_each(redis: "Redis", kept: Sequence[Kept], copies: int) -> float:
    """What one of so many copies takes, with all that the server needs around it. They stay there."""
    # Not `flushall`: the server would still be freeing memory while we measure.
    await cast(Any, redis).execute_command("FLUSHALL", "SYNC")
    before = (await redis.info("memory"))["used_memory"]
    for first in range(0, copies, AT_ONCE):
        async with redis.pipeline(transaction=False) as pipe:
            for number in range(first, first + AT_ONCE):
                for it in kept:
                    _copy(pipe, it, number)
            await pipe.execute()
    return float(((await redis.info("memory"))["used_memory"] - before) / copies)


def _copy(pipe: Any, kept: Kept, number: int) -> None:
    client, other = b"%d" % (FIRST_CLIENT + number), b"%d" % (FIRST_NUMBER + number)

    def named(part: bytes) -> bytes:
        return part.replace(b"%d" % UNDECIDED, client).replace(b"%d" % BOOKED, client)

    key = named(kept.key)
    if kept.fields is None:
        pipe.set(key, named(kept.text))
    else:
        fields = {other if kept.shared else field: named(value) for field, value in kept.fields.items()}
        pipe.hset(key, mapping=fields)
    if kept.lifetime_ms > 0:
        pipe.pexpire(key, kept.lifetime_ms)


async def _resident(launcher: Launcher, redis_url: str) -> int:
    """Bytes of a process that has lived for a while with this Redis, and has answered somebody."""
    now = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory() as directory:
        async with staged(launcher, redis_url, world(), now, Path(directory), sync_every="1s") as stage:
            for _ in range(GREETINGS):
                await stage.scout.says("/start")
            await asyncio.sleep(LIVES_S)
            return resident_bytes(stage.bot.pid)


def _stays_for_ever(kept: Kept) -> bool:
    """Neither forgotten after a time nor with the visit."""
    return kept.lifetime_ms < 0 and kept.key != b"visits"


def _listed(kept: Sequence[Kept]) -> str:
    sizes = {
        it.key.decode().partition(":")[0]: len(it.text)
        + sum(len(k) + len(v) for k, v in (it.fields or {}).items())
        for it in kept
    }
    return ", ".join(f"`{name}` {size}" for name, size in sizes.items())
