"""From a request to an appointment: One-Link's checks, in One-Link's order.

Resource, contact, service, conversation, dates and duration, price, names, IIN, then (by the caller)
availability and the validations of the model. The order decides which refusal a client sees: a bad status
on a taken slot reports the slot.
"""

from datetime import datetime, timedelta

from bot.sandbox.answers import (
    Crashed,
    Refused,
    Row,
    instant,
    integer,
    invalid,
    iso_date,
    not_found,
    text,
    utc,
)
from bot.sandbox.availability import REASONS, Timetable, seconds
from bot.sandbox.contact_rules import checked_identifier
from bot.sandbox.world import World

STATUSES = ("scheduled", "confirmed", "completed", "cancelled", "no_show")
TYPES = ("primary", "secondary", "other")
DURATIONS = range(5, 721)
NAME_PARTS = ("client_first_name", "client_last_name", "client_middle_name")
FREE_TEXTS = ("client_phone", "client_gender", "client_comment", "external_ref", "idempotency_key")


def resolve(world: World, body: Row, stored: Row) -> Row:
    """The columns this request sets. `stored` is the appointment being changed, empty when creating.

    Only keys present in the body are applied to an existing appointment. Refused carries the first check
    that failed; Crashed stands for One-Link's own 500.
    """
    columns: Row = {}
    resource = _resource(world, body, stored, columns)
    contact = _contact(world, body, stored, columns)
    services = _services(world, body, stored, columns)
    _conversation(world, body, contact, columns)
    _times(world, body, stored, services, resource, columns)
    if _needs_price(world, body, stored, columns):
        _price(services, resource, body, columns)
    _names(world, body, stored, contact, columns)
    _person(body, stored, contact, columns)
    columns |= {key: text(body[key]) for key in FREE_TEXTS if key in body and key != "client_phone"}
    columns |= {
        key: body[key] for key in ("status", "appointment_type", "owner_id", "company_id") if key in body
    }
    if "source" in body and not world.current:
        columns["source"] = text(body["source"]) or "manual"
    if "custom_attributes" in body:
        columns["custom_attributes"] = stored.get("custom_attributes", {}) | (body["custom_attributes"] or {})
    return columns


def refuse_unavailable(world: World, visit: Row) -> None:
    """409 when the appointment's time is not free (422 when it ends before it starts)."""
    timetable = Timetable(
        world.resources[visit["resource_id"]],
        work_rules=world.rows("work_rules"),
        break_rules=world.rows("break_rules"),
        holidays=world.rows("holidays"),
        workday_overrides=world.rows("workday_overrides"),
        time_offs=world.rows("time_offs"),
        appointments=world.appointments.values(),
    )
    start, end = seconds(visit["starts_at"]), seconds(visit["ends_at"])
    code = timetable.refusal(start, end, ignoring=visit.get("id"))
    if code is not None:
        raise Refused(422 if code == "VALIDATION_ERROR" else 409, REASONS[code], code)


def validate(world: World, visit: Row) -> None:
    """The model's own validations; `details` names each attribute that failed."""
    details: dict[str, list[str]] = {}
    if visit["status"] not in STATUSES:
        details["status"] = ["Status is not included in the list"]
    if visit["appointment_type"] not in TYPES:
        details["appointment_type"] = ["Appointment type is not included in the list"]
    if visit["duration_min"] not in DURATIONS:
        details["duration_min"] = ["Duration min must be between 5 and 720"]
    managed = world.switches["managed_fields"] if world.current else None
    if managed is not None:
        for key in visit["custom_attributes"].keys() - set(managed):
            details[f"custom_attributes.{key}"] = [f"{key} is not a managed appointment field"]
    if details:
        raise invalid(" and ".join(sentence for many in details.values() for sentence in many), **details)
    unique = {"idempotency_key": "DUPLICATE_IDEMPOTENCY_KEY", "external_ref": "DUPLICATE_EXTERNAL_REF"}
    for key, code in unique.items():
        if visit[key] and any(
            other[key] == visit[key] and other["id"] != visit.get("id")
            for other in world.appointments.values()
        ):
            sentence = f"{key.replace('_', ' ').capitalize()} has already been taken"
            raise Refused(409, sentence, code, {key: [sentence]})


