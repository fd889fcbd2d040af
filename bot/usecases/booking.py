"""Fulfilling a confirmed wish: contact, conversation, appointment; exactly once.

`Booking.settle` may be called again for the same attempt at any time, by any process: each step
is found before it is made, and the creation repeats one idempotency key. Its outcome is certain
or it is `Checking`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.attempt import BookingAttempt
from bot.domain.errors import (
    BookingError,
    ContactExists,
    Gone,
    NotPermitted,
    OneLinkUnreachable,
    Refused,
    SlotTaken,
    WrongConversation,
)
from bot.domain.model import Appointment, ConversationLink, NewAppointment, Status
from bot.onelink.scheduling import Scheduling
from bot.storage import Storage
from bot.usecases.contacts import Contacts, Linked
from bot.usecases.rivals import came_second

log = structlog.get_logger(__name__)

#: Forms of the conversation link, from the fullest to none; a refused form is followed by the next.
LINKS = ("both", "id", "display_id", "none")
#: How long an attempt is left to the process that works on it.
LEASE = timedelta(seconds=30)
#: A refusal that may be the echo of our own lost request is believed when it comes this often.
CONFLICTS_BELIEVED = 2


@dataclass(frozen=True, slots=True)
class Booked:
    """The appointment exists, as wished. `attempt`: with the contact and conversation it got."""

    appointment: Appointment
    attempt: BookingAttempt


@dataclass(frozen=True, slots=True)
class NotBooked:
    """There is no appointment, for certain. `used_up`: the key must not be used for another wish."""

    why: BookingError
    used_up: bool = False


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """The appointment was made, but has been cancelled or moved since."""

    appointment: Appointment
    attempt: BookingAttempt


@dataclass(frozen=True, slots=True)
class Checking:
    """Nobody knows yet; the attempt is stored and due again."""

    attempt: BookingAttempt
    due: datetime


Outcome = Booked | NotBooked | ChangedSince | Checking


class Booking:
    """Makes the appointments that clients confirmed."""

    def __init__(
        self,
        scheduling: Scheduling,
        contacts: Contacts | None,
        storage: Storage,
        *,
        link: str = "auto",
        without_link: Callable[[], None] = lambda: None,
    ) -> None:
        """`contacts` is None where no inbox is set: then appointments carry no link.

        `without_link` is called for each appointment that should have had one and has none.
        """
        self.scheduling = scheduling
        self.contacts = contacts
        self.storage = storage
        self._link = link
        self._without_link = without_link
        self._accepted: str | None = None  # the fullest form of the link that this One-Link takes, once known

    async def begin(self, attempt: BookingAttempt, now: datetime) -> None:
        """Store the attempt before anything leaves. Should this process die, the worker
        of any process takes it over when the lease has ended."""
        await self.storage.save_attempt(attempt, now + LEASE)

    async def settle(self, attempt: BookingAttempt, now: datetime) -> Outcome:
        """One try. The attempt stays stored until its outcome is shown (`Turn.finished`)."""
        had_been_sent = attempt.uncertain
        try:
            attempt, is_new = await self._with_contact(attempt)
            attempt = await self._with_conversation(attempt, contact_is_new=is_new)
            attempt = replace(attempt, uncertain=True)
            appointment, attempt = await self._create(attempt, now)
            outcome = _judged(appointment, attempt)
            if not isinstance(outcome, Booked):
                return outcome
            await self._correct_link(appointment, attempt)
            if not await came_second(self.scheduling, appointment):
                return outcome
            # Stored first: the echo of our own cancel must not read as "cancelled by the clinic".
            attempt = replace(attempt, yielding=True)
            await self.storage.save_attempt(attempt, now + LEASE)
            return await self._yielded(appointment, attempt)
        except OneLinkUnreachable as error:
            return await self._again(attempt, now, error)
        except SlotTaken as error:
            # Our own lost request may be what holds the slot: its commit and this answer can cross.
            if had_been_sent and attempt.conflicts + 1 < CONFLICTS_BELIEVED:
                return await self._again(replace(attempt, conflicts=attempt.conflicts + 1), now, error)
            return NotBooked(error)
        except NotPermitted as error:
            # Says nothing about a request that was sent before.
            return await self._again(attempt, now, error) if had_been_sent else NotBooked(error)
        except BookingError as error:
            return NotBooked(error)

    def is_own(self, attempt: BookingAttempt) -> bool:
        """Whether its contact is known to the inbox under the client's own source id."""
        return self.contacts is not None and attempt.source_id == self.contacts.source_id(attempt.client_id)

    async def _again(self, attempt: BookingAttempt, now: datetime, error: BookingError) -> Checking:
        attempt = attempt.tried_again()
        due = now + attempt.pause()
        await self.storage.save_attempt(attempt, due)
        log.warning("booking_unsettled", tries=attempt.tries, why=type(error).__name__, status=error.status)
        return Checking(attempt, due)

    async def _with_contact(self, attempt: BookingAttempt) -> tuple[BookingAttempt, bool]:
        """The attempt with its contact, and whether that contact is new to One-Link."""
        if attempt.contact_id is not None:
            return attempt, False
        wanted = attempt.wanted
        if self.contacts is not None:
            linked = await self.contacts.with_phone(attempt.client_id, wanted.name, wanted.phone)
            found = replace(attempt, contact_id=linked.contact_id, source_id=linked.source_id)
            return found, linked.is_new
        contact = await self.scheduling.find_contact_by_phone(wanted.phone)
        if contact is not None:
            return replace(attempt, contact_id=contact.id), False
        try:
            contact = await self.scheduling.create_contact(wanted.name, wanted.phone)
            return replace(attempt, contact_id=contact.id), True
        except ContactExists as error:
            return replace(attempt, contact_id=error.contact_id), False

    async def _with_conversation(self, attempt: BookingAttempt, *, contact_is_new: bool) -> BookingAttempt:
        if self.contacts is None or attempt.contact_id is None or attempt.link == "none":
            return attempt
        if attempt.conversation_id is not None:
            return attempt
        threads = (await self.storage.relays.threads(attempt.client_id)).values()
        known = next((it for it in threads if it.contact_id == attempt.contact_id), None)
        if known is not None:
            return replace(attempt, conversation_id=known.conversation_id, source_id=known.source_id)
        source_id = attempt.source_id or self.contacts.source_id(attempt.client_id)
        linked = Linked(attempt.contact_id, source_id, is_new=contact_is_new)
        attempt = replace(attempt, source_id=source_id)
        try:
            found = await self.contacts.conversation(linked)
            return replace(attempt, conversation_id=found.display_id)
        except (Refused, Gone, NotPermitted) as error:
            # The visit matters more than its link; `check` tells why there is none.
            log.warning("no_conversation_link", why=type(error).__name__, status=error.status)
            return replace(attempt, link="none")

    async def _create(self, attempt: BookingAttempt, now: datetime) -> tuple[Appointment, BookingAttempt]:
        """Create, going down the forms of the link while One-Link does not accept one."""
        forms = self._forms(attempt)
        for form in forms:
            attempt = replace(attempt, link=form)
            await self.storage.save_attempt(attempt, now + LEASE)
            try:
                created = await self.scheduling.create_appointment(
                    _request(attempt), idempotency_key=attempt.key
                )
            except (Gone, WrongConversation) as error:
                if form == forms[-1]:
                    raise
                log.warning("conversation_link_refused", form=form, status=error.status)
                continue
            if form == "none" and self.contacts is not None:
                self._without_link()
            if created.appointment.speaks_display_ids or (form != forms[0] and form != "none"):
                self._accepted = "display_id"
            return created.appointment, attempt
        raise AssertionError("there is always a form without a link")

    def _forms(self, attempt: BookingAttempt) -> tuple[str, ...]:
        if attempt.conversation_id is None:
            return ("none",)
        first = attempt.link or self._link
        if first == "auto":
            first = self._accepted or "both"
        return (first, *(form for form in ("display_id", "none") if LINKS.index(form) > LINKS.index(first)))

    async def _yielded(self, appointment: Appointment, attempt: BookingAttempt) -> Outcome:
        """Give our appointment up. One-Link may refuse: then it stands, and must not be called unbooked."""
        try:
            given_up = await self.scheduling.cancel_appointment(appointment.id)
        except OneLinkUnreachable:
            raise
        except BookingError as error:
            log.error("double_booking_stands", code=error.code, status=error.status)
            return Booked(appointment, attempt)
        if given_up.status is Status.CANCELLED:
            return NotBooked(SlotTaken("yielded"), used_up=True)
        log.error("double_booking_stands", status=given_up.status.value)
        return Booked(appointment, attempt)

    async def _correct_link(self, appointment: Appointment, attempt: BookingAttempt) -> None:
        linked = appointment.conversation_display_id
        if attempt.conversation_id is None or linked in (None, attempt.conversation_id):
            return
        log.warning("linked_to_another_conversation")
        try:
            await self.scheduling.update_appointment(
                appointment.id, link=ConversationLink(conversation_display_id=attempt.conversation_id)
            )
        except OneLinkUnreachable:
            raise
        except BookingError as error:
            # The appointment stands all the same.
            log.error("link_not_corrected", code=error.code, status=error.status)


