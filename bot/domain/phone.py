"""Phone numbers as clients of a Kazakh clinic type them.

`8 (701) 123-45-67`, `7011234567` and `+7 701 123 45 67` are the same number. Numbers of other
countries are welcome but need their plus sign: without it 996555123456 cannot be told from a
mistyped one. `phonenumbers` is used as a table of the world's numbering plans.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import Enum, auto

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

_FULL_WIDTH = str.maketrans("０１２３４５６７８９＋", "0123456789+")

#: One number, perhaps with words around it: "мой номер 8 701 123 45 67". Two numbers are not a number.
_ONE_NUMBER = re.compile(r"[^0-9+]*(\+?[0-9 ()./\-]*[0-9])[^0-9]*")

#: Kazakhstan's own way to call abroad, 8~10, and everybody else's.
_ABROAD = re.compile(r"^(?:00|810(?=[0-9]{9}))")


class PhoneProblem(Enum):
    """Why a text is not a phone number."""

    TOO_SHORT = auto()
    TOO_LONG = auto()
    NOT_A_NUMBER = auto()
    NEEDS_PLUS = auto()
    NOT_IN_USE = auto()


@dataclass(frozen=True, slots=True)
class PhoneFault:
    """A refusal. `seen` and `needed` count digits without trunk digit or country code: "9 of 10".

    `needed` is None where the country has numbers of several lengths; `seen` then counts every digit.
    """

    problem: PhoneProblem
    seen: int = 0
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in use, `e164` as One-Link wants it: +77011234567. Neither `str` nor `repr` tells it."""

    e164: str = field(repr=False)

    def __str__(self) -> str:
        return "Phone"

    @property
    def shown(self) -> str:
        """For people: +7 701 123 4567."""
        return phonenumbers.format_number(phonenumbers.parse(self.e164), PhoneNumberFormat.INTERNATIONAL)


def read_phone(text: str, region: str = "KZ") -> Phone | PhoneFault:
    """The number a client typed, or what is wrong with it; without a plus it is one of `region`."""
    found = _ONE_NUMBER.fullmatch(_plain(text))
    if found is None:
        return PhoneFault(PhoneProblem.NOT_A_NUMBER)
    digits = re.sub(r"[^0-9]", "", found[1])
    if found[1].startswith("+"):
        # "+8 701…": the trunk digit written like a country code. No country has such numbers.
        if re.fullmatch(r"87[0-9]{9}", digits) and region == "KZ":
            return _of_home(digits, region)
        return _of_the_world(digits)
    if _ABROAD.match(digits):
        return _of_the_world(_ABROAD.sub("", digits))
    return _of_home(digits, region)


def _of_home(digits: str, region: str) -> Phone | PhoneFault:
    """A number without a plus."""
    number = _parsed(digits, region)
    needed = _usual_length(region)
    code = str(phonenumbers.country_code_for_region(region))
    if number is not None and phonenumbers.is_valid_number(number):
        if str(number.country_code) == code:
            return _phone(number)
        return PhoneFault(PhoneProblem.NEEDS_PLUS, len(digits))
    abroad = _parsed("+" + digits)
    if abroad is not None and phonenumbers.is_valid_number(abroad) and str(abroad.country_code) != code:
        return PhoneFault(PhoneProblem.NEEDS_PLUS, len(digits))
    return _wrong_length(_national_digits(digits, code, needed), needed)


def _of_the_world(digits: str) -> Phone | PhoneFault:
    """A number with its country code."""
    number = _parsed("+" + digits)
    if number is None:
        return PhoneFault(PhoneProblem.NOT_IN_USE if len(digits) > 3 else PhoneProblem.TOO_SHORT, len(digits))
    if phonenumbers.is_valid_number(number):
        return _phone(number)
    if number.country_code == 7:
        return _wrong_length(len(digits) - 1, _usual_length("KZ"))
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.TOO_SHORT | ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return PhoneFault(PhoneProblem.TOO_SHORT, len(digits))
        case ValidationResult.TOO_LONG:
            return PhoneFault(PhoneProblem.TOO_LONG, len(digits))
        case _:
            return PhoneFault(PhoneProblem.NOT_IN_USE, len(digits))


def _wrong_length(seen: int, needed: int) -> PhoneFault:
    """The fault of a number that is not valid: its length, or else that nobody has it (+7 6XX)."""
    if seen == needed:
        return PhoneFault(PhoneProblem.NOT_IN_USE, seen, needed)
    return PhoneFault(PhoneProblem.TOO_SHORT if seen < needed else PhoneProblem.TOO_LONG, seen, needed)


def _national_digits(digits: str, code: str, needed: int) -> int:
    """How many digits follow the trunk digit 8 or the country code, for "I see 9 of 10".

    Without its 8 no Kazakh number begins with 8; a 7 in front may be either, and is taken for the
    country code only where ten digits remain or another 7 follows.
    """
    prefixed = digits.startswith("8") or (
        digits.startswith(code) and (len(digits) > needed or (len(digits) == needed and digits[1:2] == "7"))
    )
    return len(digits) - prefixed if code == "7" else len(digits)


def _usual_length(region: str) -> int:
    """Digits of a national number: 10 in Kazakhstan."""
    example = phonenumbers.example_number(region)
    return len(phonenumbers.national_significant_number(example)) if example else 0


def _parsed(text: str, region: str | None = None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _phone(number: PhoneNumber) -> Phone:
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _plain(text: str) -> str:
    """ASCII digits and one kind of dash and space; direction marks, which address books add, left out."""
    out = []
    for char in text.translate(_FULL_WIDTH):
        category = unicodedata.category(char)
        if category == "Cf":
            continue
        out.append("-" if category == "Pd" else " " if char.isspace() else char)
    return "".join(out)
