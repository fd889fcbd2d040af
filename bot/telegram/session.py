"""Telegram's HTTP: patient where Telegram asks for patience, and where repeating is harmless."""

import asyncio
import contextlib
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    EditMessageReplyMarkup,
    EditMessageText,
    SendChatAction,
    TelegramMethod,
)
from aiogram.methods.base import Response, TelegramType
from aiogram.types import LinkPreviewOptions
from aiohttp.payload import BytesPayload

log = structlog.get_logger(__name__)

#: Doing these twice shows the same as doing them once; that they are done is all one wants to know of them.
REPEAT_SAFE = (AnswerCallbackQuery, DeleteMessage, EditMessageReplyMarkup, EditMessageText, SendChatAction)
TRIES = 4
FIRST_PAUSE = timedelta(milliseconds=300)
#: A longer 429 is not waited for inside an update: the update is handled again later.
LONGEST_WAIT = timedelta(seconds=30)


#: Set by who would rather do something else first than wait for Telegram (in this task only).
impatient: ContextVar[bool] = ContextVar("impatient", default=False)


class Patience(BaseRequestMiddleware):
    """Waits out 429, and repeats what is safe to repeat when the connection breaks."""

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        pause = FIRST_PAUSE.total_seconds()
        for tries_left in reversed(range(TRIES)):
            try:
                return await _readable(make_request, bot, method)
            except TelegramRetryAfter as error:
                if impatient.get() or not tries_left or error.retry_after > LONGEST_WAIT.total_seconds():
                    raise
                log.warning("telegram_asks_to_wait", seconds=error.retry_after, method=type(method).__name__)
                await asyncio.sleep(error.retry_after)
            except (TelegramNetworkError, TelegramServerError):
                if not tries_left or not isinstance(method, REPEAT_SAFE):
                    raise
                await asyncio.sleep(pause)
                pause *= 2
        raise AssertionError("the last try returns or raises")


async def _readable(
    make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
) -> Response[TelegramType]:
    """A page of a proxy instead of Telegram's JSON is a server that fails, like any other."""
    try:
        return await make_request(bot, method)
    except ClientDecodeError:
        raise TelegramServerError(method, "an answer that is not Telegram's") from None


class HasFiles(Exception):
    """JSON cannot carry this request."""


def json_of(method: TelegramMethod[Any], bot: Bot) -> dict[str, Any]:
    """The parameters of a request. Raises HasFiles."""
    files: dict[str, Any] = {}
    prepared = {
        name: value
        if name == "reply_markup"  # plain already: looking at each button takes longer than all the rest
        else bot.session.prepare_value(value, bot=bot, files=files, _dumps_json=False)
        for name, value in method.model_dump(warnings=False, exclude_none=True).items()
    }
    if files:
        raise HasFiles
    # As in a form, what is empty or false is left out: it is what Telegram assumes.
    return {name: value for name, value in prepared.items() if value}


class Session(AiohttpSession):
    """aiogram's own, with less work for a call."""

    def build_form_data(self, bot: Bot, method: TelegramMethod[TelegramType]) -> Any:
        """JSON, which costs a third of a form, unless a file has to be uploaded."""
        try:
            return BytesPayload(orjson.dumps(json_of(method, bot)), content_type="application/json")
        except HasFiles:
            return super().build_form_data(bot, method)

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        """A message that nobody looks at is not made out of a success: with its buttons that takes long."""
        if status_code == HTTPStatus.OK and isinstance(method, REPEAT_SAFE):
            with contextlib.suppress(orjson.JSONDecodeError):
                answer = orjson.loads(content)
                if isinstance(answer, dict) and answer.get("ok") is True:
                    return Response[Any](ok=True, result=True)
        return super().check_response(bot, method, status_code, content)

    async def close(self) -> None:
        """Close the connections; aiogram waits a while longer, for those that close by themselves."""
        if self._session is not None:
            await self._session.close()


def build_bot(token: str, api_url: str) -> Bot:
    """A bot that talks to this Bot API server."""
    session: Any = Session(api=TelegramAPIServer.from_base(api_url), timeout=20, json_loads=orjson.loads)
    session.middleware(Patience())
    properties = DefaultBotProperties(
        parse_mode=ParseMode.HTML, link_preview=LinkPreviewOptions(is_disabled=True)
    )
    return Bot(token, session=session, default=properties)
