"""From One-Link's starts every five minutes to a few readable times."""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.agenda import (
    DayOfSlots,
    PartOfDay,
    days,
    grid_step,
    merge_any,
    neighbours,
    part_of,
    parts,
    thin,
    upcoming,
)
from bot.domain.model import Slot

ALMATY = ZoneInfo("Asia/Almaty")
KOLKATA = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 9, tzinfo=ALMATY)
RECORDED = Path(__file__).parent.parent / "data" / "onelink-availability-cases.json.gz"


def minute(of_day: str) -> int:
    hours, minutes = of_day.split(":")
    return int(hours) * 60 + int(minutes)


def free(*ranges: str, duration: int = 30, resource: int = 11, midnight: datetime = MONDAY) -> list[Slot]:
    """What One-Link offers for free ranges like "09:00-13:00": a start every 5 minutes that fits."""
    slots = []
    for start, end in (found.split("-") for found in ranges):
        for at in range(minute(start), minute(end) - duration + 1, 5):
            begins = (midnight + timedelta(minutes=at)).astimezone(UTC)
            slots.append(Slot(begins, resource, begins + timedelta(minutes=duration)))
    return slots


def every(minutes: int) -> dict[int, int]:
    """The same step for all resources of these tests."""
    return dict.fromkeys((11, 1, 2, 3), minutes)


def clocks(slots: Iterable[Slot], zone: ZoneInfo = ALMATY) -> str:
    return " ".join(f"{slot.starts_at.astimezone(zone):%H:%M}" for slot in slots)


MORNING_30 = "09:00 09:30 10:00 10:30 11:00 11:30 12:00 12:30"
AFTERNOON_30 = "14:00 14:30 15:00 15:30 16:00 16:30 17:00 17:30"


@pytest.mark.parametrize(
    ("case", "slots", "offered", "shown"),
    [
        ("A. empty day", free("09:00-13:00", "14:00-18:00"), 86, f"{MORNING_30} {AFTERNOON_30}"),
        (
            "B. a visit at 10:00",
            free("09:00-10:00", "10:30-13:00", "14:00-18:00"),
            75,
            f"09:00 09:30 10:30 11:00 11:30 12:00 12:30 {AFTERNOON_30}",
        ),
        (
            "C. 90 minutes",
            free("09:00-10:00", "10:30-13:00", "14:00-18:00", duration=90),
            44,
            "10:30 11:00 11:30 14:00 14:30 15:00 15:30 16:00 16:30",
        ),
        (
            "D. asked from 09:07",
            free("09:07-13:00", "14:00-18:00"),
            84,
            f"09:07 09:37 10:07 10:37 11:07 11:37 12:07 {AFTERNOON_30}",
        ),
        (
            "E. a seam at 13:00",
            free("09:00-13:00", "13:00-18:00", duration=60),
            86,
            "09:00 09:30 10:00 10:30 11:00 11:30 12:00 13:00 13:30 14:00 14:30 15:00 15:30 16:00 16:30 17:00",
        ),
        (
            "F. overlapping rules",
            free("09:00-13:00", "12:00-18:00", duration=60),
            98,
            f"{MORNING_30} 13:00 13:30 14:00 14:30 15:00 15:30 16:00 16:30 17:00",
        ),
        (
            "G. absent from 14 to 15",
            free("09:00-13:00", "15:00-18:00"),
            74,
            f"{MORNING_30} 15:00 15:30 16:00 16:30 17:00 17:30",
        ),
        (
            "H. other hours that day",
            free("10:00-15:00"),
            55,
            "10:00 10:30 11:00 11:30 12:00 12:30 13:00 13:30 14:00 14:30",
        ),
    ],
)
def test_a_worked_example_is_thinned_to_half_hours(
    case: str, slots: list[Slot], offered: int, shown: str
) -> None:
    assert len(slots) == offered, case
    assert clocks(thin(slots, every(30), ALMATY)) == shown, case


def test_a_holiday_shows_nothing() -> None:
    assert thin([], every(30), ALMATY) == []
    assert days([], ALMATY) == []


def test_a_gap_too_short_for_a_round_time_is_still_offered() -> None:
    assert clocks(thin(free("09:00-09:30", "10:10-10:50"), every(30), ALMATY)) == "09:00 10:10"


