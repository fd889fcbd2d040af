"""From the call for a person to the bot's return, as both sides see it."""

from bot.sandbox.server import Sandbox
from tests.handoff.operators import Operator
from tests.people import Client

WITH_STAFF = "You are talking to the clinic's staff. The bot is silent."
BACK = "‹ Back to the bot"


async def calls(client: Client) -> None:
    """From a booking that has begun to a person."""
    await client.reaches_the_day()
    await client.taps("Operator")
    await client.waits_for(WITH_STAFF)


async def test_a_client_asks_an_operator_answers_and_resolves_and_the_booking_goes_on(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await operator.waits_until("open")
    note = (await operator.texts("note"))[-1]
    assert "Стрижка" in note
    assert "Haircut" in note
    assert "Aliya" in note
    await client.says("Can I come with a child?")
    await operator.waits_for("Can I come with a child?")
    number = await operator.writes("Yes, **of course**.")
    await client.waits_for("Yes, of course.")
    await client.sees("Дана")
    await operator.waits_for_tick(number)
    await operator.sets("resolved")
    await client.waits_until_some_message_says("The clinic's staff have ended the conversation.")
    await client.waits_for("Which day?")
    await client.says("08.01.2030 10:00", "да")
    await client.sees("Your name and surname?")


async def test_the_bot_is_silent_while_an_operator_answers(
    client: Client, operator: Operator, sandbox: Sandbox
) -> None:
    await calls(client)
    said = len(await client.words_of_bot())
    await client.says("Hello?", "завтра", "да")
    await operator.waits_for("да")
    assert await operator.texts("incoming") == ["Hello?", "завтра", "да"]
    assert len(await client.words_of_bot()) == said


async def test_the_client_goes_back_to_the_bot_and_the_draft_is_there(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.taps(BACK)
    await client.sees("Which day?")
    await operator.waits_for("Клиент вернулся к боту.", "note")
    await operator.waits_until("pending")
    await client.says("08.01.2030 10:00")
    assert await operator.texts("incoming") == []


async def test_a_file_of_the_operator_arrives_with_its_words(client: Client, operator: Operator) -> None:
    await calls(client)
    number = await operator.sends("цены.pdf", b"%PDF-1.4 prices", "application/pdf", "Our prices")
    await client.waits_for("Our prices")
    card = await client.card()
    assert card["kind"] == "document"
    assert card["document"]["file_name"] == "цены.pdf"
    await operator.waits_for_tick(number)


async def test_a_photo_of_the_client_arrives(client: Client, operator: Operator) -> None:
    await calls(client)
    await client.sends("photo")
    await client.says("This one")
    await operator.waits_for("This one")
    [photo, _] = await operator.messages("incoming")
    assert photo["attachments"][0]["file_type"] == "image"


async def test_an_operator_who_writes_where_the_bot_answers_takes_over(
    client: Client, operator: Operator
) -> None:
    await client.books()
    await client.sees("You are booked.")
    await operator.writes("Please come ten minutes earlier.")
    await client.waits_for("Please come ten minutes earlier.")
    await client.waits_until_some_message_says("A person from the clinic is writing to you.")
    await operator.waits_until("open")
    await client.says("I will")
    await operator.waits_for("I will")
