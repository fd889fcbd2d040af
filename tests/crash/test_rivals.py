"""Twenty clients, one time, one moment: one gets it, nineteen are offered the times beside it."""

import asyncio
import os
from pathlib import Path

import pytest

from bot.sandbox.world import Profile
from tests.crash.invariants import BOOKED, Guest, hold
from tests.crash.stage import Stage, Store, day_ahead, reaches_the_summary, staged, typed
from tests.people import Client
from tests.process import Launcher

RIVALS = 20
ROUNDS = int(os.environ.get("RIVAL_ROUNDS", "2"))
TIMES = ("09:00", "10:00", "11:00", "12:00", "14:00", "15:00", "16:00", "17:00")
#: The older One-Link checks and inserts without a lock: this long (s) the door between the two is open.
RACE_WINDOW = 0.1


@pytest.mark.timeout(60 + 30 * ROUNDS)
@pytest.mark.parametrize("profile", ["published", "current"])
async def test_of_twenty_who_confirm_at_once_one_is_booked(
    profile: Profile, launcher: Launcher, tmp_path: Path
) -> None:
    store = Store(tmp_path / "redis")
    await store.start()
    try:
        async with staged(profile, "webhook", store, launcher, race_window=RACE_WINDOW) as stage:
            await asyncio.gather(stage.starts_bot(), stage.starts_bot())
            rivals: list[Client] = []
            for number in range(ROUNDS):
                day, time = day_ahead(3 + number // len(TIMES)), TIMES[number % len(TIMES)]
                # Nineteen who lost want the next time; somebody new comes for the one who won.
                await asyncio.gather(*(rival.says(typed(day, time)) for rival in rivals))
                newcomers = [
                    await stage.person(601 + number * RIVALS + n) for n in range(len(rivals), RIVALS)
                ]
                await asyncio.gather(*(reaches_the_summary(new, day, time) for new in newcomers))
                rivals = await _losers_of([*rivals, *newcomers], day, time, stage)
    finally:
        await store.stop()


async def _losers_of(rivals: list[Client], day: str, time: str, stage: Stage) -> list[Client]:
    """All confirm at once. Exactly one is booked; the others are returned."""
    guests = [
        Guest(rival, day, time, since=(await rival.messages())[-1]["message_id"] - 1) for rival in rivals
    ]
    already = len(_live(stage))
    await asyncio.gather(*(rival.taps("✓ Confirm") for rival in rivals))
    await stage.settles()
    await hold(stage, guests)
    assert len(_live(stage)) == already + 1
    losers = [rival for rival in rivals if not (await rival.card())["text"].startswith(BOOKED)]
    assert len(losers) == len(rivals) - 1
    for loser in losers:
        offered = [label for label in await loser.buttons() if ":" in label]
        assert offered, "nothing is offered instead"
        assert not any(time in label for label in offered), f"{time} is taken: {offered}"
    return losers


def _live(stage: Stage) -> list[int]:
    rows = stage.sandbox.world.rows("appointments")
    return [row["id"] for row in rows if row["status"] != "cancelled"]
