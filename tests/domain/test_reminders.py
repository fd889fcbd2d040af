"""When a client is reminded of a visit, and when not. The venue is in Almaty, quiet from 21 to 8."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import cycle
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.model import Appointment, Status
from bot.domain.reminders import QuietHours, ReminderPolicy, asks, due, planned, together
from bot.domain.watched import WatchedVisit

ALMATY = ZoneInfo("Asia/Almaty")
BERLIN = ZoneInfo("Europe/Berlin")
DAY, TWO_HOURS = timedelta(hours=24), timedelta(hours=2)
POLICY = ReminderPolicy((DAY, TWO_HOURS), QuietHours())
NEVER_QUIET = ReminderPolicy((DAY, TWO_HOURS), QuietHours(time(0), time(0)))


def at(text: str, zone: ZoneInfo = ALMATY) -> datetime:
    """ "10 09:00" is nine o'clock in the venue on 10 March 2026, in UTC as the bot holds it."""
    return datetime.strptime(f"2026-03-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC)


def visit(
    starts: str = "10 15:00", *, since: str = "01 12:00", number: int = 1, client: int = 7
) -> WatchedVisit:
    return WatchedVisit(
        appointment_id=number,
        client_id=client,
        starts_at=at(starts),
        ends_at=at(starts) + timedelta(minutes=30),
        resource_id=11,
        status=Status.SCHEDULED,
        since=at(since),
    )


def due_at(now: str, known: WatchedVisit, policy: ReminderPolicy = POLICY) -> timedelta | None:
    return due(known, policy, ALMATY, at(now))


@pytest.mark.parametrize(
    ("quiet", "local", "is_quiet"),
    [
        (QuietHours(), time(20, 59), False),
        (QuietHours(), time(21), True),
        (QuietHours(), time(0), True),
        (QuietHours(), time(7, 59), True),
        (QuietHours(), time(8), False),
        (QuietHours(time(13), time(14)), time(12, 59), False),
        (QuietHours(time(13), time(14)), time(13), True),
        (QuietHours(time(13), time(14)), time(14), False),
        (QuietHours(time(13), time(14)), time(0), False),
        (QuietHours(time(21), time(0)), time(23, 59), True),
        (QuietHours(time(21), time(0)), time(0), False),
        (QuietHours(time(9), time(9)), time(9), False),
        (QuietHours(time(0), time(0)), time(3), False),
    ],
)
def test_quiet_hours_may_cross_midnight_or_be_none(quiet: QuietHours, local: time, is_quiet: bool) -> None:
    assert quiet.covers(local) is is_quiet


@pytest.mark.parametrize(("begins", "ends"), [(time(8), time(7, 31)), (time(0, 10), time(23, 50))])
def test_quiet_hours_that_leave_no_room_in_the_day_are_refused(begins: time, ends: time) -> None:
    with pytest.raises(ValueError, match="left in the day"):
        QuietHours(begins, ends)


def test_half_an_hour_a_day_is_room_enough() -> None:
    assert not QuietHours(time(8), time(7, 30)).covers(time(7, 30))


@pytest.mark.parametrize(
    ("starts", "offset", "goes_out"),
    [
        ("10 15:00", DAY, "09 15:00"),
        ("10 15:00", TWO_HOURS, "10 13:00"),
        ("10 10:00", TWO_HOURS, "10 08:00"),
        ("10 09:59", TWO_HOURS, "09 20:30"),
        ("10 08:00", TWO_HOURS, "09 20:30"),
        ("10 22:59", TWO_HOURS, "10 20:59"),
        ("10 23:00", TWO_HOURS, "10 20:30"),
        ("10 21:00", DAY, "09 20:30"),
        ("10 07:30", DAY, "08 20:30"),
        ("11 01:00", TWO_HOURS, "10 20:30"),
    ],
)
def test_what_falls_into_the_quiet_hours_moves_to_the_evening_before_them(
    starts: str, offset: timedelta, goes_out: str
) -> None:
    assert planned(at(starts), offset, POLICY, ALMATY) == at(goes_out)


def test_out_of_a_quiet_midday_a_reminder_moves_to_the_same_morning() -> None:
    siesta = ReminderPolicy((TWO_HOURS,), QuietHours(time(13), time(14)))

    assert planned(at("10 15:40"), TWO_HOURS, siesta, ALMATY) == at("10 12:30")


def test_out_of_quiet_hours_that_begin_at_midnight_a_reminder_moves_to_the_day_before() -> None:
    small_hours = ReminderPolicy((TWO_HOURS,), QuietHours(time(0, 0), time(6)))

    assert planned(at("10 07:00"), TWO_HOURS, small_hours, ALMATY) == at("09 23:30")


def test_without_quiet_hours_nothing_moves() -> None:
    assert planned(at("10 05:00"), TWO_HOURS, NEVER_QUIET, ALMATY) == at("10 03:00")


def test_an_offset_is_elapsed_time_even_over_a_change_of_the_clocks() -> None:
    after_the_jump = datetime(2026, 3, 29, 15, tzinfo=BERLIN)

    assert planned(after_the_jump, DAY, POLICY, BERLIN) == at("28 14:00", BERLIN)


def test_the_night_is_that_of_the_venue() -> None:
    assert planned(at("10 09:00"), TWO_HOURS, POLICY, ALMATY) == at("09 20:30")
    assert planned(at("10 09:00", BERLIN), TWO_HOURS, POLICY, BERLIN) == at("09 20:30", BERLIN)
    assert due(visit("10 15:00"), POLICY, BERLIN, at("09 15:00")) == DAY
    assert due(visit("10 10:00"), POLICY, BERLIN, at("09 10:00")) is None  # 06:00 in Berlin


@pytest.mark.parametrize(
    ("now", "offset"),
    [
        ("09 14:59", None),
        ("09 15:00", DAY),
        ("09 20:59", DAY),
        ("09 21:00", None),
        ("10 02:00", None),
        ("10 08:00", None),
        ("10 12:59", None),
        ("10 13:00", TWO_HOURS),
        ("10 14:00", TWO_HOURS),
        ("10 14:01", None),
        ("10 15:00", None),
        ("13 15:00", None),
    ],
)
def test_a_reminder_is_due_from_its_moment_until_half_way_to_the_start(
    now: str, offset: timedelta | None
) -> None:
    assert due_at(now, visit("10 15:00")) == offset


@pytest.mark.parametrize(("now", "offset"), [("10 03:00", DAY), ("10 03:01", None)])
def test_a_day_ahead_is_stale_twelve_hours_before_the_start(now: str, offset: timedelta | None) -> None:
    assert due_at(now, visit("10 15:00"), NEVER_QUIET) == offset


def test_what_the_quiet_hours_interrupted_goes_on_in_the_morning_if_not_stale() -> None:
    early, late = visit("10 19:00"), visit("10 21:00")

    assert (due_at("10 08:00", early), due_at("10 08:00", late)) == (None, DAY)


def test_of_several_due_reminders_only_the_one_nearest_to_the_start_is_sent() -> None:
    morning = visit("10 09:00")

    assert due_at("09 20:45", morning) == TWO_HOURS
    assert due_at("09 20:46", morning.with_reminded(TWO_HOURS)) is None


def test_the_order_of_the_offsets_does_not_matter() -> None:
    backwards = ReminderPolicy((TWO_HOURS, DAY), QuietHours())

    assert due_at("09 20:45", visit("10 09:00"), backwards) == TWO_HOURS
    assert due_at("09 15:00", visit("10 15:00"), backwards) == DAY


def test_a_reminder_is_sent_once_and_does_not_stop_the_next() -> None:
    reminded = visit("10 15:00").with_reminded(DAY)

    assert due_at("09 15:05", reminded) is None
    assert due_at("10 13:00", reminded) == TWO_HOURS


def test_a_longer_offset_added_after_a_shorter_reminder_is_not_sent() -> None:
    with_three_hours = ReminderPolicy((DAY, timedelta(hours=3), TWO_HOURS), QuietHours())

    assert due_at("10 13:05", visit("10 15:00").with_reminded(TWO_HOURS), with_three_hours) is None


def test_an_empty_policy_reminds_of_nothing() -> None:
    assert due_at("09 15:00", visit("10 15:00"), ReminderPolicy(())) is None


@pytest.mark.parametrize(
    ("since", "now", "offset"),
    [
        ("09 14:30", "09 15:00", DAY),
        ("09 14:31", "09 15:01", None),
        ("09 19:00", "09 19:00", None),  # booked 20 hours ahead
        ("09 19:00", "10 13:00", TWO_HOURS),
        ("10 12:30", "10 13:00", TWO_HOURS),  # 2 h 30 left
        ("10 12:31", "10 13:01", None),
        ("10 14:00", "10 14:00", None),
    ],
)
def test_a_visit_booked_late_gets_no_instant_reminder(since: str, now: str, offset: timedelta | None) -> None:
    assert due_at(now, visit("10 15:00", since=since)) == offset


def test_a_moved_visit_is_reminded_of_its_new_start() -> None:
    reminded = visit("10 15:00").with_reminded(DAY)
    moved = reminded.told(appointment(reminded, starts_at=at("13 15:00")), at("09 16:00"))

    assert due_at("09 16:00", moved) is None
    assert due_at("10 13:00", moved) is None
    assert due_at("12 15:00", moved) == DAY


def test_a_visit_moved_late_is_not_reminded_at_once() -> None:
    moved = visit("20 15:00").told(appointment(visit(), starts_at=at("10 11:00")), at("10 08:50"))

    assert [due_at(now, moved) for now in ("10 08:50", "10 09:20", "10 10:00")] == [None, None, None]


@pytest.mark.parametrize(
    ("status", "offset"),
    [
        (Status.SCHEDULED, DAY),
        (Status.CONFIRMED, DAY),
        (Status.CANCELLED, None),
        (Status.COMPLETED, None),
        (Status.NO_SHOW, None),
        (Status.UNKNOWN, None),
    ],
)
def test_only_a_visit_that_lies_ahead_is_reminded_of(status: Status, offset: timedelta | None) -> None:
    assert due_at("09 15:00", replace(visit("10 15:00"), status=status)) == offset


def test_a_client_who_cannot_be_reached_is_not_written_to() -> None:
    assert due_at("09 15:00", replace(visit("10 15:00"), unreached=True)) is None


def test_after_three_days_down_past_visits_are_left_alone() -> None:
    assert [due_at("13 10:00", visit(starts)) for starts in ("10 15:00", "12 09:00", "13 10:00")] == [
        None
    ] * 3


@pytest.mark.parametrize(
    ("hours", "question"), [(48, True), (24, True), (12, True), (11.5, False), (2, False)]
)
def test_half_a_day_ahead_and_earlier_a_reminder_is_a_question(hours: float, question: bool) -> None:
    assert asks(timedelta(hours=hours)) is question


def numbers(found: list[WatchedVisit]) -> list[int]:
    return [one.appointment_id for one in found]


def test_all_visits_of_a_day_are_asked_about_in_one_message() -> None:
    first, noon, evening = visit("10 09:00"), visit("10 12:00", number=3), visit("10 18:00", number=2)
    next_day, day_before = visit("11 00:00", number=4), visit("09 23:55", number=5)

    found = together(first, [evening, next_day, first, day_before, noon], DAY, POLICY, ALMATY, at("09 09:00"))

    assert found == [first, noon, evening]


def test_after_a_common_message_nobody_is_asked_again() -> None:
    evening = visit("10 18:00", number=2)
    asked = [
        one.with_reminded(DAY) for one in together(visit(), [evening], DAY, POLICY, ALMATY, at("09 15:00"))
    ]

    assert [due_at("09 18:00", one) for one in asked] == [None, None]


def test_only_visits_that_still_want_the_question_join() -> None:
    candidates = [
        visit("10 16:00", number=2),
        visit("10 16:00", number=3, client=8),
        visit("10 16:00", number=4).with_reminded(DAY),
        visit("10 16:00", number=5).with_reminded(TWO_HOURS),
        visit("10 16:00", number=6, since="09 15:31"),
        replace(visit("10 16:00", number=7), unreached=True),
        replace(visit("10 16:00", number=8), status=Status.CANCELLED),
        replace(visit("10 16:00", number=9), status=Status.CONFIRMED),
    ]

    assert numbers(together(visit(), candidates, DAY, POLICY, ALMATY, at("09 15:40"))) == [1, 2, 9]


def test_a_visit_of_that_day_that_has_begun_is_not_asked_about() -> None:
    half_a_day = ReminderPolicy((timedelta(hours=12),), QuietHours())
    now = at("10 08:30")
    late, early = visit("10 21:00"), visit("10 08:15", number=2)

    assert numbers(together(late, [early], timedelta(hours=12), half_a_day, ALMATY, now)) == [1]


@pytest.mark.parametrize(
    ("starts", "joins"),
    [
        ("10 14:55", False),
        ("10 15:00", True),
        ("10 15:30", True),
        ("10 17:00", True),
        ("10 17:05", False),
    ],
)
def test_an_information_covers_what_starts_soon_after(starts: str, joins: bool) -> None:
    found = together(visit("10 15:00"), [visit(starts, number=2)], TWO_HOURS, POLICY, ALMATY, at("10 13:00"))

    assert numbers(found) == ([1, 2] if joins else [1])


def test_visits_at_the_same_time_keep_one_order() -> None:
    second = visit(number=2)

    assert numbers(together(second, [visit()], DAY, POLICY, ALMATY, at("09 15:00"))) == [1, 2]


def appointment(known: WatchedVisit, *, starts_at: datetime) -> Appointment:
    return Appointment(
        id=known.appointment_id,
        status=Status.SCHEDULED,
        resource_id=known.resource_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
    )


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda n: timedelta(minutes=n))


