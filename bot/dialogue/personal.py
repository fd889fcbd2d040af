"""The questions about the person: consent, name, phone, IIN, date of birth."""

from dataclasses import replace
from datetime import timedelta

from bot.dialogue.draft import BirthDate, BookingDraft, House, IinAnswer, PhoneAnswer, Talk
from bot.dialogue.engine import Instead, NotTaken
from bot.dialogue.matching import command_in
from bot.dialogue.screen import Choice, Look, Plural, Screen, Text, Word, unbroken
from bot.domain.birth_date import read_birth_date
from bot.domain.client import CONSENT_VERSION, Consent
from bot.domain.iin import IinFault, IinProblem, read_iin
from bot.domain.person_name import NameFault, read_name
from bot.domain.phone import Phone, PhoneFault, PhoneProblem, read_phone

WHY = {
    "name": Text("Why the name: the clinic expects you under it and prints it on the papers of your visit."),
    "phone": Text(
        "Why the phone: the clinic calls or writes if something changes. It is not used for advertising."
    ),
    "iin": Text(
        "Why the IIN: the clinic needs it to open your medical record. The bot does not keep it: "
        "it goes to the clinic and is deleted here."
    ),
}


def terms_of_consent(house: House) -> tuple[Word, ...]:
    """What a client agrees to: the law's list (94-V, Art. 8)."""
    name = house.controller or house.name
    controller: Word = (
        Text("Who processes the data: {name}.", name=name)
        if name
        else Text("Who processes the data: the clinic you are booking with.")
    )
    lines: list[Word] = [
        controller,
        Text("What: name, phone number and, if asked, IIN or date of birth, and your visits."),
        Text(
            "What for: to book visits, to remind you of them and to contact you about them. No advertising."
        ),
        Text("How: in the clinic's system; messages pass through Telegram, whose servers are abroad."),
        Text("To whom: to nobody else; nothing is published."),
        Text("How long: until you withdraw your consent; at any time, here by /privacy or at the clinic."),
    ]
    if house.privacy_url:
        lines.append(Text("In full: {url}", url=house.privacy_url))
    return tuple(lines)


def consent_given(talk: Talk) -> Consent:
    """The consent, with version, moment, language and message: that is what proves it."""
    return Consent(version=CONSENT_VERSION, given_at=talk.now, locale=talk.locale, message_id=talk.message_id)


async def give_consent(draft: BookingDraft, talk: Talk) -> Screen:
    """Asked once for each wording, before the first personal datum."""
    return Screen(
        asks=Text("Do you agree that the clinic collects and processes your personal data for your visits?"),
        lines=terms_of_consent(talk.house),
        options=(Choice(Text("I agree"), "consent", "yes", Look.GOOD),),
    )


async def only_consent(draft: BookingDraft, talk: Talk) -> Consent | None:
    """A consent to the present wording is not asked for twice."""
    return talk.client.consent if talk.client.consents else None


async def read_consent(draft: BookingDraft, raw: str, talk: Talk) -> Consent:
    """The button says yes."""
    return consent_given(talk)


async def type_consent(draft: BookingDraft, text: str, talk: Talk) -> Consent:
    """Only a clear yes counts."""
    if command_in(text) == "yes" or text.strip() in ("1", "1."):
        return consent_given(talk)
    raise NotTaken(Text("Without your consent the visit cannot be booked here. Press “I agree” or “Cancel”."))


async def give_name(draft: BookingDraft, talk: Talk) -> Screen:
    """The name as typed; Telegram's own is offered."""
    own = talk.own_name if talk.own_name and isinstance(read_name(talk.own_name), str) else None
    return Screen(
        asks=Text("Your name and surname?"),
        lines=(Text("As in your identity card, please."),),
        options=(Choice(own, "name", "own"),) if own else (),
        extra=(why("name"),),
    )


