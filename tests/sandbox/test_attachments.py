"""Files of messages: how they come in, how they are shown, and the way to their bytes."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.attachments import file_type_of
from bot.sandbox.world import Profile
from tests.sandbox.conftest import Caller, calling
from tests.sandbox.worlds import TOKEN

CONVERSATION = {"id": 1, "inbox_id": 14, "contact_id": 501, "source_id": "tg_8f0c2d"}
APPLICATION = "/api/v1/accounts/7/conversations/1/messages"
PUBLIC = "/public/api/v1/inboxes/IDENT/contacts/tg_8f0c2d/conversations/1/messages"
PHOTO = b"\xff\xd8\r\n--not a boundary\r\n\r\n\x00\xff"
File = tuple[str, str | None, bytes]
JPEG: File = ("фото 1.jpg", "image/jpeg", PHOTO)


@pytest.fixture(params=["published", "current"])
async def call(request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    profile: Profile = request.param
    async with calling(profile, conversations=[CONVERSATION]) as caller:
        yield caller


async def send(call: Caller, path: str, *files: File, **fields: str) -> tuple[int, Any]:
    """POST a form, as every HTTP client makes it."""
    form = aiohttp.FormData(fields)
    for name, content_type, content in files:
        form.add_field("attachments[]", content, filename=name, content_type=content_type)
    async with call.session.post(call.sandbox.url + path, data=form) as response:
        return response.status, await response.json()


async def download(url: str, **headers: str) -> tuple[int, str, bytes, str]:
    """Status, content type, bytes and address at the end of all redirects."""
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        return response.status, response.content_type, await response.read(), str(response.url)


async def test_f9_a_clients_photo_is_kept_and_can_be_downloaded(call: Caller) -> None:
    status, message = await send(call, PUBLIC, JPEG, content="", source_id="tg:777:103")
    assert (status, message["message_type"], message["source_id"]) == (200, 0, "tg:777:103")
    [file] = message["attachments"]
    expected = {"message_id": message["id"], "file_type": "image", "account_id": 7, "extension": None}
    assert file.items() >= (expected | {"file_size": len(PHOTO)}).items()
    assert file.keys() >= {"id", "thumb_url", "width", "height"}
    begin = f"{call.sandbox.url}/rails/active_storage/blobs/redirect/"
    assert file["data_url"].startswith(begin)
    assert file["data_url"].endswith("/%D1%84%D0%BE%D1%82%D0%BE%201.jpg")
    status, content_type, content, place = await download(file["data_url"])
    assert (status, content_type, content) == (200, "image/jpeg", PHOTO)
    assert "/_storage/" in place
    assert (await download(file["thumb_url"]))[0] == 200
    again = await send(call, PUBLIC, JPEG, source_id="tg:777:103")
    assert again == (200, message)


async def test_f13_several_files_of_the_bot_come_with_fields_of_a_form(call: Caller) -> None:
    _, asked = await call(f"POST /{PUBLIC}", {"content": "Пришлите прайс", "source_id": "tg:777:1"})
    files = [("прайс.pdf", "application/pdf", b"%PDF"), ("voice.ogg", "audio/ogg", b"OggS"), JPEG]
    fields = {
        "private": "false",
        "sender_type": "AgentBot",
        "sender_id": "6",
        "source_id": "tgb:777:2",
        "content_attributes": f'{{"in_reply_to": {asked["id"]}}}',
    }
    status, message = await send(call, APPLICATION, *files, **fields)
    assert (status, message["content"], message["private"]) == (200, None, False)
    assert message["sender"]["type"] == "agent_bot"
    assert message["content_attributes"]["in_reply_to_external_id"] == "tg:777:1"
    shown = [(row["file_type"], row["file_size"]) for row in message["attachments"]]
    assert shown == [("file", 4), ("audio", 4), ("image", len(PHOTO))]
    assert message["attachments"][1]["transcribed_text"] == ""
    _, listed = await call("GET /conversations/1/messages")
    assert listed["payload"][-1]["attachments"] == message["attachments"]


async def test_a_name_keeps_a_percent_sign_that_encodes_nothing(call: Caller) -> None:
    with aiohttp.MultipartWriter("form-data") as form:
        part = form.append(b"x", {"Content-Type": "text/plain"})
        part.headers["Content-Disposition"] = 'form-data; name="attachments[]"; filename="-50% до мая.txt"'
        async with call.session.post(call.sandbox.url + PUBLIC, data=form) as response:
            [file] = (await response.json())["attachments"]
    assert file["data_url"].endswith("/-50%25%20%D0%B4%D0%BE%20%D0%BC%D0%B0%D1%8F.txt")


@pytest.mark.parametrize("path", [APPLICATION, PUBLIC])
async def test_a_message_has_at_most_fifteen_files(call: Caller, path: str) -> None:
    status, _ = await send(call, path, *[JPEG] * 15)
    assert status == 200
    status, body = await send(call, path, *[JPEG] * 16)
    assert (status, body) == (422, {"error": "Attachments exceeded maximum allowed"})


async def test_a_text_in_place_of_a_file_is_no_signed_id_we_know(call: Caller) -> None:
    fields: Any = {"attachments[]": "eyJfcmFpbHMi", "content": "x"}
    with aiohttp.MultipartWriter("form-data") as form:
        for name, value in fields.items():
            form.append(value).set_content_disposition("form-data", name=name)
        async with call.session.post(call.sandbox.url + APPLICATION, data=form) as response:
            assert response.status == 422


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("image/webp", "image"),
        ("image/svg+xml", "file"),
        ("video/quicktime", "video"),
        ("video/x-msvideo", "file"),
        ("audio/anything", "audio"),
        ("application/pdf", "file"),
    ],
)
def test_a_file_is_of_one_of_four_kinds(content_type: str, expected: str) -> None:
    assert file_type_of(content_type) == expected


@pytest.mark.parametrize("header", ["api_access_token", "api-access-token"])
async def test_the_storage_refuses_whoever_shows_it_the_token(call: Caller, header: str) -> None:
    _, message = await send(call, PUBLIC, JPEG)
    url = message["attachments"][0]["data_url"]
    async with call.session.get(url, allow_redirects=False) as response:
        assert response.status == 302  # One-Link itself may see it
    assert (await download(url, **{header: TOKEN}))[0] == 400


async def test_an_address_of_the_storage_is_given_out_for_one_file_and_not_guessed(call: Caller) -> None:
    assert (await download(f"{call.sandbox.url}/_storage/guessed/x.jpg"))[0] == 403
    unknown = f"{call.sandbox.url}/rails/active_storage/blobs/redirect/unknown/x.jpg"
    assert (await download(unknown))[0] == 404


async def test_a_new_file_may_take_its_time_to_reach_the_storage(call: Caller) -> None:
    call.world.switches["attachment_delay"] = 30.0
    _, late = await send(call, PUBLIC, JPEG)
    call.world.switches["attachment_delay"] = 0.0
    _, ready = await send(call, PUBLIC, JPEG)
    assert (await download(late["attachments"][0]["data_url"]))[0] == 404
    assert (await download(ready["attachments"][0]["data_url"]))[0] == 200


async def test_a_full_storage_takes_words_but_no_files_of_clients(call: Caller) -> None:
    call.world.switches["storage_full"] = True
    status, body = await send(call, PUBLIC, JPEG)
    assert (status, body.keys()) == (402, {"error"})
    assert (await send(call, PUBLIC, content="Здравствуйте"))[0] == 200
    assert (await send(call, APPLICATION, JPEG))[0] == 200


async def test_a_world_that_is_loaded_again_knows_its_files_but_lost_their_bytes(call: Caller) -> None:
    _, before = await send(call, PUBLIC, JPEG)
    _, state = await call("GET //_sandbox/world")
    status, loaded = await call("PUT //_sandbox/world", state)
    assert (status, loaded) == (200, state)
    _, listed = await call("GET /conversations/1/messages")
    assert listed["payload"][0]["attachments"] == before["attachments"]
    assert (await download(before["attachments"][0]["data_url"]))[0] == 404
    _, after = await send(call, PUBLIC, JPEG)
    assert after["attachments"][0]["id"] > before["attachments"][0]["id"]


async def test_a_world_may_name_files_of_a_message() -> None:
    message = {"id": 5, "content": None, "attachments": [{"file_type": "file", "name": "прайс.pdf"}]}
    async with calling("current", conversations=[CONVERSATION | {"messages": [message]}]) as call:
        _, listed = await call("GET /conversations/1/messages")
        [file] = listed["payload"][0]["attachments"]
        assert (file["file_type"], file["message_id"]) == ("file", 5)
        assert (await download(file["data_url"]))[0] == 404
