"""Rich text between One-Link, which stores Markdown, and Telegram, which wants a text and its entities.

Offsets and lengths of entities count UTF-16 units (https://core.telegram.org/bots/api#messageentity).
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from urllib.parse import quote

from aiogram.types import MessageEntity
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MESSAGE_LENGTH = 4096
"""UTF-16 units of one message."""
CAPTION_LENGTH = 1024

_LINKS = re.compile(r"(?:https?|tel|mailto):", re.IGNORECASE)
_REST_OF_URL = re.compile(r"://[^\s<>()\[\]*`~\"\\]*[^\s<>()\[\]*`~\"\\_]")
# One-Link's editor writes backslash and newline for a newline; a backslash before it is a text's own.
_ESCAPED_NEWLINE = re.compile(r"(?<!\\)((?:\\\\)*)\\\n")
_LANGUAGE = re.compile(r"[\w+#.-]{0,32}")
_DEEPEST = 20


@dataclass(frozen=True)
class Rich:
    """A text as Telegram takes it, with `parse_mode` off."""

    text: str
    entities: list[MessageEntity] = field(default_factory=list)

    @property
    def length(self) -> int:
        """UTF-16 units, the measure of Telegram's limits."""
        return _units(self.text)


def to_telegram(markdown: str) -> tuple[Rich, ...]:
    """What an operator wrote, as messages of at most 4096 units; () when there is nothing to read.

    Every newline is a new line. What is not formatting is shown as it stands, HTML too.
    """
    # Half of a surrogate pair cannot be sent.
    source = markdown.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    source = _ESCAPED_NEWLINE.sub(r"\1\n", source)
    tokens = _MARKDOWN.parse(source)
    # The parser stops reading at its deepest level: better unformatted than shortened.
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        return _cut_up(source, [])
    writer = _Writer()
    for token in tokens:
        writer.block(token)
    return _cut_up("".join(writer.parts), writer.entities)


def named(name: str, pieces: Sequence[Rich]) -> tuple[Rich, ...]:
    """The same with the operator's name in bold on a line above; nothing stays nothing."""
    name = " ".join(name.split())
    if not pieces or not name:
        return tuple(pieces)
    first, shift = pieces[0], _units(name) + 1
    moved = [entity.model_copy(update={"offset": entity.offset + shift}) for entity in first.entities]
    bold = MessageEntity(type="bold", offset=0, length=shift - 1)
    return (*_cut_up(f"{name}\n{first.text}", [bold, *moved]), *pieces[1:])


def caption_of(pieces: Sequence[Rich], limit: int = CAPTION_LENGTH) -> Rich | None:
    """The text as the caption of a file, if all of it fits."""
    return pieces[0] if len(pieces) == 1 and pieces[0].length <= limit else None


def to_markdown(text: str, entities: Sequence[MessageEntity] | None = None) -> str:
    """What a client wrote, as Markdown for operators: it looks the same to them, and nothing else is read.

    Underlining, spoilers and mentions of people without a username have no Markdown and stay plain.
    """
    return _Marked(text, entities or ()).markdown()


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _cut_up(text: str, entities: Sequence[MessageEntity]) -> tuple[Rich, ...]:
    """Pieces that fit a message, without the white space around them, which Telegram drops too."""
    pieces = []
    start = 0
    while (rest := text[start:].lstrip()) != "":
        start = len(text) - len(rest)
        end = start + _fitting(rest)
        piece = text[start:end].rstrip()
        offset = _units(text[:start])
        pieces.append(Rich(piece, _within(entities, offset, offset + _units(piece))))
        start = end
    return tuple(pieces)


def _fitting(text: str) -> int:
    """How many characters go into one message, up to the end of a paragraph, a line or a word if possible."""
    fits = text.encode("utf-16-le")[: 2 * MESSAGE_LENGTH].decode("utf-16-le", "ignore")
    if len(fits) == len(text):
        return len(text)
    for gap in ("\n\n", "\n", " "):
        place = fits.rfind(gap)
        if place >= len(fits) // 2:
            return place
    return len(fits)


def _within(entities: Sequence[MessageEntity], start: int, end: int) -> list[MessageEntity]:
    """The parts of entities between two offsets, counted from the first of them."""
    kept = []
    for entity in entities:
        first, last = max(entity.offset, start), min(entity.offset + entity.length, end)
        if first < last:
            kept.append(entity.model_copy(update={"offset": first - start, "length": last - first}))
    return kept


