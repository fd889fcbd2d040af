"""Files, albums, replies and formatting in the sandbox: what an operator and a client send each other."""

import json
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import (
    BufferedInputFile,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    Message,
    MessageEntity,
    ReplyParameters,
)

from tests.sandbox.telegram_stand import PERSON, TOKEN, Json, Stand, telegram_stand

MEGABYTE = 1024 * 1024
FILES = ["photo", "sticker", "voice", "document", "video", "video_note", "audio", "animation"]


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with telegram_stand() as fresh:
        await fresh.person("say", text="/start")
        yield fresh


@pytest.fixture
async def bot(stand: Stand) -> AsyncIterator[Bot]:
    aiogram_bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(stand.url)))
    yield aiogram_bot
    await aiogram_bot.session.close()


async def last_message(bot: Bot) -> Message:
    """What the bot heard last, as aiogram reads it: a wrong shape of an update would not pass."""
    message = (await bot.get_updates())[-1].message
    assert message is not None
    return message


async def last_seen(stand: Stand) -> Json:
    seen: Json = (await stand.see())["messages"][-1]
    return seen


@pytest.mark.parametrize("kind", FILES)
async def test_a_file_of_every_kind_arrives_and_is_described(stand: Stand, bot: Bot, kind: str) -> None:
    await stand.person("send", kind=kind, caption="анализы", size=5000)
    message = await last_message(bot)
    assert message.content_type == kind
    assert message.caption == (None if kind in ("sticker", "video_note") else "анализы")
    seen = await last_seen(stand)
    assert seen["kind"] == kind
    assert {"file_id", "file_name", "mime_type", "file_size"} <= seen[kind].keys()
    assert (seen[kind]["file_size"], seen[kind]["mime_type"] is not None) == (5000, True)
    downloaded = await stand.http.get(f"/_sandbox/files/{seen[kind]['file_id']}")
    assert len(downloaded.content) == 5000


async def test_a_venue_is_a_place_with_a_name(stand: Stand, bot: Bot) -> None:
    await stand.person("send", kind="venue")
    venue = (await last_message(bot)).venue
    assert venue is not None
    assert (await last_seen(stand))["venue"]["title"] == venue.title


async def test_a_person_sends_a_file_of_their_own(stand: Stand, bot: Bot) -> None:
    asked = await stand.call("sendMessage", chat_id=PERSON, text="Пришлите направление")
    form = {"kind": "document", "caption": "вот", "reply_to": str(asked["message_id"])}
    files = {"file": ("направление.pdf", b"%PDF-1.7 own", "application/pdf")}
    sent = await stand.http.post(f"/_sandbox/chats/{PERSON}/send", data=form, files=files)
    assert sent.status_code == 200
    message = await last_message(bot)
    assert message.document is not None
    assert (message.document.file_name, message.caption) == ("направление.pdf", "вот")
    assert message.reply_to_message is not None
    assert message.reply_to_message.text == "Пришлите направление"
    downloaded = await bot.download(message.document)
    assert downloaded is not None
    assert downloaded.read() == b"%PDF-1.7 own"


async def test_the_ending_of_a_file_is_kept_in_its_path(stand: Stand, bot: Bot) -> None:
    await stand.person("send", kind="document")
    document = (await last_message(bot)).document
    assert document is not None
    path = (await bot.get_file(document.file_id)).file_path
    assert path is not None
    assert path.endswith(".pdf")


async def test_a_bot_may_not_download_more_than_20_megabytes(stand: Stand, bot: Bot) -> None:
    await stand.person("send", kind="video", size=20 * MEGABYTE)
    allowed = (await last_message(bot)).video
    assert allowed is not None
    assert (await bot.get_file(allowed.file_id)).file_size == 20 * MEGABYTE
    await stand.person("send", kind="video", size=25_000_000)
    refused = (await last_message(bot)).video
    assert refused is not None
    with pytest.raises(TelegramBadRequest, match="Bad Request: file is too big"):
        await bot.get_file(refused.file_id)


async def test_a_bot_may_not_upload_more_than_50_megabytes(stand: Stand, bot: Bot) -> None:
    with pytest.raises(TelegramEntityTooLarge, match="Request Entity Too Large"):
        await bot.send_document(PERSON, BufferedInputFile(bytes(50 * MEGABYTE + 1), "scan.zip"))
    assert (await last_seen(stand))["text"] == "/start"


async def test_a_photo_may_not_be_larger_than_10_megabytes(bot: Bot) -> None:
    picture = BufferedInputFile(bytes(10 * MEGABYTE + 1), "x-ray.jpg")
    with pytest.raises(TelegramBadRequest, match="of size 10485761 bytes is too big for a photo"):
        await bot.send_photo(PERSON, picture)
    assert (await bot.send_document(PERSON, picture)).document is not None


async def test_a_bot_sends_a_file_of_every_kind(stand: Stand, bot: Bot) -> None:
    file = BufferedInputFile(b"bytes", "file.bin")
    for method in (
        bot.send_photo,
        bot.send_sticker,
        bot.send_voice,
        bot.send_document,
        bot.send_video,
        bot.send_video_note,
        bot.send_audio,
        bot.send_animation,
    ):
        await method(PERSON, file)
    assert [message["kind"] for message in (await stand.see())["messages"][1:]] == FILES


