"""What the handlers work with: the use cases, and this update's client, language and card."""

from dataclasses import dataclass, replace
from datetime import datetime

from aiogram.types import CallbackQuery, Message, TelegramObject, User

from bot.dialogue import appointment as cards
from bot.dialogue.draft import BookingDraft, House, Talk
from bot.dialogue.screen import Screen
from bot.domain.model import Status
from bot.storage import Storage, Turn
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

    def in_language(self, card: Card, locale: str, query: CallbackQuery) -> tuple[Card, Talk]:
        """Card and talk in the language the client has just chosen; it is remembered."""
        turn = card.turn
        chosen = self.texts.chosen(locale, None)
        turn.client = replace(turn.client, locale=chosen)
        talk = self.talk(turn, card.now, query.from_user, query)
        return Card(card.bot, turn, self.texts[chosen], card.now), talk

    def remember_consent(self, turn: Turn, draft: BookingDraft) -> None:
        """A consent outlives the draft: it is not asked for again."""
        if draft.consent is not None and draft.consent != turn.client.consent:
            turn.client = replace(turn.client, consent=draft.consent)

    async def attempt_is_open(self, card: Card) -> bool:
        """Whether the draft's attempt is unfinished; if it is not, the draft can go on."""
        draft = card.draft
        if draft is not None and await self.storage.attempt(draft.key) is not None:
            return True
        if draft is not None:
            card.save(replace(draft, confirmed=None))
        else:
            card.turn.state = None
        return False

    async def visit_screen(self, turn: Turn, step: str, appointment_id: int, now: datetime) -> Screen:
        """What a button under an appointment leads to. Raises NotYours, Gone, OneLinkUnreachable, Refused."""
        catalogue = await self.desk.catalogue(now)
        if step == "cancelled":
            before = await self.visits.visit(turn.client, appointment_id)
            visit = await self.visits.cancel(turn.client, appointment_id, now)
            if before.can_be_cancelled(now) and visit.appointment.status is not Status.CANCELLED:
                return cards.not_cancelled(visit.appointment, catalogue, self.house)
            self.desk.refresh()
        else:
            visit = await self.visits.visit(turn.client, appointment_id)
        turn.client = visit.client
        upcoming = visit.can_be_cancelled(now)
        if step == "cancel" and upcoming:
            return cards.ask_to_cancel(visit.appointment, catalogue, self.house)
        return cards.visit_card(visit.appointment, catalogue, self.house, upcoming=upcoming)

    async def refused_cancel(self, turn: Turn, appointment_id: int, now: datetime) -> Screen:
        """One-Link refused to cancel: the visit as it stands, and the way to a person."""
        visit = await self.visits.visit(turn.client, appointment_id)
        return cards.not_cancelled(visit.appointment, await self.desk.catalogue(now), self.house)
