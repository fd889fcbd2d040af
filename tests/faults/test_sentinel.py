"""Redis dies for good, and the copy of it that its sentinels choose takes over."""

from pathlib import Path

import httpx
import pytest

from tests.clinic import Clinic
from tests.conftest import StartBot
from tests.crash.stage import until
from tests.faults.sentinels import sentinels
from tests.people import Client

#: Seconds: the sentinel waits half a second for the dead one, and asks nobody else.
CHOSEN_WITHIN_S = 30.0


@pytest.mark.parametrize("profile", ["current"])
async def test_a_booking_goes_on_with_the_copy_when_the_master_dies(
    start_bot: StartBot, control: httpx.AsyncClient, clinic: Clinic, tmp_path: Path
) -> None:
    client = Client(control, 501)
    await client.is_called("Aliya", "en")
    async with sentinels(tmp_path) as redis, start_bot(redis_url=redis.url):
        await client.reaches_the_summary()
        redis.kill_master()
        await client.taps_and_leaves("✓ Confirm")
        assert await until(redis.copy_is_master, CHOSEN_WITHIN_S), "nobody was chosen"
        await client.waits_for("You are booked.")
        await client.waits()
    assert len(await clinic.appointments()) == 1
    assert sum("You are booked." in text for text in await client.words_of_bot()) == 1
