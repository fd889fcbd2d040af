"""Buttons under an appointment or a reminder: stateless, they work as long as the message exists.

They name the appointment and nothing else; whose it is, is asked of One-Link every time.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from aiogram.types import BufferedInputFile, CallbackQuery

from bot.dialogue import appointment as cards
from bot.dialogue.draft import Talk
from bot.dialogue.menu import dropping
from bot.dialogue.moving import moving
from bot.dialogue.screen import Clock, Day, Joined, Text, Word
from bot.domain.attempt import What
from bot.domain.errors import Gone, NotPermitted, OneLinkUnreachable
from bot.domain.model import Status
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.keyboard import VisitTap
from bot.telegram.moves import acknowledge, begin, go_on, is_being_checked
from bot.usecases.calendar_file import FILE_NAME, calendar_file
from bot.usecases.visits import NotYours, Visit


async def visit_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """A button under an appointment."""
    await acknowledge(query)
    number, _, rest = callback_data.value.partition(".")
    if query.message is None or not _is_id(number):
        return
    appointment_id, message_id = int(number), query.message.message_id
    act = STEPS[callback_data.step]
    try:
        await act(_Tap(card, talk, front, appointment_id, message_id, rest))
    except (NotYours, Gone):
        await card.redraw(message_id, cards.not_to_be_shown())
    except (OneLinkUnreachable, NotPermitted):
        await card.redraw(message_id, cards.unreachable_visit(front.house, appointment_id))


class _Tap:
    """One tap: who, about which appointment, under which message."""

    def __init__(
        self, card: Card, talk: Talk, front: Front, appointment_id: int, message_id: int, rest: str
    ) -> None:
        self.card = card
        self.talk = talk
        self.front = front
        self.appointment_id = appointment_id
        self.message_id = message_id
        self.rest = rest

    async def visit(self) -> Visit:
        """The appointment, if it is this client's. Raises as `Visits.visit` does."""
        visit = await self.front.visits.visit(self.card.turn.client, self.appointment_id)
        self.card.turn.client = visit.client
        return visit

    async def changeable(self) -> Visit | None:
        """The appointment, if a client may still change it; otherwise the message says why not."""
        visit = await self.visit()
        if not visit.lies_ahead(self.card.now):
            await self.front.changing.show(self.card, self.message_id, visit)
            return None
        if visit.appointment.starts_at - self.card.now < self.front.house.change_window:
            catalogue = await self.front.desk.known_catalogue(self.card.now)
            screen = cards.too_late_to_change(visit.appointment, catalogue, self.front.house)
            await self.card.redraw(self.message_id, screen)
            return None
        return visit


async def _show(tap: _Tap) -> None:
    await tap.front.changing.show(tap.card, tap.message_id, await tap.visit())


async def _ask_to_cancel(tap: _Tap) -> None:
    visit = await tap.changeable()
    if visit is not None:
        catalogue = await tap.front.desk.known_catalogue(tap.card.now)
        screen = cards.ask_to_cancel(visit.appointment, catalogue, tap.front.house)
        await tap.card.redraw(tap.message_id, screen)


async def _cancel(tap: _Tap) -> None:
    visit = await tap.changeable()
    if visit is not None:
        await tap.front.changing.begin(tap.card, tap.message_id, What.CANCEL, tap.appointment_id)


async def _confirm(tap: _Tap) -> None:
    await tap.front.changing.begin(tap.card, tap.message_id, What.CONFIRM, tap.appointment_id)


async def _undo(tap: _Tap) -> None:
    await tap.front.changing.begin(tap.card, tap.message_id, What.RESTORE, tap.appointment_id)


async def _move(tap: _Tap) -> None:
    """The dialogue for another time, in place; an unfinished booking is not dropped without asking."""
    if await is_being_checked(tap.card, tap.front):
        return
    visit = await tap.changeable()
    if visit is None:
        return
    draft = tap.card.draft
    if draft is not None and draft.is_begun and tap.rest != "sure":
        await tap.card.redraw(tap.message_id, dropping(tap.appointment_id))
        return
    if tap.card.id != tap.message_id:
        await tap.card.put_away()
    tap.card.close()
    tap.card.moved_to(tap.message_id)
    await go_on(tap.card, moving(visit.appointment), tap.talk)


