"""Texts as Telegram sees them: plain characters plus entities whose offsets count UTF-16 units.

The rules and error wordings of HTML markup follow TDLib's parser (https://core.telegram.org/bots/api#html-style).
"""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.telegram_refusal import Refusal, bad_request

MESSAGE_LENGTH = 4096
CAPTION_LENGTH = 1024

Entity = dict[str, Any]

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
}
_NAMED = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"'}
_CHARACTER = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_ATTRIBUTE = re.compile(r"""\s+([^\s=>/]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]+))?""")
# What Telegram marks by itself, in the order in which a conflict is decided.
_AUTOMATIC = (
    ("url", re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")),
    ("email", re.compile(r"(?<!\w)[\w.+-]+@[\w-]+\.[a-zA-Z]{2,}")),
    ("bot_command", re.compile(r"(?<![\w/<>.])/[A-Za-z0-9_]{1,64}(?:@\w+)?")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z]\w{3,31}")),
    ("phone_number", re.compile(r"(?<![\w+])\+\d{10,14}(?!\d)")),
)


@dataclass(frozen=True)
class RichText:
    """Plain text and what to do with its parts."""

    text: str
    entities: list[Entity] = field(default_factory=list)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def message_text(source: str, parse_mode: str, entities: list[Entity] | None) -> RichText:
    """The text of a message, checked: 1 to 4096 characters after the markup is taken out."""
    rich = _rich(source, parse_mode, entities)
    if not rich.text:
        raise bad_request("message text is empty")
    if len(rich.text) > MESSAGE_LENGTH:
        raise bad_request("message is too long")
    return rich


def caption_text(source: str, parse_mode: str, entities: list[Entity] | None) -> RichText:
    """The caption of a file: up to 1024 characters, may be empty."""
    rich = _rich(source, parse_mode, entities)
    if len(rich.text) > CAPTION_LENGTH:
        raise bad_request("message caption is too long")
    return rich


def plain_text(source: str) -> RichText:
    """What a person typed: commands, links and numbers are found, nothing is markup."""
    return _rich(source, "", None)


def _rich(source: str, parse_mode: str, entities: list[Entity] | None) -> RichText:
    if parse_mode.lower() == "html":
        rich = _parse_html(source)
    elif parse_mode:
        # MarkdownV2 exists at Telegram; the sandbox does not speak it.
        raise bad_request("unsupported parse_mode")
    else:
        rich = RichText(source, list(entities or []))
    return _with_automatic(_trimmed(rich))


def _trimmed(rich: RichText) -> RichText:
    """Telegram drops white space around a text."""
    text = rich.text.strip()
    if text == rich.text:
        return rich
    lead = utf16_length(rich.text) - utf16_length(rich.text.lstrip())
    end = utf16_length(text)
    kept = []
    for entity in rich.entities:
        start = max(entity["offset"] - lead, 0)
        stop = min(entity["offset"] - lead + entity["length"], end)
        if stop > start:
            kept.append(entity | {"offset": start, "length": stop - start})
    return RichText(text, kept)


def _with_automatic(rich: RichText) -> RichText:
    taken = [(e["offset"], e["offset"] + e["length"]) for e in rich.entities if e["type"] not in _STYLES]
    found = list(rich.entities)
    for kind, pattern in _AUTOMATIC:
        for match in pattern.finditer(rich.text):
            start = utf16_length(rich.text[: match.start()])
            stop = start + utf16_length(match.group())
            if all(stop <= a or start >= b for a, b in taken):
                found.append({"type": kind, "offset": start, "length": stop - start})
                taken.append((start, stop))
    return RichText(rich.text, sorted(found, key=lambda e: (e["offset"], -e["length"])))


_STYLES = {"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote"}


def _unparsable(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")


@dataclass(frozen=True)
class _Open:
    tag: str
    start: int
    text_index: int
    attributes: dict[str, str]


def _parse_html(source: str) -> RichText:
    parts: list[str] = []
    entities: list[Entity] = []
    stack: list[_Open] = []
    length = 0
    position = 0
    while position < len(source):
        if source[position] != "<":
            match = _CHARACTER.match(source, position) if source[position] == "&" else None
            character = _character(match.group()) if match else source[position]
            parts.append(character)
            length += utf16_length(character)
            position = match.end() if match else position + 1
            continue
        offset = len(source[:position].encode())
        end = source.find(">", position)
        if source.startswith("</", position):
            if end < 0:
                raise _unparsable(f"Unclosed end tag at byte offset {offset}")
            opened = _closing(source[position + 2 : end].strip().lower(), stack, offset)
            inner = "".join(parts[opened.text_index :])
            entity = _entity(opened, inner, length)
            if entity:
                entities.append(entity)
        else:
            if end < 0:
                raise _unparsable(f"Unclosed start tag at byte offset {offset}")
            tag, attributes = _opening(source[position + 1 : end], offset)
            stack.append(_Open(tag, length, len(parts), attributes))
        position = end + 1
    if stack:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return RichText("".join(parts), sorted(entities, key=lambda e: (e["offset"], -e["length"])))


def _character(reference: str) -> str:
    return _NAMED.get(reference) or html.unescape(reference)


def _opening(inside: str, offset: int) -> tuple[str, dict[str, str]]:
    name = (inside.split(maxsplit=1) or [""])[0].lower() if inside[:1].strip() else ""
    attributes = {
        key.lower(): html.unescape(value.strip("\"'"))
        for key, value in _ATTRIBUTE.findall(inside[len(name) :])
    }
    if name not in _TAGS or (name == "span" and attributes.get("class") != "tg-spoiler"):
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {offset}')
    return name, attributes


def _closing(name: str, stack: list[_Open], offset: int) -> _Open:
    if not stack:
        raise _unparsable(f"Unexpected end tag at byte offset {offset}")
    opened = stack.pop()
    if name and name != opened.tag:
        raise _unparsable(
            f'Unmatched end tag at byte offset {offset}, expected "</{opened.tag}>", found "</{name}>"'
        )
    return opened


def _entity(opened: _Open, inner: str, end: int) -> Entity | None:
    if end == opened.start:
        return None
    entity: Entity = {"type": _TAGS[opened.tag], "offset": opened.start, "length": end - opened.start}
    if opened.tag == "a":
        url = opened.attributes.get("href") or inner
        return entity | {"url": url} if "." in url or ":" in url else None
    if opened.tag == "blockquote" and "expandable" in opened.attributes:
        entity["type"] = "expandable_blockquote"
    return entity
