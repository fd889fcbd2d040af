"""The Bot API of the sandbox: Telegram's limits and words, polling, webhooks, and a real aiogram bot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from aiohttp import web

from tests.sandbox.telegram_stand import PERSON, TOKEN, Stand, inline, telegram_stand


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with telegram_stand() as fresh:
        await fresh.person("say", text="/start")
        yield fresh


@pytest.fixture
async def aiogram_bot(stand: Stand) -> AsyncIterator[Bot]:
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(stand.url)))
    yield bot
    await bot.session.close()


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": " \n "}, "Bad Request: message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "Bad Request: message text is empty"),
        ({"text": "ә" * 4097}, "Bad Request: message is too long"),
        ({"text": "hi", "parse_mode": "Markup"}, "Bad Request: unsupported parse_mode"),
        ({"text": "hi", "reply_markup": inline("ә" * 33)}, "Bad Request: BUTTON_DATA_INVALID"),
        ({"text": "hi", "reply_markup": inline("a", callback_data="")}, "Bad Request: BUTTON_DATA_INVALID"),
        (
            {"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
            "Bad Request: text buttons are unallowed in the inline keyboard",
        ),
        (
            {
                "text": "hi",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "copy_text": {"text": "b" * 257}}]]},
            },
            "Bad Request: BUTTON_COPY_TEXT_INVALID",
        ),
        (
            {"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "clinic"}]]}},
            "Bad Request: inline keyboard button URL 'clinic' is invalid: Wrong HTTP URL",
        ),
        ({"text": "hi", "chat_id": 999}, "Bad Request: chat not found"),
        ({"text": "hi", "chat_id": ""}, "Bad Request: chat_id is empty"),
        (
            {"text": "1 < 2", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Unclosed start tag at byte offset 2",
        ),
        (
            {"text": "я<br>", "parse_mode": "HTML"},
            'Bad Request: can\'t parse entities: Unsupported start tag "br" at byte offset 2',
        ),
        (
            {"text": "<b>hi", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            {"text": "<b>hi</i>", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Unmatched end tag at byte offset 5, "
            'expected "</b>", found "</i>"',
        ),
        (
            {"text": "hi</b>", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Unexpected end tag at byte offset 2",
        ),
    ],
)
async def test_a_message_telegram_would_refuse_is_refused_in_its_words(
    stand: Stand, params: dict[str, Any], description: str
) -> None:
    assert await stand.refusal("sendMessage", **({"chat_id": PERSON} | params)) == (400, description)


async def test_the_longest_allowed_message_and_data_pass(stand: Stand) -> None:
    sent = await stand.call(
        "sendMessage", chat_id=PERSON, text="<b>" + "ә" * 4096 + "</b>", parse_mode="HTML",
        reply_markup=inline("ә" * 32),
    )  # fmt: skip
    assert len(sent["text"]) == 4096
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]


async def test_entities_count_utf16_units_and_white_space_around_a_text_is_dropped(stand: Stand) -> None:
    text = '  😀 <b>A &amp; <i>B</i></b> <a href="https://one-link.kz">link</a> /book '
    sent = await stand.call("sendMessage", chat_id=PERSON, text=text, parse_mode="html")
    assert sent["text"] == "😀 A & B link /book"
    assert sent["entities"] == [
        {"type": "bold", "offset": 3, "length": 5},
        {"type": "italic", "offset": 7, "length": 1},
        {"type": "text_link", "offset": 9, "length": 4, "url": "https://one-link.kz"},
        {"type": "bot_command", "offset": 14, "length": 5},
    ]


async def test_edits_are_checked_against_what_is_there(stand: Stand) -> None:
    card = await stand.call("sendMessage", chat_id=PERSON, text="When?", reply_markup=inline("10:00"))
    this = {"chat_id": PERSON, "message_id": card["message_id"]}
    same = await stand.refusal("editMessageText", **this, text="When?", reply_markup=inline("10:00"))
    assert same == (
        400,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly "
        "the same as a current content and reply markup of the message",
    )
    edited = await stand.call("editMessageText", **this, text="When?")
    assert "reply_markup" not in edited
    assert "edit_date" in edited
    keyboard = {"keyboard": [[{"text": "Yes"}]]}
    assert (await stand.refusal("editMessageText", **this, text="New", reply_markup=keyboard))[1] == (
        "Bad Request: inline keyboard expected"
    )
    gone = await stand.refusal("editMessageText", chat_id=PERSON, message_id=10_000, text="New")
    assert gone == (400, "Bad Request: message to edit not found")


async def test_a_bot_edits_only_its_own_messages_without_a_reply_keyboard(stand: Stand) -> None:
    said = await stand.person("say", text="hello")
    asked = await stand.call(
        "sendMessage", chat_id=PERSON, text="Phone?", reply_markup={"keyboard": [[{"text": "Share"}]]}
    )
    for message_id in (said["message_id"], asked["message_id"]):
        refused = await stand.refusal("editMessageText", chat_id=PERSON, message_id=message_id, text="New")
        assert refused == (400, "Bad Request: message can't be edited")


async def test_messages_of_both_sides_can_be_deleted_for_two_days(stand: Stand) -> None:
    said = await stand.person("say", text="900215300348")
    old = await stand.call("sendMessage", chat_id=PERSON, text="old")
    assert await stand.call("deleteMessage", chat_id=PERSON, message_id=said["message_id"])
    again = await stand.refusal("deleteMessage", chat_id=PERSON, message_id=said["message_id"])
    assert again == (400, "Bad Request: message to delete not found")
    stand.clock.advance(48 * 3600 + 60)
    late = await stand.refusal("deleteMessage", chat_id=PERSON, message_id=old["message_id"])
    assert late == (400, "Bad Request: message can't be deleted for everyone")
    assert await stand.call("deleteMessages", chat_id=PERSON, message_ids=[old["message_id"], 10_000])


async def test_a_tap_can_be_answered_for_a_quarter_of_an_hour(stand: Stand) -> None:
    await stand.call("sendMessage", chat_id=PERSON, text="Sure?", reply_markup=inline("Yes"))
    tap = await stand.person("tap", label="Yes")
    answer = {"callback_query_id": tap["query_id"], "text": "Done"}
    assert (await stand.refusal("answerCallbackQuery", **answer | {"text": "x" * 201}))[0] == 400
    assert await stand.call("answerCallbackQuery", **answer)
    assert [toast["text"] for toast in (await stand.see())["toasts"]] == ["Done"]
    stand.clock.advance(16 * 60)
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await stand.refusal("answerCallbackQuery", **answer) == (400, too_old)
    assert await stand.refusal("answerCallbackQuery", callback_query_id="1") == (400, too_old)


async def test_nobody_hears_a_bot_they_never_wrote_to_or_have_blocked(stand: Stand) -> None:
    await stand.http.put("/_sandbox/chats/8", json={"first_name": "Silent"})
    assert await stand.refusal("sendMessage", chat_id=8, text="hi") == (400, "Bad Request: chat not found")
    await stand.person("block", blocked=True)
    blocked = await stand.refusal("sendMessage", chat_id=PERSON, text="hi")
    assert blocked == (403, "Forbidden: bot was blocked by the user")
    await stand.person("block", blocked=False)
    await stand.call("sendMessage", chat_id=PERSON, text="hi again")


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/botnonsense/getMe", 404, "Not Found"),
        (f"/bot{TOKEN}/makeCoffee", 404, "Not Found"),
    ],
)
async def test_unknown_addresses_are_not_found(
    stand: Stand, path: str, status: int, description: str
) -> None:
    response = await stand.http.get(path)
    assert response.status_code == status
    assert response.json() == {"ok": False, "error_code": status, "description": description}


async def test_a_revoked_token_is_unauthorized(stand: Stand) -> None:
    await stand.http.put("/_sandbox/telegram", json={"tokens": ["1:other"]})
    assert await stand.refusal("getMe") == (401, "Unauthorized")


async def test_updates_come_again_until_they_are_confirmed(stand: Stand) -> None:
    [start] = await stand.updates()
    await stand.person("say", text="second")
    assert [update["message"]["text"] for update in await stand.updates()] == ["/start", "second"]
    assert len(await stand.updates(limit=1)) == 1
    [second] = await stand.updates(offset=start["update_id"] + 1)
    assert second["message"]["text"] == "second"
    assert not (await stand.telegram())["idle"]
    assert await stand.updates(offset=second["update_id"] + 1) == []
    assert (await stand.telegram(idle=1, wait=5))["idle"]


async def test_a_long_poll_ends_when_something_happens(stand: Stand) -> None:
    await stand.updates(offset=-1)
    confirmed = (await stand.updates())[-1]["update_id"] + 1
    poll = asyncio.create_task(stand.updates(offset=confirmed, timeout=20))
    await stand.telegram(idle=1, wait=5)
    await stand.person("say", text="news")
    assert [update["message"]["text"] for update in await poll] == ["news"]


async def test_a_second_poll_ends_the_first_with_a_conflict(stand: Stand) -> None:
    [start] = await stand.updates()
    offset = start["update_id"] + 1
    first = asyncio.create_task(stand.refusal("getUpdates", offset=offset, timeout=20))
    await stand.telegram(idle=1, wait=5)
    assert await stand.updates(offset=offset) == []
    status, description = await first
    assert status == 409
    assert description.startswith("Conflict: terminated by other getUpdates request")


async def test_only_asked_for_kinds_of_updates_are_kept(stand: Stand) -> None:
    await stand.updates(allowed_updates=["callback_query"])
    assert (await stand.person("say", text="unheard"))["update_id"] is None
    assert [update["message"]["text"] for update in await stand.updates()] == ["/start"]


Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """A bot's webhook on a free port."""
    app = web.Application()
    app.router.add_post("/telegram", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/telegram"
    finally:
        await runner.cleanup()


async def test_a_webhook_gets_each_update_until_it_accepts_it(stand: Stand) -> None:
    seen: list[tuple[str | None, Any]] = []

    async def refuse_once(request: web.Request) -> web.Response:
        seen.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), await request.json()))
        return web.Response(status=500 if len(seen) == 1 else 200)

    async with listening(refuse_once) as url:
        await stand.call("setWebhook", url=url, secret_token="s3cret")
        assert (await stand.telegram(idle=1, wait=10))["idle"]
        assert "500" in (await stand.telegram())["webhook"]["last_error_message"]
        await stand.call("deleteWebhook")
    first, second = seen
    assert first == second
    assert first[0] == "s3cret"
    assert first[1]["message"]["text"] == "/start"


