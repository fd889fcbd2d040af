"""What may go wrong between two Confirms and their outcomes: drawn by Hypothesis, played on a stage."""

import asyncio
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Literal, get_args

from hypothesis import strategies as st

from bot.sandbox.faults import Kind
from bot.sandbox.world import PROFILES, Profile
from tests.clinic import ANNA
from tests.crash.changes import LATER
from tests.crash.clerk import Clerk
from tests.crash.drafts import Drafts
from tests.crash.invariants import Guest, hold
from tests.crash.stage import Intake, Stage, Store, day_ahead, phone_of, staged, typed
from tests.people import Client
from tests.process import Launcher

ONE_LINK = (
    "POST /appointments$",
    "POST /contacts",
    "POST /conversations",
    "GET /contacts",
    "GET /calendar",
    "PATCH /appointments/",
    "POST /cancel$",
    "/api/v1/accounts",
)
TELEGRAM = (
    "/editMessageText",
    "/editMessageReplyMarkup",
    "/sendMessage",
    "/deleteMessage",
    "/answerCallbackQuery",
    "/getUpdates",
)
TIMES = ("10:00", "11:00")
ELSEWHERE = "16:00"
#: Seconds: how long nobody does anything, at most; having nothing in hand ends it.
BREATH = 0.4
#: Seconds that the troubles go on after the last step, unless all have happened or all is done.
LINGER = 3.0

#: Callback data and the message under which the button was.
Button = tuple[str, int]
Step = Literal[
    "first confirms",
    "second confirms",
    "first confirms twice",
    "second types yes",
    "first moves",
    "first cancels",
    "clerk books the first time",
    "clerk cancels the first visit",
    "clerk moves the first visit",
    "clerk cancels the second visit",
    "everybody waits",
    "the clock jumps",
    "Redis restarts",
    "the bots are deployed",
]

