"""Rows of the world as the scheduling API shows them, per profile."""

from bot.sandbox.answers import Row
from bot.sandbox.rows import DEFAULTS
from bot.sandbox.world import World

ONLY_CURRENT = (
    "conversation_display_id",
    "owner_id",
    "patient_contact_id",
    "client_first_name",
    "client_last_name",
    "client_middle_name",
)
"""Keys of an appointment that profile `published` does not have."""

MONEY = (
    *(
        key
        for key in DEFAULTS["appointments"]
        if key.startswith(("prepaid_", "settlement_", "compensation_"))
    ),
    "payment_status",
    "payments",
    "expense",
)
"""Keys of an appointment that are gone once finance is removed; `service_amount` stays."""

CONTACT_KEYS = (
    "id",
    "company_id",
    "full_name",
    "phone",
    "identifier",
    "birth_date",
    "gender",
    "custom_attributes",
    "created_at",
    "updated_at",
)
NAME_PARTS = ("first_name", "last_name", "middle_name")


def plain(row: Row, account_id: int) -> Row:
    """Rules, holidays, absences, resources: as stored, in their account."""
    return {"id": row["id"], "account_id": account_id} | row


def service_view(service: Row, account_id: int) -> Row:
    prices = [plain(price, account_id) for price in service["prices"]]
    return plain(service, account_id) | {"prices": prices}


def contact_view(world: World, contact: Row, account_id: int) -> Row:
    keys = CONTACT_KEYS + (NAME_PARTS if world.current else ())
    return {"account_id": account_id} | {key: contact[key] for key in keys}


def appointment_view(world: World, visit: Row, account_id: int) -> Row:
    services = booked_services(visit)
    view = plain(visit, account_id) | {
        "service_ids": [service["id"] for service in services],
        "services": services if world.current else [],
        "payments": [],
        "expense": None,
    }
    view.pop("booked_services", None)
    if not world.current:
        return {key: value for key, value in view.items() if key not in ONLY_CURRENT}
    resource = world.resources.get(visit["resource_id"])
    view["resource_name"] = resource["name"] if resource else None
    if services:
        made = {"service_ids": view["service_ids"], "services": services}
        view["custom_attributes"] = visit["custom_attributes"] | made
    if world.switches["finance_removed"]:
        return {key: value for key, value in view.items() if key not in MONEY}
    return view


def booked_services(visit: Row) -> list[Row]:
    """What was booked, frozen at booking: `id`, `name`, `service_type`, `duration_min`."""
    if visit.get("booked_services") is not None:
        return list(visit["booked_services"])
    if visit["service_id"] is None:
        return []
    snapshot = {
        "id": visit["service_id"],
        "name": visit["service_name_snapshot"],
        "service_type": visit["service_type_snapshot"],
        "duration_min": visit["service_duration_min_snapshot"],
    }
    return [snapshot]
