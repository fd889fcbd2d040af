"""The booking dialogue: its questions in order, and everything a client can do besides answering.

`tapped` and `typed` take a draft and what the client did, and return the draft as it is afterwards;
`shown` is the screen that belongs to a draft. `Left` ends the dialogue.
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.dialogue import choosing, personal, summary, timing
from bot.dialogue.draft import BookingDraft, IinAnswer, PhoneAnswer, Talk
from bot.dialogue.engine import Dialogue, Instead, NotTaken, Outdated, Step
from bot.dialogue.matching import command_in, labelled, numbered
from bot.dialogue.screen import Choice, Look, Screen, Text, Word
from bot.domain.errors import Gone, NotPermitted, OneLinkUnreachable
from bot.domain.iin import Iin, read_iin

BOOKING: Dialogue[BookingDraft, Talk] = Dialogue(
    category=Step(
        choosing.pick_category,
        choosing.read_category,
        choosing.type_category,
        only=choosing.only_category,
        forgets=("service_id", "resource_id", "day", "slot"),
    ),
    service_id=Step(
        choosing.pick_service,
        choosing.read_service,
        choosing.type_service,
        forgets=("resource_id", "day", "slot"),
    ),
    resource_id=Step(
        choosing.pick_resource,
        choosing.read_resource,
        choosing.type_resource,
        only=choosing.only_resource,
        forgets=("day", "slot"),
    ),
    day=Step(timing.pick_day, timing.read_day, timing.type_day, forgets=("slot",)),
    slot=Step(timing.pick_slot, timing.read_slot, timing.type_slot),
    consent=Step(
        personal.give_consent, personal.read_consent, personal.type_consent, only=personal.only_consent
    ),
    name=Step(personal.give_name, personal.read_own_name, personal.type_name),
    phone=Step(personal.give_phone, personal.read_phone_choice, personal.type_phone),
    iin=Step(
        personal.give_iin,
        personal.read_iin_choice,
        personal.type_iin,
        only=personal.only_iin,
        forgets=("birth_date",),
    ),
    birth_date=Step(
        personal.give_birth_date,
        personal.read_no_button,
        personal.type_birth_date,
        only=personal.only_birth_date,
    ),
    confirmed=Step(summary.confirm, summary.read_confirmed, summary.type_confirmed),
)

BACK = Choice(Text("‹ Back"), "back")
CANCEL = Choice(Text("✕ Cancel"), "cancel")
OPERATOR = Choice(Text("Ask the clinic's staff"), "operator")

#: No list is longer than this.
MOST_PAGES = 99
#: Failed inputs in a row after which an example and help are offered, and offered first of all.
HELP_AFTER, HELP_FIRST_AFTER = 2, 3


class Left(Exception):
    """The client has left the dialogue; no appointment was touched."""


async def begun(talk: Talk) -> BookingDraft:
    """A new draft with a key of its own; a returning client's data comes from One-Link."""
    draft = BookingDraft(key=str(uuid.uuid4()))
    if not talk.client.consents:
        return draft
    try:
        contact = await talk.desk.contact_of(talk.client)
    except (OneLinkUnreachable, NotPermitted):
        return draft
    if contact is None or not contact.phone:
        return draft
    phone = PhoneAnswer(number=contact.phone, verified=talk.client.verified)
    known_iin = bool(contact.identifier) and isinstance(read_iin(contact.identifier or ""), Iin)
    draft = replace(draft, contact_id=contact.id, phone=phone, unasked=("phone",))
    if contact.name:
        draft = replace(draft, name=contact.name, unasked=(*draft.unasked, "name"))
    if known_iin and talk.house.iin != "off":
        draft = replace(draft, iin=IinAnswer(reason="known"), unasked=(*draft.unasked, "iin"))
    return draft


