"""What goes wrong, arranged: one generation of One-Link unless a test names both."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.app import App
from bot.sandbox.server import Sandbox
from bot.sandbox.world import Profile
from tests.faults.weather import OneLinkWeather
from tests.faults.wire import Telegram
from tests.handoff.operators import Operator

#: What is logged when nobody has thought of something.
MISTAKES = {"update_failed", "work_failed"}


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """Everything that is logged; whatever breaks, it must have been thought of."""
    with capture_logs() as events:
        yield events
    unforeseen = [event for event in events if event["event"] in MISTAKES]
    assert not unforeseen, unforeseen


@pytest.fixture
def profile() -> Profile:
    """Most faults look the same from both generations; tests that differ are parametrized."""
    return "current"


@pytest.fixture
def telegram(control: httpx.AsyncClient, sandbox: Sandbox) -> Telegram:
    """Telegram's side: what the bot called, what it is refused."""
    return Telegram(control, sandbox)


@pytest.fixture
def operator(control: httpx.AsyncClient) -> Operator:
    """Somebody of the staff."""
    return Operator(control)


@pytest.fixture
def weather(bot: App, sandbox: Sandbox) -> OneLinkWeather:
    """One-Link up and down."""
    return OneLinkWeather(bot, sandbox)
