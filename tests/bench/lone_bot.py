"""A bot in this process that answers clients and does nothing else, and what its clients do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from bot.app import App, opened
from bot.dialogue.screen import Fact, Text
from bot.sandbox.server import Sandbox
from bot.settings import load_settings
from tests.conftest import settings_for
from tests.people import Client

#: What a client does at a step of the dialogue, by the name of the step.
Steps = dict[str, Callable[[], Awaitable[None]]]

#: Two days of the clinic, as long as nobody has booked on them (one is NOW's tomorrow).
TUESDAY = Text("{day} · {n} free", day="tomorrow, Tue 8 Jan", n=16)
THURSDAY = Text("{day} · {n} free", day="Thu 10 Jan", n=16)


@asynccontextmanager
async def answering(sandbox: Sandbox, redis_url: str) -> AsyncIterator[App]:
    """Without rounds and without relaying: what is counted was caused by an update. The catalogue is warm."""
    async with opened(load_settings(**settings_for(sandbox, redis_url))) as app:
        await app.front.desk.catalogue(app.clock())
        polling = asyncio.create_task(app.intake.poll())
        try:
            yield app
        finally:
            await app.intake.stop()
            await polling


def first_booking(client: Client, day: Text = TUESDAY) -> Steps:
    """From /start to the card, by somebody whom the bot does not know. By buttons, where there are some."""
    return _to_the_time(client, day) | {
        "consent": partial(client.taps, "I agree"),
        "name": partial(client.says, "Алия Нурланова"),
        "phone": partial(client.shares_phone, "+77011234567"),
        "IIN": partial(client.says, "900215312348"),
        "confirm": partial(client.taps, "✓ Confirm"),
    }


def next_booking(client: Client, day: Text = THURSDAY) -> Steps:
    """The same by somebody who has booked before: known by name and phone, perhaps not by IIN."""
    return _to_the_time(client, day) | {
        "IIN": partial(_skips_if_asked, client),
        "confirm": partial(client.taps, "✓ Confirm"),
    }


async def _skips_if_asked(client: Client) -> None:
    if client.reads("Skip") in await client.buttons():
        await client.taps("Skip")


def _to_the_time(client: Client, day: Text) -> Steps:
    taps: dict[str, Fact] = {
        "book": "Book a visit",
        "service": "Haircut",
        "resource": "Anna Ivanova",
        "day": day,
        "time": "10:00",
    }
    steps: Steps = {name: partial(client.taps, label) for name, label in taps.items()}
    return {"/start": partial(client.says, "/start"), **steps}
