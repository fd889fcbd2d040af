"""Clients at "Shall I book it?", many times: the questions are answered once, and then come back to."""

from dataclasses import dataclass, field
from typing import Any, cast

from tests.crash.stage import Stage, reaches_the_summary
from tests.people import Client

#: Whose, and what is wished: the client, the day, the time.
Wish = tuple[int, str, str]


@dataclass(slots=True)
class Drafts:
    """What the bot keeps of unfinished bookings, to be put into the Redis of another stage.

    Answering seven questions costs as much as all that a schedule is about; a client who comes back the next
    day is at the same point.
    """

    _kept: dict[Wish, tuple[dict[str, str], str]] = field(default_factory=dict)

    async def reach_the_summary(self, stage: Stage, person: Client, day: str, time: str) -> None:
        """As `reaches_the_summary`, by a single message where the same was wished before."""
        wish = (person.chat_id, day, time)
        redis = cast(Any, stage.store.redis)
        turn, client = f"turn:{{{person.chat_id}}}", f"client:{{{person.chat_id}}}"
        if wish in self._kept:
            draft, known = self._kept[wish]
            await redis.hset(turn, mapping=draft)
            await redis.set(client, known)
            await person.says("/book")
            await person.sees("Shall I book it?")
            return
        await reaches_the_summary(person, day, time)
        draft = await redis.hgetall(turn)
        draft.pop("seen")  # the updates of that Telegram
        self._kept[wish] = draft, await redis.get(client)
