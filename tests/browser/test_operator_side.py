"""The operator's side of the demo page in a browser: what a client wrote is read, answered and settled."""

import re
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

import aiohttp
import pytest
from playwright.async_api import FilePayload, Locator, Page, Response, expect

from bot.sandbox.clock import Clock
from bot.sandbox.server import Sandbox, serving
from tests.browser.conftest import OpenPage
from tests.sandbox.worlds import FIXTURE_WORLD, NOW, TOKEN, Row

pytestmark = pytest.mark.browser

ALIYA = "Алия Нурланова"
CLIENT = "/public/api/v1/inboxes/IDENT/contacts/tg_1/conversations/1"
STAFF = "/api/v1/accounts/7/conversations/1"
CONVERSATION: Row = {"id": 1, "inbox_id": 14, "contact_id": 501, "source_id": "tg_1", "status": "open"}


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


PICTURE = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0)),  # two pixels, 24-bit colour
        _chunk(b"IDAT", zlib.compress(b"\0\xff\0\0\0\0\xff")),
        _chunk(b"IEND", b""),
    )
)
ROUTE: FilePayload = {"name": "Как пройти.png", "mimeType": "image/png", "buffer": PICTURE}


class Desk(NamedTuple):
    """An operator at the page, and the client and the bot elsewhere, who speak to One-Link over HTTP."""

    page: Page
    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def conversation(self) -> Row:
        return self.sandbox.world.conversations[1]

    @property
    def thread(self) -> Locator:
        return self.page.get_by_role("log", name="Messages of the conversation")

    @property
    def reply(self) -> Locator:
        return self.page.get_by_role("textbox", name="Reply")

    def message(self, words: str) -> Locator:
        return self.thread.get_by_role("listitem").filter(has_text=words)

    async def opens(self) -> None:
        await self.page.get_by_role("button", name="Conversations").click()
        await self.page.get_by_role("button", name=f"{ALIYA}, ").click()

    async def call(self, method: str, path: str, body: Any) -> Any:
        async with self.session.request(method, self.sandbox.url + path, json=body) as response:
            response.raise_for_status()
            return await response.json()

    async def client_writes(self, words: str, key: str = "tg:1:1") -> None:
        await self.call("POST", f"{CLIENT}/messages", {"content": words, "source_id": key})


@pytest.fixture
async def desk(open_page: OpenPage) -> AsyncIterator[Desk]:
    """The page as it opens: the calendar is shown, one conversation is open, nothing is written in it yet."""
    world = FIXTURE_WORLD | {"conversations": [CONVERSATION]}
    async with (
        serving(world=world, clock=Clock(datetime.fromisoformat(NOW))) as sandbox,
        aiohttp.ClientSession(headers={"api_access_token": TOKEN}) as session,
        open_page("about:blank") as page,
    ):
        await page.goto(f"{sandbox.url}/#person=700")
        await expect(page.get_by_role("button", name="Conversations 1 open")).to_be_visible()
        yield Desk(page, sandbox, session)


async def test_what_a_client_writes_is_counted_until_the_operator_reads_it(desk: Desk) -> None:
    await desk.client_writes("Можно ли прийти с **ребёнком**?")
    await expect(desk.page.locator("#conversations-badge")).to_have_class(re.compile("urgent"))

    await desk.page.get_by_role("button", name="Conversations").click()
    await expect(
        desk.message("Можно ли прийти с ребёнком?").locator("b", has_text="ребёнком")
    ).to_be_visible()

    await expect(desk.page.get_by_role("button", name=f"{ALIYA}, open", exact=True)).to_be_visible()
    await expect(desk.page.locator("#conversations-badge")).not_to_have_class(re.compile("urgent"))
    assert desk.conversation["agent_last_seen_at"] > 0


async def test_enter_sends_a_reply_and_shift_enter_begins_a_new_line(desk: Desk) -> None:
    await desk.opens()
    await desk.reply.press_sequentially("Да, конечно!")
    await desk.reply.press("Shift+Enter")
    await desk.reply.press_sequentially("Ждём вас.")
    await desk.reply.press("Enter")

    await expect(desk.message("Ждём вас.")).to_contain_text("Дана")
    await expect(desk.reply).to_have_value("")
    [message] = desk.conversation["messages"]
    assert (message["content"], message["message_type"]) == ("Да, конечно!\nЖдём вас.", 1)


