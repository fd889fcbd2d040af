"""A talk between a client and an operator in which processes die, and Redis and One-Link go away.

In the end everything has arrived, in order: what the client wrote exactly once, what the operator wrote at
most once more than that (section 5 of the conversations API: Telegram has no key against doubles).

TALKS: how many talks are drawn (default 4); TALKS_SEED draws the same ones again.
"""

import asyncio
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Literal

import pytest

from bot.relay_worker import CLAIM
from bot.sandbox.faults import Kind
from bot.sandbox.world import PROFILES, Profile
from tests.crash.matrix import generations
from tests.crash.stage import Intake, Stage, Store, staged, stores, until
from tests.handoff.conftest import INBOX, STAFF
from tests.handoff.operators import Operator
from tests.people import Client
from tests.process import BotProcess, Launcher
from tests.test_redaction import assert_nothing_of

TALKS = int(os.environ.get("TALKS", "4"))
SEED = int(os.environ.get("TALKS_SEED", str(random.SystemRandom().randrange(10**9))))
#: So many are played at a time: waiting overlaps with others' work.
AT_ONCE = 4
#: Seconds: for one talk with all its waiting; until something has arrived.
LONGEST, ARRIVES_WITHIN = 150, 60.0
#: Seconds in which a process that is told to stop has finished.
STOPS_WITHIN = 10.0
CHAT = 501

#: What is asked of One-Link and of Telegram in a talk.
REQUESTS = (
    "POST /contact_inboxes/filter",
    "POST /contacts$",
    "POST /conversations$",
    "POST /conversations/",  # the note
    "POST /toggle_status$",
    "GET /file/bot",
    "POST /public/",
    "GET /messages$",
    "POST /sendMessage",
    "POST /editMessageText",
    "PATCH /messages/",
)
Step = Literal["client writes", "client sends a photo", "operator writes", "Redis restarts", "deployment"]
TALK: tuple[Step, ...] = (
    "client writes",
    "client sends a photo",
    "client writes",
    "operator writes",
    "operator writes",
    "client writes",
)


@dataclass
class Talk:
    """What was said, to be compared with what was heard."""

    stage: Stage
    client: Client
    operator: Operator
    said: list[str] = field(default_factory=list)  # by the client; a photo is ""
    answered: list[str] = field(default_factory=list)

    async def begins(self) -> None:
        """The client asks for a person; nobody waits for the bot."""
        await self.client.says_and_leaves("/operator")

    async def plays(self, step: Step) -> None:
        """One step."""
        match step:
            case "client writes":
                self.said.append(f"word {len(self.said)}")
                await self.client.says_and_leaves(self.said[-1])
            case "client sends a photo":
                self.said.append("")
                path = f"/_sandbox/chats/{CHAT}/send"
                (await self.stage.control.post(path, json={"kind": "photo"})).raise_for_status()
            case "operator writes":
                if await until(self._is_open, ARRIVES_WITHIN):
                    self.answered.append(f"answer {len(self.answered)}")
                    await self.operator.writes(self.answered[-1])
                    await self.rings()
            case "Redis restarts":
                await self.stage.store.restart()
            case "deployment":
                await self.stage.restarts_bots()

    async def rings(self) -> None:
        """As a doorbell does: there is something new in the conversation."""
        await self.stage.store.redis.zadd("relays", {str(CHAT): 0})

    async def ends_well(self, *, doubles: int, in_order: bool = True) -> None:
        """Everything has arrived; so many of the operator's messages may be there twice. `in_order`: that
        of the client's is certain, for no update had to be handled, or to be sent, again."""
        assert await until(self._all_has_arrived, ARRIVES_WITHIN), (
            f"{await self._heard()}\n{self.stage.log()}"
        )
        rows = await self.operator.messages("incoming")
        heard = [row["content"] or "" for row in rows]
        assert sorted(heard) == sorted(self.said), self.stage.log()
        assert not in_order or heard == self.said, self.stage.log()
        assert len({row["source_id"] for row in rows}) == len(rows)
        assert all(bool(row["attachments"]) == (not row["content"]) for row in rows)
        assert len(await self.operator.messages("note")) == 1
        assert len(await self.operator.conversations()) == 1
        assert len(self.stage.sandbox.world.rows("contacts")) == 1
        shown = await self._shown()
        assert [text for text, _ in groupby(shown)] == self.answered, self.stage.log()
        assert len(shown) - len(self.answered) <= doubles, self.stage.log()
        assert self.stage.gave_up == []
        words = [*filter(None, self.said), *self.answered]
        assert_nothing_of(self.stage.log(), *words, where="the logs")

    async def _all_has_arrived(self) -> bool:
        if self.stage.sandbox.telegram.state.pending() or not await self._is_open():
            return False
        heard = await self.operator.texts("incoming")
        answers = await self.operator.messages("outgoing")
        ticked = all(row["status"] == "delivered" for row in answers)
        if len(heard) >= len(self.said) and ticked and set(self.answered) <= set(await self._shown()):
            return True
        await self.rings()
        return False

    async def _shown(self) -> list[str]:
        lines = [text.splitlines()[-1] for text in await self.client.words_of_bot() if text]
        return [line for line in lines if line in self.answered]

    async def _heard(self) -> tuple[list[str], list[str]]:
        return await self.operator.texts() if await self.operator.conversations() else [], await self._shown()

    async def _is_open(self) -> bool:
        found = await self.operator.conversations()
        return bool(found) and found[0]["status"] == "open"


