"""Typed dates on Saturday, 21 November 2026, 10:00 in Almaty."""

from collections import Counter
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import date_words
from bot.domain.dates import Ambiguous, PastDate, When, read_time, read_when

ALMATY = ZoneInfo("Asia/Almaty")
SATURDAY_10 = datetime(2026, 11, 21, 10, tzinfo=ALMATY)


def nov(*days: int) -> tuple[date, ...]:
    return tuple(date(2026, 11, day) for day in days)


def dec(*days: int) -> tuple[date, ...]:
    return tuple(date(2026, 12, day) for day in days)


def at(hour: int, minute: int = 0, days: tuple[date, ...] | None = None) -> When:
    return When(days, exact=time(hour, minute))


UNDERSTOOD = [
    (
        "бүгін кешке | бугин кешке | bugin keshke | сегодня вечером | segodnya vecherom | tonight"
        " | this evening",
        When(nov(21), earliest=time(17)),
    ),
    (
        "ертең таңертең | ертен танертен | erten tanerten | erteñ tañerteñ | завтра утром | zavtra utrom"
        " | tomorrow morning | tomorrow in the morning",
        When(nov(22), latest=time(12)),
    ),
    (
        "ертең 5-тен кейін | ертен бестен кейин | erten 5-ten keyin | завтра после 5 | завтра после пяти"
        " | zavtra posle 5 | Можно завтра после 17:00? | tomorrow after 5 | tomorrow after 5 pm",
        When(nov(22), earliest=time(17)),
    ),
    (
        "бүрсігүні түстен кейін | послезавтра после обеда | day after tomorrow, afternoon",
        When(nov(23), earliest=time(13), latest=time(18)),
    ),
    (
        "жұмада | жұма күні | жумага | juma kuni | жм | в пятницу | пт | v pyatnitsu | on Friday | fri"
        " | this Friday",
        When(nov(27)),
    ),
    ("дүйсенбі | дс | понедельник | пн | в понедельник 23 | Monday", When(nov(23))),
    ("сәрсенбіде | ср | в среду | Wed | 25 | 25-го | the 25th | 25-і күні | 25 числа", When(nov(25))),
    (
        "25.11 | 25/11 | 25.11.26 | 25.11.2026 | 2026-11-25 | 25 ноября | 25 қараша | 25-қараша | 25 karasha"
        " | Nov 25 | November 25th, 2026 | 25 нояб. | среда, 25 ноября | 2026 ж. 25 қараша",
        When(nov(25)),
    ),
    (
        "25-і күні сағат 10-да | 25-го в 10 | the 25th at 10 | 25.11 в 10 утра | 25 қараша 10:00"
        " | 25 в 10.00",
        at(10, days=nov(25)),
    ),
    ("бір аптадан кейін | аптадан кейін | через неделю | in a week", When(nov(28), around=True)),
    ("2 аптадан кейін | через две недели | in two weeks", When(dec(5), around=True)),
    ("3 күннен кейін | через 3 дня | in three days", When(nov(24))),
    ("демалыста | на выходных | at the weekend | в субботу или в воскресенье", When(nov(21, 22))),
    (
        "үшке дейін | ушке дейин | 3-ке дейін | до трёх | до 15:00 | before three | by 3 pm",
        When(None, latest=time(15)),
    ),
    (
        "5.12 | 05.12 | 5/12 | 5 декабря | 5 Dec | Dec 5 | желтоқсанның 5-і | 5-желтоқсан | пятого декабря",
        When(dec(5)),
    ),
    ("полтретьего | пол третьего | в половине третьего | екі жарымда | half past two", at(14, 30)),
    ("14:30 | 14.30 | 1430 | в 14:30 | в 14-30 | сағат 14:30-да | １４：３０", at(14, 30)),
    ("в 9 | 9 утра | в девять | таңғы 9 | сағат 9-да | 9am | 9 a.m. | at nine o'clock | 9ч", at(9)),
    ("10am | сағат 10-да | сағат онда", at(10)),
    ("в 3 | в 3 дня | сағат 3-те | at 3 pm", at(15)),
    ("7 вечера | кешкі 7 | кешкі сағат 7-де | at 7", at(19)),
    ("завтра утром в 7 | завтра в 07:00 | ертең таңғы 7-де", at(7, days=nov(22))),
    ("завтра в 9.10 | завтра в 9 10", at(9, 10, days=nov(22))),
    ("завтра 9 | ертең сағат 9-ға | на завтра на 9 | tomorrow for 9", at(9, days=nov(22))),
    (
        "с 9 до 12 | s 9 do 12 | 9-дан 12-ге дейін | between 9 and 12 | с 9 утра до 12",
        When(None, time(9), time(12)),
    ),
    ("завтра с 2 до 5 | tomorrow from 2 to 5 pm", When(nov(22), time(14), time(17))),
    ("завтра до обеда | ертең түске дейін | tomorrow before lunch", When(nov(22), latest=time(13))),
    ("завтра днём | ертең күндіз", When(nov(22), time(12), time(17))),
    ("на следующей неделе | келесі аптада | next week", When(nov(*range(23, 30)))),
    ("в пятницу на следующей неделе", When(nov(27))),
    ("завтра или послезавтра | ертең немесе бүрсігүні", When(nov(22, 23))),
    ("через 2 часа | 2 сағаттан кейін | in 2 hours", When(nov(21), earliest=time(12))),
    ("утром | с утра | таңертең | in the morning", When(None, latest=time(12))),
    ("в субботу | сенбі | Saturday", When(nov(21))),
    ("в субботу в 9", at(9, days=nov(28))),
    ("20 | 20-го", When(dec(20))),
    ("31", When(dec(31))),
    ("5 января | 5.01 | 5 қаңтар", When((date(2027, 1, 5),))),
]


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [(phrase.strip(), meaning) for phrases, meaning in UNDERSTOOD for phrase in phrases.split(" | ")],
)
def test_a_phrase_means_what_people_mean_by_it(phrase: str, meaning: When) -> None:
    assert read_when(phrase, SATURDAY_10) == meaning
    assert read_when(phrase.upper(), SATURDAY_10) == meaning