def payment_status(visit: Row) -> str:
    """Derived from what was received; only an explicit `cancelled` stays."""
    if visit["payment_status"] == "cancelled":
        return "cancelled"
    received = visit["prepaid_amount"] + visit["settlement_amount"]
    if not received:
        return "awaiting_payment"
    return "paid" if received >= visit["service_amount"] else "prepaid"


def _resource(world: World, body: Row, stored: Row, columns: Row) -> Row:
    if stored and "resource_id" not in body:
        return world.find("resources", stored["resource_id"])
    resource = world.find("resources", body.get("resource_id"))
    archived = resource["custom_attributes"].get("deleted_from_scheduling") is True
    if world.current and (archived or not resource["active"]):
        raise Refused(
            422, "Resource is not available for scheduling", "RESOURCE_NOT_AVAILABLE_FOR_SCHEDULING"
        )
    columns["resource_id"] = resource["id"]
    return resource


def _contact(world: World, body: Row, stored: Row, columns: Row) -> Row | None:
    contact_id = body["contact_id"] if "contact_id" in body else stored.get("contact_id")
    if contact_id in (None, ""):
        if world.current and world.switches["contact_required"]:
            raise invalid("contact_id is required")
        columns |= {"contact_id": None}
        return None
    contact = world.find("contacts", contact_id)
    columns["contact_id"] = contact["id"]
    return contact


def _services(world: World, body: Row, stored: Row, columns: Row) -> list[Row]:
    """The services booked: `service_ids` (newer One-Links) wins over `service_id`."""
    if world.current and body.get("service_ids"):
        wanted = list(body["service_ids"])
    elif "service_id" in body:
        wanted = [body["service_id"]] if body["service_id"] not in (None, "") else []
    elif stored:
        return [world.find("services", stored["service_id"])] if stored["service_id"] is not None else []
    else:
        wanted = []
    services = [world.find("services", service_id) for service_id in wanted]
    snapshots = [
        {key: service[key] for key in ("id", "name", "service_type", "duration_min")} for service in services
    ]
    first = (
        snapshots[0] if snapshots else {"id": None, "name": None, "service_type": None, "duration_min": None}
    )
    columns |= {
        "service_id": first["id"],
        "service_name_snapshot": ", ".join(s["name"] for s in snapshots) or None,
        "service_type_snapshot": first["service_type"],
        "service_duration_min_snapshot": sum(s["duration_min"] for s in snapshots) or None,
        "booked_services": snapshots,
    }
    return services


def _conversation(world: World, body: Row, contact: Row | None, columns: Row) -> None:
    """Older One-Links take `conversation_id` as primary key, unchecked; newer ones try the display id too."""
    by_key = {row["primary_key"]: row for row in world.conversations.values()}
    given, display = body.get("conversation_id"), body.get("conversation_display_id")
    if not world.current:
        display = None
    if given in (None, "") and display in (None, ""):
        if {"conversation_id", "conversation_display_id"} & body.keys():
            columns |= {"conversation_id": None, "conversation_display_id": None}
        return
    if given not in (None, ""):
        key = integer(given, "conversation_id")
        found = by_key.get(key) or (world.conversations.get(key) if world.current else None)
    else:
        found = world.conversations.get(integer(display, "conversation_display_id"))
    if found is None:
        raise not_found()
    if world.current and (contact is None or found["contact_id"] != contact["id"]):
        raise Refused(
            422, "Conversation must belong to the selected contact", "CONVERSATION_CONTACT_MISMATCH"
        )
    columns |= {"conversation_id": found["primary_key"], "conversation_display_id": found["id"]}


