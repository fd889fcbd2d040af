"""The examples of the scheduling document (F1 to F28), over HTTP, in both profiles where they agree."""

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.sandbox.world import Profile
from tests.sandbox.conftest import Caller, calling
from tests.sandbox.worlds import Row

MONDAY = {"from": "2026-03-08T19:00:00Z", "to": "2026-03-09T19:00:00Z"}
ALIYA = {
    "resource_id": 11,
    "service_id": 31,
    "contact_id": 501,
    "starts_at": "2026-03-09T06:00:00Z",
    "ends_at": "2026-03-09T06:30:00Z",
    "client_name": "Алия Нурланова",
}
KEYED = ALIYA | {
    "client_phone": "+77015554433",
    "external_ref": "tgbot:5f0c6f0e",
    "idempotency_key": "5f0c6f0e-6a51-4b6e-9f0a-0d6f4a3f7b11",
}
COMPLETE_PUBLISHED = {
    "id": 9001,
    "account_id": 7,
    "resource_id": 11,
    "contact_id": 501,
    "service_id": 31,
    "service_ids": [31],
    "services": [],
    "company_id": None,
    "conversation_id": None,
    "created_by_id": 3,
    "service_name_snapshot": "Консультация терапевта",
    "service_type_snapshot": None,
    "service_duration_min_snapshot": 30,
    "starts_at": "2026-03-09T06:00:00Z",
    "ends_at": "2026-03-09T06:30:00Z",
    "duration_min": 30,
    "status": "scheduled",
    "appointment_type": "primary",
    "client_name": "Алия Нурланова",
    "client_phone": "+77015554433",
    "client_identifier": None,
    "client_birth_date": None,
    "client_gender": None,
    "client_comment": None,
    "source": "manual",
    "external_ref": "tgbot:5f0c6f0e",
    "idempotency_key": "5f0c6f0e-6a51-4b6e-9f0a-0d6f4a3f7b11",
    "service_amount": 12000,
    "compensation_type_snapshot": "percent",
    "compensation_value_snapshot": 0,
    "compensation_percent_snapshot": 0,
    "prepaid_amount": 0,
    "prepaid_payment_method": None,
    "settlement_amount": 0,
    "settlement_payment_method": None,
    "payment_status": "awaiting_payment",
    "custom_attributes": {},
    "payments": [],
    "expense": None,
}


def at(starts_at: str, ends_at: str, **more: Any) -> Row:
    return ALIYA | {"starts_at": f"2026-03-09T{starts_at}:00Z", "ends_at": f"2026-03-09T{ends_at}:00Z"} | more


async def test_f1_the_published_answer_to_a_booking_is_complete(published: Caller) -> None:
    status, body = await published.scheduling("POST /appointments", KEYED)
    assert status == 201
    made = {body["payload"].pop("created_at"), body["payload"].pop("updated_at")}
    assert all(moment.startswith("2026-03-08T06:00") for moment in made)
    assert body == {"payload": COMPLETE_PUBLISHED}


async def test_f1_the_current_answer_adds_services_and_names(current: Caller) -> None:
    status, body = await current.scheduling("POST /appointments", KEYED)
    services = [{"id": 31, "name": "Консультация терапевта", "service_type": None, "duration_min": 30}]
    added = {
        "services": services,
        "custom_attributes": {"service_ids": [31], "services": services},
        "resource_name": "Айгерим Сапарова",
        "conversation_display_id": None,
        "owner_id": 3,
    }
    assert status == 201
    assert body["payload"].items() >= (COMPLETE_PUBLISHED | added).items()


async def test_f2_a_known_key_answers_with_the_same_appointment(call: Caller) -> None:
    first = await call.scheduling("POST /appointments", KEYED)
    again = await call.scheduling("POST /appointments", KEYED | {"starts_at": "2026-03-10T06:00:00Z"})
    assert (first[0], again[0]) == (201, 200)
    assert first[1] == again[1]


async def test_f3_a_known_key_answers_even_when_cancelled(call: Caller) -> None:
    await call.scheduling("POST /appointments", KEYED)
    await call.scheduling("POST /appointments/9001/cancel")
    status, body = await call.scheduling("POST /appointments", KEYED)
    assert status == 200
    assert (
        body["payload"].items() >= {"id": 9001, "status": "cancelled", "payment_status": "cancelled"}.items()
    )


