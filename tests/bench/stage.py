"""A bot on a core of its own; Telegram, One-Link, Redis and the load on another one.

Telegram is a sandbox in the benchmark's own process, which therefore sees every screen as it comes. One-Link
is a sandbox in another process: its long answers must not hold up Telegram's short ones.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from httpx_aiohttp import HttpxAiohttpClient

from bot.sandbox.server import Sandbox, serving
from tests.clinic import Clinic
from tests.conftest import settings_for
from tests.people import Client
from tests.ports import free_port
from tests.process import BotProcess, Launcher, environment_of

STARTS_WITHIN_S, ENDS_WITHIN_S = 30.0, 5.0
SCOUT = 499


@dataclass(frozen=True, slots=True)
class Stage:
    """Both outside worlds while a bot lives between them. `scout` is a client who is not measured."""

    telegram: Sandbox
    one_link: Clinic
    one_link_url: str
    scout: Client
    bot: BotProcess

    async def clock_is(self, moment: datetime) -> None:
        """What time it is in both worlds; the bot learns it from One-Link's next answer."""
        self.telegram.clock.set(moment)
        await self.one_link.clock_is(moment)


@asynccontextmanager
async def one_link_of(world: dict[str, Any], directory: Path) -> AsyncIterator[str]:
    """The address of a One-Link of its own process."""
    file = directory / "world.json"
    file.write_text(json.dumps(world))
    command = [sys.executable, "-m", "bot", "sandbox", "--port", "0", "--world", str(file)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN_S)
        yield said.decode().split()[-1]
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def staged(
    launcher: Launcher,
    redis_url: str,
    world: dict[str, Any],
    now: datetime,
    directory: Path,
    port: int | None = None,
    **settings_besides: Any,
) -> AsyncIterator[Stage]:
    """A bot in webhook mode, with this Redis as it is. The launcher decides on which core it lives.

    `port`: where it listens, for a world that has to know; else any free one.
    """
    port = port or free_port()
    async with (
        one_link_of(world, directory) as one_link_url,
        serving() as telegram,
        HttpxAiohttpClient(base_url=one_link_url, timeout=60) as one_link,
        HttpxAiohttpClient(base_url=telegram.url, timeout=60) as control,
    ):
        clinic, scout = Clinic(one_link), Client(control, SCOUT)
        telegram.clock.set(now)
        await clinic.clock_is(now)
        await scout.is_called("Aliya", "en")
        settings = settings_for(telegram, redis_url) | {
            "onelink_url": one_link_url,
            "http_port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "webhook_secret": secrets.token_hex(16),
            "quiet_hours": "",
            **settings_besides,
        }
        async with launcher.running(environment_of(settings), directory) as bot:
            yield Stage(telegram, clinic, one_link_url, scout, bot)