async def read_own_name(draft: BookingDraft, raw: str, talk: Talk) -> str:
    """Telegram's name, which its button stands for."""
    return await type_name(draft, talk.own_name or "", talk)


async def type_name(draft: BookingDraft, text: str, talk: Talk) -> str:
    """The name, exactly as typed."""
    name = read_name(text)
    if isinstance(name, str):
        return name
    raise NotTaken(
        {
            NameFault.TOO_SHORT: Text("That is too short for a name."),
            NameFault.TOO_LONG: Text("That is too long for a name."),
            NameFault.HAS_DIGITS: Text("There are digits in it; a name has none."),
            NameFault.HAS_LINK: Text("That looks like a link, not like a name."),
            NameFault.ODD_CHARACTERS: Text("Only letters, spaces, hyphens and apostrophes, please."),
        }[name]
    )


async def give_phone(draft: BookingDraft, talk: Talk) -> Screen:
    """Shared by a button, or typed. Somebody else's shared number is asked about first."""
    if draft.offered is not None:
        return Screen(
            asks=Text(
                "{phone} is not your own Telegram number. Use it for this visit?", phone=shown(draft.offered)
            ),
            options=(
                Choice(Text("Yes, use it"), "phone", "offered"),
                Choice(Text("No, another number"), "phone", "another"),
            ),
        )
    return Screen(
        asks=Text("Your phone number?"),
        lines=(Text("Press “Share my number” below, or type it: 8 701 123 45 67"),),
        shares_phone=Choice(Text("📱 Share my number")),
        extra=(why("phone"),),
    )


async def read_phone_choice(draft: BookingDraft, raw: str, talk: Talk) -> PhoneAnswer:
    """The answer about somebody else's number."""
    if raw == "offered" and draft.offered:
        return PhoneAnswer(number=draft.offered)
    raise Instead(draft=replace(draft, offered=None))


async def type_phone(draft: BookingDraft, text: str, talk: Talk) -> PhoneAnswer:
    """A typed number is taken, but not proven to be the client's."""
    if draft.offered is not None and (command_in(text) == "yes" or text.strip() in ("1", "2")):
        return await read_phone_choice(draft, "another" if text.strip() == "2" else "offered", talk)
    phone = read_phone(text)
    if isinstance(phone, Phone):
        return PhoneAnswer(number=phone.e164)
    if (
        draft.name
        and talk.soon_after(draft.named_at)
        and command_in(text) is None
        and isinstance(name := read_name(f"{draft.name} {text}"), str)
    ):
        # The surname came as a second message right after the first name.
        raise Instead(draft=replace(draft, name=name, named_at=None))
    raise NotTaken(_phone_words(phone))


def share_phone(draft: BookingDraft, number: str, is_own: bool) -> PhoneAnswer:
    """A shared contact: the owner's number is proven, another person's is asked about."""
    phone = shared_phone(number)
    if not isinstance(phone, Phone):
        raise NotTaken(_phone_words(phone))
    if not is_own:
        raise Instead(draft=replace(draft, offered=phone.e164))
    return PhoneAnswer(number=phone.e164, verified=True)


def shared_phone(number: str) -> Phone | PhoneFault:
    """A number as Telegram shares it: international, with or without its plus."""
    phone = read_phone(number if number.startswith("+") else f"+{number}")
    return phone if isinstance(phone, Phone) else read_phone(number)


def shown(number: str) -> str:
    """+7 701 123 4567."""
    phone = read_phone(number)
    return unbroken(phone.shown if isinstance(phone, Phone) else number)


async def give_iin(draft: BookingDraft, talk: Talk) -> Screen:
    """Twelve digits, checked here; there is always a way without."""
    ways = [Choice(Text("No IIN / foreign document"), "iin", "foreign")]
    if talk.house.iin == "optional":
        ways.append(Choice(Text("Skip"), "iin", "skipped"))
    return Screen(
        asks=Text("Your IIN?"),
        lines=(
            Text("12 digits from your identity card. Your message with it will be deleted from this chat."),
        ),
        extra=(*((way,) for way in ways), why("iin")),
    )


