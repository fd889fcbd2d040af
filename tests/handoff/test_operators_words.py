"""What operators write in One-Link, as the client finds it in Telegram."""

import httpx
import pytest

from bot.app import App
from bot.domain.thread import Attachment, Kind, ThreadMessage
from bot.onelink.files import Files
from bot.telegram.operator_words import OperatorWords
from tests.clinic import Clinic
from tests.conftest import one_profile_each
from tests.handoff.operators import Operator
from tests.handoff.test_clients_words import own
from tests.handoff.test_handoff import calls
from tests.people import Client, Message

pytest_generate_tests = one_profile_each

MEGABYTE = 1024 * 1024
JPEG = b"\xff\xd8\xff\xe0 a picture"


async def latest(client: Client, count: int) -> list[Message]:
    """The bot's last messages, oldest first."""
    return [message for message in await client.messages() if message["from"] == "bot"][-count:]


async def switched(clinic: Clinic, **switches: object) -> None:
    """One-Link works like this from now on."""
    await clinic.changes(switches=(await clinic.world())["switches"] | switches)


async def test_formatting_arrives_under_the_operators_name(client: Client, operator: Operator) -> None:
    await calls(client)
    await operator.writes("Come **at ten**, _please_: [map](https://example.test)")
    await client.waits_for("Come at ten, please: map")
    card = await client.card()
    assert card["text"] == "Дана\nCome at ten, please: map"
    formatted = [(it["type"], card["text"][it["offset"] :][: it["length"]]) for it in card["entities"]]
    assert formatted == [("bold", "Дана"), ("bold", "at ten"), ("italic", "please"), ("text_link", "map")]


async def test_html_is_shown_as_it_was_written(client: Client, operator: Operator) -> None:
    await calls(client)
    await operator.writes("5 < 6 & <b>7</b>")
    await client.waits_for("5 < 6 & <b>7</b>")


