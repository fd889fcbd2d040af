"""While operators answer: what the client writes goes to them, and the bot is silent."""

import re
from dataclasses import replace

from aiogram.enums import ContentType
from aiogram.types import CallbackQuery, Message

from bot.dialogue import handoff as screens
from bot.dialogue.draft import Talk
from bot.dialogue.menu import greeting
from bot.dialogue.screen import Screen, Text
from bot.domain.handoff import HandBack, Stage
from bot.telegram.card import Card
from bot.telegram.client_words import is_too_large, said_in, said_in_edit
from bot.telegram.commands import COMMANDS
from bot.telegram.front import Front
from bot.telegram.moves import acknowledge, begin, is_being_checked
from bot.telegram.operators import call_operator

#: Meant for the bot; anything else that begins with a slash is something the client says.
_COMMAND = re.compile(rf"/({'|'.join(COMMANDS)})(@\w+)?(\s|$)")
#: What Telegram says in a client's name.
_NOT_SAID = frozenset({ContentType.PINNED_MESSAGE, ContentType.MESSAGE_AUTO_DELETE_TIMER_CHANGED})
#: Buttons that work beside operators, too: what they do to a visit is told by the visit's own card.
_STILL_WORK = frozenset(
    {"bot", "visit", "keep", "cancel", "cancelled", "coming", "undo", "file", "absent", "why", "locale"}
)


async def with_operators(event: Message | CallbackQuery, card: Card) -> bool:
    """Whether operators answer this client at the moment (a filter)."""
    if card.turn.client.handoff is None:
        return False
    if not isinstance(event, CallbackQuery):
        return True
    prefix, _, rest = (event.data or "").partition(":")
    return prefix != "v" or rest.partition(":")[0] not in _STILL_WORK


async def operator_command(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """/operator, or the word for it."""
    await call_operator(card, talk, front)


async def operator_tap(query: CallbackQuery, card: Card, talk: Talk, front: Front) -> None:
    """A button that calls a person."""
    await acknowledge(query)
    await call_operator(card, talk, front)


async def said(message: Message, card: Card) -> None:
    """Anything the client sends; commands are meant for the bot, which says how to get it back."""
    handoff = card.turn.client.handoff
    if handoff is None or message.content_type in _NOT_SAID:
        return
    if _COMMAND.match(message.text or ""):
        await card.say(screens.with_operators())
        return
    post = replace(said_in(message), handoff_id=handoff.id)
    if is_too_large(post) and post.file is not None:
        await card.say(screens.too_large())
        post = replace(post, text=f"{post.text}\n[{post.file.name}: > 20 MB]".strip(), file=None)
    card.turn.posts.append(post)


async def edited(message: Message, card: Card) -> None:
    """The client has changed what the operators have read already."""
    handoff = card.turn.client.handoff
    if handoff is not None and (message.text is not None or message.caption is not None):
        card.turn.posts.append(replace(said_in_edit(message), handoff_id=handoff.id))


async def tap_meanwhile(query: CallbackQuery, card: Card, talk: Talk) -> None:
    """A button of the bot's, which is silent: the way back to it is offered, not taken."""
    await acknowledge(query, talk.say(Text("You are talking to the clinic's staff. The bot is silent.")))
    await card.say(screens.with_operators())


async def back_tap(query: CallbackQuery, card: Card, talk: Talk, front: Front) -> None:
    """The client goes back to the bot; the operators are told."""
    await acknowledge(query)
    handoff = card.turn.client.handoff
    if handoff is not None:
        note = talk.tell_staff(Text("The client has gone back to the bot."))
        card.turn.posts.append(HandBack(handoff_id=handoff.id, note=note))
    unread = handoff is not None and handoff.stage is Stage.CALLING
    await bot_is_back(card, talk, front, screens.back_by_choice(unread=unread))


async def bot_is_back(card: Card, talk: Talk, front: Front, said: Screen) -> None:
    """The bot answers again: it says so, and goes on where the client was.

    In one message: of two, the second may fail, and then the first would be said again.
    """
    handoff = card.turn.client.handoff
    card.turn.client = replace(card.turn.client, handoff=None)
    if handoff is not None:
        await card.refresh(handoff.card_id, screens.over())
    notices = (said.asks, *said.lines)
    if await is_being_checked(card, front, notices):
        return
    if card.draft is not None:
        await begin(card, talk, notices, below=True)
    else:
        same = await front.same_again(talk)
        await card.say(greeting(front.house, talk.locale, notices, same=same))
