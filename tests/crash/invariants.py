"""What must be true when the dust has settled, whatever broke on the way.

A client who confirmed has exactly one appointment and exactly one card that says so, or none and an
honest sentence; nothing is left behind that nobody will finish.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any, cast

from redis.asyncio import Redis

from tests.clinic import ALMATY, Row
from tests.crash.changes import knows, told_of_changes
from tests.crash.stage import IIN, NAME, Stage, phone_of
from tests.people import Client, Message
from tests.test_redaction import assert_nothing_of

BOOKED = "You are booked."
CHANGED = "Your visit was booked, but"
UNFINISHED = ("Booking your visit", "Checking your booking")
#: Ways to say honestly that nothing was booked.
REFUSED = (
    "This time has just been taken.",
    "is taken. Free nearby:",
    "is taken, and there is no other free time near it.",
    "The clinic does not work at this time any more.",
    "The clinic has just changed what it offers.",
    "The clinic's system did not accept the booking",
    "The clinic's system does not let me book",
    "Something went wrong on our side.",
)
BOT_MARK = "tgbot:"


@dataclass(frozen=True, slots=True)
class Guest:
    """A client who confirmed one visit, and when (`10:00` of that day at the clinic).

    `since`: the message after which the story begins; what was said before it belongs to an earlier one.
    `moves`, `cancels`: how often the client began to move or to cancel the visit; `looks`: how often a button
    of an older card was pressed after that: it says then, too, how the visit is.
    """

    person: Client
    day: str
    time: str
    since: int = 0
    moves: int = 0
    cancels: int = 0
    looks: int = 0

    async def reads(self) -> list[Message]:
        """What the bot shows this client."""
        messages = await self.person.messages()
        return [m for m in messages if m["from"] == "bot" and m["message_id"] > self.since]


async def hold(stage: Stage, guests: list[Guest], touched: frozenset[int] = frozenset()) -> None:
    """All of them. `touched`: appointments that the clinic's staff moved or cancelled themselves."""
    rows = stage.sandbox.world.rows("appointments")
    broken = [*_in_the_calendar(rows, stage), *await _in_redis(stage, guests, rows)]
    broken += [f"not told of {what}" for what in await stage.owed()]
    broken += [f"a bot gave up by itself: {last_words}" for last_words in stage.gave_up]
    for guest in guests:
        messages = await guest.reads()
        mine = [row for row in rows if row["client_phone"] == phone_of(guest.person.chat_id)]
        found = _told(guest, messages, mine, touched)
        told = [f"client {guest.person.chat_id}: {what}" for what in found]
        if told:
            shown = "\n    ".join(f"{m['message_id']}: {m['text'][:120]!r}" for m in messages[-4:])
            told.append(f"  the chat ends:\n    {shown}\n  appointments: {[_short(row) for row in mine]}")
        broken += told
    assert not broken, "\n".join([*broken, "", stage.log()])
    phones = (phone_of(guest.person.chat_id)[1:] for guest in guests)
    assert_nothing_of(stage.log(), *NAME.split(), IIN, *phones, where="the logs")


def _in_the_calendar(rows: list[Row], stage: Stage) -> list[str]:
    """No key has two appointments, none is double-booked by us, nobody has two conversations."""
    broken = []
    keys = Counter(row["idempotency_key"] for row in rows if row["idempotency_key"])
    broken += [f"{count} appointments with the key {key}" for key, count in keys.items() if count > 1]
    live = [row for row in rows if row["status"] != "cancelled"]
    for first, second in combinations(live, 2):
        overlap = first["starts_at"] < second["ends_at"] and second["starts_at"] < first["ends_at"]
        # What staff book on top of a visit is theirs to know; what the bot books there is not.
        if overlap and first["resource_id"] == second["resource_id"] and _ours(second):
            broken.append(f"double booking: {_short(first)} and {_short(second)}")
    conversations = Counter(row["contact_id"] for row in stage.sandbox.world.rows("conversations"))
    broken += [f"{count} conversations of contact {who}" for who, count in conversations.items() if count > 1]
    return broken


