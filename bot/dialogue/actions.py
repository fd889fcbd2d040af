"""What a client can do besides answering: go back, turn pages, look again, change, leave, ask why."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.dialogue import personal
from bot.dialogue.booking import BOOKING
from bot.dialogue.dialogues import dialogue_of
from bot.dialogue.draft import BookingDraft, Talk
from bot.dialogue.engine import Instead, Outdated

#: No list is longer than this.
MOST_PAGES = 99


class Left(Exception):
    """The client has left the dialogue; no appointment was touched."""


class OperatorWanted(Exception):
    """The client wants to talk to a person; the draft is kept as it is."""


async def _back(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    if draft.offered is not None or draft.lost is not None or draft.search:
        # One level up inside the same question first.
        return replace(draft, offered=None, lost=None, search="", page=0, leaving=False)
    before = dialogue_of(draft).back(draft)
    if before is None:
        raise Left
    return replace(before.unlooked(), misses=0, leaving=False)


async def _cancel(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    if draft.is_personal and not draft.leaving:
        return replace(draft, leaving=True)
    raise Left


async def _leave(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    raise Left


async def _stay(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    return replace(draft, leaving=False)


async def _page(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    return replace(draft, page=min(max(0, int(value)), MOST_PAGES))


async def _part(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    return replace(draft.unlooked(), part=value)


async def _search(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    return replace(draft, search=value, page=0)


async def _refresh(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    talk.desk.refresh()
    return draft


async def _why(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    if value not in personal.WHY:
        raise Outdated(value)
    raise Instead(personal.WHY[value], draft=draft)


async def _change(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    return dialogue_of(draft).change(draft, value).unlooked()


async def _reopen(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    """Ask an earlier question again, because no answer to the present one is to be had."""
    draft = replace(draft, lost=None).unlooked()
    if value == dialogue_of(draft).asking(draft):
        return draft
    return replace(dialogue_of(draft).change(draft, value), changing=False)


async def _operator(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    raise OperatorWanted


ACTIONS: dict[str, Callable[[BookingDraft, str, Talk], Awaitable[BookingDraft]]] = {
    "back": _back,
    "cancel": _cancel,
    "leave": _leave,
    "stay": _stay,
    "page": _page,
    "part": _part,
    "search": _search,
    "refresh": _refresh,
    "why": _why,
    "change": _change,
    "reopen": _reopen,
    "operator": _operator,
}

#: All steps a button of this dialogue may carry; "language" and the menu's own are handled beside it.
TAPS = frozenset(BOOKING.names) | frozenset(ACTIONS)
