"""Which service, with whom: long lists, typed names, things that disappear."""

from typing import Any

import pytest

from bot.app import App
from bot.dialogue.screen import Text
from tests.clinic import ANNA, BORIS, CATEGORIES, COLOURING, HAIRCUT, Clinic, large_world, service, world
from tests.people import Client

pytestmark = pytest.mark.parametrize("profile", ["current"])

LARGE = pytest.mark.parametrize("clinic_world", [large_world()], ids=["large"])
ODD = world(
    services=[
        service(
            HAIRCUT,
            "<b>Стрижка & укладка",
            "<b>Шаш & сән",
            "<b>Cut & style",
            30,
            {ANNA: 5000},
            description="Wash <i>included</i>",
        ),
        service(COLOURING, "Окрашивание " * 7, "Бояу " * 16, "Colouring " * 8, 90, {ANNA: 20000, BORIS: 0}),
    ]
)
TUESDAY = Text("{day} · {n} free", day="tomorrow, Tue 8 Jan", n=16)


def several(text: str) -> Text:
    return Text("Several fit “{text}”. Which one?", text=text)


def none(text: str) -> Text:
    return Text("I have not found “{text}”. Choose a button or type it differently.", text=text)


async def test_price_and_duration_are_told_before_the_choice(client: Client) -> None:
    await client.says("/start")
    await client.taps("Book a visit")
    await client.sees(
        "2. Haircut",
        "30 min",
        Text("from {price}", price="5\u00a0000\u00a0₸"),
        "20\u00a0000\u00a0₸",
        "90 min",
    )
    await client.taps("Haircut")
    await client.sees(
        Text("Any specialist: the earliest free time"),
        "2. Anna Ivanova",
        "5\u00a0000\u00a0₸",
        "6\u00a0000\u00a0₸",
    )


@LARGE
async def test_a_large_catalogue_is_asked_by_category_and_page(client: Client) -> None:
    await client.says("/start")
    await client.taps("Book a visit")
    await client.sees("What would you like to book?")
    assert set((await client.buttons())[:8]) == {name for _, name in CATEGORIES}
    await client.taps("Therapy")
    first = [b for b in await client.buttons() if b.startswith("Therapy")]
    await client.taps("›")
    second = [b for b in await client.buttons() if b.startswith("Therapy")]
    assert (len(first), len(second), len({*first, *second})) == (8, 3, 11)
    await client.taps("2/2")  # the number of the page is a button without effect
    assert [b for b in await client.buttons() if b.startswith("Therapy")] == second
    # Round the corner, and by a number of the page that is shown.
    await client.taps("›")
    await client.says("1")
    await client.sees("With whom?", first[0])


@LARGE
async def test_twenty_five_resources_come_in_pages_and_can_be_typed(client: Client) -> None:
    await client.says("/book", "Therapy", "Therapy 1")
    assert len([b for b in await client.buttons() if b.startswith("Specialist")]) == 8
    await client.has_button("1/4")
    await client.taps("‹")  # round the corner
    await client.has_button("4/4")
    assert len([b for b in await client.buttons() if b.startswith("Specialist")]) == 1
    await client.says("pecialist 2")
    await client.sees(several("pecialist 2"))
    await client.has_button("Specialist 2")
    await client.has_button("Specialist 21")
    await client.has_no_button("Specialist 10")
    await client.taps("Show all")
    await client.has_button("Specialist 10")
    await client.says("Specialist 17")
    await client.sees("Which day?", "Specialist 17")


@LARGE
async def test_a_typed_name_finds_a_service_in_any_category(client: Client) -> None:
    await client.says("/book", "surgery 3")
    # A single hit is the answer.
    await client.sees("With whom?", "Surgery 3")
    await client.taps("‹ Back", "‹ Back")
    await client.sees("What would you like to book?")


@LARGE
async def test_several_hits_of_another_category_become_buttons(client: Client) -> None:
    await client.says("/book")
    await client.taps("Surgery")
    await client.says("neurology")
    await client.sees(several("neurology"))
    await client.has_button("Neurology 1")
    await client.has_button("Neurology 7")
    await client.has_no_button("Surgery 1")


