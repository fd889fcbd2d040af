"""Where a visit can be moved to when its own time counts as free."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Slot
from bot.domain.own_time import with_own_time

ALMATY = ZoneInfo("Asia/Almaty")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 9, tzinfo=ALMATY)
ANNA, BORIS = 11, 12


def minute(of_day: str) -> int:
    hours, minutes = of_day.split(":")
    return int(hours) * 60 + int(minutes)


def slot(start: int, duration: int, resource: int = ANNA) -> Slot:
    """A slot by minutes of Monday."""
    begins = (MONDAY + timedelta(minutes=start)).astimezone(UTC)
    return Slot(begins, resource, begins + timedelta(minutes=duration))


def visit(at: str, resource: int = ANNA) -> Slot:
    """A slot by its clock times, like "11:30-12:30"."""
    start, end = map(minute, at.split("-"))
    return slot(start, end - start, resource)


def free(ranges: str, duration: int, resource: int = ANNA) -> list[Slot]:
    """What One-Link offers for free ranges like "09:00-13:00": a start every 5 minutes that fits."""
    spans = [tuple(map(minute, found.split("-"))) for found in ranges.split()]
    return [
        slot(at, duration, resource) for start, end in spans for at in range(start, end - duration + 1, 5)
    ]


def offered(ranges: str, own: Slot, duration: int) -> tuple[Slot, ...]:
    """What can be chosen where One-Link has these free ranges besides the own time."""
    return with_own_time(free(ranges, duration), free(ranges, 5), own, timedelta(minutes=duration))


def clocks(slots: Iterable[Slot]) -> str:
    return " ".join(f"{found.starts_at.astimezone(ALMATY):%H:%M}" for found in slots)


@pytest.mark.parametrize(
    ("ranges", "own", "duration", "starts"),
    [
        pytest.param("12:30-12:45", "11:30-12:30", 60, "11:35 11:40 11:45", id="a quarter of an hour later"),
        pytest.param("11:20-11:30", "11:30-12:30", 60, "11:20 11:25", id="a little earlier"),
        pytest.param("11:25-11:30 12:30-12:35", "11:30-12:30", 60, "11:25 11:35", id="both ways"),
        pytest.param("", "11:30-12:30", 60, "", id="nothing free around it: nowhere to go"),
        pytest.param("11:20-11:25 12:35-12:40", "11:30-12:30", 60, "", id="free time that does not touch it"),
        pytest.param(
            "12:30-13:35",
            "11:30-12:30",
            60,
            "11:35 11:40 11:45 11:50 11:55 12:00 12:05 12:10 12:15 12:20 12:25 12:30 12:35",
            id="what begins at its end was free anyway, and is there once",
        ),
        pytest.param(
            "11:40-11:45 11:45-11:50", "11:30-11:40", 10, "11:35", id="only what overlaps it is added"
        ),
        pytest.param("12:30-12:34", "11:30-12:30", 60, "", id="less than five minutes are not enough"),
        pytest.param("", "11:30-12:00", 20, "11:35 11:40", id="the service is shorter by now"),
        pytest.param(
            "12:00-12:15", "11:30-12:00", 45, "", id="the service is longer: its own start is no move"
        ),
        pytest.param("12:00-12:20", "11:30-12:00", 45, "11:35", id="the service is longer, with more room"),
        pytest.param("", "11:30-12:17", 30, "11:35 11:40 11:45", id="a length that is no multiple of five"),
        pytest.param("12:33-12:45", "11:33-12:33", 60, "11:38 11:43", id="the visit keeps its own rhythm"),
        pytest.param("11:18-11:33", "11:33-12:33", 60, "11:18 11:23 11:28", id="and so it does backwards"),
        pytest.param(
            "11:03-11:33 12:30-12:35",
            "11:30-12:30",
            60,
            "11:05 11:10 11:15 11:20 11:25 11:35",
            id="cells of another rhythm that reach into it",
        ),
        pytest.param(
            "12:30-12:40 12:33-12:48",
            "11:30-12:30",
            60,
            "11:35 11:40 11:45",
            id="cells that overlap each other",
        ),
    ],
)
def test_its_own_time_counts_as_free(ranges: str, own: str, duration: int, starts: str) -> None:
    assert clocks(offered(ranges, visit(own), duration)) == starts


def test_a_free_day_is_whole_again_but_for_the_start_it_has() -> None:
    with_visit, without = "09:00-11:30 12:30-13:00 14:00-18:00", "09:00-13:00 14:00-18:00"
    own = visit("11:30-12:30")

    assert offered(with_visit, own, 60) == tuple(found for found in free(without, 60) if found != own)


def test_what_one_link_offers_stays_also_with_others() -> None:
    own = visit("11:30-12:30")
    elsewhere = [visit("11:30-12:30", BORIS), visit("16:00-17:00")]

    found = with_own_time([*reversed(elsewhere), *elsewhere], [], own, timedelta(hours=1))

    assert found == tuple(elsewhere)


def test_the_free_time_of_others_is_no_room_for_it() -> None:
    found = with_own_time([], free("12:30-13:00", 5, BORIS), visit("11:30-12:30"), timedelta(hours=1))

    assert found == ()


def test_its_own_start_is_left_out_even_if_one_link_offers_it() -> None:
    own = visit("11:30-12:30")
    in_almaty = Slot(own.starts_at.astimezone(ALMATY), ANNA, own.ends_at.astimezone(ALMATY))

    assert with_own_time([in_almaty], [], own, timedelta(hours=1)) == ()


def test_the_same_instant_in_two_zones_is_one_slot() -> None:
    in_utc = visit("12:30-13:30")
    in_almaty = Slot(in_utc.starts_at.astimezone(ALMATY), ANNA, in_utc.ends_at.astimezone(ALMATY))

    found = with_own_time([in_utc, in_almaty], [], visit("11:30-12:30"), timedelta(hours=1))

    assert found == (in_utc,)
    assert found[0].starts_at.tzinfo is UTC


def test_the_hour_that_comes_twice_is_not_the_same_hour() -> None:
    # 2026-10-25 in Berlin: 02:30 summer time, and an hour later 02:30 winter time.
    summer = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    winter = summer.replace(fold=1)
    half = timedelta(minutes=30)
    own = Slot(summer, ANNA, (summer.astimezone(UTC) + half).astimezone(BERLIN))
    later = Slot(winter, ANNA, (winter.astimezone(UTC) + half).astimezone(BERLIN))

    right_after = Slot(datetime(2026, 10, 25, 1, tzinfo=UTC), ANNA, datetime(2026, 10, 25, 1, 5, tzinfo=UTC))

    found = with_own_time([later], [right_after], own, half)

    assert [f"{one.starts_at:%H:%M %Z}" for one in found] == ["00:35 UTC", "01:30 UTC"]


DAY = 240  # minutes are enough to have everything happen


@st.composite
def calendars(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int, int, int]:
    """Free intervals, perhaps of several rhythms and overlapping; start and end of a visit; a duration."""
    start = draw(st.integers(40, 160))
    end = start + draw(st.integers(5, 70))
    edges = st.one_of(st.integers(0, DAY), st.sampled_from([start, end, start - 5, end + 5]))
    pairs = draw(st.lists(st.tuples(edges, edges), max_size=6))
    spans = [(min(pair), max(pair)) for pair in pairs]
    # Often the visit has free time right before and after it, as in a calendar it has.
    before, after = draw(st.integers(0, 40)), draw(st.integers(0, 60))
    return [*spans, (start - before, start), (end, end + after)], start, end, draw(st.integers(1, 90))


@given(calendars())
def test_it_finds_what_looking_at_every_minute_finds(
    calendar: tuple[list[tuple[int, int]], int, int, int],
) -> None:
    spans, own_start, own_end, duration = calendar
    slots = [slot(at, duration) for a, b in spans for at in range(a, b - duration + 1, 5)]
    cells = [at for a, b in spans for at in range(a, b - 4, 5)]
    minutes = [own_start <= at < own_end for at in range(DAY + 200)]
    for cell in cells:
        minutes[cell : cell + 5] = [True] * 5
    expected = {
        slot(at, duration)
        for at in range(own_start % 5, DAY, 5)
        if all(minutes[at : at + duration]) and at < own_end and at + duration > own_start
    }

    found = with_own_time(
        slots,
        [slot(at, 5) for at in reversed(cells)],
        slot(own_start, own_end - own_start),
        timedelta(minutes=duration),
    )

    wanted = {s for s in expected | set(slots) if s.starts_at != slot(own_start, 1).starts_at}
    assert found == tuple(sorted(wanted))