async def test_an_album_of_a_person_is_several_messages_with_one_id(stand: Stand, bot: Bot) -> None:
    album = [{"kind": "photo", "caption": "до и после"}, {"kind": "photo"}, {"kind": "video"}]
    sent = await stand.person("send", album=album)
    assert len(sent["message_ids"]) == len(set(sent["update_ids"])) == 3
    heard = [update.message for update in (await bot.get_updates())[-3:]]
    assert [message.content_type for message in heard if message] == ["photo", "photo", "video"]
    assert len({message.media_group_id for message in heard if message}) == 1
    assert (await last_seen(stand))["media_group_id"]


async def test_an_album_of_a_bot_is_one_group_of_photos_and_videos(stand: Stand, bot: Bot) -> None:
    first, second = BufferedInputFile(b"1", "1.jpg"), BufferedInputFile(b"2", "2.mp4")
    sent = await bot.send_media_group(
        PERSON, [InputMediaPhoto(media=first, caption="план"), InputMediaVideo(media=second)]
    )
    assert [message.content_type for message in sent] == ["photo", "video"]
    assert sent[0].media_group_id == sent[1].media_group_id is not None
    with pytest.raises(TelegramBadRequest, match="document can't be mixed with other media types"):
        await bot.send_media_group(PERSON, [InputMediaPhoto(media=first), InputMediaDocument(media=second)])
    with pytest.raises(TelegramBadRequest, match="too many messages to send as an album"):
        await bot.send_media_group(PERSON, [InputMediaPhoto(media=first)] * 11)


async def test_replies_of_both_sides_say_to_what(stand: Stand, bot: Bot) -> None:
    question = await stand.person("say", text="Сколько стоит?")
    answer = await bot.send_message(
        PERSON, "5000 ₸", reply_parameters=ReplyParameters(message_id=question["message_id"])
    )
    assert answer.reply_to_message is not None
    assert answer.reply_to_message.text == "Сколько стоит?"
    await stand.person("say", text="Спасибо", reply_to=answer.message_id)
    heard = (await last_message(bot)).reply_to_message
    assert heard is not None
    assert heard.text == "5000 ₸"
    assert heard.reply_to_message is None
    seen = (await stand.see())["messages"]
    assert [message["reply_to"] for message in seen] == [
        None, None, question["message_id"], answer.message_id,
    ]  # fmt: skip


async def test_a_reply_to_nothing_is_refused_unless_it_may_go_alone(stand: Stand, bot: Bot) -> None:
    question = await stand.person("say", text="Сколько стоит?")
    await stand.person("delete", message_id=question["message_id"])
    with pytest.raises(TelegramBadRequest, match="Bad Request: message to be replied not found"):
        await bot.send_message(
            PERSON, "5000 ₸", reply_parameters=ReplyParameters(message_id=question["message_id"])
        )
    alone = ReplyParameters(message_id=question["message_id"], allow_sending_without_reply=True)
    assert (await bot.send_message(PERSON, "5000 ₸", reply_parameters=alone)).reply_to_message is None
    refused = await stand.http.post(
        f"/_sandbox/chats/{PERSON}/say", json={"text": "и?", "reply_to": question["message_id"]}
    )
    assert refused.status_code == 409


async def test_formatting_of_both_sides_is_kept(stand: Stand, bot: Bot) -> None:
    entities: list[Json] = [
        {"type": "bold", "offset": 3, "length": 6},
        {"type": "text_link", "offset": 10, "length": 4, "url": "https://one-link.kz/"},
    ]
    await stand.person("say", text="😀 Сәлем! сайт", entities=entities)
    heard = await last_message(bot)
    assert heard.entities is not None
    assert [entity.extract_from(heard.text or "") for entity in heard.entities] == ["Сәлем!", "сайт"]
    assert (await last_seen(stand))["entities"] == entities
    await bot.send_message(PERSON, "Код 4F7K", entities=[MessageEntity(type="code", offset=4, length=4)])
    assert (await last_seen(stand))["entities"] == [{"type": "code", "offset": 4, "length": 4}]
    await bot.send_photo(
        PERSON,
        BufferedInputFile(b"1", "1.jpg"),
        caption="план",
        caption_entities=[MessageEntity(type="italic", offset=0, length=4)],
    )
    assert (await last_seen(stand))["entities"] == [{"type": "italic", "offset": 0, "length": 4}]


async def test_a_bot_takes_its_own_file_back_for_two_days(stand: Stand, bot: Bot) -> None:
    sent = await bot.send_document(PERSON, BufferedInputFile(b"1", "чужой.pdf"))
    late = await bot.send_document(PERSON, BufferedInputFile(b"1", "старый.pdf"))
    assert await bot.delete_message(PERSON, sent.message_id)
    stand.clock.advance(48 * 3600 + 60)
    with pytest.raises(TelegramBadRequest, match="message can't be deleted for everyone"):
        await bot.delete_message(PERSON, late.message_id)
    assert [message["deleted"] for message in (await stand.see())["messages"]] == [False, True, False]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "coffee"},
        {"album": []},
        {"kind": "photo", "caption": "ә" * 1025},
        {"kind": "photo", "reply_to": 10_000},
    ],
)
async def test_what_a_person_cannot_send_is_a_conflict_with_a_reason(stand: Stand, body: Json) -> None:
    refused = await stand.http.post(f"/_sandbox/chats/{PERSON}/send", content=json.dumps(body))
    assert refused.status_code == 409
    assert refused.json()["error"]
