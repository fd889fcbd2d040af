"""Which reminder to send now, and about which visits: rules only, the clock is an argument.

A reminder is named by its offset, the time between it and the start of the visit. None is stored as a
job: a visit, as its client knows it (`WatchedVisit`), and the time now say whether one is due. Every
moment is an aware datetime; `zone` is the venue's, whose wall clock decides what is night and what is
the same day, wherever the client's phone is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.watched import WatchedVisit

#: What would fall into the quiet hours goes out this long before they begin: at 20:30 for 21:00.
_BEFORE_QUIET = timedelta(minutes=30)

#: A client who learnt of the start less than this before a reminder's moment needs no reminder.
_FRESH = timedelta(minutes=30)

#: From this long before the start a client can still decide, and the clinic still fill the gap.
_SHORTEST_QUESTION = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nobody is written to unasked: from `begins` (included) to `ends`, naive local times.

    They may cross midnight. Equal times mean that there are none. Raises ValueError if the rest of the
    day is under 30 minutes, since what moves out of the quiet hours has to find room before them.
    """

    begins: time = time(21)
    ends: time = time(8)

    def __post_init__(self) -> None:
        room = datetime.combine(date.min + timedelta(days=1), self.begins) - _BEFORE_QUIET
        if self.covers(room.time()):
            raise ValueError(f"quiet from {self.begins} to {self.ends}: no {_BEFORE_QUIET} left in the day")

    def covers(self, local: time) -> bool:
        """Whether it is quiet at this local time."""
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """How long before the start to remind, in any order, and when to keep silent."""

    offsets: tuple[timedelta, ...] = (timedelta(hours=24), timedelta(hours=2))
    quiet: QuietHours = QuietHours()


def asks(offset: timedelta) -> bool:
    """Whether this reminder asks if the client comes (12 h and more) or only informs (less).

    Two hours before the start nobody else can take the time any more: the question would be idle.
    """
    return offset >= _SHORTEST_QUESTION


@lru_cache(maxsize=20_000)  # the same visits are looked at every second
def planned(starts_at: datetime, offset: timedelta, policy: ReminderPolicy, zone: ZoneInfo) -> datetime:
    """When this reminder should go out, in UTC.

    `offset` before the start; from within the quiet hours it moves to 30 minutes before they began (for
    21-08: 20:30 the evening before). It moves earlier, never later: late would be too late to act on.
    """
    moment = starts_at.astimezone(UTC) - offset
    local = moment.astimezone(zone)
    if not policy.quiet.covers(local.time()):
        return moment
    began_on = local.date()
    if local.time() < policy.quiet.begins:
        began_on -= timedelta(days=1)
    evening = datetime.combine(began_on, policy.quiet.begins, tzinfo=zone) - _BEFORE_QUIET
    return evening.astimezone(UTC)


def due(visit: WatchedVisit, policy: ReminderPolicy, zone: ZoneInfo, now: datetime) -> timedelta | None:
    """The offset of the one reminder to send now, or None.

    Nothing is sent while it is quiet. A reminder that is late, because the bot was down, still goes out
    up to half its offset before the start: 24 h until 12 h before, 2 h until 1 h before. Of several
    only the one nearest to the start is sent, as it makes the others pointless.
    """
    if policy.quiet.covers(now.astimezone(zone).time()):
        return None
    start = visit.starts_at.astimezone(UTC)
    return min(
        (
            offset
            for offset in policy.offsets
            if _wanted(visit, offset, policy, zone, now)
            and planned(start, offset, policy, zone) <= now <= start - offset / 2
        ),
        default=None,
    )


def together(
    visit: WatchedVisit,
    others: Iterable[WatchedVisit],
    offset: timedelta,
    policy: ReminderPolicy,
    zone: ZoneInfo,
    now: datetime,
) -> list[WatchedVisit]:
    """The visits that one message is about, by start: `visit`, due for `offset`, and what belongs to it.

    Several visits of a client on a day, say of a family, are one message, not one each. A question is
    asked about all of that local day; an information covers what starts up to `offset` after `visit`.
    Only visits that this reminder would yet be sent for join, if at a later moment; whoever sends the
    message marks each of them as reminded. `others` may hold `visit` and other clients' visits.
    """
    joining = (
        other
        for other in others
        if other.client_id == visit.client_id
        and other.appointment_id != visit.appointment_id
        and _wanted(other, offset, policy, zone, now)
        and _near(visit, other, offset, zone)
    )
    return sorted((visit, *joining), key=lambda found: (found.starts_at, found.appointment_id))


def _wanted(
    visit: WatchedVisit, offset: timedelta, policy: ReminderPolicy, zone: ZoneInfo, now: datetime
) -> bool:
    """Whether this reminder is to be sent at all, be it now or later.

    Not without a visit ahead, nor to a client whom the clinic was asked to call. Not twice, nor after a
    reminder nearer to the start. Not if its moment is less than 30 minutes after the client learnt of
    this start: who books or is moved late gets no burst of overdue reminders.
    """
    return (
        visit.lies_ahead
        and visit.starts_at > now
        and not visit.unreached
        and all(timedelta(seconds=sent) > offset for sent in visit.reminded)
        and planned(visit.starts_at, offset, policy, zone) >= visit.since + _FRESH
    )


def _near(visit: WatchedVisit, other: WatchedVisit, offset: timedelta, zone: ZoneInfo) -> bool:
    if asks(offset):
        return other.starts_at.astimezone(zone).date() == visit.starts_at.astimezone(zone).date()
    return timedelta(0) <= other.starts_at.astimezone(UTC) - visit.starts_at.astimezone(UTC) <= offset
