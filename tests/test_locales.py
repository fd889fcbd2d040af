"""The catalogues: complete, true to the sentences in the code, and short enough for a phone."""

import ast
import gettext
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.dialogue.screen import Clock, Day, Joined, Money, Plural, Text
from bot.telegram.texts import LOCALES, LOCALES_DIR, Texts, Words, load_catalogue

BOT = LOCALES_DIR.parent / "bot"
PLURAL_FORMS = {"kk": 2, "ru": 3, "en": 2}
MARKS = "‹›✕✓↻📱"
#: Names and commands that are written in Latin letters in every language.
LATIN_NAMES = re.compile("Telegram|One-Link|/privacy")
#: What a phone 360 points wide shows of a button across the card, in letters; Latin ones are narrower.
LABEL_FITS = {"kk": 34, "ru": 34, "en": 38}
#: What it shows of one of two buttons side by side.
HALF_LABEL_FITS = 20

every_locale = pytest.mark.parametrize("locale", LOCALES)
cyrillic_locales = pytest.mark.parametrize("locale", ["kk", "ru"])

Key = str | tuple[str, str]


@cache
def keys_in_the_code() -> set[Key]:
    """What `pybabel extract -k Text -k Plural:1,2` finds."""
    keywords = {"Text": None, "Plural": (1, 2)}
    found = extract_from_dir(BOT, [("**.py", "python")], keywords=keywords)
    return {key if isinstance(key, str) else (key[0], key[1]) for _, _, key, _, _ in found}


@cache
def catalogue(locale: str) -> Catalog:
    """Read once; nobody changes it."""
    with (LOCALES_DIR / locale / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=locale)


def messages(locale: str) -> list[Message]:
    return [message for message in catalogue(locale) if message.id]


