"""From "Move the visit" to the outcome in its card: the same for the handler and for the worker."""

from dataclasses import dataclass

from bot.dialogue import appointment as cards
from bot.dialogue import changes, outcomes
from bot.dialogue.draft import BookingDraft, House, Talk
from bot.dialogue.framing import shown
from bot.dialogue.moving import after_refused_move, confirmed_move
from bot.dialogue.screen import Text, Word
from bot.domain.attempt import MoveAttempt
from bot.domain.errors import BookingError, Gone, OutsideWorkingHours, SlotTaken
from bot.domain.model import Status
from bot.telegram.card import Card
from bot.telegram.states import Booking as BookingStates
from bot.telegram.tally import Count, word_for
from bot.usecases.desk import BookingDesk
from bot.usecases.moving import Moved, Moving, NotMoved, Otherwise, StillUnknown
from bot.usecases.visits import NotYours, Visit


@dataclass(frozen=True, slots=True)
class Rescheduling:
    """Settles moves and shows what came of them."""

    moving: Moving
    desk: BookingDesk
    house: House
    count: Count

    async def move(self, card: Card, draft: BookingDraft, talk: Talk) -> None:
        """The client has confirmed: take the buttons away, store the attempt, try."""
        # A redelivered Confirm finds the attempt that its first delivery stored.
        stored = await self.moving.storage.attempt(draft.attempt_key)
        await card.show_bare(changes.moving_now())
        if isinstance(stored, MoveAttempt):
            attempt = stored
        else:
            attempt = confirmed_move(draft, card.id or 0, talk)
            await self.moving.begin(attempt, talk.now)
        card.save(draft, BookingStates.checking.state)
        await self.settle(card, attempt, talk)

    async def settle(self, card: Card, attempt: MoveAttempt, talk: Talk) -> None:
        """One try at the attempt; whatever is certain is shown in the card, and then forgotten."""
        outcome = await self.moving.settle(attempt, card.turn.client, talk.now)
        self.count(attempt, word_for(outcome))
        match outcome:
            case StillUnknown(attempt=attempt):
                await card.tell_of(attempt, changes.move_unknown(self.house))
            case Moved(visit=visit):
                await self._moved(card, attempt, visit, Text("Your visit is moved."))
            case Otherwise(visit=visit):
                await self._moved(card, attempt, visit, _otherwise(visit))
            case NotMoved(why=why):
                await self._not_moved(card, attempt, why, talk)

    async def _moved(self, card: Card, attempt: MoveAttempt, visit: Visit, said: Word | None) -> None:
        catalogue = await self.desk.known_catalogue(card.now)
        card.turn.client = visit.client
        self.desk.refresh()
        screen = cards.visit_card(visit.appointment, catalogue, self.house, card.now, said=said)
        await card.conclude(attempt, screen)
        learned = await self.moving.visits.learned(
            card.turn, visit.appointment, card.now, card_id=attempt.card_id
        )
        shown_now = cards.visit_card(visit.appointment, catalogue, self.house, card.now)
        await card.refresh(learned.older_card, shown_now)

    async def _not_moved(self, card: Card, attempt: MoveAttempt, why: BookingError, talk: Talk) -> None:
        """The old time stands; where only the new one was the matter, its neighbours are offered."""
        draft = card.draft
        again = isinstance(why, SlotTaken | OutsideWorkingHours)
        if isinstance(why, NotYours | Gone):
            await card.conclude(attempt, changes.not_to_be_shown())
        elif draft is None or not card.shows(attempt) or not again:
            await card.conclude(attempt, changes.refused_move(why, attempt.appointment_id, self.house))
        else:
            card.turn.finished.append(attempt.key)
            notices = (
                outcomes.refusal(why),
                Text("Your visit stays at its old time until you choose another."),
            )
            draft, screen = await shown(after_refused_move(draft), talk, notices)
            card.moved_to(attempt.card_id)
            card.save(draft)
            await card.tell_in(draft, screen)


def _otherwise(visit: Visit) -> Word | None:
    if visit.appointment.status is Status.CANCELLED:
        return Text("The visit has been cancelled meanwhile, so it was not moved.")
    return Text("The clinic has changed the visit meanwhile. Now it is:")
