"""Around all that is done about an update: how it went, how long it took, what it did to a dialogue."""

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

from bot.metrics import Metrics
from bot.storage import Turn
from bot.telegram.funnel import Funnel, place_in


class CountUpdates(BaseMiddleware):
    """Counts; outside of the middleware that deals with what goes wrong (it says so in `failed`)."""

    def __init__(self, metrics: Metrics, funnel: Funnel) -> None:
        self.metrics = metrics
        self.funnel = funnel

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        turn: Turn = data["turn"]
        before, begun, outcome = place_in(turn), perf_counter(), "put_off"
        try:
            answer = await handler(event, data)
            outcome = "failed" if data.get("failed") else "handled"
            self.funnel.follow(before, turn)
            return answer
        finally:
            kind = event.event_type if isinstance(event, Update) else "other"
            self.metrics.update(kind, outcome, perf_counter() - begun)
