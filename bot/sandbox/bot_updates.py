"""Updates that wait for the bot: kept until it confirms them, handed out again until then."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.signals import Signal
from bot.sandbox.telegram_refusal import Refusal

Json = dict[str, Any]

# Telegram leaves these out unless they are asked for by name.
_ONLY_ON_REQUEST = {"chat_member", "message_reaction", "message_reaction_count"}
_LONGEST_POLL = 50
_LARGEST_BATCH = 100


@dataclass(frozen=True)
class Update:
    """`kind` is the field of the Bot API's `Update`; updates of one `lane` reach a webhook in order."""

    update_id: int
    kind: str
    payload: Json
    lane: str

    def as_json(self) -> Json:
        return {"update_id": self.update_id, self.kind: self.payload}


class UpdateQueue:
    """The updates of one bot, in order of their ids."""

    def __init__(self, changed: Signal, first_id: int) -> None:
        self.pending: dict[int, Update] = {}
        self.allowed: frozenset[str] = frozenset()
        self.changed = changed
        self._next_id = first_id
        self._poll = 0

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Which kinds the bot wants from now on. None keeps the setting, empty means the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds)

    def put(self, kind: str, payload: Json, lane: str) -> int | None:
        """Queue an update and return its id; None when the bot does not want this kind."""
        if kind not in self.allowed if self.allowed else kind in _ONLY_ON_REQUEST:
            return None
        update = Update(self._next_id, kind, payload, lane)
        self._next_id += 1
        self.pending[update.update_id] = update
        self.changed.fire()
        return update.update_id

    def done(self, update_id: int) -> None:
        """The bot has this one; it will not be sent again."""
        self.pending.pop(update_id, None)
        self.changed.fire()

    def clear(self) -> None:
        self.pending.clear()
        self.changed.fire()

    def confirm(self, offset: int) -> None:
        """Forget everything before the offset of a `getUpdates`; a negative one counts from the end."""
        if offset < 0:
            ids = list(self.pending)
            offset = ids[offset] if len(ids) >= -offset else offset
        confirmed = [update_id for update_id in self.pending if update_id < offset]
        for update_id in confirmed:
            del self.pending[update_id]
        if confirmed:
            self.changed.fire()

    async def poll(self, offset: int, limit: int, timeout: float) -> list[Json]:
        """One `getUpdates`. A later call ends an earlier one that still waits, with 409."""
        self._poll += 1
        mine = self._poll
        self.changed.fire()
        self.confirm(offset)
        await self.changed.until(
            lambda: bool(self.pending) or self._poll != mine, min(max(timeout, 0), _LONGEST_POLL)
        )
        if self._poll != mine:
            raise Refusal(
                409,
                "Conflict: terminated by other getUpdates request; "
                "make sure that only one bot instance is running",
            )
        count = limit if 1 <= limit <= _LARGEST_BATCH else _LARGEST_BATCH
        return [update.as_json() for update in list(self.pending.values())[:count]]

    def stop_polling(self) -> None:
        """End a waiting `getUpdates` with 409, as setting a webhook does."""
        self._poll += 1
        self.changed.fire()