async def test_a_picture_goes_with_a_reply_and_is_shown(desk: Desk) -> None:
    await desk.opens()
    await desk.page.get_by_label("Files of the reply").set_input_files([ROUTE])
    await expect(desk.page.get_by_role("list", name="Goes with the reply")).to_contain_text("Как пройти.png")
    await desk.reply.fill("Вот как пройти")
    await desk.page.get_by_role("button", name="Send reply").click()

    picture = desk.message("Вот как пройти").get_by_role("img", name="Как пройти.png")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 2)
    await expect(desk.page.get_by_role("list", name="Goes with the reply")).to_be_hidden()


async def test_a_private_note_is_marked_and_what_follows_is_for_the_client_again(desk: Desk) -> None:
    await desk.opens()
    await desk.page.get_by_label("Private note").check()
    await desk.reply.fill("Перезвонить вечером")
    await desk.reply.press("Enter")

    await expect(desk.message("Перезвонить вечером")).to_contain_text("private note")
    await expect(desk.page.get_by_label("Private note")).not_to_be_checked()
    assert desk.conversation["messages"][0]["private"]


async def test_a_conversation_is_resolved_with_a_survey_and_given_back_to_the_bot(desk: Desk) -> None:
    await desk.opens()
    await desk.page.get_by_role("button", name="Resolve with survey").click()
    await expect(desk.message("Оцените нас")).to_contain_text("survey")
    await expect(desk.page.get_by_role("button", name=f"{ALIYA}, resolved")).to_be_visible()
    await expect(desk.page.get_by_role("button", name="Conversations", exact=True)).to_be_visible()

    await desk.page.get_by_role("button", name="Back to the bot").click()
    await expect(desk.message("Conversation was marked as pending by Дана")).to_be_visible()
    assert desk.conversation["status"] == "pending"


async def test_a_reply_names_what_it_answers_and_an_operator_takes_the_conversation(desk: Desk) -> None:
    await desk.client_writes("До скольки вы открыты?")
    await desk.opens()
    await desk.message("До скольки вы открыты?").get_by_role("button", name="Reply").click()
    await desk.reply.fill("До шести")
    await desk.reply.press("Enter")
    await expect(desk.message("До шести")).to_contain_text("До скольки вы открыты?")
    asked, answered = desk.conversation["messages"]
    assert answered["content_attributes"]["in_reply_to"] == asked["id"]

    await desk.page.get_by_label("Assigned to").select_option("Дана")
    await expect(desk.message("Дана self-assigned this conversation")).to_be_visible()
    assert desk.conversation["assignee_id"] == 21


async def test_a_failed_reply_can_be_sent_again_or_deleted(desk: Desk) -> None:
    await desk.opens()
    await desk.reply.fill("Вы придёте?")
    await desk.reply.press("Enter")
    said = desk.message("Вы придёте?")
    await expect(said).to_be_visible()
    failed = {"status": "failed", "external_error": "bot was blocked by the user"}
    await desk.call("PATCH", f"{STAFF}/messages/{desk.conversation['messages'][0]['id']}", failed)

    await expect(said).to_contain_text("Not delivered: bot was blocked by the user")
    await said.get_by_role("button", name="Retry").click()
    await expect(said.get_by_role("img", name="sent")).to_be_visible()

    await said.get_by_role("button", name="Delete").click()
    await expect(desk.message("Сообщение удалено")).to_be_visible()
    await expect(said).to_have_count(0)


async def test_what_the_bot_writes_is_marked_and_foreign_html_and_links_stay_text(desk: Desk) -> None:
    words = "<img src=x onerror=alert(1)> _нет_ [сюда](javascript:alert(1)) [карта](https://2gis.kz/a_b_c)"
    await desk.call("POST", f"{STAFF}/messages", {"content": words, "message_type": "outgoing"})
    await desk.opens()

    message = desk.message("<img src=x onerror=alert(1)>")
    await expect(message).to_contain_text("bot")
    await expect(message.locator("i")).to_have_text("нет")
    await expect(message.get_by_role("link")).to_have_count(1)
    await expect(message.get_by_role("link", name="карта")).to_have_attribute("href", "https://2gis.kz/a_b_c")
    await expect(message.locator("img")).to_have_count(0)


