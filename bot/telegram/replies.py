"""Answers to a reminder that were typed instead of tapped."""

from aiogram.types import Message

from bot.dialogue.draft import Talk
from bot.dialogue.reminder import which_one
from bot.domain.errors import BookingError, Gone
from bot.domain.replies import Reply, read_reply
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.visit_taps import VisitAct, act_on
from bot.usecases.visits import NotYours, Visit

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
        visits = await _meant(talk, front)
    except BookingError:
        return False  # what follows says that the calendar does not answer
    if not visits:
        return False
    if len(visits) > 1:
        catalogue = await front.desk.known_catalogue(talk.now)
        await card.say(which_one([it.appointment for it in visits], catalogue, _STEPS[reply]))
        return True
    # The visit's card, which is true whatever happens next; then what its button would do, in that card.
    visit = visits[0]
    below = await card.say(await front.changing.screen(card, visit))
    await act_on(_STEPS[reply], VisitAct(card, talk, front, visit.appointment.id, below.message_id))
    return True


async def _meant(talk: Talk, front: Front) -> list[Visit]:
    """The reminded visits that still lie ahead, by start."""
    found = []
    for appointment_id in talk.client.reminded:
        try:
            visit = await front.visits.visit(talk.client, appointment_id)
        except (NotYours, Gone):
            continue
        if visit.lies_ahead(talk.now):
            found.append(visit)
    return sorted(found, key=lambda it: it.appointment.starts_at)
