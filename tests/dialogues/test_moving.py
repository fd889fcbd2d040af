"""Moving a visit: one change of one appointment, or the old time and the truth."""

import pytest

from tests.clinic import ANNA, BORIS, Clinic
from tests.conftest import StartBot
from tests.people import Client


async def test_a_visit_is_moved_by_one_change_and_keeps_its_number(client: Client, clinic: Clinic) -> None:
    await client.books("2030-01-08", "10:00")
    before = (await clinic.appointments())[0]
    await client.taps("Another time")
    await client.sees("Which day?")
    await clinic.forgets_requests()
    await client.says("09.01.2030 15:00")
    await client.sees("Shall I move the visit?")
    await client.taps("✓ Move the visit")
    await client.sees("Your visit is moved.", "15:00")
    after = await clinic.appointments(live=False)
    assert [row["id"] for row in after] == [before["id"]]
    assert after[0]["starts_at"] == "2030-01-09T10:00:00Z"
    assert len(await clinic.requests("/appointments/", "PATCH")) == 1
    assert not await clinic.requests("/appointments", "POST")


async def test_the_own_old_time_counts_as_free(client: Client, clinic: Clinic) -> None:
    """A visit of 90 minutes at 10:00 can be moved by half an hour."""
    await client.says("/start")
    await client.taps("Book a visit")
    await client.says("Colouring", "08.01.2030 10:00")
    await client.taps("I agree")
    await client.says("Алия Нурланова", "+77011234567")
    await client.taps("Skip", "✓ Confirm", "Another time")
    await client.says("08.01.2030 10:30")
    await client.taps("✓ Move the visit")
    await client.sees("Your visit is moved.", "10:30")
    assert [row["starts_at"] for row in await clinic.appointments()] == ["2030-01-08T05:30:00Z"]


async def test_a_new_time_that_is_taken_meanwhile_leaves_the_old_visit(
    client: Client, clinic: Clinic
) -> None:
    await client.books("2030-01-08", "10:00")
    await client.taps("Another time")
    await client.says("09.01.2030 15:00")
    await clinic.books(ANNA, "2030-01-09", "15:00")
    await client.taps("✓ Move the visit")
    await client.sees(
        "This time has just been taken.", "Your visit stays at its old time until you choose another."
    )
    assert any(":" in label for label in await client.buttons()), "no neighbours are offered"
    ours = [row for row in await clinic.appointments() if row["client_name"] == "Алия Нурланова"]
    assert [row["starts_at"] for row in ours] == ["2030-01-08T05:00:00Z"]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "html", "timeout"])
async def test_a_lost_answer_is_found_out_and_edited_into_the_card(
    client: Client, clinic: Clinic, kind: str
) -> None:
    await client.books("2030-01-08", "10:00")
    await client.taps("Another time")
    await client.says("09.01.2030 15:00")
    await clinic.fault("PATCH /appointments/", kind, seconds=1)
    await client.taps("✓ Move the visit")
    await client.waits_for("Your visit is moved.")
    assert [row["starts_at"] for row in await clinic.appointments()] == ["2030-01-09T10:00:00Z"]
    told = client.reads("Your visit is moved.")
    said = [text for text in await client.words_of_bot() if told in text]
    assert len(said) == 1


async def test_tapping_five_times_moves_once(client: Client, clinic: Clinic) -> None:
    await client.books("2030-01-08", "10:00")
    await client.taps("Another time")
    await client.says("09.01.2030 15:00")
    await clinic.forgets_requests()
    await client.taps_at_once("✓ Move the visit", 5)
    await client.sees("Your visit is moved.")
    assert len(await clinic.requests("/appointments/", "PATCH")) == 1


async def test_a_visit_that_the_clinic_moved_meanwhile_is_not_moved_over_it(
    client: Client, clinic: Clinic
) -> None:
    await client.books("2030-01-08", "10:00")
    number = (await clinic.appointments())[0]["id"]
    await client.taps("Another time")
    await client.says("09.01.2030 15:00")
    await clinic.moves(number, "2030-01-10", "11:00")
    await client.taps("✓ Move the visit")
    await client.sees("The clinic has changed the visit meanwhile. Now it is:", "11:00")
    assert (await clinic.appointment(number))["starts_at"] == "2030-01-10T06:00:00Z"


