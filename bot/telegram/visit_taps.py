"""Buttons under an appointment or a reminder: stateless, they work as long as the message exists.

They name the appointment and nothing else; whose it is, is asked of One-Link every time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from aiogram.types import BufferedInputFile, CallbackQuery

from bot.dialogue import appointment as cards
from bot.dialogue import changes
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


@dataclass(frozen=True, slots=True)
class VisitAct:
    """Who acts, on which appointment, under which message; `rest` is what the button knows besides."""

    card: Card
    talk: Talk
    front: Front
    appointment_id: int
    message_id: int
    rest: str = ""

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
            screen = changes.too_late_to_change(visit.appointment, catalogue, self.front.house)
            await self.card.redraw(self.message_id, screen)
            return None
        return visit


async def visit_tap(
    query: CallbackQuery, callback_data: VisitTap, card: Card, talk: Talk, front: Front
) -> None:
    """A button under an appointment."""
    await acknowledge(query)
    number, _, rest = callback_data.value.partition(".")
    if query.message is None or not _is_id(number):
        return
    appointment_id, message_id = int(number), query.message.message_id
    await act_on(callback_data.step, VisitAct(card, talk, front, appointment_id, message_id, rest))


async def act_on(step: str, act: VisitAct) -> None:
    """What a button under an appointment does, tapped or typed; what goes wrong is said in its message."""
    try:
        await STEPS[step](act)
    except (NotYours, Gone):
        await act.card.redraw(act.message_id, changes.not_to_be_shown())
    except (OneLinkUnreachable, NotPermitted):
        screen = changes.unreachable_visit(act.front.house, act.appointment_id)
        await act.card.redraw(act.message_id, screen)


async def _show(act: VisitAct) -> None:
    await act.front.changing.show(act.card, act.message_id, await act.visit())


async def _ask_to_cancel(act: VisitAct) -> None:
    visit = await act.changeable()
    if visit is not None:
        catalogue = await act.front.desk.known_catalogue(act.card.now)
        screen = changes.ask_to_cancel(visit.appointment, catalogue, act.front.house)
        await act.card.redraw(act.message_id, screen)


async def _cancel(act: VisitAct) -> None:
    visit = await act.changeable()
    if visit is not None:
        await act.front.changing.begin(act.card, act.message_id, What.CANCEL, act.appointment_id)


async def _confirm(act: VisitAct) -> None:
    await act.front.changing.begin(act.card, act.message_id, What.CONFIRM, act.appointment_id)


async def _undo(act: VisitAct) -> None:
    await act.front.changing.begin(act.card, act.message_id, What.RESTORE, act.appointment_id)


async def _move(act: VisitAct) -> None:
    """The dialogue for another time, in place; an unfinished booking is not dropped without asking."""
    if await is_being_checked(act.card, act.front):
        return
    visit = await act.changeable()
    if visit is None:
        return
    draft = act.card.draft
    if draft is not None and draft.is_begun and act.rest != "sure":
        await act.card.redraw(act.message_id, dropping(act.appointment_id))
        return
    if act.card.id != act.message_id:
        await act.card.put_away()
    act.card.close()
    act.card.moved_to(act.message_id)
    await go_on(act.card, moving(visit.appointment, act.talk), act.talk)


async def _again(act: VisitAct) -> None:
    """The same service with the same specialist; below, the card of that visit stays."""
    if await is_being_checked(act.card, act.front):
        return
    visit = await act.visit()
    await act.card.put_away()
    same = (visit.appointment.service_id or 0, visit.appointment.resource_id)
    await begin(act.card, act.talk, again=True, below=True, same=same)


async def _file(act: VisitAct) -> None:
    """The visit for the calendar of the client's phone, or its removal from there."""
    visit = await act.visit()
    appointment, say = visit.appointment, act.talk.say
    catalogue = await act.front.desk.known_catalogue(act.card.now)
    known = await act.front.storage.visit(act.appointment_id)
    local = cards.local_start(appointment, catalogue)
    house = act.front.house
    facts = cards.facts_of(appointment, catalogue, house, cards.short_code(appointment.id))
    file = calendar_file(
        appointment_id=appointment.id,
        account=act.front.account,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        zone=cards.zone_of(appointment, catalogue),
        title=_title(say, house.name),
        description="\n".join(say(fact) for fact in facts),
        location=house.address,
        # As the notice will count it, should the client learn of a change by this file first.
        sequence=known.told(appointment, act.card.now).sequence if known else 0,
        cancelled=appointment.status is Status.CANCELLED,
        stamp=act.card.now,
        alarms=act.front.alarms,
    )
    caption = Text("Open the file to put the visit into your calendar: {when}", when=_when(local))
    if appointment.status is Status.CANCELLED:
        caption = Text("Open the file to take the visit out of your calendar.")
    await act.card.bot.send_document(
        act.card.chat_id, BufferedInputFile(file, FILE_NAME), caption=say(caption)
    )


async def _absent(act: VisitAct) -> None:
    """Too late to cancel here: the staff is told that nobody will come."""
    visit = await act.visit()
    if not visit.lies_ahead(act.card.now):
        await act.front.changing.show(act.card, act.message_id, visit)
        return
    said = act.talk.tell_staff(Text("The client will not come to this visit and asks you to cancel it."))
    left = await act.front.notes.leave(act.talk.client.id, visit.appointment, said, "absent")
    await act.card.redraw(act.message_id, changes.told_absent(act.front.house, act.appointment_id, told=left))


async def _reason(act: VisitAct) -> None:
    """Why it was cancelled, for the staff."""
    visit = await act.visit()
    reason = changes.REASONS.get(act.rest)
    if reason is not None and visit.appointment.status is Status.CANCELLED:
        note = Text("Why the client cancelled: {reason}", reason=act.talk.tell_staff(reason))
        said = act.talk.tell_staff(note)
        await act.front.notes.leave(act.talk.client.id, visit.appointment, said, f"why-{act.rest}")
    await act.front.changing.show(act.card, act.message_id, visit, told_why=reason is not None)


STEPS: dict[str, Callable[[VisitAct], Awaitable[None]]] = {
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
