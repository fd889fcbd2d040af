"""Talking to a person: what the client reads before, meanwhile and afterwards, and what the operators do."""

from collections.abc import Sequence
from datetime import datetime

from bot.dialogue.appointment import by_phone
from bot.dialogue.draft import BookingDraft, House, Talk
from bot.dialogue.menu import LANGUAGES
from bot.dialogue.personal import shown
from bot.dialogue.screen import Choice, Clock, Day, Fact, Joined, Look, Plural, Screen, Text, Word
from bot.dialogue.summary import chosen
from bot.domain.errors import BookingError
from bot.domain.iin import Iin, masked

BACK_TO_BOT = Choice(Text("‹ Back to the bot"), "bot")


def calling(house: House) -> Screen:
    """The operators do not know of it yet."""
    return Screen(
        asks=Text("I am calling a person from the clinic…"),
        lines=(Text("Everything you write from now on goes to the clinic's staff."), *by_phone(house)),
        extra=((BACK_TO_BOT,),),
    )


def called(house: House, local: datetime) -> Screen:
    """The operators have it; `local`: now, on the venue's clock."""
    hours, lines = house.office_hours, []
    if hours is not None and not hours.covers(local):
        opens = hours.opens_next(local)
        asks = Text("Your message is with the clinic's staff, who are not at work at the moment.")
        lines.append(
            Text(
                "They answer from {when}. Visits can be booked here at any time without them.",
                when=Joined((Day(opens.date(), full=True), Clock(opens)), by=", "),
            )
        )
    else:
        asks = Text("You are talking to the clinic's staff. The bot is silent.")
        lines.append(Text("Please write what it is about."))
    return Screen(asks=asks, lines=(*lines, *by_phone(house)), extra=((BACK_TO_BOT,),))


def over() -> Screen:
    """In place of `called`, once the bot answers again."""
    return Screen(asks=Text("The conversation with the clinic's staff is over."))


def taken_over() -> Screen:
    """An operator writes of their own accord."""
    return Screen(
        asks=Text("A person from the clinic is writing to you. The bot is silent."),
        lines=(Text("Everything you write from now on goes to the clinic's staff."),),
        extra=((BACK_TO_BOT,),),
    )


def with_operators() -> Screen:
    """The client asks the bot for something while it is silent."""
    return Screen(
        asks=Text("You are talking to the clinic's staff. The bot is silent."),
        lines=(Text("To book or to see your visits, go back to the bot first."),),
        extra=((BACK_TO_BOT,),),
    )


def not_reached_yet(house: House) -> Screen:
    """One-Link has not answered for a while; what was written is kept."""
    return Screen(
        asks=Text("The clinic's system does not answer at the moment, so nobody has read this yet."),
        lines=(Text("What you write is kept and will be delivered by itself."), *by_phone(house)),
        extra=((BACK_TO_BOT,),),
    )


def nobody_yet(house: House, minutes: int) -> Screen:
    """Nobody has answered in the promised time: no dead end."""
    return Screen(
        asks=Plural(
            "Nobody has answered for {n} minute: the staff must be busy.",
            "Nobody has answered for {n} minutes: the staff must be busy.",
            n=minutes,
        ),
        lines=(
            Text("Your message stays with them. You can wait, or book here without them."),
            *by_phone(house),
        ),
        extra=((BACK_TO_BOT,),),
    )


def ended_by_staff() -> Screen:
    """The bot answers again, because the staff are done."""
    return Screen(asks=Text("The clinic's staff have ended the conversation. I am the bot and answer again."))


def back_by_choice(*, unread: bool) -> Screen:
    """The client wants the bot again; `unread`: nobody was called yet."""
    lines = (Text("The clinic's staff have not read what you wrote."),) if unread else ()
    return Screen(asks=Text("I am the bot and answer again."), lines=lines)


def idle_for_long() -> Screen:
    """Nobody has written for hours."""
    return Screen(asks=Text("Nobody has written here for a long time, so I, the bot, answer again."))


def survey(link: str) -> Screen:
    """The clinic asks how it was."""
    return Screen(
        asks=Text("How was the conversation? The clinic would like to know."),
        extra=((Choice(Text("Rate it"), opens=link, look=Look.GOOD),),),
    )


def too_large() -> Screen:
    """Telegram gives bots no file above 20 MB."""
    return Screen(
        asks=Text("This file is too large for me to pass on: more than 20 MB."),
        lines=(Text("Please send a smaller one, or a link to it."),),
    )


def words_not_taken() -> Screen:
    """One-Link does not take what the client wrote."""
    return Screen(
        asks=Text("The clinic's system did not take your last message."),
        lines=(Text("Please write it once more in other words."),),
    )


def file_not_taken() -> Screen:
    """One-Link does not take the file, or Telegram does not give it."""
    return Screen(
        asks=Text("The clinic's system did not take this file."),
        lines=(Text("Please send it in another way, or describe what is in it."),),
    )


def attachment_lost(name: str) -> Word:
    """In place of a file of an operator that could not be fetched or sent."""
    return Text("The clinic has sent a file that I could not pass on: {name}", name=name)


async def packet(
    draft: BookingDraft | None,
    talk: Talk,
    said: Sequence[str],
    on_screen: Fact | None,
) -> str:
    """What operators read first: who this is, what was chosen, what was on the screen, what was said.

    In the clinic's language; `said` are the lines of the transcript, `on_screen` the last question.
    """
    parts: list[Fact] = [Text("The client asks for a person.")]
    parts.append(
        Text(
            "Telegram: {name}. Language: {language}.",
            name=talk.own_name or "–",
            language=dict(LANGUAGES)[talk.locale],
        )
    )
    if draft is not None:
        try:
            about = await chosen(draft, talk)
        except BookingError:
            about = None
        if about:
            parts.append(Text("Chosen so far: {what}", what=about))
        if draft.name:
            parts.append(Text("Name: {name}", name=draft.name))
        if draft.phone:
            parts.append(Text("Phone: {phone}", phone=shown(draft.phone.number)))
        if draft.iin and draft.iin.number:
            parts.append(Text("IIN: {iin}", iin=masked(Iin(draft.iin.number))))
        if draft.misses:
            parts.append(
                Plural("{n} answer was not understood.", "{n} answers were not understood.", n=draft.misses)
            )
    if on_screen:
        parts.append(Text("On the screen: {what}", what=on_screen))
    text = "\n".join(talk.tell_staff(part) for part in parts)
    # One-Link looks for mentions in the raw text, whatever is escaped in it.
    return (text + ("\n\n" + "\n".join(said) if said else "")).replace("mention://", "mention: ")


def begun_anew() -> Word:
    """What operators read where the client's conversation was deleted in the middle."""
    return Text("The conversation with this client was deleted in One-Link, so this is a new one.")


def left_alone() -> Word:
    """What operators read when nobody has written for hours."""
    return Text("Nobody has written for a long time: the bot answers the client again.")


def out_of_reach() -> Word:
    """What operators read when the client does not get their messages."""
    return Text("The client has blocked the bot: messages do not arrive. Please call.")
