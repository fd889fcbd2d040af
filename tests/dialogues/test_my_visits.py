"""My visits: a client's own, the ones made by phone once the phone is proven, and nobody else's."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.dialogue.changes import not_to_be_shown
from bot.dialogue.draft import House
from bot.dialogue.framing import unreachable_lists
from bot.dialogue.screen import Text
from bot.sandbox.server import Sandbox
from bot.telegram.keyboard import VisitTap
from tests.clinic import ANNA, BEARD, BORIS, COLOURING, HAIRCUT, NOW, Clinic, Row, local, world
from tests.conftest import StartBot, one_profile_each
from tests.people import Client

pytest_generate_tests = one_profile_each

OWN, OTHER, FOREIGN = "+77011234567", "+77019998877", "+996555123456"
FIND, SHARE = "Find visits made by phone", "Please share your phone number with the button below."
CONSENT = "May the clinic use your phone number to find your visits?"
UNPROVEN = "Visits made by phone or at the reception are shown once you share your phone number."
NONE_AHEAD, NONE_PAST = "You have no visits ahead.", "There are no past visits of the last three months."
SILENT = unreachable_lists(House()).asks
NOT_YOURS = not_to_be_shown().asks
LATER = NOW + timedelta(days=3)
AS_LAST_TIME = Text("As last time: {what}", what="Haircut · Anna Ivanova")


async def visits_listed(client: Client) -> list[str]:
    """The buttons of the visits in the list that the client looks at."""
    return [label for label in await client.buttons() if ":" in label]


async def finds(client: Client, phone: str = OWN) -> None:
    """From the list to the list of somebody who has shared the own phone; consent is given if asked."""
    await client.taps(FIND)
    if client.reads("I agree") in await client.buttons():
        await client.taps("I agree")
    await client.shares_phone(phone)


async def books_with_a_typed_number(client: Client, phone: str, time: str = "10:00") -> None:
    """Book with a number that nothing proves to be the client's own."""
    await client.reaches_the_name(time=time)
    await client.says("Алия Нурланова", phone)
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked.")


async def learns_the_time(client: Client, clinic: Clinic, moment: datetime) -> None:
    """One-Link's clock is moved; its answer to the first question tells the bot, the second uses it."""
    await clinic.clock_is(moment)
    await client.says("/my", "/my")


# What lies ahead


async def test_each_visit_ahead_has_a_button_and_the_soonest_is_first(client: Client, clinic: Clinic) -> None:
    await client.books("2030-01-09", "15:00")
    await clinic.books_for(OWN, BORIS, "2030-01-10", "09:30", service_id=BEARD)
    await clinic.books_for(OWN, ANNA, "2030-01-08", "16:00")
    gone = await clinic.books_for(OWN, ANNA, "2030-01-08", "12:00")
    await clinic.cancels(gone)
    await client.says("/my")
    await client.sees("Your visits")
    assert await visits_listed(client) == [
        "Tue 8 Jan, 16:00 · Haircut",
        "Wed 9 Jan, 15:00 · Haircut",
        "Thu 10 Jan, 09:30 · Beard trim",
    ]
    await client.taps("Thu 10 Jan, 09:30 · Beard trim")
    await client.sees("Your visit", "Beard trim", "Boris Kim", "Thursday, 10 January, 09:30")
    await client.taps("My visits", "Wed 9 Jan, 15:00 · Haircut")
    await client.sees("Your visit", "Haircut", "Anna Ivanova", "Wednesday, 9 January, 15:00")


async def test_without_visits_it_says_so_and_a_visit_can_be_booked(client: Client) -> None:
    await client.says("/start")
    await client.taps("My visits")
    await client.sees(NONE_AHEAD, UNPROVEN)
    await client.taps("Book a visit")
    await client.sees("Which service would you like?")


async def test_a_visit_that_staff_made_without_a_service_is_listed_as_a_visit(
    client: Client, clinic: Clinic
) -> None:
    await client.books()
    number = await clinic.books_for(OWN, ANNA, "2030-01-09", "11:00")
    bare: Row = {"service_id": None, "service_ids": [], "booked_services": [], "service_name_snapshot": None}
    rows = await clinic.appointments()
    await clinic.changes(appointments=[row | (bare if row["id"] == number else {}) for row in rows])
    await client.says("/my")
    await client.taps("Wed 9 Jan, 11:00 · Visit")
    await client.sees("Your visit", "Wednesday, 9 January, 11:00")
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await client.sees("This visit is cancelled.")
    await client.has_no_button("Book again")


