"""The one live message of a client that shows a dialogue: edited in place, sent anew only where it must be.

It must be where the client wrote something (the card would scroll away), where the keyboard that
shares the phone comes or goes (Telegram cannot edit one into a message), and where the old message is gone.
"""

import contextlib
from collections.abc import Awaitable
from datetime import datetime
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import InlineKeyboardMarkup, Message, ReplyKeyboardRemove
from pydantic import TypeAdapter

from bot.dialogue.dialogues import dialogue_of
from bot.dialogue.draft import BookingDraft
from bot.dialogue.personal import shown
from bot.dialogue.screen import Screen, Text
from bot.dialogue.transcript import longer, without_typed
from bot.domain.attempt import Attempt
from bot.storage import Turn
from bot.telegram.keyboard import inline_keyboard, reply_keyboard, text_of
from bot.telegram.states import state_for
from bot.telegram.texts import Words

log = structlog.get_logger(__name__)

_DRAFT = TypeAdapter(BookingDraft)
#: So much of the last question and its options is kept for operators.
_SHORT = 160

#: Telegram's words for a message that cannot be edited (any more): then a new one is sent.
_GONE = ("message to edit not found", "can't be edited", "MESSAGE_ID_INVALID")


class Card:
    """Loads and saves the draft of this turn, and shows its screens.

    In the turn's data: `draft` (JSON), `card` (message id), `typing` (the card has the reply keyboard),
    `said` (the transcript), `shown` (the last question and its options).
    """

    def __init__(self, bot: Bot, turn: Turn, words: Words, now: datetime) -> None:
        self.bot = bot
        self.turn = turn
        self.words = words
        self.now = now
        self.chat_id = turn.client.id

    @property
    def id(self) -> int | None:
        """The message that shows the dialogue."""
        found: int | None = self.turn.data.get("card")
        return found

    @property
    def draft(self) -> BookingDraft | None:
        """The unfinished draft, if there is one this version can read."""
        stored = self.turn.data.get("draft")
        if stored is None:
            return None
        try:
            return _DRAFT.validate_python(stored)
        except ValueError:
            log.warning("draft_unreadable")  # written by another version of the bot
            return None

    def moved_to(self, message_id: int) -> None:
        """This message shows the dialogue from now on (the client has just tapped it)."""
        self.turn.data["card"] = message_id

    def save(self, draft: BookingDraft, state: str | None = None) -> None:
        """Keep the draft, and the state of the question it asks (or the given one)."""
        self.turn.data["draft"] = _DRAFT.dump_python(draft, mode="json", exclude_defaults=True)
        self.turn.state = state or state_for(dialogue_of(draft).asking(draft))

    def close(self) -> None:
        """Forget the draft and what was typed into it."""
        said = without_typed(self.transcript)
        self.turn.data.clear()
        if said:
            self.turn.data["said"] = said
        self.turn.state = None

    @property
    def transcript(self) -> list[str]:
        """What the client did of late, line by line."""
        found: list[str] = self.turn.data.get("said", [])
        return found

    def heard(self, line: str) -> None:
        """The client has done something: one more line."""
        self.turn.data["said"] = longer(self.transcript, line)

    @property
    def last_shown(self) -> str | None:
        """The last question and its options, in the client's language."""
        found: str | None = self.turn.data.get("shown")
        return found

    async def show(
        self, draft: BookingDraft, screen: Screen, *, below: bool = False, again: bool = False
    ) -> BookingDraft:
        """One edit, one save: the draft with its new revision.

        `below`: under what the client wrote. `again`: the same screen, so its buttons stay good.
        """
        if again and screen.shares_phone is not None and self.turn.data.get("typing"):
            return draft  # it cannot be edited, and it is the last message already
        draft = draft if again else draft.revised()
        if screen.shares_phone is not None:
            if not self.turn.data.get("typing"):
                await self._put_away()
            sent = await self.bot.send_message(
                self.chat_id, text_of(screen, self.words), reply_markup=reply_keyboard(screen, self.words)
            )
            self.turn.data.update(card=sent.message_id, typing=True)
        else:
            await self._put(
                screen, inline_keyboard(screen, self.words, draft.key[:8], draft.revision), draft, below
            )
        self.save(draft)
        self.turn.data["shown"] = self._in_short(screen)
        return draft

    def _in_short(self, screen: Screen) -> str:
        """The question, and as many of its options as there is room for."""
        said = self.words.say(screen.asks)
        for choice in screen.options:
            longer = f"{said} · {self.words.say(choice.label)}"
            if len(longer) > _SHORT:
                return f"{said} …"
            said = longer
        return said

    async def show_bare(self, screen: Screen) -> None:
        """A screen that belongs to no question: its buttons, if any, are stateless."""
        await self._put(screen, inline_keyboard(screen, self.words, None, 0), None, below=False)

    async def tell(self, screen: Screen) -> bool:
        """Show an outcome; False if it cannot reach the client: what was done stays done all the same."""
        return await self._reached(self.show_bare(screen))

    async def tell_in(self, draft: BookingDraft, screen: Screen) -> bool:
        """Show an outcome with which the dialogue goes on; False if it cannot reach the client."""
        return await self._reached(self.show(draft, screen))

    def shows(self, attempt: Attempt) -> bool:
        """Whether the card is still this attempt's: its outcome may be shown twice, the second time (after
        a crash) when the client has long begun something else."""
        draft = self.draft
        return draft is None or draft.attempt_key == attempt.key

    async def tell_of(self, attempt: Attempt, screen: Screen) -> bool:
        """Show how an attempt stands, where it was confirmed; whether it reached the client."""
        if self.shows(attempt):
            self.moved_to(attempt.card_id)
            return await self.tell(screen)
        return await self.redraw(attempt.card_id, screen)

    async def conclude(self, attempt: Attempt, screen: Screen) -> bool:
        """Show the outcome of an attempt; the draft that led to it is done, and the attempt forgotten."""
        reached = await self.tell_of(attempt, screen)
        if self.shows(attempt):
            self.close()
        self.turn.finished.append(attempt.key)
        return reached

    async def discard(self, message_id: int) -> None:
        """Take a message out of the chat, where Telegram lets us (it is younger than 48 h)."""
        with contextlib.suppress(TelegramAPIError):
            await self.bot.delete_message(self.chat_id, message_id)

    async def say(self, screen: Screen, *, quietly: bool = False) -> Message:
        """A message of its own, beside the card; `quietly`: without a sound."""
        return await self.bot.send_message(
            self.chat_id,
            text_of(screen, self.words),
            reply_markup=inline_keyboard(screen, self.words, None, 0),
            disable_notification=quietly or None,
        )

    async def write(self, screen: Screen, *, quietly: bool = False) -> bool:
        """A message unasked, below everything; False if it cannot reach the client."""
        return await self._reached(self.say(screen, quietly=quietly))

    async def ask_for_phone(self, screen: Screen) -> None:
        """A screen with the keyboard that shares the phone, outside any dialogue."""
        await self._put_away()
        sent = await self.bot.send_message(
            self.chat_id, text_of(screen, self.words), reply_markup=reply_keyboard(screen, self.words)
        )
        self.turn.data.update(card=sent.message_id, typing=True)

    async def redraw(self, message_id: int, screen: Screen) -> bool:
        """Show a stateless screen in that message, or in a new one if it is gone; False as with `tell`."""

        async def drawn() -> None:
            if not await self._edited(message_id, screen, inline_keyboard(screen, self.words, None, 0)):
                await self.say(screen)

        return await self._reached(drawn())

    async def refresh(self, message_id: int | None, screen: Screen) -> None:
        """Show the present state in an older message, too, where that is possible."""
        if message_id is not None:
            with contextlib.suppress(TelegramAPIError):
                await self._edited(message_id, screen, inline_keyboard(screen, self.words, None, 0))

    async def put_away(self) -> None:
        """Take the buttons from the card: the dialogue goes on elsewhere or has ended."""
        await self._put_away()
        self.turn.data.pop("card", None)

    async def _put(
        self, screen: Screen, keyboard: InlineKeyboardMarkup | None, draft: BookingDraft | None, below: bool
    ) -> None:
        if not below and self.id is not None and not self.turn.data.get("typing"):
            if await self._edited(self.id, screen, keyboard):
                return
        else:
            await self._put_away(draft)
        sent = await self.bot.send_message(self.chat_id, text_of(screen, self.words), reply_markup=keyboard)
        self.turn.data["card"] = sent.message_id

    async def _put_away(self, draft: BookingDraft | None = None) -> None:
        """The old card keeps its words and loses its buttons."""
        if self.turn.data.pop("typing", False):
            # Only a new message can take the reply keyboard away; it says what was understood.
            phone = draft.phone if draft is not None else None
            said = Text("Phone: {phone}", phone=shown(phone.number)) if phone else Text("All right.")
            await self.bot.send_message(
                self.chat_id, self.words.say(said), reply_markup=ReplyKeyboardRemove()
            )
        elif self.id is not None:
            await self._tolerated(
                self.bot.edit_message_reply_markup(chat_id=self.chat_id, message_id=self.id)
            )

    async def _edited(self, message_id: int, screen: Screen, keyboard: InlineKeyboardMarkup | None) -> bool:
        """Whether the message shows the screen now; False: it cannot be edited any more."""
        edit = self.bot.edit_message_text(
            text_of(screen, self.words), chat_id=self.chat_id, message_id=message_id, reply_markup=keyboard
        )
        return await self._tolerated(edit)

    async def _reached(self, showing: Awaitable[object]) -> bool:
        try:
            await showing
        except TelegramForbiddenError:
            log.info("blocked_by_client")
            return False
        except TelegramBadRequest as error:
            if "chat not found" not in error.message:
                raise
            log.info("chat_is_gone")
            return False
        return True

    async def _tolerated(self, request: Any) -> bool:
        """Whether the edit holds: a message that already looks like this is edited."""
        try:
            await request
        except TelegramBadRequest as error:
            if "message is not modified" in error.message:
                return True
            if any(gone in error.message for gone in _GONE):
                return False
            raise
        return True
