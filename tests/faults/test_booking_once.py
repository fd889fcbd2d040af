"""One confirmed wish, at most one appointment, and the truth in the card, whatever breaks on the way."""

import asyncio
from typing import Any

import httpx
import pytest

from bot.app import App
from bot.sandbox.faults import Kind
from bot.sandbox.server import Sandbox
from tests.clinic import ANNA, HAIRCUT, Clinic, Row
from tests.conftest import StartBot
from tests.faults.weather import OneLinkWeather
from tests.faults.wire import Telegram
from tests.people import Client

CREATION = "POST /appointments$"
BOTH = pytest.mark.parametrize("profile", ["published", "current"])
OURS = "+77011234567"


async def creations(clinic: Clinic) -> list[Row]:
    """The bodies with which an appointment was asked for."""
    return [row["body"] for row in await clinic.requests("scheduling/appointments", "POST") if row["body"]]


def keys_of(bodies: list[Row]) -> set[str]:
    return {body["idempotency_key"] for body in bodies}


# --- taps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [2, 5])
async def test_tapping_confirm_several_times_books_once(
    client: Client, clinic: Clinic, telegram: Telegram, times: int
) -> None:
    await client.reaches_the_summary()
    await client.taps_at_once("✓ Confirm", times)
    await client.sees("You are booked")
    assert len(await clinic.appointments(live=False)) == 1
    assert len(await creations(clinic)) == 1
    assert telegram.unanswered_taps(client.chat_id) == 0


async def test_an_old_confirm_tapped_after_the_booking_books_nothing(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    message, button = await client._button("✓ Confirm")
    await client.taps("✓ Confirm")
    await client.taps_data(button["data"], message["message_id"])
    assert len(await clinic.appointments(live=False)) == 1
    await client.sees("You are booked")


# --- answers that do not come -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "kind", "more"),
    [
        ("published", "drop_after", {}),
        ("current", "drop_after", {}),
        ("current", "drop_before", {}),
        ("current", "html", {"status": 502}),
        ("current", "status", {"status": 429}),
        ("current", "status", {"status": 500}),
        ("current", "status", {"status": 409, "code": "DUPLICATE_IDEMPOTENCY_KEY"}),
    ],
)
async def test_an_uncertain_answer_is_resolved_with_the_same_key_and_one_card(
    client: Client, clinic: Clinic, sandbox: Sandbox, kind: str, more: Row
) -> None:
    await client.reaches_the_summary()
    await clinic.fault(CREATION, kind, **more)
    await client.taps("✓ Confirm")
    await client.sees("Checking your booking", "+7 727 000 00 00")
    assert await client.buttons() == []
    await client.waits_for("You are booked")
    [made] = await clinic.appointments(live=False)
    bodies = await creations(clinic)
    assert len(bodies) >= 2
    assert keys_of(bodies) == {made["idempotency_key"]}
    booked = [m for m in await client.messages() if "You are booked" in m["text"]]
    assert len(booked) == 1


async def test_while_it_is_being_checked_nothing_else_can_be_begun(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    await clinic.fault(CREATION, "drop_after", times=2)
    await client.taps("✓ Confirm")
    await client.says("/book")
    await client.sees("The clinic has not answered yet")
    await client.says("I want another one")
    await client.sees("The clinic has not answered yet")
    await client.waits_until_some_message_says("You are booked")
    assert len(await clinic.appointments(live=False)) == 1


async def test_a_conflict_that_is_the_echo_of_our_own_request_is_not_believed(
    client: Client, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    await clinic.fault(CREATION, "drop_after")
    await clinic.fault(CREATION, "status", status=409, code="SLOT_CONFLICT")
    await client.taps("✓ Confirm")
    await client.waits_for("You are booked")
    assert len(await clinic.appointments(live=False)) == 1


async def test_a_conflict_after_a_request_that_never_arrived_is_told_in_the_end(
    client: Client, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    await clinic.fault(CREATION, "drop_before")
    await client.taps("✓ Confirm")
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await client.waits_for("This time has just been taken")
    await client.sees("Free nearby")
    [option, *_] = await client.buttons()
    await client.taps(option)
    await client.sees("Shall I book it?", "Алия Нурланова")
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    assert len(await clinic.appointments()) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "cancelled"}, "cancelled."),
        ({"starts_at": "2030-01-08T06:00:00Z", "ends_at": "2030-01-08T06:30:00Z"}, "moved"),
    ],
)
async def test_a_replayed_appointment_that_changed_meanwhile_is_told_as_it_is(
    client: Client, clinic: Clinic, sandbox: Sandbox, change: Row, said: str
) -> None:
    await client.reaches_the_summary()
    await clinic.fault(CREATION, "drop_after")
    await client.taps("✓ Confirm")
    [made] = sandbox.world.appointments.values()
    made.update(change)
    await client.waits_for("Your visit was booked, but")
    await client.sees(said)
    if "starts_at" in change:
        await client.sees("11:00")
    await client.sees_nothing_of("You are booked.")
    # What the card offers is for this client to see.
    await client.taps("Show the visit")
    await client.sees("Haircut", "Code")
    assert len(await clinic.appointments(live=False)) == 1