async def tapped(draft: BookingDraft, step: str, value: str, talk: Talk) -> BookingDraft:
    """The draft after a tap. Raises Outdated, Instead (NotTaken), Left."""
    action = _ACTIONS.get(step)
    if action is not None:
        try:
            return await action(draft, value, talk)
        except ValueError:
            raise Outdated(step) from None
    if step not in BOOKING.steps or step != BOOKING.asking(draft):
        raise Outdated(step)
    try:
        answer = await BOOKING.steps[step].read(draft, value, talk)
    except ValueError:
        raise Outdated(step) from None
    return _went_on(draft, answered(draft, step, answer, talk))


async def typed(draft: BookingDraft, text: str, talk: Talk) -> BookingDraft:
    """The draft after a typed answer: a word of command, a label, a number, or the answer itself."""
    asking = BOOKING.asking(draft)
    if asking is None:
        raise Outdated("confirmed")
    draft, screen = await shown(draft, talk)
    choice = labelled(text, [choice for row in screen.rows for choice in row], talk.say)
    if choice is not None:
        return await tapped(draft, choice.step, choice.value, talk)
    command = command_in(text)
    if command in ("back", "cancel", "operator"):
        return await _ACTIONS[command](draft, "", talk)
    if draft.leaving:
        by_number = numbered(text, screen.options)
        sure = command == "yes" or (by_number is not None and by_number.step == "leave")
        return await _ACTIONS["leave" if sure else "stay"](draft, "", talk)
    asking = BOOKING.asking(draft) or asking
    answer = await BOOKING.steps[asking].typed(draft, text, talk)
    return _went_on(draft, answered(draft, asking, answer, talk))


def answered(draft: BookingDraft, step: str, answer: object, talk: Talk) -> BookingDraft:
    """The draft with this answer; how a list was being looked at, and earlier misses, are forgotten."""
    draft = BOOKING.answer(draft, step, answer)
    if step == "phone" and draft.contact_id is not None:
        draft = replace(draft, contact_id=None)  # another number may be another contact
    if step == "category" and draft.service_id is not None:
        draft = replace(draft, again="service_id")  # whoever changes the category wants another service
    named_at = talk.at if step == "name" else draft.named_at
    draft = replace(draft, misses=0, lost=None, offered=None, leaving=False, named_at=named_at)
    return draft.unlooked()


def _went_on(before: BookingDraft, draft: BookingDraft) -> BookingDraft:
    """The draft after an answer; where that took a chosen time away, it is said."""
    if before.slot is not None and draft.slot is None:
        raise Instead(
            Text("The specialist and the time depend on it: please choose them again."), draft=draft
        )
    return draft


async def resumed(draft: BookingDraft, talk: Talk) -> tuple[BookingDraft, tuple[Word, ...]]:
    """A draft that goes on after a pause: its slot may have been taken meanwhile."""
    if draft.slot is None or draft.service_id is None:
        return draft, ()
    try:
        service = (await talk.desk.catalogue(talk.now)).service(draft.service_id)
        if await talk.desk.still_free(service, draft.slot, draft.slot.resource_id, talk.now):
            return draft, ()
    except (Gone, OneLinkUnreachable):
        return draft, ()  # the screen that follows says it
    taken = replace(draft, slot=None, lost=draft.slot, again=None, changing=False)
    return taken, (Text("This time has just been taken."),)


async def shown(draft: BookingDraft, talk: Talk, notices: Sequence[Word] = ()) -> tuple[BookingDraft, Screen]:
    """The draft with everything answered that answers itself, and its screen.

    When a service or a specialist has disappeared meanwhile, what depends on it is asked again. When
    One-Link does not answer, the screen says so and offers to try again; nothing is lost.
    """
    if draft.leaving:
        return draft, _leaving()
    try:
        return await _shown(draft, talk, notices)
    except Gone:
        talk.desk.forget_catalogue()
        gone = Text("The clinic has just changed what it offers. Please choose again.")
        fresh = replace(
            draft,
            again=None,
            category=None,
            service_id=None,
            resource_id=None,
            day=None,
            slot=None,
            lost=None,
            search="",
            page=0,
            unasked=tuple(n for n in draft.unasked if n not in ("category", "resource_id")),
        )
        try:
            return await _shown(fresh, talk, (*notices, gone))
        except OneLinkUnreachable:
            return fresh, unreachable(talk)
    except OneLinkUnreachable:
        return draft, unreachable(talk)


