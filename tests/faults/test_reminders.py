"""Reminders and notices: what clients are told unasked, by the sandbox's clock and the staff's changes."""

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest

from bot.app import App, opened
from bot.sandbox.server import Sandbox
from bot.settings import load_settings
from tests.clinic import ANNA, BORIS, HAIRCUT, NOW, Clinic, local
from tests.conftest import StartBot, settings_for
from tests.faults.wire import Telegram
from tests.people import Client

PHONE = "+77011234567"
AT_10 = local("2030-01-09", "10:00")
DAY_BEFORE = AT_10 - timedelta(hours=24)
TWO_HOURS_BEFORE = AT_10 - timedelta(hours=2)
#: Requests for the calendar until the bot gives up: the first and its repeats.
ONE_LOOK = 3


async def texts_with(client: Client, fragment: str) -> list[str]:
    fragment = client.reads(fragment)
    return [text for text in await client.words_of_bot() if fragment in text]


async def its(clinic: Clinic) -> int:
    rows = await clinic.appointments()
    assert len(rows) == 1
    number: int = rows[0]["id"]
    return number


async def passes(clinic: Clinic, app: App, moment: datetime) -> None:
    """The clock moves on, the bot learns it from an answer, and goes its rounds."""
    await clinic.clock_is(moment)
    await app.scheduling.resources()
    await app.worker.look()
    await app.worker.go_round()


async def test_a_day_before_the_client_is_asked_and_two_hours_before_informed(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE - timedelta(minutes=1))
    assert not await texts_with(client, "Will you come?")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    await client.sees("Your visit: tomorrow, Wednesday, 9 January, 10:00", "Will you come?")
    await client.taps("✓ I will come")
    await client.sees("Thank you, the clinic expects you.")
    assert (await clinic.appointments())[0]["status"] == "confirmed"
    await passes(clinic, bot, TWO_HOURS_BEFORE + timedelta(minutes=1))
    await client.sees("Your visit: today, Wednesday, 9 January, 10:00")
    await client.sees_nothing_of("Will you come?")
    await passes(clinic, bot, TWO_HOURS_BEFORE + timedelta(minutes=5))
    assert len(await texts_with(client, "today, Wednesday")) == 1