# --- One-Link is away ---------------------------------------------------------------------------

#: What a client does, and what the question after it says.
WAY = [
    ("tap", "Book a visit", "Which service"),
    ("tap", "Haircut", "With whom?"),
    ("tap", "Anna Ivanova", "Which day?"),
    ("tap", "tomorrow, Tue 8 Jan · 16 free", "What time?"),
    ("tap", "10:00", "Who processes the data"),
    ("tap", "I agree", "Your name"),
    ("say", "Алия Нурланова", "Your phone"),
    ("say", "8 701 123 45 67", "Your IIN"),
    ("tap", "Skip", "Shall I book it?"),
]
#: How it is away: a refusing server, a gateway's page, broken connections.
AWAY: tuple[Kind, ...] = ("status", "html", "drop_before")


async def test_one_link_down_at_every_step_loses_nothing(
    client: Client, clinic: Clinic, weather: OneLinkWeather
) -> None:
    await client.says("/start")
    for number, (action, what, question) in enumerate(WAY):
        weather.goes_down(AWAY[number % 3])
        await (client.taps(what) if action == "tap" else client.says(what))
        if question not in (await client.card())["text"]:
            await client.sees("does not answer", "What you have entered is kept", "+7 727 000 00 00")
        weather.comes_back()
        if "↻ Try again" in await client.buttons():
            await client.taps("↻ Try again")
        if question not in (await client.card())["text"]:
            await (client.taps(what) if action == "tap" else client.says(what))
        await client.sees(question)
    weather.goes_down()
    await client.taps("✓ Confirm")
    await client.sees("Checking your booking")
    weather.comes_back()
    await client.waits_for("You are booked")
    [made] = await clinic.appointments()
    assert (made["starts_at"], made["client_name"]) == ("2030-01-08T05:00:00Z", "Алия Нурланова")


async def test_a_summary_asked_for_while_one_link_is_down_comes_back_with_everything(
    client: Client, weather: OneLinkWeather
) -> None:
    await client.reaches_the_summary()
    weather.goes_down()
    await client.says("/start")
    await client.sees("Go on")
    await client.taps("Continue")
    await client.sees("does not answer", "What you have entered is kept")
    weather.comes_back()
    await client.taps("↻ Try again")
    await client.sees("Shall I book it?", "Алия Нурланова", "+7 701 123 4567")


@pytest.mark.parametrize("slots", [[{"starts_at": "soon"}] * 3, ["10:00"], "none"])
async def test_an_agenda_that_cannot_be_read_is_not_called_full(
    client: Client, clinic: Clinic, slots: Any
) -> None:
    await client.says("/start")
    await client.taps("Book a visit", "Haircut")
    await clinic.fault("GET /calendar", "status", status=200, body={"payload": {"slots": slots}}, times=0)
    await client.taps("Anna Ivanova")
    await client.sees("does not answer")
    await client.sees_nothing_of("taken", "no free time")


# --- contact and conversation -------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("lost", ["POST /contacts$", "POST /conversations$", "POST /contact_inboxes$"])
async def test_a_lost_answer_about_contact_or_conversation_makes_no_second_one(
    client: Client, clinic: Clinic, lost: str
) -> None:
    if lost.startswith("POST /contact_inboxes"):
        await clinic.changes(contacts=[{"id": 61, "full_name": "Алия", "phone": OURS}])
    await client.reaches_the_summary(phone=OURS)
    await clinic.fault(lost, "drop_after")
    await client.taps("✓ Confirm")
    await client.waits_for("You are booked")
    world = await clinic.world()
    assert len(world["contacts"]) == 1
    assert len(world["conversations"]) == 1
    assert len(world["appointments"]) == 1
    assert any(row.get("fault") == "drop_after" for row in await clinic.requests(method="POST"))


