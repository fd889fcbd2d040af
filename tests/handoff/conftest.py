"""A clinic whose inbox rings the bot's doorbell, and an operator."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.clinic import world
from tests.conftest import StartBot
from tests.handoff.operators import Operator
from tests.ports import free_port

if TYPE_CHECKING:
    from bot.app import App

SECRET = "doorbell-of-the-tests"
INBOX = {"id": 14, "identifier": "inbox-identifier", "name": "Telegram", "lock_to_single_conversation": True}
STAFF = [
    {"id": 1, "name": "Bot", "role": "administrator", "email": "bot@example.test"},
    {"id": 21, "name": "Дана", "role": "agent", "email": "dana@example.test"},
]


@pytest.fixture
def port() -> int:
    """Where the bot listens."""
    return free_port()


@pytest.fixture
def clinic_world(port: int) -> dict[str, Any]:
    """With two people, and a webhook."""
    inbox = INBOX | {"webhook_url": f"http://127.0.0.1:{port}/onelink/{SECRET}"}
    return world(
        inboxes=[inbox],
        users=STAFF,
        switches={"webhook_pauses": [0, 0.2, 0.2, 0.2, 0.2]},
    )


@pytest.fixture
def relayed(port: int) -> dict[str, Any]:
    """Settings of a bot that hears the doorbell."""
    return {"webhook_secret": SECRET, "http_port": port}


@pytest.fixture
async def bot(start_bot: StartBot, relayed: dict[str, Any]) -> AsyncIterator["App"]:
    """A running bot with a doorbell."""
    async with start_bot(**relayed) as app:
        yield app


@pytest.fixture
def operator(control: httpx.AsyncClient) -> Operator:
    """Dana."""
    return Operator(control)