async def only_iin(draft: BookingDraft, talk: Talk) -> IinAnswer | None:
    """Not asked where the clinic does not want it."""
    return IinAnswer(reason="off") if talk.house.iin == "off" else None


async def read_iin_choice(draft: BookingDraft, raw: str, talk: Talk) -> IinAnswer:
    """A way without IIN."""
    if raw not in ("foreign", "skipped") or (raw == "skipped" and talk.house.iin != "optional"):
        raise NotTaken(Text("The clinic needs the IIN for this visit."))
    return IinAnswer(reason=raw)


async def type_iin(draft: BookingDraft, text: str, talk: Talk) -> IinAnswer:
    """The number, once its check digit fits; its other digits prove nothing and are not judged."""
    if command_in(text) == "skip":
        return await read_iin_choice(draft, "skipped", talk)
    iin = read_iin(text)
    if not isinstance(iin, IinFault):
        return IinAnswer(number=iin.digits)
    problems: dict[IinProblem, Word] = {
        IinProblem.WRONG_LENGTH: Plural(
            "An IIN has 12 digits; I see {n}.", "An IIN has 12 digits; I see {n}.", n=iin.seen
        ),
        IinProblem.NOT_DIGITS: Text("An IIN has digits only: 12 of them."),
        IinProblem.LOOKS_LIKE_BIN: Text(
            "This looks like the BIN of an organisation. Your own IIN is needed."
        ),
        IinProblem.WRONG_CHECK_DIGIT: Text(
            "One of the digits is wrong. Please compare with your identity card."
        ),
    }
    raise NotTaken(problems[iin.problem])


async def give_birth_date(draft: BookingDraft, talk: Talk) -> Screen:
    """Instead of the IIN."""
    return Screen(
        asks=Text("Your date of birth?"),
        lines=(
            Text("Day, month and year, for example 25.03.1990. An operator will see that there is no IIN."),
        ),
    )


async def only_birth_date(draft: BookingDraft, talk: Talk) -> BirthDate | None:
    """Asked only where there is no IIN to be had."""
    foreign = draft.iin is not None and draft.iin.reason == "foreign"
    return None if foreign else BirthDate()


async def read_no_button(draft: BookingDraft, raw: str, talk: Talk) -> BirthDate:
    """This question has no buttons of its own."""
    raise NotTaken(Text("Please type it."))


async def type_birth_date(draft: BookingDraft, text: str, talk: Talk) -> BirthDate:
    """Day first."""
    # The clinic's day may be one ahead of UTC's.
    born = read_birth_date(text, (talk.now + timedelta(hours=14)).date())
    if born is None:
        raise NotTaken(Text("I cannot read this as a date of birth. For example: 25.03.1990"))
    return BirthDate(date=born)


def why(question: str) -> tuple[Choice, ...]:
    """The button that tells what an answer is needed for."""
    return (Choice(Text("Why do you ask?"), "why", question),)


def _phone_words(fault: PhoneFault) -> Word:
    match fault.problem:
        case PhoneProblem.TOO_SHORT if fault.needed:
            return Text(
                "Digits are missing: I see {seen} of {needed}. For example: 8 701 123 45 67",
                seen=fault.seen,
                needed=fault.needed,
            )
        case PhoneProblem.TOO_LONG if fault.needed:
            return Text(
                "Too many digits: I see {seen}, {needed} are needed. For example: 8 701 123 45 67",
                seen=fault.seen,
                needed=fault.needed,
            )
        case PhoneProblem.NEEDS_PLUS:
            return Text(
                "For a number of another country please type + in front, for example +998 90 123 45 67"
            )
        case PhoneProblem.NOT_IN_USE:
            return Text("There are no numbers that begin like this. Please check it.")
        case _:
            return Text("I do not see a phone number. For example: 8 701 123 45 67")
