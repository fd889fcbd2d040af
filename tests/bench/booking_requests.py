"""P4: what a booking costs One-Link, from /start to the card."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from httpx_aiohttp import HttpxAiohttpClient

from bot.app import App
from bot.embedded_redis import embedded_redis
from bot.sandbox.clock import Clock
from bot.sandbox.people import People
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.world import PROFILES, Profile
from tests.bench.findings import Finding
from tests.bench.lone_bot import Steps, answering, first_booking, next_booking
from tests.bench.requests_by_kind import Row, kind_of, listed
from tests.clinic import NOW, world
from tests.people import Client

MOST_NEW, MOST_RETURNING, MOST_AT_ONCE = 8, 4, 1
#: A reading of free times is good for 30 s: who thinks so long at every step is shown new ones.
THINKS = timedelta(seconds=20)
AT_ONCE, FIRST_AT_ONCE = 100, 1001
#: Seconds.
LONGEST_WAIT_S = 30.0


async def booking_requests() -> list[Finding]:
    """Both generations of One-Link, clients in a hurry and others; then a hundred at once."""
    findings = []
    for profile in PROFILES:
        for thinks in (timedelta(), THINKS):
            findings += await _bookings(profile, thinks)
    return [*findings, *await _at_once()]


async def _bookings(profile: Profile, thinks: timedelta) -> list[Finding]:
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory)) as redis_url,
            serving(profile, world=world(), clock=Clock(NOW)) as sandbox,
            answering(sandbox, redis_url) as app,
            HttpxAiohttpClient(base_url=sandbox.url, timeout=60) as control,
        ):
            earlier, client = Client(control, 777), Client(control, 501)
            for person in (earlier, client):
                await person.is_called("Aliya", "en")
            await earlier.books(
                "2030-01-07", "15:00", "+77017654321"
            )  # from then on the bot knows which One-Link
            await _relay(app)
            circumstances = f"One-Link `{profile}`, {thinks.seconds} s for each step"
            findings = []
            for who, steps, most in (
                ("new client", first_booking(client), MOST_NEW),
                ("returning client", next_booking(client), MOST_RETURNING),
            ):
                asked, later = await _asked(steps, sandbox, app, client, thinks)
                count = sum(asked.values(), Counter[str]()).total()
                findings += [
                    Finding(f"{who}, {circumstances}", f"{count}", f"at most {most}", count <= most),
                    Finding("namely", _by_step(asked)),
                ]
                sandbox.journal.rows.clear()
                await _relay(app)
                findings.append(Finding("after the card", listed([*later, *sandbox.journal.rows])))
    return findings


async def _asked(
    steps: Steps, sandbox: Sandbox, app: App, client: Client, thinks: timedelta
) -> tuple[dict[str, Counter[str]], list[Row]]:
    """Requests of each step, and those of the last one that came when the client had the card already.

    The bot hears the time as from an answer of One-Link's to somebody else.
    """
    app.front.desk.forget_catalogue()
    await app.front.desk.catalogue(app.clock())
    app.front.desk.refresh()
    asked, later = {}, list[Row]()
    for name, act in steps.items():
        sandbox.clock.advance(thinks.total_seconds())
        app.clock.observe(sandbox.clock.now())
        sandbox.journal.rows.clear()
        card = asyncio.create_task(_requests_until_the_card(sandbox, client)) if name == "confirm" else None
        await act()
        rows: list[Row] = list(sandbox.journal.rows)
        if card is not None:
            count = await card
            rows, later = rows[:count], rows[count:]
        asked[name] = Counter(kind_of(row) for row in rows)
    return asked, later


async def _requests_until_the_card(sandbox: Sandbox, client: Client) -> int:
    """How many One-Link had answered when Telegram had the outcome."""
    telegram, booked = sandbox.telegram.state, client.reads("You are booked.")
    chat = telegram.chat(client.chat_id)
    shown = await telegram.changed.until(lambda: booked in chat.newest_first()[0].shown_text, LONGEST_WAIT_S)
    assert shown, "no card"
    return len(sandbox.journal.rows)


async def _relay(app: App) -> None:
    """What the worker does once the booking is stored: look whether operators have written already."""
    assert app.relays is not None
    while await app.relays.relay_one(app.clock()):
        pass


async def _at_once() -> list[Finding]:
    """All of them open the same day within one moment; nobody has asked for it before."""
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory)) as redis_url,
            serving(world=world(), clock=Clock(NOW)) as sandbox,
            answering(sandbox, redis_url),
        ):
            telegram = sandbox.telegram.state
            people, chats = People(telegram), [telegram.chat(FIRST_AT_ONCE + n) for n in range(AT_ONCE)]
            for chat in chats:
                chat.person.language_code = "en"
                people.says(chat, "/start")
            for label in ("Book a visit", "Haircut", "Anna Ivanova"):
                assert await telegram.changed.until(lambda: not telegram.pending(), LONGEST_WAIT_S)
                sandbox.journal.rows.clear()
                for chat in chats:
                    people.taps_label(chat, label)
            assert await telegram.changed.until(lambda: not telegram.pending(), LONGEST_WAIT_S)
            rows: list[Row] = list(sandbox.journal.rows)
            shown = sum("Which day?" in chat.newest_first()[0].shown_text for chat in chats)
    assert shown == AT_ONCE, "not everybody is shown the days"
    what = f"{AT_ONCE} clients look at the same days at once: requests for the calendar"
    count = sum(row["path"].endswith("/calendar") for row in rows)
    return [
        Finding(what, f"{count}", f"{MOST_AT_ONCE}", count == MOST_AT_ONCE),
        Finding("all that they made the bot ask for", listed(rows)),
    ]


def _by_step(asked: Mapping[str, Counter[str]]) -> str:
    """`confirm: POST …`: steps that ask for nothing are left out."""
    return "; ".join(
        f"{name}: "
        + ", ".join(f"{f'{count} × ' if count > 1 else ''}{kind}" for kind, count in kinds.items())
        for name, kinds in asked.items()
        if kinds
    )