def test_a_run_begins_at_its_first_round_time() -> None:
    assert clocks(thin(free("10:05-12:30"), every(30), ALMATY)) == "10:30 11:00 11:30 12:00"
    assert clocks(thin(free("09:30-13:00"), every(60), ALMATY)) == "09:30 10:30 11:30 12:30"
    assert clocks(thin(free("09:05-10:30"), every(20), ALMATY)) == "09:20 09:40 10:00"


def test_each_resource_is_thinned_by_itself() -> None:
    anna, boris = free("09:00-10:00", resource=1), free("09:10-09:50", resource=2)

    assert [(slot.resource_id, clocks([slot])) for slot in thin(anna + boris, every(30), ALMATY)] == [
        (1, "09:00"),
        (2, "09:10"),
        (1, "09:30"),
    ]


def test_round_times_are_those_of_the_venue_in_a_half_hour_zone() -> None:
    midnight = datetime(2026, 3, 9, tzinfo=KOLKATA)
    slots = free("09:05-11:30", midnight=midnight)

    assert clocks(thin(slots, every(60), KOLKATA), KOLKATA) == "09:30 10:30"


def test_the_hour_that_daylight_saving_skips_is_not_a_gap() -> None:
    before_the_jump = datetime(2026, 3, 29, 1, tzinfo=BERLIN).astimezone(UTC)
    slots = free("00:00-02:30", midnight=before_the_jump)

    assert clocks(thin(slots, every(30), BERLIN), BERLIN) == "01:00 01:30 03:00 03:30 04:00"


def test_a_run_ends_at_midnight() -> None:
    late_and_early = free("23:30-24:00", duration=5) + free("24:00-24:30", duration=5)

    assert clocks(thin(late_and_early, every(60), ALMATY)) == "23:30 00:00"


def test_two_rhythms_side_by_side_are_two_runs() -> None:
    """Overlapping work rules, one of which begins at an odd minute."""
    slots = free("09:00-10:05") + free("09:03-10:08")

    assert clocks(thin(slots, every(30), ALMATY)) == "09:00 09:03 09:30 09:33"


@st.composite
def free_days(draw: st.DrawFn) -> list[Slot]:
    starts = draw(st.sets(st.integers(0, 3 * 288), max_size=120))
    resources = draw(st.lists(st.integers(1, 3), min_size=len(starts), max_size=len(starts)))
    begins = [MONDAY.astimezone(UTC) + timedelta(minutes=5 * start) for start in sorted(starts)]
    return [Slot(at, r, at + timedelta(minutes=30)) for at, r in zip(begins, resources, strict=True)]


@given(free_days(), st.sampled_from([10, 15, 20, 30, 45, 60, 90]))
def test_every_free_run_is_represented_and_nothing_is_invented(slots: list[Slot], step_min: int) -> None:
    shown = thin(slots, every(step_min), ALMATY)

    assert shown == sorted(set(shown))
    assert set(shown) <= set(slots)
    for slot in slots:
        reached = {slot.starts_at}
        for direction in (timedelta(minutes=5), timedelta(minutes=-5)):
            at = slot.starts_at + direction
            while any(s.starts_at == at and s.resource_id == slot.resource_id for s in slots):
                if at.astimezone(ALMATY).date() != slot.starts_at.astimezone(ALMATY).date():
                    break
                reached.add(at)
                at += direction
        assert any(s.starts_at in reached and s.resource_id == slot.resource_id for s in shown)


@given(free_days(), st.sampled_from([10, 30, 60]))
def test_thinning_does_not_depend_on_order_or_repetition(slots: list[Slot], step_min: int) -> None:
    assert thin([*reversed(slots), *slots], every(step_min), ALMATY) == thin(slots, every(step_min), ALMATY)


@pytest.mark.parametrize(
    "case", json.loads(gzip.decompress(RECORDED.read_bytes()))["cases"], ids=lambda c: c["case"]
)
def test_recorded_calendars_keep_every_day_that_has_slots(case: dict[str, Any]) -> None:
    zone = ZoneInfo(case["resource"]["timezone"])
    slots = [
        Slot(datetime.fromisoformat(start), case["resource"]["id"], datetime.fromisoformat(end))
        for start, end in case["slots"]
    ]
    step = grid_step(case["duration_min"] or 0, case["resource"]["slot_duration_min"])
    shown = thin(slots, {case["resource"]["id"]: step}, zone)

    assert [found.day for found in days(shown, zone)] == [found.day for found in days(slots, zone)]
    assert set(shown) <= set(slots)


