"""After "Erase my data" nothing in Redis names the client, whatever happened before and in between."""

from typing import Any

import pytest

from bot.app import App
from bot.dialogue.screen import Text
from bot.storage import Storage
from bot.telegram.keyboard import VisitTap
from bot.usecases.erasing import StillUnderWay
from tests.clinic import ANNA, NOW, Clinic
from tests.handoff.operators import Operator
from tests.people import Client
from tests.test_redaction import IDENTITY, NAME, assert_nothing_of, kept_in_redis

BACK = "‹ Back to the bot"
RECEIPT = Text("Your data was erased on {date}.", date="07.01.2030")


@pytest.fixture
def profile() -> str:
    return "current"


@pytest.fixture
def operator(control: Any) -> Operator:
    """Reads conversations."""
    return Operator(control)


async def erases(client: Client) -> None:
    """From anywhere to the receipt."""
    await client.says("/privacy")
    await client.taps("Erase my data", "Yes, erase my data")


async def assert_forgotten(app: App, *more: str) -> None:
    """Neither the Telegram id nor anything that identifies a person is in Redis."""
    kept = await kept_in_redis(app)
    assert_nothing_of(kept, "501", *IDENTITY, *more, where="Redis")


async def test_nothing_of_a_client_with_visits_and_a_draft_is_left(client: Client, bot: App) -> None:
    await client.books()
    await client.reaches_the_day()
    await client.says("/language")
    await client.taps("English")
    assert "501" in await kept_in_redis(bot)
    await erases(client)
    await client.sees(RECEIPT)
    await assert_forgotten(bot)


async def test_nothing_is_left_of_what_was_typed_into_a_draft(client: Client, bot: App) -> None:
    await client.reaches_the_name()
    await client.says(f"{NAME} Нурланова", "8 701 123 45 67", "900215312348")
    await client.sees("Shall I book it?")
    assert NAME in await kept_in_redis(bot)
    await erases(client)
    await assert_forgotten(bot)


async def test_nothing_is_left_of_a_talk_with_operators(client: Client, bot: App, operator: Operator) -> None:
    await client.reaches_the_day()
    await client.taps("Operator")
    await client.waits_for("You are talking to the clinic's staff. The bot is silent.")
    await client.says("/privacy")
    await client.sees("You are talking to the clinic's staff. The bot is silent.")  # first back to the bot
    await client.says("Алия Нурланова, 8 701 123 45 67")
    await operator.waits_for("Алия")
    await client.taps(BACK)
    await operator.waits_until("pending")
    await erases(client)
    await client.sees(RECEIPT)
    await assert_forgotten(bot)
    assert "22.01.2030" in (await operator.texts("note"))[-1]


async def test_a_tap_on_erase_during_a_talk_leads_back_to_the_bot_first(
    client: Client, bot: App, operator: Operator
) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps("Erase my data")
    button = await client.remembers("Yes, erase my data")
    await client.says("/operator")
    await operator.waits_until("open")
    await client.taps_data(*button)
    await client.has_button(BACK)
    assert (await bot.storage.client(501)).handoff is not None


async def test_everybody_else_is_kept(client: Client, rival: Client, bot: App) -> None:
    await rival.books(phone="+77019998877")
    await client.books(time="11:00")
    await erases(client)
    assert (await bot.storage.client(777)).contact_id is not None
    assert {it.client_id for it in (await bot.storage.visits()).values()} == {777}
    assert list((await bot.storage.redis.hgetall("contacts")).values()) == [b"777"]


async def test_nobody_is_told_of_changes_after_being_forgotten(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books()
    await erases(client)
    [row] = await clinic.appointments()
    said = await client.words_of_bot()
    await clinic.moves(row["id"], "2030-01-08", "15:00", resource_id=ANNA)
    await bot.worker.look()
    assert await client.words_of_bot() == said
    await assert_forgotten(bot)


async def test_a_tap_on_an_old_button_after_that_leaves_nothing_either(client: Client, bot: App) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps("Erase my data")
    button = await client.remembers("Yes, erase my data")
    await client.taps("Yes, erase my data")
    await client.taps_data(*button)
    await client.sees(RECEIPT)
    await assert_forgotten(bot)


async def test_a_crash_after_the_note_and_before_the_end_is_made_good_by_the_next_try(
    client: Client, bot: App, operator: Operator
) -> None:
    await client.books()
    erasing = bot.front.erasing

    async def dies_in_the_middle() -> None:
        async with bot.storage.turn(501) as turn:
            assert turn is not None
            await erasing.erase(turn, lambda *_: "by 22.01.2030", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await dies_in_the_middle()
    assert (await bot.storage.client(501)).consents  # the turn was not stored
    await erases(client)
    await client.sees(RECEIPT)
    await assert_forgotten(bot)
    assert len([text for text in await operator.texts("note") if "22.01.2030" in text]) == 1


async def test_what_the_clinic_does_not_have_yet_must_arrive_first(client: Client, bot: App) -> None:
    await client.reaches_the_day()
    storage: Storage = bot.storage
    await storage.redis.rpush("outbox:{501}", b"a post")
    async with storage.turn(501) as turn:
        assert turn is not None
        with pytest.raises(StillUnderWay):
            await bot.front.erasing.erase(turn, lambda *_: "", NOW)
        assert not turn.forgotten


async def test_a_forged_step_with_another_value_touches_only_the_one_who_taps(
    client: Client, rival: Client, bot: App
) -> None:
    await client.books()
    await rival.says("/start")
    message = await rival.card()
    await rival.taps_data(VisitTap(step="erased", value="501").pack(), message["message_id"])
    assert (await bot.storage.client(501)).consents