async def test_a_visit_that_staff_moved_is_reminded_with_the_new_time_only(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    await clinic.moves(await its(clinic), "2030-01-12", "15:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=3))
    await client.sees("The clinic has moved your visit.", "10:00", "15:00")
    await passes(clinic, bot, TWO_HOURS_BEFORE + timedelta(minutes=1))
    assert not await texts_with(client, "today, Wednesday")
    await passes(clinic, bot, local("2030-01-11", "15:01"))
    await client.sees("Your visit: tomorrow, Saturday, 12 January, 15:00")


async def test_the_reminder_sent_a_minute_after_staff_moved_it_has_the_new_time(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE - timedelta(minutes=1))
    await clinic.moves(await its(clinic), "2030-01-09", "11:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    assert not await texts_with(client, "Your visit: tomorrow, Wednesday, 9 January, 10:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(hours=1, minutes=1))
    await client.sees("11:00")


async def test_a_cancelled_visit_is_told_once_and_then_there_is_silence(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.cancels(await its(clinic))
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await client.sees("The clinic has cancelled your visit.")
    said = len(await client.words_of_bot())
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    await passes(clinic, bot, TWO_HOURS_BEFORE + timedelta(minutes=1))
    assert len(await client.words_of_bot()) == said


async def test_what_the_client_changes_is_not_told_to_the_client(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.taps("Another time")
    await client.says("10.01.2030 15:00")
    await client.taps("✓ Move the visit")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await passes(clinic, bot, NOW + timedelta(minutes=4))
    assert not await texts_with(client, "The clinic has moved your visit.")
    assert not await texts_with(client, "The clinic has cancelled your visit.")


async def test_booked_twenty_hours_ahead_there_is_no_instant_reminder(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-08", "09:00")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    assert not await texts_with(client, "Will you come?")


async def test_down_for_three_days_nothing_stale_is_sent(
    start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient
) -> None:
    client = Client(control, 501)
    await client.is_called("Aliya", "en")
    async with start_bot():
        await client.books("2030-01-09", "10:00")
    await clinic.clock_is(NOW + timedelta(days=4))
    async with start_bot() as app:
        said = len(await client.words_of_bot())
        await passes(clinic, app, NOW + timedelta(days=4))
        assert len(await client.words_of_bot()) == said
        assert await app.storage.visits() == {}, "what is past is forgotten"


async def test_two_replicas_send_one_message(
    client: Client, clinic: Clinic, bot: App, sandbox: Sandbox, redis_url: str
) -> None:
    async with opened(load_settings(**settings_for(sandbox, redis_url))) as second:
        await client.books("2030-01-09", "10:00")
        await clinic.moves(await its(clinic), "2030-01-10", "10:00")
        both = (bot, second)
        await asyncio.gather(*(passes(clinic, app, NOW + timedelta(minutes=2)) for app in both))
        await bot.storage.redis.delete("rounds")
        for app in reversed(both):
            await passes(clinic, app, DAY_BEFORE + timedelta(days=1, minutes=1))
            await bot.storage.redis.delete("rounds")
    assert len(await texts_with(client, "The clinic has moved your visit.")) == 1
    assert len(await texts_with(client, "Will you come?")) == 1


async def test_visits_of_one_day_are_reminded_of_in_one_message(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.books_for(PHONE, BORIS, "2030-01-09", "16:00")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    await client.sees("Wednesday, 9 January", "10:00", "16:00", "Will you come?")
    assert len(await texts_with(client, "Will you come?")) == 1
    await client.taps("16:00 ✓ I will come")
    assert sorted(row["status"] for row in await clinic.appointments()) == ["confirmed", "scheduled"]


async def test_a_visit_that_staff_made_is_reminded_of(client: Client, clinic: Clinic, bot: App) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.cancels(await its(clinic))
    await clinic.books_for(PHONE, ANNA, "2030-01-11", "12:00")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await passes(clinic, bot, local("2030-01-10", "12:01"))
    await client.sees("Your visit: tomorrow, Friday, 11 January, 12:00")


async def test_a_client_who_blocked_the_bot_is_called_by_the_clinic_once_and_reminded_after_coming_back(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE - timedelta(minutes=1))
    await client.blocks()
    for minutes in (1, 3, 5):
        await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=minutes))
    notes = [row for row in await clinic.requests("/messages", "POST") if "заблокировал" in str(row["body"])]
    assert len(notes) == 1
    assert (await clinic.appointments())[0]["status"] == "scheduled"
    await client.blocks(False)
    await client.waits()
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=10))
    await client.sees("Your visit: tomorrow", "Will you come?")


async def test_a_reminder_whose_sending_failed_is_sent_later_and_the_visit_stays(
    client: Client, clinic: Clinic, bot: App, control: httpx.AsyncClient
) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE - timedelta(minutes=1))
    refusal = {"method": "sendMessage", "status": 502, "times": 1, "chat_id": 501}
    await control.post("/_sandbox/telegram/refusals", json=refusal)
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    assert not await texts_with(client, "Will you come?")
    bot.worker.forgets_failures()
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=3))
    await client.sees("Will you come?")
    assert (await clinic.appointments())[0]["status"] == "scheduled"


async def test_nothing_is_sent_in_the_quiet_hours(client: Client, clinic: Clinic, bot: App) -> None:
    """Two hours before 09:00 it is 07:00: the reminder comes the evening before."""
    await client.books("2030-01-09", "09:00")
    await passes(clinic, bot, local("2030-01-08", "09:01"))
    await client.sees("Will you come?")
    await passes(clinic, bot, local("2030-01-08", "20:31"))
    await client.sees("Your visit: tomorrow, Wednesday, 9 January, 09:00")
    await client.sees_nothing_of("Will you come?")
    said = len(await client.words_of_bot())
    await passes(clinic, bot, local("2030-01-09", "07:01"))
    assert len(await client.words_of_bot()) == said


async def test_where_the_platform_reminds_the_bot_does_not_but_tells_of_changes(
    start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient
) -> None:
    client = Client(control, 501)
    await client.is_called("Aliya", "en")
    async with start_bot(reminders_owner="platform") as app:
        await client.books("2030-01-09", "10:00")
        await passes(clinic, app, DAY_BEFORE + timedelta(minutes=1))
        assert not await texts_with(client, "Will you come?")
        await clinic.moves(await its(clinic), "2030-01-10", "10:00")
        await passes(clinic, app, DAY_BEFORE + timedelta(minutes=3))
        await client.sees("The clinic has moved your visit.")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("не смогу прийти", "Cancel this visit?"),
        ("келе алмаймын", "Cancel this visit?"),
        ("перенесите, пожалуйста", "Which day?"),
        ("I'll be there", "Thank you, the clinic expects you."),
    ],
)
async def test_a_typed_answer_to_a_reminder_counts(
    client: Client, clinic: Clinic, bot: App, said: str, expected: str
) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    await client.says(said)
    await client.sees(expected)


