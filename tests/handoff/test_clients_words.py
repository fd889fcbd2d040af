"""What a client sends while operators answer, as the operators find it in One-Link."""

from typing import Any

import httpx
import pytest

from bot.sandbox.telegram_files import sample
from tests.conftest import one_profile_each
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import calls
from tests.people import Client, Message

pytest_generate_tests = one_profile_each

MEGABYTE = 1024 * 1024
TOO_LARGE = "This file is too large for me to pass on: more than 20 MB."


async def own(client: Client) -> list[Message]:
    """What the client has written, oldest first."""
    return [message for message in await client.messages() if message["from"] == "person"]


async def one_arrives(operator: Operator, text: str = "") -> dict[str, Any]:
    """The latest message of the client, once there is one with this in it."""
    await operator.waits_for(text)
    return (await operator.messages("incoming"))[-1]


async def content_of(control: httpx.AsyncClient, attachment: dict[str, Any]) -> bytes:
    """The bytes as an operator downloads them."""
    response = await control.get(attachment["url"], follow_redirects=True)
    response.raise_for_status()
    return response.content


async def test_formatting_arrives_as_markdown(client: Client, operator: Operator) -> None:
    await calls(client)
    entities = [
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "text_link", "offset": 9, "length": 4, "url": "https://example.test/a_b"},
    ]
    await client.writes("Bold and link", entities=entities)
    row = await one_arrives(operator, "link")
    assert row["content"] == "**Bold** and [link](https://example.test/a_b)"


async def test_what_only_looks_like_formatting_or_a_template_stays_what_it_is(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.says("*not bold* <b>{{ contact.name }}</b> {% raw %}")
    row = await one_arrives(operator, "not bold")
    assert row["content"].replace("\\", "") == "*not bold* <b>{{ contact.name }}</b> {% raw %}"
    assert row["content"].startswith("\\*")


@pytest.mark.parametrize(
    ("kind", "file_type", "ending"),
    [
        ("photo", "image", ".jpg"),
        ("document", "file", "document.pdf"),
        ("voice", "audio", ".ogg"),
        ("video", "video", "video.mp4"),
        ("video_note", "video", ".mp4"),
        ("audio", "audio", "audio.mp3"),
        ("animation", "video", "animation.mp4"),
    ],
)
async def test_a_file_arrives_byte_for_byte_under_a_name(
    kind: str, file_type: str, ending: str, client: Client, operator: Operator, control: httpx.AsyncClient
) -> None:
    await calls(client)
    await client.sends(kind)
    row = await one_arrives(operator)
    [attachment] = row["attachments"]
    assert attachment["file_type"] == file_type
    assert attachment["name"].endswith(ending)
    assert await content_of(control, attachment) == sample(kind).content
    assert row["content"] == ""


async def test_the_caption_comes_with_the_file(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.sends("photo", caption="Like this")
    row = await one_arrives(operator, "Like this")
    assert len(row["attachments"]) == 1


async def test_an_album_arrives_in_order_each_picture_once(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.sends_album(
        {"kind": "photo", "caption": "Before"}, {"kind": "photo"}, {"kind": "video", "caption": "After"}
    )
    await operator.waits_for("After")
    rows = await operator.messages("incoming")
    assert [row["content"] for row in rows] == ["Before", "", "After"]
    assert [row["attachments"][0]["file_type"] for row in rows] == ["image", "image", "video"]


async def test_a_place_a_venue_a_contact_and_a_sticker_arrive_as_words(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.sends("location")
    await client.sends("venue")
    await client.shares_contact_of_nobody("+77015550000")
    await client.sends("sticker")
    await operator.waits_for("👍")
    place, venue, contact, sticker = await operator.texts("incoming")
    assert place == "📍 https://maps.google.com/?q=43.238949,76.889709"
    assert venue.startswith("📍 Арбат, Жібек Жолы 50: https://maps.google.com/?q=43.238949")
    assert contact == "☎ Contact +77015550000"
    assert sticker == "👍"


async def test_an_answer_to_an_operators_message_quotes_its_beginning(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await operator.writes("Morning or *evening*?")
    await client.waits_for("Morning or")
    card = await client.card()
    await client.writes("The second", reply_to=card["message_id"])
    row = await one_arrives(operator, "The second")
    quote, said = row["content"].split("\n\n")
    assert quote.startswith("> ")
    assert "Morning or evening?" in quote
    assert said == "The second"


async def test_a_corrected_message_comes_again_and_is_marked(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.says("Tuesday")
    await client.edits("Wednesday")
    await operator.waits_for("Wednesday")
    assert await operator.texts("incoming") == ["Tuesday", "✎ Wednesday"]


async def test_two_corrections_within_a_second_both_come(client: Client, operator: Operator) -> None:
    """Telegram tells the moment of an edit in whole seconds; the sandbox's clock stands still."""
    await calls(client)
    await client.says("Tuesday")
    await client.edits("Wednesday")
    await client.edits("Thursday")
    await client.says("Sorry")
    await operator.waits_for("Sorry")
    assert await operator.texts("incoming") == ["Tuesday", "✎ Wednesday", "✎ Thursday", "Sorry"]


async def test_a_corrected_answer_still_quotes_what_it_answers(client: Client, operator: Operator) -> None:
    await calls(client)
    await operator.writes("Morning?")
    await client.waits_for("Morning?")
    await client.writes("No", reply_to=(await client.card())["message_id"])
    await client.edits("Yes")
    row = await one_arrives(operator, "✎ Yes")
    assert row["content"].startswith("> ")
    assert row["content"].endswith("Morning?\n\n✎ Yes")


async def test_the_longest_message_arrives_whole(client: Client, operator: Operator) -> None:
    await calls(client)
    text = ("слово 😀 " * 600)[:4000].strip()
    await client.says(text)
    row = await one_arrives(operator, "слово")
    assert row["content"] == text


async def test_a_file_that_telegram_gives_no_bot_is_told_of_on_both_sides(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.sends("document", size=25 * MEGABYTE, caption="My scans")
    await client.sees(TOO_LARGE, "Please send a smaller one, or a link to it.")
    row = await one_arrives(operator, "My scans")
    assert row["content"] == "My scans\n[document.pdf: > 20 MB]"
    assert row["attachments"] == []


async def test_a_file_of_almost_twenty_megabytes_arrives(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.sends("document", size=19 * MEGABYTE)
    row = await one_arrives(operator)
    assert row["attachments"][0]["size"] == 19 * MEGABYTE


async def test_what_was_typed_to_the_bot_before_is_not_said_to_the_operators(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.says("Hello")
    await operator.waits_for("Hello")
    assert await operator.texts("incoming") == ["Hello"]
    assert await operator.texts("outgoing") == []


async def test_keys_name_chat_and_message_and_repeat_nothing(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.says("One", "Two")
    await operator.waits_for("Two")
    written = [m["message_id"] for m in await own(client) if m["text"] in ("One", "Two")]
    keys = [row["source_id"] for row in await operator.messages("incoming")]
    assert keys == [f"tg:{client.chat_id}:{number}" for number in written]
