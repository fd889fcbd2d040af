"""The process that goes the rounds is killed while it writes to a client: nobody stays untold.

Telegram has no key against doubles. Whoever is killed before the message has left sends it once in the
end; killed after it, perhaps twice, and never not at all.
"""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from bot.sandbox.faults import Kind
from bot.sandbox.world import Profile
from tests.clinic import local
from tests.crash.invariants import BOOKED
from tests.crash.matrix import generations
from tests.crash.stage import Stage, Store, day_ahead, reaches_the_summary, staged, until
from tests.people import Client
from tests.process import Launcher

#: Seconds: the dead one's turn (4 s) and the next rounds.
TOLD_AGAIN_WITHIN = 15.0
#: Seconds in which the rounds are gone a few times more.
ROUNDS_MORE = 3.0
REMINDER, NOTICE = "Will you come?", "The clinic has moved your visit."
MOST = {"kill_before": 1, "kill_after": 2}


@pytest.mark.timeout(90)
@pytest.mark.parametrize(
    ("words", "kind", "profile"),
    [
        (words, kind, profile)
        for words, kind in product((REMINDER, NOTICE), MOST)
        for profile in generations(f"{kind} {words}")
    ],
)
async def test_what_a_killed_process_was_telling_is_told(
    words: str, kind: Kind, profile: Profile, launcher: Launcher, tmp_path: Path
) -> None:
    store = Store(tmp_path / "redis")
    await store.start()
    try:
        async with staged(profile, "polling", store, launcher) as stage:
            victim = await stage.starts_bot()
            day = day_ahead(3)
            client = await stage.person(501)
            await reaches_the_summary(client, day, "10:00")
            await client.taps("✓ Confirm")
            await client.sees(BOOKED)
            stage.breaks({"match": "POST /sendMessage", "kind": kind, "pid": victim.pid})
            await _gives_cause(stage, words, day)
            assert await until(lambda: _is_gone(victim.ended.is_set()), TOLD_AGAIN_WITHIN)
            # The rounds of the dead one are left to it for some seconds more: these are over now.
            await store.redis.delete("rounds")
            await stage.starts_bot()
            enough = MOST[kind]
            await until(lambda: _has_read(client, words, enough), TOLD_AGAIN_WITHIN)
            assert await _has_read(client, words, 1), stage.log()
            assert not await until(lambda: _has_read(client, words, enough + 1), ROUNDS_MORE)
    finally:
        await store.stop()


async def _gives_cause(stage: Stage, words: str, day: str) -> None:
    """The reminder becomes due, or staff move the visit."""
    [row] = stage.sandbox.world.rows("appointments")
    if words == NOTICE:
        await stage.clinic.moves(row["id"], day, "15:00")
    else:
        await stage.clinic.clock_is(local(day, "10:00") - timedelta(hours=24) + timedelta(minutes=1))


async def _has_read(client: Client, words: str, times: int) -> bool:
    words = client.reads(words)
    return sum(words in text for text in await client.words_of_bot()) >= times


async def _is_gone(ended: bool) -> bool:
    return ended
