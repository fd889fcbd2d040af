"""Who answers: how operators take a conversation over, end it and give it back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.app import App
from bot.dialogue.handoff import begun_anew
from bot.telegram.texts import Texts
from tests.clinic import Clinic
from tests.conftest import one_profile_each
from tests.crash.stage import until
from tests.handoff.operators import ANY_RING, LONGEST_WAIT, Operator
from tests.handoff.test_handoff import BACK, WITH_STAFF, calls
from tests.people import Client

pytest_generate_tests = one_profile_each

ENDED = "The clinic's staff have ended the conversation. I am the bot and answer again."
TAKEN_OVER = "A person from the clinic is writing to you. The bot is silent."


async def in_the_end(bot: App, fact: Callable[[], Awaitable[bool]]) -> None:
    """The fact comes true, however often the client's conversation is looked at."""

    async def look() -> bool:
        await bot.storage.relays.ring(501)
        return await fact()

    assert await until(look, LONGEST_WAIT), "that has not come true"


async def is_at_rest(bot: App, operator: Operator) -> None:
    """Every doorbell has rung and nobody has anything to do."""
    await operator.doorbells_rang()

    async def quiet() -> bool:
        redis: Any = bot.storage.redis
        return not await redis.exists("relaying:{501}") and not await redis.zcount("relays", "-inf", ANY_RING)

    assert await until(quiet, LONGEST_WAIT)


def says(client: Client, words: str) -> Callable[[], Awaitable[bool]]:
    """Whether some message of the bot says this."""

    async def fact() -> bool:
        return any(client.reads(words) in text for text in await client.words_of_bot())

    return fact


async def test_an_operator_who_opens_the_conversation_has_it_without_a_word(
    bot: App, client: Client, operator: Operator
) -> None:
    await client.books()
    await client.sees("You are booked.")
    await is_at_rest(bot, operator)
    await operator.sets("open")
    await client.waits_until_some_message_says(TAKEN_OVER)
    await client.says("Yes?")
    await operator.waits_for("Yes?")


async def test_a_takeover_in_the_middle_of_a_booking_keeps_the_draft(
    client: Client, operator: Operator
) -> None:
    await client.books()
    await client.says("/start")
    await client.taps("Book a visit", "Haircut", "Anna Ivanova")
    await client.sees("Which day?")
    await operator.writes("One moment")
    await client.waits_for("One moment")
    await client.waits_until_some_message_says(TAKEN_OVER)
    await client.says("09.01.2030 12:00")
    await operator.waits_for("09.01.2030 12:00")
    await client.taps(BACK)
    await client.sees("Which day?")


async def test_the_takeover_is_announced_once_and_before_the_words(
    client: Client, operator: Operator
) -> None:
    await client.books()
    for text in ("One", "Two"):
        await operator.writes(text)
    await client.waits_for("Two")
    said = (await client.words_of_bot())[-3:]
    assert client.reads(TAKEN_OVER) in said[0]
    assert said[1:] == ["Дана\nOne", "Дана\nTwo"]