async def test_one_link_down_is_never_an_empty_list(client: Client, clinic: Clinic) -> None:
    await client.books()
    await clinic.fault("GET /appointments", "status", times=0)
    await client.says("/my")
    await client.sees(SILENT, "+7 727 000 00 00")
    await client.sees_nothing_of(NONE_AHEAD)
    await clinic.is_well_again()
    await client.taps("↻ Try again")
    await client.sees("Your visits")
    assert await visits_listed(client) == ["Tue 8 Jan, 10:00 · Haircut"]


async def test_a_contact_that_operators_merged_keeps_its_visits_in_the_list(
    client: Client, sandbox: Sandbox
) -> None:
    await client.books()
    merged = sandbox.world.add("contacts", {"full_name": "Алия (merged)", "phone": "+77770001122"})
    for table in ("contact_inboxes", "conversations", "appointments"):
        for row in sandbox.world.rows(table):
            row["contact_id"] = merged["id"]
    await client.says("/my")
    assert await visits_listed(client) == ["Tue 8 Jan, 10:00 · Haircut"]


# Visits made by phone


async def test_a_visit_made_by_phone_appears_once_the_own_phone_is_shared(
    client: Client, clinic: Clinic
) -> None:
    await clinic.books_for(OWN, ANNA, "2030-01-08", "11:00")
    await client.says("/my")
    await client.sees(NONE_AHEAD, UNPROVEN)
    await client.taps(FIND)
    await client.sees(CONSENT)
    await client.taps("I agree")
    await client.sees(SHARE)
    await client.has_button("Share my phone number")
    await client.shares_phone(OWN)
    await client.sees("Your visits")
    await client.sees_nothing_of(UNPROVEN)
    await client.has_no_button(FIND)
    assert await visits_listed(client) == ["Tue 8 Jan, 11:00 · Haircut"]
    assert (await client.chat())["keyboard"] is None
    await client.taps("Tue 8 Jan, 11:00 · Haircut")
    await client.sees("Your visit", "Haircut", "Anna Ivanova")
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await client.sees("This visit is cancelled.")
    assert await clinic.appointments() == []


async def test_no_number_is_looked_up_before_consent(client: Client, clinic: Clinic) -> None:
    await client.says("/my")
    await client.taps(FIND)
    await clinic.forgets_requests()
    await client.shares_phone(OWN)
    assert not await clinic.requests("/contacts")
    assert (await client.chat())["keyboard"] is None


async def test_declining_consent_leads_back_to_the_list(client: Client) -> None:
    await client.says("/my")
    await client.taps(FIND, "My visits")
    await client.sees(NONE_AHEAD)


async def test_consent_is_asked_once_for_finding_and_booking(client: Client, clinic: Clinic) -> None:
    await client.says("/my")
    await finds(client)
    await client.reaches_the_day()
    await client.says("8.01 10:00")
    await client.sees("Your name and surname?")


async def test_who_consented_while_booking_is_only_asked_for_the_phone(client: Client) -> None:
    await books_with_a_typed_number(client, OWN)
    await client.says("/my")
    await client.sees("Your visits", UNPROVEN)
    await client.taps(FIND)
    await client.sees(SHARE)


@pytest.mark.parametrize("whose", ["somebody else's", "nobody's"])
async def test_only_the_own_contact_proves_anything(client: Client, clinic: Clinic, whose: str) -> None:
    await clinic.books_for(OTHER, ANNA, "2030-01-08", "11:00")
    await client.says("/my")
    await client.taps(FIND, "I agree")
    if whose == "nobody's":
        await client.shares_contact_of_nobody(OTHER)
    else:
        await client.shares_phone(OTHER, of=777)
    await client.sees("That is somebody else's number. Please share your own with the button.", SHARE)
    await client.has_button("Share my phone number")
    await client.shares_phone(OWN)
    await client.sees("The clinic has no visits for this number.", NONE_AHEAD)
    assert await visits_listed(client) == []


async def test_a_number_that_the_clinic_does_not_know_is_said_to_be_unknown(client: Client) -> None:
    await client.says("/my")
    await finds(client)
    await client.sees("The clinic has no visits for this number.", NONE_AHEAD, UNPROVEN)
    await client.has_button(FIND)


