"""Thousands of reminders due in the same minute: their order, their pace, and who writes meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.app import App
from bot.domain.model import Status
from bot.domain.watched import WatchedVisit
from bot.sandbox.server import Sandbox
from bot.telegram.pace import Pace
from bot.worker import MESSENGERS
from tests.clinic import ANNA, HAIRCUT, NOW, Clinic, local, world
from tests.people import Client

MANY = 5000
FIRST_CLIENT, FIRST_CONTACT = 100_001, 50_001
NINE = local("2030-01-09", "09:00")
_VISIT = TypeAdapter(WatchedVisit)


def start_of(number: int) -> datetime:
    """Most at 09:00; every hundredth half an hour earlier: those are more urgent."""
    return NINE - timedelta(minutes=30) if number % 100 == 0 else NINE


@pytest.fixture
def clinic_world() -> dict[str, Any]:
    """One very busy morning."""
    appointments = [
        {
            "id": number,
            "resource_id": ANNA,
            "service_id": HAIRCUT,
            "contact_id": FIRST_CONTACT + number,
            "starts_at": start_of(number).astimezone(UTC).isoformat(),
            "ends_at": (start_of(number) + timedelta(minutes=30)).astimezone(UTC).isoformat(),
            "status": "scheduled",
        }
        for number in range(1, MANY + 1)
    ]
    contacts = [{"id": FIRST_CONTACT + n, "full_name": f"Client {n}"} for n in range(1, MANY + 1)]
    return world(appointments=appointments, contacts=contacts)


async def are_known(app: App, count: int) -> None:
    """The clients booked these visits here, two days ago."""
    visits = {
        number: _VISIT.dump_json(
            WatchedVisit(
                appointment_id=number,
                client_id=FIRST_CLIENT + number,
                starts_at=start_of(number),
                ends_at=start_of(number) + timedelta(minutes=30),
                resource_id=ANNA,
                status=Status.SCHEDULED,
                since=NOW - timedelta(days=2),
            )
        )
        for number in range(1, count + 1)
    }
    await app.storage.redis.hset("visits", mapping=visits)


def sent(sandbox: Sandbox) -> list[int]:
    """The numbers of the visits whose clients were written to, in order."""
    return [
        int(call["params"]["chat_id"]) - FIRST_CLIENT
        for call in sandbox.telegram.state.journal
        if call["method"] == "sendMessage" and call["ok"] and int(call["params"]["chat_id"]) > FIRST_CLIENT
    ]


@pytest.mark.parametrize("profile", ["current"])
async def test_five_thousand_at_nine_go_out_by_urgency_while_others_are_answered(
    bot: App, client: Client, clinic: Clinic, sandbox: Sandbox
) -> None:
    for number in range(1, MANY + 1):
        sandbox.telegram.state.chat(FIRST_CLIENT + number).started = True
    await are_known(bot, MANY)
    await clinic.clock_is(NINE - timedelta(hours=24) + timedelta(minutes=1))
    await bot.scheduling.resources()
    await bot.worker.look()
    due = [it.visits[0].appointment_id for it in bot.worker.rounds.due(bot.clock())]
    assert due == sorted(due, key=lambda number: number % 100 != 0)
    # The bot goes its rounds by itself: the first of them may be on their way already.
    visits = await bot.storage.visits()
    assert {number for number, it in visits.items() if not it.reminded} <= set(due)
    assert len(due) > MANY / 2
    # Somebody who writes now is answered while nearly all of them still wait.
    await client.says("/start")
    await client.has_button("Book a visit")
    await client.books("2030-01-10", "10:00")
    await client.sees("You are booked.")
    assert len(await bot.storage.visits()) == MANY + 1
    waiting = [it for it in (await bot.storage.visits()).values() if not it.reminded]
    assert len(waiting) > MANY / 2
    async with asyncio.timeout(30):
        while len(sent(sandbox)) < MANY // 100:
            await client.messages()
    # A few are on their way side by side: the last urgent ones have others beside them.
    assert all(number % 100 == 0 for number in sent(sandbox)[: MANY // 100 - MESSENGERS])


async def test_messages_leave_one_after_the_other_in_the_order_of_their_coming() -> None:
    every = timedelta(milliseconds=5)
    pace, loop = Pace(every), asyncio.get_running_loop()
    left: list[tuple[int, float]] = []

    async def leave(number: int) -> None:
        await pace.turn()
        left.append((number, loop.time()))

    begun = loop.time()
    await asyncio.gather(*(leave(number) for number in range(20)))
    assert [number for number, _ in left] == list(range(20))
    # Never faster than the pace; how much slower depends on the machine.
    assert all(at - begun >= number * every.total_seconds() - 0.001 for number, at in left)


@pytest.mark.parametrize("clients", [10, 1000])
@pytest.mark.parametrize("profile", ["current"])
async def test_one_request_reads_the_month_however_many_clients_there_are(
    bot: App, clinic: Clinic, clients: int
) -> None:
    await are_known(bot, clients)
    await bot.worker.look()
    await clinic.forgets_requests()
    await bot.worker.look()
    asked = [row["path"] for row in await clinic.requests()]
    assert asked == ["/api/v1/accounts/7/scheduling/calendar"]
