"""Who holds something gives it back at once, and what one process does the others leave alone."""

from bot.app import App, opened
from bot.relay_worker import CLAIM
from bot.sandbox.server import Sandbox
from bot.settings import load_settings
from tests.clinic import Clinic
from tests.conftest import settings_for
from tests.crash.stage import until
from tests.faults.flows import ASKED, MINUTE
from tests.faults.test_reminders import DAY_BEFORE, texts_with
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import calls
from tests.people import Client


async def test_a_client_is_free_as_soon_as_the_bot_has_answered(
    client: Client, operator: Operator, bot: App
) -> None:
    redis, number = bot.storage.redis, client.chat_id

    async def nobody_relays() -> bool:
        return not await redis.exists(f"relaying:{{{number}}}")

    await calls(client)
    await client.says("Hello?")
    assert not await redis.exists(f"lock:{{{number}}}")
    await operator.waits_for("Hello?")
    assert await until(nobody_relays, CLAIM.total_seconds() / 3)


async def test_while_one_process_goes_the_rounds_another_asks_for_nothing(
    bot: App, clinic: Clinic, sandbox: Sandbox, redis_url: str
) -> None:
    await clinic.waits_until_asked("scheduling/calendar", "GET")
    await clinic.forgets_requests()
    async with opened(load_settings(**settings_for(sandbox, redis_url))) as second:
        await second.worker.go_round()
    assert not await clinic.requests("scheduling/calendar")


async def test_a_reminder_that_two_processes_have_found_due_is_sent_once(
    client: Client, bot: App, clinic: Clinic, sandbox: Sandbox, redis_url: str
) -> None:
    await client.books("2030-01-09", "10:00")
    async with opened(load_settings(**settings_for(sandbox, redis_url))) as second:
        await clinic.clock_is(DAY_BEFORE + MINUTE)
        both = (second, bot)
        for app in both:
            await app.worker.look()
        for app in both:
            await bot.storage.redis.delete("rounds")  # its process is late, and the next one begins
            await app.worker.go_round()
    assert len(await texts_with(client, ASKED)) == 1
