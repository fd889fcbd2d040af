"""A person can be called wherever the client is, and what goes on meanwhile does not get lost."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from bot.app import App
from tests.clinic import Clinic, local
from tests.conftest import one_profile_each
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import BACK, WITH_STAFF
from tests.handoff.test_takeover_and_end import TAKEN_OVER
from tests.people import Client

pytest_generate_tests = one_profile_each

MEANWHILE = "To book or to see your visits, go back to the bot first."
CALLING = "I am calling a person from the clinic…"
GROUP = -100500

Way = Callable[[Client], Awaitable[None]]


async def in_the_menu(client: Client) -> None:
    await client.says("/start")


async def at_the_service(client: Client) -> None:
    await client.says("/start")
    await client.taps("Book a visit")


async def at_the_specialist(client: Client) -> None:
    await at_the_service(client)
    await client.taps("Haircut")


async def at_the_day(client: Client) -> None:
    await client.reaches_the_day()


async def at_the_time(client: Client) -> None:
    await client.reaches_the_day()
    await client.says("08.01.2030")


async def at_the_consent(client: Client) -> None:
    await client.reaches_the_day()
    await client.says("08.01.2030 10:00")


async def at_the_name(client: Client) -> None:
    await client.reaches_the_name()


async def at_the_phone(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия Нурланова")


async def at_the_iin(client: Client) -> None:
    await at_the_phone(client)
    await client.shares_phone("+77011234567")


async def at_the_summary(client: Client) -> None:
    await client.reaches_the_summary()


async def under_a_visit(client: Client) -> None:
    await client.books()


async def in_a_move(client: Client) -> None:
    await client.books()
    await client.taps("Another time")


async def at_the_summary_of_a_move(client: Client) -> None:
    await in_a_move(client)
    await client.says("09.01.2030 15:00")


PLACES: list[Way] = [
    in_the_menu,
    at_the_service,
    at_the_specialist,
    at_the_day,
    at_the_time,
    at_the_consent,
    at_the_name,
    at_the_phone,
    at_the_iin,
    at_the_summary,
    under_a_visit,
    in_a_move,
    at_the_summary_of_a_move,
]


async def by_word(client: Client) -> None:
    await client.says("оператор")


async def by_command(client: Client) -> None:
    await client.says("/operator")


async def by_button(client: Client) -> None:
    labels = await client.buttons()
    known = ("Operator", "Ask the clinic's staff", "Talk to the clinic's staff")
    await client.taps(next(it for it in known if client.reads(it) in labels))


#: A command and a word lead to the same handler from a question; a button is another way at each.
WAYS = [
    *((place, by_button) for place in PLACES if place not in (at_the_phone, under_a_visit)),
    *((place, (by_word, by_command)[number % 2]) for number, place in enumerate(PLACES)),
]


@pytest.mark.parametrize(("place", "way"), WAYS)
async def test_a_person_can_be_called_from_here(
    place: Way, way: Way, client: Client, operator: Operator
) -> None:
    await place(client)
    asked = (await client.card())["text"]
    await way(client)
    await client.waits_until_some_message_says(WITH_STAFF)
    await operator.waits_until("open")
    assert len(await operator.conversations()) == 1
    await client.says("Help")
    await operator.waits_for("Help")
    assert await operator.texts("incoming") == ["Help"]
    await client.taps(BACK)
    await operator.waits_until("pending")
    if place not in (in_the_menu, under_a_visit):
        await client.sees(asked.split("\n")[0] if place is not at_the_phone else "Your phone number?")


async def test_a_person_can_be_called_while_a_booking_is_being_checked(
    client: Client, operator: Operator, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    await clinic.fault("POST /appointments$", "drop_after", times=2)
    await client.taps("✓ Confirm")
    await client.says("/operator")
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.waits_until_some_message_says("You are booked.")
    await client.says("Did it work?")
    await operator.waits_for("Did it work?")
    assert len(await clinic.appointments()) == 1
    assert len(await operator.conversations()) == 1


async def test_a_person_can_be_called_under_a_reminder(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await client.books("2030-01-09", "10:00")
    await _a_day_before(bot, clinic)
    await client.sees("Will you come?")
    await client.says("оператор")
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.says("yes")
    await operator.waits_for("yes")
    assert (await clinic.appointments())[0]["status"] == "scheduled"
    await client.taps("✓ I will come")
    assert (await clinic.appointments())[0]["status"] == "confirmed"


async def test_reminders_and_notices_still_come(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.says("/operator")
    await client.waits_until_some_message_says(WITH_STAFF)
    await _a_day_before(bot, clinic)
    await client.waits_until_some_message_says("Will you come?")
    await client.says("Is there parking?")
    await operator.waits_for("Is there parking?")


async def test_the_buttons_of_a_visit_still_work(client: Client, operator: Operator, clinic: Clinic) -> None:
    await client.books()
    await client.says("/operator")
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    assert await clinic.appointments() == []
    await client.says("I have cancelled it")
    await operator.waits_for("I have cancelled it")


@pytest.mark.parametrize("command", ["/start", "/book", "/my", "/language", "/operator"])
async def test_a_command_meanwhile_shows_the_way_back_and_is_not_passed_on(
    command: str, client: Client, operator: Operator
) -> None:
    await at_the_day(client)
    await by_command(client)
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.says(command)
    await client.sees(MEANWHILE)
    await client.has_button(BACK)
    await client.says("Hello")
    await operator.waits_for("Hello")
    assert await operator.texts("incoming") == ["Hello"]


async def test_old_cards_do_nothing_meanwhile_and_work_again_afterwards(
    client: Client, operator: Operator
) -> None:
    await at_the_service(client)
    old = await client.remembers("Haircut")
    await by_command(client)
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.taps_data(*old)
    await client.sees(MEANWHILE)
    assert (await client.toasts())[-1] == client.reads(WITH_STAFF)
    await client.taps(BACK, "Haircut")
    await client.sees("With whom?")


async def test_another_language_meanwhile_is_only_another_language(
    client: Client, operator: Operator
) -> None:
    await client.says("/start")
    menu = await client.remembers("Русский")
    await client.taps("Talk to the clinic's staff")
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.taps_data(*menu)
    await client.says("Привет")
    await operator.waits_for("Привет")
    client.locale = "ru"
    await client.says("/start")
    await client.sees(MEANWHILE)
    await operator.sets("resolved")
    await client.waits_until_some_message_says(
        "The clinic's staff have ended the conversation. I am the bot and answer again."
    )


async def test_another_language_in_the_middle_of_a_booking_does_not_wake_the_bot(
    client: Client, operator: Operator
) -> None:
    await client.says("/start")
    menu = await client.remembers("Русский")
    await client.taps("Book a visit")
    await by_command(client)
    await client.waits_until_some_message_says(WITH_STAFF)
    await client.taps_data(*menu)
    client.locale = "ru"
    asked = client.reads("Which service would you like?")
    assert not any(asked in text for text in await client.words_of_bot())


async def test_the_way_back_works_twice_and_from_an_old_card(client: Client, operator: Operator) -> None:
    await at_the_day(client)
    await by_command(client)
    await client.waits_until_some_message_says(WITH_STAFF)
    back = await client.remembers(BACK)
    await client.taps_at_once(BACK, 3)
    await operator.waits_until("pending")
    await client.sees("Which day?")
    await client.taps_data(*back)
    await client.says("08.01.2030 10:00")
    await client.sees("Do you agree")
    notes = [text for text in await operator.texts("note") if "вернулся" in text]
    assert len(notes) == 1


async def test_calling_five_times_at_once_calls_once(client: Client, operator: Operator) -> None:
    await at_the_day(client)
    await client.taps_at_once("Operator", 5)
    await client.waits_until_some_message_says(WITH_STAFF)
    await operator.waits_until("open")
    assert len(await operator.messages("note")) == 1


async def test_what_is_said_before_anybody_is_reached_comes_after_the_note(
    client: Client, operator: Operator, clinic: Clinic
) -> None:
    await at_the_day(client)
    await clinic.fault("POST /contact_inboxes/filter", "status", status=503, times=3)
    await client.taps("Operator")
    await client.says("First", "Second")
    await operator.waits_for("Second")
    kinds = [row["kind"] for row in await operator.messages("note", "incoming")]
    assert kinds == ["note", "incoming", "incoming"]
    assert await operator.texts("incoming") == ["First", "Second"]


async def test_a_group_is_neither_passed_on_nor_told_anything(
    client: Client, operator: Operator, control: httpx.AsyncClient
) -> None:
    await at_the_day(client)
    name = (await client.chat())["bot"]["username"]
    await _says_in_group(control, client, f"@{name} my neighbour is called Zarina")
    await client.taps("Operator")
    await client.waits_until_some_message_says(WITH_STAFF)
    await _says_in_group(control, client, f"@{name} are you there?")
    group = Client(control, GROUP)
    assert set(await group.words_of_bot()) == {client.reads("Visits are booked in a private chat only.")}
    await client.says("Hello")
    await operator.waits_for("Hello")
    assert await operator.texts("incoming") == ["Hello"]
    assert not any("Zarina" in text for text in await operator.texts())


async def test_the_operators_takeover_reaches_a_client_at_the_phone(
    client: Client, operator: Operator
) -> None:
    """The keyboard that shares the phone is in the way of nothing: a shared number goes to the operators."""
    await client.books()
    await client.says("/start")
    await client.taps("Book a visit", "Haircut", "Anna Ivanova")
    await client.says("10.01.2030 12:00")
    await operator.writes("May I help?")
    await client.waits_until_some_message_says(TAKEN_OVER)
    await client.shares_phone("+77015550000")
    await operator.waits_for("+77015550000")


async def _a_day_before(bot: App, clinic: Clinic) -> None:
    await clinic.clock_is(local("2030-01-08", "10:01"))
    await bot.scheduling.resources()
    await bot.worker.look()
    await bot.worker.go_round()


async def _says_in_group(control: httpx.AsyncClient, who: Client, text: str) -> None:
    body: dict[str, Any] = {"text": text, "from_id": who.chat_id}
    (await control.post(f"/_sandbox/chats/{GROUP}/say", json=body)).raise_for_status()
    await who.waits()
