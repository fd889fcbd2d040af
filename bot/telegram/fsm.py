"""aiogram's FSM storage over the turn in hand: state and data are loaded and saved once for an update."""

from collections.abc import Mapping
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

from bot.storage import Storage, Turn


class TurnStorage(BaseStorage):
    """What filters and handlers read and write here is stored when the turn ends.

    Outside a turn there is nothing to read and nowhere to write: that is a mistake of ours.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def _turn(self, key: StorageKey) -> Turn:
        return self.storage.in_hand[key.user_id]

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """The state of the question being asked."""
        self._turn(key).state = state.state if isinstance(state, State) else state

    async def get_state(self, key: StorageKey) -> str | None:
        """The state this turn began with, or was given since."""
        return self._turn(key).state

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """The draft and its card, as plain JSON values."""
        self._turn(key).data = dict(data)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """The data of this turn."""
        return dict(self._turn(key).data)

    async def close(self) -> None:
        """The storage itself is closed by whoever built it."""
