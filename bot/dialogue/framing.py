"""The screen that belongs to a draft: the question being asked, with what stands around every question."""

from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue import summary
from bot.dialogue.dialogues import dialogue_of
from bot.dialogue.draft import BookingDraft, House, Talk
from bot.dialogue.engine import Outdated
from bot.dialogue.screen import Choice, Look, Screen, Text, Word
from bot.domain.errors import BookingError, Gone

BACK = Choice(Text("‹ Back"), "back")
CANCEL = Choice(Text("✕ Cancel"), "cancel")
KEEP = Choice(Text("✕ Keep the old time"), "cancel")
OPERATOR = Choice(Text("Ask the clinic's staff"), "operator")
#: The same under every question, where there is little room.
PERSON = Choice(Text("Operator"), "operator")
#: Failed inputs in a row after which an example and help are offered, and offered first of all.
HELP_AFTER, HELP_FIRST_AFTER = 2, 3


async def shown(draft: BookingDraft, talk: Talk, notices: Sequence[Word] = ()) -> tuple[BookingDraft, Screen]:
    """The draft with everything answered that answers itself, and its screen.

    When a service or a specialist has disappeared meanwhile, what depends on it is asked again. When
    One-Link does not answer, the screen says so and offers to try again; nothing is lost.
    """
    if draft.leaving:
        return draft, _leaving()
    try:
        return await _framed(draft, talk, notices)
    except Gone:
        talk.desk.forget_catalogue()
        if draft.moves is not None:
            return draft, _staff_moves_it(talk)
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
            return await _framed(fresh, talk, (*notices, gone))
        except BookingError:
            return fresh, unreachable(talk, (*notices, gone))
    except BookingError:
        return draft, unreachable(talk, notices or _reason(draft))


def _reason(draft: BookingDraft) -> tuple[Word, ...]:
    """Why the client is back at this question, should it have to be said once more."""
    return (Text("This time has just been taken."),) if draft.lost is not None else ()


def unreachable(talk: Talk, notices: Sequence[Word] = ()) -> Screen:
    """One-Link does not answer: never an empty list, never a lost draft."""
    lines = [Text("What you have entered is kept.")]
    if talk.house.phone:
        lines.append(Text("You can also call the clinic: {phone}", phone=talk.house.phone))
    return Screen(
        asks=Text("The clinic's calendar does not answer at the moment. Please try again in a minute."),
        notices=tuple(notices),
        lines=tuple(lines),
        options=(Choice(Text("↻ Try again"), "refresh"),),
        last=(CANCEL,),
    )


def unreachable_lists(house: House) -> Screen:
    """One-Link does not answer: never an empty list of visits."""
    lines = (Text("You can also call the clinic: {phone}", phone=house.phone),) if house.phone else ()
    return Screen(
        asks=Text("The clinic's calendar does not answer at the moment. Please try again in a minute."),
        lines=lines,
        options=(Choice(Text("↻ Try again"), "visits"),),
    )


async def _framed(draft: BookingDraft, talk: Talk, notices: Sequence[Word]) -> tuple[BookingDraft, Screen]:
    skipped_before = draft.unasked
    draft = await dialogue_of(draft).next(draft, talk)
    asking = dialogue_of(draft).asking(draft)
    if asking is None:
        raise Outdated("confirmed")
    screen = await dialogue_of(draft).steps[asking].screen(draft, talk)
    said = list(notices)
    if (
        draft.moves is None
        and "resource_id" in draft.unasked
        and "resource_id" not in skipped_before
        and draft.resource_id
    ):
        catalogue = await talk.desk.catalogue(talk.now)
        said.append(Text("Only {name} provides this service.", name=catalogue.resource(draft.resource_id)))
    help_row = ((OPERATOR,),) if draft.misses >= HELP_AFTER else ()
    if draft.misses >= HELP_FIRST_AFTER:
        said.append(Text("It does not seem to work like this. The clinic's staff can help."))
    first = dialogue_of(draft).back(draft) is None
    leave = CANCEL if draft.moves is None else KEEP
    return draft, replace(
        screen,
        notices=tuple(said),
        chosen=None if asking == "confirmed" else await summary.chosen(draft, talk),
        extra=(*screen.extra, *help_row),
        last=(*(() if first else (BACK,)), leave, *((PERSON,) if talk.house.relays else ())),
    )


def _staff_moves_it(talk: Talk) -> Screen:
    """What was booked is not offered any more: there are no times to choose from."""
    return Screen(
        asks=Text("The clinic's staff can move this visit; here it cannot be done."),
        lines=(staff(talk),),
        last=(KEEP,),
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


def staff(talk: Talk) -> Word:
    """How to reach a person."""
    if talk.house.phone:
        return Text(
            "You can reach the clinic's staff at {phone}. What you have chosen here is kept.",
            phone=talk.house.phone,
        )
    return Text("Please call the clinic or ask at its reception. What you have chosen here is kept.")
