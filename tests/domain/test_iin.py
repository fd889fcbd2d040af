"""The IIN. All numbers are synthetic: their serials were chosen mechanically."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.iin import Iin, IinFault, IinHint, IinProblem, Sex, age, check_digit, hint, masked, read_iin

TODAY = date(2026, 11, 21)

VALID = [
    *("900215312348", "851130412343", "040229512346", "191231612346"),  # first pass
    *("900215314811", "851130412708", "040229513801", "191231613803"),  # second pass
    *("900215312308", "900215312318", "900215312328", "900215312338"),  # digit 11 is unprotected
    *("901332312347", "900230312349", "030229512344"),  # impossible dates are a hint's business
    *("750101012346", "900215712343", "991231212348", "301231512345"),  # odd seventh digits too
    *("940720300129", "800315300006"),  # One-Link's own examples
]


@pytest.mark.parametrize("digits", VALID)
def test_a_number_with_a_right_check_digit_is_accepted(digits: str) -> None:
    assert read_iin(digits) == Iin(digits)


@pytest.mark.parametrize("prefix", ["90021531480", "85113041271", "04022951460", "19123161389"])
@pytest.mark.parametrize("last", "0123456789")
def test_a_prefix_without_a_check_digit_has_no_right_ending(prefix: str, last: str) -> None:
    assert read_iin(prefix + last) == IinFault(IinProblem.WRONG_CHECK_DIGIT, 12)


def test_where_one_link_would_go_on_with_zero_the_number_is_refused() -> None:
    assert read_iin("800315300020") == IinFault(IinProblem.WRONG_CHECK_DIGIT, 12)


@pytest.mark.parametrize(
    ("text", "problem", "seen"),
    [
        ("900215312349", IinProblem.WRONG_CHECK_DIGIT, 12),
        ("900215313248", IinProblem.WRONG_CHECK_DIGIT, 12),
        ("123456789012", IinProblem.WRONG_CHECK_DIGIT, 12),
        ("950140012340", IinProblem.LOOKS_LIKE_BIN, 12),
        ("90021531234", IinProblem.WRONG_LENGTH, 11),
        ("9002153123481", IinProblem.WRONG_LENGTH, 13),
        ("", IinProblem.WRONG_LENGTH, 0),
        ("²00215312348", IinProblem.NOT_DIGITS, 11),
        ("٩٠٠٢١٥٣١٢٣٤٨", IinProblem.NOT_DIGITS, 0),
        ("90021531234O", IinProblem.NOT_DIGITS, 11),
        ("нет", IinProblem.NOT_DIGITS, 0),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, problem: IinProblem, seen: int) -> None:
    assert read_iin(text) == IinFault(problem, seen)


@pytest.mark.parametrize(
    "text",
    [
        "900215312348\n",
        " 900215 312348 ",
        "900215-312348",
        "900215—312348",
        "9002\u00a01531\u202f2348",
        "\u200e900215312348\u200b",
        "９００２１５３１２３４８",
        "ИИН: 900215312348",
        "ЖСН 900215312348",
    ],
)
def test_the_way_of_writing_does_not_matter(text: str) -> None:
    assert read_iin(text) == Iin("900215312348")


@pytest.mark.parametrize(
    ("digits", "birth_date", "sex"),
    [
        ("900215312348", date(1990, 2, 15), Sex.MALE),
        ("851130412343", date(1985, 11, 30), Sex.FEMALE),
        ("040229512346", date(2004, 2, 29), Sex.MALE),
        ("191231612346", date(2019, 12, 31), Sex.FEMALE),
    ],
)
def test_birth_date_and_sex_are_guessed(digits: str, birth_date: date, sex: Sex) -> None:
    assert hint(Iin(digits), TODAY) == IinHint(birth_date, sex)


@pytest.mark.parametrize(
    "digits",
    [
        "901332312347",  # 13th month
        "900230312349",  # 30 February
        "030229512344",  # 29 February 2003
        "750101012346",  # seventh digit 0
        "900215712343",  # seventh digit 7
        "991231212348",  # born 1899
        "301231512345",  # born 2030
    ],
)
def test_an_unbelievable_birth_date_is_not_guessed(digits: str) -> None:
    assert hint(Iin(digits), TODAY) is None


def test_a_guess_becomes_possible_on_the_day_of_birth() -> None:
    child = Iin("301231512345")

    assert hint(child, date(2030, 12, 30)) is None
    assert hint(child, date(2030, 12, 31)) == IinHint(date(2030, 12, 31), Sex.MALE)


def test_age_counts_birthdays() -> None:
    assert age(date(2010, 11, 22), TODAY) == 15
    assert age(date(2010, 11, 21), TODAY) == 16


def test_a_masked_number_shows_its_ends() -> None:
    assert masked(Iin("900215312348")) == "9002•••••348"


@pytest.mark.parametrize("form", [str, repr, "{}".format, "{!r}".format])
def test_a_number_cannot_leak_through_a_log_line(form: Callable[[object], str]) -> None:
    shown = form(Iin("900215312348"))

    assert not any(c.isdigit() for c in shown)


@pytest.mark.parametrize(
    "digits", ["900215312349", "90021531234", "９００２１５３１２３４８", "900215312348\n"]
)
def test_a_wrong_number_cannot_be_made_into_an_iin(digits: str) -> None:
    with pytest.raises(ValueError, match="not an IIN"):
        Iin(digits)


@given(st.from_regex(r"[0-9]{11}", fullmatch=True))
def test_a_prefix_has_one_right_ending_or_none(prefix: str) -> None:
    right = check_digit(prefix)
    accepted = [last for last in range(10) if check_digit(f"{prefix}{last}") == last]

    assert accepted == ([] if right is None else [right])


def test_nine_of_ten_single_digit_errors_are_caught() -> None:
    tried = caught = 0
    for serial in range(0, 10_000, 37):
        prefix = f"9002153{serial:04}"
        last = check_digit(prefix)
        if last is None:
            continue
        digits = f"{prefix}{last}"
        for i, right in enumerate(digits):
            for wrong in set("0123456789") - {right}:
                tried += 1
                mistyped = digits[:i] + wrong + digits[i + 1 :]
                caught += check_digit(mistyped) != int(mistyped[-1])

    assert tried > 20_000
    assert caught / tried > 0.9


@given(st.text(max_size=30))
def test_any_text_is_an_iin_or_has_a_fault(text: str) -> None:
    assert isinstance(read_iin(text), Iin | IinFault)
