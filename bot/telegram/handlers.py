"""Translation only: what a client did, handed to the dialogue; what it says, shown in the card."""

import contextlib

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, CommandStart
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot.dialogue import appointment as cards
from bot.dialogue import menu
from bot.dialogue.booking import BOOKING, Left, answered, begun, missed, resumed, shown, staff, tapped, typed
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Instead, Outdated
from bot.dialogue.matching import command_in, labelled
from bot.dialogue.personal import share_phone
from bot.dialogue.screen import Screen, Text, Word
from bot.dialogue.summary import chosen
from bot.domain.errors import Gone, NotPermitted, OneLinkUnreachable
from bot.domain.iin import Iin, read_iin
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.keyboard import Tap, VisitTap
from bot.telegram.states import Booking
from bot.usecases.visits import NotYours

_OLD_CARD = Text("This is an old card; the current one is below.")
_NO_CARD = Text("This card is no longer in use.")


# --- commands -----------------------------------------------------------------------------------


async def started(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """/start: the menu; or the way back into an unfinished booking."""
    if await _is_being_checked(card, front):
        return
    draft = card.draft
    if draft is None:
        await card.put_away()
        card.close()
        await card.say(menu.greeting(front.house, talk.locale))
        return
    await card.put_away()
    card.turn.data["resuming"] = True
    try:
        about = await chosen(draft, talk)
    except (OneLinkUnreachable, Gone):
        about = None
    await card.say(menu.resume(about))


async def book_command(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """/book: a new booking, or the unfinished one."""
    if await _is_being_checked(card, front):
        return
    await _begin(card, talk, below=True)


async def language_command(message: Message, card: Card, talk: Talk) -> None:
    """/language: the choice of languages, beside the card."""
    await card.say(menu.choose_language(talk.locale))


async def operator_command(message: Message, card: Card, talk: Talk) -> None:
    """/operator: how to reach a person."""
    await card.say(Screen(asks=staff(talk)))


# --- taps ---------------------------------------------------------------------------------------


async def tap(query: CallbackQuery, callback_data: Tap, card: Card, talk: Talk, front: Front) -> None:
    """A button of the booking card."""
    draft = card.draft
    if card.turn.state == Booking.checking.state:
        await _answer(
            query, talk.say(Text("Your booking is being checked; the result will appear in the card."))
        )
        return
    live = draft is not None and (draft.key[:8], draft.revision) == (
        callback_data.card,
        callback_data.revision,
    )
    if draft is None:
        await _answer(query, talk.say(_NO_CARD))
        return
    if not live:
        # The second of two quick taps needs no words, only the card as it is now.
        quick = bool(card.turn.data.get("typing")) and (callback_data.card, callback_data.revision) == (
            draft.key[:8],
            draft.revision - 1,
        )
        on_live_card = query.message is not None and query.message.message_id == card.id
        await _answer(query, None if quick or on_live_card else talk.say(_OLD_CARD))
        await _go_on(card, draft, talk, again=True)
        return
    await _answer(query)
    if query.message is not None:
        card.moved_to(query.message.message_id)
    if callback_data.step == "language":
        await card.show(draft, menu.choose_language(talk.locale))
        return
    if callback_data.step == "locale":
        card, talk = front.in_language(card, callback_data.value, query)
        await _go_on(card, draft, talk)
        return
    await _proceed(card, draft, callback_data.step, callback_data.value, talk, front)


async def locale_tap(query: CallbackQuery, callback_data: VisitTap, card: Card, front: Front) -> None:
    """Another language: the same screen again, in it."""
    card, talk = front.in_language(card, callback_data.value, query)
    await _answer(query)
    draft = card.draft
    if draft is not None and card.turn.state != Booking.checking.state:
        if query.message is not None and query.message.message_id != card.id:
            await card.put_away()
            card.moved_to(query.message.message_id)
        await _go_on(card, draft, talk)
    elif query.message is not None:
        await card.redraw(query.message.message_id, menu.greeting(front.house, talk.locale))


async def book_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """Begin, begin again or go on, in the message that was tapped, unless that is a visit's card."""
    await _answer(query)
    if await _is_being_checked(card, front):
        return
    below = query.message is None or callback_data.value == "below"
    await card.put_away()
    if query.message is not None and not below:
        card.moved_to(query.message.message_id)
    await _begin(card, talk, again=callback_data.step == "restart", below=below)


async def menu_tap(query: CallbackQuery, card: Card, talk: Talk, front: Front) -> None:
    """The greeting, in place."""
    await _answer(query)
    if query.message is not None:
        await card.redraw(query.message.message_id, menu.greeting(front.house, talk.locale))


async def operator_tap(query: CallbackQuery, card: Card, talk: Talk) -> None:
    """How to reach a person, beside the card."""
    await _answer(query)
    await card.say(Screen(asks=staff(talk)))


async def visit_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """A button under an appointment: whose it is, is asked of One-Link every time."""
    await _answer(query)
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
    await _answer(query, talk.say(_NO_CARD))


# --- what a client writes -----------------------------------------------------------------------


async def contact_shared(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """The phone, if that is being asked; proven only if it is the sender's own."""
    draft = card.draft
    if draft is None or BOOKING.asking(draft) != "phone" or message.contact is None:
        await _said_something(message, card, talk, front)
        return
    own = message.contact.user_id is not None and message.contact.user_id == talk.client.id
    try:
        draft = answered(draft, "phone", share_phone(draft, message.contact.phone_number, own), talk)
    except Instead as instead:
        draft, words = missed(draft, instead)
        await _go_on(card, draft, talk, words, below=True)
        return
    await _go_on(card, draft, talk, below=True)


async def text_written(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """A typed answer to the question being asked, or a word of command."""
    draft = card.draft
    if draft is None or card.turn.state == Booking.checking.state:
        await _said_something(message, card, talk, front)
        return
    if command_in(message.text or "") == "menu":
        await started(message, card, talk, front)
        return
    if card.turn.data.pop("resuming", False):
        choice = labelled(message.text or "", menu.resume(None).options, talk.say)
        if choice is not None:
            await _begin(card, talk, again=choice.step == "restart", below=True)
            return
    asking = BOOKING.asking(draft)
    await _delete_if_secret(message, asking)
    card.turn.data["typed"] = [message.message_id, asking]
    await _type(card, draft, message.text or "", talk, front)


async def text_edited(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """A correction of the last typed answer counts; any other edit is left alone."""
    draft = card.draft
    last, step = card.turn.data.get("typed") or (None, None)
    if draft is None or last != message.message_id or card.turn.state == Booking.checking.state:
        return
    await _delete_if_secret(message, step)
    if step != BOOKING.asking(draft):
        try:
            draft = BOOKING.change(draft, str(step))
        except Outdated:
            return
    await _type(card, draft, message.text or "", talk, front)


async def something_sent(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """A photo, a sticker, a voice message: one line and the current card; an album counts once."""
    if message.media_group_id is not None:
        if card.turn.data.get("album") == message.media_group_id:
            return
        card.turn.data["album"] = message.media_group_id
    draft = card.draft
    if draft is not None and BOOKING.asking(draft) == "iin" and (message.photo or message.document):
        await _tolerate(message.delete())
        await _go_on(
            card, draft, talk, (Text("No photos of documents are needed, only the 12 digits."),), below=True
        )
        return
    await _said_something(message, card, talk, front)


# --- groups and the rest ------------------------------------------------------------------------


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


async def tap_in_a_group(query: CallbackQuery, talk: Talk) -> None:
    """Anybody in a group can press a button: none of them acts."""
    await _answer(query, talk.say(Text("Visits are booked in a private chat only.")))


def build_routers() -> tuple[Router, ...]:
    """Who answers what; the first that fits does. New ones for each dispatcher."""
    private = Router(name="private")
    for observer in (private.message, private.edited_message):
        observer.filter(F.chat.type == ChatType.PRIVATE)
    private.callback_query.filter(F.message.chat.type == ChatType.PRIVATE)

    private.message.register(started, CommandStart())
    private.message.register(book_command, Command("book"))
    private.message.register(language_command, Command("language"))
    private.message.register(operator_command, Command("operator"))
    private.message.register(contact_shared, F.contact)
    private.message.register(text_written, F.text)
    private.message.register(something_sent)
    private.edited_message.register(text_edited, F.text)

    private.callback_query.register(tap, Tap.filter())
    private.callback_query.register(locale_tap, VisitTap.filter(F.step == "locale"))
    private.callback_query.register(book_tap, VisitTap.filter(F.step.in_({"book", "restart", "continue"})))
    private.callback_query.register(menu_tap, VisitTap.filter(F.step == "menu"))
    private.callback_query.register(operator_tap, VisitTap.filter(F.step == "operator"))
    private.callback_query.register(
        visit_tap, VisitTap.filter(F.step.in_({"visit", "keep", "cancel", "cancelled"}))
    )
    private.callback_query.register(unknown_tap)

    elsewhere = Router(name="elsewhere")
    elsewhere.message.register(in_a_group, CommandStart())
    elsewhere.message.register(in_a_group, Command("book"))
    elsewhere.message.register(in_a_group, F.entities[...].type == "mention")
    elsewhere.callback_query.register(tap_in_a_group)
    return private, elsewhere


# --- shared by the above ------------------------------------------------------------------------


async def _proceed(card: Card, draft: BookingDraft, step: str, value: str, talk: Talk, front: Front) -> None:
    """A tap, from the answer to the next screen."""
    notices: tuple[Word, ...] = ()
    try:
        draft = await tapped(draft, step, value, talk)
    except Instead as instead:
        draft, notices = missed(draft, instead)
    except Outdated:
        notices = ()
    except Left:
        await _left(card)
        return
    except (OneLinkUnreachable, Gone):
        pass  # the screen says it
    await _next(card, draft, talk, front, notices, below=False)


async def _type(card: Card, draft: BookingDraft, text: str, talk: Talk, front: Front) -> None:
    """A typed text, from the answer to the next screen below it."""
    notices: tuple[Word, ...] = ()
    try:
        draft = await typed(draft, text, talk)
    except Instead as instead:
        draft, notices = missed(draft, instead)
    except Left:
        await card.put_away()
        await _left(card)
        return
    except (Outdated, OneLinkUnreachable, Gone):
        pass
    await _next(card, draft, talk, front, notices, below=True)


async def _next(
    card: Card, draft: BookingDraft, talk: Talk, front: Front, notices: tuple[Word, ...], *, below: bool
) -> None:
    front.remember_consent(card.turn, draft)
    if BOOKING.asking(draft) is None:
        if below:
            await card.put_away()
        await front.conclusion.book(card, draft, talk)
    else:
        await _go_on(card, draft, talk, notices, below=below)


async def _go_on(
    card: Card,
    draft: BookingDraft,
    talk: Talk,
    notices: tuple[Word, ...] = (),
    *,
    below: bool = False,
    again: bool = False,
) -> None:
    draft, screen = await shown(draft, talk, notices)
    await card.show(draft, screen, below=below, again=again)


async def _begin(card: Card, talk: Talk, *, again: bool = False, below: bool = False) -> None:
    """A new draft, or the unfinished one with its slot looked at anew."""
    draft = card.draft
    notices: tuple[Word, ...] = ()
    card.turn.data.pop("resuming", None)
    if draft is None or again:
        draft = await begun(talk)
    else:
        draft, notices = await resumed(draft, talk)
    await _go_on(card, draft, talk, notices, below=below)


async def _left(card: Card) -> None:
    await card.show_bare(menu.left())
    card.close()


async def _said_something(message: Message, card: Card, talk: Talk, front: Front) -> None:
    """Every message gets a useful answer, also outside the questions."""
    if await _is_being_checked(card, front):
        return
    if message.text and command_in(message.text) == "operator":
        await card.say(Screen(asks=staff(talk)))
        return
    draft = card.draft
    if draft is None:
        greeting = menu.greeting(front.house, talk.locale)
        choice = labelled(message.text or "", [c for row in greeting.rows for c in row], talk.say)
        if choice is not None and choice.step == "locale":
            card, talk = front.in_language(card, choice.value, message)
        elif choice is not None:
            await _begin(card, talk, below=True)
            return
        known = message.text is None or message.text.startswith("/") or command_in(message.text) == "menu"
        notice = () if known else (Text("I book visits. To begin, press the button."),)
        await card.say(menu.greeting(front.house, talk.locale, notice))
        return
    await _go_on(
        card, draft, talk, (Text("I can read text only. Please type it or press a button."),), below=True
    )


async def _is_being_checked(card: Card, front: Front) -> bool:
    """Whether an attempt is open: then nothing else can be begun, and the client is told."""
    if card.turn.state != Booking.checking.state:
        return False
    if await front.attempt_is_open(card):
        await card.say(cards.being_checked(front.house))
        return True
    return False


async def _delete_if_secret(message: Message, asking: object) -> None:
    """An IIN does not stay in the chat (bots may delete incoming messages of private chats)."""
    text = message.text or ""
    nearly = asking == "iin" and sum(char.isdigit() for char in text) >= 6
    if nearly or isinstance(read_iin(text), Iin):
        await _tolerate(message.delete())


def _is_id(value: str) -> bool:
    """Whether forged data would pass for the id of an appointment."""
    return value.isascii() and value.isdigit() and len(value) < 19


async def _answer(query: CallbackQuery, text: str | None = None) -> None:
    """Stop the button's spinner; being too late for that must never undo what the tap does."""
    await _tolerate(query.answer(text[:200] if text else None))


async def _tolerate(request: object) -> None:
    with contextlib.suppress(TelegramAPIError):
        await request  # type: ignore[misc]
