"""Clinics with many visits, and clients who are known to have booked them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from pydantic import TypeAdapter
from redis.asyncio import Redis

from bot.domain.model import Status
from bot.domain.watched import WatchedVisit
from bot.sandbox.telegram_state import TelegramState
from tests.clinic import ANNA, BORIS, CHINGIZ, HAIRCUT, world

FIRST_CLIENT, FIRST_CONTACT = 100_001, 50_001
LENGTH = timedelta(minutes=30)
_VISIT = TypeAdapter(WatchedVisit)


def clinic_with(starts: Sequence[datetime]) -> dict[str, Any]:
    """A world in which visit n, of contact FIRST_CONTACT + n, begins at starts[n - 1]."""
    appointments = [
        {
            "id": number,
            "resource_id": _resource(number),
            "service_id": HAIRCUT,
            "contact_id": FIRST_CONTACT + number,
            "starts_at": start.astimezone(UTC).isoformat(),
            "ends_at": (start + LENGTH).astimezone(UTC).isoformat(),
            "status": "scheduled",
        }
        for number, start in enumerate(starts, 1)
    ]
    contacts = [{"id": FIRST_CONTACT + n, "full_name": f"Client {n}"} for n in range(1, len(starts) + 1)]
    return world(appointments=appointments, contacts=contacts)


async def were_booked_here(redis_url: str, starts: Sequence[datetime], known: int, since: datetime) -> None:
    """An empty Redis but for the first `known` visits, each of another client, who learnt of it `since`."""
    visits = {
        str(number): _VISIT.dump_json(
            WatchedVisit(
                appointment_id=number,
                client_id=FIRST_CLIENT + number,
                starts_at=start,
                ends_at=start + LENGTH,
                resource_id=_resource(number),
                status=Status.SCHEDULED,
                since=since,
            )
        )
        for number, start in enumerate(starts[:known], 1)
    }
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
        await cast(Any, redis.hset("visits", mapping=visits))


def can_be_written_to(telegram: TelegramState, known: int) -> None:
    """The clients of these visits have started the bot once."""
    for number in range(1, known + 1):
        telegram.chat(FIRST_CLIENT + number).started = True


def written_to(telegram: TelegramState) -> list[int]:
    """The visits whose clients were sent a message, in order, as far back as the sandbox's journal goes."""
    return [
        int(call["params"]["chat_id"]) - FIRST_CLIENT
        for call in telegram.journal
        if call["method"] == "sendMessage" and call["ok"] and int(call["params"]["chat_id"]) > FIRST_CLIENT
    ]


def _resource(number: int) -> int:
    return (ANNA, BORIS, CHINGIZ)[number % 3]
