"""Where clients get to in a dialogue, and where they leave it: counted by question, never by person.

A question counts once for a dialogue, however often it is shown; which ones did is kept with the draft.
A dialogue that is given up is nobody's update: its client is remembered in this process until the draft
has ended by itself. A restart forgets them; those dialogues are missing among the expired.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from time import monotonic as system_monotonic

from bot.domain.attempt import MoveAttempt
from bot.metrics import Metrics
from bot.storage import DRAFT_LIFETIME, Turn
from bot.telegram.states import Booking

#: Where it is kept in the turn's data: `{key}:{step},{step}`.
REACHED = "reached"
#: Clients in the middle of a dialogue: some 4 MB at most. Of more, the oldest are not counted as expired.
MOST_OPEN = 20_000
#: Looked at in one go.
MOST_AT_ONCE = 500

Kept = Callable[[Iterable[int]], Awaitable[set[int]]]


@dataclass(frozen=True, slots=True)
class Place:
    """A question of a dialogue. `key` is that of the attempt to which the dialogue leads."""

    draft: str
    key: str
    dialogue: str
    step: str


class Funnel:
    """`kept` finds the clients whose draft another process has kept alive."""

    def __init__(
        self, metrics: Metrics, kept: Kept, *, monotonic: Callable[[], float] = system_monotonic
    ) -> None:
        self.metrics = metrics
        self._kept = kept
        self._monotonic = monotonic
        self._open: dict[int, tuple[float, Place, str]] = {}  # the longest silent first

    def follow(self, before: Place | None, turn: Turn) -> None:
        """Count what an update has done to its client's dialogue."""
        after, locale = None if turn.forgotten else place_in(turn), turn.client.speaks or ""
        self._open.pop(turn.client.id, None)
        if before is not None and not _goes_on(before, after) and before.key not in turn.finished:
            self._left(before, locale, "left" if after is None else "begun_anew")
        if after is None or after.step == Booking.checking.state:
            return
        self._reach(after, turn, locale)
        self._open[turn.client.id] = (self._monotonic(), after, locale)
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]

    async def expire(self) -> None:
        """Count the dialogues whose drafts have ended by themselves. Raises RedisError."""
        end = self._monotonic() - DRAFT_LIFETIME.total_seconds()
        over = [client for client, (at, _, _) in islice(self._open.items(), MOST_AT_ONCE) if at < end]
        if not over:
            return
        kept = await self._kept(over)
        for client in over:
            at, place, locale = self._open.get(client, (end, None, ""))
            if place is None or at >= end:
                continue  # the client has come back this moment
            del self._open[client]
            if client not in kept:
                self._left(place, locale, "expired")

    def _reach(self, place: Place, turn: Turn, locale: str) -> None:
        draft, _, reached = str(turn.data.get(REACHED, "")).partition(":")
        steps = reached.split(",") if draft == place.draft[:8] else []
        if place.step in steps:
            return
        turn.data[REACHED] = f"{place.draft[:8]}:{','.join((*steps, place.step))}"
        self.metrics.reached.labels(place.dialogue, _short(place), locale).inc()

    def _left(self, place: Place, locale: str, how: str) -> None:
        self.metrics.left.labels(place.dialogue, _short(place), locale, how).inc()


def place_in(turn: Turn) -> Place | None:
    """The question this client is asked; None outside the dialogues that book and move."""
    draft = turn.data.get("draft")
    if not isinstance(draft, dict) or turn.state is None or not turn.state.startswith(_PREFIX):
        return None
    key, moves = str(draft.get("key")), draft.get("moves")
    if moves is None:
        return Place(key, key, "booking", turn.state)
    return Place(key, MoveAttempt.key_for(moves), "move", turn.state)


def _goes_on(before: Place, after: Place | None) -> bool:
    """Confirmed is not left: what comes of it is an attempt's."""
    return before.step == Booking.checking.state or (after is not None and after.draft == before.draft)


_PREFIX = f"{Booking.__name__}:"


def _short(place: Place) -> str:
    return place.step.removeprefix(_PREFIX)