@pytest.mark.parametrize("shared", [FOREIGN, FOREIGN.removeprefix("+")])
async def test_a_number_of_another_country_is_found_with_and_without_its_plus(
    client: Client, clinic: Clinic, shared: str
) -> None:
    """Telegram sends contacts in both forms."""
    await clinic.books_for(FOREIGN, ANNA, "2030-01-08", "11:00")
    await client.says("/my")
    await finds(client, shared)
    assert await visits_listed(client) == ["Tue 8 Jan, 11:00 · Haircut"]


@pytest.mark.parametrize("typed", ["‹ Back", OTHER])
async def test_back_and_a_typed_number_lead_back_and_prove_nothing(
    client: Client, clinic: Clinic, typed: str
) -> None:
    await clinic.books_for(OTHER, ANNA, "2030-01-08", "11:00")
    await client.says("/my")
    await client.taps(FIND, "I agree")
    await client.says(client.reads(typed))
    await client.sees(NONE_AHEAD, UNPROVEN)
    assert await visits_listed(client) == []
    assert (await client.chat())["keyboard"] is None


@pytest.mark.parametrize("kind", ["status", "drop_before"])
async def test_one_link_down_while_the_phone_is_looked_up_is_not_called_unknown(
    client: Client, clinic: Clinic, kind: str
) -> None:
    await clinic.books_for(OWN, ANNA, "2030-01-08", "11:00")
    await client.says("/my")
    await client.taps(FIND, "I agree")
    await clinic.fault("GET /contacts", kind, times=0)
    await client.shares_phone(OWN)
    await client.sees(SILENT)
    await client.sees_nothing_of("The clinic has no visits for this number.")
    await clinic.is_well_again()
    await client.taps("↻ Try again")
    if await visits_listed(client) == []:
        await finds(client)
    assert await visits_listed(client) == ["Tue 8 Jan, 11:00 · Haircut"]


async def test_finding_visits_leaves_an_unfinished_booking(client: Client, clinic: Clinic) -> None:
    await clinic.books_for(OWN, ANNA, "2030-01-08", "11:00")
    await client.reaches_the_name()
    await client.says("/my")
    await finds(client)
    await client.sees("Your visits")
    await client.says("/book")
    await client.sees("Your name and surname?", "Haircut", "10:00")
    await client.says("Алия Нурланова")
    await client.shares_phone(OWN)
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked.")
    assert len(await clinic.appointments()) == 2


async def test_finding_visits_while_a_booking_is_checked_does_not_book_again(
    client: Client, clinic: Clinic
) -> None:
    await client.says("/my")
    list_data, list_id = await client.remembers(FIND)
    await client.reaches_the_summary()
    await clinic.fault("POST /appointments$", "drop_after", times=2)
    await client.taps("✓ Confirm")
    await client.taps_data(list_data, list_id)
    await client.shares_phone(OWN)
    await client.waits_until_some_message_says("You are booked.")
    await client.says("yes")
    assert len(await clinic.appointments(live=False)) == 1
    assert sum("You are booked." in text for text in await client.words_of_bot()) == 1


# Nobody else's


async def test_who_typed_a_strangers_number_sees_only_what_was_booked_here(
    client: Client, clinic: Clinic
) -> None:
    await clinic.books_for(OTHER, BORIS, "2030-01-09", "11:30", service_id=BEARD)
    await clinic.books_for(OTHER, BORIS, "2030-01-07", "17:30", service_id=BEARD)
    await books_with_a_typed_number(client, OTHER)
    await client.says("/my")
    assert await visits_listed(client) == ["Tue 8 Jan, 10:00 · Haircut"]
    await learns_the_time(client, clinic, LATER)
    await client.taps("Past visits")
    await client.sees("Past visits")
    assert await visits_listed(client) == ["Tue 8 Jan, 10:00 · Haircut"]
    said = " ".join(await client.words_of_bot())
    assert "Boris" not in said
    assert "11:30" not in said


