"""What a client did, in words that operators can read later: kept as lines of text, the latest few.

What clients type about themselves is not repeated here: name, phone, IIN and birth date are in the draft,
and go to the operators from there, the IIN masked. Anything else they type may name them all the same, so
it is kept no longer than the draft is; what they tap is.
"""

import re
from collections.abc import Sequence

#: So many lines are kept, and so much of each.
MOST_LINES, LONGEST_LINE = 16, 100
#: Questions whose answers are not repeated.
PERSONAL = frozenset({"name", "phone", "iin", "birth_date"})
HIDDEN = "•••"
_TYPED = "✎ "

#: Phones, IINs and card numbers, however they are grouped.
_DIGITS = re.compile(r"\+?[0-9](?:[ ()-]{0,2}[0-9]){6,}")


def tapped(question: str | None, answer: str) -> str:
    """One line: what was on the screen, and what the client tapped."""
    asked = f"{_short(question)} → " if question else ""
    return f"{asked}{_short(answer)}"


def typed(text: str) -> str:
    """One line: what the client wrote."""
    return f"{_TYPED}{_short(text)}"


def without_typed(lines: Sequence[str]) -> list[str]:
    """The transcript when the draft is done with."""
    return [line for line in lines if not line.startswith(_TYPED)]


def longer(lines: Sequence[str], new: str) -> list[str]:
    """The transcript with one more line."""
    return [*lines, new][-MOST_LINES:]


def _short(text: str) -> str:
    said = _DIGITS.sub(HIDDEN, " ".join(text.split()))
    return said if len(said) <= LONGEST_LINE else said[: LONGEST_LINE - 1] + "…"
