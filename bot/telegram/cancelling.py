"""From "Yes, cancel the visit" to the truth in its card: the same for the handler and for the worker."""

from dataclasses import dataclass
from datetime import timedelta

from bot.dialogue import appointment as cards
from bot.dialogue.draft import House
from bot.dialogue.screen import Screen
from bot.domain.attempt import CancelAttempt
from bot.domain.errors import BookingError, Gone, OneLinkUnreachable
from bot.domain.model import Status
from bot.storage import Storage
from bot.telegram.card import Card
from bot.usecases.desk import BookingDesk
from bot.usecases.visits import NotYours, Visit, Visits

#: How long an attempt is left to the process that works on it.
LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Cancels visits and shows what One-Link then says; asking it again is harmless."""

    visits: Visits
    storage: Storage
    desk: BookingDesk
    house: House

    async def begin(self, card: Card, message_id: int, appointment_id: int, locale: str) -> None:
        """The client has confirmed: whose visit it is, then store the attempt, take the buttons away, try.

        Raises NotYours, Gone, OneLinkUnreachable, NotPermitted before anything was sent.
        """
        visit = await self.visits.visit(card.turn.client, appointment_id)
        if not visit.can_be_cancelled(card.now):
            await self._show_visit(card, message_id, visit)
            return
        attempt = CancelAttempt(
            key=CancelAttempt.key_for(appointment_id),
            client_id=card.turn.client.id,
            card_id=message_id,
            locale=locale,
            begun_at=card.now,
            appointment_id=appointment_id,
        )
        await self.storage.save_attempt(attempt, card.now + LEASE)
        await card.redraw(message_id, cards.cancelling_now())
        await self.settle(card, attempt)

    async def settle(self, card: Card, attempt: CancelAttempt) -> None:
        """One try; while One-Link does not answer, the attempt stays and the card says so."""
        try:
            visit = await self.visits.cancel(card.turn.client, attempt.appointment_id, card.now)
        except OneLinkUnreachable:
            attempt = attempt.tried_again()
            await self.storage.save_attempt(attempt, card.now + attempt.pause())
            await card.redraw(attempt.card_id, cards.cancelling_unknown(self.house, attempt.appointment_id))
            return
        except (NotYours, Gone):
            await card.redraw(attempt.card_id, cards.not_to_be_shown())
        except BookingError:
            await self._show_refusal(card, attempt)
        else:
            await self._show_visit(card, attempt.card_id, visit)
        card.turn.finished.append(attempt.key)

    async def screen(self, card: Card, visit: Visit) -> Screen:
        """The visit as it is; one that was to be cancelled and still stands says so."""
        catalogue = await self.desk.known_catalogue(card.now)
        upcoming = visit.can_be_cancelled(card.now)
        return cards.visit_card(visit.appointment, catalogue, self.house, upcoming=upcoming)

    async def _show_visit(self, card: Card, message_id: int, visit: Visit) -> None:
        card.turn.client = visit.client
        if visit.appointment.status is Status.CANCELLED or not visit.can_be_cancelled(card.now):
            self.desk.refresh()
            await card.redraw(message_id, await self.screen(card, visit))
            return
        catalogue = await self.desk.known_catalogue(card.now)
        await card.redraw(message_id, cards.not_cancelled(visit.appointment, catalogue, self.house))

    async def _show_refusal(self, card: Card, attempt: CancelAttempt) -> None:
        try:
            visit = await self.visits.visit(card.turn.client, attempt.appointment_id)
        except BookingError:
            await card.redraw(attempt.card_id, cards.unreachable_visit(self.house, attempt.appointment_id))
            return
        await self._show_visit(card, attempt.card_id, visit)