async def test_a_visit_that_the_clinic_cancelled_meanwhile_stays_cancelled(
    client: Client, clinic: Clinic
) -> None:
    await client.books("2030-01-08", "10:00")
    number = (await clinic.appointments())[0]["id"]
    await client.taps("Another time")
    await client.says("09.01.2030 15:00")
    await clinic.cancels(number)
    await client.taps("✓ Move the visit")
    await client.sees("The visit has been cancelled meanwhile, so it was not moved.")
    assert (await clinic.appointment(number))["status"] == "cancelled"


async def test_leaving_the_move_leaves_the_visit(client: Client, clinic: Clinic) -> None:
    await client.books("2030-01-08", "10:00")
    await client.taps("Another time", "✕ Keep the old time")
    await client.sees("The visit stays as it was.")
    await client.taps("Show the visit")
    await client.sees("Your visit", "10:00")
    assert [row["starts_at"] for row in await clinic.appointments()] == ["2030-01-08T05:00:00Z"]


async def test_the_present_time_is_not_offered_and_says_so_when_typed(client: Client) -> None:
    await client.books("2030-01-08", "10:00")
    await client.taps("Another time")
    await client.says("08.01.2030 10:00")
    await client.sees("That is the time your visit has now. Please choose another one.")
    assert not any(label.startswith("10:00") for label in await client.buttons())


async def test_another_specialist_can_take_the_visit(client: Client, clinic: Clinic) -> None:
    await client.books("2030-01-08", "10:00")
    await clinic.is_fully_booked([ANNA], "2030-01-09")
    await client.taps("Another time", "Another specialist", "Boris Kim")
    await client.says("09.01.2030 15:00")
    await client.sees("Boris Kim", "15:00")
    await client.taps("✓ Move the visit")
    await client.sees("Your visit is moved.", "Boris Kim")
    assert [row["resource_id"] for row in await clinic.appointments()] == [BORIS]


async def test_an_unfinished_booking_is_not_dropped_without_asking(client: Client) -> None:
    await client.books("2030-01-08", "10:00")
    data, message_id = await client.remembers("Another time")
    await client.taps("Book another visit", "Haircut")
    await client.taps_data(data, message_id)
    await client.waits_until_some_message_says("You have an unfinished booking. Drop it and move the visit?")
    await client.taps("No, go on with the booking")
    await client.sees("With whom?")


async def test_the_move_survives_a_restart(start_bot: StartBot, clinic: Clinic, control: object) -> None:
    person = Client(control, 501)  # type: ignore[arg-type]
    await person.is_called("Aliya", "en")
    async with start_bot():
        await person.books("2030-01-08", "10:00")
        await person.taps("Another time")
        await person.says("09.01.2030 15:00")
    await person.taps_and_leaves("✓ Move the visit")
    async with start_bot():
        await person.waits_for("Your visit is moved.")
    assert [row["starts_at"] for row in await clinic.appointments()] == ["2030-01-09T10:00:00Z"]


async def test_inside_the_change_window_the_staff_is_told_instead(
    start_bot: StartBot, clinic: Clinic, control: object
) -> None:
    person = Client(control, 501)  # type: ignore[arg-type]
    await person.is_called("Aliya", "en")
    async with start_bot(change_window="24h", lead_time="1h"):
        await person.books("2030-01-07", "17:00")
        await person.taps("Cancel the visit")
        await person.sees("now only the clinic's staff can change it")
        await person.taps("I cannot come: tell the clinic")
        await person.sees("I have told the clinic that you will not come. Its staff will cancel the visit.")
    assert (await clinic.appointments())[0]["status"] == "scheduled"
    notes = [row for row in await clinic.requests("/messages", "POST") if "не придёт" in str(row["body"])]
    assert len(notes) == 1