def _judged(appointment: Appointment, attempt: BookingAttempt) -> Outcome:
    """An answer is believed only after comparing it with what was asked."""
    wanted = attempt.wanted
    if appointment.status is Status.CANCELLED:
        return (
            NotBooked(SlotTaken("yielded"), used_up=True)
            if attempt.yielding
            else ChangedSince(appointment, attempt)
        )
    if (appointment.resource_id, appointment.starts_at) != (wanted.resource_id, wanted.starts_at):
        return ChangedSince(appointment, attempt)
    return Booked(appointment, attempt)


def _request(attempt: BookingAttempt) -> NewAppointment:
    wanted, shown = attempt.wanted, attempt.conversation_id
    assert attempt.contact_id is not None  # noqa: S101 (made by the step before)
    return NewAppointment(
        resource_id=wanted.resource_id,
        service_id=wanted.service_id,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        client_name=wanted.name,
        client_phone=wanted.phone,
        client_identifier=wanted.iin,
        client_birth_date=wanted.birth_date,
        client_comment=wanted.comment,
        contact_id=attempt.contact_id,
        external_ref=attempt.external_ref,
        link=ConversationLink(
            conversation_id=shown if attempt.link in ("both", "id") else None,
            conversation_display_id=shown if attempt.link in ("both", "display_id") else None,
        ),
    )
