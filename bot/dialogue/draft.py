"""The answers a client has given so far, and the talk in which they are given."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.dialogue.screen import Fact
from bot.domain.attempt import MoveAttempt
from bot.domain.client import Client, Consent
from bot.domain.model import Slot
from bot.domain.office_hours import OfficeHours
from bot.usecases.desk import BookingDesk

#: Everything is shown: no single category was picked.
ALL = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAnswer:
    """A number as +77011234567; `verified` when its owner shared it."""

    number: str
    verified: bool = False

    def __repr__(self) -> str:
        return f"PhoneAnswer(verified={self.verified})"


@dataclass(frozen=True, slots=True, kw_only=True)
class IinAnswer:
    """The IIN, or why there is none: `skipped`, `foreign` (no IIN: the birth date is asked),
    `known` (One-Link already has it) or `off` (this clinic does not ask)."""

    number: str | None = None
    reason: str | None = None

    def __repr__(self) -> str:
        return f"IinAnswer(reason={self.reason!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthDate:
    """A date of birth, or None where it is not needed."""

    date: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingDraft:
    """One field for each question, in order; then how the questions are being asked.

    key         the idempotency key of this dialogue, made when it began
    revision    counts the screens: a tap on an older one is outdated
    again, changing, unasked  see `engine`
    page, part, search        which part of a long list is shown
    earliest, latest          times of day the client named: "after 5", "before three" (exclusive)
    lost        a slot that was taken before it could be booked: its neighbours are offered
    offered     a number shared by somebody else than its owner: asked about before it is taken
    misses      failed inputs in a row
    leaving     the client is asked whether to drop what was typed
    named_at    when the name was typed: a second message right after it belongs to it
    contact_id  One-Link's record of a returning client, as long as its phone is kept
    begun_at    when the dialogue began; None in drafts of older versions
    moves, was  the appointment that is being moved, and its time; then only a new time is asked for
    """

    key: str
    category: str | None = None
    service_id: int | None = None
    resource_id: int | None = None
    day: dt.date | None = None
    slot: Slot | None = None
    consent: Consent | None = None
    name: str | None = None
    phone: PhoneAnswer | None = None
    iin: IinAnswer | None = None
    birth_date: BirthDate | None = None
    confirmed: bool | None = None

    revision: int = 0
    again: str | None = None
    changing: bool = False
    unasked: tuple[str, ...] = ()
    page: int = 0
    part: str | None = None
    earliest: dt.time | None = None
    latest: dt.time | None = None
    search: str = ""
    lost: Slot | None = None
    offered: str | None = None
    misses: int = 0
    leaving: bool = False
    named_at: datetime | None = None
    contact_id: int | None = None
    begun_at: datetime | None = None
    moves: int | None = None
    was: Slot | None = None

    def __repr__(self) -> str:
        return f"BookingDraft(revision={self.revision}, again={self.again!r})"

    def revised(self) -> "BookingDraft":
        """The draft for one more screen: taps on earlier ones are outdated."""
        return replace(self, revision=self.revision + 1)

    def unlooked(self) -> "BookingDraft":
        """The draft with lists shown from their beginning again."""
        return replace(self, page=0, part=None, earliest=None, latest=None, search="")

    @property
    def attempt_key(self) -> str:
        """Under which the confirmed draft is kept until its outcome is known."""
        return self.key if self.moves is None else MoveAttempt.key_for(self.moves)

    @property
    def is_begun(self) -> bool:
        """Whether a booking would be lost that the client has begun to fill in."""
        return self.moves is None and self.service_id is not None

    @property
    def is_narrowed(self) -> bool:
        """Whether only the times of day that the client named are shown."""
        return self.earliest is not None or self.latest is not None

    @property
    def is_personal(self) -> bool:
        """Whether the client has typed something that would be lost."""
        typed = (("name", self.name), ("phone", self.phone), ("iin", self.iin))
        return any(answer is not None and name not in self.unasked for name, answer in typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the settings say about the clinic and its rules."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None
    controller: str | None = None
    privacy_url: str | None = None
    emergency: str | None = None
    iin: str = "optional"
    map_url: str | None = None
    directions: str | None = None  # how to find the entrance
    preparation: str | None = None  # what to bring, when to come
    change_window: timedelta = timedelta()  # so long before the start only the staff can change a visit
    relays: bool = False  # whether operators can be reached through the bot
    office_hours: OfficeHours | None = None  # when operators answer; None: the settings do not say
    patience: timedelta = timedelta(minutes=5)  # without an answer for so long, a client is told so


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One client's talk with the desk at this moment.

    `say` puts words into the client's language, `tell_staff` into the clinic's. `message_id` and `at`
    are those of the client's message or of the card that was tapped; `update_id` is Telegram's.
    """

    desk: BookingDesk
    house: House
    client: Client
    now: datetime
    locale: str
    say: Callable[[Fact], str]
    tell_staff: Callable[[Fact], str]
    own_name: str | None = None
    message_id: int | None = None
    at: datetime | None = None
    update_id: int | None = None

    def new_key(self) -> str:
        """For a dialogue that begins now."""
        return self.desk.key_for(self.client.id, self.update_id)

    def soon_after(self, moment: datetime | None) -> bool:
        """Whether this message came within two seconds of an earlier one (Telegram tells whole seconds)."""
        return moment is not None and self.at is not None and abs(self.at - moment) <= timedelta(seconds=2)
