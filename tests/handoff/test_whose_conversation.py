"""Whose conversation a client's words go to: one's own, whoever shares a phone with whom."""

import httpx
import pytest

from bot.app import App
from tests.clinic import Clinic
from tests.conftest import one_profile_each
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import WITH_STAFF
from tests.people import Client

pytest_generate_tests = one_profile_each

PHONE = "+77011234567"


@pytest.fixture
async def bolat(bot: App, control: httpx.AsyncClient) -> Client:
    """Somebody who books with a phone that another client has booked with."""
    person = Client(control, 502)
    await person.is_called("Bolat", "en")
    return person


async def test_two_clients_with_one_phone_have_a_conversation_each(
    client: Client, bolat: Client, operator: Operator, clinic: Clinic
) -> None:
    await client.books(phone=PHONE)
    await bolat.reaches_the_name("2030-01-09", "11:00")
    await bolat.says("Болат Ахметов", PHONE)
    await bolat.taps("Skip", "✓ Confirm")
    await bolat.sees("You are booked.")
    first, second = await clinic.appointments()
    assert first["contact_id"] == second["contact_id"]
    aliyas, bolats = sorted(row["id"] for row in await operator.conversations())
    await operator.writes("To Aliya", to=aliyas)
    await operator.writes("To Bolat", to=bolats)
    await client.waits_for("To Aliya")
    await bolat.waits_for("To Bolat")
    assert not [text for text in await client.words_of_bot() if "To Bolat" in text]
    assert not [text for text in await bolat.words_of_bot() if "To Aliya" in text]


async def test_who_called_before_booking_is_one_contact_with_one_conversation(
    client: Client, operator: Operator, clinic: Clinic
) -> None:
    await client.says("/operator")
    await client.waits_for(WITH_STAFF)
    await operator.sets("resolved")
    await client.waits_for("Book a visit here, at any time.")
    await client.books(phone=PHONE)
    await client.sees("You are booked.")
    [conversation] = await operator.conversations()
    assert conversation["contact"]["phone"] == PHONE
    [visit] = await clinic.appointments()
    assert visit["contact_id"] == conversation["contact"]["id"]


async def test_a_repeated_booking_stays_in_the_conversation(
    client: Client, operator: Operator, clinic: Clinic
) -> None:
    await client.books("2030-01-08", "10:00")
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await client.says("09.01.2030 11:00")
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked.")
    assert len(await operator.conversations()) == 1
    assert len(await clinic.appointments()) == 2


@pytest.mark.parametrize("profile", ["published"])
async def test_a_note_about_a_visit_booked_with_another_phone_is_in_the_conversation_of_that_visit(
    client: Client, operator: Operator
) -> None:
    """This generation does not tell the display id of a visit's conversation."""
    await client.books("2030-01-08", "10:00", PHONE)
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await client.says("09.01.2030 11:00")
    if client.reads("Your IIN?") in (await client.card())["text"]:
        await client.taps("Skip")
    await client.taps("Change phone")
    await client.says("+77019998877")
    await client.taps("✓ Confirm")
    await client.sees("You are booked.")
    newest = max(row["id"] for row in await operator.conversations())
    await client.taps("Cancel the visit", "Yes, cancel the visit", "My plans have changed")
    notes = [row["content"] for row in (await operator.conversation(newest))["messages"]]
    assert any("Почему клиент отменил" in (text or "") for text in notes)
