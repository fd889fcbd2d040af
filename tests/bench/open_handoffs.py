"""P11: a hundred clients talk to operators at the same time, over one bot process.

First the operators write at a steady rate, each conversation now and then; then nobody says anything, and
what the bot asks One-Link for is only to see whether a doorbell was lost. The goals are the project's own.
"""

import asyncio
import gc
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import httpx
from httpx_aiohttp import HttpxAiohttpClient

from bot.embedded_redis import embedded_redis
from bot.sandbox.chat import Chat
from bot.sandbox.people import People
from tests.bench.door import Rings, door
from tests.bench.findings import Finding, percentile
from tests.bench.machine import cores, cpu_seconds, pinned
from tests.bench.requests_by_kind import Row, listed
from tests.bench.stage import Stage, staged
from tests.clinic import world
from tests.ports import free_port
from tests.process import Launcher, launching

CLIENTS, FIRST_CLIENT = 100, 100_001
#: Of all conversations together: each gets one every five seconds.
MESSAGES_A_SECOND = 20.0
WARM_UP_S, WRITING_S, IDLE_S = 5.0, 20.0, 30.0
#: Windows of writing; the verdict is on the median.
WINDOWS = 3
#: Seconds; who waits longer has found a mistake, not a slow bot.
LONGEST_WAIT_S = 60.0
SLOWEST_MESSAGE_S, SLOWEST_RING_S = 1.0, 1.0
MOST_IDLE_REQUESTS, MOST_IN_PARALLEL = 10.0, 5.0
SECRET = "doorbell-of-the-bench"
WITH_STAFF = "Your messages now go to the clinic's staff."
STAFF = [
    {"id": 1, "name": "Bot", "role": "administrator", "email": "bot@example.test"},
    {"id": 21, "name": "Дана", "role": "agent", "email": "dana@example.test"},
]


@dataclass(frozen=True, slots=True)
class Watched:
    """What One-Link was asked for in so many seconds, and how busy the bot was."""

    seconds: float
    requests: Sequence[Row]
    waiting_s: float  # for One-Link's answers, of all requests together
    core: float

    @property
    def a_second(self) -> float:
        """Requests a second."""
        return len(self.requests) / self.seconds

    @property
    def in_parallel(self) -> float:
        """So many requests were under way at a time, on average."""
        return self.waiting_s / self.seconds


@dataclass(frozen=True, slots=True)
class Window:
    """Operators write for a while: seconds to the chat, seconds until the doorbell is answered."""

    arrived: Sequence[float]
    rung: Sequence[float]
    refused: int
    watched: Watched


async def open_handoffs() -> list[Finding]:
    """How fast operators' words arrive, and what relaying costs One-Link."""
    bot_core, other_core = cores()
    with ExitStack() as stack:
        with pinned(bot_core):  # the launcher's bots stay there
            launcher = stack.enter_context(launching())
        stack.enter_context(pinned(other_core))
        data = stack.enter_context(tempfile.TemporaryDirectory())
        async with embedded_redis(Path(data)) as redis_url:
            return await _measured(launcher, redis_url, Path(data))


async def _measured(launcher: Launcher, redis_url: str, data: Path) -> list[Finding]:
    bot_port, door_port = free_port(), free_port()
    rung = f"http://127.0.0.1:{bot_port}/onelink/{SECRET}"
    now = datetime.now(UTC).replace(microsecond=0)
    clinic = _clinic(f"http://127.0.0.1:{door_port}/")
    async with (
        door(rung, door_port) as rings,
        staged(launcher, redis_url, clinic, now, data, bot_port, webhook_secret=SECRET) as stage,
    ):
        talks = await _all_call(stage)
        async with HttpxAiohttpClient(base_url=stage.one_link_url, timeout=60) as operators:
            office = Office(operators, talks, rings)
            await office.write(WARM_UP_S)
            gc.collect()
            gc.freeze()  # the fakes' own pauses are not the bot's
            windows = []
            for _ in range(WINDOWS):
                rings.forget()
                arrived, watched = await _watched(stage, bot_port, office.write(WRITING_S))
                windows.append(Window(arrived, tuple(rings.taken), rings.refused, watched))
            _, idle = await _watched(stage, bot_port, asyncio.sleep(IDLE_S))
    gc.unfreeze()
    return _findings(windows, idle)


def _findings(windows: Sequence[Window], idle: Watched) -> list[Finding]:
    p95, ring = _all(windows, "arrived", 95), _all(windows, "rung", 99)
    messages, rings = sum(len(it.arrived) for it in windows), sum(len(it.rung) for it in windows)
    parallel = median(it.watched.in_parallel for it in windows)
    asked = [row for it in windows for row in it.watched.requests]
    return [
        Finding(
            f"{CLIENTS} open handoffs, {MESSAGES_A_SECOND:.0f} messages a second: p95 from the doorbell's "
            "200 to the client's chat",
            _median_of(p95),
            f"under {SLOWEST_MESSAGE_S:.0f} s",
            median(p95) < SLOWEST_MESSAGE_S,
        ),
        Finding(
            f"p50 and p99, of {messages:,} messages",
            " and ".join(_median_of(_all(windows, "arrived", percent)) for percent in (50, 99)),
        ),
        Finding(
            f"p99 until the doorbell is answered, of {rings:,} rings",
            _median_of(ring),
            f"within {SLOWEST_RING_S:.0f} s, all with 200",
            median(ring) <= SLOWEST_RING_S and not any(it.refused for it in windows),
        ),
        Finding(
            "requests to One-Link for each operator's message, looks without a doorbell included",
            f"{len(asked) / messages:.2f} ({listed(asked, messages)})",
        ),
        Finding(
            "the bot's share of its core while they write", f"{median(it.watched.core for it in windows):.0%}"
        ),
        Finding(
            f"{CLIENTS} open handoffs, nobody writes: requests a second",
            f"{idle.a_second:.1f} ({listed(idle.requests)} in {idle.seconds:.0f} s)",
            f"at most {MOST_IDLE_REQUESTS:.0f}",
            idle.a_second <= MOST_IDLE_REQUESTS,
        ),
        Finding(
            "of them under way at a time, on average",
            f"{idle.in_parallel:.2f} (while they write: {parallel:.2f})",
            f"at most {MOST_IN_PARALLEL:.0f}",
            idle.in_parallel <= MOST_IN_PARALLEL,
        ),
    ]


