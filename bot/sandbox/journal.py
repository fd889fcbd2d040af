"""What reached One-Link, in order, for tests that count requests and look at bodies."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from bot.sandbox.clock import Clock
from bot.sandbox.faults import FAULT, PERFORMED

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FACES = ("/api/v1/", "/public/api/v1/")
CAPACITY = 10_000
"""Older requests are forgotten."""


class Journal:
    """Requests to One-Link's two APIs as rows.

    `{"at", "method", "path", "query", "body", "status"}` plus `"fault"` when a fault rule was applied.
    `status` is what One-Link did: for a request that was performed and then cut off it is the status
    nobody received, for one that was never performed it is null. A body that is not JSON is kept as text;
    of a multipart body only the size.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.rows: deque[dict[str, Any]] = deque(maxlen=CAPACITY)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/requests", self._listed)
        app.router.add_delete("/_sandbox/requests", self._cleared)

    async def _listed(self, request: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(list(self.rows)), content_type="application/json")

    async def _cleared(self, request: web.Request) -> web.Response:
        self.rows.clear()
        return web.Response(status=204)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(FACES):
            return await handler(request)
        row: dict[str, Any] = {
            "at": self._clock.now().isoformat().replace("+00:00", "Z"),
            "method": request.method,
            "path": request.path,
            "query": {key: request.query.getall(key) for key in request.query},
            "body": _readable(request, await request.read()),
            "status": None,
        }
        row["query"] = {key: many[0] if len(many) == 1 else many for key, many in row["query"].items()}
        self.rows.append(row)
        response = await handler(request)
        fault = request.get(FAULT)
        if fault is None:
            row["status"] = response.status
        else:
            row["fault"] = fault
            answered = fault in ("status", "html", "delay")
            row["status"] = response.status if answered else request.get(PERFORMED)
        return response


def _readable(request: web.Request, body: bytes) -> Any:
    if not body:
        return None
    if request.content_type.startswith("multipart/"):
        return f"<multipart, {len(body)} bytes>"
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")
