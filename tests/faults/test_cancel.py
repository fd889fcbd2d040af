"""Cancelling by the buttons of a visit's card: the client's own visits only, and what One-Link says."""

from datetime import timedelta

import pytest

from bot.dialogue.changes import not_to_be_shown
from bot.sandbox.server import Sandbox
from tests.clinic import ANNA, NOW, Clinic, Row
from tests.faults.wire import TOO_OLD, Telegram
from tests.people import Client

VISIT_LATER = NOW + timedelta(days=2)
NOT_YOURS = not_to_be_shown().asks
YES = "Yes, cancel the visit"


async def books_without_proof(client: Client, phone: str = "8 701 123 45 67", time: str = "10:00") -> None:
    """Book with a typed number: nothing proves that it is the client's own."""
    await client.reaches_the_name(time=time)
    await client.says("Алия Нурланова", phone)
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked")


async def only(clinic: Clinic) -> Row:
    [row] = await clinic.appointments(live=False)
    return row


async def cancels(clinic: Clinic) -> int:
    """How many cancellations One-Link was asked for."""
    return len(await clinic.requests("/cancel", "POST"))


@pytest.mark.parametrize("profile", ["published", "current"])
async def test_a_visit_is_cancelled_after_one_confirmation_and_its_time_is_free_again(
    client: Client, rival: Client, clinic: Clinic
) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    await client.sees("Cancel this visit?", "Haircut", "Tuesday, 8 January, 10:00")
    assert (await only(clinic))["status"] == "scheduled"
    await client.taps(YES)
    await client.sees("This visit is cancelled.")
    await client.has_no_button("Cancel the visit")
    assert (await only(clinic))["status"] == "cancelled"
    await rival.books(phone="+77017654321")
    await rival.sees("You are booked", "10:00")


async def test_keeping_it_shows_the_visit_again(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.taps("Cancel the visit", "No, keep it")
    await client.sees("Your visit", "Haircut")
    assert (await only(clinic))["status"] == "scheduled"
    await client.has_button("Cancel the visit")


@pytest.mark.parametrize("times", [2, 5])
async def test_tapping_yes_several_times_cancels_and_says_so_once(
    client: Client, clinic: Clinic, telegram: Telegram, times: int
) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    await client.taps_at_once(YES, times)
    await client.sees("This visit is cancelled.")
    assert await cancels(clinic) == 1
    assert telegram.unanswered_taps(client.chat_id) == 0
    assert sum("This visit is cancelled" in text for text in await client.words_of_bot()) == 1


async def test_a_cancel_that_one_link_only_queues_is_not_called_cancelled(
    client: Client, clinic: Clinic, sandbox: Sandbox
) -> None:
    await client.books()
    sandbox.world.switches["cancel_queued"] = True
    await client.taps("Cancel the visit", YES)
    await client.sees("did not cancel the visit", "It still stands", "+7 727 000 00 00")
    await client.sees_nothing_of("This visit is cancelled")


async def test_a_refused_cancel_tells_that_the_visit_stands(
    client: Client, clinic: Clinic, sandbox: Sandbox
) -> None:
    await client.books()
    for service in sandbox.world.services.values():
        service["active"] = False  # withdrawn since: One-Link then refuses to cancel
    await client.taps("Cancel the visit", YES)
    await client.sees("did not cancel the visit", "It still stands", "Haircut")
    assert (await only(clinic))["status"] == "scheduled"


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "html", "status"])
async def test_a_lost_answer_to_a_cancel_is_asked_for_until_it_comes(
    client: Client, clinic: Clinic, kind: str
) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    await clinic.fault("POST /cancel$", kind)
    await client.taps(YES)
    await client.sees("cannot tell yet")
    await client.waits_for("This visit is cancelled.")
    assert (await only(clinic))["status"] == "cancelled"


async def test_trying_again_by_hand_while_the_bot_asks_too_ends_in_one_card(
    client: Client, clinic: Clinic
) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    await clinic.fault("POST /cancel$", "drop_before")
    await client.taps(YES)
    await client.taps("↻ Try again")
    await client.sees("This visit is cancelled.")
    assert sum("This visit is cancelled" in text for text in await client.words_of_bot()) == 1


@pytest.mark.parametrize("when", ["before the question", "before the answer"])
async def test_a_visit_that_staff_cancelled_first_is_shown_as_cancelled(
    client: Client, clinic: Clinic, sandbox: Sandbox, when: str
) -> None:
    await client.books()
    [row] = sandbox.world.appointments.values()
    if when == "before the question":
        row["status"] = "cancelled"
        await client.taps("Cancel the visit")
    else:
        await client.taps("Cancel the visit")
        row["status"] = "cancelled"
        await client.taps(YES)
    await client.sees("This visit is cancelled.")
    assert await cancels(clinic) == 0


async def test_a_visit_that_staff_deleted_is_not_called_cancelled(client: Client, sandbox: Sandbox) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    sandbox.world.appointments.clear()
    await client.taps(YES)
    await client.sees(NOT_YOURS)


