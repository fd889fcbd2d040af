"""The IIN (ЖСН), Kazakhstan's individual identification number: YYMMDD C NNNN K.

What is checked is the check digit, in two passes (decrees 565 of 2003 and 406 of 2007).
Birth date and sex are hints and nothing more: since decree 853 of 2013 the digits need not
agree with the person, so a number with an odd date is accepted and the client is asked.

One-Link accepts a few numbers more: where both passes end in 10 it goes on with 0. By the
decree such a prefix is never given out, so here it is wrong; the stricter rule wins.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto

LENGTH = 12
_FIRST_PASS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_PASS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)

#: Older than anybody: a hint beyond this is a wrong hint.
_OLDEST_YEARS = 110

_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
_LABEL = re.compile(r"^(?:иин|жсн|iin)[:№]*", re.IGNORECASE)


class IinProblem(Enum):
    """Why a text is not an IIN."""

    WRONG_LENGTH = auto()
    NOT_DIGITS = auto()
    LOOKS_LIKE_BIN = auto()
    WRONG_CHECK_DIGIT = auto()


class Sex(Enum):
    """As told by the seventh digit."""

    FEMALE = auto()
    MALE = auto()


@dataclass(frozen=True, slots=True)
class IinFault:
    """A refusal; `seen` is how many digits there were, for "12 are needed, I see 11"."""

    problem: IinProblem
    seen: int


@dataclass(frozen=True, slots=True)
class Iin:
    """A number with a right check digit. Neither `str` nor `repr` tells it: ask for `digits`."""

    digits: str = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{12}", self.digits) or check_digit(self.digits) != int(self.digits[-1]):
            raise ValueError("not an IIN; read_iin tells why")

    def __str__(self) -> str:
        return "IIN"


@dataclass(frozen=True, slots=True)
class IinHint:
    """What the digits suggest, to be confirmed by the client and never taken as fact."""

    birth_date: date
    sex: Sex


def read_iin(text: str) -> Iin | IinFault:
    """The IIN a client typed, or what is wrong with it. Spaces, dashes and full-width digits are fine."""
    bare = _LABEL.sub("", "".join(c for c in text if not _separates(c)).translate(_FULL_WIDTH))
    seen = sum(c in "0123456789" for c in bare)
    if seen != len(bare):
        return IinFault(IinProblem.NOT_DIGITS, seen)
    if seen != LENGTH:
        return IinFault(IinProblem.WRONG_LENGTH, seen)
    if check_digit(bare) != int(bare[-1]):
        return IinFault(IinProblem.WRONG_CHECK_DIGIT, seen)
    # BINs have the same check digit. Their fifth digit is 4-6, where an IIN has the tens of a day, 0-3.
    # Asked last: with a wrong check digit the fifth digit may be the mistyped one.
    if bare[4] in "456":
        return IinFault(IinProblem.LOOKS_LIKE_BIN, seen)
    return Iin(bare)


def check_digit(prefix: str) -> int | None:
    """The digit that must follow the first eleven of `prefix`; None if no number begins like this."""
    digits = [int(c) for c in prefix[: LENGTH - 1]]
    for weights in (_FIRST_PASS, _SECOND_PASS):
        remainder = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
        if remainder != 10:
            return remainder
    return None


def hint(iin: Iin, today: date) -> IinHint | None:
    """Birth date and sex as the digits suggest them; None where they suggest nothing believable."""
    year, month, day, mark = (int(iin.digits[a:b]) for a, b in ((0, 2), (2, 4), (4, 6), (6, 7)))
    if not 1 <= mark <= 6:
        return None
    try:
        birth_date = date(1800 + (mark - 1) // 2 * 100 + year, month, day)
    except ValueError:
        return None
    if birth_date > today or age(birth_date, today) > _OLDEST_YEARS:
        return None
    return IinHint(birth_date, Sex.MALE if mark % 2 else Sex.FEMALE)


def age(birth_date: date, today: date) -> int:
    """Full years lived."""
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (not had_birthday)


def masked(iin: Iin) -> str:
    """Enough to recognise one's own number, too little to use it: 9002•••••348."""
    return f"{iin.digits[:4]}•••••{iin.digits[-3:]}"


def _separates(char: str) -> bool:
    """Spaces and line ends, dashes of all lengths, and characters nobody sees."""
    return char.isspace() or unicodedata.category(char) in {"Pd", "Cf"} or char == "−"
