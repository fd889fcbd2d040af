"""The stories of one point of death, played side by side: a killed process's lease is waited for once."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import get_args
from zlib import crc32

from bot.sandbox.faults import Kind
from bot.sandbox.world import PROFILES, Profile
from tests.crash.stage import Intake, Stage, staged, stores
from tests.process import Launcher

#: Seconds for one story, with all its waiting.
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process dies: at this request, after `skip` alike have passed."""

    kind: Kind
    match: str
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One story of a point. One process is started again by somebody; of two, the other takes over."""

    profile: Profile
    intake: Intake
    replicas: int = 1


#: With two pollers Telegram ends one by 409, so that a second replica goes with the webhook only.
CASES = [
    *(Case(*given) for given in product(PROFILES, get_args(Intake))),
    *(Case(profile, "webhook", replicas=2) for profile in PROFILES),
]


def generations(name: str) -> tuple[Profile, ...]:
    """Those with which a story is played that has no cases: one, chosen by its name; ALL_PROFILES=1: both."""
    return PROFILES if "ALL_PROFILES" in os.environ else (PROFILES[crc32(name.encode()) % len(PROFILES)],)


async def side_by_side(
    story: Callable[[Stage], Awaitable[None]], launcher: Launcher, directory: Path
) -> None:
    """The same story in every case, each on its own stage; the first failure is raised."""
    async with stores(directory, len(CASES)) as places:

        async def play(case: Case, number: int) -> None:
            try:
                async with (
                    asyncio.timeout(LONGEST),
                    staged(case.profile, case.intake, places[number], launcher) as stage,
                ):
                    for _ in range(case.replicas):
                        await stage.starts_bot()
                    await story(stage)
            except BaseException as error:
                error.add_note(str(case))
                raise

        played = (play(case, number) for number, case in enumerate(CASES))
        found = await asyncio.gather(*played, return_exceptions=True)
    for error in found:
        if error is not None:
            raise error


@asynccontextmanager
async def dying(stage: Stage, point: Point) -> AsyncIterator[None]:
    """The update that the block brings kills the process that handles it, and another process is there.

    The block must not wait for the update: nobody may be there to finish it.
    """
    victim = stage.next_up()
    stage.breaks({"match": point.match, "kind": point.kind, "skip": point.skip, "pid": victim.pid})
    yield
    await asyncio.wait_for(victim.ended.wait(), 10)
    if not any(bot.alive for bot in stage.bots):
        await stage.starts_bot()
