"""A sandbox served for one test, with short names for what tests do to its Telegram face."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from bot.sandbox.clock import Clock
from bot.sandbox.server import serving

TOKEN = "42:SANDBOX"
PERSON = 7001
Json = dict[str, Any]


@dataclass
class Stand:
    """Talks to the sandbox over HTTP: as the bot (`call`, `refusal`) and as the test (`person`, `see`)."""

    http: httpx.AsyncClient
    clock: Clock
    url: str

    async def call(self, method: str, **params: Any) -> Any:
        """A Bot API call that has to succeed; its result."""
        answer = (await self.http.post(f"/bot{TOKEN}/{method}", json=params)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **params: Any) -> tuple[int, str]:
        """A Bot API call that has to fail; error code and description."""
        response = await self.http.post(f"/bot{TOKEN}/{method}", json=params)
        answer = response.json()
        assert not answer["ok"], answer
        assert answer["error_code"] == response.status_code
        return response.status_code, answer["description"]

    async def person(self, action: str, chat_id: int = PERSON, **body: Any) -> Json:
        """Something a person does; the answer of the control route."""
        response = await self.http.post(f"/_sandbox/chats/{chat_id}/{action}", json=body)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    async def see(self, chat_id: int = PERSON) -> Json:
        """What the person sees."""
        seen: Json = (await self.http.get(f"/_sandbox/chats/{chat_id}")).json()
        return seen

    async def telegram(self, **query: Any) -> Json:
        """What Telegram knows about the bots."""
        state: Json = (await self.http.get("/_sandbox/telegram", params=query)).json()
        return state

    async def updates(self, **params: Any) -> list[Json]:
        found: list[Json] = await self.call("getUpdates", **params)
        return found


@asynccontextmanager
async def telegram_stand() -> AsyncIterator[Stand]:
    """A fresh sandbox; nobody has written to the bot yet."""
    async with (
        serving(world={}) as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, timeout=20, trust_env=False) as http,
    ):
        yield Stand(http, sandbox.clock, sandbox.url)


def inline(*labels: str, **button: Any) -> Json:
    """An inline keyboard with one row; the data of a button is its label."""
    return {"inline_keyboard": [[{"text": label, "callback_data": label} | button for label in labels]]}
