"""Whatever is called whatever: what Telegram is sent as HTML is text, and reads as it was written."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.screen import Choice, Joined, Screen, Text
from bot.telegram.keyboard import inline_keyboard, text_of
from bot.telegram.texts import Texts

WORDS = Texts("ru")["en"]
ATTACKS = [
    "<b>",
    "</b>",
    "<a href='tg://user?id=1'>x</a>",
    "&lt;",
    "&amp;amp;",
    "<",
    "{name}",
    "<!--",
    "<tg-spoiler>",
]


class Tags(HTMLParser):
    """The tags of a text, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


def screen_with(text: str) -> Screen:
    """Everywhere where a name may stand."""
    return Screen(
        asks=Text("Shall I book it? {name}", name=text),
        notices=(text_word(text),),
        chosen=Joined((text, text)),
        lines=(Text("Name: {name}", name=text), Text("{a} {b}", a=Text("{c}", c=text), b=text)),
        options=(Choice(text, "name", "own"),),
    )


def text_word(text: str) -> Joined:
    return Joined((text,))


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_name_is_never_formatting(attack: str) -> None:
    parser = Tags()
    parser.feed(text_of(screen_with(attack), WORDS))
    parser.close()
    assert parser.seen == ["b", "/b"]
    assert parser.text.count(attack) == 7


@given(st.text(max_size=60))
def test_any_text_at_all_is_shown_as_it_is(text: str) -> None:
    written = text_of(screen_with(text), WORDS)
    assert written.replace("<b>", "", 1).replace("</b>", "", 1).count("<") == 0
    assert re.search(r"&(?!(?:amp|lt|gt);)", written) is None
    assert html.unescape(written).count(text) >= 7 or not text


def test_labels_of_buttons_are_plain_text_and_not_escaped_twice() -> None:
    keyboard = inline_keyboard(screen_with("<b>&"), WORDS, None, 0)
    assert keyboard is not None
    assert keyboard.inline_keyboard[0][0].text == "<b>&"
