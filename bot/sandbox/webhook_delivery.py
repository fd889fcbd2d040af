"""One delivery of a webhook: its body, its signature, its attempts, and what became of it."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.sandbox.world import Event

RETRIED = (408, 425, 429)
"""Besides all from 500 up; any other refusal is final."""

_TIMEOUT = ClientTimeout(total=None, sock_connect=5, sock_read=5)

State = Literal["held", "waiting", "delivered", "failed", "lost"]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The `X-Chatwoot-Signature` over the raw body."""
    signed = f"{timestamp}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@dataclass(eq=False)
class Delivery:
    """A body that was made when its event happened, on its way to one address.

    `secret` None: unsigned. `pauses`: real seconds before each attempt, so their number is the number of
    attempts. `tried` is set after the first one. `status` is the last HTTP status, `error` the last failure.
    """

    url: str
    event: Event
    body: bytes
    secret: str | None
    pauses: Sequence[float]
    of_inbox: bool
    delivery: str = field(default_factory=lambda: str(uuid4()))
    state: State = "waiting"
    attempts: int = 0
    status: int | None = None
    error: str | None = None
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, session: ClientSession, now: Callable[[], float]) -> bool:
        """Attempt until accepted or given up. `now` is One-Link's Unix time, for fresh timestamps."""
        for pause in self.pauses:
            await asyncio.sleep(pause)
            again = await self.post(session, now())
            self.tried.set()
            if not again:
                break
        self.state = "failed" if self.error else "delivered"
        return self.state == "delivered"

    async def post(self, session: ClientSession, now: float) -> bool:
        """One attempt. Returns whether another one makes sense."""
        self.attempts += 1
        self.status = self.error = None
        try:
            async with session.post(
                self.url,
                data=self.body,
                headers=self._headers(str(int(now))),
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                self.status = response.status
                if response.status // 100 != 2:
                    self.error = f"{response.status} {response.reason}"
                return response.status >= 500 or response.status in RETRIED
        except TimeoutError:
            self.error = "Timed out reading data from server"
        except (ClientError, ValueError) as error:
            self.error = f"Failed to open TCP connection: {error}"
        return True

    def described(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "event": self.event.name,
            "delivery": self.delivery,
            "state": self.state,
            "attempts": self.attempts,
            "status": self.status,
            "error": self.error,
            "signed": self.secret is not None,
            "body": orjson.loads(self.body),
        }

    def _headers(self, timestamp: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "X-Chatwoot-Delivery": self.delivery}
        if self.secret is not None:
            headers["X-Chatwoot-Timestamp"] = timestamp
            headers["X-Chatwoot-Signature"] = signature(self.secret, timestamp, self.body)
        return headers