async def test_the_answer_of_a_webhook_may_be_a_call(stand: Stand) -> None:
    async def reply(request: web.Request) -> web.Response:
        chat_id = (await request.json())["message"]["chat"]["id"]
        return web.json_response({"method": "sendMessage", "chat_id": chat_id, "text": "Hello"})

    async with listening(reply) as url:
        await stand.call("setWebhook", url=url)
        assert (await stand.telegram(idle=1, wait=10))["idle"]
        await stand.call("deleteWebhook")
    assert [m["text"] for m in (await stand.see())["messages"]] == ["/start", "Hello"]


async def test_a_slow_webhook_delays_one_person_only(stand: Stand) -> None:
    release = asyncio.Event()
    arrived: list[str] = []

    async def hold_the_first(request: web.Request) -> web.Response:
        text = (await request.json())["message"]["text"]
        arrived.append(text)
        if text == "/start":
            await release.wait()
        elif text == "other":
            release.set()
        return web.Response()

    async with listening(hold_the_first) as url:
        await stand.call("setWebhook", url=url)
        await stand.person("say", text="later")
        await stand.person("say", chat_id=7002, text="other")
        assert (await stand.telegram(idle=1, wait=10))["idle"]
        await stand.call("deleteWebhook")
    assert arrived == ["/start", "other", "later"]


