"""A client confirms, and the process that handles it is killed at each point where something can be lost.

Every point × both generations of One-Link × polling and webhook × one process that is started again, and two
of which the other takes over. A killed process blocks its client for some seconds; so that this is not waited
for eighty times, the eight stories of a point are played side by side.
"""

import asyncio
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from bot.sandbox.world import PROFILES, Profile
from tests.crash.invariants import Guest, hold
from tests.crash.stage import Intake, Store, day_ahead, reaches_the_summary, staged, stores
from tests.process import Launcher

#: Where the process dies: the request at which it is killed, and how many alike pass before. The card is
#: edited twice: "Booking your visit…", then the outcome.
POINTS = {
    "before the card says booking": ("kill_before", "/editMessageText", 0),
    "after the card says booking": ("kill_after", "/editMessageText", 0),
    "before the contact is made": ("kill_before", "POST /contacts$", 0),
    "after the contact is made": ("kill_after", "POST /contacts$", 0),
    "before the conversation is made": ("kill_before", "POST /conversations$", 0),
    "after the conversation is made": ("kill_after", "POST /conversations$", 0),
    "before the appointment is made": ("kill_before", "POST /appointments$", 0),
    "after the appointment is made": ("kill_after", "POST /appointments$", 0),
    "before the outcome is shown": ("kill_before", "/editMessageText", 1),
    "after the outcome is shown": ("kill_after", "/editMessageText", 1),
}
#: Seconds for one story, with all its waiting.
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Case:
    """One story of a point."""

    profile: Profile
    intake: Intake
    replicas: int


CASES = [Case(*given) for given in product(PROFILES, get_args(Intake), (1, 2))]


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_process_costs_the_client_nothing(
    point: str, launcher: Launcher, tmp_path: Path
) -> None:
    async def play(case: Case, store: Store) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await _killed_and_survived(point, case, store, launcher)
        except BaseException as error:
            error.add_note(str(case))
            raise

    async with stores(tmp_path, len(CASES)) as places:
        found = await asyncio.gather(*map(play, CASES, places), return_exceptions=True)
    for error in found:
        if error is not None:
            raise error


async def _killed_and_survived(point: str, case: Case, store: Store, launcher: Launcher) -> None:
    kind, match, skip = POINTS[point]
    day = day_ahead(3)
    async with staged(case.profile, case.intake, store, launcher) as stage:
        await stage.starts_bot()
        if case.replicas == 2 and case.intake == "webhook":
            await stage.starts_bot()
        client = await stage.person(501)
        await reaches_the_summary(client, day, "10:00")
        victim = stage.next_up()
        stage.breaks({"match": match, "kind": kind, "skip": skip, "pid": victim.pid})
        pressing = asyncio.create_task(client.taps("✓ Confirm"))
        await asyncio.wait_for(victim.ended.wait(), 10)
        if not any(bot.alive for bot in stage.bots):
            await stage.starts_bot()
        await pressing
        await stage.settles()
        assert stage.sandbox.world.rows("appointments"), "nothing refused it, so it must be booked"
        await hold(stage, [Guest(client, day, "10:00")])
