"""Calendar JSON -> domain: slots and appointments, in bulk.

A week of twenty resources is some 12,000 slots among visits nobody asked about; msgspec reads just the
three fields of a slot from the bytes, in a fifth of the time that reading all the JSON takes. What
follows makes nothing twice: each distinct time is parsed once (the slots of different resources share
theirs), and only distinct starts are sorted.
"""

from collections.abc import Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
import orjson
import structlog

from bot.domain.errors import OneLinkUnreachable
from bot.domain.model import Appointment, CalendarReading, Slot, Status
from bot.onelink.rows import Unreadable, every, instant, payload_of
from bot.onelink.wire import load_resource

log = structlog.get_logger(__name__)

STATUSES: Mapping[str | None, Status] = {status.value: status for status in Status}


class SlotRow(msgspec.Struct, frozen=True, gc=False):
    """A slot as promised; its other fields are not read."""

    starts_at: str
    ends_at: str
    resource_id: int


class Slots(msgspec.Struct, frozen=True, gc=False):
    """What is read of a calendar when only its slots are wanted."""

    slots: list[SlotRow]


class SlotsAnswer(msgspec.Struct, frozen=True, gc=False):
    """The same in its envelope."""

    payload: Slots


_slots_answer = msgspec.json.Decoder(SlotsAnswer)


class Instants(dict[Any, datetime]):
    """Times of one answer as UTC, each distinct text parsed once. Raises Unreadable."""

    def __missing__(self, text: object) -> datetime:
        moment = self[text] = instant(text)
        return moment


class Ends(dict[Any, dict[int, datetime]]):
    """Text of a start -> {resource id: end}; texts of one instant in different offsets share their ends.

    A resource has one slot length in one answer, so a repeated start has an equal end.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_instant: dict[datetime, dict[int, datetime]] = {}

    def __missing__(self, text: object) -> dict[int, datetime]:
        ends = self[text] = self.by_instant.setdefault(instant(text), {})
        return ends


def load_calendar(body: object) -> CalendarReading:
    """The answer of GET calendar (section 3.2) but for its slots."""
    payload = _calendar(body)
    return CalendarReading(
        appointments=load_appointments(payload.get("appointments")),
        resources=every(load_resource, payload.get("resources")),
    )


def parse_slots(content: bytes) -> object:
    """The same answer as SlotsAnswer; one that is not as promised, as any JSON. Raises ValueError."""
    try:
        return _slots_answer.decode(content)
    except msgspec.MsgspecError:
        return orjson.loads(content)


def load_slots(body: object) -> tuple[Slot, ...]:
    """What `parse_slots` has read: slots by start, one for each (resource, start).

    The offsets are mixed within one answer and overlapping work rules repeat slots
    (sections 3.3, 4.3): only instants are compared.
    """
    try:
        ends = _promised_ends(body.payload.slots) if isinstance(body, SlotsAnswer) else _readable_ends(body)
    except Unreadable:
        ends = _readable_ends(msgspec.to_builtins(body))
    new = tuple.__new__
    return tuple(
        [
            new(Slot, (start, resource_id, end))
            for start, ends_there in sorted(ends.by_instant.items(), key=itemgetter(0))
            for resource_id, end in ends_there.items()
        ]
    )


def _calendar(body: object) -> dict[str, object]:
    payload = payload_of(body)
    if not isinstance(payload, dict):
        raise OneLinkUnreachable("unreadable_answer")
    return payload


def _promised_ends(rows: list[SlotRow]) -> Ends:
    ends, instants = Ends(), Instants()
    for row in rows:
        ends[row.starts_at][row.resource_id] = instants[row.ends_at]
    return ends


def _readable_ends(body: object) -> Ends:
    """The slow way round, when at least one row is not as promised."""
    rows = _calendar(body).get("slots")
    if not isinstance(rows, list):
        raise OneLinkUnreachable("unreadable_answer")
    ends = Ends()
    for row in rows:
        try:
            if not isinstance(row, dict):
                raise Unreadable("not an object")
            end = instant(row.get("ends_at"))
            ends[_text(row.get("starts_at"))][_required(row, "resource_id")] = end
        except Unreadable as error:
            log.warning("onelink.row_skipped", load="slot", fields=str(error))
    if rows and not ends.by_instant:  # "nothing can be read" must not become "nothing is free"
        raise OneLinkUnreachable("unreadable_answer")
    return ends


def load_appointments(rows: object) -> tuple[Appointment, ...]:
    """All appointments of an answer, the cancelled ones too, in its order."""
    instants = Instants()
    return every(lambda row: _appointment(row, instants), rows)


def load_appointment(row: object) -> Appointment:
    """One appointment, as every answer about appointments tells it (section 13, F1)."""
    return _appointment(row, Instants())


def _appointment(row: object, instants: Instants) -> Appointment:
    if not isinstance(row, dict):
        raise Unreadable("not an object")
    get = row.get
    return Appointment(
        id=_required(row, "id"),
        status=STATUSES.get(_text(get("status")), Status.UNKNOWN),
        resource_id=_required(row, "resource_id"),
        starts_at=instants[_text(get("starts_at"))],
        ends_at=instants[_text(get("ends_at"))],
        service_id=_whole(get("service_id")),
        service_name=_text(get("service_name_snapshot")),
        contact_id=_whole(get("contact_id")),
        client_name=_text(get("client_name")),
        amount=_whole(get("service_amount")),
        external_ref=_text(get("external_ref")),
        idempotency_key=_text(get("idempotency_key")),
        conversation_id=_whole(get("conversation_id")),
        conversation_display_id=_whole(get("conversation_display_id")),
        speaks_display_ids="conversation_display_id" in row,
        created_at=_moment(get("created_at"), instants),
    )


def _moment(value: object, instants: Instants) -> datetime | None:
    try:
        return instants[_text(value)]
    except Unreadable:
        return None


def _required(row: Mapping[str, object], key: str) -> int:
    value = _whole(row.get(key))
    if value is None:
        raise Unreadable(key)
    return value


def _whole(value: object) -> int | None:
    """A whole number, also "12000" or "12000.0" as later generations write money; None for anything else."""
    if value is None or type(value) is int:
        return value
    if not isinstance(value, str | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
