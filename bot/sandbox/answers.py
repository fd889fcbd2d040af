"""How One-Link answers: JSON, refusals in its exact shapes, and the values it reads from requests."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
from aiohttp import web

Row = dict[str, Any]

USER: web.RequestKey[Row] = web.RequestKey("user", dict)
"""The row of the user whose token a request carries."""


class Refused(Exception):
    """Ends a request with this status and JSON body."""

    def __init__(
        self, status: int, error: str, code: str | None = None, details: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.body: Row = {"error": error}
        if code:
            self.body["code"] = code
        if details:
            self.body["details"] = dict(details)


class Crashed(Exception):
    """One-Link fails on this request with an unhandled exception: 500 and a page of HTML."""


def not_found() -> Refused:
    """Any missing record, wherever it was referred to. One-Link gives no code here."""
    return Refused(404, "Resource could not be found")


def invalid(error: str, **details: list[str]) -> Refused:
    """A bad argument, or with details a model that did not validate."""
    return Refused(422, error, "VALIDATION_ERROR", details)


def answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def payload(body: Any, status: int = 200) -> web.Response:
    """The scheduling envelope around one object."""
    return answer({"payload": body}, status)


def listed(rows: list[Row]) -> web.Response:
    """The scheduling envelope around a list."""
    return answer({"payload": rows, "meta": {"count": len(rows)}})


async def body_of(request: web.Request) -> Row:
    """The JSON object of a request, or the fields of a form; an empty body is an empty object."""
    if request.content_type.startswith(("multipart/", "application/x-www-form-urlencoded")):
        return dict(await request.post())
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as error:
        raise Refused(400, "Error occurred while parsing request parameters") from error
    return body if isinstance(body, dict) else {}


def path_id(request: web.Request, name: str = "id") -> int:
    """A numeric id in the path; anything else is a record that does not exist."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdigit():
        raise not_found()
    return int(text)


_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?(?:(Z)|([+-])(\d\d):?(\d\d))?", re.I
)


def instant(value: Any, name: str) -> datetime:
    """A moment as Rails reads it, in UTC and whole seconds.

    Without an offset it is UTC. Whatever follows the part that was understood is dropped: a `+` that
    arrived as a space takes its offset with it. 30 February is the first or second of March.
    """
    match = _INSTANT.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise invalid(f"{name} is invalid")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    sign, hours, minutes = match.groups()[7:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        first = datetime(year, month, 1, hour, minute, second, tzinfo=timezone(offset))
    except ValueError as error:
        raise invalid(f"{name} is invalid") from error
    if not 1 <= day <= 31:
        raise invalid(f"{name} is invalid")
    return (first + timedelta(days=day - 1)).astimezone(UTC)


def utc(moment: datetime) -> str:
    """Second precision with a `Z`, as appointments and ranges are printed."""
    return moment.astimezone(UTC).isoformat()[:19] + "Z"


def iso_date(value: Any, name: str) -> date:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValueError(value)
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise invalid(f"{name} is invalid") from error


def integer(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise invalid(f"{name} must be an integer") from error


def words(value: str | None) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in (value or "").split(",") if word.strip()]


def is_true(value: str | None) -> bool:
    """Rails' booleans: empty and false-like texts are false, anything else is true."""
    return bool(value) and str(value).lower() not in ("false", "0", "f", "off")


def text(value: Any) -> str | None:
    """A trimmed text; blank is None."""
    if value is None:
        return None
    return str(value).strip() or None
