"""What `check` finds, one line each."""

from dataclasses import dataclass
from enum import Enum


class Grade(Enum):
    """How a finding counts: the bot works, works less well, or cannot work."""

    GOOD = "ok"
    ADVICE = "advice"
    BAD = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    grade: Grade
    what: str

    def __str__(self) -> str:
        return f"[{self.grade.value:^7}] {self.what}"


def good(what: str) -> Finding:
    """All is well."""
    return Finding(Grade.GOOD, what)


def advice(what: str) -> Finding:
    """Works, but could be better."""
    return Finding(Grade.ADVICE, what)


def bad(what: str) -> Finding:
    """Does not work until it is mended."""
    return Finding(Grade.BAD, what)
