"""Screens as Telegram shows them: HTML text, inline keyboards, the reply keyboard for the phone."""

import html

from aiogram.filters.callback_data import CallbackData
from aiogram.types import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

from bot.dialogue.screen import Choice, Look, Screen
from bot.telegram.texts import Words


class Tap(CallbackData, prefix="b"):
    """A button of the live card: `card` and `revision` tell whether it still is."""

    card: str
    revision: int
    step: str
    value: str


class VisitTap(CallbackData, prefix="v"):
    """A button under an appointment or the menu: stateless, works as long as its message exists."""

    step: str
    value: str


def text_of(screen: Screen, words: Words) -> str:
    """Notices, the question in bold, what is chosen so far, further lines. Names are escaped."""

    def said(fact: object) -> str:
        return html.escape(words.say(fact), quote=False)  # type: ignore[arg-type]

    head = [said(notice) for notice in screen.notices]
    asked = [f"<b>{said(screen.asks)}</b>", *([said(screen.chosen)] if screen.chosen else [])]
    lines = [said(line) for line in screen.lines]
    return "\n\n".join("\n".join(part) for part in (head, asked, lines) if part)


def inline_keyboard(
    screen: Screen, words: Words, card: str | None, revision: int
) -> InlineKeyboardMarkup | None:
    """The buttons. With `card` they belong to that dialogue; without, they are stateless."""
    rows = [[_button(choice, words, card, revision) for choice in row] for row in screen.rows]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def reply_keyboard(screen: Screen, words: Words) -> ReplyKeyboardMarkup:
    """The keyboard in place of the client's own: one button shares the phone, the others send their label."""
    rows = [
        [
            KeyboardButton(
                text=words.say(choice.label), request_contact=choice is screen.shares_phone or None
            )
            for choice in row
        ]
        for row in screen.rows
    ]
    return ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, one_time_keyboard=True)


def _button(choice: Choice, words: Words, card: str | None, revision: int) -> InlineKeyboardButton:
    label = words.say(choice.label)
    if choice.copies is not None:
        return InlineKeyboardButton(text=label, copy_text=CopyTextButton(text=choice.copies))
    if choice.opens is not None:
        return InlineKeyboardButton(text=label, url=choice.opens)
    tap: CallbackData = (
        VisitTap(step=choice.step, value=choice.value)
        if card is None
        else Tap(card=card, revision=revision, step=choice.step, value=choice.value)
    )
    style = choice.look.value if choice.look is not Look.PLAIN else None
    return InlineKeyboardButton(text=label, callback_data=tap.pack(), style=style)
