"""The steps of the booking dialogue in aiogram's terms: what filters, metrics and redis-cli see.

The draft alone decides what is asked; the state is written beside it, in the same write.
"""

from aiogram.fsm.state import State, StatesGroup


class Booking(StatesGroup):
    """One state for each question, and one for the time after Confirm."""

    category = State()
    service = State()
    resource = State()
    day = State()
    slot = State()
    consent = State()
    name = State()
    phone = State()
    iin = State()
    birth_date = State()
    confirm = State()
    checking = State()


class Visits(StatesGroup):
    """Outside bookings: the phone is asked for, to find visits that were made by phone."""

    phone = State()


def state_for(step: str | None) -> str | None:
    """The state while this question of the dialogue is being asked."""
    if step is None:
        return None
    name = {"confirmed": "confirm"}.get(step, step.removesuffix("_id"))
    found: State = getattr(Booking, name)
    return found.state
