"""P6: 5,000 reminders due at once, and 20 clients who write meanwhile.

Each repeat is a bot of its own with 5,000 visits. First nothing is due and the 20 write (quiet), then the
clock jumps behind the moment of all reminders and they go on writing (busy).
"""

import asyncio
import gc
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from bot.embedded_redis import embedded_redis
from bot.worker import MESSENGERS
from tests.bench.findings import Finding, percentile
from tests.bench.machine import cores, cpu_seconds, pinned
from tests.bench.stage import Stage, staged
from tests.bench.visits import can_be_written_to, clinic_with, were_booked_here, written_to
from tests.bench.walkers import Crowd, Walker
from tests.process import Launcher, launching

VISITS, WRITING = 5000, 20
#: Of all 20 together: each acts every four seconds, as somebody does who reads what comes.
ACTS_A_SECOND = 5.0
REPEATS = 5
WARM_UP_S = 5.0
#: Of quiet and of busy. Longer than a reading of the calendar may be old (30 s): one is read meanwhile.
WINDOW_S = 33.0
#: Reminders go out a day before: the first is due half an hour after the beginning, by then all of them are.
FIRST_START, ALL_DUE = timedelta(days=1, minutes=30), timedelta(minutes=91)
#: Visits in one hour, every five minutes, as many at each, in no order of their numbers.
AFTER_FIRST = [timedelta(minutes=5) * (n * 7 % 13) for n in range(VISITS)]
FASTEST_GROWTH = 1.3


@dataclass(frozen=True, slots=True)
class Repeat:
    """Seconds to the screen, quiet and busy, with the share of its core that the bot used; what was sent."""

    quiet: Sequence[float]
    busy: Sequence[float]
    quiet_core: float
    busy_core: float
    sent: Sequence[int]

    @property
    def growth(self) -> float:
        """p95 of busy as a multiple of quiet."""
        return percentile(self.busy, 95) / percentile(self.quiet, 95)

    @property
    def overtaken(self) -> int:
        """By how many less urgent ones a reminder was overtaken at most."""
        starts = [AFTER_FIRST[number - 1] for number in self.sent]
        return max(sum(before > start for before in starts[:at]) for at, start in enumerate(starts))


async def many_reminders() -> list[Finding]:
    """Pace and order of the reminders, and what they cost those who write."""
    bot_core, other_core = cores()
    with ExitStack() as stack:
        with pinned(bot_core):  # the launcher's bots stay there
            launcher = stack.enter_context(launching())
        stack.enter_context(pinned(other_core))
        data = stack.enter_context(tempfile.TemporaryDirectory())
        async with embedded_redis(Path(data)) as redis_url:
            repeats = [await _repeat(launcher, redis_url, number) for number in range(REPEATS)]
    return _findings(repeats)


def _findings(repeats: Sequence[Repeat]) -> list[Finding]:
    pace = median(len(it.sent) / WINDOW_S for it in repeats)
    overtaken = max(it.overtaken for it in repeats)
    growth = median(it.growth for it in repeats)
    calm = [percentile(it.quiet, 95) for it in repeats]
    spread = ", ".join(f"{it.growth:.2f}" for it in sorted(repeats, key=lambda it: it.growth))
    return [
        Finding(f"{VISITS:,} due: reminders a second", f"{pace:.1f}", "27-30", 27 <= round(pace, 1) <= 30),
        Finding(
            "a reminder is overtaken by so many less urgent ones",
            f"at most {overtaken} of {sum(len(it.sent) for it in repeats):,}",
            f"under {MESSENGERS}, which are on their way side by side",
            overtaken < MESSENGERS,
        ),
        Finding(
            f"p95 from update to screen for {WRITING} who write meanwhile",
            f"{growth:.2f} × quiet (repeats: {spread})",
            f"at most {FASTEST_GROWTH} ×",
            growth <= FASTEST_GROWTH,
        ),
        *(
            Finding(
                f"p{percent}, quiet → busy",
                f"{_ms(median(percentile(it.quiet, percent) for it in repeats))} → "
                f"{_ms(median(percentile(it.busy, percent) for it in repeats))}",
            )
            for percent in (50, 95, 99)
        ),
        Finding(
            "for comparison: p95 of one quiet window as a multiple of another one's",
            f"up to {max(calm) / min(calm):.2f} ×",
        ),
        Finding(
            "share of its core that the bot uses, quiet → busy",
            f"{median(it.quiet_core for it in repeats):.0%} → {median(it.busy_core for it in repeats):.0%}",
        ),
    ]


async def _repeat(launcher: Launcher, redis_url: str, number: int) -> Repeat:
    # The real time: a bot that starts looks at the calendar before it knows of another one.
    now = datetime.now(UTC).replace(microsecond=0)
    starts = [now + FIRST_START + after for after in AFTER_FIRST]
    await were_booked_here(redis_url, starts, VISITS, since=now - timedelta(days=2))
    with tempfile.TemporaryDirectory() as directory:
        async with staged(launcher, redis_url, clinic_with(starts), now, Path(directory)) as stage:
            telegram = stage.telegram.telegram.state
            # They come first: the sandbox looks for a tap's chat in the order of their coming.
            walkers = [Walker(telegram, 501 + n) for n in range(WRITING)]
            can_be_written_to(telegram, VISITS)
            await asyncio.gather(*(walker.start() for walker in walkers))
            await stage.scout.says("/start")
            await stage.scout.taps("Book a visit", "Haircut")
            crowd = Crowd(walkers, ACTS_A_SECOND, seed=number)
            await crowd.walks(WARM_UP_S)
            gc.collect()
            gc.freeze()  # the fakes' own pauses are not the bot's
            quiet, quiet_core = await _watched(stage, crowd)
            assert not written_to(telegram), "something was due too early"
            await _all_become_due(stage, now + ALL_DUE)
            telegram.journal.clear()
            busy, busy_core = await _watched(stage, crowd)
            found = Repeat(quiet, busy, quiet_core, busy_core, written_to(telegram))
    gc.unfreeze()
    print(f"  repeat {number + 1}: {len(found.sent)} sent, p95 × {found.growth:.2f}", file=sys.stderr)
    return found


async def _watched(stage: Stage, crowd: Crowd) -> tuple[list[float], float]:
    used, begun = cpu_seconds(stage.bot.pid), perf_counter()
    taken = await crowd.walks(WINDOW_S)
    return taken, (cpu_seconds(stage.bot.pid) - used) / (perf_counter() - begun)


async def _all_become_due(stage: Stage, at: datetime) -> None:
    """The clock jumps; the bot learns it when the scout asks for free times. Until the first one is sent.

    Free times of the step before would still be good for 30 s: `WINDOW_S` is longer, so One-Link is asked.
    """
    state = stage.telegram.telegram.state
    await stage.clock_is(at)
    await stage.scout.taps("Anna Ivanova")
    assert await state.changed.until(lambda: bool(written_to(state)), 60), (
        f"no reminder is sent\n{stage.bot.log()}"
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