async def begun(stage: Stage, replicas: int = 1) -> tuple[Talk, BotProcess]:
    """A client, an operator, and the process that will get the first update."""
    await stage.clinic.changes(users=STAFF, inboxes=[INBOX])
    for _ in range(replicas):
        await stage.starts_bot(kept=True)
    client = await stage.person(CHAT)
    await client.says("/start")
    return Talk(stage, client, Operator(stage.control)), stage.next_up()


async def spares_the_lease(stage: Stage, victim: BotProcess) -> None:
    """What the dead one had in hand is left to it for some seconds more: these are over now."""
    await victim.ended.wait()
    await stage.store.redis.delete(f"relaying:{{{CHAT}}}")
    await stage.store.redis.zadd("relays", {str(CHAT): 0})


async def side_by_side(plays: Sequence[object], directory: Path, launcher: Launcher) -> None:
    """Each on a stage of its own, some at a time; the first failure is raised, with what was played."""
    left = list(plays)

    async def play_on(store: Store) -> None:
        while left:
            it = left.pop()
            try:
                async with asyncio.timeout(LONGEST):
                    await it(store, launcher)  # type: ignore[operator]
            except BaseException as error:
                left.clear()
                error.add_note(f"{it}\nTALKS_SEED={SEED} TALKS={TALKS}")
                raise

    async with stores(directory, min(AT_ONCE, len(left))) as places:
        found = await asyncio.gather(*map(play_on, places), return_exceptions=True)
    for error in found:
        if error is not None:
            raise error


@dataclass(frozen=True)
class Killed:
    """A whole talk; the process dies at this request."""

    match: str
    kind: Kind
    profile: Profile

    async def __call__(self, store: Store, launcher: Launcher) -> None:
        async with staged(self.profile, "polling", store, launcher) as stage:
            talk, victim = await begun(stage)
            # The first message of the bot in this talk says that somebody is being called.
            skip = 1 if self.match == "POST /sendMessage" else 0
            stage.breaks({"match": self.match, "kind": self.kind, "pid": victim.pid, "skip": skip})
            sparing = asyncio.create_task(spares_the_lease(stage, victim))
            await talk.begins()
            for step in TALK:
                await talk.plays(step)
            await talk.ends_well(doubles=1)
            assert not victim.alive, "nobody was killed"
            await sparing


