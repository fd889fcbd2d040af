"""Telegram's webhook: updates as they are posted, and the request that an answer may carry."""

from typing import Any

import orjson
from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import Update

from bot.telegram.session import json_of


def posted(body: bytes, bot: Bot) -> Update:
    """The update, with its bot: otherwise the dispatcher takes it apart and reads it again, to give it one.

    Raises ValueError if it is none.
    """
    said = orjson.loads(body)
    _forget_other_buttons(said)
    return Update.model_validate(said, context={"bot": bot})


def answer_with(request: TelegramMethod[Any], bot: Bot) -> bytes:
    """A request, as the body of an answer."""
    return orjson.dumps({"method": request.__api_method__, **json_of(request, bot)})


def _forget_other_buttons(said: Any) -> None:
    """Of the message that was tapped only the tapped button: twenty take longer to read than all the rest."""
    match said:
        case {
            "callback_query": {
                "data": data,
                "message": {"reply_markup": {"inline_keyboard": [*rows]} as keyboard},
            }
        }:
            buttons = (it for row in rows if isinstance(row, list) for it in row)
            tapped = [it for it in buttons if isinstance(it, dict) and it.get("callback_data") == data]
            keyboard["inline_keyboard"] = [tapped]
