"""From Confirm to the outcome in the card: the same for the handler and for the worker."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue import appointment as cards
from bot.dialogue.booking import shown
from bot.dialogue.draft import BookingDraft, House, Talk
from bot.dialogue.menu import LANGUAGES, left
from bot.dialogue.summary import wanted
from bot.domain.attempt import Attempt
from bot.domain.errors import (
    BookingError,
    Gone,
    IinRefused,
    NotOfferedHere,
    OneLinkUnreachable,
    OutsideWorkingHours,
    PhoneRefused,
    SlotTaken,
)
from bot.domain.model import Appointment
from bot.telegram.card import Card
from bot.telegram.states import Booking as BookingStates
from bot.usecases.booking import Booked, Booking, ChangedSince, Checking, NotBooked
from bot.usecases.desk import BookingDesk, Catalogue


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Settles attempts and shows what came of them."""

    booking: Booking
    desk: BookingDesk
    house: House

    async def book(self, card: Card, draft: BookingDraft, talk: Talk) -> None:
        """The client has confirmed: store the attempt, take the buttons away, try."""
        # A redelivered Confirm finds the attempt that its first delivery stored.
        attempt = await self.booking.storage.attempt(draft.key)
        await card.show_bare(cards.booking_now())
        if attempt is None:
            attempt = Attempt(
                key=draft.key,
                client_id=talk.client.id,
                card_id=card.id or 0,
                locale=talk.locale,
                wanted=wanted(draft, talk),
                begun_at=talk.now,
                contact_id=draft.contact_id,
            )
            await self.booking.begin(attempt, talk.now)
        card.save(draft, BookingStates.checking.state)
        await self.settle(card, attempt, talk)

    async def settle(self, card: Card, attempt: Attempt, talk: Talk) -> None:
        """One try at the attempt; whatever is certain is shown in the card, and then forgotten."""
        match await self.booking.settle(attempt, talk.now):
            case Checking():
                await card.show_bare(cards.being_checked(self.house))
            case Booked(appointment=appointment):
                await self._booked(card, attempt, appointment, talk)
            case ChangedSince(appointment=appointment):
                await card.show_bare(
                    cards.changed_since(appointment, await self._catalogue(talk.now), self.house)
                )
                self._close(card, attempt)
            case NotBooked(why=why, used_up=used_up):
                await self._not_booked(card, attempt, why, used_up, talk)

    async def _booked(self, card: Card, attempt: Attempt, appointment: Appointment, talk: Talk) -> None:
        screen = cards.visit_card(
            appointment, await self._catalogue(talk.now), self.house, upcoming=True, new=True
        )
        await card.show_bare(screen)
        client = card.turn.client
        same_person = client.contact_id in (None, appointment.contact_id)
        if same_person:
            verified = attempt.wanted.phone_verified or (client.verified and client.contact_id is not None)
            client = replace(client, contact_id=appointment.contact_id, verified=verified)
        card.turn.client = client.with_appointment(appointment.id, appointment.contact_id)
        note = cards.staff_note(
            dict(LANGUAGES)[attempt.locale], attempt.wanted.phone_verified, cards.short_code(appointment.id)
        )
        self.desk.refresh()
        self._close(card, attempt)
        await self.booking.leave_note(attempt, talk.tell_staff(note))

    async def _not_booked(
        self, card: Card, attempt: Attempt, why: BookingError, used_up: bool, talk: Talk
    ) -> None:
        card.turn.finished.append(attempt.key)
        said = cards.refusal(why)
        draft = card.draft
        if draft is None or draft.key != attempt.key:  # the draft's day is over
            await card.show_bare(left(said))
            return
        draft = after_refusal(draft, why)
        if used_up:
            draft = replace(draft, key=str(uuid.uuid4()))
        draft, screen = await shown(draft, talk, (said,))
        await card.show(draft, screen)

    def _close(self, card: Card, attempt: Attempt) -> None:
        card.close()
        card.turn.finished.append(attempt.key)

    async def _catalogue(self, now: datetime) -> Catalogue:
        """The names on the card; without them it still tells service and time."""
        try:
            return await self.desk.catalogue(now)
        except OneLinkUnreachable:
            return Catalogue((), ())


def after_refusal(draft: BookingDraft, why: BookingError) -> BookingDraft:
    """The draft without the answer that was refused; everything else is kept."""
    draft = replace(draft, confirmed=None, again=None, changing=False)
    match why:
        case SlotTaken() | OutsideWorkingHours():
            return replace(draft, slot=None, lost=draft.slot)
        case NotOfferedHere() | Gone():
            return replace(draft, service_id=None, resource_id=None, day=None, slot=None)
        case IinRefused():
            return replace(draft, iin=None, birth_date=None)
        case PhoneRefused():
            return replace(draft, phone=None, contact_id=None)
        case _:
            return replace(draft, misses=2)  # offers the staff's help
