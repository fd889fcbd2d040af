"""The life of a bot in which one client books: a process that forks bots has it behind it.

An import takes seconds, and so does all that a bot does for the first time in its life (catalogues, schemas,
patterns). The import of this module is the first half of it.
"""

import bot.lean_aiogram  # noqa: F401 (before whatever imports aiogram)

# isort: split
import asyncio
import tempfile
from pathlib import Path

import uvloop
from httpx_aiohttp import HttpxAiohttpClient

from bot.__main__ import main as command  # noqa: F401  (what is forked runs it)
from bot.app import opened
from bot.embedded_redis import embedded_redis
from bot.logs import set_up_logs
from bot.running import run
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from bot.settings import load_settings
from tests.authorities import trust_only_one
from tests.clinic import NOW, world
from tests.conftest import settings_for
from tests.people import Client


def live_once() -> None:
    """Nothing of it is left but what the libraries keep."""
    trust_only_one()
    set_up_logs("silent")
    uvloop.run(_life())


async def _life() -> None:
    clock = Clock()
    clock.set(NOW)
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory)) as redis_url,
            serving(world=world(), clock=clock) as sandbox,
            opened(load_settings(**settings_for(sandbox, redis_url))) as app,
            HttpxAiohttpClient(base_url=sandbox.url) as control,
        ):
            stop = asyncio.Event()
            running = asyncio.create_task(run(app, stop))
            client = Client(control, 501)
            await client.is_called("Aliya", "en")
            await client.books()
            stop.set()
            await running
