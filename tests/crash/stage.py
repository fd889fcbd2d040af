"""One place where things break: a sandbox, a Redis, bots as processes, and somebody who starts them again."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import orjson
from httpx_aiohttp import HttpxAiohttpClient
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.embedded_redis import embedded_redis
from bot.sandbox.faults import Fault
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.world import Profile
from tests.clinic import ALMATY, ANNA, HAIRCUT, Clinic, Row, service, world
from tests.conftest import settings_for
from tests.crash.balancer import Balancer, balancing
from tests.people import Client
from tests.process import BotProcess, DoesNotStart, Launcher, environment_of

Intake = Literal["polling", "webhook"]

#: An IIN that passes the checksum; no trace of it may stay in Redis.
IIN = "900215312348"
#: What every client is called.
NAME = "Алия Нурланова"
#: Seconds. After the healing everything that was begun comes to its end within this time.
SETTLES_WITHIN = 12.0
#: What is due within this time is waited for.
SOON = timedelta(seconds=2)
#: A clock jump that makes every attempt due: longer than the longest pause and than any lease.
JUMP = timedelta(seconds=61)
#: So often at most; each makes everything due that an earlier one made wait again.
JUMPS = 4
#: Seconds: a notice comes with the next rounds, or the process that goes them could not send it.
TOLD_WITHIN = 3.0
#: So often at most; between them the bots are started anew.
NOTICES = 4
#: How often the bots read the calendar.
ROUNDS_EVERY = "1s"
LOOK_EVERY = 0.05
#: How often a bot is started before it is given up; a start that is refused takes some 0.1 s.
STARTS = 50


class Store:
    """A Redis with its append-only file that can be restarted with what it holds."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._server = AsyncExitStack()
        self.url = ""
        self.redis: Redis  # a client of it, for the tests

    async def start(self) -> None:
        """Start it; what it held before, it holds again."""
        self.url = await self._server.enter_async_context(embedded_redis(self.directory))
        self.redis = Redis.from_url(self.url, decode_responses=True, socket_timeout=5)
        self._server.push_async_callback(self.redis.aclose)

    async def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        await self._server.aclose()

    async def kill(self) -> None:
        """SIGKILL: what it has answered is in its file all the same."""
        os.kill(int((self.directory / "server.pid").read_text()), signal.SIGKILL)
        await self.stop()

    async def restart(self) -> None:
        """Away for a moment, with the same file and address."""
        await self.stop()
        await self.start()


@asynccontextmanager
async def stores(directory: Path, count: int) -> AsyncIterator[list[Store]]:
    """So many, while the block runs."""
    begun = [Store(directory / f"redis-{number}") for number in range(count)]
    try:
        await asyncio.gather(*(store.start() for store in begun))
        yield begun
    finally:
        await asyncio.gather(*(store.stop() for store in begun))