def missed(draft: BookingDraft, instead: Instead) -> tuple[BookingDraft, tuple[Word, ...]]:
    """The draft after an answer that was not taken or leads elsewhere, and what to say about it."""
    draft = instead.draft or draft
    if not isinstance(instead, NotTaken):
        return replace(draft, misses=0), instead.words
    return replace(draft, misses=draft.misses + 1), instead.words


def unreachable(talk: Talk) -> Screen:
    """One-Link does not answer: never an empty list, never a lost draft."""
    lines = [Text("What you have entered is kept.")]
    if talk.house.phone:
        lines.append(Text("You can also call the clinic: {phone}", phone=talk.house.phone))
    return Screen(
        asks=Text("The clinic's calendar does not answer at the moment. Please try again in a minute."),
        lines=tuple(lines),
        options=(Choice(Text("↻ Try again"), "refresh"),),
        last=(CANCEL,),
    )


async def _shown(draft: BookingDraft, talk: Talk, notices: Sequence[Word]) -> tuple[BookingDraft, Screen]:
    skipped_before = draft.unasked
    draft = await BOOKING.next(draft, talk)
    asking = BOOKING.asking(draft)
    if asking is None:
        raise Outdated("confirmed")
    screen = await BOOKING.steps[asking].screen(draft, talk)
    said = list(notices)
    if "resource_id" in draft.unasked and "resource_id" not in skipped_before and draft.resource_id:
        catalogue = await talk.desk.catalogue(talk.now)
        said.append(Text("Only {name} provides this service.", name=catalogue.resource(draft.resource_id)))
    help_row = ((OPERATOR,),) if draft.misses >= HELP_AFTER else ()
    if draft.misses >= HELP_FIRST_AFTER:
        said.append(Text("It does not seem to work like this. The clinic's staff can help."))
    first = BOOKING.back(draft) is None
    return draft, replace(
        screen,
        notices=tuple(said),
        chosen=None if asking == "confirmed" else await summary.chosen(draft, talk),
        extra=(*screen.extra, *help_row),
        last=(CANCEL,) if first else (BACK, CANCEL),
    )


def _leaving() -> Screen:
    return Screen(
        asks=Text("Stop booking? What you have entered will be deleted."),
        lines=(Text("Visits already booked stay as they are."),),
        options=(
            Choice(Text("Yes, stop booking"), "leave", look=Look.DANGER),
            Choice(Text("No, go on"), "stay", look=Look.GOOD),
        ),
    )


async def _back(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    if draft.offered is not None or draft.lost is not None or draft.search:
        # One level up inside the same question first.
        return replace(draft, offered=None, lost=None, search="", page=0, leaving=False)
    before = BOOKING.back(draft)
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
    return BOOKING.change(draft, value).unlooked()


async def _reopen(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    """Ask an earlier question again, because no answer to the present one is to be had."""
    draft = replace(draft, lost=None).unlooked()
    if value == BOOKING.asking(draft):
        return draft
    return replace(BOOKING.change(draft, value), changing=False)


async def _operator(draft: BookingDraft, value: str, talk: Talk) -> BookingDraft:
    raise Instead(staff(talk), draft=draft)


def staff(talk: Talk) -> Word:
    """How to reach a person."""
    if talk.house.phone:
        return Text(
            "You can reach the clinic's staff at {phone}. What you have chosen here is kept.",
            phone=talk.house.phone,
        )
    return Text("Please call the clinic or ask at its reception. What you have chosen here is kept.")


_ACTIONS: dict[str, Callable[[BookingDraft, str, Talk], Awaitable[BookingDraft]]] = {
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
TAPS = frozenset(BOOKING.names) | frozenset(_ACTIONS)
