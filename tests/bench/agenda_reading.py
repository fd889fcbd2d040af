"""P5: a calendar's answer becomes the days and times that a client reads, against reading its JSON only."""

import gc
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import process_time
from typing import Any, cast

import orjson
from httpx_aiohttp import HttpxAiohttpClient

from bot.onelink.exchange import Answer
from bot.onelink.http import OneLinkHttp
from bot.onelink.scheduling import Scheduling
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from bot.usecases.desk import ANY, BookingDesk
from tests.bench.findings import Finding
from tests.bench.machine import cores, pinned
from tests.clinic import NOW, local, service, world

RESOURCES, DAYS, VISITS = 20, 7, 2000
FIRST_RESOURCE, CHECK_UP, MINUTES = 11, 31, 15
REPEATS = 15
SLOWEST = 1.5


class Recorded:
    """One-Link's answers as bytes, each asked for once: what follows costs no network."""

    def __init__(self, client: HttpxAiohttpClient) -> None:
        self._client = client
        self.answers: dict[str, bytes] = {}

    async def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        parse: Callable[[bytes], object] = orjson.loads,
        **_: int | str,
    ) -> Answer:
        """As `OneLinkHttp.get` does it once it has the bytes."""
        if path not in self.answers:
            response = await self._client.get(f"/api/v1/accounts/7/{path}", params=params)
            self.answers[path] = response.raise_for_status().content
        return Answer(200, parse(self.answers[path]))


async def agenda_reading() -> list[Finding]:
    """CPU time of both on the same bytes, in turns."""
    _, core = cores()
    today = NOW.date()
    async with (
        serving(world=_full_clinic(today), clock=Clock(NOW)) as sandbox,
        HttpxAiohttpClient(
            base_url=sandbox.url, headers={"api-access-token": "test-token"}, timeout=60
        ) as client,
    ):
        recorded = Recorded(client)
        desk = BookingDesk(
            Scheduling(cast(OneLinkHttp, recorded)),
            None,
            bot_key="",
            lead=timedelta(hours=1),
            horizon=timedelta(days=30),
        )
        check_up = (await desk.catalogue(NOW)).service(CHECK_UP)
        week = await desk.week(check_up, ANY, today, NOW)
    answer = recorded.answers["scheduling/calendar"]
    slots, visits = (len(orjson.loads(answer)["payload"][name]) for name in ("slots", "appointments"))
    assert visits == VISITS, f"{visits} visits in the answer"
    alone, whole = [], []
    gc.collect()
    gc.freeze()
    with pinned(core):
        for _ in range(REPEATS):
            begun = process_time()
            orjson.loads(answer)
            alone.append(process_time() - begun)
            desk.refresh()
            begun = process_time()
            week = await desk.week(check_up, ANY, today, NOW)
            whole.append(process_time() - begun)
    gc.unfreeze()
    ratio = median(it / yardstick for it, yardstick in zip(whole, alone, strict=True))
    times = sum(len(day.slots) for day in week.days)
    return [
        Finding(
            f"{RESOURCES} resources × {DAYS} days, {slots:,} slots, {visits:,} appointments "
            f"({len(answer) / 1e6:.1f} MB): from bytes to days with times, CPU",
            f"{ratio:.2f} × `orjson.loads` ({min(whole) / min(alone):.2f} × of the fastest)",
            f"at most {SLOWEST} ×",
            ratio <= SLOWEST,
        ),
        Finding("`orjson.loads` → all of it", f"{_ms(median(alone))} → {_ms(median(whole))}"),
        Finding("shown of it", f"{len(week.days)} days, {times} times"),
    ]


def _full_clinic(today: date) -> dict[str, Any]:
    """Everybody works from 8 to 22, and sees somebody in more than every other quarter of an hour."""
    staff = range(FIRST_RESOURCE, FIRST_RESOURCE + RESOURCES)
    resources = [{"id": it, "name": f"Specialist {it}", "slot_duration_min": MINUTES} for it in staff]
    everybody = dict.fromkeys(staff, 5000)
    rules = [
        {"id": it * 7 + day, "resource_id": it, "weekday": day, "start_minute": 480, "end_minute": 1320}
        for it in staff
        for day in range(7)
    ]
    return world(
        resources=resources,
        services=[service(CHECK_UP, "Осмотр", "Тексеру", "Check-up", MINUTES, everybody)],
        work_rules=rules,
        break_rules=[],
        appointments=[_visit(number, today) for number in range(VISITS)],
    )


def _visit(number: int, today: date) -> dict[str, Any]:
    """Visits lie in pairs of quarters with one free between two of them, for slots in every hour."""
    nth, resource = divmod(number, RESOURCES)
    of_day, day = divmod(nth, DAYS)
    begins = local(f"{today + timedelta(days=day):%Y-%m-%d}", "08:00") + timedelta(
        minutes=MINUTES * 3 * of_day
    )
    return {
        "id": number + 1,
        "resource_id": FIRST_RESOURCE + resource,
        "service_id": CHECK_UP,
        "starts_at": _z(begins),
        "ends_at": _z(begins + timedelta(minutes=MINUTES)),
        "status": "scheduled",
        "client_name": f"Client {number}",
        "client_phone": f"+7701{number:07}",
    }


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
