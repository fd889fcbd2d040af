"""The calendar file, read back the way a calendar app reads it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from bot.usecases.calendar_file import FILE_NAME, calendar_file

ALMATY = ZoneInfo("Asia/Almaty")
TEN_IN_ALMATY = datetime(2030, 1, 7, 5, 0, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
DAY, TWO_HOURS = timedelta(days=1), timedelta(hours=2)
LONG_KAZAKH = "Дәрігердің қабылдауы және кеңес беруі, " * 8


def visit(**changes: Any) -> bytes:
    """The file of a visit on Monday at 10:00 in Almaty, unless the changes say otherwise."""
    starts_at = changes.pop("starts_at", TEN_IN_ALMATY)
    facts: dict[str, Any] = {
        "appointment_id": 42,
        "account": "7@one-link.kz",
        "starts_at": starts_at,
        "ends_at": starts_at + HALF_AN_HOUR,
        "zone": ALMATY,
        "title": "Приём терапевта",
        "description": "Возьмите удостоверение",
        "location": "Алматы, Абая 1",
        "sequence": 0,
        "cancelled": False,
        "stamp": datetime(2030, 1, 1, 12, 0, tzinfo=UTC),
        "alarms": [DAY, TWO_HOURS],
    }
    return calendar_file(**facts | changes)


def event_in(file: bytes) -> Event:
    """The only event of a file."""
    [event] = Calendar.from_ical(file).events
    return event


def times_of(event: Event) -> tuple[datetime, datetime]:
    """Start and end; a visit is never a whole day."""
    assert isinstance(event.start, datetime)
    assert isinstance(event.end, datetime)
    return event.start, event.end


def lines_of(file: bytes) -> list[str]:
    """The logical lines of a file: unfolded, without their ends."""
    return file.decode().replace("\r\n ", "").split("\r\n")


def test_a_moved_visit_is_the_same_event_with_a_larger_sequence() -> None:
    booked = event_in(visit(sequence=3))
    moved = event_in(visit(sequence=4, starts_at=TEN_IN_ALMATY + DAY))
    assert moved.uid == booked.uid
    assert (booked.sequence, moved.sequence) == (3, 4)
    assert moved.start - booked.start == DAY


def test_the_first_file_says_its_sequence_too() -> None:
    assert "SEQUENCE:0" in lines_of(visit(sequence=0))


def test_two_visits_or_two_accounts_never_share_an_event() -> None:
    visits = [visit(), visit(appointment_id=43), visit(account="8@one-link.kz")]
    assert len({event_in(file).uid for file in visits}) == 3


@pytest.mark.parametrize("reader", [UTC, ALMATY, ZoneInfo("America/New_York")])
def test_the_file_shows_the_clock_of_the_venue_whoever_reads_it(reader: Any) -> None:
    lines = lines_of(visit(starts_at=TEN_IN_ALMATY.astimezone(reader)))
    assert "DTSTART;TZID=Asia/Almaty:20300107T100000" in lines
    assert "DTEND;TZID=Asia/Almaty:20300107T103000" in lines


def test_the_hour_is_right_by_the_definition_the_file_itself_carries() -> None:
    calendar = Calendar.from_ical(visit())
    [definition] = calendar.timezones
    assert definition.tz_name == "Asia/Almaty"
    # Not looked up by name: an app may know nothing, or something old, about Almaty.
    clock = definition.to_tz(lookup_tzid=False)
    start, end = times_of(calendar.events[0])
    assert start.replace(tzinfo=None) == datetime(2030, 1, 7, 10, 0)
    assert start.replace(tzinfo=clock).astimezone(UTC) == TEN_IN_ALMATY
    assert end.replace(tzinfo=clock).astimezone(UTC) == TEN_IN_ALMATY + HALF_AN_HOUR
    assert "TZOFFSETTO:+0500" in lines_of(visit())


@pytest.mark.parametrize(("month", "offset"), [(1, 1), (7, 2)])
def test_a_venue_with_summer_time_gets_the_offset_of_the_day(month: int, offset: int) -> None:
    at = datetime(2030, month, 7, 9, 0, tzinfo=UTC)
    lines = lines_of(visit(starts_at=at, zone=ZoneInfo("Europe/Berlin")))
    assert f"TZOFFSETTO:+0{offset}00" in lines
    assert f"DTSTART;TZID=Europe/Berlin:2030{month:02}07T{9 + offset:02}0000" in lines


def test_the_definition_of_the_zone_is_short() -> None:
    lines = lines_of(visit())
    assert lines.index("END:VTIMEZONE") - lines.index("BEGIN:VTIMEZONE") < 10


@pytest.mark.parametrize("cancelled", [False, True])
def test_no_time_floats(cancelled: bool) -> None:
    calendar = Calendar.from_ical(visit(cancelled=cancelled))
    [event] = calendar.events
    assert None not in {time.tzinfo for time in times_of(event)}
    assert event.stamp == datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
    assert not calendar.get_missing_tzids()


def test_the_stamp_is_written_in_utc() -> None:
    stamp = datetime(2030, 1, 1, 17, 0, tzinfo=ALMATY)
    assert "DTSTAMP:20300101T120000Z" in lines_of(visit(stamp=stamp))


@pytest.mark.parametrize("cancelled", [False, True])
def test_every_line_ends_with_crlf_and_fits_in_75_octets(cancelled: bool) -> None:
    file = visit(cancelled=cancelled, title=LONG_KAZAKH, description=f"{LONG_KAZAKH}\n🦷\r\n{LONG_KAZAKH}\rэ")
    assert file.endswith(b"\r\n")
    for line in file.split(b"\r\n"):
        assert b"\r" not in line
        assert b"\n" not in line
        assert len(line) <= 75
        line.decode()  # folded between letters, not inside one


@pytest.mark.parametrize(
    "words",
    [
        "Приём, первичный; с анализами",
        "Two\nlines",
        "Тіс 🦷 емдеу 👩‍⚕️",
        "back\\slash: \"quoted\" 'text'",
        "BEGIN:VALARM\nEND:VEVENT",
        LONG_KAZAKH,
    ],
)
def test_any_words_survive(words: str) -> None:
    event = event_in(visit(title=words, description=words, location=words))
    assert [str(event[name]) for name in ("SUMMARY", "DESCRIPTION", "LOCATION")] == [words] * 3
    assert len(event.alarms.times) == 2


@pytest.mark.parametrize("nowhere", [None, ""])
def test_a_venue_without_an_address_has_no_location(nowhere: str | None) -> None:
    assert "LOCATION" not in event_in(visit(location=nowhere))


def test_a_visit_is_published_confirmed_and_rings_before_it_begins() -> None:
    calendar = Calendar.from_ical(visit())
    [event] = calendar.events
    assert calendar["METHOD"] == "PUBLISH"
    assert calendar["VERSION"] == "2.0"
    assert "booking-bot" in str(calendar["PRODID"])
    assert event["STATUS"] == "CONFIRMED"
    alarms = event.walk("VALARM")
    assert {(alarm["ACTION"], alarm["DESCRIPTION"]) for alarm in alarms} == {("DISPLAY", "Приём терапевта")}
    assert [time.trigger for time in event.alarms.times] == [TEN_IN_ALMATY - DAY, TEN_IN_ALMATY - TWO_HOURS]


def test_a_cancelled_visit_takes_the_same_event_away_and_never_rings() -> None:
    booked, calendar = event_in(visit()), Calendar.from_ical(visit(sequence=1, cancelled=True))
    [event] = calendar.events
    assert calendar["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"
    assert event.uid == booked.uid
    assert event.sequence > booked.sequence
    assert event.walk("VALARM") == []


def test_a_visit_may_have_no_alarm() -> None:
    assert event_in(visit(alarms=[])).walk("VALARM") == []


def test_phones_know_the_file_by_its_ending() -> None:
    assert FILE_NAME.endswith(".ics")
