"""Visits are moved, cancelled and restored, and the processes that handle it are killed, one by one.

Every point × both generations of One-Link × polling and webhook, and two replicas of which the other takes
over.
"""

from pathlib import Path

import pytest

from bot.sandbox.faults import Kind
from tests.clinic import Row
from tests.crash.changes import CANCELLED, LATER, MOVED, RESTORED
from tests.crash.drafts import Drafts
from tests.crash.invariants import BOOKED, Guest, hold
from tests.crash.matrix import Point, dying, side_by_side
from tests.crash.stage import Stage, day_ahead, phone_of, typed
from tests.people import Client
from tests.process import Launcher

#: Where it dies: how, and at which of three requests. The card is edited before One-Link is asked and after.
POINTS: dict[str, tuple[Kind, int]] = {
    "before the card says what is being done": ("kill_before", 0),
    "after the card says what is being done": ("kill_after", 0),
    "before One-Link is asked": ("kill_before", 1),
    "after One-Link has done it": ("kill_after", 1),
    "before the outcome is shown": ("kill_before", 2),
    "after the outcome is shown": ("kill_after", 2),
}


@pytest.mark.parametrize("point", POINTS)
async def test_a_visit_is_moved_cancelled_or_restored_once_whoever_dies(
    point: str, launcher: Launcher, drafts: Drafts, tmp_path: Path
) -> None:
    async def story(stage: Stage) -> None:
        day = day_ahead(3)
        moving, leaving, returning = [await stage.person(number) for number in (501, 502, 503)]
        for client, time in ((moving, "10:00"), (leaving, "11:00"), (returning, "12:00")):
            await drafts.reach_the_summary(stage, client, day, time)
            await client.taps("✓ Confirm")
            await client.sees(BOOKED)
        await moving.taps("Another time")
        await moving.says(typed(day, LATER))
        await leaving.taps("Cancel the visit")
        before = _visit_of(moving, stage)

        async with dying(stage, _point(point, "PATCH /appointments/")):
            await moving.taps_and_leaves("✓ Move the visit")
        # The first one's lease still runs while the next process dies.
        async with dying(stage, _point(point, "POST /cancel$")):
            await leaving.taps_and_leaves("Yes, cancel the visit")
        await returning.taps("Cancel the visit", "Yes, cancel the visit")
        assert _visit_of(returning, stage)["status"] == "cancelled"
        async with dying(stage, _point(point, "PATCH /appointments/")):
            await returning.taps_and_leaves("Undo: keep the visit")
        await stage.settles()

        after = _visit_of(moving, stage)
        assert after["id"] == before["id"]
        assert after["starts_at"] != before["starts_at"], "nothing refused it, so it must be moved"
        assert _visit_of(leaving, stage)["status"] == "cancelled", "nothing refused it"
        await moving.sees(MOVED, LATER)
        await leaving.sees(CANCELLED)
        assert _visit_of(returning, stage)["status"] == "scheduled"
        await returning.sees(RESTORED, "12:00")
        guests = [
            Guest(moving, day, "10:00", moves=1),
            Guest(leaving, day, "11:00", cancels=1),
            Guest(returning, day, "12:00", cancels=1),
        ]
        await hold(stage, guests)

    await side_by_side(story, launcher, tmp_path)


def _visit_of(client: Client, stage: Stage) -> Row:
    """The only one, as it is at this moment."""
    rows = stage.sandbox.world.rows("appointments")
    [row] = [row for row in rows if row["client_phone"] == phone_of(client.chat_id)]
    return dict(row)


def _point(name: str, asked: str) -> Point:
    kind, number = POINTS[name]
    return (Point(kind, "/editMessageText"), Point(kind, asked), Point(kind, "/editMessageText", skip=1))[
        number
    ]