async def test_a_long_text_comes_in_parts_that_lose_nothing(client: Client, operator: Operator) -> None:
    await calls(client)
    paragraphs = [f"Paragraph {number}. " + "слово 😀 " * 60 for number in range(20)]
    text = "\n\n".join(paragraph.strip() for paragraph in paragraphs)
    number = await operator.writes(text)
    await operator.waits_for_tick(number)
    parts = [it["text"] for it in await latest(client, 4) if "Paragraph" in it["text"]]
    assert len(parts) >= 3
    assert all(len(part.encode("utf-16-le")) // 2 <= 4096 for part in parts)
    assert parts[0].startswith("Дана\n")
    assert "".join("".join(parts).removeprefix("Дана").split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("name", "mime_type", "kind"),
    [
        ("photo.jpg", "image/jpeg", "photo"),
        ("film.mp4", "video/mp4", "video"),
        ("note.ogg", "audio/ogg", "voice"),
        ("song.mp3", "audio/mpeg", "audio"),
        ("прайс лист.pdf", "application/pdf", "document"),
        ("moving.gif", "image/gif", "document"),
    ],
)
async def test_a_file_arrives_as_what_it_is(
    name: str, mime_type: str, kind: str, client: Client, operator: Operator, control: httpx.AsyncClient
) -> None:
    await calls(client)
    number = await operator.sends(name, JPEG, mime_type, "Look")
    await operator.waits_for_tick(number)
    card = await client.card()
    assert (card["kind"], card["text"]) == (kind, "Дана\nLook")
    file = card[kind]
    if file["file_name"] is not None:
        assert file["file_name"] == name
    assert (await control.get(f"/_sandbox/files/{file['file_id']}")).content == JPEG


async def test_a_picture_too_large_for_a_photo_comes_as_a_document(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    number = await operator.sends("scan.jpg", bytes(10 * MEGABYTE + 1), "image/jpeg")
    await operator.waits_for_tick(number)
    card = await client.card()
    assert (card["kind"], card["document"]["file_name"]) == ("document", "scan.jpg")


async def test_several_files_come_in_order_and_the_words_once(client: Client, operator: Operator) -> None:
    await calls(client)
    number = await operator.sends_files(
        ("a.jpg", JPEG, "image/jpeg"), ("b.pdf", b"%PDF", "application/pdf"), text="Both"
    )
    await operator.waits_for_tick(number)
    first, second = await latest(client, 2)
    assert (first["kind"], first["text"]) == ("photo", "Дана\nBoth")
    assert (second["kind"], second["text"]) == ("document", "")


async def test_words_too_long_for_a_caption_come_before_the_file(client: Client, operator: Operator) -> None:
    await calls(client)
    number = await operator.sends("a.jpg", JPEG, "image/jpeg", "word " * 300)
    await operator.waits_for_tick(number)
    words, file = await latest(client, 2)
    assert words["text"] == "Дана\n" + ("word " * 300).strip()
    assert (file["kind"], file["text"]) == ("photo", "")


async def test_a_file_that_is_in_the_storage_only_later_arrives_all_the_same(
    client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await switched(clinic, attachment_delay=0.7)
    number = await operator.sends("a.jpg", JPEG, "image/jpeg", "In a moment")
    await operator.writes("Afterwards")
    await client.waits_for("Afterwards")
    await operator.waits_for_tick(number)
    photo, _ = await latest(client, 2)
    assert (photo["kind"], photo["text"]) == ("photo", "Дана\nIn a moment")


async def test_a_file_that_is_gone_is_named_and_its_words_arrive(
    client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await clinic.fault("GET /rails/", "status", status=410, times=0)
    number = await operator.sends("цены.pdf", b"%PDF", "application/pdf", "Our **prices**")
    await client.waits_for("цены.pdf")
    await client.sees("Дана\nOur prices\n", "The clinic has sent a file that I could not pass on: цены.pdf")
    await operator.waits_for_tick(number, "failed")


async def test_a_file_too_large_for_telegram_is_named(client: Client, operator: Operator) -> None:
    await calls(client)
    number = await operator.sends("film.mp4", bytes(50 * MEGABYTE + 1), "video/mp4", "A film")
    await client.waits_for("film.mp4")
    await client.sees("A film", "The clinic has sent a file that I could not pass on: film.mp4")
    await operator.waits_for_tick(number, "failed")


async def test_an_answer_to_a_message_is_shown_under_it(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.says("How long?", "How much?")
    row = await operator.waits_for("How long?")
    await operator.waits_for("How much?")
    await operator.writes("An hour", in_reply_to=row["id"])
    await client.waits_for("An hour")
    asked = next(it for it in await own(client) if it["text"] == "How long?")
    assert (await client.card())["reply_to"] == asked["message_id"]


async def test_an_answer_to_a_corrected_message_is_shown_under_that_message(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.says("Tuesday")
    await client.edits("Wednesday")
    row = await operator.waits_for("✎ Wednesday")
    await operator.writes("Good", in_reply_to=row["id"])
    await client.waits_for("Good")
    asked = next(it for it in await own(client) if it["text"] == "Wednesday")
    assert (await client.card())["reply_to"] == asked["message_id"]


async def test_an_answer_to_a_message_that_the_client_has_deleted_arrives(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.says("How long?")
    row = await operator.waits_for("How long?")
    asked = next(it for it in await own(client) if it["text"] == "How long?")
    await client.deletes(asked["message_id"])
    number = await operator.writes("An hour", in_reply_to=row["id"])
    await client.waits_for("An hour")
    await operator.waits_for_tick(number)


async def test_what_an_operator_takes_back_disappears_with_all_its_parts(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    number = await operator.sends_files(
        ("a.jpg", JPEG, "image/jpeg"), ("b.pdf", b"%PDF", "application/pdf"), text="For somebody else"
    )
    await operator.waits_for_tick(number)
    await operator.deletes(number)
    await client.waits_until(lambda said: not any("For somebody else" in text for text in said))
    shown = [message["kind"] for message in await client.messages() if message["from"] == "bot"]
    assert "photo" not in shown
    await operator.writes("For you")
    await client.waits_for("For you")
    shown = [message["kind"] for message in await client.messages() if message["from"] == "bot"]
    assert "document" not in shown


async def test_what_is_taken_back_before_it_was_shown_is_never_shown(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await operator.webhooks(backwards=True)
    number = await operator.writes("For somebody else")
    await operator.deletes(number)
    await operator.webhooks(backwards=False)
    await operator.writes("For you")
    await client.waits_for("For you")
    assert not any("For somebody else" in text for text in await client.words_of_bot())
    assert not any("удалено" in text for text in await client.words_of_bot())


async def test_two_operators_are_told_apart_by_their_names(
    client: Client, operator: Operator, clinic: Clinic
) -> None:
    await clinic.changes(users=[*(await clinic.world())["users"], {"id": 22, "name": "Ерлан"}])
    await calls(client)
    await operator.writes("I am looking")
    await operator.writes("At three", user_id=22)
    await client.waits_for("At three")
    assert [it["text"] for it in await latest(client, 2)] == ["Дана\nI am looking", "Ерлан\nAt three"]


async def test_what_has_no_file_behind_it_is_named_and_counts_as_lost(client: Client, bot: App) -> None:
    """A place or a contact card that an operator attached: One-Link gives no address for it."""
    place = Attachment(id=1, file_type="location", url="", name="")
    message = ThreadMessage(id=1, kind=Kind.OUTGOING, text="Here", attachments=(place,))
    await client.says("/start")
    async with Files() as files:
        words = OperatorWords(bot.bot, files, client.chat_id, bot.texts["en"])
        for part in words.parts(message, signed=False):
            await part(None)
    await client.sees("Here", "The clinic has sent a file that I could not pass on: location")
    assert words.lost == ["location"]
