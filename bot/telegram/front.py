"""What the handlers work with: the use cases, and this update's client, language and card."""

from dataclasses import dataclass, replace
from datetime import datetime

from aiogram.types import CallbackQuery, Message, TelegramObject, User

from bot.dialogue import appointment as cards
from bot.dialogue.draft import BookingDraft, House, Talk
from bot.domain.attempt import AnyAttempt, BookingAttempt, CancelAttempt
from bot.storage import Storage, Turn
from bot.telegram.cancelling import Cancelling
from bot.telegram.card import Card
from bot.telegram.outcome import Conclusion
from bot.telegram.texts import Texts
from bot.usecases.desk import BookingDesk
from bot.usecases.visits import Visits


@dataclass(frozen=True, slots=True)
class Front:
    """The bot as one client meets it."""

    desk: BookingDesk
    visits: Visits
    conclusion: Conclusion
    cancelling: Cancelling
    storage: Storage
    texts: Texts
    house: House

    def talk(self, turn: Turn, now: datetime, user: User | None, event: TelegramObject | None) -> Talk:
        """This client's talk with the desk at this moment."""
        locale = self.texts.chosen(turn.client.locale, user.language_code if user else None)
        message = event.message if isinstance(event, CallbackQuery) else event
        said = event if isinstance(event, Message) else None
        return Talk(
            desk=self.desk,
            house=self.house,
            client=turn.client,
            now=now,
            locale=locale,
            say=self.texts[locale].say,
            tell_staff=self.texts[self.texts.default].say,
            own_name=user.full_name if user else None,
            message_id=getattr(message, "message_id", None),
            at=said.date if said else None,
        )

    def talk_in(self, locale: str, turn: Turn, now: datetime) -> Talk:
        """A talk without an update: the worker tells an outcome."""
        return replace(self.talk(turn, now, None, None), locale=locale, say=self.texts[locale].say)

    def in_language(self, card: Card, locale: str, event: CallbackQuery | Message) -> tuple[Card, Talk]:
        """Card and talk in the language the client has just chosen; it is remembered."""
        turn = card.turn
        chosen = self.texts.chosen(locale, None)
        turn.client = replace(turn.client, locale=chosen)
        talk = self.talk(turn, card.now, event.from_user, event)
        return Card(card.bot, turn, self.texts[chosen], card.now), talk

    def remember_consent(self, turn: Turn, draft: BookingDraft) -> None:
        """A consent outlives the draft: it is not asked for again."""
        if draft.consent is not None and draft.consent != turn.client.consent:
            turn.client = replace(turn.client, consent=draft.consent)

    async def open_attempt(self, card: Card) -> BookingAttempt | None:
        """The draft's unfinished attempt; without one, the draft goes on where it was confirmed."""
        draft = card.draft
        attempt = await self.storage.attempt(draft.key) if draft is not None else None
        if isinstance(attempt, BookingAttempt):
            return attempt
        if draft is not None:
            card.save(replace(draft, confirmed=None))
        else:
            card.turn.state = None
        return None

    async def check_below(self, card: Card, attempt: BookingAttempt) -> None:
        """The client wrote while the outcome is open: the card that will show it comes below."""
        below = await card.say(cards.being_checked(self.house, late=attempt.takes_long(card.now)))
        await card.discard(attempt.card_id)
        card.moved_to(below.message_id)
        await self.storage.update_attempt(replace(attempt, card_id=below.message_id))

    async def show_visit(self, card: Card, message_id: int, step: str, appointment_id: int) -> None:
        """What a button under an appointment leads to.

        Raises NotYours, Gone, OneLinkUnreachable, NotPermitted.
        """
        if step == "cancelled":
            await self.cancelling.begin(card, message_id, appointment_id, card.words.locale)
            return
        visit = await self.visits.visit(card.turn.client, appointment_id)
        card.turn.client = visit.client
        screen = await self.cancelling.screen(card, visit)
        if step == "cancel" and visit.can_be_cancelled(card.now):
            catalogue = await self.desk.known_catalogue(card.now)
            screen = cards.ask_to_cancel(visit.appointment, catalogue, self.house)
        await card.redraw(message_id, screen)

    async def settle(self, card: Card, attempt: AnyAttempt, talk: Talk) -> None:
        """Try again what was confirmed earlier, and show the outcome where it was confirmed."""
        if isinstance(attempt, CancelAttempt):
            await self.cancelling.settle(card, attempt)
        else:
            await self.conclusion.settle(card, attempt, talk)
