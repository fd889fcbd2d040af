"""A visit as a file for the client's own calendar (iCalendar, RFC 5545).

A calendar app recognises a visit by its UID and believes the file with the largest SEQUENCE. So
the UID is made of One-Link's id alone and never changes, and every later file, the cancelling one
too, needs a larger `sequence`: otherwise the app keeps both times or the old one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard
from icalendar.enums import STATUS

#: What the file is called in the chat; phones choose the calendar app by the ending.
FILE_NAME = "visit.ics"

_PRODUCT = "-//booking-bot//One-Link visits//EN"


def calendar_file(
    *,
    appointment_id: int,
    account: str,
    starts_at: datetime,
    ends_at: datetime,
    zone: ZoneInfo,
    title: str,
    description: str,
    location: str | None,
    sequence: int,
    cancelled: bool,
    stamp: datetime,
    alarms: Sequence[timedelta],
) -> bytes:
    """One visit, UTF-8, ready to be sent as `FILE_NAME`.

    `account` separates the ids of two One-Link accounts and looks like a host: "7@one-link.kz".
    `zone` is the venue's: the file shows its clock, wherever the reader is. The words are in the
    client's language. `stamp` is now. `alarms` say how long before the start to ring; a cancelled
    visit never rings. All datetimes are aware.
    """
    event = Event.new(
        uid=f"appointment-{appointment_id}.{account}",
        sequence=sequence,
        stamp=stamp.astimezone(UTC),
        start=starts_at.astimezone(zone),
        end=ends_at.astimezone(zone),
        summary=title,
        description=description,
        location=location or None,
        status=STATUS.CANCELLED if cancelled else STATUS.CONFIRMED,
    )
    for before in () if cancelled else alarms:
        event.add_component(Alarm.new_display(title, -before))

    calendar = Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(_venue_clock(starts_at, zone))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _venue_clock(at: datetime, zone: ZoneInfo) -> Timezone:
    """The venue's offset on the day of the visit, and nothing of the zone's history.

    With it a program whose zone data is old (Almaty at +06:00) can still find the right hour. One
    offset is enough: nobody is being treated while the clocks change.
    """
    local = at.astimezone(zone)
    offset = local.utcoffset()
    observance = TimezoneStandard()
    observance.add("DTSTART", datetime.combine(local.date(), time()))
    observance.add("TZNAME", local.tzname())
    observance.add("TZOFFSETFROM", offset)
    observance.add("TZOFFSETTO", offset)

    clock = Timezone()
    clock.add("TZID", zone.key)
    clock.add_component(observance)
    return clock
