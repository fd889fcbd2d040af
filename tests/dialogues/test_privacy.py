"""My data: what is kept, what the clinic has, forgetting, withdrawing, erasing; and the brake on bookings."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest

from bot.dialogue.outcomes import BRAKED
from bot.dialogue.screen import Text
from bot.domain.attempt import BookingAttempt, Wanted
from bot.domain.client import CONSENT_VERSION
from bot.telegram.commands import COMMANDS
from bot.telegram.keyboard import VisitTap
from tests.clinic import NOW, Clinic
from tests.conftest import StartBot, one_profile_each
from tests.people import Client

if TYPE_CHECKING:
    from bot.app import App

pytest_generate_tests = one_profile_each

KEPT = "What this bot keeps about you"
RECORD, FORGET = "What the clinic has about me", "Forget my unfinished booking"
WITHDRAW, ERASE, YES = "Withdraw my consent", "Erase my data", "Yes, erase my data"
NOTE = "POST /messages$"
RECEIPT = Text("Your data was erased on {date}.", date="07.01.2030")
ANSWERED = Text("The clinic was asked to erase its part. It answers by {date}.", date="22.01.2030")


async def erases(client: Client) -> None:
    """From anywhere to the receipt."""
    await client.says("/privacy")
    await client.taps(ERASE, YES)


async def notes(clinic: Clinic) -> list[str]:
    """What operators read in all conversations, in order."""
    talks = (await clinic.world())["conversations"]
    return [message["content"] for talk in talks for message in talk["messages"] if message["private"]]


# What is kept


async def test_a_stranger_reads_that_nothing_is_kept_and_has_nothing_to_erase(client: Client) -> None:
    await client.says("/privacy")
    await client.sees(KEPT, "Language: that of your Telegram", "Consent: none", "Unfinished booking: no")
    await client.has_no_button(ERASE)
    await client.has_no_button(RECORD)
    await client.has_no_button(WITHDRAW)


async def test_what_is_kept_is_shown_as_facts_without_name_and_phone(client: Client) -> None:
    await client.books()
    await client.reaches_the_day()
    await client.says("/language")
    await client.taps("English")
    await client.says("/privacy")
    await client.sees(Text("Language: {language}", language="English"))
    consent = Text("Consent: given on {date}, wording {version}", date="07.01.2030", version=CONSENT_VERSION)
    await client.sees(consent)
    await client.sees(Text("Links to your visits: {n}", n=1), "Unfinished booking: yes")
    await client.sees_nothing_of("Алия", "4567")


async def test_my_data_is_one_tap_or_one_word_from_the_greeting(client: Client) -> None:
    await client.says("/start")
    await client.taps("My data")
    await client.sees(KEPT)
    await client.taps("Menu")
    await client.says(client.reads("My data"))
    await client.sees(KEPT)


def test_the_menu_of_commands_is_short_and_has_privacy() -> None:
    assert "privacy" in COMMANDS
    assert len(COMMANDS) <= 6


async def test_the_owner_of_a_phone_sees_the_clinics_record_masked(client: Client) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps(RECORD)
    await client.sees("А•••", "•••• 4567", "IIN: the clinic does not have it")
    await client.sees_nothing_of("Алия", "701")


async def test_who_has_typed_a_number_sees_nothing_of_its_owner(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_name()
    await client.says("Алия Нурланова", "8 701 123 45 67")
    await client.taps("Skip", "✓ Confirm")
    await client.says("/privacy")
    await client.has_no_button(RECORD)
    message = await client.card()
    await client.taps_data(VisitTap(step="record", value="").pack(), message["message_id"])
    await client.sees("I cannot show the clinic's record here.")


# Forgetting and withdrawing


async def test_an_unfinished_booking_is_forgotten_and_its_buttons_are_gone(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия Нурланова", "/privacy")
    await client.taps(FORGET)
    await client.sees("Your unfinished booking is forgotten.", "Unfinished booking: no")
    await client.says("/book")
    await client.sees("Which service would you like?")


async def test_a_withdrawn_consent_is_asked_for_again_and_the_staff_knows(
    client: Client, clinic: Clinic
) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps(WITHDRAW)
    await client.sees("You have withdrawn your consent.")
    await client.taps("My data")
    await client.sees("Consent: none")
    assert len([note for note in await notes(clinic) if "07.01.2030" in note]) == 1
    await client.reaches_the_day()
    await client.says("09.01.2030 10:00")
    await client.has_button("I agree")


async def test_a_consent_is_withdrawn_also_while_one_link_does_not_answer(
    client: Client, clinic: Clinic
) -> None:
    await client.books()
    await client.says("/privacy")
    await clinic.fault(NOTE, "status", status=503, times=0)
    await client.taps(WITHDRAW)
    await client.sees("You have withdrawn your consent.", "I could not tell the clinic.")


# Erasing


async def test_erasing_is_asked_once_names_visits_ahead_and_gives_a_receipt(
    client: Client, clinic: Clinic
) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps(ERASE)
    await client.sees("Erase your data?", "Tue 8 Jan, 10:00 · Haircut")
    await client.taps(YES)
    await client.sees(RECEIPT, ANSWERED, Text("Links to your visits: {n}", n=1))
    assert [row["status"] for row in await clinic.appointments()] == ["scheduled"]
    [asked] = [note for note in await notes(clinic) if "22.01.2030" in note]
    assert "07.01.2030" in asked
    await client.says("/privacy")
    await client.sees("Consent: none", Text("Links to your visits: {n}", n=0))


async def test_who_was_forgotten_cannot_change_visits_by_old_buttons(client: Client, clinic: Clinic) -> None:
    await client.books()
    button = await client.remembers("Cancel the visit")
    await erases(client)
    await client.taps_data(*button)
    await client.sees_nothing_of("Cancel this visit?")
    assert [row["status"] for row in await clinic.appointments()] == ["scheduled"]


async def test_keeping_the_data_keeps_it(client: Client) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps(ERASE, "No, keep it")
    await client.sees(KEPT, Text("Links to your visits: {n}", n=1))


async def test_a_second_tap_changes_nothing_and_asks_the_clinic_once(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps(ERASE)
    await client.taps_at_once(YES, 3)
    await client.sees(RECEIPT, ANSWERED, Text("Links to your visits: {n}", n=1))
    assert "This bot keeps nothing about you." in await client.toasts()
    assert len([note for note in await notes(clinic) if "22.01.2030" in note]) == 1


async def test_while_one_link_does_not_answer_nothing_is_erased(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.says("/privacy")
    await client.taps(ERASE)
    await clinic.fault(NOTE, "status", status=503, times=0)
    await client.taps(YES)
    await client.sees("Nothing was erased.")
    await clinic.is_well_again()
    await client.taps("↻ Try again")
    await client.sees("Tue 8 Jan, 10:00 · Haircut")
    await client.taps(YES)
    await client.sees(RECEIPT)


async def test_what_is_confirmed_and_not_certain_comes_first(client: Client, bot: "App") -> None:
    await client.reaches_the_day()
    await client.says("/privacy")
    wish = Wanted(
        service_id=31, resource_id=11, starts_at=NOW, ends_at=NOW, name="A", phone="+7", phone_verified=False
    )
    attempt = BookingAttempt(key="x", client_id=501, card_id=1, locale="en", begun_at=NOW, wanted=wish)
    await bot.storage.save_attempt(attempt, NOW.replace(year=2031))
    await client.taps(ERASE, YES)
    await client.sees("Something you have confirmed or written is still on its way to the clinic.")
    async with bot.storage.turn(501) as turn:
        assert turn is not None
        turn.finished.append("x")
    await client.taps("↻ Try again", YES)
    await client.sees(RECEIPT)


async def test_who_has_passed_nothing_to_the_clinic_reads_so(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_day()
    await erases(client)
    await client.sees("This bot has passed nothing about you to the clinic.")
    assert await notes(clinic) == []
    assert (await clinic.world())["contacts"] == []


@pytest.mark.parametrize("locale", ["kk", "ru"])
async def test_the_request_is_in_the_clinics_language(
    locale: str, start_bot: StartBot, control: Any, clinic: Clinic
) -> None:
    async with start_bot(default_locale=locale) as app:
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        await client.books()
        await erases(client)
        note = (await notes(clinic))[-1]
        assert app.texts[locale].say(Text("Phone: verified, shared by its owner.")) in note


async def test_an_inbox_that_is_not_set_leaves_the_request_to_the_client(
    start_bot: StartBot, control: Any
) -> None:
    async with start_bot(onelink_inbox_id=None, onelink_inbox_identifier=None):
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        await client.books()
        await erases(client)
        await client.sees(RECEIPT, "Please ask it yourself: it has 15 days to answer.", "+7 727 000 00 00")


# The brake


@pytest.fixture
async def braked(start_bot: StartBot, control: Any) -> AsyncIterator[Client]:
    """A client of a clinic that lets clients book two visits ahead."""
    async with start_bot(most_visits_ahead=2):
        client = Client(control, 501)
        await client.is_called("Aliya", "en")
        yield client


async def books_again(client: Client, time: str) -> None:
    """As somebody whose name and phone the clinic knows."""
    await client.reaches_the_day()
    await client.says(f"08.01.2030 {time}")
    await client.taps("Skip", "✓ Confirm")


async def test_over_the_limit_the_draft_is_kept_and_the_staff_is_offered(
    braked: Client, clinic: Clinic
) -> None:
    await braked.books(time="10:00")
    await books_again(braked, "11:00")
    await books_again(braked, "12:00")
    await braked.sees(BRAKED, "Shall I book it?", "12:00")
    await braked.has_button("Ask the clinic's staff")
    assert len(await clinic.appointments()) == 2


async def test_a_cancelled_visit_makes_room(braked: Client, clinic: Clinic) -> None:
    await braked.books(time="10:00")
    await books_again(braked, "11:00")
    await braked.taps("Cancel the visit", "Yes, cancel the visit")
    await books_again(braked, "12:00")
    await braked.sees("You are booked.")


async def test_many_cancellations_in_a_day_hold_the_next_booking(
    client: Client,
) -> None:
    await client.books(time="10:00")
    for _ in range(5):
        await client.taps("Cancel the visit", "Yes, cancel the visit")
        await books_again(client, "10:00")
        await client.sees("You are booked.")
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await books_again(client, "10:00")
    await client.sees(BRAKED)


async def test_a_cancellation_taken_back_does_not_count(client: Client, bot: "App") -> None:
    await client.books()
    await client.taps("Cancel the visit", "Yes, cancel the visit", "Undo: keep the visit")
    assert await bot.front.conclusion.brake.cancelled(await bot.storage.client(501), NOW) == 0


async def test_erasing_does_not_loosen_the_brake(braked: Client) -> None:
    await braked.books(time="10:00")
    await books_again(braked, "11:00")
    await erases(braked)
    await braked.sees("For 24 hours a number without your name stays here")