async def test_without_an_inbox_a_lost_contact_is_found_again(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    async with start_bot(onelink_inbox_id=None, onelink_inbox_identifier=None):
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.reaches_the_summary()
        await clinic.fault("POST /contacts$", "drop_after")
        await client.taps("✓ Confirm")
        await client.waits_for("You are booked")
    world = await clinic.world()
    assert len(world["contacts"]) == len(world["appointments"]) == 1
    assert world["conversations"] == []
    assert world["appointments"][0]["conversation_id"] is None


async def test_a_client_may_book_under_another_number_than_before(client: Client, clinic: Clinic) -> None:
    await client.books(time="10:00", phone=OURS)
    await client.says("/book")
    await client.taps("Haircut", "Anna Ivanova")
    await client.says("08.01.2030 12:00")
    await client.taps("Skip")
    await client.sees("Shall I book it?", "+7 701 123 4567")
    await client.taps("Change phone")
    await client.says("8 777 765 43 21")
    await client.sees("Shall I book it?", "+7 777 765 4321")
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    world = await clinic.world()
    phones = {contact["id"]: contact["phone"] for contact in world["contacts"]}
    assert [phones[row["contact_id"]] for row in world["appointments"]] == [OURS, "+77777654321"]
    for conversation, visit in zip(world["conversations"], world["appointments"], strict=True):
        assert conversation["contact_id"] == visit["contact_id"]
    # Both are this client's to cancel.
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await client.sees("This visit is cancelled.")


# --- the conversation link ----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("link", ["auto", "id", "display_id", "both"])
async def test_every_form_of_the_link_books_and_never_links_to_a_stranger(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic, profile: str, link: str
) -> None:
    async with start_bot(onelink_conversation_link=link):
        client = Client(control, 501)
        await client.is_called("Aliya")
        await client.books()
        await client.sees("You are booked")
    world = await clinic.world()
    [made], [conversation] = world["appointments"], world["conversations"]
    assert conversation["contact_id"] == made["contact_id"]
    if profile == "current":
        assert made["conversation_display_id"] == conversation["id"]
    else:
        # The published API takes the database id only, which no API shows: 404, then without a link.
        assert made["conversation_id"] is None
    assert len(keys_of(await creations(clinic))) == 1


async def test_a_server_that_speaks_display_ids_gets_the_display_id_alone_from_then_on(
    client: Client, rival: Client, clinic: Clinic
) -> None:
    await client.books(time="10:00")
    await rival.books(time="11:00", phone="+77017654321")
    first, second = await creations(clinic)
    assert {"conversation_id", "conversation_display_id"} <= first.keys()
    assert "conversation_display_id" in second
    assert "conversation_id" not in second


async def test_an_id_that_means_a_strangers_conversation_is_refused_and_then_named_better(
    client: Client, clinic: Clinic, sandbox: Sandbox
) -> None:
    # A stranger's conversation has the database id that is our display id.
    await clinic.changes(
        contacts=[{"id": 61, "full_name": "Stranger", "phone": "+77770000000"}],
        conversations=[{"id": 1, "primary_key": 2, "contact_id": 61, "inbox_id": 14, "source_id": "other"}],
    )
    await client.books()
    await client.sees("You are booked")
    [made] = await clinic.appointments()
    assert made["conversation_display_id"] == 2
    first, second = await creations(clinic)
    assert first["conversation_id"] == 2
    assert "conversation_id" not in second
    assert keys_of([first, second]) == {made["idempotency_key"]}


def other_conversation_of_the_same_contact() -> Row:
    """Ours will be number 2; the same contact's conversation elsewhere has 2 as its database id."""
    return {
        "inboxes": [
            {"id": 14, "identifier": "inbox-identifier", "name": "Telegram"},
            {"id": 15, "identifier": "other", "name": "Site"},
        ],
        "contacts": [{"id": 61, "full_name": "Алия", "phone": OURS}],
        "conversations": [
            {"id": 1, "primary_key": 2, "contact_id": 61, "inbox_id": 15, "source_id": "site-61"}
        ],
    }


async def test_a_reply_that_names_another_conversation_is_corrected(client: Client, clinic: Clinic) -> None:
    await clinic.changes(**other_conversation_of_the_same_contact())
    await client.books(phone=OURS)
    await client.sees("You are booked")
    [made] = await clinic.appointments()
    assert made["conversation_display_id"] == 2
    assert [row["path"] for row in await clinic.requests(method="PATCH")]


@pytest.mark.parametrize(("status", "code"), [(409, "SLOT_CONFLICT"), (422, "VALIDATION_ERROR"), (404, None)])
async def test_a_correction_of_the_link_that_is_refused_does_not_hide_the_appointment(
    client: Client, clinic: Clinic, status: int, code: str | None
) -> None:
    await clinic.changes(**other_conversation_of_the_same_contact())
    await client.reaches_the_summary(phone=OURS)
    await clinic.fault("PATCH /appointments", "status", status=status, code=code)
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    assert len(await clinic.appointments()) == 1


async def test_a_refused_conversation_costs_the_link_and_not_the_visit(
    client: Client, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    await clinic.fault("POST /conversations$", "status", status=422)
    await client.taps("✓ Confirm")
    await client.sees("You are booked")
    [made] = await clinic.appointments()
    assert made["conversation_display_id"] is None


# --- rivals -------------------------------------------------------------------------------------


@BOTH
async def test_a_slot_taken_before_confirm_costs_the_slot_and_nothing_else(
    client: Client, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await client.taps("✓ Confirm")
    await client.sees("This time has just been taken", "Free nearby")
    assert {"Tue 8 Jan, 09:30", "Tue 8 Jan, 10:30"} <= set(await client.buttons())
    await client.taps("Tue 8 Jan, 10:30")
    await client.sees("Shall I book it?", "Алия Нурланова", "+7 701 123 4567", "10:30")
    await client.taps("✓ Confirm")
    await client.sees("You are booked", "10:30")
    ours = [row for row in await clinic.appointments() if row["service_id"] == HAIRCUT]
    assert [row["starts_at"] for row in ours] == ["2030-01-08T05:30:00Z"]


@pytest.mark.parametrize("profile", ["published"])
@pytest.mark.parametrize("trouble", [None, ("POST /cancel$", "drop_after"), ("POST /cancel$", "drop_before")])
async def test_of_two_appointments_for_one_slot_the_later_gives_way(
    client: Client, rival: Client, clinic: Clinic, sandbox: Sandbox, trouble: Any
) -> None:
    sandbox.world.switches["race_window"] = 0.6  # both look before either has written
    await client.reaches_the_summary()
    await rival.reaches_the_summary(phone="+77017654321")
    if trouble:
        await clinic.fault(*trouble)
    await asyncio.gather(client.taps("✓ Confirm"), rival.taps("✓ Confirm"))
    if trouble:
        await asyncio.gather(
            *(p.waits_until_some_message_says("You are booked", "Free nearby") for p in (client, rival))
        )
    first, second = await clinic.appointments(live=False)
    assert (first["status"], second["status"]) == ("scheduled", "cancelled")
    cards = {p: (await p.card())["text"] for p in (client, rival)}
    [winner] = [p for p, text in cards.items() if "You are booked" in text]
    [loser] = [p for p, text in cards.items() if "This time has just been taken" in text]
    assert winner is not loser

    sandbox.world.switches["race_window"] = 0.0
    [option, *_] = await loser.buttons()
    await loser.taps(option)
    await loser.sees("Shall I book it?", "Алия Нурланова")
    await loser.taps("✓ Confirm")
    await loser.sees("You are booked")
    third = (await clinic.appointments(live=False))[2]
    assert third["idempotency_key"] != second["idempotency_key"]
    assert third["external_ref"] != second["external_ref"]


@pytest.mark.parametrize("profile", ["published"])
@pytest.mark.parametrize("code", ["SERVICE_NOT_AVAILABLE_FOR_RESOURCE", "INVALID_IIN"])
async def test_a_second_appointment_that_cannot_be_given_up_is_not_called_unbooked(
    client: Client, rival: Client, clinic: Clinic, sandbox: Sandbox, code: str
) -> None:
    sandbox.world.switches["race_window"] = 0.6
    await client.reaches_the_summary()
    await rival.reaches_the_summary(phone="+77017654321")
    await clinic.fault("POST /cancel$", "status", status=422, code=code, times=0)
    await asyncio.gather(client.taps("✓ Confirm"), rival.taps("✓ Confirm"))
    assert len(await clinic.appointments()) == 2
    texts = [(await person.card())["text"] for person in (client, rival)]
    # It stands in the clinic's calendar: nobody may be told that nothing was booked.
    for text in texts:
        assert "check it" not in text
        assert "choose again" not in text


@pytest.mark.parametrize("profile", ["published"])
async def test_of_twenty_rivals_for_one_slot_one_is_booked_and_the_others_are_offered_other_times(
    bot: App, control: httpx.AsyncClient, clinic: Clinic, sandbox: Sandbox
) -> None:
    sandbox.world.switches["race_window"] = 0.05  # the older One-Link lets several in
    rivals = [Client(control, 600 + number) for number in range(20)]

    async def gets_ready(number: int) -> None:
        person = rivals[number]
        await person.is_called(f"Rival{chr(65 + number)}")
        await person.reaches_the_summary(phone=f"+770112300{number:02d}")

    await asyncio.gather(*map(gets_ready, range(len(rivals))))
    await asyncio.gather(*(rival.taps("✓ Confirm") for rival in rivals))
    assert len(await clinic.appointments()) == 1
    texts = [(await rival.card())["text"] for rival in rivals]
    assert sum("You are booked" in text for text in texts) == 1
    assert sum("This time has just been taken" in text and "Free nearby" in text for text in texts) == 19