async def test_typing_is_told_to_the_client_and_seen_of_the_client(desk: Desk) -> None:
    told: list[str] = []
    desk.sandbox.world.listeners.append(lambda event: told.append(event.name))
    await desk.opens()
    await desk.reply.press_sequentially("Сейчас")
    async with desk.page.expect_response(_says_that_typing_ended):
        await desk.reply.fill("")
    assert told == ["conversation_typing_on", "conversation_typing_off"]

    started = {"typing_status": "on"}
    async with desk.session.post(f"{desk.sandbox.url}{CLIENT}/toggle_typing", json=started) as response:
        assert response.ok
    await expect(desk.page.get_by_text(f"{ALIYA} is typing…")).to_be_visible()


def _says_that_typing_ended(response: Response) -> bool:
    return response.url.endswith("/typing") and '"on":false' in (response.request.post_data or "")


async def test_a_refusal_is_told_and_the_words_are_not_lost(desk: Desk) -> None:
    await desk.opens()
    await desk.client_writes("Здравствуйте")
    await expect(desk.message("Здравствуйте")).to_be_visible()
    now = desk.conversation["messages"][0]["created_at"]
    many = [dict(desk.conversation["messages"][0], id=100 + number, created_at=now) for number in range(200)]
    desk.conversation["messages"].extend(many)  # as many as One-Link takes in a minute
    await desk.reply.fill("Добрый день")
    await desk.reply.press("Enter")

    await expect(desk.page.get_by_role("alert")).to_have_text("Not possible: Too many messages")
    await expect(desk.reply).to_have_value("Добрый день")


async def test_the_next_webhook_is_lost_once_the_switch_is_on(desk: Desk) -> None:
    desk.sandbox.world.inboxes[14]["webhook_url"] = f"{desk.sandbox.url}/_nobody"
    switch = desk.page.get_by_role("button", name="Lose the next webhook")
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await desk.client_writes("Здравствуйте")
    await expect(switch).to_have_attribute("aria-pressed", "false")
    async with desk.session.get(f"{desk.sandbox.url}/_sandbox/webhooks") as response:
        assert [row["state"] for row in await response.json()] == ["lost"]


async def test_a_message_that_fails_after_its_last_webhook_is_seen_to_have_failed(desk: Desk) -> None:
    desk.sandbox.world.switches["webhook_pauses"] = [0]
    desk.sandbox.world.inboxes[14]["webhook_url"] = "http://127.0.0.1:1/"  # where nobody listens
    await desk.opens()
    await desk.client_writes("Есть кто живой?")
    await expect(desk.message("Есть кто живой?")).to_contain_text(
        "Not delivered: Failed to open TCP connection"
    )


async def test_a_narrow_page_shows_the_list_or_one_conversation(desk: Desk) -> None:
    await desk.page.set_viewport_size({"width": 400, "height": 780})
    await desk.page.get_by_role("button", name="Clinic").click()
    await desk.opens()
    await expect(desk.reply).to_be_visible()
    await expect(desk.page.get_by_role("list", name="Conversations with clients")).to_be_hidden()
    await desk.page.get_by_role("button", name="All conversations").click()
    await expect(desk.page.get_by_role("list", name="Conversations with clients")).to_be_visible()


async def test_a_client_sends_a_picture_of_their_own_choosing(desk: Desk) -> None:
    await desk.page.get_by_role("button", name="START").click()
    await desk.page.get_by_role("textbox", name="Message").fill("Мой снимок")
    await desk.page.get_by_role("button", name="Send a photo, a file or something else").click()
    async with desk.page.expect_file_chooser() as choosing:
        await desk.page.get_by_role("button", name="Photo or video").click()
    await (await choosing.value).set_files([ROUTE])

    chat = desk.page.get_by_label("Chat with the bot")
    picture = chat.get_by_role("listitem").filter(has_text="Мой снимок").get_by_role("img")
    await expect(picture).to_have_js_property("naturalWidth", 2)
    sent = desk.sandbox.telegram.state.chats[700].newest_first()[0]
    assert (sent.body["photo"][0]["file_size"], sent.body["caption"]) == (len(PICTURE), "Мой снимок")
