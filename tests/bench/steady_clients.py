"""Clients who tap once and wait, whatever becomes of the process that answers them.

They show what is lost: a tap that has to be repeated, or a dialogue that does not come to its last screen.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

from bot.sandbox.chat import Chat
from bot.sandbox.people import People
from bot.sandbox.telegram_state import TelegramState
from tests.bench.dialogue_cost import TAPS

#: On the screen after the last tap.
LAST = "I agree"
FIRST_CLIENT = 800_000_001
#: Seconds, after which a tap is taken as lost: more than twice of what a killed process costs.
LONGEST_WAIT_S = 10.0


@dataclass(slots=True)
class Walked:
    """What became of clients.

    `taken`: seconds from an update to its screen. `repeated`: taps that led nowhere, so that the
    client tapped again. `lost`: what was on the screens of clients who came no further by that either.
    """

    clients: int = 0
    taken: list[float] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class SteadyClients:
    """Nobody comes twice."""

    def __init__(self, telegram: TelegramState) -> None:
        self._telegram = telegram
        self._people = People(telegram)
        self._numbers = count(FIRST_CLIENT)

    async def walk(self, at_once: int, seconds: float) -> Walked:
        """So many side by side; no new ones come after so many seconds, those who have begun go on."""
        walked = Walked()
        end = perf_counter() + seconds
        await asyncio.gather(*(self._one_by_one(end, walked) for _ in range(at_once)))
        telegram = self._telegram
        if not await telegram.changed.until(lambda: not telegram.pending(), LONGEST_WAIT_S):
            walked.lost.append(f"{telegram.pending()} updates are not acknowledged")
        telegram.chats.clear()
        telegram.people.clear()
        return walked

    async def _one_by_one(self, end: float, walked: Walked) -> None:
        while perf_counter() < end:
            walked.clients += 1
            await self._walk(walked)

    async def _walk(self, walked: Walked) -> None:
        """From /start to the last screen."""
        chat = self._telegram.chat(next(self._numbers))
        chat.person.language_code = "en"
        tapped, before, begun = "", (0, 0), perf_counter()
        self._people.says(chat, "/start")
        for words in (*TAPS, LAST):
            label = await _comes(chat, words, before)
            if label is None and tapped in _labels(chat):
                walked.repeated.append(f"“{tapped}”")
                before, begun = _age(chat), perf_counter()
                self._people.taps_label(chat, tapped)
                label = await _comes(chat, words, before)
            if label is None:
                walked.lost.append(f"no “{words}”, but {' · '.join(_labels(chat)) or 'no button'}")
                return
            walked.taken.append(perf_counter() - begun)
            if words != LAST:
                tapped, before, begun = label, _age(chat), perf_counter()
                self._people.taps_label(chat, tapped)


async def _comes(chat: Chat, words: str, before: tuple[int, int]) -> str | None:
    """The label of a button with these words on a screen that came after that one."""

    def there() -> bool:
        return _age(chat) > before and any(words in label for label in _labels(chat))

    if not await chat.signal.until(there, LONGEST_WAIT_S):
        return None
    return next(label for label in _labels(chat) if words in label)


def _age(chat: Chat) -> tuple[int, int]:
    """Grows with each screen: a new message, or one more edit of it. (0, 0) before the first."""
    card = next((message for message in chat.newest_first() if message.from_bot), None)
    return (card.message_id, len(card.history)) if card else (0, 0)


def _labels(chat: Chat) -> Sequence[str]:
    card = next((message for message in chat.newest_first() if message.from_bot), None)
    return [button["text"] for row in card.buttons for button in row] if card else []
