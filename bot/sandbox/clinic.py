"""A believable clinic in Almaty for the demo. Everybody in it is made up.

`demo_world(today)` gives rows in the shapes of the API, for the One-Link stand-in to load. The calendar is
the same for the same date: it is drawn from the date itself, not from chance.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.sandbox.clinic_catalogue import CLIENTS, HOLIDAYS, SERVICES, SPECIALISTS, Service, Specialist

Row = dict[str, Any]

ZONE = "Asia/Almaty"
ACCOUNT_ID = 1
STAFF: tuple[Row, ...] = (
    # The bot's token belongs to the first; whoever operates the page is the second.
    {"id": 1, "name": "Бот записи", "email": "bot@clinic.example", "role": "administrator"},
    {"id": 2, "name": "Дана", "email": "dana@clinic.example", "role": "agent"},
)
_DAYS_BACK, _DAYS_AHEAD = 2, 14
_FREE_STEP = 30  # minutes a specialist idles when nobody came
_SHARE_TAKEN = 0.5


def demo_world(today: date, webhook_url: str | None = None) -> Row:
    """The whole One-Link state: a half-full calendar from two days ago to two weeks ahead.

    `webhook_url` is where the inbox tells what happens in its conversations; None: it tells nobody.
    """
    away = _absence(today)
    return {
        "account_id": ACCOUNT_ID,
        "users": [dict(person) for person in STAFF],
        "inboxes": [
            {
                "id": 1,
                "identifier": "demo-inbox",
                "name": "Telegram",
                "webhook_url": webhook_url,
                "lock_to_single_conversation": True,
            }
        ],
        "resources": [_resource(specialist) for specialist in SPECIALISTS],
        "services": [_service(service) for service in SERVICES],
        "work_rules": _weekly("start_minute", "end_minute"),
        "break_rules": _weekly("break_start", "break_end"),
        "holidays": [
            {
                "id": 301 + number,
                "date": f"{today.year}-{month_day}",
                "title": title,
                "recurring_yearly": True,
            }
            for number, (month_day, title) in enumerate(HOLIDAYS)
        ],
        "workday_overrides": [],
        "time_offs": [away],
        "contacts": [
            {"id": 501 + number, "full_name": name, "phone": phone}
            for number, (name, phone) in enumerate(CLIENTS)
        ],
        "appointments": list(_appointments(today, away)),
        "conversations": [],
    }


def _resource(specialist: Specialist) -> Row:
    return {
        "id": specialist.id,
        "name": specialist.name,
        "specialty": specialist.specialty,
        "color": specialist.color,
        "timezone": ZONE,
        "slot_duration_min": 30,
        "active": True,
        "custom_attributes": specialist.translations,
    }


def _service(service: Service) -> Row:
    return {
        "id": service.id,
        "name": service.name,
        "base_price": min(service.prices.values()),
        "duration_min": service.duration_min,
        "category": service.category,
        "description": service.description,
        "active": True,
        "custom_attributes": service.translations,
        "prices": [
            {"id": service.id * 100 + resource_id, "resource_id": resource_id, "price": price, "active": True}
            for resource_id, price in service.prices.items()
        ],
    }


def _weekly(start: str, end: str) -> list[Row]:
    """Work rules or lunch breaks, one row for each specialist and weekday (0 = Sunday)."""
    rows: list[Row] = []
    for specialist in SPECIALISTS:
        for weekday in specialist.weekdays:
            row: Row = {
                "id": specialist.id * 1000 + weekday * 10 + (1 if start == "start_minute" else 2),
                "resource_id": specialist.id,
                "weekday": weekday,
                "start_minute": getattr(specialist, start),
                "end_minute": getattr(specialist, end),
                "active": True,
            }
            rows.append(row if start == "start_minute" else row | {"title": "Обед"})
    return rows


def _absence(today: date) -> Row:
    """The neurologist is away for three days of the week after next."""
    first = today + timedelta(days=8)
    return {
        "id": 601,
        "resource_id": SPECIALISTS[2].id,
        "kind": "vacation",
        "starts_at": _utc(first, 0),
        "ends_at": _utc(first + timedelta(days=3), 0),
        "title": "Отпуск",
    }


def _appointments(today: date, away: Row) -> Iterator[Row]:
    number = 9000
    closed = {month_day for month_day, _ in HOLIDAYS}
    for offset in range(-_DAYS_BACK, _DAYS_AHEAD + 1):
        day = today + timedelta(days=offset)
        if f"{day:%m-%d}" in closed:
            continue
        for specialist in SPECIALISTS:
            if day.isoweekday() % 7 not in specialist.weekdays:
                continue
            for row in _working_day(specialist, day, past=day < today):
                off = away["resource_id"] == specialist.id
                if off and row["starts_at"] < away["ends_at"] and row["ends_at"] > away["starts_at"]:
                    continue
                number += 1
                yield {"id": number} | row


def _working_day(specialist: Specialist, day: date, *, past: bool) -> Iterator[Row]:
    """Walk through the day: at each free moment somebody has come, or nobody has for half an hour."""
    chance = Random(f"{day.isoformat()} {specialist.id}")
    offered = [service for service in SERVICES if specialist.id in service.prices]
    for start, end in (
        (specialist.start_minute, specialist.break_start),
        (specialist.break_end, specialist.end_minute),
    ):
        minute = start
        while minute < end:
            service = chance.choice(offered)
            client = chance.randrange(len(CLIENTS))
            taken = chance.random() < _SHARE_TAKEN
            lot = chance.random()
            if not taken or minute + service.duration_min > end:
                minute += _FREE_STEP
                continue
            yield {
                "resource_id": specialist.id,
                "service_id": service.id,
                "contact_id": 501 + client,
                "starts_at": _utc(day, minute),
                "ends_at": _utc(day, minute + service.duration_min),
                "duration_min": service.duration_min,
                "status": _status(lot, past=past),
                "service_amount": service.prices[specialist.id],
            }
            # Visits start on the half hours people know.
            minute += -(-service.duration_min // _FREE_STEP) * _FREE_STEP


def _status(lot: float, *, past: bool) -> str:
    if lot < 0.07:
        return "cancelled"
    if past:
        return "no_show" if lot < 0.14 else "completed"
    return "confirmed" if lot > 0.6 else "scheduled"


def _utc(day: date, minute: int) -> str:
    """A local moment of the clinic as the API writes it: ISO 8601, UTC, whole seconds."""
    midnight = datetime.combine(day, time(), ZoneInfo(ZONE))
    return (midnight + timedelta(minutes=minute)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
