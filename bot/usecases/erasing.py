"""What is kept of a client, and removing it: the draft, the consent, or everything.

Law 94-V and the Digital Code give the clinic 15 days for a request to erase; what the bot itself keeps goes
at once. Every step may be repeated: the note has a key, what is gone stays gone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from bot.domain.client import Client
from bot.domain.errors import BookingError, Gone, OneLinkUnreachable
from bot.domain.model import Appointment, Contact
from bot.storage import Storage, Turn
from bot.usecases.brake import Brake
from bot.usecases.contacts import Contacts, Linked
from bot.usecases.desk import BookingDesk
from bot.usecases.visits import Visits

log = structlog.get_logger(__name__)

#: Within so many days the clinic has to answer.
ANSWERED_WITHIN = timedelta(days=15)
#: A relaying hand holds a client who is with the bot for a moment only: so often, so long it is waited for.
_TRIES, _PAUSE_S = 20, 0.1


class StillUnderWay(Exception):
    """Something the client has confirmed or written has not arrived yet: it has to, first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a client, as facts; of a stranger, nothing.

    `locale` was chosen by the client; `consented_on` is a day at the clinic; `visits`: how many are known;
    `proven`: the phone was shared by its owner.
    """

    locale: str | None = None
    consented_on: date | None = None
    consent_version: str | None = None
    visits: int = 0
    draft: bool = False
    conversation: bool = False
    proven: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether this client is a stranger."""
        return self == Kept()


@dataclass(frozen=True, slots=True)
class Erased:
    """A receipt: what was kept until now; whether the clinic was asked (None: it has nothing of the bot's),
    and until when it answers; whether a count against made-up bookings stays for a day."""

    kept: Kept
    asked: bool | None
    on: date
    until: date
    braked: bool


class Erasing:
    """Shows and removes. `contacts` is None where no inbox is set: then the clinic cannot be asked."""

    def __init__(
        self, storage: Storage, desk: BookingDesk, visits: Visits, contacts: Contacts | None, brake: Brake
    ) -> None:
        self.storage = storage
        self.desk = desk
        self.visits = visits
        self.contacts = contacts
        self.brake = brake

    async def kept(self, turn: Turn, now: datetime) -> Kept:
        """What is kept of this turn's client."""
        client, consent = turn.client, turn.client.consent
        zone = (await self.desk.known_catalogue(now)).zone
        known = (await self.storage.visits()).values()
        told = {it.appointment_id for it in known if it.client_id == client.id}
        return Kept(
            locale=client.locale,
            consented_on=consent.given_at.astimezone(zone).date() if consent else None,
            consent_version=consent.version if consent else None,
            visits=len(told | {number for number, _ in client.appointments}),
            draft="draft" in turn.data,
            conversation=bool(await self.storage.relays.threads(client.id)),
            proven=client.verified,
        )

    async def record(self, client: Client) -> Contact | None:
        """The clinic's record of a client who has proven to own it, asked of One-Link; None for others."""
        if not client.verified:
            return None
        return await self.desk.contact_of(await self.visits.current(client))

    async def ahead(self, client: Client, now: datetime) -> tuple[Appointment, ...]:
        """Visits that stay when the client is forgotten."""
        return await self.visits.upcoming(await self.visits.current(client), now)

    async def withdraw(self, turn: Turn, note: str) -> bool:
        """Nothing is booked any more until the client agrees anew; whether the clinic was told.

        Withdrawing does not depend on One-Link: not being able to tell is shown, not raised.
        """
        given = turn.client.consent
        turn.client = replace(turn.client, consent=None)
        if given is None:
            return True
        try:
            about = f"withdrawn-{given.given_at:%Y%m%d-%H%M%S}"
            return await self._note(turn.client, note, about) is not False
        except BookingError as error:
            log.warning("withdrawal_not_told", code=error.code, status=error.status)
            return False

    async def erase(self, turn: Turn, note: Callable[[date, date, Client], str], now: datetime) -> Erased:
        """Ask the clinic first, then forget: the turn's end removes what is left.

        `note` words the request: of this day, to be done until that one. Raises StillUnderWay, and
        OneLinkUnreachable when the clinic could not be asked: then nothing is removed.
        """
        client, kept = turn.client, await self.kept(turn, now)
        if client.handoff is not None or await self.storage.has_attempt(client.id):
            raise StillUnderWay
        today = self.desk.today(await self.desk.known_catalogue(now), now)
        until = today + ANSWERED_WITHIN
        try:
            asked = await self._note(client, note(today, until, client), f"erase-{today:%Y%m%d}")
        except OneLinkUnreachable:
            raise
        except BookingError as error:
            log.error("erasure_not_asked_for", code=error.code, status=error.status)
            asked = False
        await self._forget_conversation(client.id)
        await self.brake.is_erased(client, now)
        turn.forgotten = True
        braked = await self.brake.cancelled(client, now) > 0
        return Erased(kept, asked, today, until, braked)

    async def _forget_conversation(self, client_id: int) -> None:
        for _ in range(_TRIES):
            if await self.storage.relays.forget_client(client_id):
                return
            await asyncio.sleep(_PAUSE_S)
        raise StillUnderWay

    async def _note(self, client: Client, text: str, about: str) -> bool | None:
        """Leave a note in each of the client's conversations, once for each `about`. None: the clinic has
        none, and no contact of the bot's to begin one with; False: there is no inbox."""
        if self.contacts is None:
            return False
        left = False
        for conversation_id in await self.storage.relays.threads(client.id):
            try:
                await self._leave(conversation_id, text, about)
                left = True
            except Gone:
                log.warning("conversation_is_gone")
        if left:
            return True
        linked = await self._linked(client, self.contacts)
        if linked is None:
            return None
        await self._leave((await self.contacts.conversation(linked)).display_id, text, about)
        return True

    async def _leave(self, conversation_id: int, text: str, about: str) -> None:
        assert self.contacts is not None  # noqa: S101 (asked by the caller)
        key = f"tgs:{about}-{conversation_id}"
        await self.contacts.conversations.add_private_note(conversation_id, text, key)

    async def _linked(self, client: Client, contacts: Contacts) -> Linked | None:
        """The contact that the inbox knows as this client; none is made for asking to erase it."""
        source_id = contacts.source_id(client.id)
        contact = await contacts.conversations.contact_by_source(source_id)
        if contact is not None:
            return Linked(contact.id, source_id)
        if client.contact_id is None:
            return None
        await contacts.conversations.link_contact(client.contact_id, source_id)
        return Linked(client.contact_id, source_id)