def _all(windows: Sequence[Window], what: str, percent: int) -> list[float]:
    return [percentile(getattr(it, what), percent) for it in windows]


def _median_of(seconds: Sequence[float]) -> str:
    return f"{_ms(median(seconds))} (windows: {', '.join(_ms(it) for it in sorted(seconds))})"


def _clinic(doorbell: str) -> dict[str, Any]:
    """The usual one with people in it, and an inbox that rings here; a ring is repeated like One-Link's."""
    inbox = {
        "id": 14,
        "identifier": "inbox-identifier",
        "name": "Telegram",
        "lock_to_single_conversation": True,
        "webhook_url": doorbell,
    }
    return world(inboxes=[inbox], users=STAFF)


async def _all_call(stage: Stage) -> dict[int, Chat]:
    """Every client has called an operator and been told so: conversation -> chat."""
    telegram = stage.telegram.telegram.state
    people = People(telegram)
    chats = [telegram.chat(FIRST_CLIENT + n) for n in range(CLIENTS)]
    for chat in chats:
        chat.person.language_code, chat.person.first_name = "en", f"Client {chat.id}"
        people.says(chat, "/operator")
    for chat in chats:
        assert await _shows(chat, WITH_STAFF), f"a client is not passed on\n{stage.bot.log()}"
    async with HttpxAiohttpClient(base_url=stage.one_link_url, timeout=60) as control:
        rows = (await control.get("/_sandbox/conversations")).json()["conversations"]
    by_name = {chat.person.first_name: chat for chat in chats}
    talks = {row["id"]: by_name[row["contact"]["name"]] for row in rows}
    assert len(talks) == CLIENTS
    return talks


async def _shows(chat: Chat, words: str) -> bool:
    """Whether the bot says this within LONGEST_WAIT_S."""

    def said() -> bool:
        return any(words in message.shown_text for message in chat.newest_first() if message.from_bot)

    return await chat.signal.until(said, LONGEST_WAIT_S)


class Office:
    """The operators: they write by a clock, whether the bot keeps up or not."""

    def __init__(self, control: httpx.AsyncClient, talks: dict[int, Chat], rings: Rings) -> None:
        self._control = control
        self._talks = talks
        self._rings = rings
        self._turns = self._next_conversations()
        self._written = 0

    async def write(self, seconds: float) -> list[float]:
        """For each message the seconds from the doorbell's 200 to the client's chat; never below 0."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        messages: list[asyncio.Task[float]] = []
        for n in range(int(seconds * MESSAGES_A_SECOND)):
            await asyncio.sleep(begun + n / MESSAGES_A_SECOND - loop.time())
            messages.append(asyncio.create_task(self._write_one(next(self._turns))))
        return list(await asyncio.gather(*messages))

    async def _write_one(self, conversation: int) -> float:
        self._written += 1
        chat, words = self._talks[conversation], f"Message {self._written}."
        seen = asyncio.create_task(self._seen(chat, words))
        path = f"/_sandbox/conversations/{conversation}/messages"
        response = await self._control.post(path, json={"content": words})
        response.raise_for_status()
        at = await seen
        # The look of another message may have found this one before its own doorbell rang.
        return max(at - self._rings.answered.get(response.json()["id"], at), 0.0)

    async def _seen(self, chat: Chat, words: str) -> float:
        assert await _shows(chat, words), "a message does not arrive"
        return perf_counter()

    def _next_conversations(self) -> Iterator[int]:
        """Everybody once, in an order of chance, again and again."""
        chance = random.Random(1)
        while True:
            yield from chance.sample(sorted(self._talks), len(self._talks))


async def _watched(stage: Stage, port: int, what: Any) -> tuple[Any, Watched]:
    """What came of it, and what One-Link was asked for meanwhile."""
    await stage.one_link.forgets_requests()
    waited, used, begun = await _waiting_s(port), cpu_seconds(stage.bot.pid), perf_counter()
    found = await what
    seconds = perf_counter() - begun
    core = (cpu_seconds(stage.bot.pid) - used) / seconds
    return found, Watched(seconds, await stage.one_link.requests(), await _waiting_s(port) - waited, core)


async def _waiting_s(port: int) -> float:
    """Seconds for which the bot's requests were under way so far, by its metrics: not those in line."""
    async with HttpxAiohttpClient(base_url=f"http://127.0.0.1:{port}") as bot:
        page = (await bot.get("/metrics")).text
    return sum(
        float(line.split()[-1]) for line in page.splitlines() if line.startswith("onelink_seconds_sum")
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
