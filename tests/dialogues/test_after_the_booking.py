"""After the booking: taking a cancellation back, the reason for it, the change window, the calendar file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from bot.dialogue.changes import REASONS, not_to_be_shown
from bot.dialogue.screen import Fact, Plural, Text
from bot.telegram.keyboard import VisitTap
from bot.telegram.texts import Texts
from tests.clinic import ANNA, Clinic, Row, local
from tests.conftest import StartBot, one_profile_each
from tests.people import Client

pytest_generate_tests = one_profile_each

CANCEL, YES = "Cancel the visit", "Yes, cancel the visit"
CANCELLED, UNDO, STANDS = "This visit is cancelled.", "Undo: keep the visit", "Your visit stands again."
TAKEN = "This time has been taken meanwhile. The visit stays cancelled."
UNKNOWN = "The clinic's calendar does not answer, so I cannot tell yet whether the visit stands again."
FILE, FILE_OF_CANCELLED = "Add to my calendar", "Remove from my calendar"
ABSENT = "I cannot come: tell the clinic"
TOLD = "I have told the clinic that you will not come. Its staff will cancel the visit."
NOT_TOLD = "I could not tell the clinic. Please call, so that somebody else can have this time."
NO_SHOW = "The client will not come to this visit and asks you to cancel it."
NOT_YOURS = not_to_be_shown().asks


def hours_left(hours: int) -> Fact:
    """What somebody reads who is too late to change a visit."""
    return Plural(
        "Less than {n} hour is left until the visit: now only the clinic's staff can change it.",
        "Less than {n} hours are left until the visit: now only the clinic's staff can change it.",
        n=hours,
    )


def for_staff(words: Fact) -> str:
    """How the clinic reads this."""
    return Texts("ru")["ru"].say(Text(words) if isinstance(words, str) else words)


def because(reason: Fact) -> str:
    """The note about a reason."""
    return for_staff(Text("Why the client cancelled: {reason}", reason=for_staff(reason)))


async def only(clinic: Clinic) -> Row:
    """The one appointment of One-Link, of any status."""
    [row] = await clinic.appointments(live=False)
    return row


async def notes(clinic: Clinic) -> list[str]:
    """Private notes in the conversations, except the first one about the booking itself."""
    talks = (await clinic.world())["conversations"]
    said = [message["content"] for talk in talks for message in talk["messages"] if message["private"]]
    booked = for_staff("Booked in Telegram. Code {code}. Language: {language}. {phone}").split(".")[0]
    return [note for note in said if not note.startswith(booked)]


async def books_and_cancels(client: Client) -> None:
    await client.books()
    await client.taps(CANCEL, YES)
    await client.sees(CANCELLED)


async def seconds_after_the_cancellation(clinic: Clinic, seconds: int) -> None:
    cancelled_at = datetime.fromisoformat((await only(clinic))["updated_at"])
    await clinic.clock_is(cancelled_at + timedelta(seconds=seconds))


# Taking a cancellation back


async def test_undo_restores_the_same_appointment(client: Client, clinic: Clinic) -> None:
    await client.books()
    before = await only(clinic)
    await client.taps(CANCEL, YES)
    await client.sees("This visit is cancelled. You can take it back for 30 seconds.")
    await clinic.forgets_requests()
    await client.taps(UNDO)
    await client.sees(STANDS, "Haircut", "Anna Ivanova", "Tuesday, 8 January, 10:00")
    after = await only(clinic)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"updated_at"}
    assert after["payment_status"] != "cancelled"
    assert not await clinic.requests("/appointments", "POST")
    await client.has_button(CANCEL)
    await client.has_no_button(UNDO)


@pytest.mark.parametrize("seconds", [25, 33])
async def test_undo_works_for_thirty_seconds(client: Client, clinic: Clinic, seconds: int) -> None:
    await books_and_cancels(client)
    await seconds_after_the_cancellation(clinic, seconds)
    await client.says("/my")  # an answer of One-Link tells the bot its time
    await client.taps(UNDO)
    row = await only(clinic)
    card = [message for message in await client.messages() if message["from"] == "bot"][-2]
    if seconds < 30:
        assert (row["status"], client.reads(STANDS) in card["text"]) == ("scheduled", True)
        return
    assert (row["status"], client.reads(CANCELLED) in card["text"]) == ("cancelled", True)
    labels = [button["text"] for line in card["buttons"] for button in line]
    assert client.reads(UNDO) not in labels
    assert client.reads("Book again") in labels


async def test_undo_of_a_time_that_is_taken_meanwhile_says_so_and_offers_another(
    client: Client, clinic: Clinic
) -> None:
    await books_and_cancels(client)
    number = (await only(clinic))["id"]
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await client.taps(UNDO)
    await client.sees(TAKEN, "+7 727 000 00 00")
    assert (await clinic.appointment(number))["status"] == "cancelled"
    await client.taps("Book again")
    await client.sees("Which day?", "Haircut", "Anna Ivanova")


async def test_undo_where_the_specialist_is_away_meanwhile_does_not_call_the_time_taken(
    client: Client, clinic: Clinic
) -> None:
    await books_and_cancels(client)
    await clinic.is_fully_booked([ANNA], "2030-01-08")
    await client.taps(UNDO)
    assert (await only(clinic))["status"] == "cancelled"
    await client.sees_nothing_of(STANDS, TAKEN)
    await client.has_button("Book again")


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "html", "timeout"])
async def test_a_lost_answer_to_undo_is_found_out(client: Client, clinic: Clinic, kind: str) -> None:
    await books_and_cancels(client)
    await clinic.fault("PATCH /appointments/", kind, seconds=1)
    await client.taps(UNDO)
    await client.waits_for(STANDS)
    assert (await only(clinic))["status"] == "scheduled"
    told = client.reads(STANDS)
    assert sum(told in text for text in await client.words_of_bot()) == 1


async def test_trying_undo_again_by_hand_tells_the_truth(client: Client, clinic: Clinic) -> None:
    await books_and_cancels(client)
    await clinic.fault("PATCH /appointments/", "drop_after", times=2)
    await client.taps(UNDO)
    await client.sees(UNKNOWN)
    await client.taps("↻ Try again")
    await client.waits_for("Your visit")
    await client.has_button(CANCEL)
    assert (await only(clinic))["status"] == "scheduled"


@pytest.mark.parametrize("times", [2, 5])
async def test_tapping_undo_several_times_restores_once(client: Client, clinic: Clinic, times: int) -> None:
    await books_and_cancels(client)
    await clinic.forgets_requests()
    await client.taps_at_once(UNDO, times)
    assert len(await clinic.requests("/appointments/", "PATCH")) == 1
    assert (await only(clinic))["status"] == "scheduled"
    await client.sees("Haircut", "Tuesday, 8 January, 10:00")
    await client.has_button(CANCEL)
    await client.has_no_button(UNDO)


async def test_tapping_yes_twice_still_leaves_the_way_back(client: Client, clinic: Clinic) -> None:
    """The second tap shows what the first one did."""
    await client.books()
    await client.taps(CANCEL)
    await client.taps_at_once(YES, 2)
    await client.sees(CANCELLED)
    await client.taps(UNDO)
    assert (await only(clinic))["status"] == "scheduled"


async def test_a_cancellation_found_out_late_can_still_be_taken_back(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.taps(CANCEL)
    await clinic.fault("POST /cancel$", "drop_after")
    await client.taps(YES)
    await client.waits_for("This visit is cancelled. You can take it back for 30 seconds.")
    await client.taps(UNDO)
    await client.sees(STANDS)
    assert (await only(clinic))["status"] == "scheduled"


async def test_a_visit_can_be_cancelled_and_restored_twice(client: Client, clinic: Clinic) -> None:
    await books_and_cancels(client)
    for _ in range(2):
        await client.taps(UNDO)
        await client.sees(STANDS)
        await client.taps(CANCEL, YES)
        await client.sees(CANCELLED)
        assert (await only(clinic))["status"] == "cancelled"


async def test_a_visit_that_staff_have_restored_first_simply_stands(client: Client, clinic: Clinic) -> None:
    await books_and_cancels(client)
    await clinic.restores((await only(clinic))["id"])
    await clinic.forgets_requests()
    await client.taps(UNDO)
    await client.sees("Your visit", "10:00")
    await client.has_button(CANCEL)
    assert not await clinic.requests("/appointments/", "PATCH")


async def test_a_visit_that_is_taken_back_is_no_longer_free_for_others(
    client: Client, rival: Client, clinic: Clinic
) -> None:
    await books_and_cancels(client)
    await client.taps(UNDO)
    await rival.reaches_the_day()
    await rival.says("08.01.2030 10:00")
    await rival.sees_nothing_of("May I")
    assert not [label for label in await rival.buttons() if label.startswith("10:00")]


# Why


async def test_the_reason_is_asked_after_the_cancellation_and_not_before(client: Client) -> None:
    labels = [client.reads(reason) for reason in REASONS.values()]
    await client.books()
    await client.taps(CANCEL)
    assert not set(labels) & set(await client.buttons())
    await client.taps(YES)
    assert [label for label in await client.buttons() if label in labels] == labels


@pytest.mark.parametrize("locale", ["kk", "ru", "en"])
@pytest.mark.parametrize("reason", list(REASONS.values()), ids=list(REASONS))
async def test_a_reason_is_one_private_note_in_the_clinics_language(
    client: Client, clinic: Clinic, reason: Fact, locale: str
) -> None:
    await client.books()
    await client.says("/language")
    await client.taps({"kk": "Қазақша", "ru": "Русский"}.get(locale, "✓ English"))
    client.locale = locale
    await client.says("/my")
    await client.taps(next(label for label in await client.buttons() if ":" in label))
    await client.taps(CANCEL, YES, reason)
    await client.sees(CANCELLED)
    assert await notes(clinic) == [because(reason)]
    assert not {client.reads(it) for it in REASONS.values()} & set(await client.buttons())


async def test_tapping_a_reason_twice_leaves_one_note(client: Client, clinic: Clinic) -> None:
    await books_and_cancels(client)
    data, message_id = await client.remembers(REASONS["price"])
    await client.taps_at_once(REASONS["price"], 2)
    await client.taps_data(data, message_id)
    assert await notes(clinic) == [because(REASONS["price"])]
    await client.sees(CANCELLED)


async def test_nobody_has_to_give_a_reason(client: Client, clinic: Clinic) -> None:
    await books_and_cancels(client)
    await client.taps("Book again")
    await client.sees("Which day?")
    assert await notes(clinic) == []


async def test_a_reason_that_cannot_be_told_changes_nothing(client: Client, clinic: Clinic) -> None:
    await books_and_cancels(client)
    await clinic.fault("POST /messages", "status", times=0)
    await client.taps(REASONS["plans"])
    await client.sees(CANCELLED)
    assert await notes(clinic) == []


async def test_no_reason_is_told_for_a_visit_that_stands_again(client: Client, clinic: Clinic) -> None:
    await books_and_cancels(client)
    data, message_id = await client.remembers(REASONS["price"])
    await client.taps(UNDO)
    await client.taps_data(data, message_id)
    await client.sees("Your visit", "10:00")
    assert await notes(clinic) == []


# The change window


@dataclass
class Late:
    """Somebody whose visit, at 17:00 today, is inside the change window."""

    person: Client
    clinic: Clinic


@pytest.fixture
async def late(start_bot: StartBot, clinic: Clinic, control: httpx.AsyncClient) -> Any:
    person = Client(control, 501)
    await person.is_called("Aliya", "en")
    async with start_bot(change_window="24h", lead_time="1h"):
        await person.books("2030-01-07", "17:00")
        await person.sees("You are booked.")
        yield Late(person, clinic)


@pytest.mark.parametrize("label", [CANCEL, "Another time"])
async def test_too_late_to_change_is_told_with_the_reason_and_who_can(late: Late, label: str) -> None:
    await late.clinic.forgets_requests()
    await late.person.taps(label)
    await late.person.sees(hours_left(24), "Haircut", "17:00", "+7 727 000 00 00")
    await late.person.has_button(ABSENT)
    await late.person.taps("Ask the clinic's staff")
    await late.person.waits_for("You are talking to the clinic's staff. The bot is silent.")
    row = await only(late.clinic)
    assert (row["status"], row["starts_at"]) == ("scheduled", "2030-01-07T12:00:00Z")
    assert not await late.clinic.requests("/appointments/", "PATCH")
    assert not await late.clinic.requests("/cancel", "POST")


@pytest.mark.parametrize("step", ["cancelled", "move", "cancel"])
async def test_a_forged_button_does_not_get_around_the_change_window(late: Late, step: str) -> None:
    number, card = (await only(late.clinic))["id"], await late.person.card()
    await late.person.taps_data(VisitTap(step=step, value=f"{number}").pack(), card["message_id"])
    await late.person.sees(hours_left(24))
    assert (await only(late.clinic))["status"] == "scheduled"


async def test_confirming_needs_no_time_ahead(late: Late) -> None:
    number, card = (await only(late.clinic))["id"], await late.person.card()
    await late.person.taps_data(VisitTap(step="coming", value=f"{number}").pack(), card["message_id"])
    await late.person.sees("Thank you, the clinic expects you.")


async def test_the_staff_is_told_once_that_nobody_will_come(late: Late) -> None:
    await late.person.taps(CANCEL)
    await late.person.taps_at_once(ABSENT, 3)
    await late.person.sees(TOLD, "+7 727 000 00 00")
    assert await notes(late.clinic) == [for_staff(NO_SHOW)]
    await late.person.taps("Show the visit", CANCEL, ABSENT)
    await late.person.sees(TOLD)
    assert await notes(late.clinic) == [for_staff(NO_SHOW)]


@pytest.mark.parametrize("kind", ["status", "drop_before", "html"])
async def test_staff_that_could_not_be_told_is_not_called_told(late: Late, kind: str) -> None:
    await late.person.taps(CANCEL)
    await late.clinic.fault("POST /messages", kind, times=0)
    await late.person.taps(ABSENT)
    await late.person.sees(NOT_TOLD, "+7 727 000 00 00")
    await late.person.sees_nothing_of(TOLD)
    await late.clinic.is_well_again()
    await late.person.taps("Show the visit", CANCEL, ABSENT)
    await late.person.sees(TOLD)
    assert await notes(late.clinic) == [for_staff(NO_SHOW)]


async def test_a_note_whose_answer_was_lost_is_not_left_twice(late: Late) -> None:
    await late.person.taps(CANCEL)
    await late.clinic.fault("POST /messages", "drop_after")
    await late.person.taps(ABSENT)
    if late.person.reads(NOT_TOLD) in (await late.person.card())["text"]:
        await late.person.taps("Show the visit", CANCEL, ABSENT)
    await late.person.sees(TOLD)
    assert await notes(late.clinic) == [for_staff(NO_SHOW)]


async def test_nobody_is_told_of_a_visit_that_staff_have_cancelled_meanwhile(late: Late) -> None:
    await late.person.taps(CANCEL)
    await late.clinic.cancels((await only(late.clinic))["id"])
    await late.person.taps(ABSENT)
    await late.person.sees(CANCELLED)
    assert await notes(late.clinic) == []


async def test_keeping_it_after_all_tells_nobody(late: Late) -> None:
    await late.person.taps(CANCEL, "No, keep it")
    await late.person.sees("Your visit", "17:00")
    assert await notes(late.clinic) == []


async def test_a_visit_made_by_phone_is_called_off_in_its_own_conversation(late: Late) -> None:
    """It has no conversation yet: the note opens one."""
    number = await late.clinic.books_for("+77011234567", ANNA, "2030-01-07", "16:00")
    await late.person.says("/my")
    await late.person.taps("Mon 7 Jan, 16:00 · Haircut", CANCEL, ABSENT)
    await late.person.sees(TOLD)
    assert await notes(late.clinic) == [for_staff(NO_SHOW)]
    assert (await late.clinic.appointment(number))["status"] == "scheduled"


async def test_a_visit_outside_the_window_is_cancelled_as_ever(late: Late) -> None:
    number = await late.clinic.books_for("+77011234567", ANNA, "2030-01-09", "10:00")
    await late.person.says("/my")
    await late.person.taps("Wed 9 Jan, 10:00 · Haircut", CANCEL, YES)
    await late.person.sees(CANCELLED)
    assert (await late.clinic.appointment(number))["status"] == "cancelled"


@pytest.mark.parametrize("locale", ["kk", "ru"])
async def test_the_change_window_in_both_languages(late: Late, locale: str) -> None:
    person = late.person
    await person.says("/language")
    await person.taps({"kk": "Қазақша", "ru": "Русский"}[locale])
    person.locale = locale
    await person.says("/my")
    await person.taps(next(label for label in await person.buttons() if "17:00" in label), CANCEL)
    await person.sees(hours_left(24))
    await person.taps(ABSENT)
    await person.sees(TOLD)
    assert await notes(late.clinic) == [for_staff(NO_SHOW)]


# The calendar file


@dataclass
class Calendars:
    """The files in a chat, as a calendar app reads them."""

    client: Client
    control: httpx.AsyncClient

    async def newest(self) -> tuple[Any, Any]:
        """The last file of the chat and its only event."""
        sent = [message for message in await self.client.messages() if message["kind"] == "document"]
        document = sent[-1]["document"]
        assert document["file_name"] == "visit.ics"
        content = (await self.control.get(f"/_sandbox/files/{document['file_id']}")).content
        assert b"\r\n" in content
        assert b"\n" not in content.replace(b"\r\n", b"")
        calendar = Calendar.from_ical(content)
        [event] = calendar.events
        return calendar, event

    async def after(self, label: Fact) -> tuple[Any, Any]:
        """The file that this button brings."""
        known = len([m for m in await self.client.messages() if m["kind"] == "document"])
        await self.client.taps(label)
        assert len([m for m in await self.client.messages() if m["kind"] == "document"]) == known + 1
        return await self.newest()


@pytest.fixture
def calendars(client: Client, control: httpx.AsyncClient) -> Calendars:
    return Calendars(client, control)


async def test_the_calendar_file_has_the_visit_on_the_venues_clock(
    client: Client, clinic: Clinic, calendars: Calendars
) -> None:
    await client.books()
    calendar, event = await calendars.after(FILE)
    assert calendar["METHOD"] == "PUBLISH"
    assert event["UID"].startswith(f"appointment-{(await only(clinic))['id']}.7@")
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    assert event["DTSTART"].params["TZID"] == "Asia/Almaty"
    assert event.start == local("2030-01-08", "10:00")
    assert event.end == local("2030-01-08", "10:30")
    assert "Haircut" in event["DESCRIPTION"]
    assert "Anna Ivanova" in event["DESCRIPTION"]
    assert [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")] == [
        -timedelta(days=1),
        -timedelta(hours=2),
    ]
    await client.sees("Open the file to put the visit into your calendar: Tuesday, 8 January, 10:00")


async def test_a_moved_visit_replaces_the_one_in_the_calendar(client: Client, calendars: Calendars) -> None:
    await client.books()
    _, before = await calendars.after(FILE)
    await client.taps("Another time")
    await client.says("09.01.2030 15:00")
    await client.taps("✓ Move the visit")
    await client.sees("Your visit is moved.")
    calendar, after = await calendars.after(FILE)
    assert calendar["METHOD"] == "PUBLISH"
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)
    assert after.start == local("2030-01-09", "15:00")
    _, again = await calendars.after(FILE)
    assert again["SEQUENCE"] == after["SEQUENCE"]


async def test_a_cancelled_visit_is_taken_out_of_the_calendar_and_put_back_by_undo(
    client: Client, calendars: Calendars
) -> None:
    await client.books()
    _, before = await calendars.after(FILE)
    await client.taps(CANCEL, YES)
    calendar, gone = await calendars.after(FILE_OF_CANCELLED)
    assert (calendar["METHOD"], gone["STATUS"]) == ("CANCEL", "CANCELLED")
    assert (gone["UID"], gone["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)
    assert gone.walk("VALARM") == []
    await client.sees("Open the file to take the visit out of your calendar.")
    await client.taps(UNDO)
    calendar, back = await calendars.after(FILE)
    assert (calendar["METHOD"], back["STATUS"]) == ("PUBLISH", "CONFIRMED")
    assert (back["UID"], back["SEQUENCE"]) == (before["UID"], gone["SEQUENCE"] + 1)


@pytest.mark.parametrize("seen", ["in the list", "at once"])
async def test_a_visit_that_staff_moved_replaces_the_one_in_the_calendar(
    client: Client, clinic: Clinic, calendars: Calendars, seen: str
) -> None:
    await client.books()
    _, before = await calendars.after(FILE)
    data, message_id = await client.remembers(FILE)
    await clinic.moves(number_of(before), "2030-01-09", "15:30")
    if seen == "in the list":
        await client.says("/my")
    await client.taps_data(data, message_id)
    _, after = await calendars.newest()
    assert after.start == local("2030-01-09", "15:30")
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)


@pytest.mark.parametrize("seen", ["in its card", "at once"])
async def test_the_old_button_of_a_visit_that_staff_cancelled_takes_it_out_of_the_calendar(
    client: Client, clinic: Clinic, calendars: Calendars, seen: str
) -> None:
    await client.books()
    _, before = await calendars.after(FILE)
    data, message_id = await client.remembers(FILE)
    await clinic.cancels(number_of(before))
    if seen == "in its card":
        show = VisitTap(step="visit", value=str(number_of(before))).pack()
        await client.taps_data(show, message_id)
        await client.waits_until_some_message_says(CANCELLED)
    await client.taps_data(data, message_id)
    calendar, after = await calendars.newest()
    assert calendar["METHOD"] == "CANCEL"
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], before["SEQUENCE"] + 1)


async def test_every_file_after_another_change_has_a_larger_number(
    client: Client, clinic: Clinic, calendars: Calendars
) -> None:
    """There and back: the start is the first one again, and the calendar must still be told."""
    await client.books()
    _, first = await calendars.after(FILE)
    for day in ("09", "08"):
        await client.taps("Another time")
        await client.says(f"{day}.01.2030 10:00")
        await client.taps("✓ Move the visit")
    _, last = await calendars.after(FILE)
    assert last.start == first.start
    assert last["SEQUENCE"] == first["SEQUENCE"] + 2


def number_of(event: Any) -> int:
    """One-Link's id, which the UID carries."""
    return int(str(event["UID"]).split(".")[0].removeprefix("appointment-"))


