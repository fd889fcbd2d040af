"""One-Link's clock is put back by an hour while an outcome is not known: it is told as soon as ever."""

from datetime import timedelta

import httpx
import pytest

from bot.sandbox.server import Sandbox
from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.crash.stage import until
from tests.faults.flows import FLOWS
from tests.faults.playing import (
    RESTS_WITHIN,
    assert_ends_well,
    comes_to_an_end,
    nothing_personal,
    playing,
    rests,
)
from tests.faults.wire import Telegram
from tests.handoff.test_handoff import WITH_STAFF

__all__ = ["nothing_personal"]

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "outcome", "profile"),
    [
        ("book", "You are booked", "current"),
        ("cancel", "This visit is cancelled.", "published"),
        ("call", WITH_STAFF, "current"),
    ],
)
async def test_an_outcome_does_not_wait_for_the_hour_that_a_clock_was_put_back(
    name: str,
    outcome: str,
    profile: str,
    start_bot: StartBot,
    control: httpx.AsyncClient,
    clinic: Clinic,
    sandbox: Sandbox,
    telegram: Telegram,
    redis_url: str,
) -> None:
    flow = FLOWS[name]
    async with playing(start_bot, control, clinic, sandbox, redis_url) as scene:
        await flow.prepare(scene)
        sandbox.faults.add({"match": flow.decisive, "kind": "drop_after"})
        await flow.act(scene)
        assert await until(lambda: rests(scene), RESTS_WITHIN)
        await scene.clock_is(sandbox.clock.now() - HOUR)
        await scene.client.waits_for(outcome)
        await comes_to_an_end(scene, flow)
        await assert_ends_well(scene, telegram, flow.wrong, 1)
