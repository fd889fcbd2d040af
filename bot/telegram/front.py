"""What the handlers work with: the use cases, and this update's client, language and card."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aiogram.types import CallbackQuery, Message, TelegramObject, User

from bot.dialogue.draft import BookingDraft, House, Talk
from bot.dialogue.screen import Choice, Joined, Screen, Text, Word
from bot.domain.attempt import AnyAttempt, BookingAttempt, ChangeAttempt, MoveAttempt
from bot.domain.person_name import without_tricks
from bot.storage import Storage, Turn
from bot.telegram.card import Card
from bot.telegram.changing import Changing
from bot.telegram.outcome import Conclusion
from bot.telegram.rescheduling import Rescheduling
from bot.telegram.texts import Texts
from bot.usecases.desk import BookingDesk
from bot.usecases.erasing import Erasing
from bot.usecases.notes import Notes
from bot.usecases.visits import Visits


@dataclass(frozen=True, slots=True)
class Front:
    """The bot as one client meets it."""

    desk: BookingDesk
    visits: Visits
    conclusion: Conclusion
    changing: Changing
    rescheduling: Rescheduling
    notes: Notes
    erasing: Erasing
    storage: Storage
    texts: Texts
    house: House
    account: str  # whose appointments these are, for calendar files: "7@one-link.kz"
    alarms: tuple[timedelta, ...]  # before a visit, for the calendar of the client's phone

    async def same_again(self, talk: Talk) -> tuple[Choice, ...]:
        """A button that books what was booked last time, while the clinic still offers it."""
        latest = talk.client.latest
        if latest is None:
            return ()
        catalogue = await self.desk.known_catalogue(talk.now)
        service = next((it for it in catalogue.services if it.id == latest[0]), None)
        resource = next((it for it in catalogue.resources if it.id == latest[1]), None)
        if service is None or resource is None or not service.offered_by(resource):
            return ()
        label = Text("As last time: {what}", what=Joined((service, resource)))
        return (Choice(label, "same", f"{service.id}.{resource.id}"),)

    def talk(
        self,
        turn: Turn,
        now: datetime,
        user: User | None,
        event: TelegramObject | None,
        update_id: int | None = None,
    ) -> Talk:
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
            own_name=(without_tricks(user.full_name) or None) if user else None,
            message_id=getattr(message, "message_id", None),
            at=said.date if said else None,
            update_id=update_id,
        )

    def talk_in(self, locale: str, turn: Turn, now: datetime) -> Talk:
        """A talk without an update: the worker tells an outcome."""
        return replace(self.talk(turn, now, None, None), locale=locale, say=self.texts[locale].say)

    def in_language(self, card: Card, locale: str, event: CallbackQuery | Message) -> tuple[Card, Talk]:
        """Card and talk in the language the client has just chosen; it is remembered."""
        turn = card.turn
        chosen = self.texts.chosen(locale, None)
        turn.client = replace(turn.client, locale=chosen, speaks=chosen)
        talk = self.talk(turn, card.now, event.from_user, event)
        return Card(card.bot, turn, self.texts[chosen], card.now), talk

    def remember_consent(self, turn: Turn, draft: BookingDraft) -> None:
        """A consent outlives the draft: it is not asked for again."""
        if draft.consent is not None and draft.consent != turn.client.consent:
            turn.client = replace(turn.client, consent=draft.consent)

    async def open_attempt(self, card: Card) -> BookingAttempt | MoveAttempt | None:
        """The draft's unfinished attempt; without one, the draft goes on where it was confirmed."""
        draft = card.draft
        attempt = await self.storage.attempt(draft.attempt_key) if draft is not None else None
        if isinstance(attempt, BookingAttempt | MoveAttempt):
            return attempt
        if draft is not None:
            card.save(replace(draft, confirmed=None))
        else:
            card.turn.state = None
        return None

    async def say_checking(self, card: Card, before: tuple[Word, ...] = ()) -> None:
        """The client wrote while the outcome is open: the card stays where it is and will tell it.

        A new card below would have to be sent and stored: a crash in between would leave one that never
        tells. These words stay true whatever happens.
        """
        said = Text("The clinic has not answered yet; the result will appear in the card above.")
        await card.say(Screen(asks=said, notices=before))

    async def finish(self, card: Card, draft: BookingDraft, talk: Talk) -> None:
        """Everything is answered and confirmed: do it."""
        if draft.moves is None:
            await self.conclusion.book(card, draft, talk)
        else:
            await self.rescheduling.move(card, draft, talk)

    async def settle(self, card: Card, attempt: AnyAttempt, talk: Talk) -> None:
        """Try again what was confirmed earlier, and show the outcome where it was confirmed."""
        match attempt:
            case ChangeAttempt():
                await self.changing.settle(card, attempt)
            case MoveAttempt():
                await self.rescheduling.settle(card, attempt, talk)
            case BookingAttempt():
                await self.conclusion.settle(card, attempt, talk)
