"""What a tap on a button does."""

from aiogram.types import CallbackQuery

from bot.dialogue import menu
from bot.dialogue.draft import Talk
from bot.dialogue.handoff import with_operators
from bot.dialogue.screen import Text
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.keyboard import Tap, VisitTap
from bot.telegram.moves import acknowledge, begin, go_on, is_being_checked, proceed
from bot.telegram.states import Booking

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
    if card.turn.client.handoff is not None:
        await card.say(with_operators())  # the bot is silent in any language
    elif draft is not None and card.turn.state != Booking.checking.state:
        if query.message is not None and query.message.message_id != card.id:
            await card.put_away()
            card.moved_to(query.message.message_id)
        await go_on(card, draft, talk)
    elif query.message is not None:
        same = await front.same_again(talk)
        await card.redraw(query.message.message_id, menu.greeting(front.house, talk.locale, same=same))


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
    same = _pair(callback_data.value) if callback_data.step == "same" else None
    await begin(card, talk, again=callback_data.step == "restart", below=below, same=same)


async def menu_tap(query: CallbackQuery, card: Card, talk: Talk, front: Front) -> None:
    """The greeting, in place."""
    await acknowledge(query)
    if query.message is not None:
        same = await front.same_again(talk)
        await card.redraw(query.message.message_id, menu.greeting(front.house, talk.locale, same=same))


async def unknown_tap(query: CallbackQuery, talk: Talk) -> None:
    """A button of another version, or a forged one."""
    await acknowledge(query, talk.say(_NO_CARD))


async def tap_in_a_group(query: CallbackQuery, talk: Talk) -> None:
    """Anybody in a group can press a button: none of them acts."""
    await acknowledge(query, talk.say(Text("Visits are booked in a private chat only.")))


def _pair(value: str) -> tuple[int, int] | None:
    """Service and resource of a button; None for forged data."""
    first, _, second = value.partition(".")
    whole = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (first, second))
    return (int(first), int(second)) if whole else None
