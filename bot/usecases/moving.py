"""Moving a visit: one PATCH, or the truth about why not. Never a cancellation and a new booking.

`Moving.settle` may be called again for the same attempt at any time, by any process: it looks where the
appointment is before it asks for anything, and asking for the same times again is harmless.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.domain.attempt import MoveAttempt
from bot.domain.client import Client
from bot.domain.errors import BookingError, OneLinkUnreachable, SlotTaken
from bot.domain.model import Appointment, Slot
from bot.onelink.scheduling import Scheduling
from bot.storage import Storage
from bot.usecases.rivals import came_second
from bot.usecases.visits import Visit, Visits

log = structlog.get_logger(__name__)

#: How long an attempt is left to the process that works on it.
LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Moved:
    """The visit is at its new time."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class NotMoved:
    """The visit is at its old time, for certain."""

    why: BookingError


@dataclass(frozen=True, slots=True)
class Otherwise:
    """The clinic has cancelled or moved it meanwhile, or it has begun: that stands."""

    visit: Visit


@dataclass(frozen=True, slots=True)
class StillUnknown:
    """Nobody knows yet; the attempt is stored and due again."""

    attempt: MoveAttempt
    due: datetime


MoveOutcome = Moved | NotMoved | Otherwise | StillUnknown


class Moving:
    """Moves the visits whose new time clients confirmed."""

    def __init__(self, scheduling: Scheduling, visits: Visits, storage: Storage) -> None:
        self.scheduling = scheduling
        self.visits = visits
        self.storage = storage

    async def begin(self, attempt: MoveAttempt, now: datetime) -> None:
        """Store the attempt before anything leaves; the worker of any process takes it over if this dies."""
        await self.storage.save_attempt(attempt, now + LEASE)

    async def settle(self, attempt: MoveAttempt, client: Client, now: datetime) -> MoveOutcome:
        """One try. A certain outcome stays stored until it has been shown."""
        try:
            visit = await self.visits.visit(client, attempt.appointment_id)
            if attempt.yielding:
                return await self._put_back(visit, attempt)
            if not _is_at(visit.appointment, attempt.wanted):
                if not visit.lies_ahead(now) or not _is_at(visit.appointment, attempt.was):
                    return Otherwise(visit)
                if attempt.wanted.starts_at <= now:
                    return NotMoved(SlotTaken("past"))
                visit = Visit(await self._asked(attempt), visit.client)
                if not _is_at(visit.appointment, attempt.wanted):
                    return Otherwise(visit)
            if await came_second(self.scheduling, visit.appointment):
                # Stored first: where it then is must not read as "moved by the clinic".
                attempt = replace(attempt, yielding=True)
                await self.storage.save_attempt(attempt, now + LEASE)
                return await self._put_back(visit, attempt)
            return Moved(visit)
        except OneLinkUnreachable as error:
            attempt = attempt.tried_again()
            due = now + attempt.pause()
            await self.storage.save_attempt(attempt, due)
            log.warning("move_unsettled", tries=attempt.tries, status=error.status)
            return StillUnknown(attempt, due)
        except BookingError as error:
            return NotMoved(error)

    async def _asked(self, attempt: MoveAttempt) -> Appointment:
        # The older One-Link prices anew when the resource is named: only where it changes.
        other = attempt.wanted.resource_id != attempt.was.resource_id
        return await self.scheduling.update_appointment(
            attempt.appointment_id,
            starts_at=attempt.wanted.starts_at,
            ends_at=attempt.wanted.ends_at,
            resource_id=attempt.wanted.resource_id if other else None,
        )

    async def _put_back(self, visit: Visit, attempt: MoveAttempt) -> MoveOutcome:
        """Somebody was first at the new time. Should the old one be gone too, it stands where it is."""
        if _is_at(visit.appointment, attempt.was):
            return NotMoved(SlotTaken("yielded"))
        back = replace(attempt, was=attempt.wanted, wanted=attempt.was)
        try:
            await self._asked(back)
        except OneLinkUnreachable:
            raise
        except BookingError as error:
            log.error("double_booking_stands", code=error.code, status=error.status)
            return Moved(visit)
        return NotMoved(SlotTaken("yielded"))


def _is_at(appointment: Appointment, slot: Slot) -> bool:
    return (appointment.starts_at, appointment.resource_id) == (slot.starts_at, slot.resource_id)
