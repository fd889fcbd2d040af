"""People in the sandbox: what they do becomes updates, what the bot does is what they see."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sandbox.telegram_stand import PERSON, Json, Stand, inline, telegram_stand


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with telegram_stand() as fresh:
        await fresh.person("say", text="/start")
        yield fresh


async def last_update(stand: Stand) -> Json:
    return (await stand.updates())[-1]


async def test_a_described_person_is_who_the_bot_meets(stand: Stand) -> None:
    described = {"first_name": "Айжан", "last_name": "Ахметова", "language_code": None}
    await stand.http.put(f"/_sandbox/chats/{PERSON}", json=described)
    await stand.person("say", text="сәлем")
    message = (await last_update(stand))["message"]
    assert message["from"] == {
        "id": PERSON,
        "is_bot": False,
        "first_name": "Айжан",
        "last_name": "Ахметова",
    }
    assert message["chat"]["type"] == "private"


async def test_a_label_is_found_without_its_marks_and_case_in_the_newest_message(stand: Stand) -> None:
    for card in ("old", "new"):
        buttons = [
            {"text": "✓ Подтвердить", "callback_data": card},
            {"text": "‹ Назад", "callback_data": "b"},
        ]
        await stand.call(
            "sendMessage", chat_id=PERSON, text=card, reply_markup={"inline_keyboard": [buttons]}
        )
    await stand.person("tap", label="подтвердить")
    query = (await last_update(stand))["callback_query"]
    assert query["data"] == "new"
    assert query["message"]["text"] == "new"
    assert query["from"]["id"] == PERSON


async def test_a_missing_label_names_what_there_is(stand: Stand) -> None:
    await stand.call("sendMessage", chat_id=PERSON, text="When?", reply_markup=inline("10:00", "11:00"))
    response = await stand.http.post(f"/_sandbox/chats/{PERSON}/tap", json={"label": "12:00"})
    assert response.status_code == 404
    assert response.json()["labels"] == ["10:00", "11:00"]


async def test_two_buttons_that_differ_only_in_marks_are_not_guessed_between(stand: Stand) -> None:
    await stand.call("sendMessage", chat_id=PERSON, text="Which?", reply_markup=inline("• Anna", "✓ Anna"))
    response = await stand.http.post(f"/_sandbox/chats/{PERSON}/tap", json={"label": "Anna"})
    assert response.status_code == 404
    assert (await stand.person("tap", label="✓ Anna"))["update_id"]


async def test_a_tap_on_a_card_that_has_changed_still_travels(stand: Stand) -> None:
    card = await stand.call("sendMessage", chat_id=PERSON, text="When?", reply_markup=inline("10:00"))
    this = {"chat_id": PERSON, "message_id": card["message_id"]}
    await stand.call("editMessageText", **this, text="Booked")
    await stand.person("tap", data="10:00", message_id=card["message_id"])
    assert (await last_update(stand))["callback_query"]["data"] == "10:00"
    await stand.call("deleteMessage", **this)
    await stand.person("tap", data="10:00", message_id=card["message_id"])
    assert (await last_update(stand))["callback_query"]["message"] == {
        "chat": {"id": PERSON, "first_name": "Client", "type": "private"},
        "message_id": card["message_id"],
        "date": 0,
    }


async def test_links_and_copied_codes_make_no_update(stand: Stand) -> None:
    row = [{"text": "Map", "url": "https://2gis.kz"}, {"text": "Code", "copy_text": {"text": "4F7K"}}]
    await stand.call("sendMessage", chat_id=PERSON, text="See you", reply_markup={"inline_keyboard": [row]})
    assert (await stand.person("tap", label="Map"))["url"] == "https://2gis.kz"
    assert (await stand.person("tap", label="Code"))["update_id"] is None
    assert len(await stand.updates()) == 1
    [buttons] = (await stand.see())["messages"][-1]["buttons"]
    assert buttons == [{"text": "Map", "url": "https://2gis.kz"}, {"text": "Code", "copy_text": "4F7K"}]


async def test_a_reply_keyboard_sends_words_or_the_own_contact_and_can_be_one_time(stand: Stand) -> None:
    keyboard = {
        "keyboard": [[{"text": "Share", "request_contact": True}], [{"text": "Skip"}]],
        "one_time_keyboard": True,
    }
    await stand.call("sendMessage", chat_id=PERSON, text="Phone?", reply_markup=keyboard)
    assert (await stand.see())["keyboard"] == keyboard["keyboard"]
    await stand.person("tap", label="share")
    contact = (await last_update(stand))["message"]["contact"]
    assert contact == {"phone_number": "+77010007001", "first_name": "Client", "user_id": PERSON}
    assert (await stand.see())["keyboard"] is None
    await stand.call("sendMessage", chat_id=PERSON, text="Phone?", reply_markup=keyboard)
    await stand.person("tap", label="Skip")
    assert (await last_update(stand))["message"]["text"] == "Skip"


@pytest.mark.parametrize(
    ("given", "expected"), [({}, PERSON), ({"user_id": 5}, 5), ({"user_id": None}, None)]
)
async def test_a_contact_may_be_somebody_elses(stand: Stand, given: Json, expected: int | None) -> None:
    await stand.person("contact", phone="77015554433", **given)
    contact = (await last_update(stand))["message"]["contact"]
    assert contact["phone_number"] == "77015554433"
    assert contact.get("user_id") == expected


async def test_a_person_edits_their_last_message(stand: Stand) -> None:
    said = await stand.person("say", text="Айжан")
    await stand.person("edit", text="Айжан Ахметова")
    edited = (await last_update(stand))["edited_message"]
    assert (edited["message_id"], edited["text"]) == (said["message_id"], "Айжан Ахметова")
    assert (await stand.see())["messages"][-1]["history"] == ["Айжан"]


async def test_blocking_is_told_once_and_stops_the_person_too(stand: Stand) -> None:
    await stand.person("block", blocked=True)
    change = (await last_update(stand))["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    assert (await stand.person("block", blocked=True))["update_id"] is None
    refused = await stand.http.post(f"/_sandbox/chats/{PERSON}/say", json={"text": "hello?"})
    assert refused.status_code == 409
    await stand.person("block", blocked=False)
    assert (await last_update(stand))["my_chat_member"]["new_chat_member"]["status"] == "member"


@pytest.mark.parametrize("kind", ["photo", "sticker", "voice", "document", "location"])
async def test_other_things_than_text_arrive(stand: Stand, kind: str) -> None:
    await stand.person("send", kind=kind)
    assert kind in (await last_update(stand))["message"]


async def test_what_a_person_sees_is_in_order_with_edits_and_deletions(stand: Stand) -> None:
    card = await stand.call(
        "sendMessage", chat_id=PERSON, text="one", reply_markup=inline("go", style="danger")
    )
    await stand.call("editMessageText", chat_id=PERSON, message_id=card["message_id"], text="two")
    note = await stand.call("sendMessage", chat_id=PERSON, text="note")
    await stand.call("deleteMessage", chat_id=PERSON, message_id=note["message_id"])
    seen = (await stand.see())["messages"]
    assert [(m["from"], m["text"], m["edits"], m["deleted"]) for m in seen] == [
        ("person", "/start", 0, False),
        ("bot", "two", 1, False),
        ("bot", "note", 0, True),
    ]
    assert seen[1]["history"] == ["one"]
    assert seen[1]["buttons"] == []


async def test_waiting_for_a_change_ends_with_the_change(stand: Stand) -> None:
    version = (await stand.see())["version"]
    waiting = asyncio.create_task(
        stand.http.get(f"/_sandbox/chats/{PERSON}", params={"since": version, "wait": 15})
    )
    await stand.call("sendMessage", chat_id=PERSON, text="news")
    seen = (await waiting).json()
    assert seen["messages"][-1]["text"] == "news"
    assert seen["version"] > version


async def test_a_tap_waits_until_it_is_answered(stand: Stand) -> None:
    await stand.call("sendMessage", chat_id=PERSON, text="Sure?", reply_markup=inline("Yes"))
    tap = await stand.person("tap", data="Yes")
    assert [query["query_id"] for query in (await stand.see())["waiting"]] == [tap["query_id"]]
    await stand.call("answerCallbackQuery", callback_query_id=tap["query_id"])
    assert (await stand.see())["waiting"] == []


async def test_in_a_group_a_bot_hears_only_what_is_meant_for_it(stand: Stand) -> None:
    await stand.call("getMe")
    group = -100500
    assert (await stand.person("say", group, text="good morning", from_id=1))["update_id"] is None
    await stand.person("say", group, text="/start@sandbox_clinic_bot", from_id=1)
    await stand.call("sendMessage", chat_id=group, text="Write to me", reply_markup=inline("Open"))
    await stand.person("tap", group, label="Open", from_id=2)
    message, query = (await stand.updates())[-2:]
    assert message["message"]["chat"]["type"] == "supergroup"
    assert (message["message"]["from"]["id"], query["callback_query"]["from"]["id"]) == (1, 2)


async def test_the_journal_shows_calls_without_the_token(stand: Stand) -> None:
    await stand.call("sendMessage", chat_id=PERSON, text="hi")
    await stand.refusal("sendMessage", chat_id=PERSON, text="")
    state = await stand.telegram()
    sent, refused = state["calls"]
    assert (sent["method"], sent["ok"], sent["params"]["text"]) == ("sendMessage", True, "hi")
    assert refused["error"] == "Bad Request: message text is empty"
    assert "SANDBOX" not in str(state)


async def test_the_demo_page_and_its_parts_are_served(stand: Stand) -> None:
    page = await stand.http.get("/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("page.css", "page.js", "chat_view.js", "clinic_view.js", "message_view.js", "icon.svg"):
        assert (await stand.http.get(f"/page/{name}")).status_code == 200, name
    assert (await stand.http.get("/page/other.js")).status_code == 404