def _plain_url(state: StateInline, silent: bool) -> bool:
    """Underscores in a bare address are part of it. Runs at the colon, "https" is written already."""
    if silent or not state.pending.lower().endswith(("http", "https")):
        return False
    found = _REST_OF_URL.match(state.src, state.pos)
    if found is None:
        return False
    state.pending += found.group()
    state.pos = found.end()
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST}).enable("strikethrough")
    # Left out is what operators type without meaning it, and what would vanish from the screen.
    parser.disable(["code", "hr", "lheading", "reference", "html_block", "html_inline", "entity"])
    parser.inline.ruler.before("escape", "plain_url", _plain_url)
    parser.validateLink = lambda url: bool(_LINKS.match(url))  # type: ignore[method-assign]
    return parser


_MARKDOWN = _parser()
_STYLES = {
    "strong": "bold",
    "em": "italic",
    "s": "strikethrough",
    "heading": "bold",
    "blockquote": "blockquote",
}


class _Writer:
    """Writes tokens down as text and entities. Lines of the text are where they were in the Markdown."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.entities: list[MessageEntity] = []
        self._length = 0
        self._line = 0
        self._lists = 0
        self._open: list[tuple[str, int]] = []

    def block(self, token: Token) -> None:
        """One token of the block level, or the inline content of one."""
        kind, _, edge = token.type.rpartition("_")
        if token.map and edge != "close":
            self._go_to(token.map[0])
        if token.type == "inline":
            for child in token.children or ():
                self._inline(child)
        elif token.type == "fence":
            self._fence(token)
        elif kind == "list_item" and edge == "open":
            self._item(token)
        elif kind in ("bullet_list", "ordered_list"):
            self._lists += 1 if edge == "open" else -1
        elif kind in _STYLES:
            self._style(kind, edge, token.markup)
        if token.map and token.type in ("inline", "fence"):
            self._line = token.map[1] - 1

    def _inline(self, token: Token) -> None:
        kind, _, edge = token.type.rpartition("_")
        if token.type in ("softbreak", "hardbreak"):
            self._write("\n")
        elif token.type == "code_inline":
            self._entity("code", self._write(token.content))
        elif token.type == "image":
            start = self._write(token.content or str(token.attrs["src"]))
            self._entity("text_link", start, url=str(token.attrs["src"]))
        elif kind == "link":
            self._link(token, edge)
        elif kind in _STYLES:
            self._style(kind, edge, "")
        else:
            self._write(token.content)

    def _write(self, text: str) -> int:
        """Returns the offset at which the text begins."""
        start = self._length
        self.parts.append(text)
        self._length += _units(text)
        return start

    def _go_to(self, line: int) -> None:
        if line > self._line and self._length:
            self._write("\n" * (line - self._line))
        self._line = max(line, self._line)

    def _item(self, token: Token) -> None:
        fresh = not self.parts or self.parts[-1].endswith("\n")
        indent = "  " * (self._lists - 1) if fresh else ""
        number = token.info + token.markup if token.info else "•"
        self._write(f"{indent}{number} ")

    def _fence(self, token: Token) -> None:
        """A block of code. Words that are not a language are text that came to stand there."""
        language, content = token.info.strip(), token.content.removesuffix("\n")
        if not _LANGUAGE.fullmatch(language) or not content.strip():
            language, content = "", f"{language}\n{content}".strip("\n") or token.markup
        self._entity("pre", self._write(content), language=language or None)

    def _link(self, token: Token, edge: str) -> None:
        if edge == "open":
            self._open.append((str(token.attrs["href"]), self._length))
            return
        url, start = self._open.pop()
        if self._length == start:
            self._write(url)
        # An address in angle brackets is on the screen itself; Telegram makes it a link.
        if token.markup != "autolink":
            self._entity("text_link", start, url=url)

    def _style(self, kind: str, edge: str, markup: str) -> None:
        if edge == "open":
            self._open.append((_STYLES[kind], self._length))
            return
        style, start = self._open.pop()
        if self._length == start:
            self._write(markup)
        # Telegram has no bold in bold and no quote in a quote.
        if all(outer != style for outer, _ in self._open):
            self._entity(style, start)

    def _entity(self, kind: str, start: int, *, url: str | None = None, language: str | None = None) -> None:
        if length := self._length - start:
            entity = MessageEntity(type=kind, offset=start, length=length, url=url, language=language)
            self.entities.append(entity)


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


class _Marked:
    """A text and what to insert before each of its characters; positions here count characters."""

    def __init__(self, text: str, entities: Sequence[MessageEntity]) -> None:
        self.text = text
        self._opening: defaultdict[int, str] = defaultdict(str)
        self._closing: defaultdict[int, str] = defaultdict(str)
        self._line_start: defaultdict[int, str] = defaultdict(str)
        self._offsets = list(accumulate((_units(character) for character in text), initial=0))
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


_SAFE = "%/:?#[]@!$&'*+,;=~-._"