@pytest.mark.parametrize("status", ["completed", "no_show"])
async def test_a_visit_that_has_taken_place_is_not_cancelled(
    client: Client, clinic: Clinic, sandbox: Sandbox, status: str
) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    [row] = sandbox.world.appointments.values()
    row["status"] = status
    await client.taps(YES)
    await client.sees_nothing_of("This visit is cancelled")
    await client.has_no_button("Cancel the visit")
    assert (await only(clinic))["status"] == status


async def test_a_visit_in_the_past_is_not_cancelled(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    data, message_id = await client.remembers(YES)
    await clinic.clock_is(VISIT_LATER)
    await client.taps("No, keep it")  # with One-Link's answer the bot learns the time
    await client.taps_data(data, message_id)
    await client.sees("This visit is over.")
    await client.has_no_button("Cancel the visit")
    assert (await only(clinic))["status"] == "scheduled"
    assert await cancels(clinic) == 0


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("step", ["visit", "keep", "cancel", "cancelled"])
async def test_somebody_elses_visit_is_neither_shown_nor_cancelled(
    client: Client, rival: Client, clinic: Clinic, step: str, proven: bool
) -> None:
    await client.books()
    theirs = await only(clinic)
    if proven:
        await rival.books(phone="+77017654321", time="12:00")
    else:
        # Typing the other's number must not open the other's visits.
        await books_without_proof(rival, time="12:00")
    card = await rival.card()
    await rival.taps_data(f"v:{step}:{theirs['id']}", card["message_id"])
    await rival.sees(NOT_YOURS)
    await rival.sees_nothing_of("Haircut", "10:00", "Anna", "Алия")
    assert (await clinic.appointments(live=False))[0]["status"] == "scheduled"
    assert await cancels(clinic) == 0
    # One that does not exist is answered in the same words.
    await rival.taps_data(f"v:{step}:987654321", card["message_id"])
    await rival.sees(NOT_YOURS)


@pytest.mark.parametrize("value", ["", "²", "-1", "1.5", "9" * 40, "abc", "1;2"])
async def test_a_forged_number_of_a_visit_does_no_harm(
    client: Client, telegram: Telegram, value: str
) -> None:
    await client.says("/start")
    card = await client.card()
    await client.taps_data(f"v:cancelled:{value}", card["message_id"])
    assert telegram.unanswered_taps(client.chat_id) == 0
    assert not any("Something went wrong" in text for text in await client.words_of_bot())


async def test_a_client_who_typed_the_number_cancels_what_was_booked_here(
    client: Client, clinic: Clinic
) -> None:
    await books_without_proof(client)
    await client.taps("Cancel the visit", YES)
    await client.sees("This visit is cancelled.")


async def test_a_tap_that_cannot_be_answered_any_more_still_cancels(
    client: Client, clinic: Clinic, telegram: Telegram
) -> None:
    await client.books()
    await client.taps("Cancel the visit")
    await telegram.refuses("answerCallbackQuery", 400, TOO_OLD)
    await client.taps(YES)
    await client.sees("This visit is cancelled.")
    assert (await only(clinic))["status"] == "cancelled"


@pytest.mark.parametrize("proven", [True, False])
async def test_a_contact_that_operators_merged_keeps_its_visits(
    client: Client, clinic: Clinic, sandbox: Sandbox, proven: bool
) -> None:
    await client.books() if proven else await books_without_proof(client)
    merged = sandbox.world.add("contacts", {"full_name": "Алия (merged)", "phone": "+77770001122"})
    for table in ("contact_inboxes", "conversations", "appointments"):
        for row in sandbox.world.rows(table):
            row["contact_id"] = merged["id"]
    await client.taps("Cancel the visit", YES)
    await client.sees("This visit is cancelled.")


async def test_cancelling_one_visit_leaves_a_draft_alone(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.taps("Book another visit", "Haircut", "Anna Ivanova")
    await client.sees("Which day?")
    await client.taps("Cancel the visit", YES)
    assert (await only(clinic))["status"] == "cancelled"
    await client.says("09.01.2030 11:00")
    await client.sees("11:00")


@pytest.mark.parametrize("kind", ["status", "drop_before"])
async def test_one_link_down_while_a_visit_is_asked_for_loses_nothing(
    client: Client, clinic: Clinic, kind: str
) -> None:
    await client.books()
    await clinic.fault("GET /appointments/", kind, times=0)
    await client.taps("Cancel the visit")
    await client.sees("does not answer", "+7 727 000 00 00")
    await clinic.is_well_again()
    await client.taps("↻ Try again")
    await client.sees("Your visit", "Haircut")
    await client.has_button("Cancel the visit")


async def test_a_stranger_in_the_same_calendar_stays_untouched(client: Client, clinic: Clinic) -> None:
    other = await clinic.books(ANNA, "2030-01-08", "12:00")
    await client.books()
    await client.taps("Cancel the visit", YES)
    rows = {row["id"]: row["status"] for row in await clinic.appointments(live=False)}
    assert rows.pop(other) == "scheduled"
    assert set(rows.values()) == {"cancelled"}
