"""What a tap on a button does."""

from aiogram.types import CallbackQuery

from bot.dialogue import appointment as cards
from bot.dialogue import menu
from bot.dialogue.draft import Talk
from bot.dialogue.framing import staff
from bot.dialogue.screen import Screen, Text
from bot.domain.errors import Gone, NotPermitted, OneLinkUnreachable
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.keyboard import Tap, VisitTap
from bot.telegram.moves import acknowledge, begin, go_on, is_being_checked, proceed
from bot.telegram.states import Booking
from bot.usecases.visits import NotYours

_OLD_CARD = Text("This is an old card; the current one is below.")
_NO_CARD = Text("This card is no longer in use.")


async def tap(query: CallbackQuery, callback_data: Tap, card: Card, talk: Talk, front: Front) -> None:
    """A button of the booking card."""
    draft = card.draft
    if card.turn.state == Booking.checking.state and await front.open_attempt(card) is not None:
        await acknowledge(
            query, talk.say(Text("Your booking is being checked; the result will appear in the card."))
        )
        return
    live = draft is not None and (draft.key[:8], draft.revision) == (
        callback_data.card,
        callback_data.revision,
    )
    if draft is None:
        await acknowledge(query, talk.say(_NO_CARD))
        return
    if not live:
        # The second of two quick taps: the card already shows what the first one did.
        behind_by_one = (callback_data.card, callback_data.revision) == (draft.key[:8], draft.revision - 1)
        on_live_card = query.message is not None and query.message.message_id == card.id
        if on_live_card or (behind_by_one and card.turn.data.get("typing")):
            await acknowledge(query)
            return
        await acknowledge(query, talk.say(_OLD_CARD))
        await go_on(card, draft, talk, again=True)
        return
    await acknowledge(query)
    if query.message is not None:
        card.moved_to(query.message.message_id)
    if callback_data.step == "language":
        await card.show(draft, menu.choose_language(talk.locale))
        return
    if callback_data.step == "locale":
        card, talk = front.in_language(card, callback_data.value, query)
        await go_on(card, draft, talk)
        return
    await proceed(card, draft, callback_data.step, callback_data.value, talk, front)


async def locale_tap(query: CallbackQuery, callback_data: VisitTap, card: Card, front: Front) -> None:
    """Another language: the same screen again, in it."""
    card, talk = front.in_language(card, callback_data.value, query)
    await acknowledge(query)
    draft = card.draft
    if draft is not None and card.turn.state != Booking.checking.state:
        if query.message is not None and query.message.message_id != card.id:
            await card.put_away()
            card.moved_to(query.message.message_id)
        await go_on(card, draft, talk)
    elif query.message is not None:
        await card.redraw(query.message.message_id, menu.greeting(front.house, talk.locale))


async def book_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """Begin, begin again or go on, in the message that was tapped, unless that is a visit's card."""
    await acknowledge(query)
    if await is_being_checked(card, front):
        return
    below = query.message is None or callback_data.value == "below"
    await card.put_away()
    if query.message is not None and not below:
        card.moved_to(query.message.message_id)
    await begin(card, talk, again=callback_data.step == "restart", below=below)


async def menu_tap(query: CallbackQuery, card: Card, talk: Talk, front: Front) -> None:
    """The greeting, in place."""
    await acknowledge(query)
    if query.message is not None:
        await card.redraw(query.message.message_id, menu.greeting(front.house, talk.locale))


async def operator_tap(query: CallbackQuery, card: Card, talk: Talk) -> None:
    """How to reach a person, beside the card."""
    await acknowledge(query)
    await card.say(Screen(asks=staff(talk)))


async def visit_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """A button under an appointment: whose it is, is asked of One-Link every time."""
    await acknowledge(query)
    if query.message is None or not _is_id(callback_data.value):
        return
    appointment_id, message_id = int(callback_data.value), query.message.message_id
    try:
        await front.show_visit(card, message_id, callback_data.step, appointment_id)
    except (NotYours, Gone):
        await card.redraw(message_id, cards.not_to_be_shown())
    except (OneLinkUnreachable, NotPermitted):
        await card.redraw(message_id, cards.unreachable_visit(front.house, appointment_id))


async def unknown_tap(query: CallbackQuery, talk: Talk) -> None:
    """A button of another version, or a forged one."""
    await acknowledge(query, talk.say(_NO_CARD))


async def tap_in_a_group(query: CallbackQuery, talk: Talk) -> None:
    """Anybody in a group can press a button: none of them acts."""
    await acknowledge(query, talk.say(Text("Visits are booked in a private chat only.")))


def _is_id(value: str) -> bool:
    """Whether forged data would pass for the id of an appointment."""
    return value.isascii() and value.isdigit() and len(value) < 19
