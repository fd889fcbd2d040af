"""Foldings: what a reader takes for the same word compares equal."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.fold import fold, latin


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ертең таңертең", "ертен танертен"),
        ("ДҮЙСЕНБІ", "дуйсенби"),
        ("Әсел Ғани Құрман Өтеген Ұлан Үсен Һадиша Ілияс", "асел гани курман отеген улан усен хадиша илияс"),
        ("Ёлка", "елка"),
        ("  УЗИ (печень),  «контроль»! ", "узи печень контроль"),
        ("14:30, 5.12", "14:30 5.12"),
        ("25-і", "25 и"),
        ("10–12", "10-12"),
        ("o'clock", "oclock"),
        ("Müller erteñ", "muller erten"),
        ("ﬁ １４：３０", "fi 14:30"),
        ("назад\u200b", "назад"),
        ("Анатолии\u0306", "анатолий"),
        ("😀", ""),
    ],
)
def test_case_marks_and_punctuation_are_folded_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    "spellings",
    [
        "ертең таңертең | erten tanerten | erteñ tañerteñ",
        "завтра утром | zavtra utrom | Zavtra Utrom!",
        "жұма | juma | zhuma | жума",
        "дүйсенбі | duysenbi | duisenbi | düisenbi",
        "пятница | pyatnitsa | pyatnica | piatnitsa",
        "воскресенье | voskresenye | voskresenie | voskresen'e",
        "қараша | qarasha | karasha | qaraşa",
        "кейін | keyin | keiin",
        "сегодня | segodnya | segodnia",
        "суббота | subbota | subota",
        "бүгін | bugin | бүгiн",
    ],
)
def test_latin_spellings_meet_the_cyrillic_word(spellings: str) -> None:
    assert len({latin(spelling) for spelling in spellings.split(" | ")}) == 1


def test_different_days_stay_different() -> None:
    week = "дүйсенбі сейсенбі сәрсенбі бейсенбі жұма сенбі жексенбі"

    assert len(set(fold(week).split())) == len(set(latin(week).split())) == 7


@example("\N{MATHEMATICAL ITALIC CAPITAL ALPHA}")
@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
