"""Writing to clients unasked: reminders, and notices of what the clinic has changed.

Each message is sent in its client's turn, after looking once more at what that client was told; the
turn's end stores it. So one replica sends it, and a process that dies in between sends it a little later.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from aiogram import Bot

from bot.dialogue import notice
from bot.dialogue.appointment import visit_card
from bot.dialogue.draft import BookingDraft
from bot.dialogue.invitation import invitation
from bot.dialogue.reminder import call_them, reminder
from bot.dialogue.screen import Screen
from bot.domain.errors import Gone, OneLinkUnreachable
from bot.domain.model import UPCOMING, Appointment, Status
from bot.domain.reminders import QuietHours, asks
from bot.domain.watched import WatchedVisit, state_of, watched
from bot.storage import Turn
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.pace import Pace
from bot.telegram.session import impatient
from bot.telegram.states import Booking
from bot.usecases.desk import Catalogue
from bot.usecases.rounds import Change, Due, Rounds
from bot.usecases.visits import NotYours

log = structlog.get_logger(__name__)

#: One-Link tells whole seconds, and its clock is known to the second only.
_CLOCKS_DIFFER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Telling:
    """Sends what `Rounds` has found, at Telegram's pace."""

    bot: Bot
    front: Front
    rounds: Rounds
    pace: Pace
    quiet: QuietHours

    async def tell(self, change: Change, now: datetime) -> bool:
        """Tell one client how an appointment is now; whether anything was sent."""
        appointment = change.appointment
        async with self.front.storage.turn(change.client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            known = await self.front.storage.visit(appointment.id)
            if known != change.known or await self.rounds.is_our_doing(appointment):
                # The client has been told something since the calendar was read, perhaps changed it: the
                # reading may be older than that. The next one will tell.
                self.rounds.keep({appointment.id: known})
                return False
            if known is not None and known.unreached == state_of(appointment):
                return False  # the clinic has been asked to call
            if known is None:
                sent = await self._meet(turn, appointment, now)
            else:
                catalogue = await self.front.desk.known_catalogue(now)
                screen = notice.changed(known, appointment, catalogue, self.front.house)
                sent = await self._send(turn, screen, appointment, catalogue, now)
                if sent:
                    turn.told[appointment.id] = known.told(appointment, now)
                    shown = visit_card(appointment, catalogue, self.front.house, now)
                    await self._card(turn, now).refresh(known.card_id, shown)
                else:  # it will be told once the client comes back
                    turn.told[appointment.id] = replace(known, unreached=state_of(appointment))
            self.rounds.keep(turn.told)
        return sent

    async def remind(self, due: Due, now: datetime) -> bool:
        """Send one reminder, if it is still due by what is known now; whether it was sent."""
        async with self.front.storage.turn(due.client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            visits = []
            for one in due.visits:
                known = await self.front.storage.visit(one.appointment_id)
                appointment = self.rounds.picture.appointments.get(one.appointment_id)
                if known is not None and appointment is not None and not known.differs(appointment):
                    visits.append(known.as_in(appointment))
            still = self.rounds.due_among(due.client_id, visits, now)
            if still is None:
                self.rounds.keep({it.appointment_id: it for it in visits})
                return False
            appointments = [
                replace(self.rounds.picture.appointments[it.appointment_id], status=it.status)
                for it in still.visits
            ]
            catalogue = await self.front.desk.known_catalogue(now)
            zone = self.rounds.picture.zone_of(appointments[0].resource_id)
            screen = reminder(
                appointments,
                catalogue,
                self.front.house,
                today=now.astimezone(zone).date(),
                asks=asks(still.offset),
            )
            sent = await self._send(turn, screen, appointments[0], catalogue, now)
            mark = state_of(appointments[0])
            for visit in still.visits:
                turn.told[visit.appointment_id] = (
                    visit.with_reminded(still.offset) if sent else replace(visit, unreached=mark)
                )
            if sent:
                turn.client = replace(turn.client, reminded=tuple(it.appointment_id for it in still.visits))
            self.rounds.keep(turn.told)
        return sent

    def to_invite(self, now: datetime) -> tuple[WatchedVisit, ...]:
        """Visits after which their clients are to be asked about another one, unless it is quiet."""
        return tuple(
            it
            for it in self.rounds.over(now)
            if not self.quiet.covers(now.astimezone(self.rounds.picture.zone_of(it.resource_id)).time())
        )

    async def invite(self, visit: WatchedVisit, now: datetime) -> bool:
        """Ask one client about another visit, or find that there is no reason to; whether it was asked.

        Never twice: whatever comes of it, nothing more is told of that visit.
        """
        number = visit.appointment_id
        async with self.front.storage.turn(visit.client_id) as turn:
            assert turn is not None  # noqa: S101 (only an update can have been handled before)
            known = await self.front.storage.visit(number)
            if known != visit:
                self.rounds.keep({number: known})
                return False
            screen = await self._invitation(turn, number, now)
            sent = False
            if screen is not None:
                await self.pace.turn()
                impatient.set(True)
                sent = await self._card(turn, now).write(screen)
            turn.told[number] = None
            self.rounds.keep(turn.told)
        return sent

    async def _invitation(self, turn: Turn, number: int, now: datetime) -> Screen | None:
        """None for whoever does not want it, is about something here anyway, or had no such visit."""
        client = turn.client
        if not client.invites or client.handoff is not None or turn.state is not None:
            return None
        try:
            appointment = (await self.front.visits.visit(client, number)).appointment
        except (Gone, NotYours):
            return None
        if appointment.status is Status.CANCELLED or appointment.ends_at > now:
            return None
        return invitation(appointment, await self.front.desk.known_catalogue(now))

    async def _meet(self, turn: Turn, appointment: Appointment, now: datetime) -> bool:
        """A visit that staff have booked. Who was about to book the same here need not go on."""
        turn.told[appointment.id] = watched(appointment, turn.client.id, now)
        card = self._card(turn, now)
        draft = card.draft
        if draft is None or turn.state == Booking.checking.state or not _is_about(draft, appointment):
            return False
        catalogue = await self.front.desk.known_catalogue(now)
        screen = notice.booked_by_staff(appointment, catalogue, self.front.house)
        # The notice first: should it fail, the card must still have its buttons.
        sent = await self._send(turn, screen, appointment, catalogue, now)
        await card.put_away()
        card.close()
        return sent

    async def _send(
        self, turn: Turn, screen: Screen, appointment: Appointment, catalogue: Catalogue, now: datetime
    ) -> bool:
        """Whether it reached the client; if not, the clinic is asked to call.

        Raises OneLinkUnreachable if it could not be asked: then it is all tried again later.
        """
        await self.pace.turn()
        impatient.set(True)  # whom Telegram slows down is tried again later: nobody else waits for that
        card = self._card(turn, now)
        quiet = self.quiet.covers(now.astimezone(catalogue.zone).time())
        if await card.write(screen, quietly=quiet):
            return True
        said = self.front.texts[self.front.texts.default].say(call_them())
        about = f"call-{state_of(appointment)}"
        left = await self.front.notes.leave(turn.client.id, appointment, said, about)
        if not left and self.front.notes.has_room_for(appointment):
            raise OneLinkUnreachable("note_not_left")
        return False

    def _card(self, turn: Turn, now: datetime) -> Card:
        return Card(self.bot, turn, self.front.texts[turn.client.speaks], now)


def _is_about(draft: BookingDraft, appointment: Appointment) -> bool:
    """Whether staff have booked, since the draft began, what it would book: the same service, or none is
    chosen yet."""
    if draft.moves is not None or appointment.status not in UPCOMING:
        return False
    made, begun = appointment.created_at, draft.begun_at
    if made is not None and begun is not None and made < begun - _CLOCKS_DIFFER:
        return False
    return draft.service_id in (None, appointment.service_id) or appointment.service_id is None
