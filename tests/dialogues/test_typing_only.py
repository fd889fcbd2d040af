"""The whole dialogue without a single button, in every language."""

import pytest

from tests.clinic import BORIS, HAIRCUT, Clinic
from tests.people import Client

pytestmark = pytest.mark.parametrize("profile", ["current"])


@pytest.mark.parametrize(
    ("locale", "answers"),
    [
        ("kk", ["шаш қию", "борис", "ертең", "10:00", "келісемін"]),
        ("kk", ["шаш кию", "борис", "дуйсенби 14.01.2030 сағат 10:00", "ия"]),
        ("kk", ["shash qiyu", "boris", "erten", "10.00", "ia"]),
        ("ru", ["стрижка", "ким", "завтра в 10:00", "согласна"]),
        ("en", ["hair", "2", "1", "yes"]),
        ("en", ["2", "3", "tomorrow", "3", "I agree"]),
    ],
    ids=["kk", "kk without its letters", "kk in Latin", "ru", "en", "numbers"],
)
async def test_a_visit_is_booked_by_typing_only(
    client: Client, clinic: Clinic, locale: str, answers: list[str]
) -> None:
    await client.is_called("Aliya", locale)
    await client.says("/book", *answers)
    await client.sees("Your name and surname?")
    await client.says("Алия Нурланова", "8 701 123 45 67")
    await client.sees("Your IIN?")
    await client.says({"kk": "өткізу", "ru": "пропустить", "en": "skip"}[locale])
    await client.sees("Shall I book it?", "+7 701 123 4567")
    await client.says({"kk": "иә", "ru": "подтверждаю", "en": "1" if answers[0] == "2" else "OK"}[locale])
    await client.sees("You are booked.")
    await client.is_answered_below()
    [made] = await clinic.appointments()
    assert made["service_id"] == HAIRCUT
    assert made["resource_id"] == BORIS or answers[1] == "2"


@pytest.mark.parametrize(
    ("locale", "back", "operator", "cancel"),
    [
        ("kk", "артқа", "адам керек", "болдырмау"),
        ("kk", "артка", "Адам", "токтату"),
        ("ru", "Назад", "Позовите человека!", "отмена"),
        ("en", "back", "operator", "stop"),
    ],
    ids=["kk", "kk without its letters", "ru", "en"],
)
async def test_words_of_command(client: Client, locale: str, back: str, operator: str, cancel: str) -> None:
    await client.is_called("Aliya", locale)
    await client.says("/book", "haircut")
    await client.says(back)
    await client.sees("Which service would you like?")
    await client.says("haircut", operator)
    await client.waits_for("You are talking to the clinic's staff. The bot is silent.")
    await client.taps("‹ Back to the bot")
    await client.sees("With whom?")
    await client.says(cancel)
    await client.sees("Booking stopped. Nothing was booked.")


async def test_labels_of_buttons_can_be_typed(client: Client) -> None:
    await client.reaches_the_summary()
    for label in ("Change time", "‹ Back", "Change name", "‹ Back", "Change service"):
        await client.says(client.reads(label))
    await client.sees("Which service would you like?")
    await client.says("Haircut")
    await client.sees("Shall I book it?")


async def test_only_a_clear_yes_confirms(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    await client.says("well, perhaps")
    await client.sees("To book, press “Confirm”. To change something, press its button.", "Shall I book it?")
    assert not await clinic.appointments()
    await client.says("растаймын")
    await client.sees("You are booked.")
