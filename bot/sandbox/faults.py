"""Things that go wrong on the way to either neighbour, switched on by rules.

A rule: `{"match": "POST /appointments", "kind": "status", "status": 502, "seconds": 3, "times": 2,
"code": …, "body": …, "skip": 0, "pid": …}`; only `match` and `kind` are required.

* `match`: a method, a fragment of the path, or both; `*` is any method. `POST /appointments` matches every
  POST whose path contains `/appointments`; a `$` at the end pins the fragment to the end of the path.
  Telegram's methods are paths too: `POST /sendMessage`.
* `times`: how many requests it hits (default 1); 0 or null means until cleared.
* `skip`: so many matching requests pass first, so that the second edit of a card can be hit alone.
* `kind`: see KINDS. The first rule that matches and is not used up decides.

Faults concern One-Link's and Telegram's paths only; the page and the control routes always work.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, get_args

import orjson
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

Kind = Literal[
    "status",
    "html",
    "delay",
    "timeout",
    "hold_after",
    "drop_before",
    "drop_after",
    "kill_before",
    "kill_after",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""status       answer with `status` (default 500) at once, nothing is performed
html         the same with an HTML body, as a gateway does (default 502)
delay        wait `seconds`, then perform
timeout      never answer, nothing is performed
hold_after   perform, then never answer
drop_before  cut the connection, nothing is performed
drop_after   perform, then cut the connection
kill_before  SIGKILL the process `pid`, then cut the connection, nothing is performed
kill_after   perform, then SIGKILL the process `pid` and cut the connection"""

KILLS = ("kill_before", "kill_after")

KEYS = {"match", "kind", "status", "seconds", "times", "code", "body", "skip", "pid"}

FACES = ("/api/", "/public/", "/bot", "/file/bot", "/rails/")
"""Beginnings of the paths that faults may hit."""

HOLD_SECONDS = 60.0
"""Longest silence of `timeout` and `hold_after` for a client that never gives up."""

POLL_SECONDS = 0.05

FAULT: web.RequestKey[str] = web.RequestKey("fault", str)
"""The kind of fault that hit a request."""

PERFORMED: web.RequestKey[int] = web.RequestKey("performed", int)
"""The status of an answer that was made and then withheld."""


@dataclass
class Fault:
    """One rule and how often it fired; `skip` counts down."""

    match: str
    kind: Kind
    status: int | None = None
    seconds: float | None = None
    times: int = 1
    code: str | None = None
    body: Any = None
    skip: int = 0
    pid: int | None = None
    fired: int = 0

    @classmethod
    def read(cls, rule: Any) -> "Fault":
        """A rule from JSON. ValueError says what is wrong with it."""
        if not isinstance(rule, dict) or not isinstance(rule.get("match"), str) or not rule["match"].strip():
            raise ValueError('a fault needs "match", for example "POST /appointments"')
        if rule.get("kind") not in KINDS:
            raise ValueError(f'"kind" must be one of: {", ".join(KINDS)}')
        unknown = rule.keys() - KEYS
        if unknown:
            raise ValueError(f"unknown keys in a fault: {', '.join(sorted(unknown))}")
        status, seconds, times = rule.get("status"), rule.get("seconds"), rule.get("times", 1)
        pid = _victim(rule)
        try:
            return cls(
                match=rule["match"].strip(),
                kind=rule["kind"],
                status=None if status is None else int(status),
                seconds=None if seconds is None else float(seconds),
                times=int(times or 0),
                code=rule.get("code"),
                body=rule.get("body"),
                skip=int(rule.get("skip") or 0),
                pid=pid,
            )
        except TypeError as error:
            raise ValueError(str(error)) from error

    @property
    def active(self) -> bool:
        return self.times == 0 or self.fired < self.times

    def hits(self, method: str, path: str) -> bool:
        method_wanted, _, fragment = self.match.partition(" ")
        if method_wanted.startswith("/"):
            method_wanted, fragment = "*", self.match
        if method_wanted not in ("*", method):
            return False
        fragment = fragment.strip()
        return path.endswith(fragment[:-1]) if fragment.endswith("$") else fragment in path

    def describe(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value is not None}

    def answer(self, path: str) -> web.Response:
        """The answer of `status` and `html`, in the manner of the neighbour whose path it is."""
        status = self.status or (502 if self.kind == "html" else 500)
        reason = HTTPStatus(status).phrase if status in list(HTTPStatus) else "Error"
        if self.kind == "html":
            page = f"<html><head><title>{status} {reason}</title></head><body><h1>{reason}</h1></body></html>"
            return web.Response(status=status, text=str(self.body or page), content_type="text/html")
        if isinstance(self.body, str):
            return web.Response(status=status, text=self.body)
        if self.body is not None:
            return _json(status, self.body)
        if path.startswith(("/bot", "/file/bot")):
            return _json(status, self._telegram_body(status, reason))
        if status == 429:
            return web.Response(status=status, text="Retry later\n")
        return _json(status, {"error": reason} | ({"code": self.code} if self.code else {}))

    def _telegram_body(self, status: int, reason: str) -> dict[str, Any]:
        if status != 429:
            return {"ok": False, "error_code": status, "description": reason}
        wait = int(self.seconds or 1)
        return {
            "ok": False,
            "error_code": 429,
            "description": f"Too Many Requests: retry after {wait}",
            "parameters": {"retry_after": wait},
        }