async def test_resolving_gives_the_client_back_and_wakes_nobody_later(
    bot: App, client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.says("Thank you")
    await operator.waits_for("Thank you")
    await operator.sets("resolved")
    await client.waits_until_some_message_says(ENDED)
    await client.waits_for("Which day?")
    await client.says("08.01.2030 10:00")
    await client.taps("I agree")
    await client.says("Алия Нурланова")
    await client.shares_phone("+77011234567")
    await client.taps("Skip", "✓ Confirm")
    await client.sees("You are booked.")
    await is_at_rest(bot, operator)
    assert (await operator.conversation())["status"] == "resolved"
    assert await operator.texts("incoming") == ["Thank you"]


async def test_the_end_is_told_once(bot: App, client: Client, operator: Operator) -> None:
    await calls(client)
    await operator.webhooks(double=True)
    await operator.sets("resolved")
    await client.waits_until_some_message_says(ENDED)
    await is_at_rest(bot, operator)
    said = await client.words_of_bot()
    assert sum(client.reads(ENDED) in text for text in said) == 1


async def test_an_operators_last_words_come_before_the_end(client: Client, operator: Operator) -> None:
    await calls(client)
    await operator.webhooks(backwards=True)
    await operator.writes("See you on Tuesday")
    await operator.sets("resolved")
    await operator.webhooks(backwards=False)
    await client.waits_until_some_message_says(ENDED)
    said = await client.words_of_bot()
    [words] = [at for at, text in enumerate(said) if "See you on Tuesday" in text]
    [end] = [at for at, text in enumerate(said) if client.reads(ENDED) in text]
    assert words < end
    assert not any(client.reads(TAKEN_OVER) in text for text in said)


async def test_an_operator_gives_the_client_back_by_making_it_pending(
    client: Client, operator: Operator
) -> None:
    await calls(client)
    await operator.sets("pending")
    await client.waits_until_some_message_says(ENDED)
    await client.waits_for("Which day?")
    assert await operator.texts("incoming") == []


async def test_words_that_cross_the_end_are_read_by_somebody(
    bot: App, client: Client, operator: Operator
) -> None:
    """The operator resolves, the bot does not know of it yet, and the client writes (section 8.7)."""
    await calls(client)
    await is_at_rest(bot, operator)
    await operator.webhooks(lose=2)
    await operator.sets("resolved")
    await client.says("One more thing")
    await operator.waits_for("One more thing")
    await operator.waits_until("open")
    await is_at_rest(bot, operator)
    assert not await says(client, ENDED)()
    await operator.writes("What is it?")
    await client.waits_for("What is it?")


async def test_a_snoozed_conversation_stays_with_the_operators(client: Client, operator: Operator) -> None:
    await calls(client)
    await operator.sets("snoozed")
    await client.says("Hello?")
    await operator.waits_for("Hello?")
    await operator.waits_until("open")
    assert not await says(client, ENDED)()


async def test_a_second_call_opens_the_same_conversation_again(client: Client, operator: Operator) -> None:
    await calls(client)
    await operator.sets("resolved")
    await client.waits_for("Which day?")
    await client.taps("Operator")
    await client.waits_for(WITH_STAFF)
    await operator.waits_until("open")
    assert len(await operator.conversations()) == 1
    assert len(await operator.messages("note")) == 2


async def test_reassigning_changes_nothing_for_the_client(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await clinic.changes(users=[*(await clinic.world())["users"], {"id": 22, "name": "Ерлан"}])
    await calls(client)
    said = await client.words_of_bot()
    await operator.assigns(22)
    await is_at_rest(bot, operator)
    assert await client.words_of_bot() == said
    await client.says("Still there?")
    await operator.waits_for("Still there?")


async def test_what_is_written_into_a_deleted_conversation_is_in_a_new_one(
    bot: App, client: Client, rival: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    old = (await operator.conversation())["id"]
    await calls(rival)  # numbers are not used again
    await is_at_rest(bot, operator)
    await clinic.drops("conversations", old)
    await client.says("Are you there?")
    await operator.waits_for("Are you there?")
    await operator.waits_until("open")
    assert (await operator.texts("note"))[0] == Texts("ru")["ru"].say(begun_anew())
    await operator.writes("Yes")
    await client.waits_for("Yes")


async def test_a_deleted_conversation_gives_the_client_back(
    bot: App, client: Client, operator: Operator, clinic: Clinic
) -> None:
    await calls(client)
    await clinic.drops("conversations", (await operator.conversation())["id"])
    await in_the_end(bot, says(client, ENDED))
    await client.waits_for("Which day?")


async def test_a_merged_contact_goes_on_talking(client: Client, operator: Operator, clinic: Clinic) -> None:
    await calls(client)
    state = await clinic.world()
    [contact] = state["contacts"]
    other = {"id": contact["id"] + 1, "full_name": "Алия Н.", "phone": "+77019998877"}
    await clinic.changes(
        contacts=[other],
        contact_inboxes=[row | {"contact_id": other["id"]} for row in state["contact_inboxes"]],
        conversations=[row | {"contact_id": other["id"]} for row in state["conversations"]],
    )
    await client.says("Do you know me?")
    await operator.waits_for("Do you know me?")
    await operator.writes("Of course")
    await client.waits_for("Of course")
    assert len(await operator.conversations()) == 1


async def test_a_blocked_client_fails_each_message_and_is_noted_once(
    bot: App, client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.blocks()
    numbers = [await operator.writes(text) for text in ("One", "Two", "Three")]
    for number in numbers:
        row = await operator.waits_for_tick(number, "failed")
        assert "blocked" in row["external_error"]
    await is_at_rest(bot, operator)
    notes = [text for text in await operator.texts("note") if "заблокировал" in text]
    assert len(notes) == 1


async def test_a_conversation_that_ends_while_the_client_has_blocked_the_bot_is_over(
    bot: App, client: Client, operator: Operator
) -> None:
    await calls(client)
    await client.blocks()
    await operator.sets("resolved")

    async def over() -> bool:
        return (await bot.storage.client(client.chat_id)).handoff is None

    await in_the_end(bot, over)
    await client.blocks(False)
    await client.says("/start")
    await client.sees("Go on with your booking?")
    assert await operator.texts("incoming") == []


async def test_two_clients_talk_at_the_same_time_and_read_only_their_own(
    client: Client, rival: Client, operator: Operator
) -> None:
    await calls(client)
    await calls(rival)
    await asyncio.gather(client.says("I am Aliya"), rival.says("I am the rival"))

    async def both() -> bool:
        rows = await operator.conversations()
        said = [m["content"] for row in rows for m in row["messages"] if m["kind"] == "incoming"]
        return sorted(said) == ["I am Aliya", "I am the rival"]

    assert await until(both, LONGEST_WAIT)
    await operator.writes("To the latest")
    row = await operator.conversation()
    [asked] = [m["content"] for m in row["messages"] if m["kind"] == "incoming"]
    mine, other = (client, rival) if asked == "I am Aliya" else (rival, client)
    await mine.waits_for("To the latest")
    assert not any("To the latest" in text for text in await other.words_of_bot())
