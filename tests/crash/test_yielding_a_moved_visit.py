"""The older One-Link does not lock: a visit can be moved to where somebody is. The larger id gives way.

A visit that was moved goes back to its old time, and its client chooses among the times beside the new one.
"""

from datetime import datetime

import pytest

from tests.clinic import ANNA, Clinic, Row, local
from tests.people import Client

DAY, OLD, NEW = "2030-01-08", "10:00", "15:00"


@pytest.fixture
def profile() -> str:
    return "published"


async def test_a_visit_moved_to_where_an_earlier_one_is_goes_back(client: Client, clinic: Clinic) -> None:
    earlier = await clinic.books(ANNA, DAY, "09:00")
    await client.books(DAY, OLD)
    [ours] = [row["id"] for row in await clinic.appointments() if row["id"] != earlier]
    assert earlier < ours
    await client.taps("Another time")
    await client.says(f"08.01.2030 {NEW}")
    # The answer to the change is lost, and for a while nobody can look whether the time is ours alone.
    await clinic.fault("PATCH /appointments/", "drop_after")
    await clinic.fault("GET /calendar", "status", status=503, times=1000)
    await client.taps("✓ Move the visit")
    assert local(DAY, NEW) == _start(await clinic.appointment(ours)), "the change has arrived"

    # Staff checked the time before that, and change their appointment after it: nothing stops them.
    await clinic.moves(earlier, DAY, NEW)
    await clinic.is_well_again()
    await client.waits_for("This time has just been taken.")

    await client.sees("Your visit stays at its old time until you choose another.")
    offered = [label for label in await client.buttons() if ":" in label]
    assert offered, "no neighbours are offered"
    assert not any(NEW in label for label in offered)
    rows = {row["id"]: _start(row) for row in await clinic.appointments()}
    assert rows == {earlier: local(DAY, NEW), ours: local(DAY, OLD)}

    await client.taps(offered[0], "✓ Move the visit")
    await client.sees("Your visit is moved.")
    assert _start(await clinic.appointment(ours)) not in (local(DAY, OLD), local(DAY, NEW))


def _start(row: Row) -> datetime:
    return datetime.fromisoformat(row["starts_at"])
