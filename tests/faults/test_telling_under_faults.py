"""Reminders and notices while something breaks, and while client and staff act at the same moment."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import App, opened
from bot.sandbox.faults import Kind
from bot.sandbox.server import Sandbox
from bot.settings import load_settings
from bot.storage import Storage
from bot.usecases.rounds import MOST_STRAYS
from bot.worker import LATER
from tests.clinic import ANNA, BORIS, HAIRCUT, NOW, Clinic, local
from tests.conftest import StartBot, settings_for
from tests.crash.stage import Store
from tests.faults.test_reminders import AT_10, DAY_BEFORE, PHONE, TWO_HOURS_BEFORE, its, passes, texts_with
from tests.faults.weather import OneLinkWeather
from tests.faults.wire import Telegram
from tests.people import Client
from tests.test_redaction import assert_nothing_of

IDENTITY = ("Алия", "Нурланова", "7011234567", "900215312348")
ASKED, MINUTE = "Will you come?", timedelta(minutes=1)
MOVED, CANCELLED = "The clinic has moved your visit.", "The clinic has cancelled your visit."
RESTORED = "Your visit stands again."
NOTICES = (MOVED, CANCELLED, RESTORED)


@pytest.fixture(autouse=True)
def nothing_unforeseen_or_personal(logged: list[Any]) -> Iterator[None]:
    """Whatever breaks was thought of, and no log names a client."""
    yield
    unforeseen = [it for it in logged if it["event"] in ("telling_failed", "rounds_failed")]
    assert not unforeseen, unforeseen
    assert_nothing_of("\n".join(map(str, logged)), *IDENTITY, where="the logs")


async def a_client(control: httpx.AsyncClient, chat_id: int = 501) -> Client:
    person = Client(control, chat_id)
    await person.is_called(f"Guest {chat_id}", "en")
    return person


async def no_notices(client: Client) -> None:
    told = [text for fragment in NOTICES for text in await texts_with(client, fragment)]
    assert not told, told


async def rounds_are_elsewhere(app: App) -> None:
    """Another replica goes the rounds: this one looks and tells only where a test makes it."""
    await app.storage.let_go("rounds")
    assert await Storage(app.storage.redis).hold("rounds", 10 * MINUTE)


async def notes(clinic: Clinic) -> list[str]:
    """What the operators were asked to call about."""
    conversations = (await clinic.world())["conversations"]
    written = [m["content"] for it in conversations for m in it.get("messages", []) if m.get("private")]
    return [text for text in written if "заблокировал" in text]


async def replies(sandbox: Sandbox, client: Client, text: str, fragment: str) -> None:
    """Type an answer to the message that says `fragment`, as Telegram's "Reply" does."""
    state, chat = sandbox.telegram.state, sandbox.telegram.state.chat(client.chat_id)
    shown = [m for m in await client.messages() if m["from"] == "bot" and fragment in m["text"]]
    answered = chat.visible(shown[-1]["message_id"])
    assert answered is not None
    quoted = chat.message_json(answered)
    said = {
        "message_id": 900_001,
        "date": quoted["date"],
        "chat": quoted["chat"],
        "from": {"id": client.chat_id, "is_bot": False, "first_name": "Guest", "language_code": "en"},
        "text": text,
        "reply_to_message": quoted,
    }
    state.emit("message", said, str(client.chat_id))
    await client.waits()


# One-Link, Redis and Telegram break.


