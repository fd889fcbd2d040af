"""P3: how often an update makes the bot wait for Redis."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from httpx_aiohttp import HttpxAiohttpClient

from bot.embedded_redis import embedded_redis
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from tests.bench.counted_redis import Trips, counted
from tests.bench.findings import Finding
from tests.bench.lone_bot import Steps, answering, first_booking, next_booking
from tests.clinic import NOW, world
from tests.people import Client

MOST = 3


async def redis_trips() -> list[Finding]:
    """Round trips at each step of a booking. Somebody has booked before: the server knows the scripts."""
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory) / "data") as redis_url,
            counted(redis_url, Path(directory)) as (counted_url, trips),
            serving(world=world(), clock=Clock(NOW)) as sandbox,
            answering(sandbox, counted_url),
            HttpxAiohttpClient(base_url=sandbox.url, timeout=60) as control,
        ):
            earlier, client = Client(control, 777), Client(control, 501)
            for person in (earlier, client):
                await person.is_called("Aliya", "en")
            await earlier.books("2030-01-07", "15:00", "+77017654321")
            first = await _made(first_booking(client), trips)
            again = await _made(next_booking(client), trips)
    return [*_findings("a new client's booking", first), *_findings("a returning client's booking", again)]


async def _made(steps: Steps, trips: Trips) -> dict[str, Sequence[str]]:
    """The round trips of each step."""
    made: dict[str, Sequence[str]] = {}
    for name, act in steps.items():
        trips.made.clear()
        await act()
        made[name] = tuple(trips.made)
    return made


def _findings(what: str, made: Mapping[str, Sequence[str]]) -> list[Finding]:
    questions = {name: len(trips) for name, trips in made.items() if name != "confirm"}
    most, confirm = max(questions.values()), made["confirm"]
    worst = ", ".join(name for name, count in questions.items() if count == most)
    return [
        Finding(
            f"{what}: round trips of an update, at most",
            f"{most} ({worst if most > min(questions.values()) else 'each of them'})",
            f"at most {MOST}",
            most <= MOST,
        ),
        Finding(f"{what}: Confirm", f"{len(confirm)}", f"at most {MOST}", len(confirm) <= MOST),
        Finding(f"{what}: the trips of Confirm", "; ".join(f"`{trip}`" for trip in confirm)),
    ]
