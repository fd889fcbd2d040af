"""From /start to an appointment in One-Link."""

from bot.sandbox.server import Sandbox
from tests.clinic import ANNA, HAIRCUT, Clinic
from tests.people import Client


async def test_a_client_books_by_buttons(client: Client, clinic: Clinic, sandbox: Sandbox) -> None:
    await client.says("/start")
    await client.taps("Book a visit", "Haircut", "Anna Ivanova", "tomorrow, Tue 8 Jan · 16 free", "10:00")
    await client.taps("I agree")
    await client.says("Алия Нурланова")
    await client.shares_phone("+77011234567")
    await client.says("900215312348")
    await client.sees(
        "Haircut", "Anna Ivanova", "Tuesday, 8 January, 10:00", "+7 701 123 4567", "9002•••••348"
    )
    await client.taps("✓ Confirm")
    await client.sees(
        "You are booked", "Haircut", "Tuesday, 8 January, 10:00", "5 000 ₸".replace(" ", "\u00a0")
    )

    [made] = await clinic.appointments()
    assert (made["resource_id"], made["service_id"]) == (ANNA, HAIRCUT)
    assert (made["starts_at"], made["ends_at"]) == ("2030-01-08T05:00:00Z", "2030-01-08T05:30:00Z")
    assert made["client_name"] == "Алия Нурланова"
    assert made["client_phone"] == "+77011234567"
    assert made["client_identifier"] == "900215312348"
    assert made["external_ref"] == f"tgbot:{made['idempotency_key']}"
    [contact] = (await clinic.world())["contacts"]
    assert made["contact_id"] == contact["id"]