def keys_of(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def forms_of(message: Message) -> tuple[str, ...]:
    """The translation, in each of its plural forms."""
    found = message.string or ""
    return (found,) if isinstance(found, str) else tuple(found)


def sentences(locale: str) -> Iterator[str]:
    for message in messages(locale):
        yield from forms_of(message)


def placeholders(sentence: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", sentence))


def bare(label: str) -> str:
    return label.strip(MARKS + " ")


@cache
def labels_in_the_code() -> set[str]:
    """The sentences that name a button: those in the first argument of a `Choice`."""
    found = set()
    for path in BOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Choice":
                found |= {key for argument in node.args[:1] for key in texts_in(argument)}
    return found


def texts_in(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "Text":
            key = inner.args[0]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts("kk")


# --- complete and true ----------------------------------------------------------------------------


@every_locale
def test_every_sentence_of_the_code_is_translated_and_nothing_else(locale: str) -> None:
    found = catalogue(locale)
    keys = {m.id if isinstance(m.id, str) else (m.id[0], m.id[1]) for m in messages(locale)}

    assert keys == keys_in_the_code()
    assert [m.id for m in messages(locale) if not all(forms_of(m))] == []
    assert [m.id for m in messages(locale) if m.fuzzy] == []
    assert not found.obsolete


@every_locale
def test_the_header_tells_the_language_and_nothing_about_people_or_days(locale: str) -> None:
    text = (LOCALES_DIR / locale / "LC_MESSAGES" / "messages.po").read_text(encoding="utf-8")
    header = text.split("\n\n")[0]

    assert f'"Language: {locale}\\n"' in header
    assert not re.search(r"@|AUTHOR|fuzzy|\d{4}-\d{2}", header)


@every_locale
def test_placeholders_are_those_of_the_code(locale: str) -> None:
    for message in messages(locale):
        for form in forms_of(message):
            assert placeholders(form) == placeholders(keys_of(message)[0]), form


@every_locale
def test_plural_rules_are_those_of_cldr(locale: str) -> None:
    rule = gettext.c2py(catalogue(locale).plural_expr)
    categories = {n: Locale.parse(locale).plural_form(n) for n in range(1000)}

    assert catalogue(locale).num_plurals == PLURAL_FORMS[locale]
    assert {len(forms_of(m)) for m in messages(locale) if len(keys_of(m)) > 1} <= {PLURAL_FORMS[locale]}
    pairs = {(rule(n), category) for n, category in categories.items()}
    assert len(pairs) == PLURAL_FORMS[locale] == len({index for index, _ in pairs})


@every_locale
def test_a_sentence_that_names_a_button_calls_it_as_it_is_labelled(locale: str) -> None:
    said = load_catalogue(LOCALES_DIR, locale).gettext
    labels = {bare(key): bare(said(key)) for key in labels_in_the_code()}
    quotes = "“{}”" if locale == "en" else "«{}»"

    for message in messages(locale):
        for named in re.findall(r"“([^”{]+)”", keys_of(message)[0]):
            assert quotes.format(labels[named]) in forms_of(message)[0]


# --- how it reads ---------------------------------------------------------------------------------


@cyrillic_locales
def test_no_word_mixes_alphabets_and_no_english_is_left(locale: str) -> None:
    for sentence in sentences(locale):
        own = LATIN_NAMES.sub("", re.sub(r"\{\w+\}", "", sentence))
        assert not re.search("[A-Za-z]", own), sentence


def test_russian_has_no_kazakh_letters_and_its_own_sentences() -> None:
    kazakh = {keys_of(m): forms_of(m)[0] for m in messages("kk")}

    for message in messages("ru"):
        assert not re.search("[әғқңөұүһі]", forms_of(message)[0], re.IGNORECASE), message.string
        if len(forms_of(message)[0].split()) > 3:
            assert forms_of(message)[0] != kazakh[keys_of(message)]


@cyrillic_locales
def test_no_case_ending_is_glued_to_a_fact(locale: str) -> None:
    assert [s for s in sentences(locale) if re.search(r"\w\{|\}[-–’]?[^\W\d_]", s)] == []


@every_locale
def test_the_tone_is_quiet(locale: str) -> None:
    assert [s for s in sentences(locale) if "!" in s or re.search(r"\b(ошибка|error)\b", s.lower())] == []
    assert [s for s in sentences(locale) if s != s.strip() or "  " in s] == []


@every_locale
def test_marks_stay_where_they_are(locale: str) -> None:
    for message in messages(locale):
        key, form = keys_of(message)[0], forms_of(message)[0]
        assert [char for char in form if char in MARKS] == [char for char in key if char in MARKS]
        marks = tuple(MARKS)
        assert (key.startswith(marks), key.endswith(marks)) == (form.startswith(marks), form.endswith(marks))


@cyrillic_locales
def test_leaving_a_draft_shares_no_word_with_cancelling_a_visit(texts: Texts, locale: str) -> None:
    def words(*keys: str) -> set[str]:
        found = re.findall(r"\w{4,}", " ".join(texts[locale].say(Text(key)) for key in keys).lower())
        return set(found)

    draft = words("✕ Cancel", "Yes, stop booking")
    visit = words("Cancel the visit", "Yes, cancel the visit")

    assert draft
    assert visit
    assert not draft & visit


# --- buttons --------------------------------------------------------------------------------------


def widest_facts(words: Words) -> dict[str, str]:
    """The longest that can be put into a label."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(366)]
    return {
        "day": max((words.say(Day(d, today=d - timedelta(days=n))) for d in days for n in (0, 1)), key=len),
        "time": "00:00",
        "n": "99",
        "code": "WW-123456",
    }


@every_locale
def test_buttons_fit_a_phone(texts: Texts, locale: str) -> None:
    facts = widest_facts(texts[locale])

    for key in labels_in_the_code():
        label = texts[locale].say(Text(key))
        # What is cut off may be a word at the end, never a fact.
        end = label.rfind("}") + 1 or len(label)
        shown = texts[locale].say(Text(key, **facts))[: len(label[:end].format(**facts))]
        assert len(shown) <= LABEL_FITS[locale], shown


@cyrillic_locales
@pytest.mark.parametrize(
    "key",
    [
        *("‹ Back", "✕ Cancel", "‹ Earlier", "Later ›", "Other times", "Other days", "Show the visit"),
        *("Ask the clinic's staff", "Book again", "Change service", "Change specialist", "Change day"),
        *("Change time", "Change name", "Change phone", "Change IIN"),
    ],
)
def test_buttons_side_by_side_fit_half_a_phone(texts: Texts, locale: str, key: str) -> None:
    assert key in labels_in_the_code()
    assert len(texts[locale].say(Text(key))) <= HALF_LABEL_FITS


# --- dates, times, money, numbers -----------------------------------------------------------------

SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("locale", "short", "full", "today", "tomorrow"),
    [
        ("kk", "сб 21 қар.", "сенбі, 21 қараша", "бүгін, сб 21 қар.", "ертең, сенбі, 21 қараша"),
        ("ru", "сб 21 нояб.", "суббота, 21 ноября", "сегодня, сб 21 нояб.", "завтра, суббота, 21 ноября"),
        ("en", "Sat 21 Nov", "Saturday, 21 November", "today, Sat 21 Nov", "tomorrow, Saturday, 21 November"),
    ],
)
def test_days_carry_the_weekday_and_near_ones_a_word(
    texts: Texts, locale: str, short: str, full: str, today: str, tomorrow: str
) -> None:
    say = texts[locale].say

    assert say(Day(SATURDAY)) == short
    assert say(Day(SATURDAY, full=True)) == full
    assert say(Day(SATURDAY, today=SATURDAY)) == today
    assert say(Day(SATURDAY, full=True, today=SATURDAY - timedelta(days=1))) == tomorrow
    assert say(Day(SATURDAY, today=SATURDAY - timedelta(days=2))) == short
    assert say(Day(SATURDAY, today=SATURDAY + timedelta(days=1))) == short


@every_locale
def test_times_have_24_hours_and_money_does_not_break(texts: Texts, locale: str) -> None:
    say = texts[locale].say

    assert say(Clock(datetime(2026, 11, 21, 9, 5, tzinfo=UTC))) == "09:05"
    assert say(Clock(datetime(2026, 11, 21, 21, 5, tzinfo=UTC))) == "21:05"
    assert say(Money(12_000)) == "12\u00a0000\u00a0₸"
    assert say(Money(900)) == "900\u00a0₸"
    assert say(Money(1_250_000)) == "1\u00a0250\u00a0000\u00a0₸"


@pytest.mark.parametrize(
    ("locale", "forms", "counted"),
    [
        ("kk", ("{n} минут", "{n} минут"), ["1 минут", "2 минут", "5 минут", "21 минут"]),
        (
            "ru",
            ("{n} минута", "{n} минуты", "{n} минут"),
            ["1 минута", "2 минуты", "5 минут", "21 минута"],
        ),
        ("en", ("{n} minute", "{n} minutes"), ["1 minute", "2 minutes", "5 minutes", "21 minutes"]),
    ],
)
def test_numbers_choose_the_form_by_the_rule_of_the_catalogue(
    tmp_path: Path, locale: str, forms: tuple[str, ...], counted: list[str]
) -> None:
    found = deepcopy(catalogue(locale))
    found.add(("{n} minute", "{n} minutes"), forms)
    written = tmp_path / locale / "LC_MESSAGES" / "messages.po"
    written.parent.mkdir(parents=True)
    with written.open("wb") as target:
        write_po(target, found)
    words = Words(locale, load_catalogue(tmp_path, locale))

    assert [words.say(Plural("{n} minute", "{n} minutes", n=n)) for n in (1, 2, 5, 21)] == counted


@every_locale
@pytest.mark.parametrize("n", [1, 2, 5, 21])
def test_durations_are_said_for_every_number(texts: Texts, locale: str, n: int) -> None:
    minutes = "min" if locale == "en" else "мин"

    assert texts[locale].say(Plural("{n} min", "{n} min", n=n)) == f"{n} {minutes}"


def test_a_name_with_braces_stays_a_name(texts: Texts) -> None:
    assert texts["ru"].say(Text("Specialist: {name}", name="{name} {0}")) == "Специалист: {name} {0}"


def test_names_follow_the_language_and_texts_inside_texts_too(texts: Texts) -> None:
    when = Joined((Day(SATURDAY), Clock(datetime(2026, 11, 21, 10, 0, tzinfo=UTC))), by=", ")

    assert texts["kk"].say(Joined((Text("Any specialist"), when))) == "Кез келген маман · сб 21 қар., 10:00"


def test_an_unknown_language_is_answered_in_the_clinics(texts: Texts) -> None:
    assert texts["uz"].locale == "kk"
    assert texts[None].locale == "kk"
    assert texts.chosen(None, "ru-KZ") == "ru"
    assert texts.chosen("en", "ru") == "en"
    assert texts.chosen(None, None) == "kk"
