"""Words in a language: catalogues from `locales/`, dates, money and plurals as a reader writes them.

Catalogues are read from `.po` at start (no compiled files to forget). Date patterns are explicit:
the defaults put the year first in Kazakh and use 12 hours in American English
(measured with Babel 2.18; there is no English of Kazakhstan in CLDR, so en_GB).
"""

import gettext
import io
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.dialogue.screen import Clock, Day, Fact, Joined, Money, Plural, Text

LOCALES_DIR = Path(__file__).resolve().parents[2] / "locales"
LOCALES = ("kk", "ru", "en")
_CLDR = {"kk": "kk", "ru": "ru", "en": "en_GB"}
_NBSP = "\u00a0"

TODAY = Text("today")
TOMORROW = Text("tomorrow")


class Words:
    """One language."""

    def __init__(self, locale: str, catalogue: gettext.GNUTranslations) -> None:
        self.locale = locale
        self._catalogue = catalogue
        self._cldr = Locale.parse(_CLDR[locale])

    def say(self, fact: Fact) -> str:
        """A fact as plain text in this language."""
        match fact:
            case Text(key=key, facts=facts):
                return self._filled(self._catalogue.gettext(key), facts)
            case Plural(key=one, many=many, n=n, facts=facts):
                return self._filled(self._catalogue.ngettext(one, many, n), facts)
            case Joined(words=words, by=by):
                return by.join(self.say(word) for word in words)
            case Day():
                return self._day(fact)
            case Clock(at=at):
                return f"{at:%H:%M}"
            case Money(amount=amount):
                return f"{amount:,}".replace(",", _NBSP) + f"{_NBSP}₸"
            case str():
                return fact
            case int():
                return str(fact)
            case _:
                return fact.name_in(self.locale)

    def _filled(self, sentence: str, facts: Mapping[str, Fact]) -> str:
        # Not str.format: a name with braces in it must stay a name.
        for name, fact in facts.items():
            sentence = sentence.replace("{" + name + "}", self.say(fact))
        return sentence

    def _day(self, day: Day) -> str:
        written = format_date(day.date, "EEEE, d MMMM" if day.full else "EEE d MMM", locale=self._cldr)
        near = self._near(day.date, day.today)
        return f"{self.say(near)}, {written}" if near else written

    def _near(self, day: date, today: date | None) -> Text | None:
        if today is None:
            return None
        return {today: TODAY, today + timedelta(days=1): TOMORROW}.get(day)


class Texts:
    """All languages; an unknown one is answered in the clinic's."""

    def __init__(self, default: str, directory: Path = LOCALES_DIR) -> None:
        """Raises OSError if a catalogue is missing."""
        self.default = default
        self._words = {locale: Words(locale, load_catalogue(directory, locale)) for locale in LOCALES}

    def __getitem__(self, locale: str | None) -> Words:
        return self._words.get(locale or "", self._words[self.default])

    def chosen(self, stored: str | None, language_code: str | None) -> str:
        """The client's own choice, else the language of the app, else the clinic's."""
        code = (language_code or "").lower().split("-")[0]
        return next((locale for locale in (stored, code) if locale in self._words), self.default)


@cache  # they are the same for as long as the process lives
def load_catalogue(directory: Path, locale: str) -> gettext.GNUTranslations:
    """One catalogue; sentences without a translation are read in English."""
    compiled = io.BytesIO()
    write_mo(compiled, _read(directory, locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def gaps(directory: Path = LOCALES_DIR) -> dict[str, int]:
    """By language: how many sentences that one of the catalogues has are not translated."""
    catalogues = {locale: _read(directory, locale) for locale in LOCALES}
    every = {message.id for found in catalogues.values() for message in found if message.id}
    return {locale: sum(not _translated(found, key) for key in every) for locale, found in catalogues.items()}


def _read(directory: Path, locale: str) -> Catalog:
    with (directory / locale / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=locale)


def _translated(catalogue: Catalog, key: Any) -> bool:
    message = catalogue.get(key)
    if message is None or not message.string:
        return False
    return isinstance(message.string, str) or all(message.string)