@pytest.mark.parametrize("phrase", ["келесі дүйсенбі", "в следующий понедельник", "next Monday"])
def test_next_monday_said_on_a_saturday_is_asked_back(phrase: str) -> None:
    assert read_when(phrase, SATURDAY_10) == Ambiguous(nov(23, 30))


def test_the_time_survives_the_question_about_the_day() -> None:
    asked = read_when("в следующий понедельник после 5", SATURDAY_10)

    assert isinstance(asked, Ambiguous)
    assert asked.chosen(date(2026, 11, 30)) == When(nov(30), earliest=time(17))


def test_a_weekday_that_is_not_that_date_is_asked_back() -> None:
    assert read_when("в пятницу 28 ноября", SATURDAY_10) == Ambiguous(nov(27, 28))
    assert read_when("завтра, в пятницу", SATURDAY_10) == Ambiguous(nov(22, 27))


@pytest.mark.parametrize(
    ("phrase", "day"),
    [
        ("вчера", 20),
        ("кеше", 20),
        ("yesterday", 20),
        ("20 ноября", 20),
        ("20.11", 20),
        ("сегодня в 9", 21),
        ("бүгін 9-ға дейін", 21),
    ],
)
def test_what_is_over_is_called_past(phrase: str, day: int) -> None:
    assert read_when(phrase, SATURDAY_10) == PastDate(date(2026, 11, day))


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        "привет",
        "не завтра",
        "завтра не могу",
        "ертең емес",
        "not tomorrow",
        "кроме пятницы",
        "в среду 9",  # nine o'clock, or the 9th, which is a Wednesday too
        "10 11",
        "9-12",
        "на 9",
        "до 5.12",
        "завтра 25",
        "31 февраля",
        "11/25",
        "25:00",
        "2026",
        "утром в 15:00",
        "сегодня завтра",
        "завтра в 9 или 10",
        "через неделю в пятницу",
        "до пятницы",
        "12 ночи",
        "2½",
        "через 99999999999 недель",
        "завтра " * 100,
    ],
)
def test_a_doubtful_phrase_is_not_understood_rather_than_guessed(phrase: str) -> None:
    assert read_when(phrase, SATURDAY_10) is None


