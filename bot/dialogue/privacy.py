"""My data: what is kept here, what the clinic has, and the ways to have it removed.

The law behind it: consent may be withdrawn (94-V, Art. 8); a request to erase is answered within 15 days.
"""

from collections.abc import Sequence
from datetime import date

from bot.dialogue.appointment import by_phone, local_start, name_of
from bot.dialogue.draft import House
from bot.dialogue.menu import LANGUAGES, MENU, PRIVACY
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Look, Row, Screen, Text, Word
from bot.domain.client import Client
from bot.domain.model import Appointment, Contact
from bot.usecases.desk import Catalogue
from bot.usecases.erasing import Erased, Kept

ERASE = Choice(Text("Erase my data"), "erase", look=Look.DANGER)
#: So many digits of a phone are enough for its owner to recognise it.
_SHOWN_DIGITS = 4


def kept_here(kept: Kept, notices: tuple[Word, ...] = ()) -> Screen:
    """What the bot keeps, and what can be done about it."""
    rows: list[Row] = []
    if kept.proven:
        rows.append((Choice(Text("What the clinic has about me"), "record"),))
    if kept.draft:
        rows.append((Choice(Text("Forget my unfinished booking"), "forget"),))
    if kept.consented_on is not None:
        rows.append((Choice(Text("Withdraw my consent"), "withdraw"),))
    if not kept.is_nothing:
        rows.append((ERASE,))
    return Screen(
        asks=Text("What this bot keeps about you"),
        notices=notices,
        lines=(
            *_facts(kept),
            Text("Your name, phone number and visits are in the clinic's system, not here."),
        ),
        extra=tuple(rows),
        last=(MENU,),
    )


def record(contact: Contact | None, house: House) -> Screen:
    """What the clinic has about a client who has proven to own it; masked, for others may look on."""
    if contact is None:
        return Screen(
            asks=Text("I cannot show the clinic's record here. Its staff can tell you what is in it."),
            lines=by_phone(house),
            last=(PRIVACY,),
        )
    digits = [char for char in contact.phone or "" if char.isdigit()]
    phone = "•••• " + "".join(digits[-_SHOWN_DIGITS:]) if digits else "–"
    iin = Text("IIN: the clinic has it") if contact.identifier else Text("IIN: the clinic does not have it")
    return Screen(
        asks=Text("What the clinic has about you"),
        lines=(
            Text("Name: {name}", name=f"{contact.name[0]}•••" if contact.name else "–"),
            Text("Phone: {phone}", phone=phone),
            iin,
        ),
        last=(PRIVACY,),
    )


def no_record(house: House) -> Screen:
    """One-Link does not answer."""
    return Screen(
        asks=Text("The clinic's calendar does not answer at the moment. Please try again in a minute."),
        lines=by_phone(house),
        options=(Choice(Text("↻ Try again"), "record"),),
        last=(PRIVACY,),
    )


def withdrawn(house: House, *, told: bool) -> Screen:
    """No consent any more."""
    lines: list[Word] = [
        Text("Your unfinished booking was deleted. Before the next one you will be asked again."),
        Text("Visits already booked stay, and you go on being told about them, until you erase your data."),
    ]
    if not told:
        lines.append(Text("I could not tell the clinic. Please tell its staff, too."))
        lines += by_phone(house)
    return Screen(
        asks=Text("You have withdrawn your consent."), lines=tuple(lines), extra=((ERASE,),), last=(PRIVACY,)
    )


def ask_to_erase(ahead: Sequence[Appointment], catalogue: Catalogue) -> Screen:
    """Asked once. Visits ahead are named: they stay."""
    lines: list[Word] = [
        Text("Everything this bot keeps about you is deleted at once. The clinic is asked to erase its part.")
    ]
    if ahead:
        lines.append(Text("These visits stay booked, but you will not be reminded of them any more:"))
        lines += (_visit(appointment, catalogue) for appointment in ahead)
        lines.append(
            Text("To cancel one of them, do so before: afterwards the buttons under it do not work any more.")
        )
    return Screen(
        asks=Text("Erase your data?"),
        lines=tuple(lines),
        options=(
            Choice(Text("Yes, erase my data"), "erased", look=Look.DANGER),
            Choice(Text("No, keep it"), "privacy", look=Look.GOOD),
        ),
    )


