"""One process, one port, three faces: One-Link, Telegram, and the demo page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from ipaddress import ip_address

from aiohttp import web

from bot.sandbox import page_routes
from bot.sandbox.answers import Row
from bot.sandbox.clinic_control import ClinicControl
from bot.sandbox.clock import Clock
from bot.sandbox.control import WorldControl
from bot.sandbox.conversations_api import ConversationsApi
from bot.sandbox.faults import Faults
from bot.sandbox.journal import Journal
from bot.sandbox.onelink_access import OneLinkAccess
from bot.sandbox.onelink_webhooks import OneLinkWebhooks
from bot.sandbox.operator_control import OperatorControl
from bot.sandbox.scheduling_api import SchedulingApi
from bot.sandbox.telegram_api import TelegramApi
from bot.sandbox.world import Profile, World

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes; files of both neighbours fit (50 MB at Telegram, 40 MB at One-Link)."""

STOP_SECONDS = 2.0


@dataclass(frozen=True)
class Sandbox:
    """The parts of one sandbox; `url` is empty until it is served."""

    app: web.Application
    clock: Clock
    world: World
    journal: Journal
    faults: Faults
    telegram: TelegramApi
    url: str = ""


def build(profile: Profile = "current", world: Row | None = None, clock: Clock | None = None) -> Sandbox:
    """A sandbox that is not listening yet. Needs a running event loop only once it is served."""
    clock = clock or Clock()
    one_link = World(profile, clock, world)
    journal, faults = Journal(clock), Faults()
    telegram, staff = TelegramApi(clock), ClinicControl(one_link)
    one_link.listeners.append(staff.happened)
    # From the outside in: what came, what goes wrong on the way, One-Link's door, what has changed behind it.
    app = web.Application(
        middlewares=[
            journal.middleware,
            faults.middleware,
            OneLinkAccess(one_link).middleware,
            staff.middleware,
        ],
        client_max_size=LARGEST_BODY,
    )
    faces = (
        WorldControl(one_link),
        staff,
        journal,
        faults,
        SchedulingApi(one_link),
        ConversationsApi(one_link),
        OneLinkWebhooks(one_link),
        OperatorControl(one_link),
        telegram,
    )
    for face in faces:
        face.add_routes(app)
    page_routes.add_routes(app)

    async def tell_time(request: web.Request, response: web.StreamResponse) -> None:
        """Every answer carries the sandbox's own time; from it the bot learns what time it is."""
        response.headers["Date"] = format_datetime(clock.now(), usegmt=True)

    app.on_response_prepare.append(tell_time)
    return Sandbox(app, clock, one_link, journal, faults, telegram)


@asynccontextmanager
async def serving(
    profile: Profile = "current",
    world: Row | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Clock | None = None,
) -> AsyncIterator[Sandbox]:
    """Serve a sandbox while the block runs. Port 0 takes a free one; `.url` has no slash at the end.

    The control routes have no authentication, so only loopback addresses are accepted (ValueError).
    """
    if host != "localhost" and not ip_address(host).is_loopback:
        raise ValueError(f"the sandbox listens on loopback only, not on {host}")
    built = build(profile, world, clock)
    runner = web.AppRunner(built.app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        where, taken = runner.addresses[0][:2]
        authority = f"[{where}]:{taken}" if ":" in where else f"{where}:{taken}"
        built.world.url = f"http://{authority}"  # of files and surveys, which webhooks name too
        yield Sandbox(**(vars(built) | {"url": built.world.url}))
    finally:
        await runner.cleanup()