def sent(
    known: WatchedVisit, policy: ReminderPolicy, steps: list[timedelta]
) -> Iterator[tuple[datetime, timedelta]]:
    """What a worker that looks at the clock in these steps sends, from booking to a day after the visit."""
    now, pace = known.since, cycle(steps)
    while now < known.starts_at + DAY:
        offset = due(known, policy, ALMATY, now)
        if offset is not None:
            known = known.with_reminded(offset)
            yield now, offset
        now += next(pace)


@settings(deadline=None)
@given(
    since=minutes(0, 24 * 60),
    ahead=minutes(0, 60 * 60),
    steps=st.lists(minutes(5, 60), min_size=1, max_size=5),
    down=minutes(0, 12 * 60),
    policy=st.sampled_from(
        [
            POLICY,
            NEVER_QUIET,
            ReminderPolicy((TWO_HOURS, timedelta(hours=3), timedelta(hours=12), DAY)),
            ReminderPolicy((DAY, TWO_HOURS), QuietHours(time(13), time(14, 30))),
        ]
    ),
)
def test_whatever_the_clock_does_no_reminder_is_repeated_late_or_disturbing(
    since: timedelta, ahead: timedelta, steps: list[timedelta], down: timedelta, policy: ReminderPolicy
) -> None:
    booked = at("10 00:00") + since
    known = replace(visit(), since=booked, starts_at=booked + ahead)

    messages = list(sent(known, policy, [*steps * 4, down + timedelta(minutes=5)]))

    offsets = [offset for _, offset in messages]
    assert offsets == sorted(set(offsets), reverse=True)
    for now, offset in messages:
        assert now < known.starts_at
        assert now <= known.starts_at - offset / 2
        assert now >= booked + timedelta(minutes=30)
        assert not policy.quiet.covers(now.astimezone(ALMATY).time())


@settings(deadline=None)
@given(start=minutes(0, 24 * 60), steps=st.lists(minutes(5, 29), min_size=1, max_size=5))
def test_booked_in_time_and_never_down_every_reminder_is_sent(
    start: timedelta, steps: list[timedelta]
) -> None:
    known = replace(visit(since="10 00:00"), starts_at=at("12 00:00") + start)

    assert [offset for _, offset in sent(known, POLICY, steps)] == [DAY, TWO_HOURS]


@given(start=minutes(0, 24 * 60), offset=minutes(0, 48 * 60))
def test_a_planned_moment_is_never_late_nor_in_the_night(start: timedelta, offset: timedelta) -> None:
    starts_at = at("10 00:00") + start
    moment = planned(starts_at, offset, POLICY, ALMATY)

    assert moment <= starts_at - offset
    assert moment >= starts_at - offset - timedelta(hours=11, minutes=30)
    assert not POLICY.quiet.covers(moment.astimezone(ALMATY).time())
