"""What the bot knows of a visit whose client it can write to: what that client was last told about it.

Reminders and notices are derived by holding this against One-Link's calendar; nothing here is a job.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.model import UPCOMING, Appointment, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedVisit:
    """An appointment as its client knows it.

    `since` is the moment from which the client knows this start: a reminder that would have been due
    before it is not sent. `reminded` holds the offsets (seconds before the start) of the reminders that
    were sent for this start. `sequence` counts the moves, as a calendar file needs it. `unreached`: the
    client has blocked the bot, and the clinic was asked to call about this state of the appointment.
    """

    appointment_id: int
    client_id: int
    starts_at: datetime
    ends_at: datetime
    resource_id: int
    status: Status
    since: datetime
    reminded: tuple[int, ...] = ()
    sequence: int = 0
    unreached: str | None = None
    cancelled_at: datetime | None = None  # when its own client did, who may take that back for a while
    card_id: int | None = None  # the message that shows it

    @property
    def lies_ahead(self) -> bool:
        """Whether the client, as far as told, still expects to come."""
        return self.status in UPCOMING

    def was_reminded(self, offset: timedelta) -> bool:
        """Whether the reminder this long before the start was sent."""
        return int(offset.total_seconds()) in self.reminded

    def with_reminded(self, offset: timedelta) -> "WatchedVisit":
        """The visit after that reminder."""
        return replace(self, reminded=(*self.reminded, int(offset.total_seconds())))

    def differs(self, appointment: Appointment) -> bool:
        """Whether the client has to be told: another start or specialist, or it is (not) cancelled."""
        return (self.starts_at, self.resource_id, self.status is Status.CANCELLED) != (
            appointment.starts_at,
            appointment.resource_id,
            appointment.status is Status.CANCELLED,
        )

    def as_in(self, appointment: Appointment) -> "WatchedVisit":
        """With the status of a reading, unless the client has confirmed since."""
        if self.status in (Status.CONFIRMED, appointment.status):
            return self
        return replace(self, status=appointment.status)

    def told(self, appointment: Appointment, now: datetime) -> "WatchedVisit":
        """The visit once the client knows how the appointment is now.

        Another start is reminded of anew, and is a change for the calendar of the client's phone.
        """
        moved = self.starts_at != appointment.starts_at
        revived = self.status is Status.CANCELLED and appointment.status is not Status.CANCELLED
        return replace(
            self,
            starts_at=appointment.starts_at,
            ends_at=appointment.ends_at,
            resource_id=appointment.resource_id,
            status=appointment.status,
            since=now if moved or revived else self.since,
            reminded=() if moved else self.reminded,
            sequence=self.sequence + self.differs(appointment),
            unreached=None,
            cancelled_at=None if revived else self.cancelled_at,
        )


def reachable_again(visits: Mapping[int, WatchedVisit], client_id: int) -> dict[int, WatchedVisit]:
    """A client's visits of which reminders were given up, to be taken up again."""
    return {
        number: replace(visit, unreached=None)
        for number, visit in visits.items()
        if visit.client_id == client_id and visit.unreached
    }


def state_of(appointment: Appointment) -> str:
    """What a client would have to be told of, in a few characters."""
    return f"{int(appointment.starts_at.timestamp())}-{appointment.resource_id}-{appointment.status.value}"


def watched(appointment: Appointment, client_id: int, now: datetime) -> WatchedVisit:
    """An appointment that its client knows from now on."""
    return WatchedVisit(
        appointment_id=appointment.id,
        client_id=client_id,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        resource_id=appointment.resource_id,
        status=appointment.status,
        since=now,
    )
