"""Clients who write to the bot at moments of their own, whether the bot is quick or not."""

import asyncio
import random
from time import perf_counter

from bot.sandbox.chat import Chat, Message
from bot.sandbox.people import People
from bot.sandbox.telegram_state import TelegramState

#: Seconds; who waits longer has found a mistake, not a slow bot.
LONGEST_WAIT_S = 30.0
#: One in so many acts is /start, the others are taps.
START_EVERY = 4
#: Taps lead from the menu to the list of visits and back.
TAPS = ("My visits", "Menu")


class Walker:
    """One client. What is on the screen is looked up in the sandbox's Telegram, not asked for over HTTP."""

    def __init__(self, telegram: TelegramState, chat_id: int) -> None:
        self._people = People(telegram)
        self._chat: Chat = telegram.chat(chat_id)
        self._chat.person.language_code = "en"

    async def act(self, chance: random.Random) -> None:
        """/start or a tap, and wait for the screen that answers it. AssertionError if none comes."""
        label = self._label()
        if label is None or chance.randrange(START_EVERY) == 0:
            await self.start()
        else:
            await self.tap(label)

    async def start(self) -> None:
        """/start is answered by a new message."""
        asked: int = self._people.says(self._chat, "/start")["message_id"]
        await self._until_newer(asked, edits=0)

    async def tap(self, words: str) -> None:
        """Tap the first button with these words: answered by an edit of its message, or by a new one."""
        label = next(label for label in self._labels() if words in label)
        asked: int = self._people.taps_label(self._chat, label)["message_id"]
        await self._until_newer(asked, len(self._chat.messages[asked].history))

    async def _until_newer(self, message_id: int, edits: int) -> None:
        def answered() -> bool:
            card = self._card()
            return card is not None and (card.message_id, len(card.history)) > (message_id, edits)

        assert await self._chat.signal.until(answered, LONGEST_WAIT_S), "a client is not answered"

    def _card(self) -> Message | None:
        return next((message for message in self._chat.newest_first() if message.from_bot), None)

    def _label(self) -> str | None:
        shown = self._labels()
        return next((label for label in TAPS if label in shown), None)

    def _labels(self) -> list[str]:
        card = self._card()
        return [button["text"] for row in card.buttons for button in row] if card else []


class Crowd:
    """Walkers who act at random moments (Poisson), `rate` acts a second in all."""

    def __init__(self, walkers: list[Walker], rate: float, seed: int) -> None:
        self._free: asyncio.Queue[Walker] = asyncio.Queue()
        for walker in walkers:
            self._free.put_nowait(walker)
        self._rate = rate
        self._chance = random.Random(seed)

    async def walks(self, seconds: float) -> list[float]:
        """Seconds from each act to its screen.

        Open loop: acts come when they come. Should all walkers be waiting for the bot, an act waits, too, and
        that counts. The time runs from when the act was handed over, so that a late load counts for nobody.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        at = loop.time() + self._chance.expovariate(self._rate)
        acts: list[asyncio.Task[float]] = []
        while at < end:
            await asyncio.sleep(at - loop.time())
            acts.append(asyncio.create_task(self._act()))
            at += self._chance.expovariate(self._rate)
        taken = await asyncio.gather(*acts)
        await asyncio.sleep(end - loop.time())
        return list(taken)

    async def _act(self) -> float:
        begun = perf_counter()  # the clock of uvloop has milliseconds only
        walker = await self._free.get()
        try:
            await walker.act(self._chance)
        finally:
            self._free.put_nowait(walker)
        return perf_counter() - begun
