"""From /start to an appointment in One-Link."""

import pytest

from bot.dialogue.screen import Text
from bot.sandbox.server import Sandbox
from tests.clinic import ANNA, BORIS, HAIRCUT, Clinic
from tests.people import Client

NBSP = "\u00a0"
TUESDAY = Text("{day} · {n} free", day="tomorrow, Tue 8 Jan", n=16)


async def test_a_client_books_by_buttons(client: Client, clinic: Clinic, sandbox: Sandbox) -> None:
    await client.says("/start")
    await client.taps("Book a visit", "Haircut", "Anna Ivanova", TUESDAY, "10:00")
    await client.taps("I agree")
    await client.says("Алия Нурланова")
    await client.shares_phone("+77011234567")
    await client.says("900215312348")
    await client.sees(
        "Haircut", "Anna Ivanova", "Tuesday, 8 January, 10:00", "+7 701 123 4567", "9002•••••348"
    )
    await client.taps("✓ Confirm")
    await client.sees("You are booked.", "Haircut", "Tuesday, 8 January, 10:00", f"5{NBSP}000{NBSP}₸")

    [made] = await clinic.appointments()
    assert (made["resource_id"], made["service_id"]) == (ANNA, HAIRCUT)
    assert (made["starts_at"], made["ends_at"]) == ("2030-01-08T05:00:00Z", "2030-01-08T05:30:00Z")
    assert made["client_name"] == "Алия Нурланова"
    assert made["client_phone"] == "+77011234567"
    assert made["client_identifier"] == "900215312348"
    assert made["external_ref"] == f"tgbot:{made['idempotency_key']}"
    [contact] = (await clinic.world())["contacts"]
    assert made["contact_id"] == contact["id"]


async def test_any_specialist_is_named_before_the_client_confirms(client: Client, clinic: Clinic) -> None:
    # Anna is away: whoever is offered must be Boris.
    await clinic.is_fully_booked([ANNA], "2030-01-08")
    await client.reaches_the_day(resource="Any specialist")
    await client.says("08.01.2030")
    await client.taps("10:00 · Boris Kim", "I agree")
    await client.says("Алия Нурланова")
    await client.shares_phone("+77011234567")
    await client.taps("Skip")
    await client.sees("Boris Kim", f"6{NBSP}000{NBSP}₸")
    await client.taps("✓ Confirm")
    [made] = await clinic.appointments()
    assert made["resource_id"] == BORIS


async def test_the_card_of_a_visit_has_a_code_that_can_be_copied(client: Client, clinic: Clinic) -> None:
    await client.books()
    [made] = await clinic.appointments()
    [code] = [b["copy_text"] for row in (await client.card())["buttons"] for b in row if "copy_text" in b]
    assert code.endswith(str(made["id"]))
    await client.sees(Text("Code: {code}", code=code))
    await client.has_button("Cancel the visit")


async def test_the_soonest_time_is_one_tap_for_every_service(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_day()
    # It is just past 09:00 and the clinic wants an hour's notice.
    await client.sees(Text("If it cannot wait, call {number}.", number="103"))
    await client.taps(Text("Soonest: {day}, {time}", day="today, Mon 7 Jan", time="10:30"))
    await client.sees(
        "Do you agree that the clinic collects and processes your personal data for your visits?"
    )


@pytest.mark.parametrize("profile", ["current"])
async def test_the_booking_stays_in_one_card_until_the_client_types(client: Client) -> None:
    await client.says("/start")
    greeting = await client.card()
    await client.taps("Book a visit", "Haircut", "Anna Ivanova", TUESDAY, "10:00")
    card = await client.card()
    assert card["message_id"] == greeting["message_id"]
    assert len(await client.words_of_bot()) == 1
    # What was typed would scroll the card away: it comes again below, and the old one has no buttons.
    await client.taps("I agree")
    await client.says("Алия")
    *older, _ = [message for message in await client.messages() if message["from"] == "bot"]
    assert [message["buttons"] for message in older] == [[]]
    await client.is_answered_below()
