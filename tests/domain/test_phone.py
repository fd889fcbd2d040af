"""Phone numbers as people in Kazakhstan type them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.phone import Phone, PhoneFault, PhoneProblem, read_phone


@pytest.mark.parametrize(
    "text",
    [
        "8 (701) 123-45-67",
        "87011234567",
        "7011234567",
        "77011234567",
        "+7 701 123 45 67",
        "+7(701)1234567",
        "+8 701 123 45 67",
        "8-701-123-45-67\n",
        "８７０１１２３４５６７",
        "\u202a+7\u00a0701\u00a0123\u201145\u201167\u202c",
        "мой номер 8 701 123 45 67",
        "тел.: +77011234567.",
        "tel:+77011234567",
    ],
)
def test_all_ways_of_writing_a_number_are_one_number(text: str) -> None:
    assert read_phone(text) == Phone("+77011234567")


@pytest.mark.parametrize("code", ["700", "705", "708", "747", "771", "775", "778"])
def test_all_mobile_codes_are_known(code: str) -> None:
    assert read_phone(f"8{code}1234567") == Phone(f"+7{code}1234567")


@pytest.mark.parametrize(
    ("text", "e164", "shown"),
    [
        ("87011234567", "+77011234567", "+7 701 123 4567"),
        ("8 7172 12 34 56", "+77172123456", "+7 7172 12 34 56"),
        ("+7 912 345 67 89", "+79123456789", "+7 912 345-67-89"),
        ("9123456789", "+79123456789", "+7 912 345-67-89"),
        ("+998 90 123 45 67", "+998901234567", "+998 90 123 45 67"),
        ("+996555123456", "+996555123456", "+996 555 123 456"),
        ("0049 1511 2345678", "+4915112345678", "+49 1511 2345678"),
        ("8 10 49 1511 2345678", "+4915112345678", "+49 1511 2345678"),
    ],
)
def test_landlines_and_other_countries_are_welcome(text: str, e164: str, shown: str) -> None:
    phone = read_phone(text)

    assert phone == Phone(e164)
    assert phone.shown == shown


@pytest.mark.parametrize(
    "text", ["996555123456", "998901234567", "375291234567", "4915112345678", "12025550123", "85251234567"]
)
def test_a_foreign_number_needs_its_plus(text: str) -> None:
    assert read_phone(text) == PhoneFault(PhoneProblem.NEEDS_PLUS, seen=len(text))
    assert isinstance(read_phone("+" + text), Phone)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("701123456", 9),
        ("8 701 123 45 6", 9),
        ("+7 701 123 45 6", 9),
        ("7 747 123 45 6", 9),
        ("8 701 123 45", 8),
        ("12", 2),
    ],
)
def test_missing_digits_are_counted_without_the_trunk_digit(text: str, seen: int) -> None:
    assert read_phone(text) == PhoneFault(PhoneProblem.TOO_SHORT, seen, needed=10)


@pytest.mark.parametrize(
    ("text", "seen"), [("870112345678", 11), ("+770112345678", 11), ("8701123456789", 12)]
)
def test_digits_too_many_are_counted_too(text: str, seen: int) -> None:
    assert read_phone(text) == PhoneFault(PhoneProblem.TOO_LONG, seen, needed=10)


@pytest.mark.parametrize("text", ["+7 601 123 45 67", "8 601 123 45 67", "601 123 45 67"])
def test_a_code_nobody_has_is_told_apart_from_a_wrong_length(text: str) -> None:
    assert read_phone(text) == PhoneFault(PhoneProblem.NOT_IN_USE, seen=10, needed=10)


def test_a_foreign_number_may_be_too_short_or_of_no_country() -> None:
    assert read_phone("+44 20 7946") == PhoneFault(PhoneProblem.TOO_SHORT, seen=8)
    assert read_phone("+999 123") == PhoneFault(PhoneProblem.NOT_IN_USE, seen=6)


@pytest.mark.parametrize(
    "text",
    ["", "+", "нет телефона", "8 701 123 45 67 доб. 5", "٨٧٠١١٢٣٤٥٦٧", "+7²011234567", "1-800-FLOWERS-5"],
)
def test_what_is_no_number_is_not_repaired(text: str) -> None:
    assert read_phone(text) == PhoneFault(PhoneProblem.NOT_A_NUMBER)


@pytest.mark.parametrize("form", [str, repr, "{}".format, "{!r}".format])
def test_a_number_cannot_leak_through_a_log_line(form: Callable[[object], str]) -> None:
    assert not any(c.isdigit() for c in form(Phone("+77011234567")).replace("e164", ""))


@given(st.integers(0, 9_999_999))
def test_what_is_shown_can_be_typed_back(subscriber: int) -> None:
    phone = read_phone(f"8701{subscriber:07}")

    assert isinstance(phone, Phone)
    assert read_phone(phone.shown) == phone


@given(st.text(st.sampled_from("+0123456789 ()-./abя²٣\n\u200b"), max_size=25))
def test_any_text_is_a_phone_or_has_a_fault(text: str) -> None:
    assert isinstance(read_phone(text), Phone | PhoneFault)
