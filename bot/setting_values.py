"""How the values of settings are written: readers of single ones, and their types.

A reader raises ValueError with what was expected, never with what was given: that may be a secret.
"""

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from bot.domain.office_hours import OfficeHours, read_office_hours
from bot.domain.reminders import QuietHours

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3650)


def duration(text: Any) -> timedelta:
    """`90s`, `15m`, `2h` or `30d` as a timedelta."""
    if isinstance(text, timedelta):
        return text
    found = re.fullmatch(r"\s*([0-9]+)\s*([smhd])\s*", str(text))
    if not found:
        raise ValueError("expected a number with a unit, such as 90s, 15m, 2h or 30d")
    try:
        length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        length = timedelta.max
    if length > _LONGEST:
        raise ValueError(f"expected at most {_LONGEST.days}d")
    return length


def _optional_duration(text: Any) -> Any:
    return None if text in ("", None) else duration(text)


def _durations(text: Any) -> tuple[timedelta, ...]:
    if isinstance(text, str):
        return tuple(duration(part) for part in text.split(",") if part.strip())
    return tuple(text)


def _quiet_hours(text: Any) -> Any:
    """`21:00-08:00`; empty: none."""
    if not isinstance(text, str):
        return text
    if not text.strip():
        return QuietHours(time(0), time(0))
    begins, dash, ends = text.partition("-")
    try:
        found = tuple(datetime.strptime(part.strip(), "%H:%M").time() for part in (begins, ends))  # noqa: DTZ007
    except ValueError:
        found = ()
    if not dash or len(found) != 2:
        raise ValueError("expected two times of day, such as 21:00-08:00")
    return QuietHours(*found)


def _office_hours(text: Any) -> Any:
    return (read_office_hours(text) if text.strip() else None) if isinstance(text, str) else text


def _without_slash(text: Any) -> Any:
    return text.strip().rstrip("/") if isinstance(text, str) else text


def _needed(text: Any) -> Any:
    if text is None or (isinstance(text, str) and not text.strip()):
        raise PydanticCustomError("missing", "missing")
    return text


def _empty_is_none(text: Any) -> Any:
    return None if text == "" else text


def _web_address(text: Any) -> Any:
    text = _without_slash(text)
    if not isinstance(text, str) or not re.fullmatch(r"https?://[^\s/?#@]+(/\S*)?", text):
        raise ValueError("expected an address that begins with https:// or http://")
    return text


def _host_alone(text: Any) -> Any:
    text = _without_slash(text)
    if not isinstance(text, str) or not re.fullmatch(r"https?://[^\s/?#@]+", text):
        raise ValueError("expected One-Link's address without a path, such as https://one-link.kz")
    return text


Needed = BeforeValidator(_needed)
Duration = Annotated[timedelta, BeforeValidator(duration)]
Durations = Annotated[tuple[timedelta, ...], NoDecode, BeforeValidator(_durations)]
WebAddress = Annotated[str, BeforeValidator(_web_address)]
HostAddress = Annotated[str, BeforeValidator(_host_alone), Needed]
NeededText = Annotated[str, Needed]
NeededSecret = Annotated[SecretStr, Needed]
NeededId = Annotated[int, Field(gt=0), Needed]
OptionalText = Annotated[str | None, BeforeValidator(_empty_is_none)]
OptionalAddress = Annotated[WebAddress | None, BeforeValidator(_empty_is_none)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_empty_is_none)]
OptionalId = Annotated[Annotated[int, Field(gt=0)] | None, BeforeValidator(_empty_is_none)]
OptionalCount = Annotated[int | None, Field(ge=0, le=20), BeforeValidator(_empty_is_none)]
OptionalDuration = Annotated[timedelta | None, BeforeValidator(_optional_duration)]
NightHours = Annotated[QuietHours, NoDecode, BeforeValidator(_quiet_hours)]
WorkingHours = Annotated[OfficeHours | None, NoDecode, BeforeValidator(_office_hours)]
