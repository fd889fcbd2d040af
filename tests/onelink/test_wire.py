"""JSON <-> domain, with the answers that the API document shows and some that it does not."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from bot.domain.errors import OneLinkUnreachable
from bot.domain.model import Appointment, ConversationLink, NewAppointment, Slot, Status
from bot.onelink.rows import every, instant, only, timestamp
from bot.onelink.wire import (
    canonical_phone,
    dump_appointment,
    dump_calendar_query,
    dump_change,
    load_contact,
    load_resource,
    load_service,
    load_services,
)
from bot.onelink.wire_calendar import load_appointment, load_calendar, load_slots, parse_slots

ALMATY = timezone(timedelta(hours=5))

PUBLISHED_APPOINTMENT: dict[str, Any] = {
    "id": 9001,
    "account_id": 7,
    "resource_id": 11,
    "contact_id": 501,
    "service_id": 31,
    "service_ids": [31],
    "services": [],
    "conversation_id": None,
    "service_name_snapshot": "Консультация терапевта",
    "service_duration_min_snapshot": 30,
    "starts_at": "2026-03-09T06:00:00Z",
    "ends_at": "2026-03-09T06:30:00Z",
    "duration_min": 30,
    "status": "scheduled",
    "appointment_type": "primary",
    "client_name": "Алия Нурланова",
    "client_phone": "+77015554433",
    "client_identifier": None,
    "source": "manual",
    "external_ref": "tgbot:5f0c6f0e",
    "idempotency_key": "5f0c6f0e-6a51-4b6e-9f0a-0d6f4a3f7b11",
    "service_amount": 12000,
    "prepaid_amount": 0,
    "payment_status": "awaiting_payment",
    "custom_attributes": {},
    "payments": [],
    "expense": None,
}

READ_APPOINTMENT = Appointment(
    id=9001,
    status=Status.SCHEDULED,
    resource_id=11,
    starts_at=datetime(2026, 3, 9, 6, tzinfo=UTC),
    ends_at=datetime(2026, 3, 9, 6, 30, tzinfo=UTC),
    service_id=31,
    service_name="Консультация терапевта",
    contact_id=501,
    client_name="Алия Нурланова",
    amount=12000,
    external_ref="tgbot:5f0c6f0e",
    idempotency_key="5f0c6f0e-6a51-4b6e-9f0a-0d6f4a3f7b11",
)

AIGERIM: dict[str, Any] = {
    "id": 11,
    "account_id": 7,
    "name": "Айгерим Сапарова",
    "specialty": "Терапевт",
    "timezone": "Asia/Almaty",
    "slot_duration_min": 30,
    "active": True,
    "custom_attributes": {},
}

CONSULTATION: dict[str, Any] = {
    "id": 31,
    "name": "Консультация терапевта",
    "base_price": 15000,
    "duration_min": 30,
    "category": "Приём",
    "description": None,
    "active": True,
    "custom_attributes": {},
    "prices": [{"id": 401, "service_id": 31, "resource_id": 11, "price": 12000, "active": True}],
}


def slot_row(start: str, end: str, resource_id: object = 11) -> dict[str, object]:
    return {"resource_id": resource_id, "starts_at": start, "ends_at": end, "status": "available"}


def calendar_body(**lists: object) -> dict[str, object]:
    return {"payload": {"resources": [], "appointments": [], "slots": []} | lists}


def read_slots(body: object) -> tuple[Slot, ...]:
    return load_slots(parse_slots(orjson.dumps(body)))


# Appointments


def test_a_published_appointment_is_read_whole() -> None:
    assert load_appointment(PUBLISHED_APPOINTMENT) == READ_APPOINTMENT


def test_a_current_appointment_shows_that_its_server_speaks_display_ids() -> None:
    row = PUBLISHED_APPOINTMENT | {
        "resource_name": "Айгерим Сапарова",
        "conversation_id": 900482,
        "conversation_display_id": 482,
        "patient_contact_id": None,
    }
    read = load_appointment(row)
    assert (read.conversation_id, read.conversation_display_id) == (900482, 482)
    assert read.speaks_display_ids


def test_a_display_id_of_nothing_still_tells_the_generation() -> None:
    assert load_appointment(PUBLISHED_APPOINTMENT | {"conversation_display_id": None}).speaks_display_ids
    assert not load_appointment(PUBLISHED_APPOINTMENT).speaks_display_ids


def test_an_appointment_without_money_and_other_extras_is_read() -> None:
    row = {key: PUBLISHED_APPOINTMENT[key] for key in ("id", "resource_id", "starts_at", "ends_at", "status")}
    read = load_appointment(row)
    assert read.amount is None
    assert read.contact_id is None


def test_an_unheard_of_status_is_unknown_and_not_an_error() -> None:
    assert load_appointment(PUBLISHED_APPOINTMENT | {"status": "waiting_room"}).status is Status.UNKNOWN
    assert load_appointment(PUBLISHED_APPOINTMENT | {"status": ["?"]}).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("amount", "read"), [("20000.0", 20000), (20000.0, 20000), ("много", None), ([], None)]
)
def test_money_is_whole_tenge_however_it_is_written(amount: object, read: int | None) -> None:
    assert load_appointment(PUBLISHED_APPOINTMENT | {"service_amount": amount}).amount == read


@pytest.mark.parametrize(
    "strange", [{"id": None}, {"starts_at": "завтра"}, {"ends_at": []}, {"resource_id": "x"}]
)
def test_an_appointment_that_cannot_be_read_is_an_unknown_outcome(strange: dict[str, object]) -> None:
    with pytest.raises(OneLinkUnreachable, match="unreadable_answer"):
        only(load_appointment, {"payload": PUBLISHED_APPOINTMENT | strange})


@pytest.mark.parametrize("body", [{}, [], {"payload": None}, {"payload": []}, {"payload": "ok"}])
def test_an_answer_of_another_shape_is_an_unknown_outcome(body: object) -> None:
    with pytest.raises(OneLinkUnreachable):
        only(load_appointment, body)
    with pytest.raises(OneLinkUnreachable):
        load_calendar(body)
    with pytest.raises(OneLinkUnreachable):
        read_slots(body)


# The calendar


def test_slots_in_mixed_offsets_are_instants_in_order_and_each_but_once() -> None:
    body = calendar_body(
        slots=[
            slot_row("2026-03-09T16:30:00+05:00", "2026-03-09T17:00:00+05:00"),
            slot_row("2026-03-09T05:30:00Z", "2026-03-09T06:00:00Z"),
            slot_row("2026-03-09T10:30:00+05:00", "2026-03-09T11:00:00+05:00"),
            slot_row("2026-03-09T05:30:00Z", "2026-03-09T06:00:00Z", resource_id=12),
        ]
    )
    morning = datetime(2026, 3, 9, 5, 30, tzinfo=UTC)
    evening = datetime(2026, 3, 9, 11, 30, tzinfo=UTC)
    half_hour = timedelta(minutes=30)
    expected = (
        Slot(morning, 11, morning + half_hour),
        Slot(morning, 12, morning + half_hour),
        Slot(evening, 11, evening + half_hour),
    )
    assert read_slots(body) == expected
    assert all(type(slot) is Slot and slot.starts_at.tzinfo is UTC for slot in read_slots(body))


@pytest.mark.parametrize(
    "strange",
    [
        {"resource_id": 11, "starts_at": "2026-03-09T05:30:00Z"},
        slot_row("?", "2026-03-09T06:00:00Z"),
        slot_row("2026-03-09T05:00:00Z", "?"),
        slot_row("2026-03-09T05:00:00Z", "2026-03-09T06:00:00Z", resource_id=None),
        slot_row("2026-03-09T05:00:00Z", "2026-03-09T06:00:00Z", resource_id=[1]),
        "slot",
        None,
    ],
)
def test_a_slot_that_cannot_be_read_is_left_out(strange: object) -> None:
    good = slot_row("2026-03-09T05:30:00Z", "2026-03-09T06:00:00Z")
    assert [slot.resource_id for slot in read_slots(calendar_body(slots=[strange, good, strange]))] == [11]


def test_a_day_without_slots_is_not_a_day_that_cannot_be_read() -> None:
    assert read_slots(calendar_body(slots=[])) == ()
    with pytest.raises(OneLinkUnreachable):
        read_slots(calendar_body(slots=["slot"]))
    with pytest.raises(OneLinkUnreachable):
        read_slots(calendar_body(slots=[slot_row("?", "?")]))


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"payload": {"slots": ['])
def test_what_is_not_json_is_not_parsed(content: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        parse_slots(content)


def test_cancelled_appointments_stay_in_the_calendar() -> None:
    rows = [PUBLISHED_APPOINTMENT, PUBLISHED_APPOINTMENT | {"id": 9002, "status": "cancelled"}, {"id": 9003}]
    read = load_calendar(calendar_body(appointments=rows)).appointments
    assert [(it.id, it.status) for it in read] == [(9001, Status.SCHEDULED), (9002, Status.CANCELLED)]


def test_the_calendar_query_is_in_utc_with_z() -> None:
    start = datetime(2026, 3, 9, tzinfo=ALMATY)
    query = dump_calendar_query(start, start + timedelta(days=1), [12, 11], 90, with_slots=True)
    assert query == {
        "from": "2026-03-08T19:00:00Z",
        "to": "2026-03-09T19:00:00Z",
        "include_slots": "true",
        "resource_ids": "11,12",
        "duration_min": "90",
    }


# Resources


def test_a_resource_is_read_with_its_zone() -> None:
    read = load_resource(AIGERIM)
    assert (read.id, read.name, read.specialty) == (11, "Айгерим Сапарова", "Терапевт")
    assert read.zone == ZoneInfo("Asia/Almaty")
    assert read.bookable


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", None, "../../etc/passwd", "Asia", 5])
def test_an_unknown_zone_is_utc(zone: object) -> None:
    assert load_resource(AIGERIM | {"timezone": zone}).zone == ZoneInfo("UTC")


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"custom_attributes": {"deleted_from_scheduling": True}},
        {"custom_attributes": {"deleted_from_scheduling": "true"}},
        {"custom_attributes": {"medelement_specialist_code": "A-17"}},
    ],
)
def test_who_cannot_be_booked_here_is_not_bookable(change: dict[str, object]) -> None:
    assert not load_resource(AIGERIM | change).bookable


def test_names_for_languages_come_from_custom_attributes() -> None:
    own = {"name_kk": "Әйгерім", "name_en": " ", "specialty_en": "GP", "name_suffix": "x", "name_ru": 5}
    read = load_resource(AIGERIM | {"custom_attributes": own})
    assert read.names == {"kk": "Әйгерім"}
    assert read.specialties == {"en": "GP"}
    assert read.name_in("en") == "Айгерим Сапарова"


# Services


def test_a_service_is_read_with_its_prices() -> None:
    read = load_service(CONSULTATION)
    assert (read.name, read.duration_min, read.base_price) == ("Консультация терапевта", 30, 15000)
    assert read.prices == {11: 12000}
    assert read.offered_by(load_resource(AIGERIM))


@pytest.mark.parametrize(
    "price",
    [
        {"resource_id": 11, "price": 12000, "active": False},
        {"resource_id": 11, "price": 0, "active": True},
        {"resource_id": 11, "price": None},
        {"resource_id": "?"},
    ],
)
def test_a_price_row_that_offers_nothing_still_counts_as_a_row(price: dict[str, object]) -> None:
    read = load_service(CONSULTATION | {"prices": [price]})
    assert read.prices == {}
    assert read.has_price_rows
    assert not read.offered_by(load_resource(AIGERIM))


def test_a_service_without_a_duration_takes_half_an_hour() -> None:
    assert load_service(CONSULTATION | {"duration_min": None}).duration_min == 30


def test_a_price_with_a_decimal_point_is_read() -> None:
    assert load_service(CONSULTATION | {"base_price": "15000.0"}).base_price == 15000


def test_one_bad_service_does_not_hide_the_others() -> None:
    rows = [{"id": 1}, None, CONSULTATION, {"id": 2, "name": ""}, CONSULTATION | {"id": 32, "active": False}]
    assert [service.id for service in load_services(rows)] == [31]


def test_strange_optional_fields_do_not_spoil_a_row() -> None:
    row = CONSULTATION | {
        "category": 5,
        "description": {},
        "custom_attributes": "no",
        "prices": "no",
        "new": 1,
    }
    read = load_service(row)
    assert (read.category, read.description, read.names, read.prices) == (None, None, {}, {})


def test_a_list_that_is_none_is_an_unknown_answer() -> None:
    with pytest.raises(OneLinkUnreachable):
        every(load_contact, {"payload": []})
    with pytest.raises(OneLinkUnreachable):
        load_services("<html>")


# Contacts


def test_a_contact_is_read_from_either_api() -> None:
    scheduling = load_contact(
        {"id": 501, "full_name": "Алия", "phone": "8 (701) 555-44-33", "identifier": None}
    )
    conversations = load_contact({"id": 501, "name": "Алия", "phone_number": "+77015554433"})
    assert scheduling == conversations


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("+77015554433", "+77015554433"),
        ("+7 (701) 555-44-33", "+77015554433"),
        ("87015554433", "+77015554433"),
        ("7015554433", "+77015554433"),
        ("77015554433", "+77015554433"),
        ("+4915112345678", "+4915112345678"),
    ],
)
def test_one_phone_has_one_canonical_form(written: str, canonical: str) -> None:
    assert canonical_phone(written) == canonical


# What is sent


def test_a_new_appointment_is_sent_with_what_every_generation_accepts() -> None:
    new = NewAppointment(
        resource_id=11,
        service_id=31,
        starts_at=datetime(2026, 3, 9, 11, tzinfo=ALMATY),
        ends_at=datetime(2026, 3, 9, 11, 30, tzinfo=ALMATY),
        client_name="Алия Нурланова",
        client_phone="+77015554433",
        contact_id=501,
        external_ref="tgbot:5f0c6f0e",
    )
    assert dump_appointment(new) == {
        "resource_id": 11,
        "service_id": 31,
        "contact_id": 501,
        "starts_at": "2026-03-09T06:00:00Z",
        "ends_at": "2026-03-09T06:30:00Z",
        "client_name": "Алия Нурланова",
        "client_phone": "+77015554433",
        "external_ref": "tgbot:5f0c6f0e",
    }


def test_what_the_client_told_beyond_that_is_sent_too() -> None:
    new = NewAppointment(
        resource_id=11,
        service_id=31,
        starts_at=datetime(2026, 3, 9, 6, tzinfo=UTC),
        ends_at=datetime(2026, 3, 9, 6, 30, tzinfo=UTC),
        client_name="Алия",
        client_phone="+77015554433",
        contact_id=501,
        external_ref="tgbot:1",
        client_identifier="940720300129",
        client_birth_date=date(1994, 7, 20),
        client_comment="первый раз",
        link=ConversationLink(conversation_display_id=482),
    )
    body = dump_appointment(new)
    assert body["client_identifier"] == "940720300129"
    assert body["client_birth_date"] == "1994-07-20"
    assert body["client_comment"] == "первый раз"
    assert body["conversation_display_id"] == 482
    assert "conversation_id" not in body


def test_a_change_names_only_what_changes() -> None:
    start = datetime(2026, 3, 9, 9, tzinfo=UTC)
    moved = dump_change(
        starts_at=start, ends_at=start + timedelta(minutes=30), resource_id=None, link=None, status=None
    )
    assert moved == {"starts_at": "2026-03-09T09:00:00Z", "ends_at": "2026-03-09T09:30:00Z"}
    linked = dump_change(
        starts_at=None, ends_at=None, resource_id=None, link=ConversationLink(482, 482), status=None
    )
    assert linked == {"conversation_id": 482, "conversation_display_id": 482}
    unlinked = dump_change(
        starts_at=None, ends_at=None, resource_id=None, link=ConversationLink(), status=None
    )
    assert unlinked == {"conversation_id": None}
    revived = dump_change(starts_at=None, ends_at=None, resource_id=None, link=None, status=Status.SCHEDULED)
    assert revived == {"status": "scheduled", "payment_status": "awaiting_payment"}


def test_a_time_without_an_offset_is_utc() -> None:
    assert instant("2026-03-09T06:00:00") == instant("2026-03-09T11:00:00+05:00")
    assert timestamp(instant("2026-03-09T11:00:00.789+05:00")) == "2026-03-09T06:00:00Z"
