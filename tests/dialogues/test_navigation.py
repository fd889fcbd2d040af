"""Back, cancel, changing one's mind, coming back later, and buttons that are not what they were."""

from datetime import timedelta

import pytest

from bot.app import App
from bot.dialogue.screen import Fact, Text
from tests.clinic import ANNA, NOW, Clinic
from tests.people import Client

pytestmark = pytest.mark.parametrize("profile", ["current"])

CONSENT = "Do you agree that the clinic collects and processes your personal data for your visits?"
NAME, PHONE, IIN, SUMMARY = "Your name and surname?", "Your phone number?", "Your IIN?", "Shall I book it?"
LEAVING, LEFT = "Stop booking? What you have entered will be deleted.", "Booking stopped. Nothing was booked."
OLD, UNUSED = "This is an old card; the current one is below.", "This card is no longer in use."
TUESDAY = Text("{day} · {n} free", day="tomorrow, Tue 8 Jan", n=16)


async def test_back_leads_through_every_question_and_keeps_the_answers(client: Client) -> None:
    await client.reaches_the_summary()
    for question in (IIN, PHONE, NAME, CONSENT, "What time?", "Which day?", "With whom?"):
        await client.taps("‹ Back")
        await client.sees(question)
    await client.taps("‹ Back")
    await client.sees("Which service would you like?")
    await client.has_no_button("‹ Back")
    # The same answer again: what was said after it still holds.
    await client.taps("Haircut")
    await client.sees(SUMMARY, "Anna Ivanova", "Tuesday, 8 January", "10:00", "Алия Нурланова")


