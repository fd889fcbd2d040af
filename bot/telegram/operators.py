"""Calling an operator, from wherever the client is."""

import random
import string
from dataclasses import replace

from bot.dialogue import handoff as screens
from bot.dialogue.draft import Talk
from bot.dialogue.framing import staff
from bot.dialogue.screen import Screen
from bot.domain.handoff import Call, Handoff, Stage
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.markdown import to_markdown
from bot.telegram.states import Booking


async def call_operator(card: Card, talk: Talk, front: Front) -> None:
    """The client wants a person: it is stored that one has to be called, and the client is told."""
    if not front.house.relays:
        await card.say(Screen(asks=staff(talk)))
        return
    if card.turn.client.handoff is not None:
        await card.say(screens.with_operators())
        return
    # Names are whatever people call themselves: nothing in them may be read as formatting, or as a mention.
    note = to_markdown(await screens.packet(card.draft, talk, card.transcript, card.last_shown))
    if card.turn.state != Booking.checking.state:  # that card will show the outcome
        await card.put_away()
    told = await card.say(screens.calling(front.house))
    handoff = Handoff(id=new_id(), stage=Stage.CALLING, since=talk.now, card_id=told.message_id)
    card.turn.client = replace(card.turn.client, handoff=handoff)
    name = talk.own_name or str(talk.client.id)
    card.turn.posts.append(Call(handoff_id=handoff.id, note=note, name=name))


def new_id() -> str:
    """The id of a handoff. Letters only: in Redis, a run of digits would look like an IIN."""
    return "".join(random.SystemRandom().choices(string.ascii_lowercase, k=12))
