"""Who was first, where One-Link did not lock: the older generation checks and inserts in two steps.

After a creation or a move the day is read again. Of live appointments that overlap, the one with the
smallest id stays; every bot follows this rule, so exactly one gives way (scheduling API, section 7.3).
"""

from bot.domain.model import Appointment, Status
from bot.onelink.scheduling import Scheduling


async def came_second(scheduling: Scheduling, ours: Appointment) -> bool:
    """Whether an appointment with a smaller id than ours holds its slot."""
    reading = await scheduling.calendar(ours.starts_at, ours.ends_at, resource_ids=(ours.resource_id,))
    return any(
        other.id < ours.id
        and other.resource_id == ours.resource_id
        and other.status is not Status.CANCELLED
        and other.starts_at < ours.ends_at
        and other.ends_at > ours.starts_at
        for other in reading.appointments
    )
