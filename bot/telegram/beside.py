"""Requests to Telegram beside the work on an update: no screen waits for them, only the end of the update."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from aiogram.exceptions import TelegramAPIError

#: Seconds. What has not worked by then is not worth holding up the client's next tap for.
LONGEST = 5.0

_under_way: ContextVar[list[asyncio.Task[None]]] = ContextVar("under_way")


@asynccontextmanager
async def attended() -> AsyncIterator[None]:
    """Requests may be made `beside` the block; after it they have ended, one way or another."""
    under_way: list[asyncio.Task[None]] = []
    token = _under_way.set(under_way)
    try:
        yield
        await _ended(under_way)
    except asyncio.CancelledError:  # the bot stops: nobody waits for a spinner
        for task in under_way:
            task.cancel()
        raise
    except Exception:
        await _ended(under_way)
        raise
    finally:
        _under_way.reset(token)


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)


def beside(request: Awaitable[object]) -> None:
    """Begin a request whose failure changes nothing; within `attended`."""
    _under_way.get().append(asyncio.create_task(_tried(request)))


async def _tried(request: Awaitable[object]) -> None:
    with contextlib.suppress(TelegramAPIError, TimeoutError):
        async with asyncio.timeout(LONGEST):
            await request
