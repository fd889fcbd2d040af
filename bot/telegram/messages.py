"""What a message does: commands, typed answers, shared contacts, and everything else a client may send."""

from aiogram import Bot
from aiogram.types import ChatMemberUpdated, InlineKeyboardButton, InlineKeyboardMarkup, Message, Update

from bot.dialogue import menu
from bot.dialogue.dialogues import dialogue_of
from bot.dialogue.draft import Talk
from bot.dialogue.engine import Instead, Outdated
from bot.dialogue.flow import answered, missed
from bot.dialogue.matching import command_in, labelled
from bot.dialogue.personal import share_phone
from bot.dialogue.screen import Text
from bot.dialogue.summary import chosen
from bot.domain.errors import BookingError
from bot.domain.iin import Iin, read_iin
from bot.domain.watched import reachable_again
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.moves import begin, go_on, is_being_checked, take_typed, tolerate
from bot.telegram.operators import call_operator
from bot.telegram.privacy import privacy_command
from bot.telegram.replies import replied
from bot.telegram.states import Booking


async def start_command(message: Message, card: Card, talk: Talk, front: Front, event_update: Update) -> None:
    """/start, unless the client is already further: a replica that was killed with it has Telegram deliver
    it once more."""
    if card.draft is None or not card.turn.has_overtaken(event_update.update_id):
        await started(message, card, talk, front)


async def started(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """The menu; or the way back into an unfinished booking."""
    if await is_being_checked(card, front):
        return
    draft = card.draft
    if draft is None:
        await card.put_away()
        card.close()
        await card.say(menu.greeting(front.house, talk.locale, same=await front.same_again(talk)))
        return
    await card.put_away()
    card.turn.data["resuming"] = True
    try:
        about = await chosen(draft, talk)
    except BookingError:
        about = None
    await card.say(menu.resume(about))


async def book_command(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """/book: a new booking, or the unfinished one."""
    if await is_being_checked(card, front):
        return
    await begin(card, talk, below=True)


async def language_command(message: Message, card: Card, talk: Talk) -> None:
    """/language: the choice of languages, beside the card."""
    await card.say(menu.choose_language(talk.locale))


async def contact_shared(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """The phone, if that is being asked; proven only if it is the sender's own."""
    draft = card.draft
    if draft is None or dialogue_of(draft).asking(draft) != "phone" or message.contact is None:
        await _said_something(message, card, talk, front)
        return
    own = message.contact.user_id is not None and message.contact.user_id == talk.client.id
    try:
        draft = answered(draft, "phone", share_phone(draft, message.contact.phone_number, own), talk)
    except Instead as instead:
        draft, words = missed(draft, instead)
        await go_on(card, draft, talk, words, below=True)
        return
    await go_on(card, draft, talk, below=True)


async def came_back(event: ChatMemberUpdated, card: Card, front: Front) -> None:
    """The client has unblocked the bot: what still lies ahead is reminded of again."""
    turn = card.turn
    turn.told |= reachable_again(await front.storage.visits(), turn.client.id)


async def text_written(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """A typed answer to the question being asked, to a reminder, or a word of command."""
    draft = card.draft
    if card.turn.state != Booking.checking.state and await replied(message, card, talk, front):
        return
    if draft is None or card.turn.state == Booking.checking.state:
        await _said_something(message, card, talk, front)
        return
    if command_in(message.text or "") == "menu":
        await started(message, card, talk, front)
        return
    if card.turn.data.pop("resuming", False):
        choice = labelled(message.text or "", menu.resume(None).options, talk.say)
        if choice is not None:
            await begin(card, talk, again=choice.step == "restart", below=True)
            return
    asking = dialogue_of(draft).asking(draft)
    await _delete_if_secret(message, asking)
    card.turn.data["typed"] = [message.message_id, asking]
    await take_typed(message, card, draft, talk, front)


async def text_edited(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """A correction of the last typed answer counts; any other edit is left alone."""
    draft = card.draft
    last, step = card.turn.data.get("typed") or (None, None)
    if draft is None or last != message.message_id or card.turn.state == Booking.checking.state:
        return
    await _delete_if_secret(message, step)
    if step != dialogue_of(draft).asking(draft):
        try:
            draft = dialogue_of(draft).change(draft, str(step))
        except Outdated:
            return
    await take_typed(message, card, draft, talk, front)


async def something_sent(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """A photo, a sticker, a voice message: one line and the current card; an album counts once."""
    if message.media_group_id is not None:
        if card.turn.data.get("album") == message.media_group_id:
            return
        card.turn.data["album"] = message.media_group_id
    draft = card.draft
    if (
        draft is not None
        and dialogue_of(draft).asking(draft) == "iin"
        and (message.photo or message.document)
    ):
        await tolerate(message.delete())
        await go_on(
            card, draft, talk, (Text("No photos of documents are needed, only the 12 digits."),), below=True
        )
        return
    await _said_something(message, card, talk, front)


async def in_a_group(message: Message, talk: Talk, bot: Bot) -> None:
    """Nothing personal in groups: one button to the private chat."""
    me = await bot.me()
    button = InlineKeyboardButton(
        text=talk.say(Text("Open the private chat")), url=f"https://t.me/{me.username}?start=group"
    )
    await message.answer(
        talk.say(Text("Visits are booked in a private chat only.")),
        reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]),
    )


async def _said_something(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """Every message gets a useful answer, also outside the questions."""
    if message.text and command_in(message.text) == "operator":
        await call_operator(card, talk, front)
        return
    if await is_being_checked(card, front):
        return
    draft = card.draft
    if draft is None:
        greeting = menu.greeting(front.house, talk.locale)
        choice = labelled(message.text or "", [c for row in greeting.rows for c in row], talk.say)
        if choice is not None and choice.step == "locale":
            card, talk = front.in_language(card, choice.value, message)
        elif choice is not None and choice.step == menu.PRIVACY.step:
            await privacy_command(message, card, front)
            return
        elif choice is not None:
            await begin(card, talk, below=True)
            return
        known = message.text is None or message.text.startswith("/") or command_in(message.text) == "menu"
        notice = () if known else (Text("I book visits. To begin, press the button."),)
        await card.say(menu.greeting(front.house, talk.locale, notice))
        return
    await go_on(
        card, draft, talk, (Text("I can read text only. Please type it or press a button."),), below=True
    )


async def _delete_if_secret(message: Message, asking: object) -> None:
    """An IIN does not stay in the chat (bots may delete incoming messages of private chats)."""
    text = message.text or ""
    nearly = asking == "iin" and sum(char.isdigit() for char in text) >= 6
    if nearly or isinstance(read_iin(text), Iin):
        await tolerate(message.delete())
