"""`python -m tests.bench [P6 P9 …]`: measure, print tables, write them into docs/performance.md."""

import bot.lean_aiogram  # noqa: F401 (before whatever imports aiogram)

# isort: split
import argparse
import sys
from datetime import UTC, datetime

import uvloop

from bot.logs import set_up_logs
from tests.authorities import trust_only_one
from tests.bench import report
from tests.bench.agenda_reading import agenda_reading
from tests.bench.booking_requests import booking_requests
from tests.bench.dialogue_cost import dialogue_cost
from tests.bench.findings import Benchmark
from tests.bench.idle_dialogues import idle_dialogues
from tests.bench.machine import described
from tests.bench.many_reminders import many_reminders
from tests.bench.open_handoffs import open_handoffs
from tests.bench.redis_trips import redis_trips
from tests.bench.starting import starting
from tests.bench.sync_requests import sync_requests
from tests.bench.tail_latency import tail_latency
from tests.bench.two_replicas import two_replicas

#: By the number of the goal in docs/performance.md.
BENCHMARKS: dict[str, Benchmark] = {
    "P1": dialogue_cost,
    "P2": tail_latency,
    "P3": redis_trips,
    "P4": booking_requests,
    "P5": agenda_reading,
    "P6": many_reminders,
    "P7": two_replicas,
    "P8": idle_dialogues,
    "P9": sync_requests,
    "P10": starting,
    "P11": open_handoffs,
}


def main() -> int:
    """0 if every goal that was measured is reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("goals", nargs="*", metavar="goal", help=f"{', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--keep", action="store_true", help="leave docs/performance.md as it is")
    given = parser.parse_args()
    if unknown := set(given.goals) - BENCHMARKS.keys():
        parser.error(f"not measured: {', '.join(sorted(unknown))}")
    set_up_logs("silent")
    trust_only_one()
    measurements = []
    for goal in given.goals or BENCHMARKS:
        machine = described()
        print(f"{goal}: measuring", file=sys.stderr)
        findings = uvloop.run(BENCHMARKS[goal]())
        measurement = report.Measurement(goal, findings, machine, datetime.now(UTC).date())
        print(measurement.section())
        measurements.append(measurement)
    if not given.keep:
        report.write(measurements)
    return int(any(it.reached is False for found in measurements for it in found.findings))


if __name__ == "__main__":
    sys.exit(main())
