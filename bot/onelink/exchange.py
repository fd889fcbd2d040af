"""A request to One-Link and what comes of it, as values: how patient to be, what is sent, what is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errors import BookingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often; seconds. `total_s` bounds a call with its repeats and its waiting in line.

    Files have a line of their own, lest a few photos over a slow uplink hold up every booking:
    `upload_s` bounds one, which may wait as long again for its turn.
    """

    parallel: int = 5  # one slow answer must not hold up the others (onelink-conversations-api 4)
    connect_s: float = 5.0
    request_s: float = 10.0
    total_s: float = 12.0
    attempts: int = 3
    first_wait_s: float = 0.3
    parallel_uploads: int = 2
    upload_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer, for metrics and the clock; nothing personal.

    `template` is the path with `{id}` unfilled; `status` is None when no answer came;
    `error` is None for a 2xx; `server_time` is the `Date` header (whole seconds).
    """

    method: str
    template: str
    status: int | None
    error: BookingError | None
    elapsed_s: float
    server_time: datetime | None


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body: texts by field, and files as (field, (name, content, MIME type))."""

    fields: Mapping[str, str]
    files: Sequence[tuple[str, tuple[str, bytes, str]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx: its status (201 new, 200 replayed) and its JSON, an object or a list, as it was parsed."""

    status: int
    body: object
