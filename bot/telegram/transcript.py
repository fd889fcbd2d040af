"""What a client taps and types becomes a line of the transcript that operators read later."""

import re
from typing import TypeGuard

from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Message, Update

from bot.dialogue.transcript import HIDDEN, PERSONAL, tapped, typed
from bot.telegram.card import Card
from bot.telegram.keyboard import Tap

#: How the data of buttons begins that answer with the name in Telegram.
_OWN_NAME = re.compile(rf"{Tap.__prefix__}:[^:]*:\d+:name:")


def overhear(card: Card, update: Update) -> None:
    """Keep a line about this update, before anything is done about it."""
    if card.turn.client.handoff is not None:
        return  # the operators read it themselves
    if update.callback_query is not None:
        question, label = _tapped(update.callback_query)
        if label:
            card.heard(tapped(question, label))
    elif _is_private(update.message) and card.draft is not None:
        card.heard(typed(_written(card, update.message)))


def _is_private(message: Message | None) -> TypeGuard[Message]:
    """What clients write in a group is not said to the bot's booking."""
    return message is not None and message.chat.type == ChatType.PRIVATE


def _tapped(query: CallbackQuery) -> tuple[str | None, str | None]:
    """What the message asked (its words in bold) and what the button said."""
    message = query.message
    if not isinstance(message, Message):
        return None, None
    bold = [
        it.extract_from(message.text) for it in message.entities or () if message.text and it.type == "bold"
    ]
    rows = message.reply_markup.inline_keyboard if message.reply_markup else []
    label = next((it.text for row in rows for it in row if it.callback_data == query.data), None)
    if label and _OWN_NAME.match(query.data or ""):
        label = HIDDEN
    return (bold[0] if bold else None), label


def _written(card: Card, message: Message) -> str:
    _, _, question = (card.turn.state or "").partition(":")
    if question in PERSONAL:
        return HIDDEN
    return message.text or f"[{message.content_type}]"
