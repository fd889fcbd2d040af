"""Names are taken as typed, or refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.person_name import LONGEST, NameFault, read_name


@pytest.mark.parametrize(
    "name",
    [
        "Айжан",
        "Әсел Нұрғалиқызы Өтегенова",
        "Іңкәр Үсен",
        "Ахметова А.Б.",
        "Жан-Поль",
        "Д’Артаньян",
        "O'Neil",
        "Müller",
        "Ян",
        "айжан",
        "Ёлкина",
        "José Nuñez",
    ],
)
def test_a_name_is_kept_as_typed(name: str) -> None:
    assert read_name(name) == name


def test_spaces_and_line_ends_become_single_spaces() -> None:
    assert read_name("  Айжан\n Ахметова\u00a0\t ") == "Айжан Ахметова"


def test_letters_typed_in_two_pieces_become_one() -> None:
    assert read_name("Анатолии\u0306") == "Анатолий"


@pytest.mark.parametrize("trick", ["\u202e", "\u200b", "\u2066", "\ufeff", "\x00", "\x1b"])
def test_characters_nobody_sees_are_left_out(trick: str) -> None:
    assert read_name(f"Ай{trick}жан") == "Айжан"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", NameFault.TOO_SHORT),
        ("А", NameFault.TOO_SHORT),
        ("- .", NameFault.TOO_SHORT),
        ("А" * (LONGEST + 1), NameFault.TOO_LONG),
        ("Айжан 2", NameFault.HAS_DIGITS),
        ("87011234567", NameFault.HAS_DIGITS),
        ("900215312348", NameFault.HAS_DIGITS),
        ("Айжан²", NameFault.HAS_DIGITS),
        ("https://example.kz", NameFault.HAS_LINK),
        ("www.example", NameFault.HAS_LINK),
        ("casino.com", NameFault.HAS_LINK),
        ("t.me/joinchat", NameFault.HAS_LINK),
        ("@aizhan", NameFault.HAS_LINK),
        ("Айжан 🌸", NameFault.ODD_CHARACTERS),
        ("<b>Айжан</b>", NameFault.ODD_CHARACTERS),
        ("/start", NameFault.ODD_CHARACTERS),
        ("А\u0336й\u0336жан", NameFault.ODD_CHARACTERS),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, fault: NameFault) -> None:
    assert read_name(text) is fault


def test_the_longest_name_is_accepted() -> None:
    assert read_name("А" * LONGEST) == "А" * LONGEST


def test_a_fault_is_never_mistaken_for_a_name() -> None:
    assert not isinstance(read_name(""), str)


@given(st.text(max_size=120))
def test_a_name_that_was_accepted_is_accepted_again_unchanged(text: str) -> None:
    name = read_name(text)

    if isinstance(name, str):
        assert read_name(name) == name
        assert name.isprintable()
