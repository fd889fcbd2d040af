"""A draft from its beginning to its last answer, as a client taps and types.

`tapped` and `typed` take a draft and what the client did, and return the draft as it is afterwards;
`framing.shown` is the screen that belongs to it.
"""

from dataclasses import replace

from bot.dialogue.actions import ACTIONS
from bot.dialogue.dialogues import dialogue_of
from bot.dialogue.draft import BookingDraft, IinAnswer, PhoneAnswer, Talk
from bot.dialogue.engine import Instead, NotTaken, Outdated
from bot.dialogue.framing import shown
from bot.dialogue.matching import command_in, labelled, numbered
from bot.dialogue.screen import Text, Word
from bot.domain.errors import BookingError
from bot.domain.iin import Iin, read_iin


async def begun(talk: Talk) -> BookingDraft:
    """A new draft with a key of its own; a returning client's data comes from One-Link."""
    draft = BookingDraft(key=talk.new_key(), begun_at=talk.now)
    if not talk.client.consents:
        return draft
    try:
        contact = await talk.desk.contact_of(talk.client)
    except BookingError:
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


async def resumed(draft: BookingDraft, talk: Talk) -> tuple[BookingDraft, tuple[Word, ...]]:
    """A draft that goes on after a pause: its slot may have been taken meanwhile."""
    if draft.slot is None or draft.service_id is None:
        return draft, ()
    try:
        service = (await talk.desk.catalogue(talk.now)).service(draft.service_id)
        if await talk.desk.still_free(service, draft.slot, draft.slot.resource_id, talk.now, own=draft.was):
            return draft, ()
    except BookingError:
        return draft, ()  # the screen that follows says it
    taken = replace(draft, slot=None, lost=draft.slot, again=None, changing=False)
    return taken, (Text("This time has just been taken."),)


async def tapped(draft: BookingDraft, step: str, value: str, talk: Talk) -> BookingDraft:
    """The draft after a tap. Raises Outdated, Instead (NotTaken), Left."""
    action = ACTIONS.get(step)
    if action is not None:
        try:
            return await action(draft, value, talk)
        except ValueError:
            raise Outdated(step) from None
    if step not in dialogue_of(draft).steps or step != dialogue_of(draft).asking(draft):
        raise Outdated(step)
    try:
        answer = await dialogue_of(draft).steps[step].read(draft, value, talk)
    except ValueError:
        raise Outdated(step) from None
    return _went_on(draft, answered(draft, step, answer, talk))


async def typed(draft: BookingDraft, text: str, talk: Talk) -> BookingDraft:
    """The draft after a typed answer: a word of command, a label, a number, or the answer itself."""
    asking = dialogue_of(draft).asking(draft)
    if asking is None:
        raise Outdated("confirmed")
    draft, screen = await shown(draft, talk)
    choice = labelled(text, [choice for row in screen.rows for choice in row], talk.say)
    if choice is not None:
        return await tapped(draft, choice.step, choice.value, talk)
    command = command_in(text)
    if command in ("back", "cancel", "operator"):
        return await ACTIONS[command](draft, "", talk)
    if draft.leaving:
        by_number = numbered(text, screen.options)
        sure = command == "yes" or (by_number is not None and by_number.step == "leave")
        return await ACTIONS["leave" if sure else "stay"](draft, "", talk)
    asking = dialogue_of(draft).asking(draft) or asking
    answer = await dialogue_of(draft).steps[asking].typed(draft, text, talk)
    return _went_on(draft, answered(draft, asking, answer, talk))


def answered(draft: BookingDraft, step: str, answer: object, talk: Talk) -> BookingDraft:
    """The draft with this answer; how a list was being looked at, and earlier misses, are forgotten."""
    draft = dialogue_of(draft).answer(draft, step, answer)
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


def missed(draft: BookingDraft, instead: Instead) -> tuple[BookingDraft, tuple[Word, ...]]:
    """The draft after an answer that was not taken or leads elsewhere, and what to say about it."""
    draft = instead.draft or draft
    if not isinstance(instead, NotTaken):
        return replace(draft, misses=0), instead.words
    return replace(draft, misses=draft.misses + 1), instead.words
