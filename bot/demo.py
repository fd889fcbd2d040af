"""`booking-bot demo`: the sandbox, a clinic, and the bot as it is run everywhere, with other settings."""

import asyncio
import os
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.sandbox.clinic import demo_world
from bot.sandbox.server import serving
from bot.sandbox.world import Profile

STOP_S = 12.0
TOKEN = "100200300:demo-token-of-the-sandbox"  # noqa: S105 (accepted by the sandbox only)
DOORBELL = "doorbellOfTheDemo"
"""The secret part of the bot's address for One-Link; both are on this machine only."""


async def show(port: int, profile: Profile, stop_on_signals: Callable[[], asyncio.Event]) -> int:
    """Serve the page and run the bot until stopped; status 1 if the bot cannot run."""
    stop = stop_on_signals()
    today = datetime.now(UTC).astimezone(ZoneInfo("Asia/Almaty")).date()
    bot_port = _free_port()
    world = demo_world(today, webhook_url=f"http://127.0.0.1:{bot_port}/onelink/{DOORBELL}")
    try:
        async with serving(profile=profile, world=world, port=port) as sandbox:
            with tempfile.TemporaryDirectory(prefix="booking-bot-demo-") as data_dir:
                return await _with_bot(_settings(sandbox.url, data_dir, bot_port), sandbox.url, stop)
    except OSError as error:
        print(
            f"Cannot listen on port {port}: {error.strerror}. Try another one: --port 8090", file=sys.stderr
        )
        return 1


def _free_port() -> int:
    """A port nobody has now: One-Link has to know the bot's address before the bot runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _with_bot(settings: dict[str, str], url: str, stop: asyncio.Event) -> int:
    bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", env=settings)
    print(f"\n  The demo is on {url}  (Ctrl-C ends it)\n", flush=True)
    if sys.stdout.isatty():
        webbrowser.open(url)
    ended = asyncio.create_task(bot.wait())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if ended.done():
        return 1
    bot.terminate()
    try:
        await asyncio.wait_for(ended, STOP_S)
    except TimeoutError:
        bot.kill()
        await bot.wait()
    return 0


def _settings(url: str, data_dir: str, bot_port: int) -> dict[str, str]:
    """The environment of the bot: One-Link rings at `bot_port`, Telegram is polled (no PUBLIC_URL)."""
    ours = {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": url,
        "ONELINK_URL": url,
        "ONELINK_TOKEN": "demo",
        "ONELINK_ACCOUNT_ID": "1",
        "ONELINK_INBOX_ID": "1",
        "ONELINK_INBOX_IDENTIFIER": "demo-inbox",
        "DATA_DIR": data_dir,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(bot_port),
        "BOOK_AGAIN": "1d",
        "WEBHOOK_SECRET": DOORBELL,
        "CLINIC_NAME": "Клиника «Шипа»",
        "CLINIC_PHONE": "+7 727 000 00 00",
        "CLINIC_ADDRESS": "Алматы, Абай даңғылы, 10",
        "CLINIC_MAP_URL": "https://2gis.kz/almaty",
        "CLINIC_PREPARATION": "Жеке куәлігіңізді ала келіңіз · Возьмите удостоверение личности",
        # What the clinic changes, and the clock, are seen at once.
        "SYNC_EVERY": "2s",
        "DATA_CONTROLLER": "ТОО «Шипа», БИН 000000000000",
    }
    # Nothing of a real clinic's settings may reach the demo.
    foreign = dict.fromkeys(("REDIS_URL", "PUBLIC_URL", "ONELINK_WEBHOOK_SECRET"), "")
    return {**os.environ, **foreign, **ours, "PYTHONUNBUFFERED": "1"}
