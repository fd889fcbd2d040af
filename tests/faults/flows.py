"""What the bot does for a client, as stories: the way to the decisive act, the act, what must be true then.

Each story names every request that its act makes of One-Link and Telegram, so that a fault can be put at each
of them: a rule of `bot.sandbox.faults`, with ` #2` where it is the second of its kind. `@published` and
`@current` end the names of requests that only this generation of One-Link is asked.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.app import App
from bot.sandbox.server import Sandbox
from tests.clinic import NOW, Clinic, Row
from tests.crash.changes import told_of_changes
from tests.crash.invariants import BOOKED, REFUSED, UNFINISHED
from tests.faults.test_reminders import DAY_BEFORE, PHONE, its
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import BACK, WITH_STAFF, calls
from tests.people import Client

NAME, IIN = "Алия Нурланова", "900215312348"
ASKED = "Will you come?"
THANKS = "Thank you, the clinic expects you."
STANDS_ALL_THE_SAME = "The clinic's system did not take your answer. The visit stands all the same."
TELLING_THE_CLINIC = "Telling the clinic that you will come…"
CALLING = "I am calling a person from the clinic…"
MOVED_BY_CLINIC = "The clinic has moved your visit."
BOT_ANSWERS = "I am the bot and answer again."
ENDED = "The clinic's staff have ended the conversation."
TRY_AGAIN = "The clinic's calendar does not answer at the moment. Please try again in a minute."
QUESTION, ANSWER = "May I bring my daughter?", "Of course you may."
BLOCKED = "заблокировал"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everybody who takes part in one story."""

    app: App
    client: Client
    clinic: Clinic
    operator: Operator
    sandbox: Sandbox

    async def texts(self) -> list[str]:
        """Everything the bot shows the client, oldest first."""
        return [m["text"] for m in await self.client.messages() if m["from"] == "bot"]

    async def saying(self, words: str) -> int:
        """How many messages say this."""
        said = self.client.reads(words)
        return sum(said in text for text in await self.texts())

    async def visits(self) -> list[Row]:
        """The appointments that stand."""
        return await self.clinic.appointments()

    async def clock_is(self, moment: Any) -> None:
        """The sandbox's clock jumps, and the bot learns of it."""
        await self.clinic.clock_is(moment)
        await self.app.scheduling.resources()