def still_under_way() -> Screen:
    """Something confirmed or written has to arrive first."""
    return Screen(
        asks=Text("Something you have confirmed or written is still on its way to the clinic."),
        lines=(Text("Nothing was erased. Please try again in a minute."),),
        options=(Choice(Text("↻ Try again"), "erase"),),
        last=(PRIVACY,),
    )


def cannot_ask(house: House) -> Screen:
    """The clinic cannot be asked at the moment: nothing is removed without it."""
    return Screen(
        asks=Text("The clinic's calendar does not answer at the moment. Please try again in a minute."),
        lines=(Text("Nothing was erased."), *by_phone(house)),
        options=(Choice(Text("↻ Try again"), "erase"),),
        last=(PRIVACY,),
    )


def receipt(erased: Erased, house: House) -> Screen:
    """The proof, for the client to keep: when, what, and until when the clinic answers. No buttons."""
    lines: list[Word] = [Text("Removed here:"), *_removed(erased.kept)]
    if erased.asked:
        until = shown(erased.until)
        lines.append(Text("The clinic was asked to erase its part. It answers by {date}.", date=until))
    elif erased.asked is None:
        lines.append(Text("This bot has passed nothing about you to the clinic."))
    else:
        lines.append(
            Text("I cannot ask the clinic from here. Please ask it yourself: it has 15 days to answer.")
        )
        lines += by_phone(house)
    if erased.braked:
        lines.append(
            Text("For 24 hours a number without your name stays here, as a guard against made-up bookings.")
        )
    return Screen(asks=Text("Your data was erased on {date}.", date=shown(erased.on)), lines=tuple(lines))


def note_of_erasure(on: date, until: date, client: Client) -> Word:
    """What the operators read: who asks, for which records, until when."""
    asked = Text(
        "On {on} the client asked in Telegram to have all personal data erased. "
        "Please do so and answer by {until}: the law gives 15 days.",
        on=shown(on),
        until=shown(until),
    )
    words: list[Fact] = [asked]
    if client.contacts:
        numbers = ", ".join(str(number) for number in sorted(client.contacts))
        words.append(Text("Contacts in One-Link: {numbers}.", numbers=numbers))
    if client.verified:
        words.append(Text("Phone: verified, shared by its owner."))
    else:
        words.append(Text("The phone was not proven to be the client's own: make sure first who is asking."))
    words.append(Text("The bot has deleted its own part and does not remind of visits ahead any more."))
    return Joined(tuple(words), by=" ")


def note_of_withdrawal(on: date) -> Word:
    """What the operators read when the consent is withdrawn."""
    return Text(
        "On {on} the client withdrew the consent to the processing of personal data in Telegram. "
        "The bot books nothing more until it is given again.",
        on=shown(on),
    )


def shown(day: date) -> str:
    """A date as papers have it: 07.01.2030."""
    return day.strftime("%d.%m.%Y")


def _facts(kept: Kept) -> tuple[Word, ...]:
    return tuple(word for _, word in _told(kept))


def _removed(kept: Kept) -> tuple[Word, ...]:
    return tuple(word for was_there, word in _told(kept) if was_there)


def _told(kept: Kept) -> tuple[tuple[bool, Word], ...]:
    """Every sort of thing that may be kept: whether it is, and how that is said."""
    chosen = dict(LANGUAGES).get(kept.locale or "")
    if chosen:
        language = Text("Language: {language}", language=chosen)
    else:
        language = Text("Language: that of your Telegram")
    if kept.consented_on is not None:
        on, version = shown(kept.consented_on), kept.consent_version or "–"
        consent = Text("Consent: given on {date}, wording {version}", date=on, version=version)
    else:
        consent = Text("Consent: none")
    draft = Text("Unfinished booking: yes") if kept.draft else Text("Unfinished booking: no")
    talk = (
        Text("Conversation with the clinic's staff: yes")
        if kept.conversation
        else Text("Conversation with the clinic's staff: no")
    )
    return (
        (bool(chosen), language),
        (kept.consented_on is not None, consent),
        (kept.visits > 0, Text("Links to your visits: {n}", n=kept.visits)),
        (kept.draft, draft),
        (kept.conversation, talk),
    )


def _visit(appointment: Appointment, catalogue: Catalogue) -> Word:
    local = local_start(appointment, catalogue)
    when = Joined((Day(local.date()), Clock(local)), by=", ")
    return Joined(("•", Joined((when, name_of(appointment, catalogue)))), by=" ")
