"""Updates as Telegram posts them, and requests as they travel in the answer."""

from typing import Any

import orjson
import pytest
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import Message

from bot.telegram.session import build_bot
from bot.telegram.webhook import answer_with, posted

BOT = build_bot("100200300:nobody", "http://127.0.0.1:9")
PERSON = {"id": 501, "is_bot": False, "first_name": "Aliya", "type": "private"}
ROWS = [
    [{"text": "09:00", "callback_data": "a"}, {"text": "10:00", "callback_data": "b"}],
    [{"text": "Map", "url": "https://example.org"}],
]


def tap_on(data: str, keyboard: Any) -> dict[str, Any]:
    """What is posted when a button is tapped."""
    message = {"message_id": 7, "date": 1893988800, "chat": PERSON, "reply_markup": keyboard}
    query = {"id": "1", "from": PERSON, "chat_instance": "1", "data": data, "message": message}
    return {"update_id": 1, "callback_query": query}


@pytest.mark.parametrize(("data", "labels"), [("b", ["10:00"]), ("another", [])])
def test_of_a_tapped_message_the_tapped_button_is_read(data: str, labels: list[str]) -> None:
    update = posted(orjson.dumps(tap_on(data, {"inline_keyboard": ROWS})), BOT)
    assert update.callback_query is not None
    assert update.callback_query.bot is BOT
    message = update.callback_query.message
    assert isinstance(message, Message)
    assert message.reply_markup is not None
    assert [button.text for row in message.reply_markup.inline_keyboard for button in row] == labels


@pytest.mark.parametrize("keyboard", [[], {}, {"inline_keyboard": 5}, "x"])
def test_a_keyboard_that_is_none_is_unreadable(keyboard: Any) -> None:
    with pytest.raises(ValueError, match=r"inline_keyboard|InlineKeyboardMarkup"):
        posted(orjson.dumps(tap_on("b", keyboard)), BOT)


def test_rows_that_are_none_are_left_out() -> None:
    update = posted(orjson.dumps(tap_on("b", {"inline_keyboard": [5, [6], ROWS[0]]})), BOT)
    assert update.callback_query is not None
    message = update.callback_query.message
    assert isinstance(message, Message)
    assert message.reply_markup is not None
    assert [len(row) for row in message.reply_markup.inline_keyboard] == [1]


def test_a_request_in_an_answer_names_its_method() -> None:
    request = AnswerCallbackQuery(callback_query_id="1", text="Болды")
    assert orjson.loads(answer_with(request, BOT)) == {
        "method": "answerCallbackQuery",
        "callback_query_id": "1",
        "text": "Болды",
    }
