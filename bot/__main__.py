"""The command line: run · demo · check · sandbox."""

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bot.logs import set_up_logs
from bot.settings import SettingsError, load_settings


def main() -> None:
    """Entry point of `python -m bot` and `booking-bot`."""
    parser = argparse.ArgumentParser(
        prog="booking-bot", description="Book visits into One-Link from Telegram."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="the bot: settings from the environment or .env")
    demo = commands.add_parser("demo", help="sandbox, bot and a page to try it in; nothing to configure")
    demo.add_argument("--port", type=int, default=8080)
    demo.add_argument("--profile", choices=("published", "current"), default="current")
    commands.add_parser("check", help="verify the settings against the live systems")
    sandbox = commands.add_parser("sandbox", help="stand-ins for Telegram and One-Link, for developers")
    sandbox.add_argument("--port", type=int, default=8090)
    sandbox.add_argument("--world", type=Path, help="a file with the state of One-Link (JSON)")
    sandbox.add_argument("--profile", choices=("published", "current"), default="current")
    given = parser.parse_args()
    sys.exit(_COMMANDS[given.command](given))


def _run(given: argparse.Namespace) -> int:
    try:
        settings = load_settings()
    except SettingsError as error:  # at once: what follows takes seconds to import
        print(error, file=sys.stderr)
        return 1

    gc.disable()  # what is made until the bot runs lives as long as the process
    import bot.lean_aiogram  # noqa: F401 (before whatever imports aiogram)

    # isort: split
    from bot.app import opened
    from bot.domain.zones import ZoneDataOutdated
    from bot.embedded_redis import NoRedis
    from bot.listener import CannotListen
    from bot.running import CannotStart, run

    async def live() -> None:
        async with opened(settings) as app:
            await run(app, _stop_on_signals())

    set_up_logs(settings.log_format)
    try:
        _in_loop(live())
    except (CannotListen, CannotStart, NoRedis, ZoneDataOutdated) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _check(given: argparse.Namespace) -> int:
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error)
        return 1

    import bot.lean_aiogram  # noqa: F401 (before whatever imports aiogram)

    # isort: split
    from bot.check import checked

    set_up_logs("silent")
    return _in_loop(checked(settings, print))


def _demo(given: argparse.Namespace) -> int:
    from bot.demo import show

    return _in_loop(show(given.port, given.profile, _stop_on_signals))


def _sandbox(given: argparse.Namespace) -> int:
    from bot.sandbox.command import serve

    return _in_loop(serve(given.port, given.profile, given.world, _stop_on_signals))


def _stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and Ctrl-C set; call it inside the loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def _in_loop(work: Coroutine[Any, Any, Any]) -> int:
    if sys.platform == "win32":
        return asyncio.run(work) or 0
    import uvloop

    return uvloop.run(work) or 0


_COMMANDS = {"run": _run, "check": _check, "demo": _demo, "sandbox": _sandbox}

if __name__ == "__main__":
    main()
