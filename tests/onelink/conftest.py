"""One-Link for the client to talk to: the sandbox in both profiles, over real HTTP.

The reading part of the contract suite also runs against a live One-Link when
ONELINK_CONTRACT_URL, ONELINK_CONTRACT_TOKEN and ONELINK_CONTRACT_ACCOUNT_ID are set.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.onelink.breaker import Breaker
from bot.onelink.conversations import Conversations
from bot.onelink.exchange import Exchange, Patience
from bot.onelink.http import OneLinkHttp
from bot.onelink.scheduling import Scheduling
from bot.sandbox.clock import Clock
from bot.sandbox.server import Sandbox, serving

NOW = datetime(2026, 3, 8, 6, tzinfo=UTC)
ACCOUNT, TOKEN, INBOX, IDENTIFIER = 7, "test-token", 14, "telegram-inbox"

HOURS = {"start_minute": 540, "end_minute": 1080}
LUNCH = {"start_minute": 780, "end_minute": 840, "title": "Обед"}

#: The world of onelink-scheduling-api, section 13.
WORLD: dict[str, Any] = {
    "account_id": ACCOUNT,
    "tokens": [{"token": TOKEN, "user_id": 3}],
    "users": [{"id": 3, "role": "administrator"}],
    "inboxes": [
        {"id": INBOX, "identifier": IDENTIFIER, "name": "Telegram", "lock_to_single_conversation": True},
        {"id": 15, "identifier": "another-inbox", "name": "Instagram"},
    ],
    "resources": [
        {"id": 11, "name": "Айгерим Сапарова", "specialty": "Терапевт"},
        {"id": 12, "name": "Данияр Ержанов", "slot_duration_min": 60},
        {"id": 13, "name": "Бывший сотрудник", "active": False},
    ],
    "services": [
        {
            "id": 31,
            "name": "Консультация терапевта",
            "base_price": 15000,
            "prices": [{"resource_id": 11, "price": 12000}],
        },
        {
            "id": 32,
            "name": "Лечение кариеса",
            "base_price": 25000,
            "duration_min": 60,
            "prices": [{"resource_id": 12, "price": 25000}],
        },
        {"id": 33, "name": "Массаж", "active": False},
    ],
    "work_rules": [
        {"resource_id": resource_id, "weekday": weekday} | HOURS
        for resource_id in (11, 12)
        for weekday in range(1, 6)
    ],
    "break_rules": [
        {"resource_id": resource_id, "weekday": weekday} | LUNCH
        for resource_id in (11, 12)
        for weekday in range(1, 6)
    ],
    "holidays": [{"date": "2026-03-23", "title": "Наурыз"}],
    "contacts": [
        {"id": 500, "full_name": "Другой клиент", "phone": "+77015554430"},
        {"id": 501, "full_name": "Алия Нурланова", "phone": "+77015554433"},
    ],
    "appointments": [
        {
            "id": 9000,
            "resource_id": 11,
            "contact_id": 500,
            "service_id": 31,
            "starts_at": "2026-03-09T05:00:00Z",
            "ends_at": "2026-03-09T05:30:00Z",
        }
    ],
}

#: Quick repeats, so that a test of a fault takes no time to speak of.
IMPATIENT = Patience(request_s=0.3, total_s=1.0, first_wait_s=0.001)


@dataclass
class Line:
    """The client's side of the wire, and what the composition root would learn of it."""

    http: OneLinkHttp
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def scheduling(self) -> Scheduling:
        return Scheduling(self.http)

    @property
    def conversations(self) -> Conversations:
        return Conversations(self.http, INBOX, IDENTIFIER)


async def connected(
    stack: AsyncExitStack,
    url: str,
    token: str = TOKEN,
    *,
    account_id: int = ACCOUNT,
    patience: Patience | None = None,
    breaker: Breaker | None = None,
) -> Line:
    """A client of the One-Link at `url` that is closed with the stack."""
    exchanges: list[Exchange] = []
    http = OneLinkHttp(url, token, account_id, patience=patience, breaker=breaker, observe=exchanges.append)
    return Line(await stack.enter_async_context(http), exchanges)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture(params=["published", "current"])
async def sandbox(request: pytest.FixtureRequest, stack: AsyncExitStack) -> Sandbox:
    return await stack.enter_async_context(serving(request.param, WORLD, clock=Clock(NOW)))


@pytest.fixture
async def line(sandbox: Sandbox, stack: AsyncExitStack) -> Line:
    """A client of the sandbox."""
    return await connected(stack, sandbox.url)


LIVE = os.environ.get("ONELINK_CONTRACT_URL")


@pytest.fixture(params=["published", "current", *(["live"] if LIVE else [])])
async def reading_line(request: pytest.FixtureRequest, stack: AsyncExitStack) -> Line:
    """A client that may only read, for it may be talking to a live One-Link."""
    if request.param == "live":
        account_id = int(os.environ["ONELINK_CONTRACT_ACCOUNT_ID"])
        token = os.environ["ONELINK_CONTRACT_TOKEN"]
        return await connected(stack, str(LIVE), token, account_id=account_id)
    sandbox = await stack.enter_async_context(serving(request.param, WORLD, clock=Clock(NOW)))
    return await connected(stack, sandbox.url)
