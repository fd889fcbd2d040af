"""The sandbox counts free time as One-Link does: 40 recorded calendars, and the document's examples."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.availability import Timetable, print_local, print_utc, seconds

Row = dict[str, Any]

RECORDED = Path(__file__).parents[1] / "data" / "onelink-availability-cases.json.gz"
CASES: list[Row] = json.loads(gzip.decompress(RECORDED.read_bytes()))["cases"]
TABLES = ("work_rules", "break_rules", "holidays", "workday_overrides", "time_offs", "appointments")

MONDAY = {"start": seconds("2026-03-08T19:00:00Z"), "end": seconds("2026-03-09T19:00:00Z")}
ANNA = {"id": 11, "timezone": "Asia/Almaty", "slot_duration_min": 30}
NINE_TO_SIX = [{"weekday": 1, "start_minute": 540, "end_minute": 1080}]
LUNCH = [{"weekday": 1, "start_minute": 780, "end_minute": 840}]
WOMENS_DAY = {"date": "2026-03-09", "recurring_yearly": False, "working_day_override": False}
VISIT = {
    "id": 9000,
    "resource_id": 11,
    "status": "scheduled",
    "starts_at": "2026-03-09T05:00:00Z",
    "ends_at": "2026-03-09T05:30:00Z",
}


def starts(timetable: Timetable, duration_min: int, **within: int) -> list[str]:
    """The printed starts of Monday 2026-03-09 in Almaty."""
    slots = timetable.slots(**(MONDAY | within), duration_min=duration_min)
    return [print_local(s.start, timetable.zone) if s.local else print_utc(s.start) for s in slots]


def usual(**tables: list[Row]) -> Timetable:
    return Timetable(ANNA, **({"work_rules": NINE_TO_SIX, "break_rules": LUNCH} | tables))


@pytest.mark.parametrize("case", CASES, ids=[str(number) for number in range(len(CASES))])
def test_slots_and_refusals_equal_the_recorded_ones(case: Row) -> None:
    timetable = Timetable(case["resource"], **{name: case[name] for name in TABLES})
    duration_min = case["duration_min"] or case["resource"]["slot_duration_min"]

    slots = timetable.slots(seconds(case["from"]), seconds(case["to"]), duration_min)
    refusals = [timetable.refusal(seconds(p["starts_at"]), seconds(p["ends_at"])) for p in case["probes"]]

    assert [[print_utc(s.start), print_utc(s.end)] for s in slots] == case["slots"]
    assert refusals == [probe["code"] for probe in case["probes"]]


def test_an_empty_day_is_printed_in_the_resources_offset() -> None:
    printed = starts(usual(), 30)
    assert len(printed) == 86
    assert (printed[0], printed[-1]) == ("2026-03-09T09:00:00+05:00", "2026-03-09T17:30:00+05:00")


def test_free_time_after_an_appointment_is_printed_in_utc() -> None:
    printed = starts(usual(appointments=[VISIT]), 30)
    assert len(printed) == 75
    assert printed[printed.index("2026-03-09T09:30:00+05:00") + 1] == "2026-03-09T05:30:00Z"


def test_a_long_visit_does_not_fit_before_an_appointment() -> None:
    printed = starts(usual(appointments=[VISIT]), 90)
    assert len(printed) == 44
    assert (printed[0], printed[-1]) == ("2026-03-09T05:30:00Z", "2026-03-09T16:30:00+05:00")


def test_the_grid_begins_where_the_range_begins() -> None:
    printed = starts(usual(), 30, start=seconds("2026-03-09T04:07:00Z"))
    assert printed[:2] == ["2026-03-09T04:07:00Z", "2026-03-09T04:12:00Z"]
    assert "2026-03-09T14:00:00+05:00" in printed
    assert len(printed) == 84


def test_no_slot_crosses_the_seam_of_two_rules() -> None:
    halves = [{**NINE_TO_SIX[0], "end_minute": 780}, {**NINE_TO_SIX[0], "start_minute": 780}]
    timetable = usual(work_rules=halves, break_rules=[])
    printed = starts(timetable, 60)
    assert len(printed) == 86
    assert not [at for at in printed if "T12:05" <= at[10:16] <= "T12:55"]
    booking = seconds("2026-03-09T07:30:00Z"), seconds("2026-03-09T08:30:00Z")
    assert timetable.refusal(*booking) == "OUTSIDE_WORKING_HOURS"


def test_overlapping_rules_offer_a_slot_twice() -> None:
    overlapping = [{**NINE_TO_SIX[0], "end_minute": 780}, {**NINE_TO_SIX[0], "start_minute": 720}]
    printed = starts(usual(work_rules=overlapping, break_rules=[]), 60)
    assert (len(printed), len(set(printed))) == (98, 97)


def test_free_time_after_a_time_off_is_printed_in_utc() -> None:
    off = {"resource_id": None, "starts_at": "2026-03-09T09:00:00Z", "ends_at": "2026-03-09T10:00:00Z"}
    printed = starts(usual(time_offs=[off]), 30)
    assert len(printed) == 74
    assert "2026-03-09T10:00:00Z" in printed


def test_an_override_replaces_the_hours_and_the_lunch_and_beats_a_holiday() -> None:
    override = {"resource_id": 11, "date": "2026-03-09", "start_minute": 600, "end_minute": 900}
    assert len(starts(usual(workday_overrides=[override], holidays=[WOMENS_DAY]), 30)) == 55


def test_a_holiday_closes_the_day_unless_a_second_row_reopens_it() -> None:
    booking = seconds("2026-03-09T06:00:00Z"), seconds("2026-03-09T06:30:00Z")
    closed = usual(holidays=[WOMENS_DAY])
    assert starts(closed, 30) == []
    assert closed.refusal(*booking) == "BLOCKED_BY_HOLIDAY"
    reopened = usual(holidays=[WOMENS_DAY, WOMENS_DAY | {"working_day_override": True}])
    assert len(starts(reopened, 30)) == 86
    assert reopened.refusal(*booking) is None


def test_an_appointment_being_moved_does_not_conflict_with_itself() -> None:
    booking = seconds("2026-03-09T05:15:00Z"), seconds("2026-03-09T05:45:00Z")
    timetable = usual(appointments=[VISIT])
    assert timetable.refusal(*booking) == "SLOT_CONFLICT"
    assert timetable.refusal(*booking, ignoring=9000) is None
