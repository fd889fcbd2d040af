"""Dialogue tests log as the bot does in production: without values, and quickly."""

import pytest

from bot.logs import set_up_logs


@pytest.fixture(autouse=True, scope="session")
def logs_of_production() -> None:
    """structlog's own default draws every local variable of a traceback, which takes seconds: longer
    than a turn's lease, so that the update that failed would be handled again and again."""
    set_up_logs("json")
