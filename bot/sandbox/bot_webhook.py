"""Telegram's side of a webhook: every update is posted until the bot answers 2xx."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from bot.sandbox.bot_updates import Update, UpdateQueue
from bot.sandbox.telegram_params import Params, params_of_reply
from bot.sandbox.telegram_refusal import Refusal

Json = dict[str, Any]

DEFAULT_CONNECTIONS = 40
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
# Telegram starts with a second; the sandbox is in more of a hurry and grows the pause just the same.
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_ANSWER_WITHIN = ClientTimeout(total=60)

CallMethod = Callable[[Params], Awaitable[object]]


@dataclass
class Webhook:
    """Where updates go, and a task for each lane that has some.

    A lane holds updates of one kind from one chat: they arrive in order, the next one after the previous was
    accepted; lanes run side by side up to `max_connections`.
    """

    url: str
    secret: str
    max_connections: int
    queue: UpdateQueue
    session: Callable[[], ClientSession]
    call: CallMethod
    now: Callable[[], datetime]
    last_error: tuple[int, str] | None = None
    _lanes: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.max_connections)

    def deliver(self) -> None:
        """Start a task for every lane that has updates and no task yet."""
        for lane in {update.lane for update in self.queue.pending.values()} - self._lanes.keys():
            self._lanes[lane] = asyncio.create_task(self._drain(lane))

    async def stop(self) -> None:
        """End all deliveries; what was not accepted stays in the queue."""
        tasks, self._lanes = list(self._lanes.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def described(self) -> Json:
        """The `WebhookInfo` of the Bot API, without the number of pending updates."""
        info: Json = {
            "url": self.url,
            "has_custom_certificate": False,
            "max_connections": self.max_connections,
        }
        if self.last_error:
            info |= {"last_error_date": self.last_error[0], "last_error_message": self.last_error[1]}
        return info

    async def _drain(self, lane: str) -> None:
        pause = _FIRST_PAUSE
        try:
            while (update := self._first(lane)) is not None:
                async with self._free:
                    accepted = await self._post(update)
                if accepted:
                    self.queue.done(update.update_id)
                    pause = _FIRST_PAUSE
                else:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            # No await between the last look and this line, so no update can slip in between.
            self._lanes.pop(lane, None)

    def _first(self, lane: str) -> Update | None:
        return next((update for update in self.queue.pending.values() if update.lane == lane), None)

    async def _post(self, update: Update) -> bool:
        headers = {_SECRET_HEADER: self.secret} if self.secret else {}
        try:
            async with self.session().post(
                self.url, json=update.as_json(), headers=headers, timeout=_ANSWER_WITHIN
            ) as response:
                if response.status // 100 != 2:
                    reason = f"Wrong response from the webhook: {response.status} {response.reason}"
                    return self._failed(reason)
                await self._execute(response)
                return True
        except TimeoutError:
            return self._failed("Read timeout expired")
        except ClientError as error:
            return self._failed(f"Connection failed: {error}")

    async def _execute(self, response: ClientResponse) -> None:
        """The answer of a webhook may itself be a call; its result is not reported to anybody."""
        try:
            reply = await params_of_reply(response)
            if reply.text("method"):
                await self.call(reply)
        except Refusal as refusal:
            self._failed(refusal.description)

    def _failed(self, message: str) -> bool:
        self.last_error = (int(self.now().timestamp()), message)
        return False
