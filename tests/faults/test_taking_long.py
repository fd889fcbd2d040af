"""An outcome that stays unknown for long: nobody is left without a word, and in the end the truth is told."""

import asyncio
from datetime import timedelta

import pytest

from bot.app import App
from tests.clinic import NOW, Clinic
from tests.people import Client


async def notes_of(clinic: Clinic) -> list[str]:
    conversations = (await clinic.world())["conversations"]
    return [m["content"] for it in conversations for m in it.get("messages", []) if m.get("private")]


@pytest.mark.parametrize("profile", ["current"])
async def test_after_ten_minutes_staff_and_client_are_told_and_later_the_outcome(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.reaches_the_summary()
    await clinic.fault("POST /appointments$", "status", status=502, times=0)
    await client.taps("✓ Confirm")
    await client.sees("Checking your booking", "do not need to book again")
    assert await notes_of(clinic) == []

    await clinic.clock_is(NOW + timedelta(minutes=11))
    await bot.scheduling.services()
    await client.waits_for("longer than usual")
    await client.says("/start")
    await client.sees("The clinic has not answered yet; the result will appear in the card above.")

    await clinic.is_well_again()
    await clinic.clock_is(NOW + timedelta(minutes=13))
    await bot.scheduling.services()
    await client.waits_until(lambda texts: any("You are booked" in text for text in texts))
    async with asyncio.timeout(10):  # the outcome is shown first, then the staff are told
        while await bot.storage.open_attempts():
            pass
    assert len(await clinic.appointments()) == 1
    late, booked = await notes_of(clinic)
    assert "One-Link не отвечает больше десяти минут" in late  # the staff's language
    assert "Telegram" in booked
    assert "Код" in booked


@pytest.mark.parametrize("profile", ["published"])
async def test_a_flood_from_one_client_is_answered_once_and_nobody_else_waits(
    client: Client, rival: Client, clinic: Clinic, bot: App
) -> None:
    await client.reaches_the_day()
    bot.front.desk.refresh()
    await clinic.fault("GET /scheduling/calendar", "delay", seconds=2, times=1)
    for number in range(60):
        await client.says_without_waiting(f"word {number}")
    await rival.says("/start")
    await rival.has_button("Book a visit")
    await client.waits()
    texts = [message["text"] for message in await client.messages()]
    assert sum("very quick" in text for text in texts) == 1
    await client.says("tomorrow")
    await client.sees("What time?")