@pytest.mark.parametrize(
    ("request_body", "status", "answer"),
    [
        pytest.param(
            at("05:15", "05:45"), 409, {"error": "Slot is already occupied", "code": "SLOT_CONFLICT"}, id="F4"
        ),
        *[
            pytest.param(
                body,
                409,
                {"error": "Appointment is outside working hours", "code": "OUTSIDE_WORKING_HOURS"},
                id=f"F5 {when}",
            )
            for when, body in {
                "08:00": at("03:00", "03:30"),
                "17:45": at("12:45", "13:15"),
                "Sunday": ALIYA | {"starts_at": "2026-03-08T06:00:00Z", "ends_at": "2026-03-08T06:30:00Z"},
            }.items()
        ],
        pytest.param(
            at("07:45", "08:15"),
            409,
            {"error": "Appointment overlaps resource break", "code": "BLOCKED_BY_BREAK"},
            id="F6",
        ),
        pytest.param(
            ALIYA | {"client_identifier": "123456789012"},
            422,
            {"error": "Invalid IIN", "code": "INVALID_IIN"},
            id="F9",
        ),
        pytest.param(
            ALIYA | {"service_id": 33},
            422,
            {
                "error": "Service is not available for the selected resource",
                "code": "SERVICE_NOT_AVAILABLE_FOR_RESOURCE",
            },
            id="F10",
        ),
        pytest.param(ALIYA | {"contact_id": 424242}, 404, {"error": "Resource could not be found"}, id="F14"),
        pytest.param(
            at("05:15", "05:45", status="done"),
            409,
            {"error": "Slot is already occupied", "code": "SLOT_CONFLICT"},
            id="a bad status on a taken slot reports the slot",
        ),
    ],
)
async def test_a_booking_is_refused_in_one_links_words(
    call: Caller, request_body: Row, status: int, answer: Row
) -> None:
    assert await call.scheduling("POST /appointments", request_body) == (status, answer)
    assert len(call.world.appointments) == 1


async def test_f7_a_holiday_blocks_the_date(call: Caller) -> None:
    call.world.add("holidays", {"date": "2026-03-09"})
    refused = {"error": "Date is blocked by holiday", "code": "BLOCKED_BY_HOLIDAY"}
    assert await call.scheduling("POST /appointments", ALIYA) == (409, refused)


async def test_f8_a_time_off_blocks_its_hours(call: Caller) -> None:
    hours = {"starts_at": "2026-03-09T06:15:00Z", "ends_at": "2026-03-09T07:00:00Z"}
    call.world.add("time_offs", hours)
    refused = {"error": "Appointment overlaps blocked time", "code": "BLOCKED_BY_VACATION"}
    assert await call.scheduling("POST /appointments", ALIYA) == (409, refused)


async def test_f11_a_contact_is_required_by_the_current_profile_only() -> None:
    nobody = {key: value for key, value in ALIYA.items() if key != "contact_id"}
    async with calling("current") as call:
        refused = {"error": "contact_id is required", "code": "VALIDATION_ERROR"}
        assert await call.scheduling("POST /appointments", nobody) == (422, refused)
    async with calling("published") as call:
        assert (await call.scheduling("POST /appointments", nobody))[0] == 201


async def test_f12_a_bad_status_names_the_attribute(call: Caller) -> None:
    sentence = "Status is not included in the list"
    assert await call.scheduling("PATCH /appointments/9000", {"status": "done", "contact_id": 501}) == (
        422,
        {"error": sentence, "code": "VALIDATION_ERROR", "details": {"status": [sentence]}},
    )


async def test_f13_an_external_ref_is_used_once(call: Caller) -> None:
    await call.scheduling("POST /appointments", KEYED)
    again = at("09:00", "09:30", external_ref=KEYED["external_ref"])
    sentence = "External ref has already been taken"
    assert await call.scheduling("POST /appointments", again) == (
        409,
        {"error": sentence, "code": "DUPLICATE_EXTERNAL_REF", "details": {"external_ref": [sentence]}},
    )


async def test_f14_what_is_missing_has_no_code_unless_switched_on(call: Caller) -> None:
    missing = "Resource could not be found"
    assert await call.scheduling("GET /appointments/424242") == (404, {"error": missing})
    call.world.switches["code_on_404"] = True
    status, body = await call.scheduling("GET /appointments/424242")
    assert (status, body["code"]) == (404, "APPOINTMENT_NOT_FOUND")


