"""Rich text between operators, who write Markdown, and clients, who write in Telegram."""

import re
from collections.abc import Sequence

import pytest
from aiogram.types import MessageEntity
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.telegram.markdown import to_markdown
from bot.telegram.rich_text import MESSAGE_LENGTH, Rich, caption_of, named, to_telegram

WORDS = ["Сәлем", "қабылдау", "Здравствуйте", "visit", "😀", "👩‍⚕️", "𝒳", "12:30", "5000", "₸"]
SIGNS = [*"*_~`#>-+=[]()!<>&\\|.:1a ж\n\t ", "**", "~~", "```", "  \n", "\n\n", "1. ", "https://a.kz/_x_"]
anything = st.lists(st.sampled_from(WORDS + SIGNS), max_size=40).map("".join)
written = st.one_of(anything, st.text(st.characters(exclude_categories=["Cs"]), max_size=200))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def marked(rich: Rich) -> list[tuple[str, str]]:
    """What is formatted how."""
    return [(entity.type, entity.extract_from(rich.text)) for entity in rich.entities]


def one(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    [rich] = to_telegram(markdown)
    return rich.text, marked(rich)


def check(pieces: Sequence[Rich]) -> None:
    """What Telegram asks of a message."""
    for piece in pieces:
        assert piece.text == piece.text.strip() != ""
        assert piece.length == units(piece.text) <= MESSAGE_LENGTH
        for entity in piece.entities:
            assert 0 <= entity.offset < entity.offset + entity.length <= piece.length
            # Raises when an entity begins or ends inside a surrogate pair.
            entity.extract_from(piece.text).encode()


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def seen(text: str) -> str:
    """White space is not what these tests are about."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("markdown", "text", "formatting"),
    [
        ("Добрый **день**!", "Добрый день!", [("bold", "день")]),
        ("*курсив* и _курсив_", "курсив и курсив", [("italic", "курсив"), ("italic", "курсив")]),
        ("~~5000~~ 4000 ₸", "5000 4000 ₸", [("strikethrough", "5000")]),
        ("код `4F7K`", "код 4F7K", [("code", "4F7K")]),
        ("```py\nx = 1\n\ny = 2\n```\nвот", "x = 1\n\ny = 2\nвот", [("pre", "x = 1\n\ny = 2")]),
        ("😀 [сайт](https://one-link.kz)", "😀 сайт", [("text_link", "сайт")]),
        ("[звоните](tel:+77010007001)", "звоните", [("text_link", "звоните")]),
        ("<https://one-link.kz> <mail@one-link.kz>", "https://one-link.kz mail@one-link.kz", []),
        ("# Бағалар\nУЗИ", "Бағалар\nУЗИ", [("bold", "Бағалар")]),
        ("# Всё **важно**", "Всё важно", [("bold", "Всё важно")]),
        ("> цитата\n> ещё\n\nответ", "цитата\nещё\n\nответ", [("blockquote", "цитата\nещё")]),
        ("- раз\n- два\n  - три\n\n1. один\n2. два", "• раз\n• два\n  • три\n\n1. один\n2. два", []),
        ("**жирный *и курсив***", "жирный и курсив", [("italic", "и курсив"), ("bold", "жирный и курсив")]),
    ],
)
def test_formatting_of_operators_becomes_entities(
    markdown: str, text: str, formatting: list[tuple[str, str]]
) -> None:
    assert one(markdown) == (text, formatting)


@pytest.mark.parametrize(
    "text",
    [
        "1\n2\n\n\n3",
        "<b>1 < 2</b> & &amp; <!-- -->",
        "2 * 3 * 4 = 24, file_name_2, 5*, _x, `",
        "https://2gis.kz/_almaty_/firm__1?a=b_c",
        "[x](javascript:alert(1)) [y](one-link.kz) [z]: https://a.kz",
        "---",
        "название\n===",
        "a | b\n--- | ---",
        "12.05.2026. 2026) 10:00",
        ">" * 40 + " deep",
    ],
)
def test_what_is_not_formatting_is_shown_as_it_stands(text: str) -> None:
    assert one(text) == (text, [])


def test_escapes_and_the_editors_line_breaks_are_read_as_one_link_reads_them() -> None:
    assert one("2 \\* 3 \\# \\[x\\]\\\nдва\\\n\\\nтри\n\n") == ("2 * 3 # [x]\nдва\n\nтри", [])


@pytest.mark.parametrize("nothing", ["", " ", "\n\n", "\\\n"])
def test_nothing_to_read_is_no_message(nothing: str) -> None:
    assert to_telegram(nothing) == ()
    assert named("Айжан", to_telegram(nothing)) == ()


def test_words_after_an_unfinished_fence_are_not_taken_for_a_language() -> None:
    assert one("```не забудьте паспорт") == ("не забудьте паспорт", [("pre", "не забудьте паспорт")])


def test_half_a_character_is_replaced() -> None:
    assert one("Сәлем \ud83d") == ("Сәлем \ufffd", [])


def test_a_long_text_is_cut_at_paragraphs_and_its_formatting_with_it() -> None:
    paragraph = "**" + "Қабылдау 😀 " * 150 + "соңы**"
    pieces = to_telegram("\n\n".join([paragraph] * 5))
    check(pieces)
    assert len(pieces) == 3
    assert all(piece.text.endswith("соңы") for piece in pieces)
    assert {entity.type for piece in pieces for entity in piece.entities} == {"bold"}
    long = "".join(piece.text for piece in to_telegram("**" + "😀" * 5000 + "**"))
    assert long == "😀" * 5000


def test_a_bold_word_across_a_cut_is_bold_in_both_pieces() -> None:
    first, second = to_telegram("**" + "а" * 5000 + "**")
    assert [marked(first), marked(second)] == [[("bold", "а" * 4096)], [("bold", "а" * 904)]]


def test_the_name_of_the_operator_stands_above_the_first_piece() -> None:
    [rich] = named("👩‍⚕️ Айжан", to_telegram("Сәлем, **Данияр**"))
    assert rich.text == "👩‍⚕️ Айжан\nСәлем, Данияр"
    assert marked(rich) == [("bold", "👩‍⚕️ Айжан"), ("bold", "Данияр")]


def test_a_caption_is_one_piece_of_1024_units() -> None:
    assert caption_of(to_telegram("😀" * 512)) is not None
    assert caption_of(to_telegram("😀" * 513)) is None
    assert caption_of(to_telegram("а " * 4000)) is None
    assert caption_of(()) is None


@given(written, st.sampled_from(["", "Айжан", "😀 *x*", "а" * 300]))
@example("а" * 4095 + " " + "😀" * 4096, "Айжан")
@example(">" * 30 + "a", "")
@example("- " * 30 + "a", "")
@example("[" * 200 + "a" + "](https://a.kz)" * 200, "")
def test_any_text_of_an_operator_can_be_sent_and_keeps_its_letters(markdown: str, name: str) -> None:
    pieces = to_telegram(markdown)
    check(pieces)
    shown = letters("".join(piece.text for piece in pieces))
    # Addresses of links and languages of code are not shown, so texts that may have them are left out.
    if (
        not re.search(r"\]\(|```|~~~|<\w|[^\x20-\uffff\n]", markdown)
        and markdown.replace("\n", "").isprintable()
    ):
        assert shown == letters(markdown)
    called = named(name, pieces)
    check(called)
    if pieces:
        assert letters("".join(piece.text for piece in called)) == letters(name) + shown


@given(st.lists(st.sampled_from([*WORDS, "*", "_", "`"]), max_size=3000).map(" ".join))
def test_stray_signs_lose_no_character(text: str) -> None:
    # A sign at the start of a line is a list, two backticks are code.
    text = "а " + text.replace("`", "` ", 1).replace("`", "'")
    assert "".join("".join(piece.text for piece in to_telegram(text)).split()) == "".join(text.split())


def entity(kind: str, part: str, text: str, **more: str) -> MessageEntity:
    offset = units(text[: text.index(part)])
    return MessageEntity.model_validate({"type": kind, "offset": offset, "length": units(part)} | more)


@pytest.mark.parametrize(
    ("text", "kind", "part", "markdown"),
    [
        ("😀 Сәлем, доктор", "bold", "Сәлем", "😀 **Сәлем**, доктор"),
        ("Сәлем, доктор", "italic", " доктор", "Сәлем, *доктор*"),
        ("Сәлем, доктор", "strikethrough", "Сәлем", "~~Сәлем~~, доктор"),
        ("раз\n\nдва три", "bold", "раз\n\nдва", "**раз**\n\n**два** три"),
        ("код a`b", "code", "a`b", "код ``a`b``"),
        ("вот:\nx = *1*\nи всё", "pre", "x = *1*", "вот:\n```\nx = *1*\n```\nи всё"),
        ("он сказал\nнет\nда", "blockquote", "он сказал\nнет", "> он сказал\n> нет\n\nда"),
        ("пишите @aizhan_a_ или", "mention", "@aizhan_a_", "пишите @aizhan_a_ или"),
        ("вот https://a.kz/_x_*y* да", "url", "https://a.kz/_x_*y*", "вот https://a.kz/_x_*y* да"),
        ("тайна", "spoiler", "тайна", "тайна"),
        ("под«чёрк»нуто", "bold", "«чёрк»", "под«чёрк»нуто"),
    ],
)
def test_formatting_of_clients_becomes_markdown(text: str, kind: str, part: str, markdown: str) -> None:
    assert to_markdown(text, [entity(kind, part, text)]) == markdown


def test_a_link_of_a_client_keeps_its_address() -> None:
    text = "вот [наш] сайт!"
    link = entity("text_link", "[наш] сайт", text, url="https://a.kz/x_(y) z")
    assert to_markdown(text, [link]) == r"вот [\[наш\] сайт](https://a.kz/x_%28y%29%20z)!"


def test_nested_formatting_is_closed_in_order() -> None:
    text = "жирный и курсив"
    entities = [entity("italic", "и курсив", text), entity("bold", text, text)]
    assert to_markdown(text, entities) == "**жирный *и курсив***"


@pytest.mark.parametrize(
    "text",
    [
        "Здравствуйте! Можно на 12:30?",
        "5 * 3",
        "snake_case",
        "a & b < c",
        "C:\\Temp",
        "-5",
        "#1",
        "(да) [нет]",
    ],
)
def test_ordinary_texts_of_clients_stay_as_they_are(text: str) -> None:
    assert to_markdown(text) == text


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("*важно* _x_", r"\*важно\* \_x\_"),
        ("1. раз", r"1\. раз"),
        ("- раз\n> два\n# три", "\\- раз\n\\> два\n\\# три"),
        ("<b> &amp; [x](y)", r"\<b> \&amp; \[x](y)"),
    ],
)
def test_only_what_would_be_read_as_formatting_is_escaped(text: str, markdown: str) -> None:
    assert to_markdown(text) == markdown


def shown_to_operators(markdown: str) -> str:
    """The text on an operator's screen, by a parser with nothing left out; fails on any formatting."""
    shown = []
    for block in MarkdownIt("js-default").parse(markdown):
        assert block.type in ("paragraph_open", "inline", "paragraph_close"), (block.type, markdown)
        for token in block.children or ():
            assert token.type in ("text", "softbreak", "hardbreak"), (token.type, markdown)
            shown.append(token.content or "\n")
        shown.append("\n")
    return "".join(shown)


@given(written.filter(lambda text: "\0" not in text))
def test_a_plain_text_of_a_client_looks_the_same_to_operators_and_comes_back(text: str) -> None:
    markdown = to_markdown(text)
    assert seen(shown_to_operators(markdown)) == seen(text)
    check(back := to_telegram(markdown))
    assert seen(" ".join(piece.text for piece in back)) == seen(text)
    assert all(not piece.entities for piece in back)


styles = st.sampled_from(["bold", "italic", "strikethrough", "code", "text_link", "blockquote"])
phrase = st.lists(st.sampled_from([*WORDS, "*", "_", "`", "[x]", "a\\", "\n"]), min_size=1, max_size=4).map(
    " ".join
)


@given(st.lists(st.tuples(phrase, st.none() | styles), max_size=6))
def test_formatted_words_of_clients_come_back_as_they_were(parts: list[tuple[str, str | None]]) -> None:
    text, entities = "", []
    for part, kind in parts:
        # A quote has its lines to itself.
        text += "\n" if kind == "blockquote" else ""
        if kind:
            offset, length = units(text), units(part)
            entities.append(MessageEntity(type=kind, offset=offset, length=length, url="https://a.kz/"))
        text += part + ("\n" if kind == "blockquote" else " ")
    check(back := to_telegram(to_markdown(text, entities)))
    assert seen(" ".join(piece.text for piece in back)) == seen(text)