@pytest.mark.parametrize("proven", ["before", "after"])
async def test_a_proven_client_who_books_for_a_stranger_sees_only_that_visit_of_the_stranger(
    client: Client, clinic: Clinic, proven: str
) -> None:
    """One-Link's inbox then knows this client by the stranger's contact, as it does after a merge."""
    theirs = await clinic.books_for(OTHER, BORIS, "2030-01-09", "11:30", service_id=BEARD)
    await clinic.books_for(OWN, ANNA, "2030-01-10", "12:00")
    if proven == "after":
        await books_with_a_typed_number(client, OTHER)
    await client.says("/my")
    await finds(client)
    if proven == "before":
        await books_with_a_typed_number(client, OTHER)
    own = ["Tue 8 Jan, 10:00 · Haircut", "Thu 10 Jan, 12:00 · Haircut"]
    await client.says("/my")
    assert await visits_listed(client) == own
    card = await client.card()
    await client.taps_data(VisitTap(step="visit", value=str(theirs)).pack(), card["message_id"])
    await client.sees(NOT_YOURS)
    await client.says("/my")
    assert await visits_listed(client) == own


STEPS = ("visit", "keep", "cancel", "cancelled", "coming", "undo", "move", "again", "file", "absent", "why")
RESTS = {"undo": f".{int(NOW.timestamp())}", "why": ".price", "move": ".sure"}


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize("step", STEPS)
async def test_forged_buttons_reach_nothing_of_a_stranger(
    client: Client, clinic: Clinic, step: str, cancelled: bool
) -> None:
    theirs = await clinic.books_for(OTHER, BORIS, "2030-01-09", "11:30", service_id=BEARD)
    if cancelled:
        await clinic.cancels(theirs)
    await books_with_a_typed_number(client, OTHER)
    before = await clinic.appointment(theirs)
    await clinic.forgets_requests()
    card = await client.card()
    data = VisitTap(step=step, value=f"{theirs}{RESTS.get(step, '')}").pack()
    await client.taps_data(data, card["message_id"])
    await client.sees(NOT_YOURS)
    said = " ".join(await client.words_of_bot())
    assert not [leak for leak in ("Boris", "Beard", "11:30", "9 January") if leak in said]
    assert all(message["kind"] == "text" for message in await client.messages())
    assert await clinic.appointment(theirs) == before
    written = [row for row in await clinic.requests() if row["method"] != "GET"]
    assert not [row for row in written if not row["path"].endswith("/filter")]  # a filter is a question


@pytest.mark.parametrize(
    "data",
    ["v:undo:{id}.999999999999999999", "v:undo:{id}.-1", "v:undo:{id}", "v:why:{id}.nothing", "v:why:{id}"],
)
async def test_odd_values_behind_the_number_of_a_visit_do_no_harm(
    client: Client, clinic: Clinic, data: str
) -> None:
    await client.books()
    [row] = await clinic.appointments()
    await clinic.cancels(row["id"])
    card = await client.card()
    await client.taps_data(data.format(id=row["id"]), card["message_id"])
    await client.sees("This visit is cancelled.")


@pytest.mark.parametrize("value", ["", "²", "².¹", "31", "31.²", "99999.11", "31.99999", "9.9" + "9" * 30])
async def test_a_forged_as_last_time_ends_in_a_question(client: Client, value: str) -> None:
    await client.says("/start")
    card = await client.card()
    await client.taps_data(VisitTap(step="same", value=value).pack(), card["message_id"])
    assert not any("Something went wrong" in text for text in await client.words_of_bot())
    await client.has_button("✕ Cancel")


# What has been


async def test_past_visits_are_one_tap_further_the_latest_first_without_cancelled_ones(
    client: Client, clinic: Clinic
) -> None:
    await clinic.books_for(OWN, ANNA, "2030-01-07", "16:00")
    await clinic.books_for(OWN, BORIS, "2030-01-09", "11:00", service_id=BEARD)
    cancelled = await clinic.books_for(OWN, ANNA, "2030-01-08", "12:00")
    await clinic.books_for(OWN, ANNA, "2030-01-12", "12:00")
    await client.books("2030-01-08", "10:00")
    await clinic.cancels(cancelled)
    await learns_the_time(client, clinic, LATER)
    assert await visits_listed(client) == ["Sat 12 Jan, 12:00 · Haircut"]
    await client.taps("Past visits")
    await client.sees("Past visits")
    assert await visits_listed(client) == [
        "Wed 9 Jan, 11:00 · Beard trim",
        "Tue 8 Jan, 10:00 · Haircut",
        "Mon 7 Jan, 16:00 · Haircut",
    ]
    await client.taps("Wed 9 Jan, 11:00 · Beard trim")
    await client.sees("This visit is over.", "Boris Kim")
    await client.has_no_button("Cancel the visit")
    await client.has_no_button("Another time")


