"""The HTTP side of a running bot: Telegram's webhook, health, metrics."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiogram import Bot
from aiogram.methods import TelegramMethod
from aiogram.types import Update
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.telegram.webhook import answer_with, posted

log = structlog.get_logger(__name__)

#: Bytes. One-Link's webhook names a message of up to 150,000 characters twice, and escapes it.
LARGEST_BODY = 4 * 1024 * 1024

#: Seconds for answers on their way when the listener closes; what takes long is waited for before.
CLOSE_S = 0.5


class CannotListen(Exception):
    """The address is taken, or none of this machine's; the message says so."""


class Listener:
    """Routes over what the app can do. `secret` is None in polling mode: then there is no webhook."""

    def __init__(
        self,
        *,
        bot: Bot,
        secret: str | None,
        handle: Callable[[Update], Awaitable[TelegramMethod[Any] | None]],
        ready: Callable[[], Awaitable[str | None]],
        metrics: Callable[[], Awaitable[bytes]],
        doorbell: tuple[str, Callable[[bytes, Mapping[str, str]], Awaitable[int]]] | None = None,
        rung: Callable[[int], None],
    ) -> None:
        """`handle` may return what Telegram is asked for in the answer to the webhook. `doorbell`: the secret
        part of its path, and who answers it with a status; `rung` is told it."""
        self._bot = bot
        self._secret = secret
        self._doorbell = doorbell
        self._handle = handle
        self._ready = ready
        self._metrics = metrics
        self._rung = rung
        self._stopping = False
        self._in_hand = 0  # updates
        self._idle = asyncio.Event()
        self.app = web.Application(client_max_size=LARGEST_BODY)
        self.app.router.add_get("/healthz", self._healthz)
        self.app.router.add_get("/readyz", self._readyz)
        self.app.router.add_get("/metrics", self._show_metrics)
        if secret is not None:
            self.app.router.add_post("/telegram", self._telegram)
        if doorbell is not None:
            self.app.router.add_post("/onelink/{secret}", self._onelink)

    def stop(self) -> None:
        """Take no more updates; `/readyz` says so."""
        self._stopping = True
        self._note_idle()

    async def finished(self) -> None:
        """After `stop`: until the updates in hand are handled."""
        await self._idle.wait()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _readyz(self, _: web.Request) -> web.Response:
        """503 with the reason while updates cannot be handled."""
        trouble = "stopping" if self._stopping else await self._ready()
        return web.json_response({"status": trouble or "ready"}, status=503 if trouble else 200)

    async def _show_metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=await self._metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _onelink(self, request: web.Request) -> web.Response:
        """Answered after it was stored where to look; One-Link waits five seconds at most."""
        assert self._doorbell is not None  # noqa: S101 (else there is no such route)
        secret, ring = self._doorbell
        if not hmac.compare_digest(request.match_info["secret"].encode(), secret.encode()):
            status = 404
        else:
            status = await ring(await request.read(), request.headers)
        self._rung(status)
        return web.Response(status=status)

    async def _telegram(self, request: web.Request) -> web.Response:
        """Answered after the update was handled: Telegram repeats what was not answered with 200."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), (self._secret or "").encode()):
            return web.Response(status=401)
        try:
            update = posted(await request.read(), self._bot)
        except ValueError:
            log.warning("update_unreadable")  # repeating it would not help
            return web.Response(status=200)
        if self._stopping:
            return web.Response(status=503)
        self._in_hand += 1
        try:
            asked = await self._handle(update)
        except Exception as error:
            log.warning("update_waits", update_id=update.update_id, error=type(error).__name__)
            return web.Response(status=503)
        finally:
            self._in_hand -= 1
            self._note_idle()
        if asked is None:
            return web.Response(status=200)
        return web.Response(body=answer_with(asked, self._bot), content_type="application/json")

    def _note_idle(self) -> None:
        if self._stopping and not self._in_hand:
            self._idle.set()


@asynccontextmanager
async def listening(listener: Listener, host: str, port: int) -> AsyncIterator[int]:
    """Serve while the block runs; yields the port (a free one for port 0)."""
    runner = web.AppRunner(listener.app, access_log=None, shutdown_timeout=CLOSE_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            why = error.strerror or str(error)
            raise CannotListen(f"Cannot listen on HTTP_HOST and HTTP_PORT ({host}:{port}): {why}") from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
