"""Requests to One-Link, by what they ask for."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

#: A row of the sandbox's journal.
Row = dict[str, Any]

_ACCOUNT = re.compile(r".*?/accounts/\d+/")
_INBOX = re.compile(r".*/inboxes/.*?/contacts/[^/]*")
_NUMBER = re.compile(r"/\d+")


def kind_of(row: Row) -> str:
    """`GET scheduling/calendar`, `POST conversations/…/messages`; numbers and names are left out."""
    path = _INBOX.sub("public", _ACCOUNT.sub("", row["path"]))
    return f"{row['method']} {_NUMBER.sub('/…', path)}"


def listed(rows: Iterable[Row], share_of: int = 1) -> str:
    """Each kind with its count, divided by `share_of`; the most frequent first."""
    kinds = Counter(map(kind_of, rows)).most_common()
    return ", ".join(f"{count / share_of:.3g} × {kind}" for kind, count in kinds) or "nothing"
