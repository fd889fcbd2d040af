"""A served sandbox with the example world, and a client that speaks to it over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from bot.sandbox.clock import Clock
from bot.sandbox.server import Sandbox, serving
from bot.sandbox.world import Profile
from tests.sandbox.worlds import FIXTURE_WORLD, NOW, TOKEN, Row

ACCOUNT = "/api/v1/accounts/7"


class Caller:
    """Sends JSON, returns (status, decoded body); a body that is not JSON comes back as text."""

    def __init__(self, session: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.session = session
        self.sandbox = sandbox
        self.world = sandbox.world

    async def __call__(self, call: str, json: Any = None, **query: str) -> tuple[int, Any]:
        """`call` is "POST /appointments"; a path that is not below the account starts with `//`."""
        method, path = call.split(" ", 1)
        path = path[1:] if path.startswith("//") else ACCOUNT + path
        url = self.sandbox.url + path
        async with self.session.request(method, url, json=json, params=query) as response:
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()

    async def scheduling(self, call: str, json: Any = None, **query: str) -> tuple[int, Any]:
        method, path = call.split(" ", 1)
        return await self(f"{method} /scheduling{path}", json, **query)


@asynccontextmanager
async def calling(profile: Profile, **changes: Any) -> AsyncIterator[Caller]:
    """The example world with some of its keys replaced."""
    world: Row = FIXTURE_WORLD | changes
    clock = Clock(datetime.fromisoformat(NOW))
    headers = {"api_access_token": TOKEN}
    timeout = aiohttp.ClientTimeout(total=10)
    async with (
        serving(profile, world, clock=clock) as sandbox,
        aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
    ):
        yield Caller(session, sandbox)


@pytest.fixture(params=["published", "current"])
async def call(request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    """Once per profile."""
    async with calling(request.param) as caller:
        yield caller


@pytest.fixture
async def current() -> AsyncIterator[Caller]:
    async with calling("current") as caller:
        yield caller


@pytest.fixture
async def published() -> AsyncIterator[Caller]:
    async with calling("published") as caller:
        yield caller
