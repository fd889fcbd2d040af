"""P9: what the bot asks One-Link for when nobody writes, and whether that grows with its clients.

The real bot goes its rounds every second instead of every 90; what one round asks for is counted in the
sandbox's journal. A second run has the default pace and a reminder that becomes due.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import opened
from bot.embedded_redis import embedded_redis
from bot.running import run
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from bot.settings import Settings, load_settings
from tests.bench.findings import Finding
from tests.bench.visits import can_be_written_to, clinic_with, were_booked_here, written_to
from tests.clinic import NOW, local
from tests.conftest import settings_for

VISITS = 1000
KNOWN = (10, 100, 1000)
MOST = 60
#: Real seconds of watching: rounds every second, and a reminder that becomes due when a reading is old.
WATCHED_S, UNTIL_DUE_S, AFTER_DUE_S = 20.0, 45.0, 6.0
SYNC_EVERY: timedelta = Settings.model_fields["sync_every"].default
#: On the clinic's grid: half hours from 9 to 18 without lunch, three resources.
HALF_HOURS = [f"{hour:02}:{minute:02}" for hour in (9, 10, 11, 12, 14, 15, 16, 17) for minute in (0, 30)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests of one run: `rounds` readings of everybody's calendar took `readings` requests."""

    rounds: int
    readings: int
    others: Counter[str]
    reminders: int

    @property
    def an_hour(self) -> float:
        """Requests of an hour of rounds at the default pace."""
        return timedelta(hours=1) / SYNC_EVERY * self.readings / self.rounds


async def sync_requests() -> list[Finding]:
    """Requests an hour for each number of clients, and what a reminder adds."""
    findings = []
    hourly = []
    for known in KNOWN:
        asked = await _asked(known, NOW, WATCHED_S, sync_every="1s")
        hourly.append(asked.an_hour)
        measured = f"{asked.an_hour:.0f} ({asked.readings} requests in {asked.rounds} rounds)"
        what = f"requests an hour, {VISITS:,} upcoming visits, {known:,} clients known"
        findings.append(Finding(what, measured, f"at most {MOST}", asked.an_hour <= MOST))
        findings.append(Finding(f"asked besides the rounds, {known:,} clients", _listed(asked.others)))
    growth = hourly[-1] / hourly[0]
    flat = Finding("100 times the clients", f"{growth:.2f} × the requests", "1.00 ×", round(growth, 2) == 1)
    before_due = local("2030-01-07", "09:00") - timedelta(seconds=UNTIL_DUE_S)
    once = await _asked(VISITS, before_due, UNTIL_DUE_S + AFTER_DUE_S)
    extra = Finding(
        f"reminders due {UNTIL_DUE_S:.0f} s after a reading, at the default {SYNC_EVERY.seconds} s",
        f"{once.reminders} sent with {once.rounds - 1} reading more",
    )
    return [*findings, flat, extra]


async def _asked(known: int, now: datetime, seconds: float, **settings: Any) -> Asked:
    """Watch a bot from its start for so many (real) seconds."""
    starts = _starts()
    clock = Clock()
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory)) as redis_url,
            serving(world=clinic_with(starts), clock=clock) as sandbox,
        ):
            await were_booked_here(redis_url, starts, known, since=NOW - timedelta(days=2))
            can_be_written_to(sandbox.telegram.state, known)
            clock.set(now)
            async with opened(load_settings(**settings_for(sandbox, redis_url), **settings)) as app:
                # What One-Link's clock says is known first: the sandbox lives in another year.
                await app.front.desk.catalogue(app.clock())
                sandbox.journal.rows.clear()
                stop = asyncio.Event()
                running = asyncio.create_task(run(app, stop))
                ended, _ = await asyncio.wait([running], timeout=seconds)
                assert not ended, "the bot has ended by itself"
                rows = list(sandbox.journal.rows)
                stop.set()
                await running
            return _counted(rows, reminders=len(written_to(sandbox.telegram.state)))


def _starts() -> list[datetime]:
    """The busiest that three resources can be from tomorrow on."""
    days = (local("2030-01-08", "00:00") + timedelta(days=n) for n in range(30))
    grid = [local(f"{day:%Y-%m-%d}", time) for day in days for time in HALF_HOURS]
    return [start for start in grid for _ in range(3)][:VISITS]


def _counted(rows: Sequence[dict[str, Any]], reminders: int) -> Asked:
    """A round is one reading of the whole range; a range of more than one request goes on where it ended."""
    readings = [row for row in rows if row["path"].endswith("/calendar")]
    ends = [None, *(row["query"]["to"] for row in readings)]
    rounds = sum(row["query"]["from"] != end for row, end in zip(readings, ends, strict=False))
    others = Counter(row["path"].rpartition("/")[2] for row in rows if row not in readings)
    return Asked(rounds, len(readings), others, reminders)


def _listed(others: Counter[str]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in sorted(others.items())) or "nothing"