async def test_another_service_forgets_only_specialist_and_time(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    await client.taps("Change service", "Beard trim")
    await client.sees("With whom?")
    await client.taps("Boris Kim")
    await client.says("9.01 11:00")
    await client.sees(SUMMARY, "Beard trim", "Boris Kim", "Wednesday, 9 January", "Алия Нурланова")
    await client.taps("✓ Confirm")
    assert len(await clinic.appointments()) == 1


async def test_cancel_is_immediate_before_personal_data(client: Client) -> None:
    steps: tuple[Fact, ...] = ("Haircut", "Anna Ivanova", TUESDAY, "10:00", "I agree")
    await client.says("/book")
    for done in range(len(steps) + 1):
        await client.taps(*steps[:done], "✕ Cancel")
        await client.sees(LEFT)
        await client.taps("Start again")
        await client.sees("Which service would you like?")


async def test_cancel_asks_once_personal_data_was_typed(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия Нурланова")
    for answer in (None, "87011234567", "900215312348"):
        if answer:
            await client.says(answer)
        await client.taps("✕ Cancel")
        await client.sees(LEAVING, "Visits already booked stay as they are.")
        await client.taps("No, go on")
    await client.sees(SUMMARY)
    await client.taps("✕ Cancel", "Yes, stop booking")
    await client.sees(LEFT)
    await client.says("/start")
    await client.has_no_button("Continue")


async def test_leaving_can_be_answered_by_typing(client: Client) -> None:
    await client.reaches_the_name()
    await client.says("Алия Нурланова", "87011234567", "отмена")
    await client.sees(LEAVING)
    await client.says("no")
    await client.sees(IIN)
    await client.says("отмена", client.reads("Yes, stop booking"))
    await client.sees(LEFT)
    await client.is_answered_below()


async def test_a_typed_cancel_is_answered_below(client: Client) -> None:
    await client.reaches_the_day()
    await client.says("cancel")
    await client.sees(LEFT)
    await client.is_answered_below()


async def test_leaving_a_draft_touches_no_visit(client: Client, clinic: Clinic) -> None:
    await client.books()
    await client.reaches_the_day()
    await client.taps("✕ Cancel")
    assert len(await clinic.appointments()) == 1


async def test_each_line_of_the_summary_can_be_changed_and_leads_back_to_it(client: Client) -> None:
    await client.reaches_the_summary()
    changes = "service", "specialist", "day", "time", "name", "phone", "IIN"
    for line in changes:  # and back without a change
        await client.taps(f"Change {line}", "‹ Back")
        await client.sees(SUMMARY)
    await client.taps("Change time", "11:30")
    await client.sees(SUMMARY, "11:30")
    await client.taps("Change day")
    await client.taps(Text("{day} · {n} free", day="Wed 9 Jan", n=16), "09:30")
    await client.sees(SUMMARY, "Wednesday, 9 January", "09:30")
    await client.taps("Change name")
    await client.says("Айжан Ким")
    await client.sees(SUMMARY, "Айжан Ким")
    await client.taps("Change phone")
    await client.says("87770001122")
    await client.sees(SUMMARY, "+7 777 000 1122")
    await client.taps("Change IIN")
    await client.says("900215312348")
    await client.sees(SUMMARY, "9002•••••348")
    await client.taps("Change IIN", "No IIN / foreign document")
    await client.says("25.03.1990")
    await client.sees(SUMMARY, "25.03.1990")
    await client.taps("Change specialist", "Boris Kim")
    await client.says("9.01 09:30")
    await client.sees(SUMMARY, "Boris Kim", "Айжан Ким", "+7 777 000 1122", "25.03.1990")


async def test_a_new_phone_in_the_summary_is_what_is_booked(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    await client.taps("Change phone")
    await client.says("87770001122")
    await client.taps("✓ Confirm")
    [made] = await clinic.appointments()
    assert made["client_phone"] == "+77770001122"


async def test_start_offers_to_go_on_and_the_draft_is_as_it_was(client: Client, bot: App) -> None:
    await client.reaches_the_name()
    await client.says("/start")
    await client.sees(
        Text("Go on with your booking? {what}", what="Haircut · Anna Ivanova · Tue 8 Jan, 10:00")
    )
    await client.taps("Continue")
    await client.sees(NAME)
    # With the keyboard that shares the phone, too: it goes and comes again.
    await client.says("Алия", "/start")
    await client.has_no_button("📱 Share my number")
    await client.taps("Continue")
    await client.has_button("📱 Share my number")
    await client.shares_phone("+77011234567")
    await client.says("/book")
    await client.sees(IIN)
    await client.says("/start")
    await client.taps("Start again")
    await client.sees("Which service would you like?")
    await client.taps("Haircut", "Boris Kim")
    await client.sees("Which day?")


async def test_the_words_under_a_message_can_be_typed_instead(client: Client) -> None:
    await client.says("/start", client.reads("Book a visit"))
    await client.sees("Which service would you like?")
    await client.says("Haircut", "/start", client.reads("Continue"))
    await client.sees("With whom?")
    await client.says("/start", client.reads("Start again"))
    await client.sees("Which service would you like?")


async def test_a_slot_is_checked_again_when_a_draft_is_resumed(
    client: Client, rival: Client, clinic: Clinic
) -> None:
    await client.reaches_the_summary()
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await clinic.clock_is(NOW + timedelta(hours=5))
    await rival.reaches_the_day("Beard trim", "Boris Kim")  # the bot hears the time from One-Link
    await client.says("/start")
    await client.taps("Continue")
    await client.sees("This time has just been taken.", "Free nearby")


async def test_an_old_card_points_to_the_current_one(client: Client) -> None:
    await client.says("/book")
    old = await client.remembers("Haircut")
    await client.says("haircut")
    await client.taps_data(*old)
    assert client.reads(OLD) in await client.toasts()
    await client.sees("With whom?")
    # The buttons of the current card are still good.
    await client.taps("Anna Ivanova")
    await client.sees("Which day?")


async def test_a_card_of_a_finished_booking_says_so(client: Client) -> None:
    await client.says("/book")
    old = await client.remembers("Haircut")
    await client.taps("✕ Cancel")
    await client.taps_data(*old)
    assert await client.toasts() == [client.reads(UNUSED)]
    await client.sees(LEFT)


async def test_a_card_deleted_by_the_client_comes_again(client: Client) -> None:
    await client.says("/book")
    card = await client.card()
    await client.deletes(card["message_id"])
    await client.taps_data(*(card["buttons"][0][0]["data"], card["message_id"]))
    await client.sees("Colouring", "Which day?")


async def test_a_double_tap_counts_once_at_every_step(client: Client, clinic: Clinic) -> None:
    await client.says("/start")
    steps = ("Book a visit", "Haircut", "Anna Ivanova", TUESDAY, "10:00", "I agree")
    for label in steps:
        await client.taps_at_once(label, 2)
    await client.sees(NAME)
    assert not await client.toasts()
    await client.taps_at_once("Aliya", 3)
    asked = [text for text in await client.words_of_bot() if client.reads(PHONE) in text]
    assert len(asked) == 1
    await client.shares_phone("+77011234567")
    await client.taps_at_once("Skip", 2)
    await client.taps_at_once("✓ Confirm", 3)
    await client.sees("You are booked.")
    assert len(await clinic.appointments(live=False)) == 1


async def test_forged_and_unknown_buttons_harm_nothing(client: Client, clinic: Clinic) -> None:
    await client.says("/book")
    data, card = await client.remembers("Haircut")
    live = data.rsplit(":", 2)[0]
    forged = [f"{live}:{rest}" for rest in ("service_id:999", "service_id:x", "slot:11.1.1", "confirmed:yes")]
    forged += [f"{live}:page:x", f"{live}:page:99999999999", f"{live}:change:phone", f"{live}:nothing:x"]
    forged += ["v:cancelled:9001", "v:visit:²", "v:nothing:1", "b:1", "rubbish", ""]
    for callback in filter(None, forged):
        live_now = (await client.card())["buttons"][0][0]["data"].rsplit(":", 2)[0]
        await client.taps_data(callback.replace(live, live_now), card)
        assert "Something went wrong" not in " ".join(await client.words_of_bot()), callback
        if client.reads("Which service would you like?") not in (await client.card())["text"]:
            await client.says("/book")
            card = (await client.card())["message_id"]
    assert not (await client.chat())["waiting"], "a button spins for ever"
    await client.taps("Haircut")
    await client.sees("With whom?")
    assert not await clinic.appointments()
