"""Long lists, a page at a time."""

from collections.abc import Sequence
from typing import TypeVar

from bot.dialogue.screen import Choice, Row

T = TypeVar("T")

#: Options on one page (names), and times on one page.
PAGE = 8
TIMES_PAGE = 12


def page_of(rows: Sequence[T], page: int, size: int = PAGE) -> tuple[tuple[T, ...], tuple[Row, ...]]:
    """The rows of this page, and the row of buttons that turns pages (none for a single page).

    A page that does not exist (any more) is the nearest that does.
    """
    pages = max(1, -(-len(rows) // size))
    page = min(max(page, 0), pages - 1)
    shown = tuple(rows[page * size : (page + 1) * size])
    if pages == 1:
        return shown, ()
    # Round the corner: neither arrow is ever dead.
    before, after = (page - 1) % pages, (page + 1) % pages
    return shown, (
        (
            Choice("‹", "page", str(before)),
            Choice(f"{page + 1}/{pages}", "page", str(page)),
            Choice("›", "page", str(after)),
        ),
    )
