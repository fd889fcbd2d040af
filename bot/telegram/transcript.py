"""What a client taps and types becomes a line of the transcript that operators read later."""

from aiogram.types import CallbackQuery, Message, Update

from bot.dialogue.transcript import HIDDEN, PERSONAL, tapped, typed
from bot.telegram.card import Card


def overhear(card: Card, update: Update) -> None:
    """Keep a line about this update, before anything is done about it."""
    if card.turn.client.handoff is not None:
        return  # the operators read it themselves
    if update.callback_query is not None:
        question, label = _tapped(update.callback_query)
        if label:
            card.heard(tapped(question, label))
    elif update.message is not None and card.draft is not None:
        card.heard(typed(_written(card, update.message)))


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
    return (bold[0] if bold else None), label


def _written(card: Card, message: Message) -> str:
    _, _, question = (card.turn.state or "").partition(":")
    if question in PERSONAL:
        return HIDDEN
    return message.text or f"[{message.content_type}]"
