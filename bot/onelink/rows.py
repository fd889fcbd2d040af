"""Reading rows of other people's JSON without falling over them.

One-Link runs in several generations: fields come and go, so unknown keys are ignored, and
a field that is optional for us and has a strange value counts as missing. A row without
the fields that we cannot do without is unreadable: in a list it is left out with a line in
the log, alone it is OneLinkUnreachable, for we do not know what we were told.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.domain.errors import OneLinkUnreachable

log = structlog.get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R", bound="Row")


class Row(BaseModel):
    """The base of wire models: unknown keys are ignored, "5" and 5.0 are 5."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Unreadable(ValueError):
    """A row lacks what we cannot do without. Carries field names, never values."""


def read(model: type[R], row: object) -> R:
    """The row as a model; optional fields with strange values are read as missing."""
    try:
        return model.model_validate(row)
    except ValidationError as error:
        strange = {problem["loc"][0] for problem in error.errors(include_input=False) if problem["loc"]}
        if not isinstance(row, dict):
            raise Unreadable("not an object") from None
    try:
        return model.model_validate({key: value for key, value in row.items() if key not in strange})
    except ValidationError as error:
        missing = {str(problem["loc"][0]) for problem in error.errors(include_input=False) if problem["loc"]}
        raise Unreadable(", ".join(sorted(missing))) from None


def payload_of(body: object) -> object:
    """What is inside the envelope `{"payload": …}`; some conversation endpoints answer without one."""
    return body["payload"] if isinstance(body, dict) and "payload" in body else body


def only(load: Callable[[object], T], body: object) -> T:
    """The one thing that an answer holds, or OneLinkUnreachable."""
    try:
        return load(payload_of(body))
    except Unreadable as error:
        log.warning("onelink.unreadable_answer", fields=str(error))
        raise OneLinkUnreachable("unreadable_answer") from error


def every(load: Callable[[object], T], rows: object) -> tuple[T, ...]:
    """The readable rows of a list; no list at all, or not one readable row, is OneLinkUnreachable."""
    if not isinstance(rows, list):
        raise OneLinkUnreachable("unreadable_answer")
    readable = tuple(_readable(load, rows))
    if rows and not readable:  # "nothing can be read" must not become "there is nothing"
        raise OneLinkUnreachable("unreadable_answer")
    return readable


def _readable(load: Callable[[object], T], rows: Iterable[object]) -> Iterable[T]:
    for row in rows:
        try:
            yield load(row)
        except Unreadable as error:
            log.warning("onelink.row_skipped", id=row_id(row), fields=str(error))


def row_id(row: object) -> int | None:
    """The id of a row for the log."""
    value = row.get("id") if isinstance(row, Mapping) else None
    return value if isinstance(value, int) else None


def instant(text: object) -> datetime:
    """`2026-03-09T09:00:00+05:00`, `…Z` -> UTC. Without an offset One-Link means UTC (section 1)."""
    if not isinstance(text, str):
        raise Unreadable("time")
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("time") from None


def timestamp(moment: datetime) -> str:
    """An aware datetime as One-Link wants it: UTC with `Z`, whole seconds.

    Never `+05:00`: an unencoded plus becomes a space and the offset is silently dropped.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
