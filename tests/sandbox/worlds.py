"""The world of One-Link's own examples: account 7, two specialists who work, one who does not."""

from typing import Any

Row = dict[str, Any]

NOW = "2026-03-08T06:00:00Z"
"""A Sunday; the Monday of the examples is the next day."""

TOKEN = "test-token"


def _weekdays(first_id: int, resource_id: int, start_minute: int, end_minute: int, **more: Any) -> list[Row]:
    hours = {"resource_id": resource_id, "start_minute": start_minute, "end_minute": end_minute} | more
    return [{"id": first_id + number, "weekday": number + 1} | hours for number in range(5)]


FIXTURE_WORLD: Row = {
    "account_id": 7,
    "tokens": [{"token": TOKEN, "user_id": 3}],
    "users": [
        {"id": 3, "name": "Бот записи", "email": "bot@clinic.example", "role": "agent"},
        {"id": 21, "name": "Дана", "email": "dana@clinic.example", "role": "agent"},
    ],
    "agent_bots": [{"id": 6, "name": "Salon bot"}],
    "teams": [{"id": 4, "name": "Регистратура"}],
    "inboxes": [{"id": 14, "identifier": "IDENT", "name": "Telegram", "lock_to_single_conversation": True}],
    "resources": [
        {"id": 11, "name": "Айгерим Сапарова", "specialty": "Терапевт", "created_at": "2026-01-10T05:00:00Z"},
        {"id": 12, "name": "Данияр Ержанов", "specialty": "Стоматолог", "slot_duration_min": 60},
        {"id": 13, "name": "Ушедший Специалист", "active": False},
    ],
    "work_rules": [*_weekdays(101, 11, 540, 1080), *_weekdays(111, 12, 540, 1080)],
    "break_rules": [*_weekdays(201, 11, 780, 840, title="Обед"), *_weekdays(211, 12, 780, 840, title="Обед")],
    "holidays": [{"id": 301, "date": "2026-01-01", "title": "Новый год", "recurring_yearly": True}],
    "services": [
        {
            "id": 31,
            "name": "Консультация терапевта",
            "base_price": 15000,
            "duration_min": 30,
            "category": "Приём",
            "prices": [{"id": 401, "resource_id": 11, "price": 12000}],
        },
        {
            "id": 32,
            "name": "Лечение кариеса",
            "base_price": 25000,
            "duration_min": 60,
            "category": "Лечение",
            "prices": [{"id": 402, "resource_id": 12, "price": 25000}],
        },
        {"id": 33, "name": "Старая услуга", "base_price": 9000, "active": False},
    ],
    "contacts": [{"id": 501, "full_name": "Алия Нурланова", "phone": "+77015554433"}],
    "appointments": [
        {
            "id": 9000,
            "resource_id": 11,
            "starts_at": "2026-03-09T05:00:00Z",
            "ends_at": "2026-03-09T05:30:00Z",
            "client_name": "Другой клиент",
        }
    ],
}
"""Appointment 9000 is Monday 2026-03-09, 10:00–10:30 in Almaty, and belongs to somebody else."""
