"""Complete rows from sparse ones: the defaults One-Link's own documents give.

A world may say `{"id": 11, "name": "Anna"}` and means an active resource in Asia/Almaty with half-hour
slots. Rows keep the shapes of the API, except that `account_id` is not stored (answers add it).
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from bot.sandbox.answers import instant, utc
from bot.sandbox.availability import print_utc, seconds

Row = dict[str, Any]

WEBHOOK_EVENTS = (
    "conversation_created",
    "conversation_status_changed",
    "conversation_updated",
    "message_created",
    "message_updated",
    "conversation_typing_on",
    "conversation_typing_off",
)
"""What the webhook of an inbox tells, always; a webhook of the account chooses."""

DEFAULTS: dict[str, Row] = {
    "resources": {
        "user_id": None,
        "name": "",
        "specialty": None,
        "photo_url": None,
        "description": None,
        "color": None,
        "timezone": "Asia/Almaty",
        "slot_duration_min": 30,
        "compensation_type": "percent",
        "compensation_value": 0,
        "compensation_percent": 0,
        "active": True,
    },
    "services": {
        "name": "",
        "base_price": 0,
        "duration_min": 30,
        "category": None,
        "direction": None,
        "service_type": None,
        "description": None,
        "active": True,
    },
    "prices": {
        "compensation_type": "percent",
        "compensation_value": 0,
        "compensation_percent": 0,
        "active": True,
    },
    "work_rules": {"active": True},
    "break_rules": {"title": None, "active": True},
    "holidays": {"title": None, "recurring_yearly": False, "working_day_override": False},
    "workday_overrides": {"break_start_minute": None, "break_end_minute": None, "break_title": None},
    "time_offs": {"resource_id": None, "kind": "vacation", "title": None, "notes": None},
    "contacts": {
        "company_id": None,
        "full_name": None,
        "first_name": None,
        "last_name": None,
        "middle_name": None,
        "phone": None,
        "email": None,
        "identifier": None,
        "birth_date": None,
        "gender": None,
        "blocked": False,
        "owner_id": None,
    },
    "appointments": {
        "contact_id": None,
        "service_id": None,
        "company_id": None,
        "conversation_id": None,
        "conversation_display_id": None,
        "created_by_id": None,
        "owner_id": None,
        "patient_contact_id": None,
        "service_name_snapshot": None,
        "service_type_snapshot": None,
        "service_duration_min_snapshot": None,
        "status": "scheduled",
        "appointment_type": "primary",
        "client_name": None,
        "client_first_name": None,
        "client_last_name": None,
        "client_middle_name": None,
        "client_phone": None,
        "client_identifier": None,
        "client_birth_date": None,
        "client_gender": None,
        "client_comment": None,
        "source": "manual",
        "external_ref": None,
        "idempotency_key": None,
        "service_amount": 0,
        "compensation_type_snapshot": "percent",
        "compensation_value_snapshot": 0,
        "compensation_percent_snapshot": 0,
        "prepaid_amount": 0,
        "prepaid_payment_method": None,
        "settlement_amount": 0,
        "settlement_payment_method": None,
        "payment_status": "awaiting_payment",
    },
    "contact_inboxes": {},
    "conversations": {
        "status": "open",
        "assignee_id": None,
        "team_id": None,
        "snoozed_until": None,
        "priority": None,
        "contact_last_seen_at": 0,
        "agent_last_seen_at": 0,
        "first_reply_created_at": None,
        "status_reason": None,
        "contact_typing_at": None,
    },
    "messages": {
        "content": None,
        "message_type": 0,
        "content_type": "text",
        "private": False,
        "status": "sent",
        "source_id": None,
        "external_error": None,
        "sender": None,
    },
    "inboxes": {
        "name": "Telegram",
        "webhook_url": None,
        "lock_to_single_conversation": False,
        "greeting_enabled": False,
        "working_hours_enabled": False,
        "enable_email_collect": False,
        "enable_auto_assignment": True,
        "hmac_mandatory": False,
        "bot_attached": False,
    },
    "users": {"name": "Booking bot", "email": "bot@clinic.example", "role": "administrator"},
    "teams": {"name": "Reception"},
    "agent_bots": {"name": "Booking bot"},
    "attachments": {
        "file_type": "file",
        "name": "file",
        "content_type": "application/octet-stream",
        "file_size": 0,
    },
    "webhooks": {"url": "", "subscriptions": WEBHOOK_EVENTS},
}

WITH_ATTRIBUTES = {
    "resources",
    "services",
    "holidays",
    "workday_overrides",
    "time_offs",
    "contacts",
    "appointments",
    "conversations",
}
"""Tables whose rows have `custom_attributes`."""

MESSAGE_TYPES = {"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}


def complete(table: str, given: Row, now: str, next_id: Callable[[str], int]) -> Row:
    """The row with everything it lacks. `now` is ISO 8601, for `created_at` and `updated_at`."""
    row = DEFAULTS[table] | given
    row.pop("account_id", None)
    row["id"] = int(row["id"]) if row.get("id") is not None else next_id(table)
    if table in WITH_ATTRIBUTES:
        row["custom_attributes"] = dict(row.get("custom_attributes") or {})
    if table == "conversations":
        _complete_conversation(row, seconds(now))
    elif table == "messages":
        _complete_message(row, seconds(now), next_id)
    elif table == "attachments":
        row.setdefault("signed", f"lost-{row['id']}")
    else:
        row.setdefault("created_at", now)
        row.setdefault("updated_at", row["created_at"])
    if table == "inboxes":
        row.setdefault("secret", f"inbox-secret-{row['id']}")
        row.setdefault("hmac_token", f"inbox-hmac-{row['id']}")
    if table == "webhooks":
        row.setdefault("secret", f"webhook-secret-{row['id']}")
        row["subscriptions"] = list(row["subscriptions"])
    if table == "services":
        row["prices"] = [
            complete("prices", {"service_id": row["id"]} | price, now, next_id)
            for price in row.get("prices") or ()
        ]
    if table == "contacts":
        # The conversation API calls the same columns by other names.
        row["full_name"] = row["full_name"] or row.pop("name", None)
        row["phone"] = row["phone"] or row.pop("phone_number", None)
        row["additional_attributes"] = dict(row.get("additional_attributes") or {})
    if table in ("appointments", "time_offs"):
        _normalise_times(row)
    return row


def _normalise_times(row: Row) -> None:
    starts_at = instant(row["starts_at"], "starts_at")
    row["starts_at"] = utc(starts_at)
    if row.get("ends_at") is None:
        row["ends_at"] = print_utc(seconds(row["starts_at"]) + 60 * int(row.get("duration_min") or 30))
    row["ends_at"] = utc(instant(row["ends_at"], "ends_at"))
    if "status" in row:
        row.setdefault("duration_min", max(5, (seconds(row["ends_at"]) - seconds(row["starts_at"])) // 60))


def _complete_conversation(row: Row, now: int) -> None:
    sender = (row.get("meta") or {}).get("sender") or {}
    row.setdefault("contact_id", sender.get("id"))
    row.setdefault("source_id", (row.get("contact_inbox") or {}).get("source_id") or f"sandbox-{row['id']}")
    row.setdefault("inbox_id", None)
    row.setdefault("created_at", now)
    row.setdefault("last_activity_at", row["created_at"])
    row.setdefault("updated_at", float(row["created_at"]))
    row.setdefault("waiting_since", row["created_at"])
    row.setdefault("uuid", str(UUID(int=row["id"])))
    # The primary key never leaves One-Link, except as `conversation_id` of an appointment.
    row.setdefault("primary_key", row["id"] + 10_000)
    row["labels"] = list(row.get("labels") or ())
    row["additional_attributes"] = dict(row.get("additional_attributes") or {})
    row["messages"] = list(row.get("messages") or ())
    for key in ("meta", "contact_inbox"):
        row.pop(key, None)


def _complete_message(row: Row, now: int, next_id: Callable[[str], int]) -> None:
    row["message_type"] = MESSAGE_TYPES.get(row["message_type"], row["message_type"])
    row["content_attributes"] = dict(row.get("content_attributes") or {})
    row["attachments"] = [
        complete("attachments", attachment, "", next_id) for attachment in row.get("attachments") or ()
    ]
    row.setdefault("created_at", now)
