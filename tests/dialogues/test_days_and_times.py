"""Which day, which time: what is free, how it is shown, and what happens when it no longer is."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.dialogue.screen import Fact, Text
from bot.sandbox.server import Sandbox
from tests.clinic import ANNA, BORIS, NOW, Clinic, world
from tests.conftest import StartBot
from tests.people import Client

pytestmark = pytest.mark.parametrize("profile", ["current"])

CONSENT = "Do you agree that the clinic collects and processes your personal data for your visits?"


def free(day: str, n: int) -> Text:
    return Text("{day} · {n} free", day=day, n=n)


def not_free(at: str) -> Text:
    return Text("{time} is not free.", time=at)


TUESDAY = free("tomorrow, Tue 8 Jan", 16)


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bot's machine thinks it is in New York."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def test_only_days_with_free_times_are_shown_with_their_number(client: Client, clinic: Clinic) -> None:
    await clinic.is_fully_booked([ANNA], "2030-01-09")
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await client.reaches_the_day()
    await client.has_button(free("tomorrow, Tue 8 Jan", 15))
    await client.has_button(free("Thu 10 Jan", 16))
    assert not [label for label in await client.buttons() if "9 Jan" in label]
    await client.taps("Later ›")
    await client.has_button(free("Mon 14 Jan", 16))
    await client.has_no_button(TUESDAY)
    await client.taps("‹ Earlier")
    await client.has_button(free("Thu 10 Jan", 16))
    await client.has_no_button("‹ Earlier")


async def test_times_come_by_part_of_day_and_tell_their_age(client: Client) -> None:
    await client.reaches_the_day()
    await client.taps(TUESDAY)
    await client.sees(Text("Free times as of {time}.", time="09:00"), "Haircut · Anna Ivanova · Tue 8 Jan")
    morning = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert [b for b in await client.buttons() if ":" in b] == morning
    await client.has_button(f"• {client.reads('Morning')} 6")
    await client.taps(f"{client.reads('Afternoon')} 8")
    # No visit reaches into the lunch break.
    afternoon = ["12:00", "12:30", "14:00", "14:30", "15:00", "15:30", "16:00", "16:30"]
    assert [b for b in await client.buttons() if ":" in b] == afternoon
    await client.taps(f"{client.reads('Evening')} 2", "17:30")
    await client.sees(CONSENT, "17:30")


async def test_refresh_reads_the_times_anew(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_day()
    await client.taps(TUESDAY)
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await clinic.clock_is(NOW + timedelta(minutes=5))
    await client.taps("↻ Refresh")
    await client.has_no_button("10:00")
    await client.has_button("10:30")
    await client.taps("↻ Refresh")  # by now the bot's clock has learned from One-Link's
    await client.sees(Text("Free times as of {time}.", time="09:05"))


async def test_an_old_list_is_read_again_before_a_tap_counts(
    client: Client, rival: Client, clinic: Clinic
) -> None:
    await client.reaches_the_day()
    await client.taps(TUESDAY)
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await clinic.clock_is(NOW + timedelta(minutes=2))
    await rival.reaches_the_day("Beard trim", "Boris Kim")  # the bot hears the time from One-Link
    messages, edits = len(await client.messages()), (await client.card())["edits"]
    await client.taps("10:00")
    # Three neighbours in the same card, no new message, and nothing else is asked again.
    await client.sees("This time has just been taken.", "Free nearby", "Haircut · Anna Ivanova")
    assert len(await client.messages()) == messages
    assert (await client.card())["edits"] > edits
    near = [label for label in await client.buttons() if label.startswith("Tue 8 Jan, ")]
    assert near == ["Tue 8 Jan, 09:00", "Tue 8 Jan, 09:30", "Tue 8 Jan, 10:30"]
    await client.taps("Other times")
    await client.has_button("11:00")
    await client.has_no_button("10:00")


async def test_a_slot_taken_before_confirm_leads_to_neighbours_and_keeps_everything(
    client: Client, rival: Client, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    await rival.books(phone="+77017654321")
    card = (await client.card())["message_id"]
    await client.taps("✓ Confirm")
    await client.sees("This time has just been taken.", "Free nearby")
    assert (await client.card())["message_id"] == card
    await client.taps("Tue 8 Jan, 10:30")
    await client.sees("Shall I book it?", "10:30", "Алия Нурланова", "+7 701 123 4567")
    await client.taps("✓ Confirm")
    await client.sees("You are booked.")
    starts = sorted(row["starts_at"] for row in await clinic.appointments())
    assert starts == ["2030-01-08T05:00:00Z", "2030-01-08T05:30:00Z"]


async def test_neighbours_of_the_last_free_time_are_on_the_days_after(client: Client, clinic: Clinic) -> None:
    await clinic.books(ANNA, "2030-01-08", "09:00", minutes=8 * 60 + 30)  # leaves 17:30 only
    await client.reaches_the_summary(time="17:30")
    await clinic.books(ANNA, "2030-01-08", "17:30")
    await client.taps("✓ Confirm")
    await client.sees("This time has just been taken.")
    near = [label for label in await client.buttons() if label.startswith("Wed 9 Jan, ")]
    assert len(near) == 3
    await client.taps("‹ Back")
    await client.sees("Everything is taken that day. Another day?")
    await client.has_button("Another specialist")


async def test_days_can_be_typed(client: Client) -> None:
    asked_back = Text(
        "Do you mean {first} or {second}? Please type the date.",
        first="Tuesday, 8 January",
        second="Tuesday, 15 January",
    )
    expected: dict[str, tuple[Fact, ...]] = {
        "вчера": ("That day has already passed.",),
        "01.03.2030": (
            Text(
                "That is too far ahead. The last day that can be booked: {day}", day="Wednesday, 6 February"
            ),
        ),
        "next Tuesday": (asked_back,),
        "после обеда": (Text("Which day do you mean? For example: {day}", day="Tue 8 Jan"),),
        "tomorrow": ("What time?", "Tue 8 Jan"),
        "ертең": ("What time?", "Tue 8 Jan"),
        "в пятницу": ("What time?", "Fri 11 Jan"),
        "25 января": ("What time?", "Fri 25 Jan"),
        "3": ("What time?", "Tue 8 Jan"),
        "15.01 в 14:30": (CONSENT, "Tue 15 Jan, 14:30"),
        "1": (CONSENT, "Mon 7 Jan, 10:30"),
    }
    await client.reaches_the_day()
    for typed, answer in expected.items():
        await client.says(typed)
        await client.sees(*answer)
        await client.is_answered_below()
        while client.reads("Which day?") not in (await client.card())["text"]:
            await client.says("back")


async def test_typed_times_and_days_in_place_of_a_time(client: Client, clinic: Clinic) -> None:
    await clinic.books(ANNA, "2030-01-08", "15:00")
    await client.reaches_the_day()
    await client.says("tomorrow after 5")
    assert [b for b in await client.buttons() if ":" in b] == ["17:00", "17:30"]
    for typed in ("17.30", "сағат 17:30-да"):
        await client.says(typed)
        await client.sees(CONSENT, "Tue 8 Jan, 17:30")
        await client.says("back")
    await client.says("15:00")
    await client.sees(not_free("15:00"), "Free nearby")
    await client.has_button("Tue 8 Jan, 15:30")
    await client.says("1")
    await client.sees(CONSENT, "Tue 8 Jan, 14:00")
    await client.says("back", "в субботу")
    await client.sees("What time?", "Sat 12 Jan")


async def test_a_typed_time_off_the_grid_is_booked_where_one_link_has_it_free(client: Client) -> None:
    # One-Link offers a start every five minutes; the card shows every half hour of them.
    await client.reaches_the_day()
    await client.taps(TUESDAY)
    await client.says("10:15")
    await client.sees_nothing_of(not_free("10:15"))
    await client.sees(CONSENT, "Tue 8 Jan, 10:15")


async def test_a_day_typed_with_a_time_that_is_taken_says_so(client: Client, clinic: Clinic) -> None:
    await clinic.books(ANNA, "2030-01-08", "15:00")
    await client.reaches_the_day()
    await client.says("8.01 15:00")
    await client.sees(not_free("15:00"))


async def test_a_full_day_is_said_and_no_other_day_is_put_in_its_place(
    client: Client, clinic: Clinic
) -> None:
    await clinic.is_fully_booked([ANNA], "2030-01-12")
    await client.reaches_the_day()
    await client.says("в субботу")
    await client.sees(Text("Everything is taken: {day}", day="Saturday, 12 January"), "Which day?")


async def test_a_day_that_fills_up_meanwhile_leads_to_other_days_and_specialists(
    client: Client, clinic: Clinic
) -> None:
    await client.reaches_the_day()
    await client.taps(TUESDAY)
    await clinic.is_fully_booked([ANNA], "2030-01-08")
    await client.taps("↻ Refresh")
    await client.sees("Everything is taken that day. Another day?")
    await client.has_button("Another specialist")
    await client.taps("Other days")
    await client.has_button(free("Wed 9 Jan", 16))
    await client.has_no_button(TUESDAY)


async def test_nothing_free_at_all_offers_other_ways(client: Client, clinic: Clinic) -> None:
    off = {"resource_id": ANNA, "starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-12-31T00:00:00Z"}
    await clinic.changes(time_offs=[{"id": 900, "kind": "vacation", "title": "off", **off}])
    await client.reaches_the_day()
    await client.sees(
        Text(
            "There is no free time at all. The last day that can be booked: {day}",
            day="Wednesday, 6 February",
        )
    )
    await client.taps("Another specialist", "Boris Kim")
    await client.has_button(TUESDAY)
    await client.taps("‹ Back", "Anna Ivanova", "Another service")
    await client.sees("Which service would you like?")


async def test_notice_and_horizon_bound_what_is_offered(
    start_bot: StartBot, control: Any, clinic: Clinic
) -> None:
    async with start_bot(lead_time="3h", horizon="3d"):
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.reaches_the_day()
        await client.has_button(Text("Soonest: {day}, {time}", day="today, Mon 7 Jan", time="12:30"))
        await client.has_button(free("Thu 10 Jan", 1))  # until 09:00 and not a minute more
        await client.has_no_button("Later ›")
        await client.says("11.01.2030")
        await client.sees(
            Text("That is too far ahead. The last day that can be booked: {day}", day="Thursday, 10 January")
        )


async def test_times_are_the_venues_wherever_client_and_bot_are(
    new_york: None, sandbox: Sandbox, start_bot: StartBot, control: Any, clinic: Clinic
) -> None:
    # 20:30 UTC is 01:30 of the next day in Almaty.
    await clinic.clock_is(datetime(2030, 1, 7, 20, 30, tzinfo=UTC))
    async with start_bot():
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.reaches_the_day()
        await client.has_button(Text("Soonest: {day}, {time}", day="today, Tue 8 Jan", time="09:00"))
        await client.says("today", "10:00")
        await client.taps("I agree")
        await client.says("Алия")
        await client.shares_phone("+12125550123")
        await client.taps("Skip", "✓ Confirm")
        await client.sees("Tuesday, 8 January", "10:00")
        [made] = await clinic.appointments()
        assert made["starts_at"] == "2030-01-08T05:00:00Z"


@pytest.mark.parametrize(
    "clinic_world",
    [world(resources=[{"id": BORIS, "name": "Борис", "timezone": "Asia/Tokyo", "slot_duration_min": 30}])],
    ids=["Tokyo"],
)
async def test_a_resource_in_another_zone_has_its_own_clock(client: Client, clinic: Clinic) -> None:
    await client.says("/book", "haircut")
    await client.says("8.01 10:00")
    await client.taps("I agree")
    await client.says("Алия")
    await client.shares_phone("+77011234567")
    await client.taps("Skip")
    await client.sees("Tuesday, 8 January", "10:00")
    await client.taps("✓ Confirm")
    [made] = await clinic.appointments()
    assert made["starts_at"] == "2030-01-08T01:00:00Z"
