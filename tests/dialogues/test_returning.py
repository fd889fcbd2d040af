"""Who has booked before is not asked again, and learns nothing about anybody else."""

from typing import Any

import pytest

from bot.dialogue.screen import Text
from tests.clinic import Clinic, world
from tests.people import Client

NAME, PHONE, IIN, SUMMARY = "Your name and surname?", "Your phone number?", "Your IIN?", "Shall I book it?"

STRANGER: dict[str, Any] = {
    "id": 501,
    "full_name": "Stranger Secretov",
    "phone": "+77019998877",
    "identifier": "900215312348",
}


async def test_a_proven_client_chooses_a_time_and_confirms(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_name()
    await client.says("Алия Нурланова")
    await client.shares_phone("+77011234567")
    await client.says("900215312348")
    await client.taps("✓ Confirm", "Book another visit")
    await client.taps("Beard trim", "Boris Kim")
    await client.says("9.01 10:00")
    if client.reads(IIN) in (await client.card())["text"]:
        await client.taps("Skip")  # whether it is asked again: see the tests below
    await client.sees(SUMMARY, "Алия Нурланова", "+7 701 123 4567")
    await client.taps("✓ Confirm")
    first, second = await clinic.appointments()
    assert first["contact_id"] == second["contact_id"]
    assert first["idempotency_key"] != second["idempotency_key"]
    # The card of the first visit is still there, with its own button.
    assert sum(client.reads("You are booked.") in text for text in await client.words_of_bot()) == 2


@pytest.mark.parametrize("profile", ["current"])
async def test_an_iin_that_staff_have_entered_is_not_asked_and_not_shown(
    client: Client, clinic: Clinic
) -> None:
    await client.books()
    [contact] = (await clinic.world())["contacts"]
    await clinic.changes(contacts=[contact | {"identifier": "900215312348"}])
    await client.reaches_the_day()
    await client.says("9.01 10:00")
    await client.sees(SUMMARY, "IIN: the clinic has it")
    assert not any("900215" in text or "348" in text for text in await client.words_of_bot())


@pytest.mark.parametrize("profile", ["current"])
async def test_a_proven_client_can_still_change_name_and_phone(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.reaches_the_day()
    await client.says("9.01 10:00")
    await client.sees(IIN)  # skipped the first time: the clinic does not have it
    await client.taps("Skip", "Change name")
    await client.says("Айжан Ким")
    await client.sees(SUMMARY, Text("Name: {name}", name="Айжан Ким"))
    await client.taps("Change phone")
    await client.says("87770001122")
    await client.taps("✓ Confirm")
    _, second = await clinic.appointments()
    assert (second["client_name"], second["client_phone"]) == ("Айжан Ким", "+77770001122")


@pytest.mark.parametrize("clinic_world", [world(contacts=[STRANGER])], ids=["stranger"])
async def test_who_typed_a_strangers_number_does_not_learn_who_that_is(
    client: Client, clinic: Clinic
) -> None:
    for day in ("08", "09"):
        await client.reaches_the_day()
        await client.says(f"{day}.01 10:00")
        if day == "08":
            await client.taps("I agree")
        await client.sees(NAME)
        await client.says("Алия Нурланова")
        if day == "08":
            await client.says("87019998877")
        await client.sees(IIN)
        await client.taps("Skip")
        await client.sees(SUMMARY, "Алия Нурланова", "+7 701 999 8877")
        await client.taps("✓ Confirm")
        await client.sees("You are booked.")
    said = " ".join(await client.words_of_bot())
    assert "Secretov" not in said
    assert "9002" not in said
    assert {row["contact_id"] for row in await clinic.appointments()} == {STRANGER["id"]}


@pytest.mark.parametrize("profile", ["current"])
async def test_a_cancelled_draft_is_begun_anew_with_another_key(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    await client.taps("✕ Cancel", "Yes, stop booking", "Start again", "Haircut", "Anna Ivanova")
    await client.says("8.01 10:00")
    await client.sees(NAME)  # consent outlives the draft, personal data do not
    await client.says("Алия")
    await client.shares_phone("+77011234567")
    await client.taps("Skip", "✓ Confirm")
    assert len(await clinic.appointments()) == 1


async def test_who_booked_for_a_relative_first_is_not_taken_for_the_relative(
    client: Client, clinic: Clinic
) -> None:
    """The inbox knows this client by the record of that first visit; the phone proven since has another."""
    await client.reaches_the_name()
    await client.says("Мария Мамина", "+77019998877")
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked.")
    await clinic.books_for("+77011234567", 12, "2030-01-10", "12:00")
    await client.says("/my")
    await client.taps("Find visits made by phone")
    await client.shares_phone("+77011234567")
    await client.says("/book", "haircut")
    await client.taps("Anna Ivanova")
    await client.says("09.01.2030 15:00")
    await client.sees(NAME)
    assert not any("Мамина" in text for text in (await client.words_of_bot())[-3:])