async def test_without_past_visits_it_says_so_and_leads_back(client: Client) -> None:
    await client.says("/my")
    await client.taps("Past visits")
    await client.sees(NONE_PAST)
    await client.taps("My visits")
    await client.sees(NONE_AHEAD)


async def test_one_link_down_is_never_an_empty_past(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.says("/my")
    await clinic.fault("GET /appointments", "status", times=0)
    await client.taps("Past visits")
    await client.sees(SILENT)


# Once more


@pytest.mark.parametrize("which", ["past", "cancelled"])
async def test_book_again_begins_with_the_same_service_and_specialist(
    client: Client, clinic: Clinic, which: str
) -> None:
    await client.books()
    if which == "past":
        await learns_the_time(client, clinic, LATER)
        await client.taps("Past visits", "Tue 8 Jan, 10:00 · Haircut")
    else:
        await client.taps("Cancel the visit", "Yes, cancel the visit")
    await client.taps("Book again")
    await client.sees("Which day?", "Haircut", "Anna Ivanova")
    await client.says("14.01.2030 12:00")
    if client.reads("Your IIN?") in (await client.card())["text"]:
        await client.taps("Skip")
    await client.taps("✓ Confirm")
    await client.sees("You are booked.", "Haircut", "Anna Ivanova", "14 January, 12:00")


async def test_book_again_without_the_service_asks_what_else(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    await clinic.changes(services=[row for row in world()["services"] if row["id"] == COLOURING])
    await learns_the_time(client, clinic, NOW + timedelta(minutes=10))
    await client.taps("Book again")
    await client.sees("The clinic has just changed what it offers. Please choose again.", "Colouring")


async def test_as_last_time_is_one_tap_on_the_menu(client: Client) -> None:
    await client.says("/start")
    assert not [label for label in await client.buttons() if label.startswith("As last time")]
    await client.books()
    await client.says("/start")
    await client.taps(AS_LAST_TIME)
    await client.sees("Which day?", "Haircut", "Anna Ivanova")


async def test_as_last_time_can_still_be_changed(client: Client) -> None:
    await client.books()
    await client.says("/start")
    await client.taps(AS_LAST_TIME, "‹ Back")
    await client.taps("Boris Kim")
    await client.sees("Which day?", "Haircut", "Boris Kim")


@pytest.mark.parametrize("gone", ["service", "specialist", "pair"])
async def test_as_last_time_is_not_offered_without_what_it_was(
    client: Client, clinic: Clinic, gone: str
) -> None:
    await client.books()
    if gone == "service":
        await clinic.drops("services", HAIRCUT)
    elif gone == "specialist":
        await clinic.drops("resources", ANNA)
    else:
        rows = (await clinic.world())["services"]
        for row in rows:
            row["prices"] = [it for it in row["prices"] if it["resource_id"] != ANNA]
        await clinic.changes(services=rows)
    await learns_the_time(client, clinic, NOW + timedelta(minutes=10))
    await client.says("/start")
    await client.has_button("Book a visit")
    assert not [label for label in await client.buttons() if label.startswith("As last time")]


async def test_as_last_time_that_has_just_gone_leads_to_a_choice(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.says("/start")
    data, message_id = await client.remembers(AS_LAST_TIME)
    await clinic.drops("services", HAIRCUT)
    await learns_the_time(client, clinic, NOW + timedelta(minutes=10))
    await client.taps_data(data, message_id)
    await client.waits_until_some_message_says("The clinic has just changed what it offers.")


@pytest.mark.parametrize(("locale", "service"), [("kk", "Шаш қию"), ("ru", "Стрижка")])
async def test_as_last_time_in_both_languages(client: Client, locale: str, service: str) -> None:
    await client.is_called("Алия", locale)
    await client.reaches_the_day(service, "Анна Иванова")
    await client.says("08.01.2030 10:00")
    await client.taps("I agree")
    await client.says("Алия Нурланова", OWN)
    await client.taps("Skip", "✓ Confirm")
    await client.says("/start")
    await client.taps(Text("As last time: {what}", what=f"{service} · Анна Иванова"))
    await client.sees("Which day?", service, "Анна Иванова")


# The card of a visit


@pytest.mark.parametrize("label", ["Cancel the visit", "Another time", "Copy code"])
async def test_any_old_button_shows_what_staff_have_cancelled(
    client: Client, clinic: Clinic, label: str
) -> None:
    await client.books()
    [row] = await clinic.appointments()
    card = await client.card()
    await clinic.cancels(row["id"])
    if label == "Copy code":  # acts in the client's app alone; a button of another day shows the visit
        await client.taps_data(VisitTap(step="keep", value=str(row["id"])).pack(), card["message_id"])
    else:
        await client.taps(label)
    await client.sees("This visit is cancelled.")
    await client.has_no_button("Cancel the visit")
    await client.has_no_button("Another time")
    await client.has_button("Book again")


@pytest.mark.parametrize("step", ["visit", "keep", "cancel", "coming", "undo", "why"])
async def test_any_old_button_shows_the_time_to_which_staff_have_moved(
    client: Client, clinic: Clinic, step: str
) -> None:
    await client.books()
    [row] = await clinic.appointments()
    card = await client.card()
    await clinic.moves(row["id"], "2030-01-09", "15:30", resource_id=BORIS)
    data = VisitTap(step=step, value=f"{row['id']}{RESTS.get(step, '')}").pack()
    await client.taps_data(data, card["message_id"])
    await client.sees("Boris Kim", "Wednesday, 9 January, 15:30")
    await client.sees_nothing_of("Anna Ivanova", "10:00")


async def test_a_visit_that_staff_deleted_is_not_found_and_not_listed(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.says("/my")
    await clinic.changes(appointments=[])
    await client.taps("Tue 8 Jan, 10:00 · Haircut")
    await client.sees(NOT_YOURS)
    await client.taps("Menu", "My visits")
    await client.sees(NONE_AHEAD)


async def test_the_card_tells_the_way_and_what_to_prepare_where_the_clinic_says_so(
    start_bot: StartBot, control: Any
) -> None:
    person = Client(control, 501)
    await person.is_called("Aliya", "en")
    map_url = "https://2gis.kz/almaty/firm/70000001"
    told = {
        "clinic_address": "Абая 1, Алматы",
        "clinic_directions": "Вход со двора",
        "clinic_preparation": "Возьмите удостоверение, приходите за 10 минут",
    }
    async with start_bot(clinic_map_url=map_url, **told):
        await person.books()
        await person.sees("You are booked.", *told.values())
        rows = (await person.card())["buttons"]
        [way] = [button for row in rows for button in row if button["text"] == "How to get there"]
        assert way["url"] == map_url
        assert "data" not in way
        await person.says("/my")
        await person.taps("Tue 8 Jan, 10:00 · Haircut")
        await person.sees("Your visit", *told.values())


async def test_without_a_map_there_is_no_button_for_it(client: Client) -> None:
    await client.books()
    await client.has_no_button("How to get there")
    await client.sees_nothing_of("Where:")


# In Kazakh and Russian


@pytest.mark.parametrize(
    ("locale", "visit", "when"),
    [
        ("kk", "сс 8 қаң., 11:00 · Шаш қию", "сейсенбі, 8 қаңтар, 11:00"),
        ("ru", "вт 8 янв., 11:00 · Стрижка", "вторник, 8 января, 11:00"),
    ],
)
async def test_a_visit_made_by_phone_is_found_in_both_languages(
    client: Client, clinic: Clinic, locale: str, visit: str, when: str
) -> None:
    await client.is_called("Алия", locale)
    await clinic.books_for(OWN, ANNA, "2030-01-08", "11:00")
    await client.says("/my")
    await client.sees(NONE_AHEAD, UNPROVEN)
    await client.taps(FIND)
    await client.sees(CONSENT)
    await client.taps("I agree")
    await client.shares_phone(OTHER, of=777)
    await client.sees("That is somebody else's number. Please share your own with the button.")
    await client.shares_phone(OWN)
    assert await visits_listed(client) == [visit]
    await client.taps(visit)
    await client.sees("Your visit", when)
    await client.taps("My visits", "Past visits")
    await client.sees(NONE_PAST)
    await learns_the_time(client, clinic, local("2030-01-10", "09:00"))
    await client.taps("Past visits", visit)
    await client.sees("This visit is over.", when)
    await client.taps("Book again")
    await client.sees("Which day?")
