"""P7: what a second process brings, against what it brings to yardstick G, and what killing one of two costs.

Each replica has a core of its own, and shares it with load, sandboxes and Redis: there are only two cores.
"""

import asyncio
import os
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from httpx_aiohttp import HttpxAiohttpClient

from bot.embedded_redis import embedded_redis
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from bot.sandbox.telegram_state import TelegramState
from tests.bench.booking_load import BookingLoad
from tests.bench.connection_balancer import ConnectionBalancer, balancing
from tests.bench.findings import Finding
from tests.bench.machine import cores, cpu_seconds
from tests.bench.plain_aiogram import PlainAiogram, plain_aiogram
from tests.bench.stage import one_link_of
from tests.bench.steady_clients import SteadyClients, Walked
from tests.clinic import NOW, Clinic, world
from tests.conftest import TOKEN, settings_for
from tests.process import BotProcess, Launcher, environment_of, launching

AT_ONCE, WARM_UP, BURST, REPEATS = 20, 40, 100, 5
KILLS, WALKS_FOR_S, KILLED_AFTER_S = 3, 8.0, 2.5
#: Seconds: the lock of a killed process ends after four.
LONGEST_TAKEOVER_S = 5.0

#: A process that takes updates at its port.
Replica = BotProcess | PlainAiogram


@dataclass(frozen=True, slots=True)
class Burst:
    """Updates a second, and the share of both cores that the replicas themselves used."""

    rate: float
    share: float

    @property
    def each_us(self) -> float:
        """Microseconds of the replicas' CPU for an update."""
        return self.share * 2 / self.rate * 1e6


@dataclass(frozen=True, slots=True)
class Repeat:
    """One replica, then two, of one program."""

    one: Burst
    two: Burst

    @property
    def scaling(self) -> float:
        """Two as a multiple of one."""
        return self.two.rate / self.one.rate

    @property
    def apart(self) -> float:
        """The same if each had a core to itself: twice the cores, for what an update then costs."""
        return 2 * self.one.each_us / self.two.each_us


class Pair:
    """Two replicas of one program behind a balancer, and their clients."""

    def __init__(
        self, telegram: TelegramState, balancer: ConnectionBalancer, replicas: Sequence[Replica]
    ) -> None:
        self._balancer = balancer
        self._replicas = replicas
        self._load = BookingLoad(telegram)

    async def warm_up(self) -> None:
        """Each alone."""
        for replica in self._replicas:
            self._balancer.deal_to([replica.port])
            await self._load.closed(WARM_UP, AT_ONCE)

    async def repeat(self) -> Repeat:
        """One under as much load as it can take while the other one rests; then both."""
        return Repeat(await self._burst(self._replicas[:1]), await self._burst(self._replicas))

    async def _burst(self, replicas: Sequence[Replica]) -> Burst:
        self._balancer.deal_to([it.port for it in replicas])
        used, begun = self._used_s(), perf_counter()
        rate = await self._load.closed(BURST, AT_ONCE)
        return Burst(rate, (self._used_s() - used) / (perf_counter() - begun) / 2)

    def _used_s(self) -> float:
        return sum(cpu_seconds(it.pid) for it in self._replicas)


class Bots:
    """Two bots behind a balancer. Who is killed gets a successor."""

    def __init__(
        self,
        launcher: Launcher,
        environment: dict[str, str],
        directory: Path,
        telegram: TelegramState,
        balancer: ConnectionBalancer,
    ) -> None:
        self.telegram = telegram
        self.balancer = balancer
        self.living: list[BotProcess] = []
        self._launcher = launcher
        self._environment = environment
        self._directory = directory
        self._clients = SteadyClients(telegram)

    async def start_on(self, core: int) -> None:
        """One more."""
        bot = await self._launcher.start(self._environment, self._directory)
        self.living.append(bot)
        # Threads that it starts later live where this one does.
        os.sched_setaffinity(bot.pid, {core})

    async def end(self) -> None:
        """All of them."""
        for bot in self.living:
            await self._launcher.forget(bot)

    async def one_is_killed(self, core: int) -> Walked:
        """SIGKILL for the older one, which lives on this core, under as much load as both can take."""
        self.balancer.deal_to([bot.port for bot in self.living])
        walking = asyncio.create_task(self._clients.walk(AT_ONCE, WALKS_FOR_S))
        await asyncio.sleep(KILLED_AFTER_S)
        killed = self.living.pop(0)
        await self._launcher.forget(killed)
        walked = await walking
        await self.start_on(core)
        return walked


async def two_replicas() -> list[Finding]:
    """Both programs in turns; then the kills."""
    with ExitStack() as stack:
        launcher = stack.enter_context(launching())
        ours, theirs = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        async with _bots(launcher, ours) as bots:
            async with _yardsticks(theirs) as g:
                repeats = await _in_turns(Pair(bots.telegram, bots.balancer, bots.living), g)
            killed = [await bots.one_is_killed(cores()[number % 2]) for number in range(KILLS)]
    return _findings(repeats, killed)


