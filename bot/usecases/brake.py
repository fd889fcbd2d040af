"""The brake on made-up bookings: so many visits ahead, and so many cancelled in a day, for one client.

Nothing but numbers is looked at: a client who is braked can still be booked by the clinic's staff.
"""

from datetime import datetime

from bot.domain.attempt import AnyAttempt
from bot.domain.client import Client
from bot.domain.watched import WatchedVisit
from bot.onelink.source_id import source_id_for
from bot.storage import COOL_DOWN, Storage

#: More visits than this cancelled within COOL_DOWN, and nothing is booked until they are older.
MOST_CANCELLED = 5


class Brake:
    """Counts visits ahead and cancelled ones. `most_ahead`: None or 0 where that has no limit."""

    def __init__(self, storage: Storage, *, bot_key: str, most_ahead: int | None) -> None:
        self.storage = storage
        self.bot_key = bot_key
        self.most_ahead = most_ahead

    async def begun_or_held(self, client: Client, key: str, now: datetime) -> tuple[AnyAttempt | None, bool]:
        """The attempt with this key, if it was begun before; else whether this client has to ask the staff
        for one more visit. One trip to Redis, no request."""
        cancelled, ahead, begun = await self._look(client, now, key)
        too_many = bool(self.most_ahead) and len(ahead) >= (self.most_ahead or 0)
        return begun, begun is None and (cancelled > MOST_CANCELLED or too_many)

    async def cancelled(self, client: Client, now: datetime) -> int:
        """How many visits this client has cancelled, or left behind by erasing the data, within COOL_DOWN."""
        return (await self._look(client, now))[0]

    async def has_cancelled(self, client_id: int, appointment_id: int, now: datetime) -> None:
        """The client has cancelled a visit; repeat-safe."""
        await self.storage.count_cancelled(self._name(client_id), [appointment_id], now)

    async def has_restored(self, client_id: int, appointment_id: int) -> None:
        """The client has taken that back; repeat-safe."""
        await self.storage.uncount_cancelled(self._name(client_id), appointment_id)

    async def is_erased(self, client: Client, now: datetime) -> None:
        """The bot will not know this client's visits any more: erasing must not loosen the brake.

        What stays for a day is a count under the source id, which only the bot can compute.
        """
        _, ahead, _ = await self._look(client, now)
        await self.storage.count_cancelled(self._name(client.id), [it.appointment_id for it in ahead], now)

    async def _look(
        self, client: Client, now: datetime, key: str = ""
    ) -> tuple[int, list[WatchedVisit], AnyAttempt | None]:
        """Cancelled visits, visits ahead that were booked through the bot, as the client knows them, and the
        attempt with this key."""
        name, made = self._name(client.id), [number for number, _ in client.appointments]
        cancelled, known, begun = await self.storage.standing(name, now - COOL_DOWN, made, key)
        own = (it for it in known if it.client_id == client.id)
        return cancelled, [it for it in own if it.lies_ahead and it.starts_at > now], begun

    def _name(self, client_id: int) -> str:
        return source_id_for(self.bot_key, client_id)