#: Something somebody does.
Play = Callable[[Scene], Awaitable[None]]
#: What is wrong, in words. `most`: how often a message may be there whose delivery Telegram left in doubt.
Judge = Callable[[Scene, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Flow:
    """One story. `decisive`: the request by which it is done.

    `unreached`: the request by which a client learns the outcome, and what must be true where Telegram says
    that the client has blocked the bot. `put_off`: what may be true instead, where an answer that cannot be
    read came before anything was sent. `rounds`: the worker has to look for it to go on.
    """

    prepare: Play
    act: Play
    wrong: Judge
    requests: tuple[str, ...]
    decisive: str
    unreached: tuple[str, Judge] | None = None
    put_off: Judge | None = None
    rounds: bool = False


def either(one: Judge, other: Judge) -> Judge:
    """One of them has nothing to say against it."""

    async def wrong(scene: Scene, most: int) -> list[str]:
        return await one(scene, most) and await other(scene, most)

    return wrong


def count(what: str, found: int, most: int) -> list[str]:
    """That something is there, and not oftener than `most` times."""
    return [] if 1 <= found <= most else [f"{what}: {found} times"]


# --- booking ------------------------------------------------------------------------------------


async def summary_of_a_stranger(scene: Scene) -> None:
    """Everything that identifies a person has been typed, an IIN as well."""
    await scene.client.reaches_the_name("2030-01-09", "10:00")
    await scene.client.says(NAME)
    await scene.client.shares_phone(PHONE)
    await scene.client.says(IIN)
    await scene.client.sees("Shall I book it?")


async def summary_of_a_friend(scene: Scene) -> None:
    """A second visit of somebody who is known."""
    await a_visit(scene)
    await scene.client.says("/book")
    await scene.client.taps("Haircut", "Anna Ivanova")
    await scene.client.says("10.01.2030 12:00")
    await scene.client.taps("Skip")
    await scene.client.sees("Shall I book it?")


async def confirms(scene: Scene) -> None:
    """The tap that books."""
    await scene.client.taps("✓ Confirm")


async def a_visit(scene: Scene) -> None:
    """The client has booked, Wednesday at ten."""
    await summary_of_a_stranger(scene)
    await confirms(scene)
    await scene.client.sees("You are booked")


def booked(wished: int) -> Judge:
    """So many visits, and a card for each; or one less, and an honest refusal."""

    async def wrong(scene: Scene, most: int) -> list[str]:
        texts, rows = await scene.texts(), await scene.visits()
        broken = [f"a card still says {text[:40]!r}" for text in texts if text.startswith(UNFINISHED)]
        for row in rows:
            cards = [text for text in texts if text.startswith(BOOKED) and f"-{row['id']}\n" in text + "\n"]
            broken += count(f"a card for visit {row['id']}", len(cards), most)
        if len(rows) != wished:
            broken.append(f"{len(rows)} visits instead of {wished}")
        if refused := [text for text in texts if any(words in text for words in REFUSED)]:
            broken.append(f"reads {refused[0][:60]!r}")
        return broken

    return wrong


# --- a visit that exists ------------------------------------------------------------------------


async def asked_to_cancel(scene: Scene) -> None:
    await a_visit(scene)
    await scene.client.taps("Cancel the visit")


async def cancels(scene: Scene) -> None:
    await scene.client.taps("Yes, cancel the visit")


async def a_cancelled_visit(scene: Scene) -> None:
    await asked_to_cancel(scene)
    await cancels(scene)
    await scene.client.sees("This visit is cancelled.")


async def undoes(scene: Scene) -> None:
    await scene.client.taps("Undo: keep the visit")


async def asked_to_move(scene: Scene) -> None:
    await a_visit(scene)
    await scene.client.taps("Another time")
    await scene.client.says("09.01.2030 15:00")
    await scene.client.sees("Shall I move the visit?")


async def moves(scene: Scene) -> None:
    await scene.client.taps("✓ Move the visit")


def put_off(status: str) -> Judge:
    """Nothing was done, and the client reads so and may try again."""

    async def wrong(scene: Scene, most: int) -> list[str]:
        texts = await scene.texts()
        broken = [] if scene.client.reads(TRY_AGAIN) in texts[-1] else ["nobody is asked to try again"]
        return broken + await stands(status, "05:00")(scene, most)

    return wrong


def stands(status: str, at: str) -> Judge:
    """The visit is so in One-Link, whatever its client could be told."""

    async def wrong(scene: Scene, most: int) -> list[str]:
        [row] = await scene.clinic.appointments(live=False)
        now = (row["status"], row["starts_at"][11:16])
        return [] if now == (status, at) else [f"it is {now[0]} at {now[1]}"]

    return wrong


def changed(status: str, at: str, *, moved: int = 0, cancelled: int = 0, said: str) -> Judge:
    """The visit is as the client wished, and the client knows."""

    async def wrong(scene: Scene, most: int) -> list[str]:
        texts, [row] = await scene.texts(), await scene.clinic.appointments(live=False)
        broken = told_of_changes(texts, row, (), wished="10:00", moves=moved * most, cancels=cancelled * most)
        broken += count(said, await scene.saying(said), most)
        return broken + await stands(status, at)(scene, most)

    return wrong


async def reminded(scene: Scene) -> None:
    await a_visit(scene)
    await scene.clock_is(DAY_BEFORE + MINUTE)
    await goes_round(scene)
    await scene.client.sees(ASKED)


async def will_come(scene: Scene) -> None:
    await scene.client.taps("✓ I will come")


async def has_confirmed(scene: Scene, most: int) -> list[str]:
    """The clinic knows, and the client knows that it does."""
    [row] = await scene.visits()
    broken = [] if row["status"] == "confirmed" else [f"it is {row['status']}"]
    broken += count(THANKS, await scene.saying(THANKS), most)
    return broken + [
        f"a card still says {words!r}"
        for words in (TELLING_THE_CLINIC, "cannot tell yet", STANDS_ALL_THE_SAME)
        if await scene.saying(words)
    ]


async def visit_of_tomorrow(scene: Scene) -> None:
    await a_visit(scene)
    await scene.clock_is(DAY_BEFORE + MINUTE)


async def goes_round(scene: Scene) -> None:
    """The worker reads the calendar, and tells and reminds whom it has to."""
    await scene.app.worker.look()
    await scene.app.worker.go_round()


async def is_reminded(scene: Scene, most: int) -> list[str]:
    return count(ASKED, await scene.saying(ASKED), most)


async def visit_that_staff_moved(scene: Scene) -> None:
    await a_visit(scene)
    await scene.clock_is(NOW + 2 * MINUTE)
    await goes_round(scene)
    await scene.clinic.moves(await its(scene.clinic), "2030-01-11", "16:00")


async def is_told_of_the_move(scene: Scene, most: int) -> list[str]:
    shown = [text for text in await scene.texts() if "Friday, 11 January, 16:00" in text]
    broken = [] if shown else ["the new time is nowhere"]
    return broken + count(MOVED_BY_CLINIC, await scene.saying(MOVED_BY_CLINIC), most)


# --- a person of the clinic ---------------------------------------------------------------------


async def in_the_middle(scene: Scene) -> None:
    await scene.client.reaches_the_day()


async def calls_a_person(scene: Scene) -> None:
    await scene.client.taps("Operator")


async def is_with_staff(scene: Scene, most: int) -> list[str]:
    broken = count(WITH_STAFF, await scene.saying(WITH_STAFF), most)
    # A message that Telegram took without saying so has no number: what it says can never be changed.
    if await scene.saying(CALLING) >= most:
        broken.append("a card still says that a person is being called")
    statuses = [row["status"] for row in await scene.operator.conversations()]
    if statuses != ["open"]:
        broken.append(f"conversations: {statuses}")
    return broken + count("the packet", len(await scene.operator.messages("note")), 1)


def staff_have(status: str, notes: int) -> Judge:
    """The conversation is so in One-Link, whatever the client could be told."""

    async def wrong(scene: Scene, most: int) -> list[str]:
        statuses = [row["status"] for row in await scene.operator.conversations()]
        broken = [] if statuses == [status] else [f"conversations: {statuses}"]
        if (found := len(await scene.operator.messages("note"))) != notes:
            broken.append(f"{found} notes")
        return broken

    return wrong


async def with_staff(scene: Scene) -> None:
    await calls(scene.client)
    await scene.operator.waits_until("open")


async def asks_the_person(scene: Scene) -> None:
    await scene.client.says(QUESTION)


async def is_heard(scene: Scene, most: int) -> list[str]:
    heard = await scene.operator.texts("incoming")
    return [] if heard == [QUESTION] else [f"the operators read {heard}"]


async def the_person_answers(scene: Scene) -> None:
    await scene.operator.writes(ANSWER)
    await scene.app.storage.relays.ring(scene.client.chat_id)


async def has_read_the_answer(scene: Scene, most: int) -> list[str]:
    ticks = [row["status"] for row in await scene.operator.messages("outgoing")]
    broken = [] if ticks == ["delivered"] else [f"in One-Link the answer is {ticks}"]
    return broken + count(ANSWER, await scene.saying(ANSWER), most)


async def goes_back(scene: Scene) -> None:
    await scene.client.taps(BACK)


async def the_person_ends_it(scene: Scene) -> None:
    await scene.operator.sets("resolved")
    await scene.app.storage.relays.ring(scene.client.chat_id)


def with_the_bot(status: str, notes: int, said: str) -> Judge:
    """The bot answers again, where the client has left off."""

    async def wrong(scene: Scene, most: int) -> list[str]:
        broken = count(said, await scene.saying(said), most)
        if not await scene.saying("Which day?"):
            broken.append("the draft is not gone on with")
        if (await scene.app.storage.client(scene.client.chat_id)).handoff is not None:
            broken.append("the bot is silent")
        return broken + await staff_have(status, notes)(scene, most)

    return wrong


async def the_clinic_calls(scene: Scene, most: int) -> list[str]:
    """Whoever cannot be reached is called: the note asks for that."""
    notes = [text for text in await scene.operator.texts("note") if BLOCKED in text]
    return [] if len(notes) == 1 else [f"{len(notes)} notes say that the client has blocked the bot"]


async def the_answer_failed(scene: Scene, most: int) -> list[str]:
    ticks = [row["status"] for row in await scene.operator.messages("outgoing")]
    return [] if ticks == ["failed"] else [f"in One-Link the answer is {ticks}"]


TAP = ("POST /answerCallbackQuery", "POST /editMessageText", "POST /editMessageText #2")
LOOK = ("GET /messages$", "GET /conversations/1$")

FLOWS = {
    "book": Flow(
        summary_of_a_stranger,
        confirms,
        booked(1),
        (
            "POST /contact_inboxes/filter$",
            "POST /contacts/filter$",
            "POST /contacts$",
            "POST /conversations$",
            "POST /scheduling/appointments$",
            "POST /scheduling/appointments$ #2 @published",
            "GET /scheduling/calendar$",
            "POST /messages$",
            *LOOK,
            *TAP,
        ),
        unreached=("POST /editMessageText #2", the_clinic_calls),
        decisive="POST /scheduling/appointments$",
    ),
    "book again": Flow(
        summary_of_a_friend,
        confirms,
        booked(2),
        (
            "POST /scheduling/appointments$",
            "GET /scheduling/calendar$",
            "POST /messages$",
            *LOOK,
            *TAP,
        ),
        unreached=("POST /editMessageText #2", the_clinic_calls),
        decisive="POST /scheduling/appointments$",
    ),
    "cancel": Flow(
        asked_to_cancel,
        cancels,
        changed("cancelled", "05:00", cancelled=1, said="This visit is cancelled."),
        (
            "GET /scheduling/appointments/1$",
            "GET /scheduling/appointments/1$ #2",
            "GET /scheduling/appointments/1$ #3",
            "POST /cancel$",
            *TAP,
        ),
        decisive="POST /cancel$",
        unreached=("POST /editMessageText #2", stands("cancelled", "05:00")),
        put_off=put_off("scheduled"),
    ),
    "undo": Flow(
        a_cancelled_visit,
        undoes,
        changed("scheduled", "05:00", said="Your visit stands again."),
        (
            "GET /scheduling/appointments/1$",
            "GET /scheduling/appointments/1$ #2",
            "PATCH /scheduling/appointments/1$",
            *TAP,
        ),
        decisive="PATCH /scheduling/appointments/1$",
        unreached=("POST /editMessageText #2", stands("scheduled", "05:00")),
        put_off=put_off("cancelled"),
    ),
    "move": Flow(
        asked_to_move,
        moves,
        changed("scheduled", "10:00", moved=1, said="Your visit is moved."),
        (
            "GET /scheduling/appointments/1$",
            "PATCH /scheduling/appointments/1$",
            "GET /scheduling/calendar$",
            *TAP,
            "POST /editMessageText #3",
        ),
        decisive="PATCH /scheduling/appointments/1$",
        unreached=("POST /editMessageText #2", stands("scheduled", "10:00")),
        put_off=put_off("scheduled"),
    ),
    "attend": Flow(
        reminded,
        will_come,
        has_confirmed,
        (
            "GET /scheduling/appointments/1$",
            "GET /scheduling/appointments/1$ #2",
            "PATCH /scheduling/appointments/1$",
            *TAP,
            "POST /editMessageText #3",
        ),
        decisive="PATCH /scheduling/appointments/1$",
        unreached=("POST /editMessageText #2", stands("confirmed", "05:00")),
        put_off=put_off("scheduled"),
    ),
    "remind": Flow(
        visit_of_tomorrow,
        goes_round,
        is_reminded,
        (
            "GET /scheduling/services$",
            "GET /scheduling/resources$",
            "GET /scheduling/calendar$",
            "POST /sendMessage",
        ),
        unreached=("POST /sendMessage", the_clinic_calls),
        rounds=True,
        decisive="POST /sendMessage",
    ),
    "notice": Flow(
        visit_that_staff_moved,
        goes_round,
        is_told_of_the_move,
        ("GET /scheduling/calendar$", "POST /sendMessage", "POST /editMessageText"),
        unreached=("POST /sendMessage", the_clinic_calls),
        rounds=True,
        decisive="POST /sendMessage",
    ),
    "call": Flow(
        in_the_middle,
        calls_a_person,
        is_with_staff,
        (
            "POST /contact_inboxes/filter$",
            "POST /contacts$",
            "POST /conversations$",
            "POST /messages$",
            "POST /toggle_status$",
            *LOOK,
            "POST /answerCallbackQuery",
            "POST /editMessageReplyMarkup",
            "POST /sendMessage",
            "POST /editMessageText",
        ),
        decisive="POST /conversations$",
        unreached=("POST /editMessageText", staff_have("open", 1)),
    ),
    "ask": Flow(with_staff, asks_the_person, is_heard, ("POST /messages$", *LOOK), "POST /messages$"),
    "answer": Flow(
        with_staff,
        the_person_answers,
        has_read_the_answer,
        (*LOOK, "PATCH /messages/", "POST /sendMessage"),
        unreached=("POST /sendMessage", the_answer_failed),
        decisive="POST /sendMessage",
    ),
    "back": Flow(
        with_staff,
        goes_back,
        with_the_bot("pending", 2, BOT_ANSWERS),
        (
            "GET /conversations/1$",
            "GET /conversations/1$ #2",
            "POST /messages$",
            "POST /toggle_status$",
            "GET /messages$",
            "POST /answerCallbackQuery",
            "POST /editMessageText",
            "POST /sendMessage",
        ),
        decisive="POST /toggle_status$",
        unreached=("POST /sendMessage", staff_have("pending", 2)),
    ),
    "ended": Flow(
        with_staff,
        the_person_ends_it,
        with_the_bot("resolved", 1, ENDED),
        (*LOOK, "POST /editMessageText", "POST /sendMessage"),
        decisive="POST /sendMessage",
        unreached=("POST /sendMessage", staff_have("resolved", 1)),
    ),
}