def _findings(repeats: Sequence[tuple[Repeat, Repeat]], killed: Sequence[Walked]) -> list[Finding]:
    bot, g = zip(*repeats, strict=True)
    more = sorted(ours.scaling / theirs.scaling for ours, theirs in repeats)
    longest = [max(it.taken) for it in killed]
    return [
        Finding(
            "two replicas as a multiple of one, on two cores with load, sandboxes and Redis on the same ones",
            f"{_scaling(bot)}: {median(more):.2f} × G's (repeats: {', '.join(f'{it:.2f}' for it in more)})",
            f"at least G's {_scaling(g)}",
            median(more) >= 1,
        ),
        _rates("G", g),
        _rates("the bot", bot),
        Finding(
            "calculated from their CPU time: the same with cores for the replicas alone",
            f"G {median(it.apart for it in g):.2f} ×, the bot {median(it.apart for it in bot):.2f} ×",
        ),
        _counted(
            f"one of two killed under load, {len(killed)} times: clients lost",
            [words for it in killed for words in it.lost],
            f"{sum(it.clients for it in killed):,}",
        ),
        _counted(
            "taps that led nowhere, so that the client had to tap again",
            [words for it in killed for words in it.repeated],
            f"{sum(len(it.taken) for it in killed):,} updates",
        ),
        Finding(
            "the longest that one of the others waited for a screen",
            f"{max(longest):.1f} s (kills: {', '.join(f'{it:.1f} s' for it in longest)})",
            f"at most {LONGEST_TAKEOVER_S:.0f} s",
            max(longest) <= LONGEST_TAKEOVER_S,
        ),
        Finding(
            "updates that waited longer than a second",
            ", ".join(str(sum(taken > 1 for taken in it.taken)) for it in killed),
        ),
    ]


def _counted(what: str, cases: Sequence[str], of: str) -> Finding:
    """How often, with each kind of case; the goal is 0."""
    named = f" ({'; '.join(sorted(set(cases)))})" if cases else ""
    return Finding(what, f"{len(cases)} of {of}{named}", "0", not cases)


def _rates(name: str, repeats: Sequence[Repeat]) -> Finding:
    bursts = [[it.one for it in repeats], [it.two for it in repeats]]
    rates = " → ".join(f"{median(it.rate for it in same):.0f}" for same in bursts)
    shares = " → ".join(f"{median(it.share for it in same):.0%}" for same in bursts)
    return Finding(f"{name}, one → two: updates a second", f"{rates}; its own share of both cores: {shares}")


def _scaling(repeats: Sequence[Repeat]) -> str:
    return f"{median(it.scaling for it in repeats):.2f} ×"


async def _in_turns(bots: Pair, yardsticks: Pair) -> list[tuple[Repeat, Repeat]]:
    for pair in (bots, yardsticks):
        await pair.warm_up()
    repeats = []
    for number in range(REPEATS):
        ours, theirs = await bots.repeat(), await yardsticks.repeat()
        repeats.append((ours, theirs))
        print(f"  repeat {number + 1}: {ours.scaling:.2f} ×, G {theirs.scaling:.2f} ×", file=sys.stderr)
    return repeats


@asynccontextmanager
async def _bots(launcher: Launcher, directory: Path) -> AsyncIterator[Bots]:
    """Both share a Redis and wait for updates; nothing is dealt to them yet."""
    async with (
        embedded_redis(directory) as redis_url,
        one_link_of(world(), directory) as one_link_url,
        HttpxAiohttpClient(base_url=one_link_url, timeout=60) as one_link,
        serving(clock=Clock(NOW)) as telegram,
        balancing() as (balancer, public_url),
    ):
        await Clinic(one_link).clock_is(NOW)
        settings = settings_for(telegram, redis_url) | {
            "onelink_url": one_link_url,
            "public_url": public_url,
            "webhook_secret": secrets.token_hex(16),
        }
        bots = Bots(launcher, environment_of(settings), directory, telegram.telegram.state, balancer)
        try:
            for core in cores():
                await bots.start_on(core)
            yield bots
        finally:
            await bots.end()


@asynccontextmanager
async def _yardsticks(directory: Path) -> AsyncIterator[Pair]:
    """The same of G."""
    one, other = cores()
    async with (
        embedded_redis(directory) as redis_url,
        serving(clock=Clock(NOW)) as telegram,
        balancing() as (balancer, public_url),
        plain_aiogram(telegram.url, redis_url, one) as first,
        plain_aiogram(telegram.url, redis_url, other) as second,
        HttpxAiohttpClient(base_url=telegram.url) as control,
    ):
        # Each has asked for all updates; Telegram is told where they go now.
        webhook = {"url": f"{public_url}/telegram", "max_connections": 100}
        (await control.post(f"/bot{TOKEN}/setWebhook", json=webhook)).raise_for_status()
        yield Pair(telegram.telegram.state, balancer, [first, second])
