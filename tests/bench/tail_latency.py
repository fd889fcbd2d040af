"""P2: how long clients wait for a screen at half load, and how long the event loop pauses at most.

Half load is half of what yardstick G handles when it never rests, for both programs.
"""

import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import aiohttp

from bot.embedded_redis import embedded_redis
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from tests.bench.booking_load import FIRST_CLIENT, BookingLoad
from tests.bench.findings import Finding, percentile
from tests.bench.machine import cores, cpu_seconds, pinned
from tests.bench.plain_aiogram import plain_aiogram
from tests.bench.stage import staged
from tests.bench.stored_dialogues import store_copies
from tests.clinic import NOW, world
from tests.process import Launcher, launching

WARM_UP, AT_ONCE = 30, 20
BURST, BURSTS = 100, 3  # dialogues; an odd number of times
WINDOWS, WINDOW_S = 5, 8.0
STORED, FIRST_COPY, FIRST_AFTER_THEM = 100_000, 600_000_001, 700_000_001
DRIVEN_S = 15.0
#: Seconds between two readings of the bot's own lag, as somebody who watches it reads it.
READS_EVERY_S = 5.0
MOST_P99, MOST_MEDIAN, LONGEST_PAUSE_S = 0.3, 0.8, 0.03


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds to the screen; the share of its core that the program used, and that of the other the load."""

    taken: Sequence[float]
    core: float
    load: float

    def at(self, percent: int) -> float:
        """A percentile, in seconds."""
        return percentile(self.taken, percent)


@dataclass(frozen=True, slots=True)
class HalfLoad:
    """Windows of the bot and of G, in turns, at so many updates a second; lags of the bot, in seconds.

    `burst` is G under as much load as it can take: updates a second, and the share of its core.
    """

    rate: float
    burst: tuple[float, float]
    windows: Sequence[tuple[Window, Window]]
    lags: Sequence[float]


@dataclass(frozen=True, slots=True)
class Driven:
    """A bot with many stored dialogues: seconds to the screen, and its lags in seconds."""

    taken: Sequence[float]
    lags: Sequence[float]


async def tail_latency() -> list[Finding]:
    """Both programs live on the bot's core; load, sandboxes and both Redis on the other one."""
    bot_core, other_core = cores()
    with ExitStack() as stack:
        with pinned(bot_core):  # the launcher's bots stay there
            launcher = stack.enter_context(launching())
        stack.enter_context(pinned(other_core))
        ours, theirs = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        async with embedded_redis(ours) as redis_url:
            half = await _in_turns(launcher, redis_url, ours, theirs, bot_core)
            await store_copies(redis_url, FIRST_CLIENT, FIRST_COPY, STORED)
            driven = await _with_stored(launcher, redis_url, ours, half.rate)
    return _findings(half, driven)


def _findings(half: HalfLoad, driven: Driven) -> list[Finding]:
    longest = max(driven.lags)
    bot, g = zip(*half.windows, strict=True)
    return [
        *(_compared(half.windows, percent, most) for percent, most in ((99, MOST_P99), (50, MOST_MEDIAN))),
        *(
            Finding(f"p{percent}, G → the bot", " → ".join(_ms(_typical(it, percent)) for it in (g, bot)))
            for percent in (50, 95, 99)
        ),
        Finding(
            "half load: updates a second",
            f"{half.rate:.0f} of the {half.burst[0]:.0f} at which G uses {half.burst[1]:.0%} of its core",
        ),
        Finding(
            "share of its core that the program uses, G → the bot",
            f"{median(it.core for it in g):.0%} → {median(it.core for it in bot):.0%}",
        ),
        Finding(
            "share of the other core that load and Telegram use, for G → for the bot",
            f"{median(it.load for it in g):.0%} → {median(it.load for it in bot):.0%}",
        ),
        Finding(
            f"longest pause of the bot's event loop with {STORED:,} stored dialogues",
            f"{_ms(longest)} ({len(driven.lags)} readings, median {_ms(median(driven.lags))})",
            f"at most {_ms(LONGEST_PAUSE_S)}",
            longest <= LONGEST_PAUSE_S,
        ),
        Finding(
            "the same with those of the measurement alone",
            f"{_ms(max(half.lags))} ({len(half.lags)} readings, median {_ms(median(half.lags))})",
        ),
        Finding(
            f"p50 and p99 of the bot with {STORED:,} stored dialogues",
            f"{_ms(percentile(driven.taken, 50))} and {_ms(percentile(driven.taken, 99))}",
        ),
    ]


