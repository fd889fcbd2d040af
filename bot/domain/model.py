"""The things the bot talks about: services, resources, slots, appointments, contacts.

Plain frozen records. Times are aware datetimes (UTC unless said otherwise), durations
are minutes as in One-Link, money is whole tenge. `names` holds what a clinic entered
for a language; `name_in` falls back to the main name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Status(StrEnum):
    """The states of an appointment in One-Link; UNKNOWN stands for one this bot has not heard of."""

    SCHEDULED = "scheduled"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    UNKNOWN = "unknown"


#: An appointment in one of these still lies ahead of the client; any status but cancelled blocks the slot.
UPCOMING = frozenset({Status.SCHEDULED, Status.CONFIRMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Who or what provides services: Anna, room 2."""

    id: int
    name: str
    zone: ZoneInfo
    specialty: str | None = None
    slot_duration_min: int = 30
    bookable: bool = True  # active, not archived, and not run by an external clinic system
    names: Mapping[str, str] = field(default_factory=dict)
    specialties: Mapping[str, str] = field(default_factory=dict)

    def name_in(self, locale: str) -> str:
        """The name for a reader of this locale."""
        return self.names.get(locale) or self.name

    def specialty_in(self, locale: str) -> str | None:
        """What this resource is, for a reader of this locale: "therapist"."""
        return self.specialties.get(locale) or self.specialty


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What can be booked.

    `prices` has one entry for each resource with an active price row, in whole tenge.
    """

    id: int
    name: str
    duration_min: int
    base_price: int | None = None
    category: str | None = None
    description: str | None = None
    prices: Mapping[int, int] = field(default_factory=dict)
    has_price_rows: bool = False  # also inactive ones: then only active rows offer the service
    names: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    discreet: bool = False  # its name must not be read by chance, as on a lock screen

    def name_in(self, locale: str) -> str:
        """The name for a reader of this locale."""
        return self.names.get(locale) or self.name

    def offered_by(self, resource: Resource) -> bool:
        """Whether this resource provides the service (One-Link leaves this decision to its clients).

        An active price row offers it; a service without any rows is offered by
        every resource if it has a base price (onelink-scheduling-api, section 6).
        """
        if not resource.bookable:
            return False
        return resource.id in self.prices if self.has_price_rows else bool(self.base_price)

    def price_with(self, resource_id: int) -> int | None:
        """Whole tenge, or None where One-Link tells no price."""
        return self.prices.get(resource_id) or self.base_price or None


class Slot(NamedTuple):
    """A free start for a service with a resource; sorts by start.

    A tuple, unlike its neighbours: a calendar holds some ten thousand of them, and
    tuples are made four times as fast as frozen dataclasses.
    """

    starts_at: datetime
    resource_id: int
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """A slot taken by a contact, as One-Link tells it. Fields One-Link left out are None."""

    id: int
    status: Status
    resource_id: int
    starts_at: datetime
    ends_at: datetime
    service_id: int | None = None
    service_name: str | None = None
    contact_id: int | None = None
    client_name: str | None = None
    amount: int | None = None
    external_ref: str | None = None
    idempotency_key: str | None = None
    conversation_id: int | None = None
    conversation_display_id: int | None = None
    speaks_display_ids: bool = False  # the key `conversation_display_id` was present: a newer server
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarReading:
    """One-Link's answer about a range: who has visits there, and which."""

    appointments: tuple[Appointment, ...]
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One-Link's record of a client. `phone` is +77011234567."""

    id: int
    name: str | None = None
    phone: str | None = None
    identifier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One-Link's thread with a contact, by its display id, the only id its API shows."""

    display_id: int
    status: str
    contact_id: int | None = None
    inbox_id: int | None = None
    source_id: str | None = None  # the client it belongs to: a contact's phone may have several
    updated_at: float | None = None  # Unix seconds; of two statuses the later one holds
    uuid: str | None = None  # names it in the links that One-Link sends to contacts


@dataclass(frozen=True, slots=True)
class ConversationLink:
    """What an appointment is told about its conversation: the display id under one key or both."""

    conversation_id: int | None = None
    conversation_display_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """What is sent to create an appointment, apart from its idempotency key."""

    resource_id: int
    service_id: int
    starts_at: datetime
    ends_at: datetime
    client_name: str
    client_phone: str
    contact_id: int
    external_ref: str
    client_identifier: str | None = None
    client_birth_date: date | None = None
    client_comment: str | None = None
    link: ConversationLink = ConversationLink()


@dataclass(frozen=True, slots=True)
class Created:
    """The answer to a creation: a new appointment (201), or the one made with this key before (200)."""

    appointment: Appointment
    replayed: bool