class Faults:
    """The rules in force, their control routes, and the middleware that applies them."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._closing = False

    def add(self, rule: dict[str, Any]) -> Fault:
        fault = Fault.read(rule)
        self.rules.append(fault)
        return fault

    def clear(self) -> None:
        self.rules.clear()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/faults", self._listed)
        app.router.add_post("/_sandbox/faults", self._added)
        app.router.add_delete("/_sandbox/faults", self._cleared)
        app.on_shutdown.append(self._release)

    async def _listed(self, request: web.Request) -> web.Response:
        return _json(200, [fault.describe() for fault in self.rules])

    async def _added(self, request: web.Request) -> web.Response:
        """One rule or a list of rules."""
        try:
            rules = orjson.loads(await request.read())
            added = [Fault.read(rule) for rule in (rules if isinstance(rules, list) else [rules])]
        except ValueError as error:
            return _json(422, {"error": str(error)})
        self.rules.extend(added)
        return _json(201, [fault.describe() for fault in added])

    async def _cleared(self, request: web.Request) -> web.Response:
        self.clear()
        return web.Response(status=204)

    async def _release(self, app: web.Application) -> None:
        """Let held requests go, so that the server can stop at once."""
        self._closing = True

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = self._next(request)
        if fault is None:
            return await handler(request)
        fault.fired += 1
        request[FAULT] = fault.kind
        match fault.kind:
            case "status" | "html":
                return fault.answer(request.path)
            case "delay":
                await self._hold(request, fault.seconds or 0)
                return await handler(request)
            case "hold_after" | "drop_after" | "kill_after":
                # Performed but not told; the journal still knows how it ended.
                request[PERFORMED] = (await handler(request)).status
            case "timeout" | "drop_before" | "kill_before":
                pass
        if fault.pid is not None:
            _kill(fault.pid)
        if fault.kind in ("timeout", "hold_after"):
            await self._hold(request, fault.seconds or HOLD_SECONDS)
        return cut(request)

    def _next(self, request: web.Request) -> Fault | None:
        if not self.rules or not request.path.startswith(FACES):
            return None
        for rule in self.rules:
            if not rule.active or not rule.hits(request.method, request.path):
                continue
            if rule.skip <= 0:
                return rule
            rule.skip -= 1
        return None

    async def _hold(self, request: web.Request, seconds: float) -> None:
        """Silence, until the time is over, the client gave up, or the sandbox stops."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0 and not _gone(request) and not self._closing:  # noqa: ASYNC110
            # aiohttp does not tell a handler that its client left, so look now and then.
            await asyncio.sleep(min(left, POLL_SECONDS))


def _victim(rule: dict[str, Any]) -> int | None:
    """The process that a rule kills. ValueError for one that nobody can mean: a group, init, ourselves."""
    pid = rule.get("pid")
    if rule["kind"] not in KILLS:
        if pid is not None:
            raise ValueError(f'"pid" goes with: {", ".join(KILLS)}')
        return None
    if type(pid) is not int:
        raise ValueError('"pid" must be the number of the process to kill')
    if pid <= 1 or pid == os.getpid():
        raise ValueError(f"the sandbox does not kill the process {pid}")
    return pid


def _kill(pid: int) -> None:
    """As hard as it goes. One that has ended by itself, or is somebody else's, is left alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def cut(request: web.Request) -> web.Response:
    """Break the connection without a word; the response returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _json(status: int, body: Any) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")