@pytest.mark.timeout(0)  # each talk is bounded
@pytest.mark.parametrize("kind", ["kill_before", "kill_after"])
async def test_whoever_is_killed_at_a_request_loses_nothing(
    kind: Kind, launcher: Launcher, tmp_path: Path
) -> None:
    plays = [Killed(match, kind, it) for match in REQUESTS for it in generations(f"{kind} {match}")]
    await side_by_side(plays, tmp_path, launcher)


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong `times` times, after `skip` requests alike."""

    match: str
    kind: Kind
    skip: int
    times: int


@dataclass(frozen=True)
class Drawn:
    """A talk with what goes wrong in it; replicas with the webhook only."""

    profile: Profile
    intake: Intake
    replicas: int
    troubles: tuple[Trouble, ...]
    steps: tuple[Step, ...]

    async def __call__(self, store: Store, launcher: Launcher) -> None:
        async with staged(self.profile, self.intake, store, launcher) as stage:
            talk, _ = await begun(stage, self.replicas)
            deaths = 0
            for trouble in self.troubles:
                rule = {"match": trouble.match, "kind": trouble.kind, "skip": trouble.skip}
                if trouble.kind in ("kill_before", "kill_after"):
                    deaths += 1
                    stage.breaks(rule | {"pid": stage.bots[deaths % len(stage.bots)].pid})
                else:
                    stage.breaks(rule | {"times": trouble.times, "status": 503})
            await talk.begins()
            for step in self.steps:
                await talk.plays(step)
            once_each = "update_waits" not in stage.log() and not (deaths and self.intake == "webhook")
            await talk.ends_well(doubles=sum(it.times for it in self.troubles) + 1, in_order=once_each)


def drawn(number: int) -> Drawn:
    """The same one for the same seed."""
    draw = random.Random(f"{SEED}-{number}")
    kinds: list[Kind] = ["status", "html", "drop_before", "drop_after", "kill_before", "kill_after"]
    intake: Intake = draw.choice(["polling", "webhook"])
    steps = list(TALK[:3])
    for _ in range(draw.randrange(3, 8)):
        one: Step = draw.choice([*TALK, "Redis restarts", "deployment"])
        steps.append(one)
    troubles = tuple(
        Trouble(draw.choice(REQUESTS), draw.choice(kinds), draw.randrange(3), draw.randrange(1, 3))
        for _ in range(draw.randrange(1, 4))
    )
    return Drawn(
        draw.choice(PROFILES),
        intake,
        draw.randrange(1, 3) if intake == "webhook" else 1,
        troubles,
        tuple(steps),
    )


@pytest.mark.timeout(0)  # each talk is bounded; how many there are is up to TALKS
async def test_every_drawn_talk_ends_well(launcher: Launcher, tmp_path: Path) -> None:
    await side_by_side([drawn(number) for number in range(TALKS)], tmp_path, launcher)


async def test_of_two_replicas_the_other_one_goes_on_when_the_lease_is_over(
    launcher: Launcher, tmp_path: Path
) -> None:
    async with stores(tmp_path, 1) as [store], staged("current", "webhook", store, launcher) as stage:
        talk, victim = await begun(stage, replicas=2)
        stage.breaks({"match": "POST /toggle_status$", "kind": "kill_after", "pid": victim.pid})
        stage.breaks({"match": "POST /toggle_status$", "kind": "hold_after", "seconds": 1})
        await talk.begins()
        await talk.plays("client writes")
        begun_at = monotonic()
        await talk.ends_well(doubles=0)
        assert monotonic() - begun_at < CLAIM.total_seconds() + 8


async def test_two_replicas_relay_each_message_once_and_one_takeover(
    launcher: Launcher, tmp_path: Path
) -> None:
    async with stores(tmp_path, 1) as [store], staged("current", "webhook", store, launcher) as stage:
        talk, _ = await begun(stage, replicas=2)
        await talk.begins()
        for _ in range(3):
            for step in TALK:
                await talk.plays(step)
        await talk.ends_well(doubles=0)


async def test_whoever_is_told_to_stop_in_the_middle_stops_in_time_and_loses_nothing(
    launcher: Launcher, tmp_path: Path
) -> None:
    async with stores(tmp_path, 1) as [store], staged("current", "polling", store, launcher) as stage:
        await stage.clinic.changes(users=STAFF, inboxes=[INBOX])
        bot = await stage.starts_bot()
        client = await stage.person(CHAT)
        talk = Talk(stage, client, Operator(stage.control))
        await talk.begins()
        stage.breaks({"match": "POST /public/", "kind": "delay", "seconds": 0.5, "times": 0})
        for _ in range(12):  # more at once would be turned away
            await talk.plays("client writes")
        await until(lambda: _has_heard(talk, 2), ARRIVES_WITHIN)
        begun_at = monotonic()
        assert await bot.terminate() == 0
        assert monotonic() - begun_at < STOPS_WITHIN
        assert not await store.redis.exists(f"relaying:{{{CHAT}}}")
        stage.sandbox.faults.clear()
        await stage.starts_bot()
        await talk.ends_well(doubles=0)


async def _has_heard(talk: Talk, count: int) -> bool:
    return (
        bool(await talk.operator.conversations()) and len(await talk.operator.messages("incoming")) >= count
    )
