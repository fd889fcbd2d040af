"""Yardstick G as a process."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.bench.machine import pinned
from tests.bench.stage import ENDS_WITHIN_S, STARTS_WITHIN_S
from tests.conftest import TOKEN
from tests.ports import free_port
from tests.process import ROOT


@dataclass(frozen=True, slots=True)
class PlainAiogram:
    """A running one; it listens for `POST /telegram` at this port."""

    pid: int
    port: int


@asynccontextmanager
async def plain_aiogram(telegram_url: str, redis_url: str, core: int) -> AsyncIterator[PlainAiogram]:
    """Runs on this core while the block does; Telegram sends its updates to the one that started last."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.yardstick_g", TOKEN, telegram_url, redis_url, str(port)]
    with pinned(core):
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN_S)
        assert said == b"ready\n", "the yardstick does not start"
        yield PlainAiogram(process.pid, port)
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)
