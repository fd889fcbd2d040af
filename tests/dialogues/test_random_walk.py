"""Clients who press and type anything, in any order, while the staff book too.

A walk is chosen by its seed; a failure names it and the last steps. `WALKS=50` takes more of them.
"""

import os
import random
from itertools import pairwise
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.app import App
from bot.dialogue.screen import Text
from bot.sandbox.server import Sandbox
from bot.telegram.texts import Texts
from tests.clinic import ANNA, BORIS, Clinic
from tests.people import Client

WALKS = int(os.environ.get("WALKS", "6"))
STEPS = 100
LANGUAGES = ("kk", "ru", "en")

APOLOGY = Text("Something went wrong on our side. What you entered is kept; please try again.")
SAYS_SOMETHING = {
    "sendmessage",
    "editmessagetext",
    "editmessagereplymarkup",
    "deletemessage",
    "answercallbackquery",
}

APOLOGIES = frozenset(Texts("ru")[locale].say(APOLOGY) for locale in LANGUAGES)

#: What people type, whatever was asked.
COMMANDS = ("/start", "/book", "/language", "/operator", "/help", "/start@other_bot")
WORDS = (
    ("да", "нет", "иә", "жоқ", "yes", "no", "ok", "стоп", "назад", "отмена", "артқа", "меню", "оператор"),
    ("пропустить", "skip", "back", "cancel", "Стрижка", "стриж", "hair", "шаш", "Анна", "anna", "ким"),
    ("ертең", "завтра", "tomorrow", "сегодня", "бүгін", "08.01.2030", "31.02.2030", "8", "10:00", "25:99"),
    ("900215312348", "900215312349", "123456789012", "87011234567", "+77011234567", "+998901234567", "701"),
    (
        "25.03.1990",
        "01.01.2099",
        "1",
        "2",
        "3",
        "0",
        "99",
        "-1",
        "²",
        "٣",
        "{name}",
        "%s",
        "<b>x</b>",
        "&lt;",
    ),
    ("👍", "________", "\u202eabc", "утром", "вечером", "10.00", "14:30"),
)
TEXTS = (*COMMANDS, *(word for line in WORDS for word in line))
#: What takes a client further, by the state of the dialogue.
FITTING = {
    "day": ("завтра", "09.01.2030", "2"),
    "slot": ("10:00", "11:30", "1"),
    "consent": ("иә", "да"),
    "name": ("Алия Нурланова", "Ә. Қ-Ң"),
    "phone": ("87011234567", "+998901234567"),
    "iin": ("900215312348", "пропустить"),
    "birth_date": ("25.03.1990",),
    "confirm": ("да", "yes"),
}
SENTENCES = (
    "Алия Нурланова",
    "Ә. Ғ. Қ-Ң",
    "O'Brien-Smith",
    "8 (701) 123-45-67",
    "хочу завтра в 10 к Анне",
    "ертең сағат он",
    "в пятницу вечером",
    "next friday at 3 pm",
    "a" * 4000,
    "я" * 4096,
    "two\nlines",
    "https://example.com",
    "{{ liquid }} {% raw %}",
)
PHONES = ("+77011234567", "77017654321", "87011112233", "+998901234567", "123", "+7")


