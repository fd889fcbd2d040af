"""What staff do at the clinic's side of the sandbox: add, move and cancel visits by One-Link's own rules."""

import asyncio
from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox.test_scheduling_api import KEYED
from tests.sandbox.worlds import Row

ADD = "POST //_sandbox/appointments"
CHANGE = "PATCH //_sandbox/appointments/9000"
CONSULTATION: Row = {"resource_id": 11, "service_id": 31, "starts_at": "2026-03-09T06:00:00Z"}


async def test_staff_book_a_contact_for_as_long_as_the_service_takes(call: Caller) -> None:
    filling = CONSULTATION | {"resource_id": 12, "service_id": 32, "contact_id": 501}
    status, added = await call(ADD, filling)
    assert status == 201
    assert (added["starts_at"], added["ends_at"]) == ("2026-03-09T06:00:00Z", "2026-03-09T07:00:00Z")
    assert (added["client_name"], added["client_phone"]) == ("Алия Нурланова", "+77015554433")
    assert (added["service_name_snapshot"], added["service_amount"]) == ("Лечение кариеса", 25000)
    _, seen = await call.scheduling(f"GET /appointments/{added['id']}")
    assert seen["payload"]["status"] == "scheduled"


async def test_somebody_new_becomes_a_contact(call: Caller) -> None:
    _, added = await call(ADD, CONSULTATION | {"client_name": "Новый Клиент"})
    assert call.world.contacts[added["contact_id"]]["full_name"] == "Новый Клиент"


async def test_a_visit_without_a_service_takes_one_slot_of_the_resource(call: Caller) -> None:
    _, added = await call(
        ADD, {"resource_id": 12, "starts_at": "2026-03-09T05:00:00Z", "client_name": "Другой"}
    )
    assert added["duration_min"] == 60


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"starts_at": "2026-03-09T05:00:00Z"}, 409, "SLOT_CONFLICT"),
        ({"starts_at": "2026-03-09T08:00:00Z"}, 409, "BLOCKED_BY_BREAK"),
        ({"starts_at": "2026-03-09T18:00:00Z"}, 409, "OUTSIDE_WORKING_HOURS"),
        ({"service_id": 33}, 422, "SERVICE_NOT_AVAILABLE_FOR_RESOURCE"),
        ({"starts_at": "soon"}, 422, "VALIDATION_ERROR"),
        ({"starts_at": None}, 422, "VALIDATION_ERROR"),
        ({"client_name": " "}, 422, "VALIDATION_ERROR"),
        ({"resource_id": 99}, 404, None),
        ({"contact_id": 99}, 404, None),
    ],
)
async def test_a_refusal_to_staff_is_one_links_and_leaves_nothing_behind(
    call: Caller, change: Row, status: int, code: str | None
) -> None:
    got, body = await call(ADD, CONSULTATION | {"client_name": "Новый Клиент"} | change)
    assert (got, body.get("code")) == (status, code)
    assert (len(call.world.appointments), len(call.world.contacts)) == (1, 1)


async def test_a_moved_visit_keeps_its_length_and_the_old_time_is_free(call: Caller) -> None:
    await _add_a_contact_to_the_visit(call)
    status, moved = await call(CHANGE, {"starts_at": "2026-03-10T05:15:00Z", "resource_id": 12})
    assert (status, moved["resource_id"]) == (200, 12)
    assert (moved["starts_at"], moved["ends_at"]) == ("2026-03-10T05:15:00Z", "2026-03-10T05:45:00Z")
    freed = CONSULTATION | {"contact_id": 501, "starts_at": "2026-03-09T05:00:00Z"}
    assert (await call(ADD, freed))[0] == 201


async def test_a_visit_is_not_moved_onto_another(call: Caller) -> None:
    await _add_a_contact_to_the_visit(call)
    await call(ADD, CONSULTATION | {"contact_id": 501})
    status, body = await call(CHANGE, {"starts_at": "2026-03-09T05:45:00Z"})
    assert (status, body["code"]) == (409, "SLOT_CONFLICT")
    assert call.world.appointments[9000]["starts_at"] == "2026-03-09T05:00:00Z"


async def test_a_cancelled_visit_comes_back_only_where_its_time_is_still_free(call: Caller) -> None:
    await _add_a_contact_to_the_visit(call)
    _, cancelled = await call(CHANGE, {"status": "cancelled"})
    assert (cancelled["status"], cancelled["payment_status"]) == ("cancelled", "cancelled")
    taken = CONSULTATION | {"contact_id": 501, "starts_at": "2026-03-09T05:00:00Z"}
    await call(ADD, taken)
    status, body = await call(CHANGE, {"status": "scheduled"})
    assert (status, body["code"]) == (409, "SLOT_CONFLICT")
    assert (await call(CHANGE, {"status": "scheduled", "starts_at": "2026-03-09T07:00:00Z"}))[0] == 200


async def test_a_visit_nobody_knows_cannot_be_changed(call: Caller) -> None:
    assert (await call("PATCH //_sandbox/appointments/1", {"status": "cancelled"}))[0] == 404
    assert (await call(CHANGE, {"status": "forgotten"}))[0] == 422


async def test_staff_and_a_client_never_both_get_the_last_free_time(current: Caller) -> None:
    staff = CONSULTATION | {"client_name": "Новый Клиент"}
    answers = await asyncio.gather(current(ADD, staff), current.scheduling("POST /appointments", KEYED))
    assert sorted(status for status, _ in answers) == [201, 409]


async def test_whoever_waits_for_a_change_is_answered_when_a_client_has_booked(call: Caller) -> None:
    _, before = await call("GET //_sandbox/changes")
    waiting = asyncio.create_task(_changes_since(call, before))
    await call.scheduling("GET /appointments")
    await call.scheduling("POST /appointments", KEYED)
    _, after = await waiting
    assert after["version"] != before["version"]
    assert len(call.world.appointments) == 2


async def test_a_jump_of_the_clock_is_a_change_and_words_in_a_chat_are_not(call: Caller) -> None:
    _, before = await call("GET //_sandbox/changes")
    await call("POST //_sandbox/chats/12/say", {"text": "/start"})
    assert (await call("GET //_sandbox/changes", since=str(before["version"]), wait="0"))[1] == before
    await call("PUT //_sandbox/clock", {"advance": 60})
    assert (await _changes_since(call, before))[1] != before
    assert (await call("GET //_sandbox/changes", since="0", wait="soon"))[0] == 422


async def _changes_since(call: Caller, before: Row) -> tuple[int, Any]:
    return await call("GET //_sandbox/changes", since=str(before["version"]), wait="8")


async def _add_a_contact_to_the_visit(call: Caller) -> None:
    """Newer One-Links change only what belongs to a contact."""
    call.world.appointments[9000]["contact_id"] = 501
