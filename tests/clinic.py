"""The clinic of the dialogue tests, and its staff: they look into One-Link and change it."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

ALMATY = ZoneInfo("Asia/Almaty")
#: Monday, 7 January 2030, 09:00 in Almaty.
NOW = datetime(2030, 1, 7, 4, 0, tzinfo=UTC)

ANNA, BORIS, CHINGIZ = 11, 12, 13
HAIRCUT, COLOURING, BEARD = 31, 32, 33

#: Of the large clinic, in Russian and in English.
CATEGORIES = (
    ("Терапия", "Therapy"),
    ("Хирургия", "Surgery"),
    ("Неврология", "Neurology"),
    ("Кардиология", "Cardiology"),
    ("Гинекология", "Gynaecology"),
    ("Педиатрия", "Paediatrics"),
    ("Офтальмология", "Eye care"),
    ("Массаж", "Massage"),
)

Row = dict[str, Any]


def world(**changes: Any) -> Row:
    """Three resources, three services; every day 09:00-18:00 with lunch from 13:00 to 14:00."""
    return {
        "account_id": 7,
        "tokens": ["test-token"],
        "inboxes": [
            {
                "id": 14,
                "identifier": "inbox-identifier",
                "name": "Telegram",
                "lock_to_single_conversation": True,
            }
        ],
        "resources": [
            {
                "id": ANNA,
                "name": "Анна Иванова",
                "specialty": "Стилист",
                "slot_duration_min": 30,
                "custom_attributes": {"name_en": "Anna Ivanova", "name_kk": "Анна Иванова"},
            },
            {
                "id": BORIS,
                "name": "Борис Ким",
                "specialty": "Барбер",
                "slot_duration_min": 30,
                "custom_attributes": {"name_en": "Boris Kim"},
            },
            {
                "id": CHINGIZ,
                "name": "Шыңғыс Оспанов",
                "specialty": "Барбер",
                "slot_duration_min": 30,
                "custom_attributes": {"name_en": "Chingiz Ospanov"},
            },
        ],
        "services": [
            service(HAIRCUT, "Стрижка", "Шаш қию", "Haircut", 30, {ANNA: 5000, BORIS: 6000}),
            service(COLOURING, "Окрашивание", "Шаш бояу", "Colouring", 90, {ANNA: 20000}),
            service(BEARD, "Стрижка бороды", "Сақал қию", "Beard trim", 30, {BORIS: 4000, CHINGIZ: 4500}),
        ],
        "work_rules": _weekly({"start_minute": 540, "end_minute": 1080}, first_id=101),
        "break_rules": _weekly({"start_minute": 780, "end_minute": 840, "title": "Обед"}, first_id=201),
        **changes,
    }


def service(number: int, ru: str, kk: str, en: str, minutes: int, prices: dict[int, int], **more: Any) -> Row:
    """A service with a price row for each resource that provides it."""
    rows = [
        {"id": number * 100 + resource_id, "service_id": number, "resource_id": resource_id, "price": price}
        for resource_id, price in prices.items()
    ]
    named = {"name_kk": kk, "name_en": en}
    return {
        "id": number,
        "name": ru,
        "base_price": 0,
        "duration_min": minutes,
        "prices": rows,
        "custom_attributes": named,
        **more,
    }


def large_world(**changes: Any) -> Row:
    """Sixty services in eight categories and 25 resources.

    "Therapy 1" is provided by everybody, any other service by two. Therapy has eleven services,
    the other categories seven each.
    """
    staff = tuple(range(ANNA, ANNA + 25))
    named = [(ru, en, n) for ru, en in CATEGORIES for n in range(1, 12 if (ru, en) == CATEGORIES[0] else 8)]
    services = []
    for number, (ru, en, n) in enumerate(named, 101):
        provided_by = staff if number == 101 else (staff[number % 25], staff[(number + 1) % 25])
        row = service(
            number, f"{ru} {n}", f"{ru} {n}", f"{en} {n}", 30, dict.fromkeys(provided_by, 5000), category=ru
        )
        row["custom_attributes"]["category_en"] = en
        services.append(row)
    resources = [
        {
            "id": resource_id,
            "name": f"Специалист {n}",
            "slot_duration_min": 30,
            "custom_attributes": {"name_en": f"Specialist {n}"},
        }
        for n, resource_id in enumerate(staff, 1)
    ]
    rules = _weekly({"start_minute": 540, "end_minute": 1080}, first_id=101, resource_ids=staff)
    return world(resources=resources, services=services, work_rules=rules, break_rules=[], **changes)


def _weekly(rule: Row, first_id: int, resource_ids: Iterable[int] = (ANNA, BORIS, CHINGIZ)) -> list[Row]:
    return [
        {"id": first_id + resource_id * 7 + weekday, "resource_id": resource_id, "weekday": weekday, **rule}
        for resource_id in resource_ids
        for weekday in range(7)
    ]


def local(day: str, time: str) -> datetime:
    """`local("2030-01-08", "10:00")`: that moment at the clinic."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ALMATY)