def _times(world: World, body: Row, stored: Row, services: list[Row], resource: Row, columns: Row) -> None:
    if stored and not body.keys() & {"starts_at", "ends_at", "duration_min"}:
        return
    starts_at = _moment(body, stored, "starts_at")
    if starts_at is None:
        raise Crashed("starts_at is missing")
    minutes = integer(body["duration_min"], "duration_min") if body.get("duration_min") is not None else None
    if not world.current:
        ends_at = _moment(body, stored, "ends_at")
        if ends_at is None:
            raise Crashed("ends_at is missing")
    elif body.get("ends_at") is not None:
        ends_at = instant(body["ends_at"], "ends_at")
    else:
        booked = sum(service["duration_min"] for service in services)
        length = minutes or stored.get("duration_min") or booked or resource["slot_duration_min"]
        ends_at = starts_at + timedelta(minutes=length)
    derived = max(5, round((ends_at - starts_at).total_seconds() / 60))
    if world.current and minutes is not None and minutes != derived:
        raise invalid("duration_min does not match starts_at and ends_at")
    columns |= {"starts_at": utc(starts_at), "ends_at": utc(ends_at), "duration_min": minutes or derived}


def _moment(body: Row, stored: Row, name: str) -> datetime | None:
    value = body[name] if name in body else stored.get(name)
    return None if value is None else instant(value, name)


def _needs_price(world: World, body: Row, stored: Row, columns: Row) -> bool:
    """Older One-Links price again whenever the resource is named, newer ones when it is another."""
    if not stored or body.keys() & {"service_id", "service_ids"}:
        return True
    named = "resource_id" in body
    return named and (not world.current or columns["resource_id"] != stored["resource_id"])


def _price(services: list[Row], resource: Row, body: Row, columns: Row) -> None:
    """Active price of the pair, else the base price; nothing that costs nothing can be booked."""
    total = 0
    for service in services:
        price = next(
            (
                row["price"]
                for row in service["prices"]
                if row["resource_id"] == resource["id"] and row["active"] and row["price"] > 0
            ),
            service["base_price"],
        )
        if not service["active"] or price <= 0:
            raise Refused(
                422,
                "Service is not available for the selected resource",
                "SERVICE_NOT_AVAILABLE_FOR_RESOURCE",
            )
        total += price
    given = body.get("service_amount")
    columns["service_amount"] = total if given is None else integer(given, "service_amount")


def _names(world: World, body: Row, stored: Row, contact: Row | None, columns: Row) -> None:
    if world.current and any(part in body for part in NAME_PARTS):
        columns |= {part: text(body[part]) for part in NAME_PARTS if part in body}
        first, last, middle = (columns.get(part, stored.get(part)) for part in NAME_PARTS)
        columns["client_name"] = " ".join(part for part in (first, last, middle) if part)
    elif "client_name" in body:
        columns["client_name"] = text(body["client_name"])
    elif not stored and contact is not None:
        columns["client_name"] = contact["full_name"] or contact["email"] or contact["phone"]
    if not columns.get("client_name", stored.get("client_name")):
        raise invalid("client_name is required")


def _person(body: Row, stored: Row, contact: Row | None, columns: Row) -> None:
    """Phone, identifier and birth date, each falling back to the contact's when creating."""
    known = contact if contact is not None and not stored else {}
    attributes = known.get("custom_attributes", {})
    if "client_phone" in body or not stored:
        columns["client_phone"] = text(body.get("client_phone")) or known.get("phone")
    if "client_identifier" in body:
        columns["client_identifier"] = checked_identifier(body["client_identifier"])
    elif stored:
        checked_identifier(stored["client_identifier"])
    else:
        columns["client_identifier"] = checked_identifier(known.get("identifier") or attributes.get("iin"))
    if body.get("client_birth_date"):
        columns["client_birth_date"] = iso_date(body["client_birth_date"], "client_birth_date").isoformat()
    elif "client_birth_date" in body or not stored:
        columns["client_birth_date"] = attributes.get("birth_date")