async def test_f15_f16_the_door(call: Caller) -> None:
    url = call.sandbox.url + "/api/v1/accounts/7/scheduling/services"
    async with call.session.get(url, headers={"api_access_token": "wrong"}) as response:
        assert (response.status, await response.json()) == (401, {"error": "Invalid Access Token"})
    async with aiohttp.request("GET", url) as response:
        assert response.status == 401
        assert list(await response.json()) == ["errors"]
    async with aiohttp.request("GET", url, headers={"Api-Access-Token": "test-token"}) as response:
        assert response.status == 200
    call.world.switches["scheduling_enabled"] = False
    refused = {"error": "Scheduling is not enabled for this account", "code": "FEATURE_DISABLED"}
    assert await call.scheduling("GET /services") == (403, refused)


async def test_f17_a_reschedule_keeps_the_price(call: Caller) -> None:
    await call.scheduling("POST /appointments", KEYED)
    moved = {"starts_at": "2026-03-09T09:00:00Z", "ends_at": "2026-03-09T09:30:00Z"}
    status, body = await call.scheduling("PATCH /appointments/9001", moved)
    kept = {"id": 9001, "duration_min": 30, "status": "scheduled", "service_amount": 12000}
    assert status == 200
    assert body["payload"].items() >= (moved | kept).items()


async def test_f18_an_imported_appointment_is_read_only(call: Caller) -> None:
    call.world.appointments[9000]["source"] = "medelement"
    refused = {"error": "Imported Medelement appointments are read-only", "code": "APPOINTMENT_READ_ONLY"}
    assert await call.scheduling("PATCH /appointments/9000", {"client_comment": "x"}) == (422, refused)


async def test_f19_cancelling_twice_is_safe_and_frees_the_slot(call: Caller) -> None:
    await call.scheduling("POST /appointments", KEYED)
    for _ in range(2):
        status, body = await call.scheduling("POST /appointments/9001/cancel")
        cancelled = {"status": "cancelled", "payment_status": "cancelled", "service_amount": 12000}
        assert status == 200
        assert body["payload"].items() >= cancelled.items()
    assert (await call.scheduling("POST /appointments", ALIYA))[0] == 201


async def test_f20_the_calendar_shows_everything_that_bears_on_the_day(call: Caller) -> None:
    query = MONDAY | {"view": "day", "resource_ids": "11", "include_slots": "true", "duration_min": "90"}
    status, body = await call.scheduling("GET /calendar", **query)
    calendar = body["payload"]
    slots = calendar["slots"]
    assert status == 200
    assert (calendar["view"], calendar["range"]) == ("day", MONDAY)
    assert len(slots) == 44
    assert slots[0] == {
        "resource_id": 11,
        "starts_at": "2026-03-09T05:30:00Z",
        "ends_at": "2026-03-09T07:00:00Z",
        "status": "available",
    }
    assert slots[-1]["starts_at"] == "2026-03-09T16:30:00+05:00"
    assert slots[-1]["ends_at"] == "2026-03-09T18:00:00+05:00"
    [resource], [visit] = calendar["resources"], calendar["appointments"]
    assert resource["timezone"] == "Asia/Almaty"
    assert visit.items() >= {"id": 9000, "account_id": 7, "client_name": "Другой клиент"}.items()
    first = {
        "id": 101,
        "account_id": 7,
        "weekday": 1,
        "start_minute": 540,
        "end_minute": 1080,
        "active": True,
    }
    assert calendar["work_rules"][0].items() >= first.items()
    assert calendar["break_rules"][0]["title"] == "Обед"
    assert [row["date"] for row in calendar["holidays"]] == ["2026-01-01"]
    assert (calendar["payments"], calendar["expenses"]) == ([], [])


async def test_f21_f22_a_calendar_needs_its_range_and_a_known_view(call: Caller) -> None:
    for query, error in (
        ({"to": MONDAY["to"]}, "from is required"),
        (MONDAY | {"view": "year"}, "view must be one of: day, week, month, list"),
    ):
        refused = {"error": error, "code": "VALIDATION_ERROR"}
        assert await call.scheduling("GET /calendar", **query) == (422, refused)


async def test_a_calendar_without_resource_ids_shows_inactive_resources_too(call: Caller) -> None:
    _, body = await call.scheduling("GET /calendar", **MONDAY)
    assert [row["id"] for row in body["payload"]["resources"]] == [11, 12, 13]
    assert body["payload"]["slots"] == []


