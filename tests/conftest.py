"""The bot as it runs, against the sandbox over real HTTP and a real Redis-compatible server."""

import bot.lean_aiogram  # before whatever imports aiogram

# isort: split
import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import httpx
import pytest
from httpx_aiohttp import HttpxAiohttpClient

from bot.embedded_redis import embedded_redis
from bot.logs import set_up_logs
from bot.sandbox.clock import Clock as SandboxClock
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.world import PROFILES
from bot.settings import load_settings
from tests.authorities import trust_only_one
from tests.clinic import NOW, Clinic, world
from tests.people import Client
from tests.process import Launcher, fork_server, launching

if TYPE_CHECKING:  # seconds, in the process that only hands out tests
    from bot.app import App

TOKEN = "100200300:test-token-of-the-sandbox"
FORK_SERVER = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """One fork server for all runners; it ends with the process that hands out the tests."""
    if not hasattr(config, "workerinput"):
        stack = ExitStack()
        config.add_cleanup(stack.close)
        config.stash[FORK_SERVER] = stack.enter_context(fork_server())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Several runners share tests of very different lengths: mixed (always in the same way), so that the long
    ones do not come one after the other in one of them."""
    if hasattr(config, "workerinput"):
        random.Random(0).shuffle(items)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a runner (of pytest-xdist) where it is."""
    node.workerinput["fork_server"] = node.config.stash[FORK_SERVER]


@pytest.fixture(autouse=True, scope="session")
def logs_of_production() -> None:
    """structlog's own default draws every local variable of a traceback, which takes seconds: longer
    than a turn's lease, so that an update that failed would be handled again and again."""
    set_up_logs("json")


@pytest.fixture(autouse=True, scope="session")
def one_authority() -> None:
    """See `authorities`."""
    trust_only_one()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all tests."""
    loop = asyncio.new_event_loop()
    server = embedded_redis(tmp_path_factory.mktemp("redis"))
    try:
        yield loop.run_until_complete(server.__aenter__())
        loop.run_until_complete(server.__aexit__(None, None, None))
    finally:
        loop.close()


@pytest.fixture
async def redis_url(redis_server: str) -> AsyncIterator[str]:
    """The server, empty."""
    from redis.asyncio import Redis

    redis = Redis.from_url(redis_server)
    await redis.flushall()
    yield redis_server
    await redis.aclose()


@pytest.fixture(params=["published", "current"])
def profile(request: pytest.FixtureRequest) -> Any:
    """Both generations of One-Link."""
    return request.param


def one_profile_each(metafunc: pytest.Metafunc) -> None:
    """For modules of many small stories: each is played with one generation, half of them with each.

    `ALL_PROFILES=1` plays each with both, as everywhere else.
    """
    marked = any("profile" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "profile" in metafunc.fixturenames and not marked and "ALL_PROFILES" not in os.environ:
        chosen = PROFILES[crc32(metafunc.definition.name.encode()) % len(PROFILES)]
        metafunc.parametrize("profile", [chosen])


@pytest.fixture
def clinic_world() -> dict[str, Any]:
    """The state of One-Link at the beginning; a test module may replace it."""
    return world()


@pytest.fixture
async def sandbox(profile: Any, clinic_world: dict[str, Any]) -> AsyncIterator[Sandbox]:
    """Telegram and One-Link, with the clock stopped at nothing: it starts at NOW."""
    clock = SandboxClock()
    clock.set(NOW)
    async with serving(profile=profile, world=clinic_world, clock=clock) as served:
        yield served


@pytest.fixture
async def control(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """The sandbox's control routes."""
    async with HttpxAiohttpClient(base_url=sandbox.url, timeout=60) as client:
        yield client


@pytest.fixture
def clinic(control: httpx.AsyncClient) -> Clinic:
    """The staff."""
    return Clinic(control)


StartBot = Callable[..., AbstractAsyncContextManager["App"]]


@pytest.fixture(scope="session")
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    """Bots as processes; all of them end with the tests."""
    runner = getattr(request.config, "workerinput", None)
    address = runner["fork_server"] if runner else request.config.stash[FORK_SERVER]
    with launching(address) as started:
        yield started


@pytest.fixture
def start_bot(sandbox: Sandbox, redis_url: str) -> StartBot:
    """Start a bot with these settings; it runs while the block does."""
    from bot.app import opened
    from bot.running import run

    @asynccontextmanager
    async def start(**settings: Any) -> AsyncIterator["App"]:
        given = load_settings(**{**settings_for(sandbox, redis_url), **settings})
        stop = asyncio.Event()
        async with opened(given) as app:
            # What One-Link's clock says is known before the first client writes.
            await app.front.desk.catalogue(app.clock())
            running = asyncio.create_task(run(app, stop))
            try:
                yield app
            finally:
                stop.set()
                await running

    return start


@pytest.fixture
async def bot(start_bot: StartBot) -> AsyncIterator["App"]:
    """A running bot."""
    async with start_bot() as app:
        yield app


@pytest.fixture
async def client(bot: "App", control: httpx.AsyncClient) -> Client:
    """Somebody with an English Telegram."""
    person = Client(control, 501)
    await person.is_called("Aliya", "en")
    return person


@pytest.fixture
async def rival(bot: "App", control: httpx.AsyncClient) -> Client:
    """Somebody else who wants the same."""
    person = Client(control, 777)
    await person.is_called("Rival", "en")
    return person


def settings_for(sandbox: Sandbox, redis_url: str) -> dict[str, Any]:
    """Settings of a bot between the sandbox and this Redis."""
    return {
        "_env_file": None,
        "telegram_token": TOKEN,
        "telegram_api_url": sandbox.url,
        "onelink_url": sandbox.url,
        "onelink_token": "test-token",
        "onelink_account_id": 7,
        "onelink_inbox_id": 14,
        "onelink_inbox_identifier": "inbox-identifier",
        "redis_url": redis_url,
        "http_port": 0,
        "clinic_phone": "+7 727 000 00 00",
    }


def data_dir_of(tmp_path: Path) -> str:
    """Where an embedded Redis of a test keeps its data."""
    return str(tmp_path / "data")
