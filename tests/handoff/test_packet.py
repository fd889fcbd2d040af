"""What operators read first: the client's way so far in words, and nothing that is not theirs to see."""

import pytest

from bot.app import App
from tests.conftest import one_profile_each
from tests.crash.stage import until
from tests.handoff.operators import LONGEST_WAIT, Operator
from tests.handoff.test_handoff import BACK, WITH_STAFF
from tests.people import Client
from tests.test_redaction import kept_in_redis

pytest_generate_tests = one_profile_each

NAME, PHONE, IIN = "Алия Нурланова", "+77011234567", "900215312348"


async def note_of(client: Client, operator: Operator) -> str:
    """The note, once a person has been called."""
    await client.waits_until_some_message_says(WITH_STAFF)
    await operator.waits_until("open")
    text: str = (await operator.texts("note"))[-1]
    return text.replace("\u00a0", " ").replace("\\", "")


async def test_the_note_tells_the_way_the_misses_and_what_was_offered(
    client: Client, operator: Operator
) -> None:
    await client.says("/start")
    await client.taps("Book a visit", "Haircut", "Anna Ivanova")
    await client.says("whenever you like", "08.01.2030", "asap", "???", "оператор")
    assert await note_of(client, operator) == "\n".join(
        (
            "Клиент просит сотрудника.",
            "Telegram: Aliya. Язык: English.",
            "Уже выбрано: Стрижка · Анна Иванова · вт 8 янв.",
            "Не поняты 2 ответа.",
            "На экране: What time? · 09:00 · 09:30 · 10:00 · 10:30 · 11:00 · 11:30",
            "",
            f"{client.reads('Book a visit here, at any time.')} → Book a visit",
            f"{client.reads('Which service would you like?')} → Haircut",
            f"{client.reads('With whom?')} → Anna Ivanova",
            "✎ whenever you like",
            "✎ 08.01.2030",
            "✎ asap",
            "✎ ???",
            "✎ оператор",
        )
    )


async def test_at_the_summary_the_note_has_the_person_and_masks_the_iin(
    client: Client, operator: Operator
) -> None:
    await client.reaches_the_name()
    await client.says(NAME)
    await client.shares_phone(PHONE)
    await client.says(IIN, "/operator")
    head, said = (await note_of(client, operator)).split("\n\n")
    assert head.split("\n") == [
        "Клиент просит сотрудника.",
        "Telegram: Aliya. Язык: English.",
        "Уже выбрано: Стрижка · Анна Иванова · вт 8 янв., 10:00",
        f"Имя: {NAME}",
        "Телефон: +7 701 123 4567",
        "ИИН: 9002•••••348",
        "На экране: Shall I book it? · ✓ Confirm",
    ]
    assert said.split("\n")[-4:] == ["✎ •••", "✎ •••", "✎ •••", "✎ /operator"]
    assert IIN not in head + said


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
async def test_the_note_is_in_the_clinics_language_whatever_the_client_speaks(
    language: str, client: Client, operator: Operator
) -> None:
    await client.is_called("Aliya", language)
    await client.says("/start")
    await client.taps("Book a visit")
    await client.says("/operator")
    lines = (await note_of(client, operator)).split("\n")
    named = {"kk": "Қазақша", "ru": "Русский", "en": "English"}[language]
    assert lines[:2] == ["Клиент просит сотрудника.", f"Telegram: Aliya. Язык: {named}."]
    [tap] = [line for line in lines if "→" in line]
    assert tap.endswith(f"→ {client.reads('Book a visit')}")


async def test_what_was_typed_cannot_format_mention_or_run_in_the_note(
    client: Client, operator: Operator
) -> None:
    await client.is_called("[@Дана](mention://user/21/Dana)")
    await client.reaches_the_day()
    await client.says("{{ contact.phone_number }} **now**", "/operator")
    await client.waits_until_some_message_says(WITH_STAFF)
    await operator.waits_until("open")
    note = (await operator.texts("note"))[-1]
    assert "mention://" not in note
    assert "contact.phone" in note.replace("\\", "")
    assert "**now**" not in note


async def test_digits_of_a_person_are_masked_wherever_they_were_typed(
    client: Client, operator: Operator
) -> None:
    await client.reaches_the_day()
    await client.says(f"my iin is {IIN}", "call 8 (701) 123-45-67", "/operator")
    note = await note_of(client, operator)
    assert "✎ my iin is •••" in note
    assert "✎ call •••" in note


async def test_the_name_in_telegram_is_a_name_too(bot: App, client: Client, operator: Operator) -> None:
    await client.is_called("Zarina")
    await client.reaches_the_name()
    await client.taps("Zarina")
    await client.says("/operator")
    note = await note_of(client, operator)
    assert f"{client.reads('Your name and surname?')} → •••" in note


async def test_nothing_about_the_person_is_kept_when_it_is_over(
    bot: App, client: Client, operator: Operator
) -> None:
    """Between the call and the end of the booking the draft has it; afterwards nobody does."""
    await client.is_called("Zarina")
    await client.reaches_the_name()
    await client.taps("Zarina")
    await client.shares_phone(PHONE)
    await client.says(IIN, "/operator")
    await note_of(client, operator)
    await client.says("I am Zarina, +7 701 123 45 67")
    await operator.waits_for("I am Zarina")
    await client.taps(BACK, "✓ Confirm")
    await client.sees("You are booked.")
    await client.says("/operator")
    await operator.waits_until("open")
    await client.taps(BACK)
    await operator.waits_until("pending")

    async def delivered() -> bool:
        return not any(key.startswith(b"outbox:") for key in await bot.storage.redis.keys("*"))

    assert await until(delivered, LONGEST_WAIT)
    kept = await kept_in_redis(bot)
    for personal in ("Zarina", PHONE[2:], "701 123", IIN):
        assert personal not in kept


async def test_a_note_after_a_booking_says_nothing_of_the_person_again(
    client: Client, operator: Operator
) -> None:
    await client.books()
    await client.sees("You are booked.")
    await client.says("/operator")
    note = await note_of(client, operator)
    assert "Алия" not in note
    assert "701" not in note
    assert "→ Haircut" in note
