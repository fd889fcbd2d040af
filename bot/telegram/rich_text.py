"""Rich text between One-Link, which stores Markdown, and Telegram, which wants a text and its entities.

Offsets and lengths of entities count UTF-16 units (https://core.telegram.org/bots/api#messageentity).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

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
        return utf16_units(self.text)


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
    first, shift = pieces[0], utf16_units(name) + 1
    moved = [entity.model_copy(update={"offset": entity.offset + shift}) for entity in first.entities]
    bold = MessageEntity(type="bold", offset=0, length=shift - 1)
    return (*_cut_up(f"{name}\n{first.text}", [bold, *moved]), *pieces[1:])


def caption_of(pieces: Sequence[Rich], limit: int = CAPTION_LENGTH) -> Rich | None:
    """The text as the caption of a file, if all of it fits."""
    return pieces[0] if len(pieces) == 1 and pieces[0].length <= limit else None


def utf16_units(text: str) -> int:
    """How long Telegram thinks a text is."""
    return len(text) + sum(character > "\uffff" for character in text)


def _cut_up(text: str, entities: Sequence[MessageEntity]) -> tuple[Rich, ...]:
    """Pieces that fit a message, without the white space around them, which Telegram drops too."""
    pieces = []
    start = 0
    while (rest := text[start:].lstrip()) != "":
        start = len(text) - len(rest)
        end = start + _fitting(rest)
        piece = text[start:end].rstrip()
        offset = utf16_units(text[:start])
        pieces.append(Rich(piece, _within(entities, offset, offset + utf16_units(piece))))
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
        self._length += utf16_units(text)
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
