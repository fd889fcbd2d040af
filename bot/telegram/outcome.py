"""From Confirm to the outcome in the card: the same for the handler and for the worker."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from bot.dialogue import appointment as cards
from bot.dialogue import outcomes
from bot.dialogue.draft import BookingDraft, House, Talk
from bot.dialogue.framing import shown
from bot.dialogue.menu import LANGUAGES, left
from bot.dialogue.screen import Text
from bot.dialogue.summary import wanted
from bot.domain.attempt import BookingAttempt
from bot.domain.errors import (
    BookingError,
    Gone,
    IinRefused,
    NotOfferedHere,
    OutsideWorkingHours,
    PhoneRefused,
    SlotTaken,
)
from bot.domain.handoff import Met
from bot.domain.model import Appointment
from bot.telegram.card import Card
from bot.telegram.states import Booking as BookingStates
from bot.telegram.tally import Count, word_for
from bot.usecases.booking import Booked, Booking, ChangedSince, Checking, NotBooked
from bot.usecases.brake import Brake
from bot.usecases.desk import BookingDesk
from bot.usecases.notes import Notes
from bot.usecases.visits import Visits


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Settles bookings and shows what came of them."""

    booking: Booking
    visits: Visits
    desk: BookingDesk
    house: House
    notes: Notes
    brake: Brake
    count: Count

    async def book(self, card: Card, draft: BookingDraft, talk: Talk) -> None:
        """The client has confirmed: take the buttons away, store the attempt, try."""
        # A redelivered Confirm finds the attempt that its first delivery stored.
        stored, held = await self.brake.begun_or_held(talk.client, draft.key, talk.now)
        if held:
            # As after a refusal: everything is kept, and help is offered.
            draft, screen = await shown(replace(draft, confirmed=None, misses=2), talk, (outcomes.BRAKED,))
            await card.show(draft, screen)
            return
        await card.show_bare(outcomes.booking_now())
        if isinstance(stored, BookingAttempt):
            attempt = stored
        else:
            attempt = BookingAttempt(
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

    async def settle(self, card: Card, attempt: BookingAttempt, talk: Talk) -> None:
        """One try at the attempt; whatever is certain is shown in the card, and then forgotten."""
        outcome = await self.booking.settle(attempt, talk.now)
        self.count(attempt, word_for(outcome))
        match outcome:
            case Checking(attempt=attempt, due=due):
                await self._still_checking(card, attempt, due, talk)
            case Booked(appointment=appointment, attempt=attempt):
                await self._booked(card, attempt, appointment, talk)
            case ChangedSince(appointment=appointment, attempt=attempt):
                catalogue = await self.desk.known_catalogue(talk.now)
                await self._remember(card, attempt, appointment)
                await card.conclude(attempt, outcomes.changed_since(appointment, catalogue, self.house))
            case NotBooked(why=why, used_up=used_up):
                await self._not_booked(card, attempt, why, used_up, talk)

    async def _still_checking(self, card: Card, attempt: BookingAttempt, due: datetime, talk: Talk) -> None:
        late = attempt.takes_long(talk.now)
        await card.tell_of(attempt, outcomes.being_checked(self.house, late=late))
        if late and not attempt.told_staff:
            text = talk.tell_staff(outcomes.late_note())
            if await self.notes.leave_in(attempt.conversation_id, text, f"{attempt.key}:2"):
                await self.booking.storage.save_attempt(replace(attempt, told_staff=True), due)

    async def _booked(
        self, card: Card, attempt: BookingAttempt, appointment: Appointment, talk: Talk
    ) -> None:
        catalogue = await self.desk.known_catalogue(talk.now)
        said = Text("You are booked.")
        screen = cards.visit_card(appointment, catalogue, self.house, talk.now, said=said)
        delivered = await card.conclude(attempt, screen)
        await self._remember(card, attempt, appointment)
        self.desk.refresh()
        note = outcomes.staff_note(
            dict(LANGUAGES)[attempt.locale],
            cards.short_code(appointment.id),
            verified=attempt.wanted.phone_verified,
            delivered=delivered,
        )
        noted = await self.notes.leave_in(attempt.conversation_id, talk.tell_staff(note), f"{attempt.key}:1")
        if attempt.conversation_id is not None and attempt.source_id is not None:
            met = Met(
                conversation_id=attempt.conversation_id,
                source_id=attempt.source_id,
                contact_id=attempt.contact_id,
                cursor=noted,
            )
            card.turn.posts.append(met)

    async def _not_booked(
        self, card: Card, attempt: BookingAttempt, why: BookingError, used_up: bool, talk: Talk
    ) -> None:
        card.turn.finished.append(attempt.key)
        said = outcomes.refusal(why)
        draft = card.draft
        if draft is None or draft.key != attempt.key:  # the draft's day is over
            await card.tell_of(attempt, left(said))
            return
        draft = after_refusal(draft, why)
        if isinstance(why, NotOfferedHere | Gone):
            self.desk.forget_catalogue()
        if used_up:
            draft = replace(draft, key=str(uuid.uuid4()))
        draft, screen = await shown(draft, talk, (said,))
        card.moved_to(attempt.card_id)
        card.save(draft)
        await card.tell_in(draft, screen)

    async def _remember(self, card: Card, attempt: BookingAttempt, appointment: Appointment) -> None:
        """The appointment is this client's, and so is its contact, unless another is."""
        client = card.turn.client
        if client.contact_id in (None, appointment.contact_id):
            verified = attempt.wanted.phone_verified or (client.verified and client.contact_id is not None)
            client = replace(client, contact_id=appointment.contact_id, verified=verified)
        if self.booking.is_own(attempt):
            client = replace(client, linked=appointment.contact_id)
        client = replace(client, latest=(attempt.wanted.service_id, attempt.wanted.resource_id))
        card.turn.client = client.with_appointment(appointment.id, appointment.contact_id)
        await self.visits.learned(card.turn, appointment, card.now, card_id=attempt.card_id)


def after_refusal(draft: BookingDraft, why: BookingError) -> BookingDraft:
    """The draft without the answer that was refused; everything else is kept."""
    draft = replace(draft, confirmed=None, again=None, changing=False)
    match why:
        case SlotTaken() | OutsideWorkingHours():
            return replace(draft, slot=None, lost=draft.slot)
        case NotOfferedHere() | Gone():
            unasked = tuple(step for step in draft.unasked if step != "resource_id")
            return replace(draft, service_id=None, resource_id=None, day=None, slot=None, unasked=unasked)
        case IinRefused():
            return replace(draft, iin=None, birth_date=None)
        case PhoneRefused():
            return replace(draft, phone=None, contact_id=None)
        case _:
            return replace(draft, misses=2)  # offers the staff's help
