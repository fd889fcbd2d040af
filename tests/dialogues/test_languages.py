"""Kazakh, Russian, English: each reaches a visit, and changing it loses nothing."""

import pytest

from bot.dialogue.screen import Fact, Text
from tests.clinic import Clinic
from tests.people import Client

pytestmark = pytest.mark.parametrize("profile", ["current"])

ROW = "Қазақша · Русский · English"
NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("locale", "service", "resource", "when", "tomorrow"),
    [
        ("kk", "Шаш қию", "Анна Иванова", "сейсенбі, 8 қаңтар", "сс 8 қаң."),
        ("ru", "Стрижка", "Анна Иванова", "вторник, 8 января", "вт 8 янв."),
        ("en", "Haircut", "Anna Ivanova", "Tuesday, 8 January", "Tue 8 Jan"),
    ],
)
async def test_each_language_reaches_a_visit_within_eight_taps(
    client: Client, clinic: Clinic, locale: str, service: str, resource: str, when: str, tomorrow: str
) -> None:
    await client.is_called("Алия", locale)
    await client.says("/start")
    near = f"{client.reads('tomorrow')}, {tomorrow}"
    taps: list[Fact] = [
        "Book a visit",
        service,
        resource,
        Text("{day} · {n} free", day=near, n=16),
        "10:00",
        "I agree",
    ]
    await client.taps(*taps)
    await client.says("Алия Нурланова", "87011234567", "900215312348")
    await client.taps("✓ Confirm")
    assert len(taps) + 1 <= 8
    await client.sees("You are booked.", service, resource, when, "10:00", f"5{NBSP}000{NBSP}₸")
    [made] = await clinic.appointments()
    assert made["starts_at"] == "2030-01-08T05:00:00Z"


async def test_the_language_can_change_in_the_middle_and_everything_is_kept(client: Client) -> None:
    await client.reaches_the_summary()
    await client.says("/language")
    await client.taps("Қазақша")
    client.locale = "kk"
    await client.sees("Shall I book it?", "Шаш қию", "сейсенбі, 8 қаңтар", "10:00", "Алия Нурланова")
    await client.says("/language")
    await client.taps("Русский")
    client.locale = "ru"
    await client.sees("Shall I book it?", "Стрижка", "вторник, 8 января")
    # It is remembered, whatever the language of the app is.
    await client.is_called("Aliya", "en")
    client.locale = "ru"
    await client.taps("✓ Confirm")
    await client.sees("You are booked.")
    await client.says("/start")
    await client.has_button("Book a visit")
    await client.has_button("✓ Русский")


async def test_the_language_can_change_while_the_phone_is_asked(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия", "/language")
    await client.taps("Қазақша")
    client.locale = "kk"
    await client.sees("Your phone number?")
    await client.has_button("📱 Share my number")
    await client.shares_phone("+77011234567")
    await client.sees("Your IIN?")


async def test_the_first_question_and_the_menu_offer_the_languages(client: Client) -> None:
    await client.says("/start")
    assert [b for b in await client.buttons() if "Қаз" in b or "Рус" in b or "Eng" in b] == [
        "Қазақша",
        "Русский",
        "✓ English",
    ]
    await client.taps("Русский")
    client.locale = "ru"
    await client.taps("Book a visit", ROW, "Қазақша")
    client.locale = "kk"
    await client.sees("Which service would you like?", "Шаш қию")
    await client.taps("Шаш қию")
    await client.sees("With whom?")


async def test_without_a_language_code_the_clinics_language_is_spoken(client: Client) -> None:
    for code in (None, "de", "uz"):
        await client.is_called("Aliya", code)
        assert client.locale == "ru"
        await client.says("/start")
        await client.has_button("Book a visit")
    await client.is_called("Aliya", "en-GB")
    client.locale = "en"
    await client.says("/start")
    await client.has_button("Book a visit")
