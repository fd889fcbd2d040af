"""Names are taken as typed, or refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.person_name import LONGEST, NameFault, read_name, without_tricks


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


TRICKS = ["\u202e", "\u202d", "\u200b", "\u200d", "\u200e", "\u2060", "\u2066", "\u2069", "\ufeff", "\u00ad"]
CONTROLS = ["\x00", "\x1b", "\x07", "\x7f", "\x9b", "\U000e0041", "\ue000"]


@pytest.mark.parametrize("trick", [*TRICKS, *CONTROLS])
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
        ("Ай" + "\u0301\u0310\u0489" * 30 + "жан", NameFault.ODD_CHARACTERS),
        ("Ай\u3164жан", NameFault.ODD_CHARACTERS),
        ("\u2800\u2800\u2800", NameFault.ODD_CHARACTERS),
        ("А" * 10_000, NameFault.TOO_LONG),
        ("\u200b" * 10_000, NameFault.TOO_LONG),
        ("А" + "\u0336" * 10_000, NameFault.TOO_LONG),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, fault: NameFault) -> None:
    assert read_name(text) is fault


def test_the_longest_name_is_accepted() -> None:
    assert read_name("А" * LONGEST) == "А" * LONGEST


@pytest.mark.parametrize("trick", [*TRICKS, *CONTROLS])
def test_a_name_of_a_profile_hides_and_turns_round_nothing(trick: str) -> None:
    assert without_tricks(f"Ай{trick}жан\n 🌸  Ким") == "Айжан 🌸 Ким"


def test_a_name_of_a_profile_does_not_climb_over_other_lines() -> None:
    climbing = "Ж" + "\u0336\u0489\u0310" * 500
    assert len(without_tricks(f"{climbing} Ким")) <= len("Ж") + 2 + len(" Ким")
    assert without_tricks("Анатолии\u0306") == "Анатолий"


def test_a_name_of_a_profile_ends() -> None:
    assert len(without_tricks("Ж" * 10_000)) == LONGEST
    assert without_tricks("\u200b\u202e") == ""


@given(st.text(max_size=300))
def test_a_name_of_a_profile_is_one_line_that_can_be_shown(text: str) -> None:
    name = without_tricks(text)
    assert name == without_tricks(name)
    assert len(name) <= LONGEST
    assert "\n" not in name
    name.encode()


def test_a_fault_is_never_mistaken_for_a_name() -> None:
    assert not isinstance(read_name(""), str)


@given(st.text(max_size=120))
def test_a_name_that_was_accepted_is_accepted_again_unchanged(text: str) -> None:
    name = read_name(text)

    if isinstance(name, str):
        assert read_name(name) == name
        assert name.isprintable()