@pytest.mark.parametrize("kind", ["status", "html", "drop_before"])
async def test_while_the_calendar_does_not_answer_nothing_is_sent_and_then_all_is(
    client: Client, clinic: Clinic, bot: App, weather: OneLinkWeather, kind: Kind
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.clock_is(DAY_BEFORE + MINUTE)
    await bot.scheduling.resources()
    said = len(await client.words_of_bot())
    weather.goes_down(kind, 502)
    assert not await bot.worker.look()
    assert len(await client.words_of_bot()) == said
    weather.comes_back()
    bot.worker.forgets_failures()
    await passes(clinic, bot, DAY_BEFORE + 5 * MINUTE)
    assert len(await texts_with(client, ASKED)) == 1


async def test_redis_restarting_while_a_reminder_is_on_its_way_costs_no_reminder(
    start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient, sandbox: Sandbox, tmp_path: Path
) -> None:
    store = Store(tmp_path / "redis")
    await store.start()
    try:
        async with start_bot(redis_url=store.url) as app:
            client = await a_client(control)
            await client.books("2030-01-09", "10:00")
            held = sandbox.faults.add({"match": "/sendMessage", "kind": "delay", "seconds": 1})
            passing = asyncio.create_task(passes(clinic, app, DAY_BEFORE + MINUTE))
            async with asyncio.timeout(10):
                while not held.fired:
                    await client.messages()
            await store.restart()
            await asyncio.wait([passing])
            passing.exception()
            app.worker.forgets_failures()
            await passes(clinic, app, DAY_BEFORE + 3 * MINUTE)
            await passes(clinic, app, DAY_BEFORE + 5 * MINUTE)
            assert 1 <= len(await texts_with(client, ASKED)) <= 2
            await client.taps("✓ I will come")
            await client.sees("Thank you, the clinic expects you.")
    finally:
        await store.stop()


async def reminded_at_ten(clinic: Clinic, control: httpx.AsyncClient, count: int) -> list[Client]:
    """So many clients with a visit each, some of them at the same time: staff squeezed them in."""
    people = [await a_client(control, 501 + number) for number in range(count)]
    for number, person in enumerate(people):
        await person.books("2030-01-09", f"{9 + number // 2}:{30 * (number % 2):02d}", f"+7701123456{number}")
    for row in await clinic.appointments():
        await clinic.moves(row["id"], "2030-01-09", "10:00")
    return people


async def test_one_whom_telegram_slows_down_keeps_nobody_else_waiting(
    bot: App, clinic: Clinic, control: httpx.AsyncClient, telegram: Telegram
) -> None:
    people = await reminded_at_ten(clinic, control, 4)
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await telegram.refuses("sendMessage", 429, retry_after=2, chat_id=501)
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    written = [
        int(call["params"]["chat_id"])
        for call in telegram.calls("sendMessage")
        if call["ok"] and "Your visit: " in str(call["params"]["text"])
    ]
    assert set(written) >= {502, 503, 504}
    assert 501 not in written[:3], f"others have waited for the one: {written}"
    bot.worker.forgets_failures()
    await passes(clinic, bot, DAY_BEFORE + 3 * MINUTE)
    assert [len(await texts_with(person, ASKED)) for person in people] == [1, 1, 1, 1]


async def test_a_long_pause_that_telegram_asks_for_is_kept(
    client: Client, clinic: Clinic, bot: App, telegram: Telegram
) -> None:
    """Longer than the bot's own pause between two tries."""
    await client.books("2030-01-09", "10:00")
    before = len(telegram.calls("sendMessage", 501))
    await telegram.refuses("sendMessage", 429, retry_after=300, chat_id=501)
    for minutes in (1, 2, 3):
        await passes(clinic, bot, DAY_BEFORE + minutes * MINUTE)
    assert len(telegram.calls("sendMessage", 501)) == before + 1
    assert bot.worker.put_off_for(501) > LATER


async def test_one_of_many_has_blocked_the_bot_and_the_others_are_reminded(
    bot: App, clinic: Clinic, control: httpx.AsyncClient
) -> None:
    people = await reminded_at_ten(clinic, control, 4)
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await people[1].blocks()
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    assert [len(await texts_with(person, ASKED)) for person in people] == [1, 0, 1, 1]
    assert len(await notes(clinic)) == 1


async def test_a_blocked_client_with_two_visits_costs_one_call_and_one_note_for_each_message(
    client: Client, clinic: Clinic, bot: App, telegram: Telegram
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.books_for(PHONE, BORIS, "2030-01-11", "16:00")
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await client.blocks()
    await client.waits()
    before = len(telegram.calls("sendMessage", 501))
    for moment in (DAY_BEFORE, TWO_HOURS_BEFORE, local("2030-01-10", "16:00"), local("2030-01-11", "14:00")):
        for minutes in (1, 3, 5):
            bot.worker.forgets_failures()
            await passes(clinic, bot, moment + minutes * MINUTE)
    assert len(telegram.calls("sendMessage", 501)) - before == 2
    assert len(await notes(clinic)) == 2


async def test_the_note_about_a_blocked_client_is_left_once_one_link_takes_it(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.blocks()
    await client.waits()
    await clinic.fault("POST /messages", "status", status=502, times=0)
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await clinic.is_well_again()
    bot.http._breaker.succeeded()
    for minutes in (3, 5):
        bot.worker.forgets_failures()
        await passes(clinic, bot, DAY_BEFORE + minutes * MINUTE)
    assert len(await notes(clinic)) == 1


async def test_a_cancellation_that_a_blocked_client_cannot_read_is_a_note_of_its_own(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.blocks()
    await client.waits()
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    assert len(await notes(clinic)) == 1
    await clinic.cancels(await its(clinic))
    await passes(clinic, bot, DAY_BEFORE + 5 * MINUTE)
    assert len(await notes(clinic)) == 2


# Client and staff act between the look and the telling.


async def test_what_the_client_moved_after_the_look_is_not_told_from_before(
    client: Client, clinic: Clinic, bot: App
) -> None:
    """Staff move it; before the notice leaves, the client sees that and moves it to an own wish."""
    await client.books("2030-01-09", "10:00")
    number = await its(clinic)
    await clinic.moves(number, "2030-01-10", "10:00")
    await rounds_are_elsewhere(bot)
    [change] = await bot.worker.rounds.look(bot.clock())
    await client.taps("Another time")
    await client.says("11.01.2030 15:00")
    await client.taps("✓ Move the visit")
    await bot.worker.telling.tell(change, bot.clock())
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await no_notices(client)


async def test_what_the_client_cancelled_after_the_look_does_not_stand_again(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.moves(await its(clinic), "2030-01-10", "10:00")
    await rounds_are_elsewhere(bot)
    [change] = await bot.worker.rounds.look(bot.clock())
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await bot.worker.telling.tell(change, bot.clock())
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await no_notices(client)


async def test_what_the_client_moves_while_the_calendar_is_being_read_is_not_told(
    start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The range takes two requests; the move comes between them, after the page with the old time."""
    async with start_bot(horizon="60d") as app:
        client = await a_client(control)
        await client.books("2030-01-09", "10:00")
        await client.taps("Another time")
        await client.says("11.01.2030 15:00")
        slow = {"match": "GET /scheduling/calendar", "kind": "delay", "seconds": 2, "skip": 1}
        held = sandbox.faults.add(slow)
        looking = asyncio.create_task(app.worker.look())
        async with asyncio.timeout(10):
            while not held.fired:
                await client.messages()
        await client.taps("✓ Move the visit")
        await looking
        await passes(clinic, app, NOW + 2 * MINUTE)
        await no_notices(client)


async def test_a_cancellation_with_an_unknown_outcome_is_told_by_its_card_and_by_no_notice(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.taps("Cancel the visit")
    await clinic.fault("POST /cancel$", "drop_after")
    await client.taps("Yes, cancel the visit")
    await clinic.fault("GET /scheduling/appointments/", "status", status=503, times=0)
    await bot.worker.look()
    assert not await clinic.appointments()
    assert await bot.storage.open_attempts() == 1
    await no_notices(client)
    await clinic.is_well_again()
    bot.http._breaker.succeeded()
    await passes(clinic, bot, NOW + 4 * MINUTE)
    await client.waits_for("This visit is cancelled.")
    await passes(clinic, bot, NOW + 6 * MINUTE)
    await no_notices(client)


async def test_a_visit_that_staff_cancel_after_the_reminder_was_found_is_told_next(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.clock_is(DAY_BEFORE + MINUTE)
    await bot.scheduling.resources()
    await bot.worker.look()
    await clinic.cancels(await its(clinic))
    await bot.worker.look()
    await bot.worker.go_round()
    await client.sees(CANCELLED)
    assert not await texts_with(client, ASKED)


async def test_what_the_client_cancelled_after_the_look_is_not_reminded_of(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await rounds_are_elsewhere(bot)
    await clinic.clock_is(DAY_BEFORE + MINUTE)
    await bot.scheduling.resources()
    await bot.worker.rounds.look(bot.clock())
    found = bot.worker.rounds.due(bot.clock())
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    for due in found:
        await bot.worker.telling.remind(due, bot.clock())
    assert not await texts_with(client, ASKED)


# A reminder in the middle of something else.


async def test_a_reminder_comes_into_an_open_dialogue_which_goes_on(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await client.sees(ASKED)
    await client.says("11.01.2030 15:00")
    await client.taps("Skip")
    await client.sees("Shall I book it?", "15:00")
    await client.taps("✓ Confirm")
    assert len(await clinic.appointments()) == 2


async def test_a_refusal_typed_in_the_middle_of_a_booking_belongs_to_that(
    client: Client, clinic: Clinic, bot: App, sandbox: Sandbox
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await client.says("не приду")
    await client.sees("Which day?")
    assert not await texts_with(client, "Cancel this visit?")
    await replies(sandbox, client, "не приду", client.reads(ASKED))
    await client.sees("Cancel this visit?")


async def test_another_time_in_reply_to_a_reminder_does_not_drop_a_booking_without_asking(
    client: Client, clinic: Clinic, bot: App, sandbox: Sandbox
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await replies(sandbox, client, "перенесите", client.reads(ASKED))
    async with bot.storage.turn(501) as turn:
        assert turn is not None
        assert turn.data["draft"].get("moves") is None, "the booking has been dropped without a question"


async def test_a_change_of_language_counts_for_the_next_reminder(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await client.says("/language")
    await client.taps("Қазақша")
    client.locale = "kk"
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await client.sees(ASKED)


# Whose visit it is, and what it has become.


async def test_a_visit_for_a_relative_is_told_to_who_booked_it(
    client: Client, rival: Client, clinic: Clinic, bot: App
) -> None:
    await rival.books("2030-01-09", "12:00", phone="+77017777777")
    await client.reaches_the_name("2030-01-09", "10:00")
    await client.says("Алия Нурланова", "+77017777777")
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked.")
    number = next(
        row["id"] for row in await clinic.appointments() if row["starts_at"].startswith("2030-01-09T05")
    )
    await clinic.moves(number, "2030-01-09", "11:00")
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await client.sees(MOVED)
    await no_notices(rival)
    await passes(clinic, bot, AT_10 + timedelta(hours=1) - timedelta(hours=24) + MINUTE)
    assert len(await texts_with(client, ASKED)) == 1
    assert not await texts_with(rival, ASKED)


async def test_two_clients_with_visits_on_one_day_read_of_their_own_only(
    client: Client, rival: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await rival.books("2030-01-09", "10:30", phone="+77017777777")
    await passes(clinic, bot, DAY_BEFORE + 35 * MINUTE)
    [own], [theirs] = await texts_with(client, ASKED), await texts_with(rival, ASKED)
    assert "10:00" in own
    assert "10:30" not in own
    assert "10:30" in theirs
    assert "10:00" not in theirs


async def test_a_visit_that_staff_cancelled_and_restored_is_told_and_reminded_of(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    number = await its(clinic)
    await clinic.cancels(number)
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await client.sees(CANCELLED)
    await clinic.restores(number)
    await passes(clinic, bot, NOW + 4 * MINUTE)
    await client.sees(RESTORED, "10:00")
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await client.sees(ASKED)
    assert len(await texts_with(client, RESTORED)) == 1


async def test_a_visit_moved_into_the_early_morning_is_reminded_of_the_evening_before(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "15:00")
    await clinic.moves(await its(clinic), "2030-01-10", "09:00")
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await passes(clinic, bot, local("2030-01-09", "20:31"))
    await client.sees("Your visit: tomorrow, Thursday, 10 January, 09:00")
    said = len(await client.words_of_bot())
    await passes(clinic, bot, local("2030-01-10", "07:01"))
    await passes(clinic, bot, local("2030-01-10", "08:01"))
    assert len(await client.words_of_bot()) == said


async def test_another_specialist_is_told_once_and_the_reminder_names_that_one(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.moves(await its(clinic), "2030-01-09", "10:00", resource_id=BORIS)
    for minutes in (2, 4):
        await passes(clinic, bot, NOW + minutes * MINUTE)
    assert len(await texts_with(client, "Your visit will be with another specialist.")) == 1
    await client.sees("Boris Kim")
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await client.sees(ASKED, "Boris Kim")


async def test_a_visit_whose_service_is_no_longer_offered_is_reminded_of_all_the_same(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await clinic.drops("services", HAIRCUT)
    bot.front.desk.forget_catalogue()
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await client.sees("Your visit: tomorrow, Wednesday, 9 January, 10:00", ASKED)


async def archives(clinic: Clinic, resource_id: int) -> None:
    """The specialist has left; the calendar shows neither them nor their visits any more."""
    resources = (await clinic.world())["resources"]
    for row in resources:
        if row["id"] == resource_id:
            row["active"] = False
            row["custom_attributes"] = {**row["custom_attributes"], "deleted_from_scheduling": True}
    await clinic.changes(resources=resources)


async def test_a_visit_that_the_calendar_does_not_show_any_more_is_reminded_of_all_the_same(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.books("2030-01-09", "10:00")
    await archives(clinic, ANNA)
    bot.front.desk.forget_catalogue()
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    assert (await bot.scheduling.appointment(await its(clinic))).starts_at == AT_10
    assert len(await texts_with(client, ASKED)) == 1


async def test_of_many_visits_that_the_calendar_does_not_show_each_is_asked_for_in_time(
    bot: App, clinic: Clinic, client: Client
) -> None:
    """Most of them are as they were and fill a round; the last one is cancelled."""
    await client.books("2030-01-09", "10:00")
    for number in range(MOST_STRAYS):
        await clinic.books_for(PHONE, ANNA, f"2030-01-{10 + number}", "10:00")
    await passes(clinic, bot, NOW + MINUTE)
    await archives(clinic, ANNA)
    await clinic.cancels(max(row["id"] for row in await clinic.appointments()))
    for minutes in (2, 4, 6):
        await passes(clinic, bot, NOW + minutes * MINUTE)
    assert len(await texts_with(client, CANCELLED)) == 1


async def confirmed(clinic: Clinic) -> None:
    """The clinic has phoned: everybody comes."""
    rows = (await clinic.world())["appointments"]
    await clinic.changes(appointments=[row | {"status": "confirmed"} for row in rows])


@pytest.mark.parametrize("visits", [1, 2])
async def test_who_has_said_to_come_is_not_asked_again(
    client: Client, clinic: Clinic, bot: App, visits: int
) -> None:
    await client.books("2030-01-09", "10:00")
    if visits == 2:
        await clinic.books_for(PHONE, BORIS, "2030-01-09", "16:00")
    await confirmed(clinic)
    await passes(clinic, bot, NOW + 2 * MINUTE)
    await passes(clinic, bot, DAY_BEFORE + MINUTE)
    await client.sees("tomorrow, Wednesday, 9 January")
    await client.sees_nothing_of(ASKED)


# Settings and the clock.


async def test_without_reminders_changes_are_told_and_nothing_else(
    start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient
) -> None:
    async with start_bot(reminders="") as app:
        client = await a_client(control)
        await client.books("2030-01-09", "10:00")
        said = len(await client.words_of_bot())
        for moment in (DAY_BEFORE + MINUTE, TWO_HOURS_BEFORE + MINUTE):
            await passes(clinic, app, moment)
        assert len(await client.words_of_bot()) == said
        await clinic.cancels(await its(clinic))
        await passes(clinic, app, TWO_HOURS_BEFORE + 3 * MINUTE)
        await client.sees(CANCELLED)


async def test_without_quiet_hours_a_reminder_comes_at_seven(
    start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    async with start_bot(quiet_hours="") as app:
        client = await a_client(control)
        await client.books("2030-01-09", "09:00")
        await passes(clinic, app, local("2030-01-08", "20:31"))
        assert not await texts_with(client, "Your visit: today")
        await passes(clinic, app, local("2030-01-09", "07:01"))
        await client.sees("Your visit: today, Wednesday, 9 January, 09:00")


@pytest.mark.parametrize(("at", "silently"), [("23:30", True), ("07:30", True), ("12:00", False)])
async def test_a_notice_at_night_makes_no_sound(
    client: Client, clinic: Clinic, bot: App, telegram: Telegram, at: str, silently: bool
) -> None:
    await client.books("2030-01-11", "10:00")
    await clinic.cancels(await its(clinic))
    await passes(clinic, bot, local("2030-01-08", at))
    sent = telegram.calls("sendMessage", 501)[-1]["params"]
    assert client.reads(CANCELLED) in sent["text"]
    assert (str(sent.get("disable_notification", False)).lower() == "true") is silently


async def test_a_machine_whose_clock_is_days_ahead_forgets_no_visit_when_it_starts(
    start_bot: StartBot,
    clinic: Clinic,
    control: httpx.AsyncClient,
    sandbox: Sandbox,
    redis_url: str,
) -> None:
    """Until One-Link has answered, the bot goes by the clock of its machine."""
    behind = datetime.now(UTC) - timedelta(days=10)
    await clinic.clock_is(behind)
    day = (behind + timedelta(days=3)).date().isoformat()
    async with start_bot():
        client = await a_client(control)
        await client.books(day, "10:00")
    async with opened(load_settings(**settings_for(sandbox, redis_url))) as fresh:
        await fresh.worker.go_round()
        assert len(await fresh.storage.visits()) == 1