@LARGE
async def test_category_is_asked_again_by_back_and_the_service_can_leave_it(client: Client) -> None:
    await client.says("/book")
    await client.taps("Surgery", "‹ Back", "Massage", "Massage 2", "‹ Back")
    await client.has_button("Massage 3")
    await client.taps("‹ Back")
    await client.has_button("Surgery")


async def test_names_are_found_by_beginning_by_word_and_with_a_typing_error(client: Client) -> None:
    await client.says("/book")
    for typed in ("hair", "Стрижка", "ШАШ КИЮ", "haircutt", "2", "2."):
        await client.says(typed)
        await client.sees("With whom?", "Haircut")
        await client.says("back")
    await client.says("haircut")
    for typed in ("ivanova", "Иванова", "анна иван", "2"):
        await client.says(typed)
        await client.sees("Which day?", "Anna Ivanova")
        await client.says("back")
    await client.says("any")
    await client.sees("Which day?", "Any specialist")


async def test_what_fits_several_names_is_asked_and_what_fits_none_is_said(client: Client) -> None:
    # "Стрижка" is a name of its own, "стриж" begins two of them.
    await client.says("/book", "стриж")
    await client.sees(several("стриж"))
    await client.has_button("Haircut")
    await client.has_button("Beard trim")
    await client.has_no_button("Colouring")
    await client.says("qwerty")
    await client.sees(none("qwerty"), "Which service would you like?")
    await client.is_answered_below()
    await client.has_no_button("Ask the clinic's staff")
    await client.says("poiuyt")
    await client.has_button("Ask the clinic's staff")
    await client.says("asdfgh")
    await client.sees("It does not seem to work like this. The clinic's staff can help.")
    await client.says("xxxx")  # by sound a single letter: too little to be the beginning of a name
    await client.sees(none("xxxx"))
    await client.says("2")
    await client.sees("With whom?")


async def test_a_single_provider_is_not_asked_but_said_and_back_skips_it_too(client: Client) -> None:
    await client.says("/book")
    await client.taps("Colouring")
    await client.sees(Text("Only {name} provides this service.", name="Anna Ivanova"), "Which day?")
    await client.taps("‹ Back")
    await client.sees("Which service would you like?")


@pytest.mark.parametrize("clinic_world", [ODD], ids=["odd"])
async def test_odd_names_are_shown_as_they_are(client: Client) -> None:
    await client.says("/book")
    await client.sees("<b>Cut & style", "Wash <i>included</i>")
    await client.taps("<b>Cut & style")
    await client.sees("<b>Cut & style", "Which day?")


async def test_a_service_deleted_under_a_draft_is_not_offered_again(client: Client, clinic: Clinic) -> None:
    await client.reaches_the_summary()
    await clinic.drops("services", HAIRCUT)
    await client.taps("✓ Confirm")
    await client.sees("The clinic has just changed what it offers. Please choose again.")
    await client.has_no_button("Haircut")
    # Everything else is kept.
    await client.taps("Colouring")
    await client.says("8.01 10:00")
    await client.sees("Shall I book it?", "Алия Нурланова", "+7 701 123 4567")
    await client.taps("✓ Confirm")
    await client.sees("You are booked.")


async def test_a_resource_that_left_under_a_draft_is_not_offered_again(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.reaches_the_summary()
    resources: list[dict[str, Any]] = (await clinic.world())["resources"]
    await clinic.changes(resources=[r | {"active": r["id"] != ANNA} for r in resources])
    await client.taps("✓ Confirm")
    await client.has_no_button("Anna Ivanova")
    bot.front.desk.forget_catalogue()
    bot.front.desk.refresh()
    await client.says("/start")
    await client.taps("Continue")
    await client.has_no_button("Anna Ivanova")
    assert not await clinic.appointments()


async def test_what_is_deleted_while_days_are_shown_leads_back_to_the_services(
    client: Client, clinic: Clinic, bot: App
) -> None:
    await client.reaches_the_day()
    await clinic.drops("services", HAIRCUT)
    bot.front.desk.forget_catalogue()  # it is five minutes later
    await client.taps(TUESDAY)
    await client.sees(
        "The clinic has just changed what it offers. Please choose again.", "Which service would you like?"
    )
    await client.has_no_button("Haircut")
