"""My visits: the lists, and proving a phone so that visits made by phone are found."""

from dataclasses import replace

from aiogram.types import CallbackQuery, Message

from bot.dialogue import visit_list
from bot.dialogue.draft import Talk
from bot.dialogue.framing import unreachable_lists
from bot.dialogue.personal import consent_given, shared_phone, terms_of_consent
from bot.dialogue.screen import Screen, Text, Word
from bot.domain.errors import BookingError
from bot.domain.phone import Phone
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.keyboard import VisitTap
from bot.telegram.moves import acknowledge, is_being_checked
from bot.telegram.states import Visits


async def my_command(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """/my: what lies ahead, below."""
    await card.say(await _upcoming(card, talk, front))


async def pages_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """A button that turns to a list, in place; or that asks for the phone."""
    await acknowledge(query)
    if query.message is None:
        return
    message_id = query.message.message_id
    match callback_data.step:
        case "visits":
            await card.redraw(message_id, await _upcoming(card, talk, front))
        case "past":
            await card.redraw(message_id, await _past(card, talk, front))
        case _ if await is_being_checked(card, front):
            return
        case "find" if not talk.client.consents:
            await card.redraw(message_id, visit_list.ask_for_consent(terms_of_consent(front.house)))
        case _:
            if callback_data.step == "findable":
                card.turn.client = replace(card.turn.client, consent=consent_given(talk))
            await card.ask_for_phone(visit_list.ask_for_phone())
            card.turn.state = Visits.phone.state


async def phone_for_visits(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """The answer to that: only a number shared by its owner proves anything."""
    contact = message.contact
    if contact is None:
        await _done(card)
        await card.say(await _upcoming(card, talk, front))
        return
    if contact.user_id != talk.client.id:
        await card.ask_for_phone(
            replace(
                visit_list.ask_for_phone(),
                notices=(Text("That is somebody else's number. Please share your own with the button."),),
            )
        )
        return
    phone = shared_phone(contact.phone_number)
    notice: Word | None = None
    try:
        found = await front.visits.proven(talk.client, phone.e164) if isinstance(phone, Phone) else None
    except BookingError:
        await _done(card)
        await card.say(unreachable_lists(front.house))
        return
    if found is None:
        notice = Text("The clinic has no visits for this number.")
    else:
        card.turn.client = replace(found, consent=card.turn.client.consent)
    await _done(card)
    await card.say(await _upcoming(card, replace(talk, client=card.turn.client), front, notice))


async def _done(card: Card) -> None:
    await card.put_away()
    card.turn.state = None


async def _upcoming(card: Card, talk: Talk, front: Front, notice: Word | None = None) -> Screen:
    try:
        client = await front.visits.current(talk.client)
        visits = await front.visits.upcoming(client, talk.now)
    except BookingError:
        return unreachable_lists(front.house)
    card.turn.client = client
    catalogue = await front.desk.known_catalogue(talk.now)
    for appointment in visits:
        await front.visits.met(card.turn, appointment, talk.now)
    notices = (notice,) if notice else ()
    return visit_list.upcoming(visits, catalogue, proven=talk.client.verified, notices=notices)


async def _past(card: Card, talk: Talk, front: Front) -> Screen:
    try:
        client = await front.visits.current(talk.client)
        visits = await front.visits.past(client, talk.now)
    except BookingError:
        return unreachable_lists(front.house)
    return visit_list.past(visits, await front.desk.known_catalogue(talk.now))
