"""docs/performance.md: the tables between two marks are written here, the prose around them is kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.bench.findings import Finding

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
_BEGIN, _END = "<!-- measured: begin -->", "<!-- measured: end -->"
_HEAD = "| What | Measured | Goal | |\n|---|---|---|---|\n"
_SECTION = re.compile(r"^### (P\d+)\n.*?(?=^### |\Z)", re.MULTILINE | re.DOTALL)
_VERDICT = {True: "reached", False: "**missed**", None: ""}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One goal as it was measured once."""

    goal: str
    findings: Sequence[Finding]
    machine: str
    on: date

    def section(self) -> str:
        """Heading, circumstances, table."""
        command = f"`python -m tests.bench {self.goal}`"
        return f"### {self.goal}\n\n{command}, {self.on:%Y-%m-%d}, {self.machine}\n\n{self.table()}"

    def table(self) -> str:
        """In Markdown, which can be read in a terminal, too."""
        return _HEAD + "".join(
            f"| {it.what} | {it.measured} | {it.wanted} | {_VERDICT[it.reached]} |\n" for it in self.findings
        )


def write(measurements: Sequence[Measurement], page: Path = PAGE) -> None:
    """Replace the sections of these goals; what was measured earlier of others stays.

    ValueError if the page has not exactly one pair of marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    measured, end, after = rest.partition(_END)
    if not begin or not end or _BEGIN in after:
        raise ValueError(f"{page.name} needs one {_BEGIN} and one {_END} behind it")
    sections = {found[1]: found[0].strip() + "\n" for found in _SECTION.finditer(measured)}
    sections |= {it.goal: it.section() for it in measurements}
    ordered = (sections[goal] for goal in sorted(sections, key=lambda goal: int(goal[1:])))
    page.write_text("\n".join([before + begin, "", *ordered, end + after]), encoding="utf-8")
