"""What handlers have in common: from what a client did to the next screen."""

import contextlib
from collections.abc import Awaitable
from dataclasses import replace

from aiogram.exceptions import TelegramAPIError
from aiogram.types import CallbackQuery, Message

from bot.dialogue import menu
from bot.dialogue.actions import Left, OperatorWanted
from bot.dialogue.dialogues import dialogue_of
from bot.dialogue.draft import ALL, BookingDraft, Talk
from bot.dialogue.engine import Instead, Outdated
from bot.dialogue.flow import begun, missed, resumed, tapped, typed
from bot.dialogue.framing import shown
from bot.dialogue.screen import Word
from bot.domain.errors import BookingError
from bot.telegram.beside import beside
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.operators import call_operator
from bot.telegram.states import Booking


async def proceed(card: Card, draft: BookingDraft, step: str, value: str, talk: Talk, front: Front) -> None:
    """A tap, from the answer to the next screen."""
    notices: tuple[Word, ...] = ()
    try:
        draft = await tapped(draft, step, value, talk)
    except Instead as instead:
        draft, notices = missed(draft, instead)
    except Outdated:
        notices = ()
    except Left:
        await leave(card)
        return
    except OperatorWanted:
        await call_operator(card, talk, front)
        return
    except BookingError:
        pass  # the screen says it
    await next_screen(card, draft, talk, front, notices, below=False)


async def take_typed(message: Message, card: Card, draft: BookingDraft, talk: Talk, front: Front) -> None:
    """A typed text, from the answer to the next screen below it."""
    notices: tuple[Word, ...] = ()
    try:
        draft = await typed(draft, message.text or "", talk)
    except Instead as instead:
        draft, notices = missed(draft, instead)
    except Left:
        await card.put_away()
        await leave(card)
        return
    except OperatorWanted:
        await call_operator(card, talk, front)
        return
    except (Outdated, BookingError):
        pass
    if dialogue_of(draft).asking(draft) is None:
        # The outcome must be an edit of this card, which can be repeated: the typed "yes" goes instead.
        await card.discard(message.message_id)
    await next_screen(card, draft, talk, front, notices, below=True)


async def next_screen(
    card: Card, draft: BookingDraft, talk: Talk, front: Front, notices: tuple[Word, ...], *, below: bool
) -> None:
    """Either everything is answered and it is done, or the next question is shown."""
    front.remember_consent(card.turn, draft)
    if dialogue_of(draft).asking(draft) is None:
        await front.finish(card, draft, talk)
    else:
        await go_on(card, draft, talk, notices, below=below)


async def go_on(
    card: Card,
    draft: BookingDraft,
    talk: Talk,
    notices: tuple[Word, ...] = (),
    *,
    below: bool = False,
    again: bool = False,
) -> None:
    """The question that the draft asks now, with what there is to say before it."""
    draft, screen = await shown(draft, talk, notices)
    await card.show(draft, screen, below=below, again=again)


async def begin(
    card: Card,
    talk: Talk,
    before: tuple[Word, ...] = (),
    *,
    again: bool = False,
    below: bool = False,
    same: tuple[int, int] | None = None,
) -> None:
    """A new draft, or the unfinished one with its slot looked at anew; `before` is said first.

    `same`: with this service and this resource, which can be changed like any other answer.
    """
    draft = card.draft
    notices: tuple[Word, ...] = ()
    card.turn.data.pop("resuming", None)
    if draft is None or again:
        draft = await begun(talk)
        if same is not None:
            draft = replace(draft, category=ALL, service_id=same[0], resource_id=same[1])
    else:
        draft, notices = await resumed(draft, talk)
    await go_on(card, draft, talk, (*before, *notices), below=below)


async def leave(card: Card) -> None:
    """The end of a dialogue that books and moves nothing."""
    draft = card.draft
    await card.show_bare(menu.left() if draft is None or draft.moves is None else menu.kept(draft.moves))
    card.close()


async def is_being_checked(card: Card, front: Front, before: tuple[Word, ...] = ()) -> bool:
    """Whether an attempt is open: then nothing else can be begun, and the client is told, after `before`."""
    if card.turn.state != Booking.checking.state:
        return False
    if await front.open_attempt(card) is None:
        return False
    await front.say_checking(card, before)
    return True


async def acknowledge(query: CallbackQuery, text: str | None = None) -> None:
    """Stop the button's spinner; being too late for that must never undo what the tap does.

    Words are shown before anything else happens; without words, the next screen does not wait for it.
    """
    if text:
        await tolerate(query.answer(text[:200]))
    else:
        beside(query.answer())


async def tolerate(request: Awaitable[object]) -> None:
    """Do something that may fail without changing what the client gets."""
    with contextlib.suppress(TelegramAPIError):
        await request