def _compared(windows: Sequence[tuple[Window, Window]], percent: int, most: float) -> Finding:
    ratios = sorted(bot.at(percent) / g.at(percent) for bot, g in windows)
    return Finding(
        f"update to screen at half load: p{percent}",
        f"{median(ratios):.2f} × G (windows: {', '.join(f'{it:.2f}' for it in ratios)})",
        f"at most {most} ×",
        median(ratios) <= most,
    )


def _typical(windows: Sequence[Window], percent: int) -> float:
    return median(it.at(percent) for it in windows)


async def _in_turns(launcher: Launcher, redis_url: str, ours: Path, theirs: Path, bot_core: int) -> HalfLoad:
    async with (
        staged(launcher, redis_url, world(), NOW, ours) as stage,
        embedded_redis(theirs) as other_redis,
        serving(clock=Clock(NOW)) as telegram,
        plain_aiogram(telegram.url, other_redis, bot_core) as g_process,
    ):
        bot, g = BookingLoad(stage.telegram.telegram.state), BookingLoad(telegram.telegram.state)
        for load in (bot, g):
            await load.closed(WARM_UP, AT_ONCE)
        bursts = sorted([await _burst(g, g_process.pid) for _ in range(BURSTS)])
        burst = bursts[BURSTS // 2]
        rate = burst[0] / 2
        windows, lags = [], []
        for number in range(WINDOWS):
            await _lag_s(stage.bot.port)  # what was before
            mine = await _window(bot, stage.bot.pid, rate, number)
            lags.append(await _lag_s(stage.bot.port))
            windows.append((mine, await _window(g, g_process.pid, rate, number)))
            said = ", ".join(f"p99 {_ms(it.at(99))}, {it.core:.0%} of the core" for it in windows[-1])
            print(f"  window {number + 1}, {rate:.0f} updates/s: {said}", file=sys.stderr)
    return HalfLoad(rate, burst, windows, lags)


async def _burst(load: BookingLoad, pid: int) -> tuple[float, float]:
    used, begun = cpu_seconds(pid), perf_counter()
    rate = await load.closed(BURST, AT_ONCE)
    return rate, (cpu_seconds(pid) - used) / (perf_counter() - begun)


async def _window(load: BookingLoad, pid: int, rate: float, number: int) -> Window:
    used, own, begun = cpu_seconds(pid), process_time(), perf_counter()
    taken = await load.open(rate, WINDOW_S, random.Random(number))
    seconds = perf_counter() - begun
    return Window(taken, (cpu_seconds(pid) - used) / seconds, (process_time() - own) / seconds)


async def _with_stored(launcher: Launcher, redis_url: str, directory: Path, rate: float) -> Driven:
    """A new process that finds them in Redis."""
    async with staged(launcher, redis_url, world(), NOW, directory) as stage:
        load = BookingLoad(stage.telegram.telegram.state, FIRST_AFTER_THEM)
        await load.closed(WARM_UP, AT_ONCE)
        await _lag_s(stage.bot.port)  # of the start
        lags = []
        driving = asyncio.create_task(load.open(rate, DRIVEN_S, random.Random(1)))
        while not driving.done():
            await asyncio.wait([driving], timeout=READS_EVERY_S)
            lags.append(await _lag_s(stage.bot.port))
        return Driven(await driving, lags)


async def _lag_s(port: int) -> float:
    """The longest pause of the bot's event loop since this was last asked, as it measures it itself."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics", raise_for_status=True) as answer,
    ):
        page = await answer.text()
    return next(
        float(line.split()[1]) for line in page.splitlines() if line.startswith("event_loop_lag_seconds ")
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