async def _in_redis(stage: Stage, guests: list[Guest], rows: list[Row]) -> list[str]:
    """All of ours is watched, no attempt is left, and an IIN only in the draft of who has no visit yet."""
    broken = []
    drafts = {f"turn:{{{guest.person.chat_id}}}" for guest in guests if not _booked(guest, rows)}
    redis = stage.store.redis
    watched = await cast(Any, redis.hkeys("visits"))
    broken += [
        f"nobody watches {_short(row)}"
        for row in rows
        if _ours(row) and row["status"] != "cancelled" and str(row["id"]) not in watched
    ]
    if left := await redis.zrange("attempts", 0, -1):
        broken.append(f"attempts left: {left}")
    async for key in redis.scan_iter():
        if IIN in await _content(redis, key) and key not in drafts:
            broken.append(f"an IIN is left in {key}")
        if key.startswith("attempt:"):
            broken.append(f"left behind: {key}")
    return broken


async def _content(redis: "Redis", key: str) -> str:
    kind = await redis.type(key)
    if kind == "hash":
        return str(await cast(Any, redis.hgetall(key)))
    return str(await redis.get(key)) if kind == "string" else ""


def _told(guest: Guest, messages: list[Message], mine: list[Row], touched: frozenset[int]) -> list[str]:
    """What is wrong with what this client reads, given the appointments there are and were."""
    live = [row for row in mine if row["status"] != "cancelled"]
    texts = [message["text"] for message in messages]
    booked = [text for text in texts if text.startswith(BOOKED)]
    changed = [text for text in texts if text.startswith(CHANGED)]
    refused = [text for text in texts if any(words in text for words in REFUSED)]
    wrong = [f"a card still says {text[:40]!r}" for text in texts if text.startswith(UNFINISHED)]
    if len(live) > 1:
        wrong.append(f"{len(live)} appointments")
    if len(booked) + len(changed) > 1:
        wrong.append(f"{len(booked)} cards say booked, {len(changed)} say changed")
    if mine and (guest.moves or guest.cancels):
        # Only a visit that has been told has such buttons; its card may be another one by now.
        return wrong + told_of_changes(
            texts,
            mine[-1],
            touched,
            wished=guest.time,
            moves=guest.moves,
            cancels=guest.cancels,
            looks=guest.looks,
        )
    if changed_by_staff := [row for row in mine if row["id"] in touched]:
        # The card that said "booked" says by now how it is. What we gave up ourselves, because somebody else
        # was first, was never told of, whatever staff did with it in that moment.
        wrong += [
            f"not told how it is now: {_short(row)}"
            for row in changed_by_staff
            if not knows(texts, row) and (row in live or not refused)
        ]
    elif live:
        if not booked:
            wrong.append("has a visit and no card that says so")
        if refused:
            wrong.append(f"has a visit and reads {refused[0][:60]!r}")
    elif booked or changed:
        wrong.append("has no visit and a card that says so")
    elif not refused:
        wrong.append("has no visit and is not told")
    wrong += [
        f"the card does not tell the truth: {text!r}" for text in booked if not _true(text, guest, mine)
    ]
    return wrong


def _true(text: str, guest: Guest, mine: list[Row]) -> bool:
    """Whether a card shows what was confirmed, and names an appointment that is this client's."""
    day = datetime.fromisoformat(guest.day)
    when = f"{day:%A}, {day.day} {day:%B}, {guest.time}"
    code = [row for row in mine if f"-{row['id']}\n" in text + "\n"]
    return bool(code) and "Specialist: Anna Ivanova" in text and f"When: {when}" in text


def _booked(guest: Guest, rows: list[Row]) -> bool:
    return any(
        row["client_phone"] == phone_of(guest.person.chat_id) and row["status"] != "cancelled" for row in rows
    )


def _ours(row: Row) -> bool:
    return str(row["external_ref"] or "").startswith(BOT_MARK)


def _short(row: Row) -> str:
    start = datetime.fromisoformat(row["starts_at"]).astimezone(ALMATY)
    return (
        f"{row['id']} {row['status']} {start:%d.%m %H:%M} resource {row['resource_id']} {row['external_ref']}"
    )