#: What becomes of a visit once its client has been told of it.
CHANGES: tuple[Step, ...] = (
    "first moves",
    "first cancels",
    "clerk moves the first visit",
    "clerk cancels the first visit",
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault rule; the kinds `kill_…` kill a bot."""

    match: str
    kind: Kind
    times: int = 1
    skip: int = 0
    status: int | None = None

    def rule(self, pid: int) -> dict[str, Any]:
        """As the sandbox takes it."""
        rule = {"match": self.match, "kind": self.kind, "times": self.times, "skip": self.skip, "seconds": 1}
        if self.kind.startswith("kill"):
            rule["pid"] = pid
        return rule if self.status is None else rule | {"status": self.status}


@dataclass(frozen=True, slots=True)
class Schedule:
    """One story; what its repr says can be played again."""

    profile: Profile = "current"
    intake: Intake = "polling"
    replicas: int = 1
    same_time: bool = True
    troubles: tuple[Trouble, ...] = ()
    steps: tuple[Step, ...] = field(default=("first confirms", "second confirms"))


def _troubles() -> st.SearchStrategy[Trouble]:
    times, skip = st.integers(1, 3), st.integers(0, 2)
    lost = st.sampled_from(["drop_before", "drop_after", "timeout", "hold_after", "delay", "html"])
    status = st.sampled_from([429, 500, 502, 503])
    kill = st.sampled_from(["kill_before", "kill_after"])
    any_request = st.sampled_from([*ONE_LINK, *TELEGRAM])
    return st.one_of(
        st.builds(Trouble, any_request, lost, times, skip),
        st.builds(Trouble, any_request, st.just("status"), times, skip, status),
        st.builds(Trouble, any_request, kill, st.just(1), skip),
    )


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Any schedule in which both clients confirm sooner or later, and the first visit is often changed."""
    intake = draw(st.sampled_from(get_args(Intake)))
    steps = draw(st.lists(st.sampled_from(get_args(Step)), max_size=6))
    wanted: list[Step] = [
        draw(st.sampled_from(["first confirms", "first confirms twice"])),
        "second confirms",
    ]
    for step in wanted:
        steps.insert(draw(st.integers(0, len(steps))), step)
    for step in draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        at = draw(st.integers(steps.index(wanted[0]) + 1, len(steps)))
        steps[at:at] = ["everybody waits", step]
    return Schedule(
        profile=draw(st.sampled_from(PROFILES)),
        intake=intake,
        replicas=draw(st.integers(1, 2)) if intake == "webhook" else 1,
        same_time=draw(st.booleans()),
        troubles=tuple(draw(st.lists(_troubles(), min_size=1, max_size=4))),
        steps=tuple(steps),
    )


async def play(schedule: Schedule, store: Store, launcher: Launcher, drafts: Drafts) -> None:
    """Both clients at the summary; then the steps among the troubles; then all heals and must hold."""
    race = 0.05 if schedule.profile == "published" else 0.0
    async with staged(schedule.profile, schedule.intake, store, launcher, race_window=race) as stage:
        for _ in range(schedule.replicas):
            await stage.starts_bot(kept=True)
        day = day_ahead(3)
        first = Guest(await stage.person(501), day, TIMES[0])
        second = Guest(await stage.person(502), day, TIMES[0] if schedule.same_time else TIMES[1])
        await asyncio.gather(
            *(drafts.reach_the_summary(stage, it.person, day, it.time) for it in (first, second))
        )
        scene = _Scene(stage, day, first, second, Clerk(stage.sandbox.world))
        await scene.prepares()
        for trouble in schedule.troubles:
            stage.breaks(trouble.rule(stage.next_up().pid))
        for step in schedule.steps:
            await scene.plays(step)
        await stage.suffers(LINGER)
        stage.sandbox.faults.clear()
        await stage.settles()
        await hold(stage, [scene.first, scene.second], frozenset(scene.clerk.touched))


@dataclass(slots=True)
class _Scene:
    """Who does what; nobody waits for the bot."""

    stage: Stage
    day: str
    first: Guest
    second: Guest
    clerk: Clerk
    confirming: dict[int, Button] = field(default_factory=dict)

    async def prepares(self) -> None:
        """Both have the button before their eyes, whatever becomes of it."""
        for guest in (self.first, self.second):
            self.confirming[guest.person.chat_id] = await guest.person.remembers("✓ Confirm")

    async def plays(self, step: Step) -> None:
        """One step."""
        match step:
            case "first confirms":
                await self._confirms(self.first.person)
            case "second confirms":
                await self._confirms(self.second.person)
            case "first confirms twice":
                await self._confirms(self.first.person)
                await self._confirms(self.first.person)
            case "second types yes":
                await self._writes(self.second.person, "yes")
            case "first moves":
                await self._moves()
            case "first cancels":
                await self._cancels()
            case "clerk books the first time":
                self.clerk.books(ANNA, self.day, TIMES[0])
            case "clerk cancels the first visit":
                self.clerk.cancels(phone_of(self.first.person.chat_id))
            case "clerk cancels the second visit":
                self.clerk.cancels(phone_of(self.second.person.chat_id))
            case "clerk moves the first visit":
                self.clerk.moves(phone_of(self.first.person.chat_id), self.day, ELSEWHERE)
            case "everybody waits":
                await self._waits()
            case "the clock jumps":
                self.stage.sandbox.clock.advance(31)
            case "Redis restarts":
                await self.stage.store.restart()
            case "the bots are deployed":
                await self.stage.restarts_bots()

    async def _confirms(self, person: Client) -> None:
        await self._taps(person, self.confirming[person.chat_id])

    async def _moves(self) -> None:
        """As far as the first client gets: whoever is shown nothing for a while, goes away."""
        person = self.first.person
        if (button := await self._finds("Another time")) is None:
            return
        looks = self.first.looks + bool(self.first.cancels)
        self.first = replace(self.first, moves=self.first.moves + 1, looks=looks)
        await self._taps(person, button)
        await self._waits()
        if "Which day?" not in (await person.card())["text"]:
            return
        await self._writes(person, typed(self.day, LATER))
        if (button := await self._finds("✓ Move the visit")) is not None:
            await self._taps(person, button)

    async def _cancels(self) -> None:
        """The same."""
        if (button := await self._finds("Cancel the visit")) is None:
            return
        self.first = replace(self.first, cancels=self.first.cancels + 1)
        await self._taps(self.first.person, button)
        if (button := await self._finds("Yes, cancel the visit")) is not None:
            await self._taps(self.first.person, button)

    async def _finds(self, label: str) -> Button | None:
        """The first client's latest button of this name, once the bot has had a moment to show it."""
        await self._waits()
        for message in reversed(await self.first.person.messages()):
            for button in chain.from_iterable(message["buttons"]):
                if button["text"] == label:
                    return button["data"], message["message_id"]
        return None

    async def _waits(self) -> None:
        telegram = self.stage.sandbox.telegram.state
        await telegram.changed.until(lambda: telegram.pending() == 0, BREATH)

    async def _taps(self, person: Client, button: Button) -> None:
        data, message_id = button
        await self._does(person, "tap", {"data": data, "message_id": message_id})

    async def _writes(self, person: Client, text: str) -> None:
        await self._does(person, "say", {"text": text})

    async def _does(self, person: Client, what: str, body: dict[str, Any]) -> None:
        answer = await self.stage.control.post(f"/_sandbox/chats/{person.chat_id}/{what}", json=body)
        answer.raise_for_status()
