"""Scheduling JSON <-> domain, except the calendar: services, resources, contacts, what is sent.

Pure functions. Shapes: onelink-scheduling-api, sections 3.2 and 6.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import Field

from bot.domain.model import Contact, ConversationLink, NewAppointment, Resource, Service, Status
from bot.onelink.rows import Row, Unreadable, every, read, timestamp

log = structlog.get_logger(__name__)

#: Minutes, where One-Link leaves a duration out: the default of its resources.
DEFAULT_DURATION_MIN = 30


class PriceRow(Row):
    resource_id: int
    price: int | None = None
    active: bool | None = None


class ServiceRow(Row):
    id: int
    name: str = Field(min_length=1)
    duration_min: int | None = None
    base_price: int | None = None
    category: str | None = None
    description: str | None = None
    prices: list[Any] | None = None
    custom_attributes: dict[str, Any] | None = None


class ResourceRow(Row):
    id: int
    name: str = Field(min_length=1)
    timezone: str | None = None
    specialty: str | None = None
    slot_duration_min: int | None = None
    active: bool | None = None
    custom_attributes: dict[str, Any] | None = None


class ContactRow(Row):
    id: int
    name: str | None = None
    full_name: str | None = None
    phone: str | None = None
    phone_number: str | None = None
    identifier: str | None = None


def load_services(rows: object) -> tuple[Service, ...]:
    """The services that can be booked: inactive ones are left out."""
    if isinstance(rows, list):
        rows = [row for row in rows if not (isinstance(row, dict) and row.get("active") is False)]
    return every(load_service, rows)


def load_service(row: object) -> Service:
    """A service with its price rows."""
    it = read(ServiceRow, row)
    own = it.custom_attributes or {}
    prices = [_load_price(price) for price in it.prices or []]
    return Service(
        id=it.id,
        name=it.name,
        duration_min=it.duration_min or DEFAULT_DURATION_MIN,
        base_price=it.base_price,
        category=it.category,
        description=it.description,
        prices={
            price.resource_id: price.price
            for price in prices
            if price and price.active is not False and price.price and price.price > 0
        },
        has_price_rows=bool(prices),
        names=translations(own, "name"),
        categories=translations(own, "category"),
        descriptions=translations(own, "description"),
        discreet=_is_true(own.get("discreet")),
    )


def _load_price(row: object) -> PriceRow | None:
    """None for an unreadable row, which still counts as a row: it must not open the service to everybody."""
    try:
        return read(PriceRow, row)
    except Unreadable as error:
        log.warning("onelink.row_skipped", load="price", fields=str(error))
        return None


def load_resource(row: object) -> Resource:
    """A resource; whether it is bookable follows section 3.2 (archived) and 4 (MedElement)."""
    it = read(ResourceRow, row)
    own = it.custom_attributes or {}
    return Resource(
        id=it.id,
        name=it.name,
        zone=_zone(it.timezone),
        specialty=it.specialty,
        slot_duration_min=it.slot_duration_min or DEFAULT_DURATION_MIN,
        bookable=it.active is not False
        and not _is_true(own.get("deleted_from_scheduling"))
        and own.get("medelement_specialist_code") in (None, ""),
        names=translations(own, "name"),
        specialties=translations(own, "specialty"),
    )


def load_contact(row: object) -> Contact:
    """A contact, in the words of the scheduling API (`full_name`, `phone`) or of the conversations API."""
    it = read(ContactRow, row)
    phone = it.phone or it.phone_number
    return Contact(
        id=it.id,
        name=it.full_name or it.name,
        phone=canonical_phone(phone) if phone else None,
        identifier=it.identifier,
    )


def translations(custom_attributes: Mapping[str, Any], field: str) -> dict[str, str]:
    """`{"name_kk": "Кеңес", …}` -> `{"kk": "Кеңес", …}` for one field; blanks are left out."""
    found = {}
    for key, value in custom_attributes.items():
        stem, _, locale = key.rpartition("_")
        if stem == field and len(locale) == 2 and isinstance(value, str) and value.strip():
            found[locale] = value.strip()
    return found


def canonical_phone(text: str) -> str:
    """The number as One-Link normalises it (section 6): +77015554433. Other text: its digits after a plus.

    Two numbers are the same phone exactly if their canonical forms are equal.
    """
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+"):
        return "+" + digits
    if len(digits) == 10:
        return "+7" + digits
    if len(digits) >= 11 and digits[0] in "78":
        return "+7" + digits[1:11]
    return "+" + digits


def dump_calendar_query(
    start: datetime,
    end: datetime,
    resource_ids: Collection[int] | None,
    duration_min: int | None,
    *,
    with_slots: bool,
) -> dict[str, str]:
    """The query of GET calendar (section 3.1); `view` is left out, it is only echoed."""
    query = {
        "from": timestamp(start),
        "to": timestamp(end),
        "include_slots": "true" if with_slots else "false",
    }
    if resource_ids is not None:
        query["resource_ids"] = ",".join(str(resource_id) for resource_id in sorted(resource_ids))
    if duration_min is not None:
        query["duration_min"] = str(duration_min)
    return query


def dump_appointments_query(start: datetime, end: datetime, contact_ids: Collection[int]) -> dict[str, str]:
    """The query of GET appointments (section 6). The older One-Link ignores `contact_ids`."""
    return {
        "from": timestamp(start),
        "to": timestamp(end),
        "contact_ids": ",".join(str(contact_id) for contact_id in sorted(contact_ids)),
    }


def dump_appointment(new: NewAppointment) -> dict[str, object]:
    """The body of a creation: only what every generation accepts (section 7.1).

    No `duration_min` (may disagree with `ends_at`), no `source`, no custom attributes.
    """
    body: dict[str, object] = {
        "resource_id": new.resource_id,
        "service_id": new.service_id,
        "contact_id": new.contact_id,
        "starts_at": timestamp(new.starts_at),
        "ends_at": timestamp(new.ends_at),
        "client_name": new.client_name,
        "client_phone": new.client_phone,
        "external_ref": new.external_ref,
    }
    optional = {
        "client_identifier": new.client_identifier,
        "client_birth_date": new.client_birth_date and new.client_birth_date.isoformat(),
        "client_comment": new.client_comment,
    }
    return body | {key: value for key, value in optional.items() if value} | _link_fields(new.link)


def dump_change(
    *,
    starts_at: datetime | None,
    ends_at: datetime | None,
    resource_id: int | None,
    link: ConversationLink | None,
    status: Status | None,
) -> dict[str, object]:
    """The body of a change: nothing that stays as it is (section 8). An empty link unlinks.

    An appointment that is not cancelled any more needs its payment status, too: that of a cancelled one
    stays `cancelled` unless it is sent (section 8); One-Link derives the right one from it (section 7.3).
    """
    body: dict[str, object] = {}
    if status is not None:
        body["status"] = status.value
    if status is Status.SCHEDULED:
        body["payment_status"] = "awaiting_payment"
    if starts_at is not None:
        body["starts_at"] = timestamp(starts_at)
    if ends_at is not None:
        body["ends_at"] = timestamp(ends_at)
    if resource_id is not None:
        body["resource_id"] = resource_id
    if link is not None:
        body |= _link_fields(link) or {"conversation_id": None}
    return body


def _link_fields(link: ConversationLink) -> dict[str, object]:
    fields = {
        "conversation_id": link.conversation_id,
        "conversation_display_id": link.conversation_display_id,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _zone(name: str | None) -> ZoneInfo:
    """The zone by its name; UTC for a missing or unknown one, as One-Link itself reckons (section 4)."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):  # not found is a KeyError; "../x" and "Asia" raise the others
        return ZoneInfo("UTC")


def _is_true(value: object) -> bool:
    """A custom attribute that a person may have typed: true, "true", 1."""
    return value is True or str(value).strip().lower() in {"true", "1"}