async def _again(tap: _Tap) -> None:
    """The same service with the same specialist; below, the card of that visit stays."""
    if await is_being_checked(tap.card, tap.front):
        return
    visit = await tap.visit()
    await tap.card.put_away()
    same = (visit.appointment.service_id or 0, visit.appointment.resource_id)
    await begin(tap.card, tap.talk, again=True, below=True, same=same)


async def _file(tap: _Tap) -> None:
    """The visit for the calendar of the client's phone, or its removal from there."""
    visit = await tap.visit()
    appointment, say = visit.appointment, tap.talk.say
    catalogue = await tap.front.desk.known_catalogue(tap.card.now)
    known = await tap.front.storage.visit(tap.appointment_id)
    local = cards.local_start(appointment, catalogue)
    house = tap.front.house
    facts = cards.facts_of(appointment, catalogue, house, cards.short_code(appointment.id))
    file = calendar_file(
        appointment_id=appointment.id,
        account=tap.front.account,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        zone=cards.zone_of(appointment, catalogue),
        title=_title(say, house.name),
        description="\n".join(say(fact) for fact in facts),
        location=house.address,
        # As the notice will count it, should the client learn of a change by this file first.
        sequence=known.told(appointment, tap.card.now).sequence if known else 0,
        cancelled=appointment.status is Status.CANCELLED,
        stamp=tap.card.now,
        alarms=tap.front.alarms,
    )
    caption = Text("Open the file to put the visit into your calendar: {when}", when=_when(local))
    if appointment.status is Status.CANCELLED:
        caption = Text("Open the file to take the visit out of your calendar.")
    await tap.card.bot.send_document(
        tap.card.chat_id, BufferedInputFile(file, FILE_NAME), caption=say(caption)
    )


async def _absent(tap: _Tap) -> None:
    """Too late to cancel here: the staff is told that nobody will come."""
    visit = await tap.visit()
    if not visit.lies_ahead(tap.card.now):
        await tap.front.changing.show(tap.card, tap.message_id, visit)
        return
    said = tap.talk.tell_staff(Text("The client will not come to this visit and asks you to cancel it."))
    left = await tap.front.notes.leave(tap.talk.client.id, visit.appointment, said, "absent")
    await tap.card.redraw(tap.message_id, cards.told_absent(tap.front.house, tap.appointment_id, told=left))


async def _reason(tap: _Tap) -> None:
    """Why it was cancelled, for the staff."""
    visit = await tap.visit()
    reason = cards.REASONS.get(tap.rest)
    if reason is not None and visit.appointment.status is Status.CANCELLED:
        note = Text("Why the client cancelled: {reason}", reason=tap.talk.tell_staff(reason))
        said = tap.talk.tell_staff(note)
        await tap.front.notes.leave(tap.talk.client.id, visit.appointment, said, f"why-{tap.rest}")
    await tap.front.changing.show(tap.card, tap.message_id, visit, told_why=reason is not None)


STEPS: dict[str, Callable[[_Tap], Awaitable[None]]] = {
    "visit": _show,
    "keep": _show,
    "cancel": _ask_to_cancel,
    "cancelled": _cancel,
    "coming": _confirm,
    "undo": _undo,
    "move": _move,
    "again": _again,
    "file": _file,
    "absent": _absent,
    "why": _reason,
}


def _title(say: Callable[..., str], clinic: str | None) -> str:
    return say(Text("Visit: {clinic}", clinic=clinic)) if clinic else say(Text("Visit"))


def _when(local: datetime) -> Word:
    return Joined((Day(local.date(), full=True), Clock(local)), by=", ")


def _is_id(value: str) -> bool:
    """Whether forged data would pass for the id of an appointment."""
    return value.isascii() and value.isdigit() and len(value) < 19