async def test_a_button_of_an_old_reminder_shows_how_it_is_now(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    data, message_id = await client.remembers("✓ I will come")
    await clinic.moves(await its(clinic), "2030-01-12", "15:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=3))
    await clinic.cancels(await its(clinic))
    await client.taps_data(data, message_id)
    shown = next(m["text"] for m in await client.messages() if m["message_id"] == message_id)
    assert client.reads("This visit is cancelled.") in shown


async def test_a_visit_moved_out_of_the_bots_horizon_is_told_all_the_same(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.moves(await its(clinic), "2030-04-01", "10:00")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await client.sees("The clinic has moved your visit.", "1 April")


async def test_a_booking_by_staff_ends_the_dialogue_about_the_same(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.taps("Book another visit", "Haircut")
    await clinic.books_for(PHONE, BORIS, "2030-01-11", "12:00")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await client.sees("The clinic has booked a visit for you, so I have stopped the booking here.", "12:00")
    await client.taps("OK")
    await client.says("/start")
    await client.has_button("Book a visit")


async def test_a_service_flagged_discreet_is_not_named_in_the_reminder(
    client: Client, clinic: Clinic, bot: App
) -> None:
    services = (await clinic.world())["services"]
    for row in services:
        if row["id"] == HAIRCUT:
            row["custom_attributes"]["discreet"] = True
    await clinic.changes(services=services)
    bot.front.desk.forget_catalogue()
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, DAY_BEFORE + timedelta(minutes=1))
    await client.sees("Your visit: tomorrow", "Will you come?")
    await client.sees_nothing_of("Haircut", "Anna Ivanova")
    await client.taps("Show the visit")
    await client.sees("Haircut")


async def test_several_changes_while_the_bot_was_down_are_told_as_one(
    start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient
) -> None:
    client = Client(control, 501)
    await client.is_called("Aliya", "en")
    async with start_bot():
        await client.books("2030-01-09", "10:00")
    for day in ("2030-01-10", "2030-01-11", "2030-01-12"):
        await clinic.moves(await its(clinic), day, "15:00")
    async with start_bot() as app:
        await passes(clinic, app, NOW + timedelta(hours=2))
        told = await texts_with(client, "The clinic has moved your visit.")
        assert len(told) == 1, await client.words_of_bot()
        assert "9 January" in told[0]
        assert "12 January" in told[0]


async def test_the_card_of_the_booking_follows_what_staff_and_client_do_elsewhere(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    booked = (await client.card())["message_id"]
    await clinic.moves(await its(clinic), "2030-01-10", "15:00")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    assert "15:00" in await shown_in(client, booked)
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    assert client.reads("This visit is cancelled.") in await shown_in(client, booked)


async def shown_in(client: Client, message_id: int) -> str:
    """What an earlier message says by now."""
    return next(str(m["text"]) for m in await client.messages() if m["message_id"] == message_id)


async def test_a_change_that_only_a_list_has_shown_is_told_all_the_same(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.moves(await its(clinic), "2030-01-09", "11:00")
    await client.says("/my")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await client.sees("The clinic has moved your visit.", "10:00", "11:00")


async def test_a_card_that_shows_a_change_first_says_that_it_is_one(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.moves(await its(clinic), "2030-01-09", "11:00")
    await client.taps("Cancel the visit", "No, keep it")
    await client.sees("The clinic has changed the visit meanwhile. Now it is:", "11:00")
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    assert not await texts_with(client, "The clinic has moved your visit.")


async def test_a_visit_that_staff_made_before_the_dialogue_began_does_not_end_it(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.books_for(PHONE, ANNA, "2030-01-11", "12:00")
    await clinic.clock_is(NOW + timedelta(minutes=5))
    await bot.scheduling.resources()
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await passes(clinic, bot, NOW + timedelta(minutes=6))
    await client.sees("Which day?")
    await client.has_button("✕ Cancel")


async def test_while_onelink_is_down_the_calendar_is_asked_for_now_and_then_only(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await clinic.fault("scheduling/calendar", "status", status=503, times=0)
    await clinic.forgets_requests()
    for _ in range(10):
        await bot.worker.go_round()
    # The bot goes its own rounds beside these.
    assert 0 < len(await clinic.requests("scheduling/calendar")) <= 2 * ONE_LOOK


async def test_the_notice_of_staff_who_book_in_the_middle_reaches_nobody_and_the_card_keeps_its_buttons(
    client: Client, clinic: Clinic, bot: App, telegram: Telegram
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await clinic.books_for(PHONE, ANNA, "2030-01-11", "12:00")
    await telegram.refuses("sendMessage", 429, retry_after=30, chat_id=501)
    await passes(clinic, bot, NOW + timedelta(minutes=2))
    await client.sees("Which day?")
    await client.has_button("✕ Cancel")
    bot.worker.forgets_failures()
    await passes(clinic, bot, NOW + timedelta(minutes=4))
    await client.sees("The clinic has booked a visit for you, so I have stopped the booking here.", "12:00")
