"""Whatever goes wrong, in whatever order: hundreds of drawn schedules, several of them side by side.

SCHEDULES: how many (default 200). SCHEDULES_SEED: draws the same ones again. What a failure prints can be
given a name in `NAMED`, and be made smaller there by hand.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.crash.drafts import Drafts
from tests.crash.schedules import Schedule, Trouble, play, schedules
from tests.crash.stage import Store, stores
from tests.process import Launcher

SCHEDULES = int(os.environ.get("SCHEDULES", "200"))
SEED = int(os.environ.get("SCHEDULES_SEED", str(random.SystemRandom().randrange(10**9))))
#: Parts of the whole, for runners that share the work.
PARTS = 8
#: So many are played at a time: waiting for a killed process's lease overlaps with others' work.
AT_ONCE = 6
#: Seconds for one schedule, with all its waiting.
LONGEST = 90

NAMED = {
    "nothing goes wrong": Schedule(),
    "two replicas of the older generation": Schedule(profile="published", intake="webhook", replicas=2),
    "killed after the commit, then Redis restarts": Schedule(
        troubles=(Trouble("POST /appointments$", "kill_after"),),
        steps=("first confirms", "everybody waits", "Redis restarts", "second confirms"),
    ),
    "cancelled by the clinic before the answer is known": Schedule(
        same_time=False,
        troubles=(Trouble("POST /appointments$", "hold_after"),),
        steps=("first confirms", "everybody waits", "clerk cancels the first visit", "second confirms"),
    ),
    "a second tap on a time that has been taken": Schedule(
        steps=("clerk books the first time", "first confirms twice", "second confirms")
    ),
    "pages of a gateway instead of the answer, to a typed yes": Schedule(
        same_time=False,
        troubles=(Trouble("POST /appointments$", "html", times=2),),
        steps=("second confirms", "everybody waits", "second types yes", "everybody waits", "first confirms"),
    ),
    "a typed yes, killed after the commit": Schedule(
        same_time=False,
        troubles=(Trouble("POST /appointments$", "kill_after"),),
        steps=("second types yes", "everybody waits", "first confirms", "second confirms"),
    ),
    "moved and then cancelled": Schedule(
        same_time=False,
        steps=("first confirms", "first moves", "first cancels", "second confirms"),
    ),
    "moved by the clinic between the question and the answer": Schedule(
        intake="webhook",
        troubles=(Trouble("PATCH /appointments/", "drop_before"),),
        steps=("first confirms", "first moves", "clerk moves the first visit", "second confirms"),
    ),
    "an older card asked after cancelling": Schedule(
        same_time=False,
        steps=(
            "second confirms",
            "first confirms",
            "everybody waits",
            "first moves",
            "first cancels",
            "first moves",
        ),
    ),
    "moved by the clinic, and the answer to the notice is lost": Schedule(
        same_time=False,
        troubles=(Trouble("/sendMessage", "drop_after"),),
        steps=("first confirms", "everybody waits", "clerk moves the first visit", "second confirms"),
    ),
    "a typed yes while it is being checked, and Redis away": Schedule(
        profile="published",
        same_time=False,
        troubles=(Trouble("POST /appointments$", "drop_before", times=2, skip=1),),
        steps=(
            "second confirms",
            "everybody waits",
            "first confirms",
            "first confirms",
            "everybody waits",
            "second types yes",
            "Redis restarts",
            "first confirms twice",
        ),
    ),
    "pages of a gateway from Telegram": Schedule(
        same_time=False,
        troubles=(Trouble("/editMessageText", "html", skip=1), Trouble("/getUpdates", "html")),
        steps=("first confirms", "everybody waits", "second confirms"),
    ),
}


@pytest.mark.parametrize("schedule", [pytest.param(schedule, id=name) for name, schedule in NAMED.items()])
async def test_a_schedule_holds(
    schedule: Schedule, launcher: Launcher, drafts: Drafts, tmp_path: Path
) -> None:
    async with stores(tmp_path, 1) as [store], asyncio.timeout(LONGEST):
        await play(schedule, store, launcher, drafts)


@pytest.mark.timeout(0)  # each schedule is bounded; how many there are is up to SCHEDULES
@pytest.mark.parametrize("part", range(PARTS))
async def test_every_schedule_holds(part: int, launcher: Launcher, drafts: Drafts, tmp_path: Path) -> None:
    left = drawn(SEED + part, -(-SCHEDULES // PARTS))

    async def play_on(store: Store) -> None:
        while left:
            schedule = left.pop()
            try:
                async with asyncio.timeout(LONGEST):
                    await play(schedule, store, launcher, drafts)
            except BaseException as error:
                left.clear()  # somebody has found something: that is enough for one run
                error.add_note(f"{schedule}\nagain with SCHEDULES_SEED={SEED} SCHEDULES={SCHEDULES}")
                raise

    async with stores(tmp_path, min(AT_ONCE, len(left))) as places:
        found = await asyncio.gather(*map(play_on, places), return_exceptions=True)
    for error in found:
        if error is not None:
            raise error


def drawn(from_seed: int, count: int) -> list[Schedule]:
    """So many different schedules, the same ones for the same seed."""
    found: list[Schedule] = []

    @seed(from_seed)
    @settings(
        max_examples=count,
        database=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(schedules())
    def draw(schedule: Schedule) -> None:
        found.append(schedule)

    draw()
    return found
