"""A person's name, taken as typed: it is shown to the clinic and printed on papers.

Nothing is corrected, not even capitals. Refused is what cannot be a name in Kazakhstan or a
neighbouring country, or what would hide something from the person who reads it.
"""

import re
import unicodedata
from enum import Enum, auto

LONGEST = 100
#: A text this long is no name, whatever is in it: it is not looked at more closely.
_HOPELESS = 10 * LONGEST
_FEWEST_LETTERS = 2
#: Marks over one letter, beyond those that are part of it: no language needs more.
_MOST_MARKS = 2

_LINK = re.compile(
    r"://|\bwww\.|@|\bt\.me\b|\w{2,}\.(?:com|net|org|ru|kz|me|info|io|рф|қаз)\b", re.IGNORECASE
)
_BETWEEN_LETTERS = frozenset(" .-‐‑–'’‘ʼʻ`´")


class NameFault(Enum):
    """Why a text is not a name. Not a `StrEnum`: `isinstance(…, str)` tells a name from a fault."""

    TOO_SHORT = auto()
    TOO_LONG = auto()
    HAS_DIGITS = auto()
    HAS_LINK = auto()
    ODD_CHARACTERS = auto()


def read_name(text: str) -> str | NameFault:
    """The name with single spaces and without invisible characters, or why it is none."""
    if len(text) > _HOPELESS:
        return NameFault.TOO_LONG
    seen = "".join(c for c in unicodedata.normalize("NFC", text) if not _is_invisible(c))
    name = " ".join(seen.split())
    if _LINK.search(name):
        return NameFault.HAS_LINK
    if any(unicodedata.category(c) in {"Nd", "No"} for c in name):
        return NameFault.HAS_DIGITS
    if not all(_is_letter(c) or c in _BETWEEN_LETTERS for c in name):
        return NameFault.ODD_CHARACTERS
    if sum(map(_is_letter, name)) < _FEWEST_LETTERS:
        return NameFault.TOO_SHORT
    if len(name) > LONGEST:
        return NameFault.TOO_LONG
    return name


def without_tricks(text: str) -> str:
    """A name that nobody is asked about, as in Telegram's profile, safe to show to others: anything a person
    may call themselves, without what hides or turns round letters, climbs over other lines or never ends.
    """
    kept: list[str] = []
    marks = 0
    seen = "".join(c for c in text[:_HOPELESS] if not _is_invisible(c))
    for char in unicodedata.normalize("NFC", seen):
        marks = marks + 1 if unicodedata.combining(char) or unicodedata.category(char) == "Me" else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return " ".join("".join(kept).split())[:LONGEST].rstrip()


def _is_letter(char: str) -> bool:
    """Cyrillic with all Kazakh letters, Latin with its marks."""
    return char.isalpha() and unicodedata.name(char, "").startswith(("CYRILLIC ", "LATIN "))


def _is_invisible(char: str) -> bool:
    """Control, direction and zero-width characters; line ends are left to become spaces."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"} and not char.isspace()
