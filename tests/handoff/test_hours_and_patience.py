"""What settings and time do to a talk: reasons and teams, office hours, patience, and long silence."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.app import App
from tests.clinic import NOW, Clinic
from tests.conftest import StartBot, one_profile_each
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import BACK, calls
from tests.handoff.test_takeover_and_end import in_the_end, is_at_rest, says
from tests.people import Client

pytest_generate_tests = one_profile_each

IDLE = "Nobody has written here for a long time, so I, the bot, answer again."
AWAY = "Your message is with the clinic's staff, who are not at work at the moment."
BUSY = "Your message stays with them. You can wait, or book here without them."


async def aliya(control: httpx.AsyncClient) -> Client:
    """The client, before a bot that the test itself has started."""
    person = Client(control, 501)
    await person.is_called("Aliya", "en")
    return person


async def time_passes(bot: App, clinic: Clinic, span: timedelta) -> None:
    """The sandbox's clock moves on, and the bot learns it from an answer of One-Link's."""
    await clinic.clock_is(NOW + span)
    await bot.scheduling.resources()


async def _always() -> bool:
    return True


@pytest.mark.parametrize("given", [None, "По просьбе клиента", "Нет такой причины"])
async def test_reasons_that_the_account_demands_are_given(
    given: str | None,
    start_bot: StartBot,
    relayed: dict[str, Any],
    control: httpx.AsyncClient,
    operator: Operator,
    clinic: Clinic,
) -> None:
    """The one of the settings; without one, or with one that One-Link does not know, its first."""
    reasons = {"open": ["Запрос клиента", "По просьбе клиента"], "pending": ["Ответит бот"]}
    await clinic.changes(switches=(await clinic.world())["switches"] | {"status_reasons": reasons})
    async with start_bot(**relayed, onelink_reason_open=given) as bot:
        client = await aliya(control)
        await calls(client)
        await operator.waits_until("open")
        [row] = (await clinic.world())["conversations"]
        expected = given if given in reasons["open"] else "Запрос клиента"
        assert row["status_reason"] == expected
        await client.taps(BACK)
        await operator.waits_until("pending")
        await is_at_rest(bot, operator)
        [row] = (await clinic.world())["conversations"]
        assert row["status_reason"] == "Ответит бот"


@pytest.mark.parametrize("team", [5, 404])
async def test_the_conversation_is_given_to_the_team_before_it_is_opened(
    team: int,
    start_bot: StartBot,
    relayed: dict[str, Any],
    control: httpx.AsyncClient,
    operator: Operator,
    clinic: Clinic,
) -> None:
    """A team that is no longer there does not keep anybody from being called."""
    await clinic.changes(teams=[{"id": 5, "name": "Reception"}])
    async with start_bot(**relayed, onelink_team_id=team):
        client = await aliya(control)
        await calls(client)
        await operator.waits_until("open")
    [row] = (await clinic.world())["conversations"]
    assert row["team_id"] == (5 if team == 5 else None)
    paths = [it["path"] for it in await clinic.requests("/conversations/", "POST")]
    steps = [path.rsplit("/", 1)[1] for path in paths]
    assert steps == ["messages", "assignments", "toggle_status"]


async def test_in_office_hours_the_client_hears_nothing_of_them(
    start_bot: StartBot, relayed: dict[str, Any], control: httpx.AsyncClient, operator: Operator
) -> None:
    async with start_bot(**relayed, operator_hours="Mo-Fr 09:00-18:00"):
        client = await aliya(control)
        await calls(client)
        await client.sees_nothing_of(AWAY)


async def test_out_of_hours_the_client_learns_when_somebody_answers_and_can_book(
    bot_out_of_hours: App, control: httpx.AsyncClient, operator: Operator, clinic: Clinic
) -> None:
    client = await aliya(control)
    await client.reaches_the_day()
    await client.taps("Operator")
    await client.waits_for(AWAY)
    await client.sees(
        "They answer from Saturday, 12 January, 10:00.", "Visits can be booked here at any time"
    )
    await client.says("A question")
    await operator.waits_for("A question")
    await time_passes(bot_out_of_hours, clinic, timedelta(minutes=10))
    await is_at_rest(bot_out_of_hours, operator)
    assert not await says(client, BUSY)()
    await client.taps(BACK)
    await client.sees("Which day?")


@pytest.fixture
async def bot_out_of_hours(start_bot: StartBot, relayed: dict[str, Any]) -> Any:
    """It is Monday, and the staff answer on Saturdays."""
    async with start_bot(**relayed, operator_hours="Sa 10:00-14:00") as app:
        yield app


async def test_a_client_whom_nobody_answers_is_told_once_and_is_not_stuck(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await client.says("Hello?")
    await operator.waits_for("Hello?")
    await time_passes(bot, clinic, timedelta(minutes=4))
    await in_the_end(bot, _always)
    await is_at_rest(bot, operator)
    assert not await says(client, BUSY)()
    await time_passes(bot, clinic, timedelta(minutes=6, seconds=30))
    await in_the_end(bot, says(client, BUSY))
    await client.sees("Nobody has answered for 6 minutes: the staff must be busy.", "+7 727 000 00 00")
    await time_passes(bot, clinic, timedelta(minutes=12))
    await in_the_end(bot, _always)
    await is_at_rest(bot, operator)
    assert sum(client.reads(BUSY) in text for text in await client.words_of_bot()) == 1
    await operator.writes("Sorry, here I am")
    await client.waits_for("Sorry, here I am")


async def test_a_client_who_was_answered_is_not_told_that_nobody_answers(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await operator.writes("One moment")
    await client.waits_for("One moment")
    await time_passes(bot, clinic, timedelta(minutes=20))
    await in_the_end(bot, _always)
    await is_at_rest(bot, operator)
    assert not await says(client, BUSY)()


async def test_after_hours_of_silence_the_bot_answers_again_and_an_operator_can_still_come(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await operator.writes("One moment")
    await client.waits_for("One moment")
    await time_passes(bot, clinic, timedelta(hours=11))
    await in_the_end(bot, _always)
    await is_at_rest(bot, operator)
    assert not await says(client, IDLE)()
    await time_passes(bot, clinic, timedelta(hours=13))
    await in_the_end(bot, says(client, IDLE))
    await client.waits_for("Which day?")
    assert (await operator.conversation())["status"] == "open"
    await operator.writes("Here I am again")
    await client.waits_for("Here I am again")
    await client.says("At last")
    await operator.waits_for("At last")
