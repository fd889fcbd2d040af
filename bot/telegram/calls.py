"""Counting what the bot asks of Telegram."""

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.methods import TelegramMethod
from aiogram.methods.base import Response, TelegramType
from prometheus_client import Counter


class CountCalls(BaseRequestMiddleware):
    """Every request by method and outcome: `ok`, or the name of the error. Put below what repeats them."""

    def __init__(self, calls: Counter) -> None:
        self.calls = calls

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        try:
            answer = await make_request(bot, method)
        except BaseException as error:
            self.calls.labels(method.__api_method__, type(error).__name__).inc()
            raise
        self.calls.labels(method.__api_method__, "ok").inc()
        return answer
