"""What clients write, with Telegram's entities, as the Markdown that One-Link's editor reads.

Offsets and lengths of entities count UTF-16 units (https://core.telegram.org/bots/api#messageentity).
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from urllib.parse import quote

from aiogram.types import MessageEntity

from bot.telegram.rich_text import utf16_units

_MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
_QUOTES = ("blockquote", "expandable_blockquote")
_AS_IS = ("code", "pre", "url", "email", "mention", "hashtag", "cashtag", "bot_command", "phone_number")
_AT_LINE_START = re.compile(
    r"^[ \t]*(?:#{1,6}(?=\s|$)|>|\*|\+(?=\s|$)|-(?=[\s:|-]|$)|=(?==*\s*$)|[|:](?=[\s:|-]*$)"
    r"|\d{1,9}(?P<dot>[.)])(?=\s|$))",
    re.M,
)
_INDENT = re.compile(r"^(?: {4,}| {0,3}\t)[ \t]*", re.M)
_ANYWHERE = re.compile(
    r"`|~(?=~)|(?<=~)~|\[(?=.*?\][(\[:])|<(?=[a-zA-Z/!?])|&(?=#?\w+;)|\\(?=[!-/:-@\[-`{-~]|\s|$)"
    r"|\*(?!\s|$)|(?<!\s)\*|(?<![^\W_])_(?!\s|$)|(?<!\s)_(?![^\W_])",
    re.S,
)
_SAFE = "%/:?#[]@!$&'*+,;=~-._"


def to_markdown(text: str, entities: Sequence[MessageEntity] | None = None) -> str:
    """What a client wrote, as Markdown for operators: it looks the same to them, and nothing else is read.

    Underlining, spoilers and mentions of people without a username have no Markdown and stay plain.
    """
    return _Marked(text, entities or ()).markdown()


class _Marked:
    """A text and what to insert before each of its characters; positions here count characters."""

    def __init__(self, text: str, entities: Sequence[MessageEntity]) -> None:
        self.text = text
        self._opening: defaultdict[int, str] = defaultdict(str)
        self._closing: defaultdict[int, str] = defaultdict(str)
        self._line_start: defaultdict[int, str] = defaultdict(str)
        self._offsets = list(accumulate((utf16_units(character) for character in text), initial=0))
        # The outer one of two entities comes first.
        ordered = sorted(entities, key=lambda entity: (entity.offset, -entity.length))
        self._spans = [(*self._span(entity), entity) for entity in ordered]
        self._edges = [edge for start, end, _ in self._spans for edge in (start, end)]

    def markdown(self) -> str:
        for start, end, entity in self._spans:
            self._mark(start, end, entity)
        escaped, indents = self._escaped(), self._positions(_INDENT)
        out: list[str] = []
        for position, character in enumerate((*self.text, "")):
            out += self._closing[position], self._line_start[position], self._opening[position]
            out.append("\\" if position in escaped else "")
            # Four spaces would begin a block of code; these do not and look the same.
            out.append("\u00a0" if position in indents else character)
        return "".join(out)

    def _span(self, entity: MessageEntity) -> tuple[int, int]:
        return (
            bisect_left(self._offsets, entity.offset, hi=len(self.text)),
            bisect_left(self._offsets, entity.offset + entity.length, hi=len(self.text)),
        )

    def _mark(self, start: int, end: int, entity: MessageEntity) -> None:
        if not self.text[start:end].strip():
            return
        if entity.type == "pre":
            self._fence(start, end, entity.language or "")
        elif entity.type in _QUOTES:
            self._quote(start, end)
        for first, last in self._lines(start, end):
            if entity.type in _MARKS and self._can_stand(first, last):
                self._surround(first, last, _MARKS[entity.type], _MARKS[entity.type])
            elif entity.type == "text_link" and entity.url:
                self._surround(first, last, "[", f"]({quote(entity.url, safe=_SAFE)})")
            elif entity.type == "code":
                content = self.text[first:last]
                ticks = "`" * (max(map(len, re.findall("`+", content)), default=0) + 1)
                pad = " " if "`" in (content[0], content[-1]) else ""
                self._surround(first, last, ticks + pad, pad + ticks)

    def _surround(self, start: int, end: int, opening: str, closing: str) -> None:
        self._opening[start] += opening
        self._closing[end] = closing + self._closing[end]

    def _lines(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The lines of a span without the white space around them: marks have to touch words."""
        for found in re.finditer(r"\S(?:.*\S)?", self.text[start:end]):
            yield start + found.start(), start + found.end()

    def _can_stand(self, start: int, end: int) -> bool:
        """Inside a word, marks are read only where they touch letters on both sides."""
        before, after = self.text[:start][-1:], self.text[end:][:1]
        opens = not before.isalnum() or (self.text[start].isalnum() and self._edges.count(start) == 1)
        closes = not after.isalnum() or (self.text[end - 1].isalnum() and self._edges.count(end) == 1)
        return opens and closes

    def _fence(self, start: int, end: int, language: str) -> None:
        content = self.text[start:end]
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", content)), 3)
        before = "" if self.text[:start].endswith("\n") or start == 0 else "\n"
        after = "" if self.text[end:].startswith("\n") or end == len(self.text) else "\n"
        closing = "" if content.endswith("\n") else "\n"
        self._surround(start, end, f"{before}{fence}{language}\n", f"{closing}{fence}{after}")

    def _quote(self, start: int, end: int) -> None:
        """An empty line ends a quote; without one the next line would still be in it."""
        if start and self.text[start - 1] != "\n":
            self._line_start[start] += "\n"
        for line in (start, *(start + found.end() for found in re.finditer("\n", self.text[start:end]))):
            if line < end:
                self._line_start[line] += "> "
        rest = self.text[end:]
        if rest.strip():
            there = self.text[start:end].endswith("\n") + len(rest[:2]) - len(rest[:2].lstrip("\n"))
            self._closing[end] += "\n" * (2 - there)

    def _escaped(self) -> set[int]:
        positions = self._positions(_ANYWHERE)
        for found in _AT_LINE_START.finditer(self.text):
            positions.add(found.start("dot") if found["dot"] else found.end() - len(found[0].lstrip()))
        # Beside a mark every sign counts.
        for edge in self._opening.keys() | self._closing.keys():
            positions |= self._among(edge - 1, edge + 1, "*_~\\")
        for start, end, entity in self._spans:
            if entity.type == "text_link":
                # With an exclamation mark before it, a link would be a picture.
                positions |= self._among(start, end, "[]") | self._among(start - 1, start, "!")
        for start, end, entity in self._spans:
            if entity.type in _AS_IS:
                positions -= set(range(start, end))
        return positions

    def _among(self, start: int, end: int, signs: str) -> set[int]:
        places = range(max(start, 0), min(end, len(self.text)))
        return {place for place in places if self.text[place] in signs}

    def _positions(self, pattern: re.Pattern[str]) -> set[int]:
        """Characters that a pattern matches, code left out."""
        code = {p for start, end, e in self._spans if e.type in ("code", "pre") for p in range(start, end)}
        return {p for found in pattern.finditer(self.text) for p in range(*found.span())} - code
