"""From "Yes, cancel the visit" (or "I will come", or undo) to the truth in its card.

The same for the handler and for the worker.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.dialogue import appointment as cards
from bot.dialogue import changes
from bot.dialogue.draft import House
from bot.dialogue.screen import Choice, Look, Screen, Text, Word
from bot.domain.attempt import ChangeAttempt, What
from bot.domain.errors import BookingError, Gone, OneLinkUnreachable
from bot.domain.model import Status
from bot.storage import Storage
from bot.telegram.card import Card
from bot.telegram.tally import Count, word_for
from bot.usecases.brake import Brake
from bot.usecases.desk import BookingDesk
from bot.usecases.visits import Learned, NotYours, Visit, Visits

#: How long an attempt is left to the process that works on it.
LEASE = timedelta(seconds=30)
_DONE = {
    What.CANCEL: Text("This visit is cancelled. You can take it back for 30 seconds."),
    What.CONFIRM: Text("Thank you, the clinic expects you."),
    What.RESTORE: Text("Your visit stands again."),
}


@dataclass(frozen=True, slots=True)
class Changing:
    """Cancels, confirms and restores visits and shows what One-Link then says; asking again is harmless."""

    visits: Visits
    storage: Storage
    desk: BookingDesk
    house: House
    brake: Brake
    count: Count

    async def begin(self, card: Card, message_id: int, what: What, appointment_id: int) -> None:
        """The client has confirmed: whose visit it is, then store the attempt, take the buttons away, try.

        Raises NotYours, Gone, OneLinkUnreachable, NotPermitted before anything was sent.
        """
        visit = await self.visits.visit(card.turn.client, appointment_id)
        if not await self._may_begin(card, visit, what):
            await self.show(card, message_id, visit)
            return
        attempt = ChangeAttempt(
            key=ChangeAttempt.key_for(what, appointment_id),
            client_id=card.turn.client.id,
            card_id=message_id,
            locale=card.words.locale,
            begun_at=card.now,
            what=what,
            appointment_id=appointment_id,
        )
        await self.storage.save_attempt(attempt, card.now + LEASE)
        await card.redraw(message_id, changes.changing_now(what))
        await self.settle(card, attempt)

    async def settle(self, card: Card, attempt: ChangeAttempt) -> None:
        """One try; while One-Link does not answer, the attempt stays and the card says so."""
        what, appointment_id = attempt.what, attempt.appointment_id
        try:
            visit = await self.visits.change(card.turn.client, appointment_id, what, card.now)
        except OneLinkUnreachable as error:
            self.count(attempt, word_for(error))
            attempt = attempt.tried_again()
            await self.storage.save_attempt(attempt, card.now + attempt.pause())
            await card.redraw(attempt.card_id, changes.change_unknown(what, self.house, appointment_id))
            return
        except (NotYours, Gone) as error:
            self.count(attempt, word_for(error))
            await card.redraw(attempt.card_id, changes.not_to_be_shown())
        except BookingError as error:
            self.count(attempt, word_for(error))
            await self._show_refusal(card, attempt, error)
        else:
            self.count(attempt, "done" if _is_done(visit, attempt.what) else "changed_since")
            await self._show_outcome(card, attempt, visit)
        card.turn.finished.append(attempt.key)

    async def show(self, card: Card, message_id: int, visit: Visit, *, told_why: bool = False) -> None:
        """The visit as it is; from now on the client knows. `told_why`: a reason was given, none is asked."""
        card.turn.client = visit.client
        learned = await self.visits.learned(card.turn, visit.appointment, card.now, card_id=message_id)
        # The second of two quick taps must not take away what the first one has shown.
        undoable = await self.visits.undoable(card.turn, visit.appointment, card.now)
        what = What.CANCEL if undoable else None
        screen = await self.screen(card, visit, what, told_why=told_why, news=_news(learned))
        await card.redraw(message_id, screen)

    async def screen(
        self,
        card: Card,
        visit: Visit,
        what: What | None = None,
        *,
        told_why: bool = False,
        news: Word | None = None,
    ) -> Screen:
        """The visit's card; `what` the client has just done, or what else is news, comes first."""
        catalogue = await self.desk.known_catalogue(card.now)
        reasons = () if told_why else changes.ask_why(visit.appointment.id)
        first = ((_undo(visit),), *reasons) if what is What.CANCEL else ()
        said = news if what is None or told_why else _DONE[what]
        more = (Text("If you like, tell us why:"),) if first and reasons else ()
        return cards.visit_card(
            visit.appointment, catalogue, self.house, card.now, said=said, first=first, more=more
        )

    async def _show_outcome(
        self, card: Card, attempt: ChangeAttempt, visit: Visit, why: BookingError | None = None
    ) -> None:
        done = _is_done(visit, attempt.what)
        card.turn.client = visit.client
        cancelled = done and attempt.what is What.CANCEL
        if cancelled:
            await self.brake.has_cancelled(attempt.client_id, attempt.appointment_id, card.now)
        elif done and attempt.what is What.RESTORE:
            await self.brake.has_restored(attempt.client_id, attempt.appointment_id)
        learned = await self.visits.learned(
            card.turn, visit.appointment, card.now, card_id=attempt.card_id, by_own_cancel=cancelled
        )
        self.desk.refresh()
        if done:
            screen = await self.screen(card, visit, attempt.what)
        elif _makes_sense(visit, attempt.what, card.now):
            catalogue = await self.desk.known_catalogue(card.now)
            screen = changes.not_changed(attempt.what, visit.appointment, catalogue, self.house, why)
        else:
            screen = await self.screen(card, visit)
        await card.redraw(attempt.card_id, screen)
        await card.refresh(learned.older_card, await self.screen(card, visit))

    async def _show_refusal(self, card: Card, attempt: ChangeAttempt, why: BookingError) -> None:
        try:
            visit = await self.visits.visit(card.turn.client, attempt.appointment_id)
        except BookingError:
            await card.redraw(attempt.card_id, changes.unreachable_visit(self.house, attempt.appointment_id))
            return
        await self._show_outcome(card, attempt, visit, why)

    async def _may_begin(self, card: Card, visit: Visit, what: What) -> bool:
        if what is What.RESTORE and not await self.visits.undoable(card.turn, visit.appointment, card.now):
            return False
        return _makes_sense(visit, what, card.now)


def _news(learned: Learned) -> Word | None:
    if learned.stands_again:
        return _DONE[What.RESTORE]
    return Text("The clinic has changed the visit meanwhile. Now it is:") if learned.changed else None


def _makes_sense(visit: Visit, what: What, now: datetime) -> bool:
    if what is What.RESTORE:
        return visit.can_be_restored(now)
    return visit.lies_ahead(now) and not _is_done(visit, what)


def _is_done(visit: Visit, what: What) -> bool:
    status = visit.appointment.status
    match what:
        case What.CANCEL:
            return status is Status.CANCELLED
        case What.CONFIRM:
            return status is Status.CONFIRMED
        case What.RESTORE:
            return status in (Status.SCHEDULED, Status.CONFIRMED)


def _undo(visit: Visit) -> Choice:
    return Choice(Text("Undo: keep the visit"), "undo", str(visit.appointment.id), Look.GOOD)
