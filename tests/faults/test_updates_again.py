"""Telegram delivers an update again, or a later one first: what clients do counts once, as they meant it."""

import asyncio

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
    has_come,
    nothing_personal,
    playing,
    rests,
)
from tests.faults.test_telegram_side import by_webhook
from tests.faults.wire import Telegram
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import calls
from tests.people import Client
from tests.ports import free_port

__all__ = ["nothing_personal"]

#: Seconds that the decisive request takes.
HELD_S = 0.3


@pytest.mark.parametrize(
    ("name", "profile"),
    [("book", "published"), ("cancel", "current"), ("move", "published"), ("call", "current")],
)
async def test_an_update_that_comes_again_meanwhile_and_afterwards_changes_nothing(
    name: str,
    profile: str,
    start_bot: StartBot,
    control: httpx.AsyncClient,
    clinic: Clinic,
    sandbox: Sandbox,
    telegram: Telegram,
    redis_url: str,
) -> None:
    flow = FLOWS[name]
    settings = by_webhook(free_port())
    async with playing(start_bot, control, clinic, sandbox, redis_url, **settings) as scene:
        await flow.prepare(scene)
        assert await until(lambda: rests(scene), RESTS_WITHIN)
        updates = telegram.noting()
        held = sandbox.faults.add({"match": flow.decisive, "kind": "delay", "seconds": HELD_S})
        acting = asyncio.create_task(flow.act(scene))
        assert await until(lambda: has_come(held), RESTS_WITHIN)
        [update] = updates
        telegram.redeliver(*update)
        await acting
        await comes_to_an_end(scene, flow)
        before = _done(sandbox)
        telegram.redeliver(*update)
        assert await until(lambda: rests(scene), RESTS_WITHIN)
        assert _done(sandbox) == before
        await assert_ends_well(scene, telegram, flow.wrong, 1)


async def test_words_that_overtake_each_other_are_all_heard(
    client: Client, operator: Operator, telegram: Telegram
) -> None:
    await calls(client)
    updates = telegram.noting(held=True)
    await client.says_and_leaves("First", "Second")
    for update in reversed(updates):
        telegram.redeliver(*update)
        await client.waits()
    await operator.waits_for("First")
    assert sorted(await operator.texts("incoming")) == ["First", "Second"]


async def test_a_start_that_was_overtaken_does_not_interrupt(client: Client, telegram: Telegram) -> None:
    """A replica that is killed with it: Telegram delivers it once more when the client is further."""
    await client.says("/start")
    updates = telegram.noting(held=True)
    await client.says_and_leaves("/start")
    await client.taps_and_leaves("Book a visit")
    for update in reversed(updates):
        telegram.redeliver(*update)
        await client.waits()
        await client.sees("Which service would you like?")
    await client.taps_and_leaves("Haircut")
    telegram.redeliver(*updates[-1])
    await client.waits()
    await client.sees("With whom?")


def _done(sandbox: Sandbox) -> tuple[list[str], list[str]]:
    """What was asked of One-Link, apart from reading, and of Telegram, apart from stopping a spinner, which
    may have to be done again and shows nothing."""
    asked = [f"{row['method']} {row['path']}" for row in sandbox.journal.rows if row["method"] != "GET"]
    said = [call["method"] for call in sandbox.telegram.state.journal]
    return asked, [method for method in said if method != "answerCallbackQuery"]