@pytest.mark.parametrize(
    ("locale", "service", "title"), [("kk", "Шаш қию", "Клиника"), ("ru", "Стрижка", "Клиника")]
)
async def test_the_calendar_file_is_in_the_clients_language(
    start_bot: StartBot, control: httpx.AsyncClient, locale: str, service: str, title: str
) -> None:
    person = Client(control, 501)
    await person.is_called("Алия", locale)
    async with start_bot(clinic_name="Клиника", clinic_address="Абая 1, Алматы"):
        await person.reaches_the_day(service, "Анна Иванова")
        await person.says("08.01.2030 10:00")
        await person.taps("I agree")
        await person.says("Алия Нурланова", "+77011234567")
        await person.taps("Skip", "✓ Confirm")
        await person.sees("You are booked.")
        _, event = await Calendars(person, control).after(FILE)
        assert str(event["SUMMARY"]) == person.reads(Text("Visit: {clinic}", clinic=title))
        assert str(event["LOCATION"]) == "Абая 1, Алматы"
        assert service in event["DESCRIPTION"]
        assert service not in event["SUMMARY"]  # it is shown on locked screens
        await person.taps(CANCEL, YES)
        calendar, _ = await Calendars(person, control).after(FILE_OF_CANCELLED)
        assert calendar["METHOD"] == "CANCEL"
        await person.sees("Open the file to take the visit out of your calendar.")
        await person.taps(UNDO)
        await person.waits_until_some_message_says(STANDS)
