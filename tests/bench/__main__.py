"""`python -m tests.bench [P6 P9 …]`: measure, print tables, write them into docs/performance.md."""

import argparse
import sys
from datetime import UTC, datetime

import uvloop

from bot.logs import set_up_logs
from tests.authorities import trust_only_one
from tests.bench import report
from tests.bench.findings import Benchmark
from tests.bench.machine import described
from tests.bench.many_reminders import many_reminders
from tests.bench.sync_requests import sync_requests

#: By the number of the goal in docs/performance.md.
BENCHMARKS: dict[str, Benchmark] = {"P6": many_reminders, "P9": sync_requests}


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