class Stage:
    """`intake`: how updates arrive. With two pollers Telegram ends one by 409, so in polling mode a second
    replica is a spare: it is started elsewhere when the first has died."""

    def __init__(self, sandbox: Sandbox, store: Store, launcher: Launcher, intake: Intake) -> None:
        self.sandbox = sandbox
        self.store = store
        self.intake = intake
        self.bots: list[BotProcess] = []
        self.gave_up: list[str] = []  # last words of kept bots that ended although nobody killed them
        self._troubles: list[Fault] = []  # also those that are over
        self._launcher = launcher
        self._public_url = ""
        self._balancer: Balancer | None = None
        self._keepers: dict[BotProcess, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Stage"]:
        """The stage with its balancer and the staff's line; every bot ends with it."""
        async with AsyncExitStack() as stack:
            if self.intake == "webhook":
                self._balancer, self._public_url = await stack.enter_async_context(
                    balancing(lambda: self.bots)
                )
            self.control = await stack.enter_async_context(
                HttpxAiohttpClient(base_url=self.sandbox.url, timeout=60)
            )
            self.clinic = Clinic(self.control)
            try:
                yield self
            finally:
                await self._dismiss_keepers()
                for bot in self.bots:
                    await self._launcher.forget(bot)

    async def starts_bot(self, *, kept: bool = False) -> BotProcess:
        """One more replica. `kept`: whenever it dies, another one is started in its place."""
        bot = await self._launcher.start(self._environment(), self.store.directory)
        self.bots.append(bot)
        if kept:
            self._keepers[bot] = asyncio.create_task(self._replace(bot))
        return bot

    def next_up(self) -> BotProcess:
        """The process that will get the next update."""
        if self._balancer is not None:
            return self._balancer.next_up()
        return next(bot for bot in self.bots if bot.alive)

    async def restarts_bots(self) -> None:
        """A deployment: SIGTERM and a new start for each kept one, or for each that lives."""
        living = [bot for bot in self.bots if bot.alive]
        kept = len(self._keepers)
        await self._dismiss_keepers()
        for bot in living:
            await bot.terminate()
        for _ in range(kept or len(living) or 1):
            await self.starts_bot(kept=bool(kept))

    async def person(self, chat_id: int) -> Client:
        """A client with an English Telegram."""
        person = Client(self.control, chat_id)
        await person.is_called(f"Guest {chat_id}", "en")
        return person

    def breaks(self, rule: dict[str, Any]) -> None:
        """Something will go wrong (see the sandbox's faults); a process killed by it is not to blame."""
        self._troubles.append(self.sandbox.faults.add(rule))

    async def suffers(self, seconds: float) -> None:
        """Until every fault has happened as often as it may, or there is nothing left to do; bounded."""

        async def over() -> bool:
            if not any(rule.active for rule in self.sandbox.faults.rules):
                return True
            return await self._is_settled() and await self._owes_nothing()

        await until(over, seconds)

    async def settles(self) -> None:
        """Until every update is handled, no attempt is open and every client knows how the own visit is.

        AssertionError with what is left. What waits for its time is made due by a jump of the clock, which
        bots learn when they start.
        """
        await self._finishes()
        for _ in range(NOTICES):
            if not await self.owed():
                return
            # The rounds of a process that is gone are left to it for some seconds more: these are over now.
            await self.store.redis.delete("rounds")
            if await until(self._owes_nothing, TOLD_WITHIN):
                return
            # What a process could not tell it tries again after a minute; a new one does at once.
            await self.restarts_bots()

    async def owed(self) -> list[str]:
        """Appointments that One-Link has otherwise than their clients were told."""
        known = await cast(Any, self.store.redis.hgetall("visits"))
        return [
            f"{row['id']} {row['status']} {row['starts_at']}, but of {told}"
            for row in self.sandbox.world.rows("appointments")
            if (told := known.get(str(row["id"]))) and _state(orjson.loads(told)) != _state(row)
        ]

    async def _owes_nothing(self) -> bool:
        try:
            return not await self.owed()
        except RedisError:
            return False

    async def _finishes(self) -> None:
        for _ in range(JUMPS):
            await until(self._rests, SETTLES_WITHIN)
            if await self._is_settled():
                return
            self.sandbox.clock.advance(JUMP.total_seconds())
            await self.restarts_bots()
        await until(self._is_settled, SETTLES_WITHIN)
        assert await self._is_settled(), f"it does not come to an end: {await self._left()}\n{self.log()}"

    def log(self) -> str:
        """What the bots said, for the report of a failure."""
        return "\n".join(f"[{bot.pid}] {line}" for bot in self.bots for line in bot.lines)

    async def _is_settled(self) -> bool:
        if self.sandbox.telegram.state.pending():
            return False
        try:
            return not await self.store.redis.zcard("attempts")
        except RedisError:
            return False

    async def _rests(self) -> bool:
        """Whether nothing will happen soon: all is done, or what is left waits for its time."""
        if self.sandbox.telegram.state.pending():
            return False
        soon = (self.sandbox.clock.now() + SOON).timestamp()
        try:
            return not await self.store.redis.zcount("attempts", "-inf", soon)
        except RedisError:
            return False

    async def _left(self) -> dict[str, Any]:
        redis = self.store.redis
        attempts = await redis.zrange("attempts", 0, -1, withscores=True)
        return {
            "updates": self.sandbox.telegram.state.pending(),
            "attempts": {key: await redis.get(f"attempt:{key}") for key, _ in attempts},
            "due": [datetime.fromtimestamp(at, ALMATY).isoformat() for _, at in attempts],
            "now": self.sandbox.clock.now().astimezone(ALMATY).isoformat(),
        }

    def _environment(self) -> dict[str, str]:
        given = environment_of(settings_for(self.sandbox, self.store.url) | {"sync_every": ROUNDS_EVERY})
        if self._public_url:
            given |= {"PUBLIC_URL": self._public_url, "WEBHOOK_SECRET": "secret-of-the-crash-tests"}
        return given

    async def _replace(self, bot: BotProcess) -> None:
        await bot.ended.wait()
        meant = [rule for rule in self._troubles if rule.pid == bot.pid]
        if not any(rule.fired for rule in meant):
            self.gave_up.append(bot.lines[-1] if bot.lines else "nothing")
        successor = await self._started_at_last()
        self._keepers.pop(bot, None)
        for rule in meant:
            if rule.active:
                rule.pid = successor.pid

    async def _started_at_last(self) -> BotProcess:
        """A kept bot. While Redis is away a start is refused, and tried again, as containers are."""
        for _ in range(STARTS):
            with contextlib.suppress(DoesNotStart):
                return await self.starts_bot(kept=True)
        raise DoesNotStart(self.log())

    async def _dismiss_keepers(self) -> None:
        keepers, self._keepers = list(self._keepers.values()), {}
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


@asynccontextmanager
async def staged(
    profile: Profile,
    intake: Intake,
    store: Store,
    launcher: Launcher,
    **switches: Any,
) -> AsyncIterator[Stage]:
    """A fresh stage on an emptied Redis; `switches` are those of the sandbox's world."""
    await store.redis.flushall()
    # With the real time: bots that have just started do not know yet what the sandbox's clock says.
    state = small_world(switches=switches)
    async with serving(profile=profile, world=state) as sandbox:
        stage = Stage(sandbox, store, launcher, intake)
        async with stage.open():
            yield stage


def small_world(**changes: Any) -> Row:
    """One resource with one service: nobody is asked with whom."""
    whole = world(**changes)
    return whole | {
        "resources": [row for row in whole["resources"] if row["id"] == ANNA],
        "services": [service(HAIRCUT, "Стрижка", "Шаш қию", "Haircut", 30, {ANNA: 5000})],
    }


def day_ahead(days: int) -> str:
    """`2026-11-24`: a day at the clinic, so far ahead that no jump of the clock reaches it."""
    return (datetime.now(ALMATY) + timedelta(days=days)).date().isoformat()


def typed(day: str, time: str) -> str:
    """A day and a time as people write them."""
    year, month, number = day.split("-")
    return f"{number}.{month}.{year} {time}"


async def reaches_the_summary(person: Client, day: str, time: str) -> None:
    """From nothing to "Shall I book it?", by typing; with a phone of one's own and the IIN."""
    await person.says("/book", "Haircut", typed(day, time), "yes")
    await person.says(NAME, phone_of(person.chat_id), IIN)
    await person.sees("Shall I book it?")


def phone_of(chat_id: int) -> str:
    """Each client has a phone of one's own."""
    return f"+7701{chat_id:07d}"


def _state(visit: Row) -> tuple[datetime, int, bool]:
    """What a client is told of: when, with whom, and whether it is cancelled."""
    start = datetime.fromisoformat(visit["starts_at"])
    return start, visit["resource_id"], visit["status"] == "cancelled"


async def until(fact: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Wait for a fact that tells nobody when it comes true; whether it has, within so many seconds."""
    # A look is never cut short: a connection that is cancelled while it is being made stays open.
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await fact():
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(LOOK_EVERY)
    return True
