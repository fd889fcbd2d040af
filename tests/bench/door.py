"""Stands between One-Link and the bot's doorbell, and looks at the clock."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter

import aiohttp
from aiohttp import web


@dataclass(slots=True)
class Rings:
    """What rang while it was watched. Seconds and moments of `perf_counter`."""

    taken: list[float] = field(default_factory=list)  # from a ring to the bot's answer
    refused: int = 0  # answers other than 200
    answered: dict[int, float] = field(default_factory=dict)  # message -> the bot's 200 to its first ring

    def forget(self) -> None:
        """Begin anew."""
        self.taken.clear()
        self.answered.clear()
        self.refused = 0


@asynccontextmanager
async def door(bot_url: str, port: int) -> AsyncIterator[Rings]:
    """Passes everything on to `bot_url`, word for word, at `http://127.0.0.1:{port}/`."""
    rings = Rings()

    async def ring(request: web.Request) -> web.Response:
        body = await request.read()
        told = json.loads(body)
        begun = perf_counter()
        try:
            async with session.post(bot_url, data=body, headers=_passed_on(request)) as answer:
                status = answer.status
        except aiohttp.ClientError:  # the bot does not listen yet, or no longer
            return web.Response(status=503)
        ended = perf_counter()
        rings.taken.append(ended - begun)
        rings.refused += status != 200
        if told["event"] == "message_created" and status == 200:
            rings.answered.setdefault(told["id"], ended)
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/", ring)
    runner = web.AppRunner(app, access_log=None)
    async with aiohttp.ClientSession() as session:
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield rings
        finally:
            await runner.cleanup()


def _passed_on(request: web.Request) -> dict[str, str]:
    own = ("content-type", "x-chatwoot-delivery", "x-chatwoot-timestamp", "x-chatwoot-signature")
    return {name: value for name, value in request.headers.items() if name.lower() in own}
