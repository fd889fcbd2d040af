"""P1: what a step of the booking costs the bot, against the same in plain aiogram (`yardstick_g`)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from statistics import median

from bot.embedded_redis import embedded_redis
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from bot.sandbox.telegram_state import TelegramState
from tests.bench.findings import Finding
from tests.bench.machine import cores, cpu_seconds, pinned
from tests.bench.plain_aiogram import plain_aiogram
from tests.bench.stage import staged
from tests.bench.walkers import Walker
from tests.clinic import NOW, world
from tests.process import launching

#: From /start to the question after the time: six updates, one new message and five edits.
TAPS = ("Book a visit", "Haircut", "Anna Ivanova", "tomorrow", "10:00")
DIALOGUES, AT_ONCE, WARM_UP, REPEATS = 60, 10, 20, 5
MOST = 0.6
LONGEST_WAIT_S = 30.0


class Load:
    """Clients of one of the two programs; each has one dialogue."""

    def __init__(self, telegram: TelegramState, pid: int) -> None:
        self._telegram = telegram
        self._pid = pid
        self._numbers = count(1001)

    async def cpu_us(self, dialogues: int) -> float:
        """Microseconds of CPU for an update of so many dialogues, AT_ONCE of them side by side."""
        used = cpu_seconds(self._pid)
        left = iter(range(dialogues))
        await asyncio.gather(*(self._walk(left) for _ in range(AT_ONCE)))
        settled = await self._telegram.changed.until(lambda: not self._telegram.pending(), LONGEST_WAIT_S)
        assert settled, "updates are not handled"
        return (cpu_seconds(self._pid) - used) / (dialogues * (1 + len(TAPS))) * 1e6

    async def _walk(self, dialogues: Iterator[int]) -> None:
        for _ in dialogues:
            walker = Walker(self._telegram, next(self._numbers))
            await walker.start()
            for words in TAPS:
                await walker.tap(words)


async def dialogue_cost() -> list[Finding]:
    """Both programs live on the bot's core and are asked in turns."""
    bot_core, other_core = cores()
    with ExitStack() as stack:
        with pinned(bot_core):  # the launcher's bots stay there
            launcher = stack.enter_context(launching())
        stack.enter_context(pinned(other_core))
        ours, theirs = (Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2))
        async with AsyncExitStack() as programs:
            redis_url = await programs.enter_async_context(embedded_redis(ours))
            stage = await programs.enter_async_context(staged(launcher, redis_url, world(), NOW, ours))
            bot = Load(stage.telegram.telegram.state, stage.bot.pid)
            yardstick = await programs.enter_async_context(_yardstick(theirs, bot_core))
            for load in (bot, yardstick):
                await load.cpu_us(WARM_UP)
            pairs = [(await bot.cpu_us(DIALOGUES), await yardstick.cpu_us(DIALOGUES)) for _ in range(REPEATS)]
    return _findings(pairs)


def _findings(pairs: Sequence[tuple[float, float]]) -> list[Finding]:
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    ours, theirs = (median(times) for times in zip(*pairs, strict=True))
    return [
        Finding(
            "CPU of an update of the booking, from /start to the time",
            f"{median(ratios):.2f} × G (repeats: {', '.join(f'{it:.2f}' for it in ratios)})",
            f"at most {MOST} ×",
            median(ratios) <= MOST,
        ),
        Finding("G → the bot", f"{theirs:.0f} µs → {ours:.0f} µs"),
    ]


@asynccontextmanager
async def _yardstick(directory: Path, core: int) -> AsyncIterator[Load]:
    async with (
        embedded_redis(directory) as redis_url,
        serving(clock=Clock(NOW)) as sandbox,
        plain_aiogram(sandbox.url, redis_url, core) as process,
    ):
        yield Load(sandbox.telegram.state, process.pid)