class Clinic:
    """Staff at work in the sandbox's One-Link."""

    def __init__(self, control: httpx.AsyncClient) -> None:
        self._control = control

    async def world(self) -> Row:
        """The whole state of One-Link."""
        found: Row = (await self._control.get("/_sandbox/world")).json()
        return found

    async def changes(self, **rows: Any) -> None:
        """Replace lists of the world; effective at once."""
        response = await self._control.put("/_sandbox/world", json={**await self.world(), **rows})
        response.raise_for_status()

    async def appointments(self, *, live: bool = True) -> list[Row]:
        """Appointments, without the cancelled ones unless asked for."""
        rows = (await self.world())["appointments"]
        return [row for row in rows if not live or row["status"] != "cancelled"]

    async def books(self, resource_id: int, day: str, time: str, minutes: int = 30) -> int:
        """Staff make an appointment for somebody who has phoned; returns its id."""
        start = local(day, time).astimezone(UTC)
        rows = (await self.world())["appointments"]
        number: int = max([9000, *(row["id"] for row in rows)]) + 1
        row = {
            "id": number,
            "resource_id": resource_id,
            "starts_at": _z(start),
            "ends_at": _z(start + timedelta(minutes=minutes)),
            "status": "scheduled",
            "client_name": "Somebody else",
        }
        await self.changes(appointments=[*rows, row])
        return number

    async def books_for(
        self,
        phone: str,
        resource_id: int,
        day: str,
        time: str,
        *,
        service_id: int = HAIRCUT,
        minutes: int = 30,
    ) -> int:
        """Staff make an appointment for the contact with this phone (a new one if need be): its id."""
        state = await self.world()
        contact = next(
            (it for it in state["contacts"] if phone in (it.get("phone"), it.get("phone_number"))), None
        )
        contacts = state["contacts"]
        if contact is None:
            contact = {"id": 5000 + len(contacts), "full_name": "By phone", "phone": phone}
            contacts = [*contacts, contact]
        await self.changes(contacts=contacts)
        number = await self.books(resource_id, day, time)
        named = {"contact_id": contact["id"], "service_id": service_id, "service_ids": [service_id]}
        await self._edits(number, **named)
        return number

    async def moves(self, number: int, day: str, time: str, *, resource_id: int | None = None) -> None:
        """Staff move an appointment; its length stays."""
        row = await self.appointment(number)
        start = local(day, time)
        length = datetime.fromisoformat(row["ends_at"]) - datetime.fromisoformat(row["starts_at"])
        to = {"resource_id": resource_id} if resource_id is not None else {}
        await self._edits(number, starts_at=_z(start), ends_at=_z(start + length), **to)

    async def cancels(self, number: int) -> None:
        """Staff cancel an appointment."""
        await self._edits(number, status="cancelled")

    async def notes(self, number: int, status: str) -> None:
        """`completed`: the client was there; `no_show`: was not."""
        await self._edits(number, status=status)

    async def restores(self, number: int) -> None:
        """Staff take a cancellation back."""
        await self._edits(number, status="scheduled")

    async def appointment(self, number: int) -> Row:
        """One appointment."""
        return next(row for row in (await self.world())["appointments"] if row["id"] == number)

    async def _edits(self, number: int, **fields: Any) -> None:
        rows = (await self.world())["appointments"]
        await self.changes(appointments=[row | (fields if row["id"] == number else {}) for row in rows])

    async def drops(self, table: str, number: int) -> None:
        """Delete a row, such as a service."""
        await self.changes(**{table: [row for row in (await self.world())[table] if row["id"] != number]})

    async def is_fully_booked(self, resource_ids: Iterable[int], day: str) -> None:
        """Nobody is free that day."""
        off = [
            {
                "id": 800 + n,
                "resource_id": resource_id,
                "starts_at": _z(local(day, "00:00")),
                "ends_at": _z(local(day, "00:00") + timedelta(days=1)),
                "kind": "vacation",
                "title": "off",
            }
            for n, resource_id in enumerate(resource_ids)
        ]
        await self.changes(time_offs=[*(await self.world())["time_offs"], *off])

    async def fault(self, match: str, kind: str, **more: Any) -> None:
        """Something goes wrong with the next matching request (see the sandbox's faults)."""
        response = await self._control.post("/_sandbox/faults", json={"match": match, "kind": kind, **more})
        response.raise_for_status()

    async def is_well_again(self) -> None:
        """No faults any more."""
        await self._control.delete("/_sandbox/faults")

    async def requests(self, fragment: str = "", method: str = "") -> list[Row]:
        """What reached One-Link since the last `forgets_requests`."""
        rows: list[Row] = (await self._control.get("/_sandbox/requests")).json()
        return [row for row in rows if fragment in row["path"] and method in row["method"]]

    async def waits_until_asked(self, fragment: str, method: str, seconds: float = 15) -> None:
        """Until such a request has reached One-Link."""
        async with asyncio.timeout(seconds):
            while not await self.requests(fragment, method):
                pass

    async def forgets_requests(self) -> None:
        """Empty the journal."""
        await self._control.delete("/_sandbox/requests")

    async def clock_is(self, moment: datetime) -> None:
        """Move the sandbox's clock; the bot learns it from One-Link's next answer."""
        response = await self._control.put("/_sandbox/clock", json={"now": _z(moment)})
        response.raise_for_status()


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_of(row: Row) -> date:
    """The day of an appointment at the clinic."""
    return datetime.fromisoformat(row["starts_at"]).astimezone(ALMATY).date()
