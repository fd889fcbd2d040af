"""Clients who walk the first half of the booking, from /start to the question after the time.

Closed: so many at a time, each in a hurry, so that the program is never idle. Open: new ones come at random
moments (Poisson), whether the program keeps up or not.
"""

import asyncio
import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from time import perf_counter

from bot.sandbox.telegram_state import TelegramState
from tests.bench.dialogue_cost import TAPS
from tests.bench.walkers import Walker

UPDATES_EACH = 1 + len(TAPS)
#: Numbers as long as Telegram's.
FIRST_CLIENT = 500_000_001
#: Seconds, on average and at random: so the updates of a client do not come in one heap.
READS_S = 0.3
#: Seconds after which as many clients are on their way as will be: a dialogue takes READS_S for each tap.
FILLS_S = 3.0
#: Seconds; who waits longer has found a mistake, not a slow program.
LONGEST_WAIT_S = 30.0


class BookingLoad:
    """The clients of one program, which hears of them by this Telegram. Nobody comes twice."""

    def __init__(self, telegram: TelegramState, first_client: int = FIRST_CLIENT) -> None:
        self._telegram = telegram
        self._numbers = count(first_client)

    async def closed(self, dialogues: int, at_once: int) -> float:
        """Updates a second that the program handles while `at_once` clients tap as soon as they can."""
        with _without_pauses():
            begun = perf_counter()
            left = iter(range(dialogues))
            await asyncio.gather(*(self._hurry(left) for _ in range(at_once)))
            await self._settles()
            return dialogues * UPDATES_EACH / (perf_counter() - begun)

    async def open(self, updates_a_second: float, seconds: float, chance: random.Random) -> list[float]:
        """Seconds from each update to its screen, of those given to Telegram during so many seconds.

        They are counted once as many clients are on their way as there will be. A client taps after having
        read the screen; the time runs from the tap, so that a late load counts for nobody.
        """
        steps: list[tuple[float, float]] = []
        clients: list[asyncio.Task[None]] = []
        arrivals = updates_a_second / UPDATES_EACH
        with _without_pauses():
            loop = asyncio.get_running_loop()
            # Two clocks: that of uvloop has milliseconds only.
            counted_from, at = perf_counter() + FILLS_S, loop.time()
            end = at + FILLS_S + seconds
            while (at := at + chance.expovariate(arrivals)) < end:
                await asyncio.sleep(at - loop.time())
                clients.append(asyncio.create_task(self._read_and_tap(steps, chance)))
            await asyncio.gather(*clients)
            await self._settles()
        return [taken for begun, taken in steps if 0 <= begun - counted_from < seconds]

    async def _hurry(self, dialogues: Iterator[int]) -> None:
        for _ in dialogues:
            walker = Walker(self._telegram, next(self._numbers))
            await walker.start()
            for words in TAPS:
                await walker.tap(words)

    async def _read_and_tap(self, steps: list[tuple[float, float]], chance: random.Random) -> None:
        walker = Walker(self._telegram, next(self._numbers))
        begun = perf_counter()
        await walker.start()
        steps.append((begun, perf_counter() - begun))
        for words in TAPS:
            await asyncio.sleep(chance.expovariate(1 / READS_S))
            begun = perf_counter()
            await walker.tap(words)
            steps.append((begun, perf_counter() - begun))

    async def _settles(self) -> None:
        """Every update is acknowledged. Then the chats go: the sandbox looks for a tap in each of them."""
        telegram = self._telegram
        settled = await telegram.changed.until(lambda: not telegram.pending(), LONGEST_WAIT_S)
        assert settled, "updates are not handled"
        telegram.chats.clear()
        telegram.people.clear()


@contextmanager
def _without_pauses() -> Iterator[None]:
    """No collection of this process's own garbage: its pauses are not those of the program."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
