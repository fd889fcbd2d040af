"""Telegram as a fault sees it: planned refusals, the calls that were made, taps that nobody answered."""

from typing import Any

import httpx

from bot.sandbox.bot_updates import UpdateQueue
from bot.sandbox.server import Sandbox

#: Kind, payload and id of an update.
Noted = tuple[str, dict[str, Any], int]

TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


class Telegram:
    """The sandbox's Telegram, from the side of the tests."""

    def __init__(self, control: httpx.AsyncClient, sandbox: Sandbox) -> None:
        self._control = control
        self._state = sandbox.telegram.state

    async def refuses(self, method: str, status: int, description: str | None = None, **more: Any) -> None:
        """The next calls of this method fail like this."""
        body = {"method": method, "status": status, "description": description, **more}
        response = await self._control.post("/_sandbox/telegram/refusals", json=body)
        response.raise_for_status()

    def calls(self, method: str, chat_id: int | None = None) -> list[dict[str, Any]]:
        """Calls of this method, in order; also those that were refused."""
        return [
            call
            for call in self._state.journal
            if call["method"].lower() == method.lower()
            and (chat_id is None or str(call["params"].get("chat_id")) == str(chat_id))
        ]

    def unanswered_taps(self, chat_id: int) -> int:
        """Buttons that still spin."""
        return sum(not query.answered for query in self._state.chats[chat_id].queries.values())

    def noting(self, *, held: bool = False) -> list[Noted]:
        """Updates from now on, as `redeliver` takes them; `held`: the bot gets them by that only."""
        queue = next(bot.queue for bot in self._state.bots.values() if bot.queue)
        noted: list[Noted] = []
        put = queue.put

        def noting(kind: str, payload: dict[str, Any], lane: str) -> int | None:
            if held:
                update_id: int | None = queue._next_id
                queue._next_id += 1
            else:
                update_id = put(kind, payload, lane)
            if update_id is not None:
                noted.append((kind, payload, update_id))
            return update_id

        queue.put = noting  # type: ignore[method-assign]
        return noted

    def redeliver(self, kind: str, payload: dict[str, Any], update_id: int) -> None:
        """Put an update into the queue once more, under the id it had."""
        queue = next(bot.queue for bot in self._state.bots.values() if bot.queue)
        queue._next_id, following = update_id, queue._next_id
        UpdateQueue.put(queue, kind, payload, "again")
        queue._next_id = following
        for bot in self._state.bots.values():
            if bot.webhook:
                bot.webhook.deliver()
