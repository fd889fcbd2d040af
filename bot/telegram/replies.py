"""Answers to a reminder that were typed instead of tapped."""

from aiogram.types import Message

from bot.dialogue import appointment as cards
from bot.dialogue.draft import Talk
from bot.dialogue.menu import dropping
from bot.dialogue.moving import moving
from bot.dialogue.reminder import which_one
from bot.domain.attempt import What
from bot.domain.errors import BookingError, Gone
from bot.domain.model import Appointment
from bot.domain.replies import Reply, read_reply
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.moves import go_on, is_being_checked
from bot.usecases.visits import NotYours

_STEPS = {Reply.COMING: "coming", Reply.NOT_COMING: "cancel", Reply.ANOTHER_TIME: "move"}


async def replied(message: Message, card: Card, talk: Talk, front: Front) -> bool:
    """Whether the text was an answer to the latest reminder; then it has been acted upon.

    In the middle of a booking "yes" and "cancel" belong to that, unless the client replies to another
    message on purpose.
    """
    reply = read_reply(message.text or "")
    if reply is None or not talk.client.reminded:
        return False
    answered = message.reply_to_message
    if card.draft is not None and (answered is None or answered.message_id == card.id):
        return False
    try:
        visits = await _meant(card, talk, front)
    except BookingError:
        return False  # what follows says that the calendar does not answer
    if not visits:
        return False
    catalogue = await front.desk.known_catalogue(talk.now)
    if len(visits) > 1:
        await card.say(which_one(visits, catalogue, _STEPS[reply]))
        return True
    visit = visits[0]
    late = visit.starts_at - talk.now < front.house.change_window
    match reply:
        case Reply.COMING:
            below = await card.say(cards.changing_now(What.CONFIRM))
            await front.changing.begin(card, below.message_id, What.CONFIRM, visit.id)
        case _ if late:
            await card.say(cards.too_late_to_change(visit, catalogue, front.house))
        case Reply.NOT_COMING:
            await card.say(cards.ask_to_cancel(visit, catalogue, front.house))
        case Reply.ANOTHER_TIME if card.draft is not None and card.draft.is_begun:
            await card.say(dropping(visit.id))
        case Reply.ANOTHER_TIME:
            if not await is_being_checked(card, front):
                await card.put_away()
                card.close()
                await go_on(card, moving(visit), talk, below=True)
    return True


async def _meant(card: Card, talk: Talk, front: Front) -> list[Appointment]:
    """The reminded visits that still lie ahead, by start."""
    found = []
    for appointment_id in talk.client.reminded:
        try:
            visit = await front.visits.visit(talk.client, appointment_id)
        except (NotYours, Gone):
            continue
        if visit.lies_ahead(talk.now):
            found.append(visit.appointment)
    return sorted(found, key=lambda it: it.starts_at)