async def test_polling_and_webhook_exclude_each_other(stand: Stand) -> None:
    await stand.call("setWebhook", url="http://127.0.0.1:9/unreachable")
    conflict = await stand.refusal("getUpdates")
    assert conflict == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first",
    )
    info = await stand.call("getWebhookInfo")
    assert (info["url"], info["pending_update_count"]) == ("http://127.0.0.1:9/unreachable", 1)
    await stand.call("deleteWebhook")
    assert len(await stand.updates()) == 1


async def test_the_limits_of_speed_are_off_until_switched_on(stand: Stand) -> None:
    for number in range(5):
        await stand.call("sendMessage", chat_id=PERSON, text=f"message {number}")
    await stand.http.put("/_sandbox/telegram", json={"pacing": True})
    answers = [
        (await stand.http.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": PERSON, "text": "x"})).json()
        for _ in range(5)
    ]
    refused = answers[-1]
    assert refused["error_code"] == 429
    assert refused["parameters"] == {"retry_after": 1}
    assert refused["description"] == "Too Many Requests: retry after 1"


async def test_an_unmodified_aiogram_bot_feels_at_home(stand: Stand, aiogram_bot: Bot) -> None:
    bot = aiogram_bot
    assert (await bot.get_me()).id == 42
    card = await bot.send_message(
        PERSON,
        "<b>Қашан?</b>",
        parse_mode="HTML",
        reply_markup=InlineKeyboardMarkup(
            inline_keyboard=[[InlineKeyboardButton(text="10:00", callback_data="slot:1", style="success")]]
        ),
    )
    assert card.html_text == "<b>Қашан?</b>"
    await stand.person("tap", label="10:00")
    updates = await bot.get_updates()
    query = updates[-1].callback_query
    assert query is not None
    assert query.data == "slot:1"
    await query.answer("Жарайды", show_alert=True)
    await bot.edit_message_text("Дайын", chat_id=PERSON, message_id=card.message_id)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("Дайын", chat_id=PERSON, message_id=card.message_id)
    await bot.send_message(
        PERSON,
        "Нөмір?",
        reply_markup=ReplyKeyboardMarkup(
            keyboard=[[KeyboardButton(text="Бөлісу", request_contact=True)]], resize_keyboard=True
        ),
    )
    await stand.person("tap", label="Бөлісу")
    message = (await bot.get_updates(offset=updates[-1].update_id + 1))[0].message
    assert message is not None
    assert message.contact is not None
    assert message.contact.user_id == PERSON
    await bot.send_message(PERSON, "Рақмет", reply_markup=ReplyKeyboardRemove())
    ics = BufferedInputFile("BEGIN:VCALENDAR қ".encode(), "visit.ics")
    sent = await bot.send_document(PERSON, ics, caption="Күнтізбе")
    assert sent.document is not None
    assert sent.document.file_name == "visit.ics"
    downloaded = await bot.download(sent.document)
    assert downloaded is not None
    assert downloaded.read().decode() == "BEGIN:VCALENDAR қ"
    await bot.send_venue(PERSON, 43.24, 76.89, "Клиника", "Достық 1")
    await bot.send_chat_action(PERSON, "typing")
    await bot.set_my_commands([BotCommand(command="book", description="Записаться")], language_code="ru")
    seen = await stand.see()
    assert seen["keyboard"] is None
    assert seen["toasts"][0]["alert"]
    assert seen["typing"] == "typing"
    assert seen["bot"]["commands"] == [{"command": "book", "description": "Записаться"}]
    kinds = [message["kind"] for message in seen["messages"] if message["from"] == "bot"]
    assert kinds == ["text", "text", "text", "document", "venue"]


async def test_aiogram_understands_planned_refusals(stand: Stand, aiogram_bot: Bot) -> None:
    plan = {"method": "sendMessage", "status": 429, "retry_after": 7}
    await stand.http.post("/_sandbox/telegram/refusals", json=plan)
    await stand.http.post("/_sandbox/telegram/refusals", json={"method": "sendMessage", "status": 403})
    with pytest.raises(TelegramRetryAfter) as refused:
        await aiogram_bot.send_message(PERSON, "hi")
    assert refused.value.retry_after == 7
    with pytest.raises(TelegramForbiddenError, match="blocked by the user"):
        await aiogram_bot.send_message(PERSON, "hi")
    await aiogram_bot.send_message(PERSON, "hi")