async def test_f23_services_are_the_active_ones_with_prices(call: Caller) -> None:
    status, body = await call.scheduling("GET /services")
    assert (status, body["meta"]) == (200, {"count": 2})
    service = body["payload"][0]
    assert service.items() >= {"id": 31, "account_id": 7, "base_price": 15000, "category": "Приём"}.items()
    price = {"id": 401, "account_id": 7, "service_id": 31, "resource_id": 11, "price": 12000, "active": True}
    assert service["prices"][0].items() >= price.items()
    _, everything = await call.scheduling("GET /services", include_inactive="true")
    assert everything["meta"] == {"count": 3}


async def test_f24_a_contact_is_found_by_phone_and_collides_on_it(call: Caller) -> None:
    status, body = await call.scheduling("GET /contacts", search="+77015554433", limit="20")
    found = {"id": 501, "account_id": 7, "full_name": "Алия Нурланова", "phone": "+77015554433"}
    assert (status, body["meta"]) == (200, {"count": 1})
    assert body["payload"][0].items() >= found.items()
    sentence = "Phone number has already been taken"
    assert await call.scheduling("POST /contacts", {"full_name": "Дубль", "phone": "8 (701) 555-44-33"}) == (
        422,
        {"error": sentence, "code": "VALIDATION_ERROR", "details": {"phone_number": [sentence]}},
    )
    status, body = await call.scheduling(
        "POST /contacts", {"full_name": "Ерлан", "phone": "8 (701) 555-44-34"}
    )
    assert (status, body["payload"]["phone"]) == (201, "+77015554434")


async def test_f25_availability_exists_in_the_current_profile_only() -> None:
    query = {"resource_id": "11", "date": "2026-03-09", "service_id": "31"}
    async with calling("current") as call:
        status, body = await call.scheduling("GET /availability", **query)
        windows = body["payload"].pop("windows")
        assert (status, len(windows)) == (200, 75)
        first = {"starts_at": "2026-03-09T09:00:00+05:00", "ends_at": "2026-03-09T09:30:00+05:00"}
        assert windows[0] == first
        assert body["payload"].pop("checked_at").startswith("2026-03-08T06:00")
        assert body["payload"] == {"source": "local_rules", "state": "ok", "last_bookable_date": None}
        status, body = await call.scheduling("GET /availability")
        assert (status, list(body)) == (422, ["error"])
    async with calling("published") as call:
        assert (await call.scheduling("GET /availability", **query))[0] == 404


async def test_f26_a_conversation_must_be_the_contacts_own() -> None:
    conversations = [{"id": 480, "contact_id": 501}, {"id": 481, "contact_id": 502}]
    contacts = [{"id": 501, "full_name": "Алия"}, {"id": 502, "full_name": "Ерлан"}]
    async with calling("current", conversations=conversations, contacts=contacts) as call:
        refused = {
            "error": "Conversation must belong to the selected contact",
            "code": "CONVERSATION_CONTACT_MISMATCH",
        }
        foreign = ALIYA | {"conversation_display_id": 481}
        assert await call.scheduling("POST /appointments", foreign) == (422, refused)
        _, body = await call.scheduling("POST /appointments", ALIYA | {"conversation_display_id": 480})
        assert body["payload"]["conversation_display_id"] == 480
    async with calling("published", conversations=conversations, contacts=contacts) as call:
        # A display id where the primary key is expected does not exist.
        assert (await call.scheduling("POST /appointments", ALIYA | {"conversation_id": 480}))[0] == 404
        assert (await call.scheduling("POST /appointments", foreign))[0] == 201


async def test_f27_f28_a_throttle_and_a_gateway_speak_no_json(call: Caller) -> None:
    call.sandbox.faults.add({"match": "GET /services", "kind": "status", "status": 429})
    call.sandbox.faults.add({"match": "GET /services", "kind": "html"})
    status, body = await call.scheduling("GET /services")
    assert (status, body.strip()) == (429, "Retry later")
    status, body = await call.scheduling("GET /services")
    assert status == 502
    assert body.startswith("<html>")
    assert (await call.scheduling("GET /services"))[0] == 200


async def test_two_clients_can_both_get_a_slot_where_one_link_takes_no_lock() -> None:
    bodies = [ALIYA | {"idempotency_key": key} for key in ("first", "second")]
    outcomes: list[tuple[Profile, list[int]]] = [("published", [201, 201]), ("current", [201, 409])]
    for profile, expected in outcomes:
        async with calling(profile, switches={"race_window": 0.1}) as call:
            answers = await asyncio.gather(*(call.scheduling("POST /appointments", body) for body in bodies))
            assert sorted(status for status, _ in answers) == expected


