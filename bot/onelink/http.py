"""The only module that talks to One-Link: requests out, JSON or one of our errors back. (`files` downloads.)

It bounds what One-Link may cost the bot (parallel requests, seconds, repeats) and logs
the shape of each exchange. Never bodies, query values or the token: they hold names,
phones and IINs.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ssl import SSLContext
from time import perf_counter
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import httpx
import orjson
import stamina
import structlog
from httpx_aiohttp import HttpxAiohttpClient

from bot.domain.errors import BookingError, OneLinkUnreachable
from bot.onelink.breaker import BREAKER_OPEN, Breaker
from bot.onelink.error_table import error_for
from bot.onelink.exchange import Answer, Exchange, Form, Patience

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Line:
    """Where requests of one sort wait for their turn; seconds as in Patience."""

    places: asyncio.Semaphore
    request_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked, and in which line; `path` still has its `{names}`."""

    line: _Line
    method: str
    path: str
    ids: Mapping[str, int | str]
    params: Mapping[str, str] | None = None
    body: Mapping[str, object] | Form | None = None
    parse: Callable[[bytes], object] = orjson.loads


def _unobserved(exchange: Exchange) -> None:
    """The default observer: nobody is watching."""


class OneLinkHttp:
    """One-Link's HTTP for one account.

    Paths are relative to the account (`scheduling/services`); a leading slash means the
    host (`/api/v1/profile`). `{names}` in a path are filled, quoted, from `ids`.
    Raises what `error_table` says; a 2xx that is not JSON is OneLinkUnreachable, because
    something between us and One-Link answered. Cancellation passes through.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        account_id: int,
        *,
        patience: Patience | None = None,
        breaker: Breaker | None = None,
        observe: Callable[[Exchange], None] = _unobserved,
        verify: SSLContext | bool = True,
    ) -> None:
        """`verify`: whom to trust, as in httpx."""
        self._patience = patience or Patience()
        self._breaker = breaker or Breaker()
        self._observe = observe
        self._host = base_url.rstrip("/")
        self._account = f"/api/v1/accounts/{account_id}/"
        it = self._patience
        self._line = _Line(asyncio.Semaphore(it.parallel), it.request_s, it.total_s)
        self._upload_line = _Line(asyncio.Semaphore(it.parallel_uploads), it.upload_s, 2 * it.upload_s)
        self._client = HttpxAiohttpClient(
            verify=verify,
            # The hyphenated spelling: proxies drop header names with underscores.
            headers={"api-access-token": token, "Accept": "application/json", "User-Agent": "booking-bot"},
            limits=httpx.Limits(max_connections=it.parallel + it.parallel_uploads),
        )

    async def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        parse: Callable[[bytes], object] = orjson.loads,
        **ids: int | str,
    ) -> Answer:
        """Read; repeated when One-Link cannot be reached.

        `parse`: from a 2xx's bytes to the answer's body; ValueError if they are no JSON.
        """
        request = _Request(self._line, "GET", path, ids, params, parse=parse)
        return await self._call(request, self._patience.attempts)

    async def post(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        repeatable: bool = False,
        **ids: int | str,
    ) -> Answer:
        """Send. Only `repeatable` ones (look-ups that happen to be POSTs) are repeated here.

        Repeating a write is the business of the use case that stored what it intends.
        """
        attempts = self._patience.attempts if repeatable else 1
        return await self._call(_Request(self._line, "POST", path, ids, body=body), attempts)

    async def post_form(self, path: str, form: Form, **ids: int | str) -> Answer:
        """Send files; never repeated here, and with more time than anything else."""
        return await self._call(_Request(self._upload_line, "POST", path, ids, body=form), 1)

    async def patch(self, path: str, body: Mapping[str, object], **ids: int | str) -> Answer:
        """Change; never repeated here."""
        return await self._call(_Request(self._line, "PATCH", path, ids, body=body), 1)

    async def aclose(self) -> None:
        """Close the connections; requests under way fail."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _call(self, request: _Request, attempts: int) -> Answer:
        """One request with its repeats, within the line's `total_s`."""
        retrying = stamina.retry_context(
            on=_worth_repeating,
            attempts=attempts,
            timeout=None,
            wait_initial=self._patience.first_wait_s,
            wait_jitter=self._patience.first_wait_s,
            wait_max=2.0,
        )
        try:
            async with asyncio.timeout(request.line.total_s):
                async for attempt in retrying:
                    with attempt:
                        return await self._once(request)
        except TimeoutError:
            raise OneLinkUnreachable("timeout") from None
        raise AssertionError("retrying ends in an answer or an error")

    async def _once(self, request: _Request) -> Answer:
        """One request: in line, past the breaker, over the wire, into the books."""
        path = request.path
        async with request.line.places:
            self._breaker.admit()
            started = perf_counter()
            try:
                response = await self._send(request)
                outcome = _read(response, request)
            except OneLinkUnreachable as error:
                response, outcome = None, error
            self._enter_in_books(request.method, path, response, outcome, perf_counter() - started)
        if isinstance(outcome, BookingError):
            raise outcome
        return outcome

    async def _send(self, request: _Request) -> httpx.Response:
        ids = {name: quote(str(value), safe="") for name, value in request.ids.items()}
        filled = request.path.format_map(ids)
        url = self._host + (filled if filled.startswith("/") else self._account + filled)
        request_s = request.line.request_s
        try:
            async with asyncio.timeout(request_s):
                return await self._client.request(
                    request.method,
                    url,
                    params=request.params,
                    timeout=httpx.Timeout(request_s, connect=self._patience.connect_s),
                    **_encoded(request.body),
                )
        except TimeoutError as error:
            raise OneLinkUnreachable("timeout") from error
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            # The transport reports a connection cut after sending as ConnectTimeout too:
            # no kind of error here proves that One-Link did not act.
            raise OneLinkUnreachable("connection") from error

    def _enter_in_books(
        self,
        method: str,
        template: str,
        response: httpx.Response | None,
        outcome: Answer | BookingError,
        elapsed_s: float,
    ) -> None:
        error = outcome if isinstance(outcome, BookingError) else None
        status = None if response is None else response.status_code
        facts = {"method": method, "path": template, "status": status, "ms": round(elapsed_s * 1000)}
        if isinstance(error, OneLinkUnreachable):
            # A code in capitals is One-Link's own word: it is there, and only cannot tell this.
            if error.code.isupper():
                self._breaker.succeeded()
            else:
                self._breaker.failed()
            log.warning("onelink.unreachable", code=error.code, **facts)
        elif error is not None:
            self._breaker.succeeded()
            log.info("onelink.refused", error=type(error).__name__, code=error.code, **facts)
        else:
            self._breaker.succeeded()
            log.debug("onelink.answered", **facts)
        self._observe(
            Exchange(
                method=method,
                template=template,
                status=status,
                error=error,
                elapsed_s=elapsed_s,
                server_time=None if response is None else _server_time(response),
            )
        )


def _encoded(body: Mapping[str, object] | Form | None) -> dict[str, Any]:
    """The body as httpx takes it; made anew for each attempt, for a form is read only once."""
    match body:
        case None:
            return {}
        case Form(fields, files):
            return {"data": fields, "files": files}
        case _:
            return {"content": orjson.dumps(body), "headers": {"Content-Type": "application/json"}}


def _worth_repeating(error: Exception) -> bool:
    return isinstance(error, OneLinkUnreachable) and error.code != BREAKER_OPEN


def _read(response: httpx.Response, request: _Request) -> Answer | BookingError:
    """The JSON of a 2xx; for everything else the error, which is returned to be logged before it rises."""
    parse = request.parse if response.is_success else orjson.loads
    try:
        body = parse(response.content)
    except ValueError:
        body = None
    if not response.is_success:
        about_appointment = request.path.startswith("scheduling/appointments")
        return error_for(response.status_code, body, about_appointment=about_appointment)
    if body is None or isinstance(body, str | float | int):
        return OneLinkUnreachable("not_json", status=response.status_code)
    return Answer(response.status_code, body)


def _server_time(response: httpx.Response) -> datetime | None:
    try:
        moment = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
