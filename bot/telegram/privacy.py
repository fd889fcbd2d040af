"""My data: /privacy and its buttons. They are stateless; each looks anew at what is kept."""

from collections.abc import Awaitable, Callable
from functools import partial

from aiogram.types import CallbackQuery, Message

from bot.dialogue import privacy as screens
from bot.dialogue.draft import Talk
from bot.dialogue.screen import Screen, Text
from bot.domain.errors import BookingError
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.keyboard import VisitTap
from bot.telegram.moves import acknowledge, is_being_checked
from bot.usecases.erasing import StillUnderWay

STEPS = frozenset({"privacy", "record", "forget", "withdraw", "erase", "erased"})


async def privacy_command(message: Message, card: Card, front: Front) -> None:
    """/privacy, below."""
    await card.say(screens.kept_here(await front.erasing.kept(card.turn, card.now)))


async def privacy_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """A button about the own data; the answer takes the place of its message."""
    if callback_data.step == "erased":
        await _erased(query, card, talk, front)
        return
    await acknowledge(query)
    if query.message is None:
        return
    if callback_data.step in ("forget", "withdraw") and await is_being_checked(card, front):
        return
    show = _in_place(card, query.message.message_id)
    match callback_data.step:
        case "record":
            screen = await _record(talk, front)
        case "forget":
            await _forget_draft(card)
            notice = Text("Your unfinished booking is forgotten.")
            screen = screens.kept_here(await front.erasing.kept(card.turn, card.now), (notice,))
        case "withdraw":
            screen = await _withdrawn(card, talk, front)
        case "erase":
            screen = await _ask_to_erase(talk, front)
        case _:
            screen = screens.kept_here(await front.erasing.kept(card.turn, card.now))
    await show(screen)


def _in_place(card: Card, message_id: int) -> Callable[[Screen], Awaitable[object]]:
    """How to answer a tap that may end the draft: in its message, or below what takes the keyboard for the
    phone away."""
    return card.say if card.turn.data.get("typing") else partial(card.redraw, message_id)


async def _record(talk: Talk, front: Front) -> Screen:
    try:
        return screens.record(await front.erasing.record(talk.client), front.house)
    except BookingError:
        return screens.no_record(front.house)


async def _forget_draft(card: Card) -> None:
    await card.put_away()
    card.turn.data.clear()
    card.turn.state = None


async def _withdrawn(card: Card, talk: Talk, front: Front) -> Screen:
    await _forget_draft(card)
    today = front.desk.today(await front.desk.known_catalogue(talk.now), talk.now)
    note = talk.tell_staff(screens.note_of_withdrawal(today))
    told = await front.erasing.withdraw(card.turn, note)
    return screens.withdrawn(front.house, told=told)


async def _ask_to_erase(talk: Talk, front: Front) -> Screen:
    try:
        ahead = await front.erasing.ahead(talk.client, talk.now)
    except BookingError:
        return screens.cannot_ask(front.house)
    return screens.ask_to_erase(ahead, await front.desk.known_catalogue(talk.now))


async def _erased(query: CallbackQuery, card: Card, talk: Talk, front: Front) -> None:
    """Everything goes, this tap included: the receipt in the chat is all that is left of it."""
    if (await front.erasing.kept(card.turn, card.now)).is_nothing:
        # The second of two taps, or one that was delivered again: the receipt stays as it is.
        await acknowledge(query, talk.say(Text("This bot keeps nothing about you.")))
        card.turn.forgotten = True
        return
    await acknowledge(query)
    if query.message is None:
        return
    message_id, show = query.message.message_id, _in_place(card, query.message.message_id)
    try:
        erased = await front.erasing.erase(
            card.turn, lambda *facts: talk.tell_staff(screens.note_of_erasure(*facts)), card.now
        )
    except StillUnderWay:
        await card.redraw(message_id, screens.still_under_way())
        return
    except BookingError:
        await card.redraw(message_id, screens.cannot_ask(front.house))
        return
    await card.put_away()
    await show(screens.receipt(erased, front.house))
