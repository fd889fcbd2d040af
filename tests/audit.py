"""Known weaknesses of what is installed, by PyPI's data base: `make audit`, a part of `make check`.

Fails for a known weakness only. Where the data base cannot be asked (no network, a mirror that has only
packages), it says so and passes: nobody's work may stop for that.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

#: In seconds; one question takes about a tenth of one, and is remembered on this machine.
LONGEST = 20
#: What has made the environment; the image has none of it, and the bot imports none.
NOT_OURS = frozenset({"booking-bot", "pip", "setuptools", "wheel"})


def main() -> int:
    """The exit status: 1 if something weak is installed."""
    with tempfile.TemporaryDirectory() as directory:
        wanted = Path(directory) / "installed.txt"
        wanted.write_text("\n".join(installed()))
        # No resolving and no downloading: exactly what is installed here.
        options = ("--disable-pip", "--no-deps", "--format=json", "--progress-spinner=off", "--timeout=5")
        command = (sys.executable, "-m", "pip_audit", *options, "--requirement", str(wanted))
        try:
            asked = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            return told(None)
    if "No module named pip_audit" in asked.stderr:
        print("audit: pip-audit is not installed; remove .venv/.installed and run make again")
        return 1
    try:
        return told(json.loads(asked.stdout))
    except ValueError:
        return told(None)


def installed() -> list[str]:
    """`name==version` of everything beside the bot itself, in order."""
    found = {it.metadata["Name"].lower(): it.version for it in distributions()}
    return sorted(f"{name}=={version}" for name, version in found.items() if name not in NOT_OURS)


def findings(report: Any) -> tuple[int, list[str]]:
    """How many packages the data base knew, and each weakness in a line; from pip-audit's JSON."""
    packages: Iterable[Any] = report.get("dependencies", ())
    known = [it for it in packages if "skip_reason" not in it]
    weak = [
        f"{it['name']} {it['version']}: {weakness['id']}, "
        + (
            f"mended in {', '.join(weakness['fix_versions'])}"
            if weakness["fix_versions"]
            else "not mended yet"
        )
        for it in known
        for weakness in it["vulns"]
    ]
    return len(known), weak


def told(report: Any) -> int:
    """Print what was found; the exit status. None: there is no report."""
    known, weak = findings(report) if report is not None else (0, [])
    for line in weak:
        print(f"audit: {line}")
    if not known:
        print("audit: PyPI's data base of weaknesses cannot be reached from here: nothing was audited")
    elif not weak:
        print(f"audit: no known weakness in {known} packages")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
