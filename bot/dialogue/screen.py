"""What a client sees, as values: words with facts, choices, screens.

Nothing here is in a language yet. A `Text` names a sentence (its English wording is the key of the
catalogues) and hands over facts; the reader's language gives it grammar, dates and money.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Called(Protocol):
    """Something with a name that may differ by language: a service, a resource."""

    def name_in(self, locale: str) -> str:
        """The name for a reader of this locale."""
        ...


@dataclass(frozen=True, slots=True)
class Day:
    """A date for people, with its weekday: "Mon 7 Jan", in full "Monday, 7 January"."""

    date: dt.date
    full: bool = False
    today: dt.date | None = None  # given: today and tomorrow are named, too


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, `HH:mm`, in the zone the datetime carries: the venue's."""

    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Money:
    """Whole tenge."""

    amount: int


class _Sentence:
    """A sentence to be translated, and its facts. Compared by value; never prints its facts."""

    __slots__ = ("facts", "key")

    def __init__(self, key: str, /, **facts: "Fact") -> None:
        self.key = key
        self.facts: Mapping[str, Fact] = facts

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._value() == other._value()

    def __hash__(self) -> int:
        return hash((self.key, *self.facts))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r}, {', '.join(self.facts)})"

    def _value(self) -> object:
        return self.key, dict(self.facts)


class Text(_Sentence):
    """`Text("Where to? {place}", place=...)`."""

    __slots__ = ()


class Plural(_Sentence):
    """`Plural("{n} free time", "{n} free times", n=3)`: the form depends on `n`."""

    __slots__ = ("many", "n")

    def __init__(self, one: str, many: str, /, n: int, **facts: "Fact") -> None:
        super().__init__(one, n=n, **facts)
        self.many = many
        self.n = n

    def _value(self) -> object:
        return self.key, self.many, dict(self.facts)


@dataclass(frozen=True, slots=True)
class Joined:
    """Words one after the other, by default as in "Therapist · Akhmetova · Mon 7 Jan"."""

    words: tuple["Fact", ...]
    by: str = " · "


Word = Text | Plural | Joined
Fact = str | int | Called | Day | Clock | Money | Word


def unbroken(text: str) -> str:
    """A number that no line break may tear apart."""
    return text.replace(" ", "\u00a0")


class Look(StrEnum):
    """How a button looks where Telegram can show it; the meaning never depends on it."""

    PLAIN = ""
    GOOD = "success"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it says, and the answer it stands for.

    `copies` makes it a button that copies this text instead of answering, `opens` one that opens
    this address.
    """

    label: Fact
    step: str = ""
    value: str = ""
    look: Look = Look.PLAIN
    copies: str | None = None
    opens: str | None = None


Row = tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One state of a card.

    `notices` come first (why an answer was not taken, what has changed), then `asks`, then `chosen`
    so far, then `lines`. `options` are the choices that can be answered by their number; they are
    buttons, too. `extra` rows and the `last` row (Back, Cancel) follow. With `shares_phone` the
    keyboard takes the place of the client's own, with a button that shares the phone number.
    """

    asks: Word
    notices: tuple[Word, ...] = ()
    chosen: Word | None = None
    lines: tuple[Word, ...] = ()
    options: tuple[Choice, ...] = ()
    columns: int = 1
    extra: tuple[Row, ...] = ()
    last: Row = ()
    shares_phone: Choice | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """All buttons, row by row."""
        step = self.columns
        options = tuple(self.options[at : at + step] for at in range(0, len(self.options), step))
        share = ((self.shares_phone,),) if self.shares_phone else ()
        return tuple(row for row in (*share, *options, *self.extra, self.last) if row)
