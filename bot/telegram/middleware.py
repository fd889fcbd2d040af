"""Around every update: who it is from, in which language, "typing…" while it takes long, what went wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import TelegramObject, Update
from redis.exceptions import RedisError

from bot.dialogue.screen import Text
from bot.storage import Turn, TurnLost
from bot.telegram.beside import attended
from bot.telegram.card import Card
from bot.telegram.front import Front
from bot.telegram.transcript import overhear

log = structlog.get_logger(__name__)

#: Clients see "typing…" when an answer takes longer than this (Telegram shows it for 5 s).
PATIENCE_S, TYPING_LASTS_S = 0.7, 4.5

#: Not the update's fault: nothing was stored, it is handled again.
PASSING = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter, RedisError, TurnLost)


class ClientMiddleware(BaseMiddleware):
    """Gives handlers `card`, `talk` and `front`; says once that something went wrong.

    Errors that will pass are raised, so that the update is not acknowledged. Any other unexpected one is
    logged without its message (it may hold what a client typed) and told to the client: repeating the
    update would fail again.
    """

    def __init__(self, front: Front) -> None:
        self.front = front

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        turn: Turn = data["turn"]
        bot: Bot = data["bot"]
        update = event if isinstance(event, Update) else None
        user, said = data.get("event_from_user"), update and update.event
        talk = self.front.talk(turn, data["now"], user, said, update.update_id if update else None)
        if turn.client.speaks != talk.locale:
            turn.client = replace(turn.client, speaks=talk.locale)
        card = Card(bot, turn, self.front.texts[talk.locale], data["now"])
        data.update(card=card, talk=talk, front=self.front)
        if update is not None:
            overhear(card, update)
        before = dict(turn.data), turn.state
        try:
            async with typing(bot, turn.client.id), attended():
                return await handler(event, data)
        except PASSING:
            raise
        except TelegramForbiddenError:
            log.info("blocked_by_client")
        except Exception as error:
            turn.data, turn.state = dict(before[0]), before[1]
            log.exception("update_failed", error=type(error).__name__)
            data["failed"] = True  # for whoever counts
            with contextlib.suppress(TelegramAPIError):
                apology = Text(
                    "Something went wrong on our side. What you entered is kept; please try again."
                )
                await bot.send_message(turn.client.id, talk.say(apology))
        return None


@asynccontextmanager
async def typing(bot: Bot, chat_id: int) -> AsyncIterator[None]:
    """Show "typing…" for as long as the block takes, if it takes long."""
    task = asyncio.create_task(_type(bot, chat_id))
    try:
        yield
    finally:
        task.cancel()


async def _type(bot: Bot, chat_id: int) -> None:
    await asyncio.sleep(PATIENCE_S)
    with contextlib.suppress(TelegramAPIError):
        while True:
            await bot.send_chat_action(chat_id, "typing")
            await asyncio.sleep(TYPING_LASTS_S)