async def test_the_same_key_at_the_same_time_books_once() -> None:
    outcomes: list[tuple[Profile, str]] = [
        ("published", "DUPLICATE_IDEMPOTENCY_KEY"),
        ("current", "SLOT_CONFLICT"),
    ]
    for profile, code in outcomes:
        async with calling(profile, switches={"race_window": 0.1}) as call:
            # Where the key is seen at once the answer is a replay; nothing is ever booked twice.
            answers = await asyncio.gather(*(call.scheduling("POST /appointments", KEYED) for _ in range(2)))
            assert len(call.world.appointments) == 2
            loser = next((body for status, body in answers if status == 409), {"code": code})
            assert loser["code"] == code


async def test_published_ignores_filters_that_only_newer_one_links_know() -> None:
    counts: list[tuple[Profile, int]] = [("published", 2), ("current", 1)]
    for profile, count in counts:
        async with calling(profile) as call:
            await call.scheduling("POST /appointments", ALIYA)
            _, body = await call.scheduling("GET /appointments", contact_ids="501")
            assert body["meta"] == {"count": count}


async def test_published_checks_availability_on_every_change_and_current_only_on_moves() -> None:
    outcomes: list[tuple[Profile, int]] = [("published", 409), ("current", 200)]
    for profile, expected in outcomes:
        async with calling(profile) as call:
            await call.scheduling("POST /appointments", ALIYA)
            call.world.add("holidays", {"date": "2026-03-09"})
            status, _ = await call.scheduling("PATCH /appointments/9001", {"client_comment": "x"})
            assert status == expected


async def test_a_cancel_fails_once_the_service_is_withdrawn(call: Caller) -> None:
    await call.scheduling("POST /appointments", ALIYA)
    call.world.services[31]["active"] = False
    status, body = await call.scheduling("POST /appointments/9001/cancel")
    assert (status, body["code"]) == (422, "SERVICE_NOT_AVAILABLE_FOR_RESOURCE")


async def test_a_missing_end_crashes_published_and_is_derived_by_current() -> None:
    open_ended = {key: value for key, value in ALIYA.items() if key != "ends_at"}
    async with calling("published") as call:
        status, body = await call.scheduling("POST /appointments", open_ended)
        assert status == 500
        assert body.startswith("<html>")
    async with calling("current") as call:
        _, body = await call.scheduling("POST /appointments", open_ended)
        assert body["payload"]["ends_at"] == "2026-03-09T06:30:00Z"


async def test_an_offset_lost_to_an_unencoded_plus_is_read_as_utc(call: Caller) -> None:
    lost = {"from": "2026-03-09T09:00:00 05:00", "to": MONDAY["to"]}
    _, body = await call.scheduling("GET /calendar", **lost)
    assert body["payload"]["range"]["from"] == "2026-03-09T09:00:00Z"


async def test_removed_finance_leaves_the_amount_of_the_service() -> None:
    async with calling("current", switches={"finance_removed": True}) as call:
        _, body = await call.scheduling("POST /appointments", ALIYA)
        assert body["payload"]["service_amount"] == 12000
        assert "payment_status" not in body["payload"]


async def test_unmanaged_custom_attributes_are_refused_by_name() -> None:
    async with calling("current", switches={"managed_fields": ["channel"]}) as call:
        body = ALIYA | {"custom_attributes": {"bot": "x", "channel": "telegram"}}
        status, answer = await call.scheduling("POST /appointments", body)
        assert (status, list(answer["details"])) == (422, ["custom_attributes.bot"])


@pytest.mark.parametrize(
    ("identifier", "valid"),
    [("940720300129", True), ("800315300006", True), ("800315300020", True), ("tg-12-7123456789", False)],
)
async def test_twelve_digits_are_an_iin(published: Caller, identifier: str, valid: bool) -> None:
    status, _ = await published.scheduling("POST /appointments", ALIYA | {"client_identifier": identifier})
    assert status == (201 if valid else 422)


async def test_a_week_of_twenty_five_resources_is_answered(call: Caller) -> None:
    for number in range(100, 125):
        call.world.add("resources", {"id": number, "name": f"Специалист {number}"})
        for weekday in range(7):
            hours = {"resource_id": number, "weekday": weekday, "start_minute": 540, "end_minute": 1080}
            call.world.add("work_rules", hours)
    week = {"from": "2026-03-08T19:00:00Z", "to": "2026-03-15T19:00:00Z", "include_slots": "true"}
    _, body = await call.scheduling("GET /calendar", **week)
    assert len(body["payload"]["slots"]) > 15_000
