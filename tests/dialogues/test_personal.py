"""Consent, name, phone, IIN: asked once, checked with a reason, kept from other eyes."""

from typing import Any

import pytest

from bot.app import App
from bot.dialogue.personal import WHY
from bot.dialogue.screen import Fact, Plural, Text
from bot.domain.client import CONSENT_VERSION
from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.people import Client

pytestmark = pytest.mark.parametrize("profile", ["current"])

CONSENT = "Do you agree that the clinic collects and processes your personal data for your visits?"
NAME, PHONE, IIN = "Your name and surname?", "Your phone number?", "Your IIN?"


def digits(n: int) -> Plural:
    return Plural("An IIN has 12 digits; I see {n}.", "An IIN has 12 digits; I see {n}.", n=n)


async def reaches_the_phone(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия Нурланова")
    await client.sees(PHONE)


async def reaches_the_iin(client: Client) -> None:
    await reaches_the_phone(client)
    await client.says("87011234567")
    await client.sees(IIN)


async def test_consent_comes_before_the_first_personal_datum_and_once(client: Client, bot: App) -> None:
    await client.reaches_the_day()
    await client.says("8.01 10:00")
    await client.sees(CONSENT, "Who processes the data: the clinic you are booking with.")
    await client.says("maybe")
    await client.sees(
        "Without your consent the visit cannot be booked here. Press “I agree” or “Cancel”.", CONSENT
    )
    card = await client.card()
    await client.says("да")
    await client.sees(NAME)
    async with bot.storage.turn(client.chat_id) as turn:
        assert turn is not None
        given = turn.client.consent
    assert given is not None
    assert (given.version, given.locale) == (CONSENT_VERSION, "en")
    assert given.message_id is not None
    assert given.message_id > card["message_id"]
    # It outlives the draft.
    await client.taps("✕ Cancel")
    await client.reaches_the_day()
    await client.says("8.01 10:00")
    await client.sees(NAME)


async def test_the_consent_names_who_processes_the_data_and_where_to_read_more(
    start_bot: StartBot, control: Any
) -> None:
    async with start_bot(data_controller="Clinic LLP, BIN 950140012340", privacy_url="https://clinic.kz/p"):
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.reaches_the_day()
        await client.says("8.01 10:00")
        await client.sees("Clinic LLP, BIN 950140012340", "https://clinic.kz/p")


async def test_a_name_is_kept_as_typed_and_telegrams_own_is_one_tap(client: Client) -> None:
    await client.is_called("Aliya", "en", last_name="Q")
    await client.reaches_the_name()
    for typed, why in {
        "A": "That is too short for a name.",
        "Aliya 2": "There are digits in it; a name has none.",
        "see www.example.kz": "That looks like a link, not like a name.",
        "Aliya <3": "There are digits in it; a name has none.",
        "Aliya & Co": "Only letters, spaces, hyphens and apostrophes, please.",
        "А" * 101: "That is too long for a name.",
    }.items():
        await client.says(typed)
        await client.sees(why, NAME)
    await client.taps("Aliya Q")
    await client.sees(PHONE)
    await client.taps("‹ Back")
    await client.says("әлия ҚЫЗЫ о'нил-Ким")
    await client.says("87011234567")
    await client.taps("Skip")
    await client.sees(Text("Name: {name}", name="әлия ҚЫЗЫ о'нил-Ким"))


async def test_a_telegram_name_that_is_no_name_is_not_offered(client: Client) -> None:
    await client.is_called("🌸 777")
    await client.reaches_the_name()
    await client.has_no_button("🌸 777")


async def test_a_surname_in_a_second_message_belongs_to_the_name(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_name()
    await client.says("Айжан", "Ахметова")
    await client.sees(PHONE)
    await client.says("87011234567")
    await client.taps("Skip")
    await client.sees(Text("Name: {name}", name="Айжан Ахметова"))


async def test_every_personal_question_tells_why_and_is_still_asked(client: Client) -> None:
    await client.reaches_the_name()
    for question, asks, answer in (
        ("name", NAME, "Алия Нурланова"),
        ("phone", PHONE, "87011234567"),
        ("iin", IIN, "900215312348"),
    ):
        await client.taps("Why do you ask?")
        await client.sees(WHY[question], asks)
        await client.says(answer)
    await client.sees("Shall I book it?")


async def test_an_own_shared_number_is_proven(client: Client, clinic: Clinic) -> None:
    await reaches_the_phone(client)
    await client.has_button("📱 Share my number")
    await client.shares_phone("77011234567")  # Telegram leaves the plus out at times
    await client.sees(IIN)
    await client.has_no_button("📱 Share my number")
    assert client.reads(Text("Phone: {phone}", phone="+7 701 123 4567")) in await client.words_of_bot()
    await client.taps("Skip", "✓ Confirm")
    [made] = await clinic.appointments()
    assert (made["client_phone"], made["client_comment"]) == ("+77011234567", None)


async def test_a_typed_number_is_marked_as_not_proven(client: Client, clinic: Clinic) -> None:
    await reaches_the_phone(client)
    for typed, why in {
        "8 701 123 45 6": Text(
            "Digits are missing: I see {seen} of {needed}. For example: 8 701 123 45 67", seen=9, needed=10
        ),
        "8 701 123 45 67 8": Text(
            "Too many digits: I see {seen}, {needed} are needed. For example: 8 701 123 45 67",
            seen=11,
            needed=10,
        ),
        "996555123456": Text(
            "For a number of another country please type + in front, for example +998 90 123 45 67"
        ),
        "8 600 123 45 67": Text("There are no numbers that begin like this. Please check it."),
        "call me!": Text("I do not see a phone number. For example: 8 701 123 45 67"),
    }.items():
        await client.says(typed)
        await client.sees(why, PHONE)
    await client.says("8 (701) 123-45-67")
    await client.taps("Skip")
    await client.sees("+7 701 123 4567")
    await client.taps("✓ Confirm")
    [made] = await clinic.appointments()
    assert made["client_phone"] == "+77011234567"
    # Staff read it in the clinic's language.
    client.locale = "ru"
    assert made["client_comment"] == client.reads("The phone number was typed, it is not verified.")


async def test_a_foreign_number_is_welcome(client: Client, clinic: Clinic) -> None:
    await reaches_the_phone(client)
    await client.says("+998 90 123 45 67")
    await client.taps("Skip", "✓ Confirm")
    [made] = await clinic.appointments()
    assert made["client_phone"] == "+998901234567"


async def test_somebody_elses_contact_is_asked_about_and_not_proven(client: Client, clinic: Clinic) -> None:
    asked = Text("{phone} is not your own Telegram number. Use it for this visit?", phone="+7 701 765 4321")
    await reaches_the_phone(client)
    await client.shares_contact_of_nobody("+77017654321")
    await client.sees(asked)
    await client.taps("No, another number")
    await client.sees(PHONE)
    await client.shares_phone("+77017654321", of=999)
    await client.sees(asked)
    await client.taps("Yes, use it")
    await client.taps("Skip", "✓ Confirm")
    [made] = await clinic.appointments()
    assert made["client_phone"] == "+77017654321"
    assert made["client_comment"]


async def test_a_wrong_iin_is_refused_with_its_reason_and_leaves_the_chat(client: Client) -> None:
    reasons: dict[str, Fact] = {
        "90021531234": digits(11),
        "9002153123481": digits(13),
        "²00215312348": Text("An IIN has digits only: 12 of them."),
        "900215312349": Text("One of the digits is wrong. Please compare with your identity card."),
        "950140012340": Text("This looks like the BIN of an organisation. Your own IIN is needed."),
    }
    await reaches_the_iin(client)
    for typed, why in reasons.items():
        await client.says(typed)
        await client.sees(why, IIN)
        assert typed in await client.deleted()
    assert not any("900215312348" in text for text in await client.words_of_bot())


async def test_an_iin_is_deleted_from_the_chat_and_shown_masked(client: Client, clinic: Clinic) -> None:
    await reaches_the_iin(client)
    await client.says("ИИН 900215 312348")
    await client.sees("9002•••••348")
    assert await client.deleted() == ["ИИН 900215 312348"]
    await client.taps("✓ Confirm")
    assert not any("312348" in message["text"] for message in await client.messages())
    [made] = await clinic.appointments()
    assert made["client_identifier"] == "900215312348"


async def test_an_iin_with_an_odd_date_is_taken(client: Client) -> None:
    await reaches_the_iin(client)
    await client.says("901332312347")  # the check digit fits; the 13th month proves nothing
    await client.sees("Shall I book it?")


async def test_who_has_no_iin_gives_a_birth_date(client: Client, clinic: Clinic) -> None:
    await reaches_the_iin(client)
    await client.taps("No IIN / foreign document")
    await client.sees("Your date of birth?")
    for typed in ("soon", "31.02.1990", "25.03.2031"):
        await client.says(typed)
        await client.sees("I cannot read this as a date of birth. For example: 25.03.1990")
    await client.says("25.3.1990")
    await client.sees(Text("No IIN, born {date}", date="25.03.1990"))
    await client.taps("✓ Confirm")
    [made] = await clinic.appointments()
    client.locale = "ru"
    assert made["client_birth_date"] == "1990-03-25"
    assert made["client_identifier"] is None
    assert client.reads("No IIN (foreign document): please check the papers.") in made["client_comment"]


async def test_where_the_iin_is_required_it_cannot_be_skipped(
    start_bot: StartBot, control: Any, clinic: Clinic
) -> None:
    async with start_bot(iin="required"):
        client = Client(control, 501)
        await client.is_called("Aliya")
        await reaches_the_iin(client)
        await client.has_no_button("Skip")
        await client.has_button("No IIN / foreign document")
        await client.says("skip")
        await client.sees("The clinic needs the IIN for this visit.", IIN)
        data, card = await client.remembers("No IIN / foreign document")
        await client.taps_data(data.replace("foreign", "skipped"), card)
        await client.sees("The clinic needs the IIN for this visit.", IIN)
        await client.says("900215312348")
        await client.sees("Shall I book it?")


async def test_where_the_iin_is_off_it_is_neither_asked_nor_shown(
    start_bot: StartBot, control: Any, clinic: Clinic
) -> None:
    async with start_bot(iin="off"):
        client = Client(control, 501)
        await client.is_called("Aliya")
        await reaches_the_phone(client)
        await client.shares_phone("+77011234567")
        await client.sees("Shall I book it?")
        await client.sees_nothing_of("IIN")
        await client.has_no_button("Change IIN")
        await client.taps("✓ Confirm")
        await client.sees("You are booked.")
        [made] = await clinic.appointments()
        assert made["client_identifier"] is None


async def test_where_the_iin_is_optional_it_can_be_skipped_by_word(client: Client, clinic: Clinic) -> None:
    await reaches_the_iin(client)
    await client.says("өткізу")
    await client.sees("Shall I book it?", "IIN: not given")
