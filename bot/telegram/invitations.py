"""Whether a client wants to be asked after visits: the buttons under that question. Stateless."""

from dataclasses import replace

from aiogram.types import CallbackQuery

from bot.dialogue import invitation
from bot.telegram.card import Card
from bot.telegram.keyboard import VisitTap
from bot.telegram.moves import acknowledge

STEPS = frozenset({"invite", "uninvite"})


async def invites_tap(query: CallbackQuery, callback_data: VisitTap, card: Card) -> None:
    """The wish is remembered; the answer takes the place of the question."""
    await acknowledge(query)
    wanted = callback_data.step == "invite"
    card.turn.client = replace(card.turn.client, invites=wanted)
    if query.message is not None:
        await card.redraw(
            query.message.message_id, invitation.once_more() if wanted else invitation.no_more()
        )
