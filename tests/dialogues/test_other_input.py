"""Whatever people send gets a useful answer, once, and loses nothing."""

from typing import Any

import httpx
import pytest
from aiogram.types import Update

from bot.app import App
from bot.dialogue.screen import Text
from tests.people import Client

pytestmark = pytest.mark.parametrize("profile", ["current"])

READS_TEXT = "I can read text only. Please type it or press a button."
NO_PHOTOS = "No photos of documents are needed, only the 12 digits."
GROUP = -100500


async def test_what_cannot_be_read_is_answered_with_the_current_question(client: Client) -> None:
    await client.says("/start")
    await client.sends("sticker")
    await client.has_button("Book a visit")
    await client.reaches_the_day()
    for kind in ("photo", "sticker", "voice", "location", "document"):
        await client.sends(kind)
        await client.sees(READS_TEXT, "Which day?")
        await client.is_answered_below()
    await client.shares_phone("+77011234567")
    await client.sees("Which day?")


async def test_an_album_is_answered_once(client: Client, bot: App) -> None:
    await client.reaches_the_day()
    before = len(await client.words_of_bot())
    for number in range(4):
        await bot.intake.handle(photo_of_an_album(client.chat_id, number))
    assert len(await client.words_of_bot()) == before + 1
    await client.sees(READS_TEXT, "Which day?")


async def test_a_photo_of_a_document_is_not_kept(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия", "87011234567")
    for kind in ("photo", "document"):
        await client.sends(kind)
        await client.sees(NO_PHOTOS, "Your IIN?")
        assert kind in await client.deleted()
    await client.says("900215312348")
    await client.sees("Shall I book it?")


async def test_a_corrected_message_is_read_again(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия 1")
    await client.sees("There are digits in it; a name has none.")
    await client.edits("Алия")
    await client.sees("Your phone number?")
    # The answer before: what it was is corrected, what is asked now stays.
    await client.edits("Алия Нурланова")
    await client.sees("Your phone number?")
    await client.says("87011234567")
    await client.taps("Skip")
    await client.sees(Text("Name: {name}", name="Алия Нурланова"))


async def test_an_edit_of_something_older_or_of_a_booked_visit_changes_nothing(client: Client) -> None:
    await client.reaches_the_summary()
    await client.taps("✓ Confirm")
    shown = await client.words_of_bot()
    await client.edits("Somebody Else")
    assert await client.words_of_bot() == shown


async def test_unknown_commands_and_texts_outside_a_booking_lead_to_the_menu(client: Client) -> None:
    await client.says("/start")
    await client.says("hello")
    await client.sees("I book visits. To begin, press the button.")
    for typed in ("/settings", "меню"):
        await client.says(typed)
        await client.has_button("Book a visit")
    await client.says("оператор")
    await client.waits_for("You are talking to the clinic's staff. The bot is silent.")


async def test_a_command_is_never_taken_for_a_name(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("меню")
    await client.sees_nothing_of("Your phone number?")


async def test_a_group_sees_nothing_personal_and_cannot_press(
    client: Client, control: httpx.AsyncClient
) -> None:
    await client.reaches_the_name()
    group = Client(control, GROUP)
    await says_in_group(control, client, "/start@sandbox_bot")
    await group.sees("Visits are booked in a private chat only.")
    message = await group.card()
    [[button]] = message["buttons"]
    assert button["url"].startswith("https://t.me/")
    await client.waits()
    # The draft of the person who wrote is untouched, and its buttons do not work from there.
    data, _ = await client.remembers("Aliya")
    await control.post(
        f"/_sandbox/chats/{GROUP}/tap",
        json={"data": data, "message_id": message["message_id"], "from_id": client.chat_id},
    )
    await client.waits()
    assert (await group.toasts()) == [client.reads("Visits are booked in a private chat only.")]
    await client.sees("Your name and surname?")
    await client.has_button("Aliya")


async def test_a_mention_in_a_group_is_answered_too(client: Client, control: httpx.AsyncClient) -> None:
    await client.says("/start")
    await says_in_group(control, client, "@sandbox_bot how do I book?")
    await Client(control, GROUP).sees("Visits are booked in a private chat only.")


async def says_in_group(control: httpx.AsyncClient, who: Client, text: str) -> None:
    name = (await who.chat())["bot"]["username"]
    text = text.replace("sandbox_bot", name)
    response = await control.post(f"/_sandbox/chats/{GROUP}/say", json={"text": text, "from_id": who.chat_id})
    response.raise_for_status()
    await who.waits()


def photo_of_an_album(client_id: int, number: int) -> Update:
    """Telegram sends the pictures of an album as messages that share a `media_group_id`."""
    photo = {"file_id": f"f{number}", "file_unique_id": f"u{number}", "width": 1, "height": 1}
    message: dict[str, Any] = {
        "message_id": 90_000 + number,
        "date": 1_893_988_800,
        "chat": {"id": client_id, "type": "private"},
        "from": {"id": client_id, "is_bot": False, "first_name": "Aliya", "language_code": "en"},
        "media_group_id": "album",
        "photo": [photo],
    }
    return Update.model_validate({"update_id": 900_000_000 + number, "message": message})