@pytest.mark.parametrize(
    ("duration_min", "slot_duration_min", "step"),
    [(60, 30, 30), (60, 15, 15), (20, 60, 60), (60, 5, 10), (45, 0, 45), (480, 720, 60), (5, 0, 10)],
)
def test_the_grid_is_the_resources_own_where_it_is_readable(
    duration_min: int, slot_duration_min: int, step: int
) -> None:
    assert grid_step(duration_min, slot_duration_min) == step


def test_past_too_soon_and_too_far_slots_are_left_out() -> None:
    slots = free("09:00-13:00")
    now = MONDAY.replace(hour=9, minute=30)

    soon = upcoming(slots, now, lead=timedelta(hours=1), horizon=timedelta(hours=2))

    assert clocks([soon[0], soon[-1]]) == "10:30 11:30"


def test_days_are_the_venues_days_whatever_offset_one_link_prints() -> None:
    late = datetime(2026, 3, 9, 19, 30, tzinfo=UTC)  # 00:30 of the 10th in Almaty
    early = datetime.fromisoformat("2026-03-09T09:00:00+05:00")
    slots = [Slot(at, 11, at + timedelta(minutes=30)) for at in (late, early)]

    assert days(slots, ALMATY) == [
        DayOfSlots(date(2026, 3, 9), (slots[1],)),
        DayOfSlots(date(2026, 3, 10), (slots[0],)),
    ]


@pytest.mark.parametrize(
    ("at", "part"),
    [
        (time(0), PartOfDay.MORNING),
        (time(11, 59), PartOfDay.MORNING),
        (time(12), PartOfDay.DAY),
        (time(16, 59), PartOfDay.DAY),
        (time(17), PartOfDay.EVENING),
        (time(23, 55), PartOfDay.EVENING),
    ],
)
def test_a_day_has_three_parts(at: time, part: PartOfDay) -> None:
    assert part_of(at) is part


def test_parts_without_slots_are_absent() -> None:
    found = parts(thin(free("11:00-12:00", "17:00-18:00"), every(30), ALMATY), ALMATY)

    assert {part: clocks(slots) for part, slots in found.items()} == {
        PartOfDay.MORNING: "11:00 11:30",
        PartOfDay.EVENING: "17:00 17:30",
    }


def test_for_any_specialist_each_start_goes_to_the_one_with_most_free_slots_that_day() -> None:
    anna = free("09:00-10:00", resource=1)
    boris = free("09:00-12:00", resource=2)

    merged = merge_any(anna + boris, ALMATY)

    assert [slot.starts_at for slot in merged] == [slot.starts_at for slot in boris]
    assert {slot.resource_id for slot in merged} == {2}


def test_of_equally_free_resources_the_lower_id_is_chosen_whatever_the_order() -> None:
    anna, boris = free("09:00-10:00", resource=1), free("09:00-10:00", resource=2)

    assert merge_any(anna + boris, ALMATY) == merge_any(boris + anna, ALMATY) == anna


def test_neighbours_are_the_nearest_of_the_same_day_in_order() -> None:
    slots = thin(free("09:00-10:00", "11:00-13:00"), every(30), ALMATY)

    assert clocks(neighbours(slots, MONDAY.replace(hour=10, minute=30), ALMATY)) == "09:30 11:00 11:30"


def test_neighbours_go_on_to_later_days_and_only_then_to_earlier_ones() -> None:
    sunday, tuesday = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
    slots = [
        *free("17:30-18:00", midnight=sunday),
        *free("09:00-09:30"),
        *free("15:00-15:30", midnight=tuesday),
    ]

    wanted = MONDAY.replace(hour=18)

    assert clocks(neighbours(slots, wanted, ALMATY, n=2)) == "09:00 15:00"
    assert clocks(neighbours(slots, wanted, ALMATY)) == "17:30 09:00 15:00"


def test_where_nothing_is_free_there_are_no_neighbours() -> None:
    assert neighbours([], MONDAY, ALMATY) == []
