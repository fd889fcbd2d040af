"""Requests to Telegram beside the work on an update: no screen waits for them, only the end of the update.

One of them may travel in the answer to a webhook: that saves a request of its own. Telegram does not say
what became of it, and gets it only when the update is finished, so it is for what nobody has to know of,
and only where the work is done soon.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod

#: Seconds. What has not worked by then is not worth holding up the client's next tap for.
LONGEST = 5.0

#: Seconds that a request waits for the answer to the webhook; a button's spinner turns for as long.
WAITS_FOR_ANSWER = 0.15

_under_way: ContextVar[list[asyncio.Task[None]]] = ContextVar("under_way")
_answer: ContextVar["Answer | None"] = ContextVar("answer", default=None)


class Answer:
    """The answer to a webhook; `request` travels in it."""

    def __init__(self) -> None:
        self.request: TelegramMethod[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def takes(self, request: TelegramMethod[Any]) -> bool:
        """Whether there was still room for it. It is begun by itself should the work take long."""
        if self._timer is not None:
            return False
        self.request = request
        self._timer = asyncio.get_running_loop().call_later(WAITS_FOR_ANSWER, self._takes_long)
        return True

    def settle(self) -> None:
        """The work is done: what is in it stays in it."""
        if self._timer is not None:
            self._timer.cancel()

    def _takes_long(self) -> None:
        if self.request is not None:
            _begin(self.request)
            self.request = None


@contextmanager
def answering() -> Iterator[Answer]:
    """The block handles an update that came by webhook."""
    answer = Answer()
    token = _answer.set(answer)
    try:
        yield answer
    finally:
        _answer.reset(token)


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
        _settle()
        _under_way.reset(token)


def beside(request: TelegramMethod[Any]) -> None:
    """Begin a request whose failure changes nothing; within `attended`."""
    answer = _answer.get()
    if answer is None or not answer.takes(request):
        _begin(request)


def _begin(request: TelegramMethod[Any]) -> None:
    _under_way.get().append(asyncio.create_task(_tried(request)))


def _settle() -> None:
    if (answer := _answer.get()) is not None:
        answer.settle()


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    _settle()
    if tasks:
        await asyncio.wait(tasks)


async def _tried(request: TelegramMethod[Any]) -> None:
    with contextlib.suppress(TelegramAPIError, TimeoutError):
        async with asyncio.timeout(LONGEST):
            await request
