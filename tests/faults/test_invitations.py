"""After a visit: its client is asked once about another one, unless there is a reason not to."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.app import App
from tests.clinic import Clinic, local
from tests.conftest import StartBot, one_profile_each
from tests.faults.test_reminders import its, passes, texts_with
from tests.faults.wire import Telegram
from tests.people import Client

pytest_generate_tests = one_profile_each

#: 10:30 on Wednesday is the end of the visit.
A_DAY_AFTER = local("2030-01-10", "10:31")
QUESTIONS = (
    "Thank you for your visit.",
    "Would you like to book another visit?",
    "Shall we find another time?",
)


@pytest.fixture
async def bot(start_bot: StartBot) -> AsyncIterator[App]:
    """One that asks a day later, and reminds nobody."""
    async with start_bot(book_again="1d", reminders="") as app:
        yield app


async def questions(client: Client) -> int:
    return sum([len(await texts_with(client, question)) for question in QUESTIONS])


@pytest.mark.parametrize(
    ("status", "question"),
    [
        ("completed", "Thank you for your visit."),
        ("no_show", "We expected you: Wednesday, 9 January, 10:00."),
        ("scheduled", "Would you like to book another visit?"),
    ],
)
async def test_a_client_is_asked_once_by_what_the_clinic_has_noted(
    client: Client, clinic: Clinic, bot: App, status: str, question: str
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.notes(await its(clinic), status)
    await passes(clinic, bot, A_DAY_AFTER - timedelta(minutes=2))
    assert not await questions(client)
    await passes(clinic, bot, A_DAY_AFTER)
    await client.sees(question)
    await passes(clinic, bot, A_DAY_AFTER + timedelta(hours=1))
    assert await questions(client) == 1
    await client.taps("Book again")
    await client.sees("Which day?")


async def test_whoever_has_booked_again_is_not_asked(client: Client, clinic: Clinic, bot: App) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.clock_is(local("2030-01-09", "12:00"))
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await client.says("14.01.2030 11:00")
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked.")
    await passes(clinic, bot, A_DAY_AFTER)
    assert not await questions(client)


async def test_a_visit_that_was_cancelled_is_not_asked_about(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    number = await its(clinic)
    await passes(clinic, bot, local("2030-01-09", "10:20"))
    await clinic.cancels(number)
    await passes(clinic, bot, A_DAY_AFTER)
    assert not await questions(client)


async def test_who_does_not_want_it_is_not_asked_again(client: Client, clinic: Clinic, bot: App) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, A_DAY_AFTER)
    await client.taps("Do not ask me after visits")
    await client.sees("All right, I will not ask you after visits any more.")
    await client.books("2030-01-14", "11:00")
    await passes(clinic, bot, local("2030-01-15", "12:00"))
    assert not await questions(client)


async def test_who_has_thought_better_of_it_is_asked_again(client: Client, clinic: Clinic, bot: App) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, A_DAY_AFTER)
    await client.taps("Do not ask me after visits", "Ask me again")
    await client.sees("All right, I will ask you after a visit.")
    await client.books("2030-01-14", "11:00")
    await passes(clinic, bot, local("2030-01-15", "12:00"))
    assert await questions(client) == 1


async def test_nobody_is_asked_at_night(client: Client, clinic: Clinic, bot: App) -> None:
    await client.books("2030-01-09", "10:00")
    await passes(clinic, bot, local("2030-01-10", "23:00"))
    assert not await questions(client)
    await passes(clinic, bot, local("2030-01-11", "08:01"))
    assert await questions(client) == 1


async def test_who_is_booking_anyway_is_not_asked(client: Client, clinic: Clinic, bot: App) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.clock_is(A_DAY_AFTER - timedelta(minutes=5))
    await client.taps("Book another visit")
    await client.sees("Which service would you like?")
    await passes(clinic, bot, A_DAY_AFTER)
    assert not await questions(client)
    await client.taps("Haircut")
    await client.sees("With whom?")


async def test_a_question_that_telegram_did_not_take_is_asked_a_little_later(
    client: Client, clinic: Clinic, bot: App, telegram: Telegram
) -> None:
    await client.books("2030-01-09", "10:00")
    await telegram.refuses("sendMessage", 502, chat_id=client.chat_id)
    await passes(clinic, bot, A_DAY_AFTER)
    assert not await questions(client)
    bot.worker.forgets_failures()
    await passes(clinic, bot, A_DAY_AFTER + timedelta(minutes=2))
    assert await questions(client) == 1


async def test_one_who_has_blocked_the_bot_is_left_alone(client: Client, clinic: Clinic, bot: App) -> None:
    await client.books("2030-01-09", "10:00")
    await client.blocks()
    await passes(clinic, bot, A_DAY_AFTER)
    assert not await bot.storage.visits()
    assert not [
        row for row in await clinic.requests("messages", "POST") if "заблокировал" in str(row["body"])
    ]


async def test_without_the_setting_nobody_is_asked(
    client: Client, clinic: Clinic, start_bot: StartBot
) -> None:
    async with start_bot(reminders="") as app:
        await client.books("2030-01-09", "10:00")
        await passes(clinic, app, A_DAY_AFTER)
        assert not await questions(client)