def test_on_saturday_evening_saturday_is_the_next_one() -> None:
    evening = SATURDAY_10.replace(hour=19)

    assert read_when("в субботу", evening) == When(nov(28))
    assert read_when("на выходных", evening) == When(nov(22))
    assert read_when("сегодня", evening) == When(nov(21))


def test_on_sunday_evening_the_weekend_is_the_next_one() -> None:
    assert read_when("на выходных", SATURDAY_10.replace(day=22, hour=20)) == When(nov(28, 29))


def test_next_saturday_said_on_a_saturday_needs_no_question() -> None:
    assert read_when("next Saturday", SATURDAY_10) == When(nov(28))


def test_a_month_too_short_for_the_day_is_passed_over() -> None:
    assert read_when("30", datetime(2027, 1, 31, 10, tzinfo=ALMATY)) == When((date(2027, 3, 30),))
    assert read_when("29 февраля", datetime(2027, 11, 1, 10, tzinfo=ALMATY)) == When((date(2028, 2, 29),))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("9", time(9)),
        ("3", time(15)),
        ("14.30", time(14, 30)),
        ("10.11", time(10, 11)),
        ("1430", time(14, 30)),
        ("930", time(9, 30)),
        ("8:05", time(8, 5)),
        ("в 9", time(9)),
        ("полтретьего", time(14, 30)),
        ("сағат 10-да", time(10)),
        ("10am", time(10)),
        ("25", None),
        ("24:00", None),
        ("завтра", None),
        ("завтра в 9", None),
        ("утром", None),
        ("до 9", None),
        ("Айжан", None),
    ],
)
def test_a_time_alone_is_read_as_a_time(text: str, meaning: time | None) -> None:
    assert read_time(text) == meaning


def test_when_tells_which_starts_it_allows() -> None:
    when = When(nov(22), earliest=time(17), latest=time(19))

    assert when.allows(datetime(2026, 11, 22, 17, tzinfo=ALMATY))
    assert not when.allows(datetime(2026, 11, 22, 19, tzinfo=ALMATY))
    assert not when.allows(datetime(2026, 11, 23, 17, tzinfo=ALMATY))


def test_no_word_of_the_vocabulary_has_two_meanings() -> None:
    for language in (date_words._CYRILLIC, date_words._ENGLISH, date_words._AFTER_NUMBER):
        words = Counter(word for listed in language.values() for word in listed.split())
        assert [word for word, times in words.items() if times > 1] == []


_WORDS = [
    word
    for table in (date_words._CYRILLIC, date_words._ENGLISH)
    for listed in table.values()
    for word in listed.split()
]


@given(
    st.lists(
        st.sampled_from([*_WORDS, "9", "25", "31", "14:30", "5.12", "10-да", "5-тен", "1430"]), max_size=6
    )
)
def test_whatever_is_typed_no_past_day_is_offered(words: list[str]) -> None:
    meaning = read_when(" ".join(words), SATURDAY_10)

    if isinstance(meaning, When | Ambiguous):
        assert meaning.days is None or (meaning.days and min(meaning.days) >= SATURDAY_10.date())
        assert not (meaning.earliest and meaning.latest and meaning.earliest >= meaning.latest)


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    read_when(text, SATURDAY_10)
    read_time(text)