class Walk:
    """One seed."""

    def __init__(self, seed: int, people: list[Client], bot: App, clinic: Clinic, sandbox: Sandbox) -> None:
        self.chance = random.Random(seed)
        self.bot = bot
        self.people = people
        self.clinic = clinic
        self.sandbox = sandbox
        self.steps: list[str] = []

    async def step(self) -> None:
        """Somebody does something."""
        who = self.chance.choice(self.people)
        kinds = {
            self.taps_the_newest: 35,
            self.answers: 30,
            self.taps_anything: 10,
            self.says_something: 15,
            self.shares_a_contact: 5,
            self.edits: 4,
            self.sends_a_file: 3,
            self.staff_book: 3,
            self.something_breaks: 2,
        }
        [kind] = self.chance.choices(list(kinds), list(kinds.values()))
        self.sandbox.telegram.state.journal.clear()
        answer_needed = await kind(who)
        await who.waits()
        if answer_needed and not await self.is_with_operators(who):
            assert self.bot_did_something_for(who), "no answer"

    async def taps_the_newest(self, who: Client) -> bool:
        """A button of the newest message that has some."""
        chat = await who.chat()
        if keyboard := [button["text"] for row in chat["keyboard"] or [] for button in row]:
            label = self.chance.choice(keyboard)
            self.note(who, "keyboard", label)
            await who._do("POST", "/tap", {"label": label}, settle=False)
            return True
        cards = [m for m in chat["messages"] if m["buttons"] and not m["deleted"]]
        if not cards:
            return await self.says_something(who)
        return await self.taps(who, cards[-1])

    async def taps_anything(self, who: Client) -> bool:
        """A button of any message, as it was or as it is; sometimes twice."""
        cards = [m for m in (await who.chat())["messages"] if m["buttons"] and not m["deleted"]]
        if not cards:
            return await self.says_something(who)
        card = self.chance.choice(cards)
        if self.chance.random() < 0.3:
            await self.taps(who, card)
        return await self.taps(who, card)

    async def taps(self, who: Client, card: dict[str, Any], *, first: bool = False) -> bool:
        data = [b["data"] for row in card["buttons"] for b in row if "data" in b]
        for each in data:
            assert len(each.encode()) <= 64, each
        if not data:
            return False
        chosen = data[0] if first else self.chance.choice(data)
        self.note(who, "tap", chosen)
        body = {"data": chosen, "message_id": card["message_id"]}
        await who._do("POST", "/tap", body, settle=False)
        return True

    async def answers(self, who: Client) -> bool:
        """What was asked for; or the first button, which is mostly the way on."""
        state = await self.bot.storage.redis.hget(f"turn:{{{who.chat_id}}}", "state")  # type: ignore[misc]
        fitting = FITTING.get((state or b"").decode().partition(":")[2])
        if fitting is None or self.chance.random() < 0.3:
            cards = [m for m in (await who.chat())["messages"] if m["buttons"] and not m["deleted"]]
            return await self.taps(who, cards[-1], first=True) if cards else await self.says_something(who)
        text = self.chance.choice(fitting)
        self.note(who, "answer", text)
        await who.says_and_leaves(text)
        return True

    async def says_something(self, who: Client) -> bool:
        text = self.chance.choice([*TEXTS, *SENTENCES])
        self.note(who, "say", text[:40])
        await who.says_and_leaves(text)
        return True

    async def shares_a_contact(self, who: Client) -> bool:
        phone, owner = self.chance.choice(PHONES), self.chance.choice([who.chat_id, 999, None])
        self.note(who, "contact", f"{phone} of {owner}")
        await who._do("POST", "/contact", {"phone": phone, "user_id": owner}, settle=False)
        return True

    async def edits(self, who: Client) -> bool:
        """An edit of something that was not an answer may be passed over."""
        if not any(m["from"] == "person" and m["text"] for m in (await who.chat())["messages"]):
            return await self.says_something(who)
        text = self.chance.choice(SENTENCES)
        self.note(who, "edit", text[:40])
        await who._do("POST", "/edit", {"text": text}, settle=False)
        return False

    async def sends_a_file(self, who: Client) -> bool:
        kind = self.chance.choice(["photo", "sticker", "voice", "document", "location"])
        self.note(who, "send", kind)
        await who._do("POST", "/send", {"kind": kind}, settle=False)
        return True

    async def staff_book(self, who: Client) -> bool:
        """A slot is taken behind everybody's back, or a visit is cancelled."""
        rows = self.sandbox.world.rows("appointments")
        if rows and self.chance.random() < 0.3:
            row = self.chance.choice(rows)
            self.note(who, "staff cancel", str(row["id"]))
            row["status"] = "cancelled"
            return False
        resource_id, day = self.chance.choice([ANNA, BORIS]), self.chance.randint(8, 12)
        hour = self.chance.randint(10, 12)
        start, end = f"2030-01-{day:02d}T{hour - 5:02d}:00:00Z", f"2030-01-{day:02d}T{hour - 5:02d}:30:00Z"
        free = not any(
            row["resource_id"] == resource_id
            and row["status"] != "cancelled"
            and row["starts_at"] < end
            and row["ends_at"] > start
            for row in rows
        )
        if free:
            self.note(who, "staff book", f"{resource_id} {start}")
            visit = {"resource_id": resource_id, "starts_at": start, "ends_at": end, "client_name": "Other"}
            self.sandbox.world.add("appointments", visit)
        return False

    async def something_breaks(self, who: Client) -> bool:
        """One request goes wrong."""
        match, kind = self.chance.choice(
            [
                ("POST /appointments$", "drop_after"),
                ("POST /appointments$", "html"),
                ("GET /calendar", "html"),
                ("POST /cancel$", "drop_after"),
                ("POST /contacts$", "drop_after"),
                ("POST /editMessageText", "drop_after"),
            ]
        )
        self.note(who, "breaks", f"{match} {kind}")
        self.sandbox.faults.add({"match": match, "kind": kind})
        return False

    async def is_with_operators(self, who: Client) -> bool:
        """Then what they write goes to One-Link, and the bot is silent."""
        return (await self.bot.storage.client(who.chat_id)).handoff is not None

    def bot_did_something_for(self, who: Client) -> bool:
        calls = self.sandbox.telegram.state.journal
        here = {str(who.chat_id)} | {str(q) for q in self.sandbox.telegram.state.chats[who.chat_id].queries}
        return any(
            call["method"].lower() in SAYS_SOMETHING
            and str(call["params"].get("chat_id") or call["params"].get("callback_query_id")) in here
            for call in calls
        )

    def note(self, who: Client, what: str, more: str) -> None:
        self.steps.append(f"{who.chat_id} {what} {more!r}")

    async def holds(self, events: list[Any]) -> None:
        """What must be true after every step."""
        for who in self.people:
            chat = self.sandbox.telegram.state.chats.get(who.chat_id)
            if chat is None:
                continue
            assert all(query.answered for query in chat.queries.values()), "a button spins for ever"
            assert not any(m.shown_text in APOLOGIES for m in chat.messages.values()), "something went wrong"
        assert not [e for e in events if e["event"] in ("update_failed", "work_failed")], events
        by_resource: dict[int, list[Any]] = {}
        for row in self.sandbox.world.rows("appointments"):
            if row["status"] != "cancelled":
                by_resource.setdefault(row["resource_id"], []).append(row)
        for rows in by_resource.values():
            rows.sort(key=lambda row: row["starts_at"])
            for earlier, later in pairwise(rows):
                assert earlier["ends_at"] <= later["starts_at"], "two visits at one time"


@pytest.fixture
def profile(request: pytest.FixtureRequest) -> str:
    """Both generations in turn."""
    return "published" if request.node.callspec.params["seed"] % 2 else "current"


@pytest.mark.parametrize("seed", range(WALKS))
async def test_whatever_clients_do_every_update_is_answered_and_nothing_breaks(
    seed: int, bot: App, control: httpx.AsyncClient, clinic: Clinic, sandbox: Sandbox
) -> None:
    people = [Client(control, 501 + n) for n in range(len(LANGUAGES))]
    for person, language in zip(people, LANGUAGES, strict=True):
        await person.is_called(f"Somebody {language}", language)
    walk = Walk(seed, people, bot, clinic, sandbox)
    with capture_logs() as events:
        try:
            for _ in range(STEPS):
                await walk.step()
                await walk.holds(events)
        except BaseException as error:
            error.add_note(f"seed {seed}; the last steps:\n" + "\n".join(walk.steps[-12:]))
            raise
