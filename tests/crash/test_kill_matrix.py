"""A client confirms, and the process that handles it is killed at each point where something can be lost.

Every point × both generations of One-Link × polling and webhook, and two replicas of which the other takes
over.
"""

from pathlib import Path

import pytest

from tests.crash.drafts import Drafts
from tests.crash.invariants import Guest, hold
from tests.crash.matrix import Point, dying, side_by_side
from tests.crash.stage import Stage, day_ahead
from tests.process import Launcher

#: The card is edited twice: "Booking your visit…", then the outcome.
POINTS = {
    "before the card says booking": Point("kill_before", "/editMessageText"),
    "after the card says booking": Point("kill_after", "/editMessageText"),
    "before the contact is made": Point("kill_before", "POST /contacts$"),
    "after the contact is made": Point("kill_after", "POST /contacts$"),
    "before the conversation is made": Point("kill_before", "POST /conversations$"),
    "after the conversation is made": Point("kill_after", "POST /conversations$"),
    "before the appointment is made": Point("kill_before", "POST /appointments$"),
    "after the appointment is made": Point("kill_after", "POST /appointments$"),
    "before the outcome is shown": Point("kill_before", "/editMessageText", skip=1),
    "after the outcome is shown": Point("kill_after", "/editMessageText", skip=1),
}


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_process_costs_the_client_nothing(
    point: str, launcher: Launcher, drafts: Drafts, tmp_path: Path
) -> None:
    async def story(stage: Stage) -> None:
        day = day_ahead(3)
        client = await stage.person(501)
        await drafts.reach_the_summary(stage, client, day, "10:00")
        async with dying(stage, POINTS[point]):
            await client.taps_and_leaves("✓ Confirm")
        await stage.settles()
        assert stage.sandbox.world.rows("appointments"), "nothing refused it, so it must be booked"
        await hold(stage, [Guest(client, day, "10:00")])

    await side_by_side(story, launcher, tmp_path)
