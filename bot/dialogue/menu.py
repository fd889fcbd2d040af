"""The screens outside the booking questions: greeting and menu, languages, resuming."""

from bot.dialogue.draft import House
from bot.dialogue.screen import Choice, Fact, Look, Screen, Text, Word

#: In this order and in their own words (Consumer Protection Law, Art. 25: Kazakh and Russian).
LANGUAGES = (("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"))

BOOK = Choice(Text("Book a visit"), "book", look=Look.GOOD)
MENU = Choice(Text("Menu"), "menu")
VISITS = Choice(Text("My visits"), "visits")
PRIVACY = Choice(Text("My data"), "privacy")
PERSON = Choice(Text("Talk to the clinic's staff"), "operator")


def greeting(
    house: House, locale: str, notices: tuple[Word, ...] = (), *, same: tuple[Choice, ...] = ()
) -> Screen:
    """What /start shows: the main job is one tap away, and so is each language.

    `same`: a button for booking the same as last time, for those who have been here.
    """
    asks = (
        Text("{clinic}: book a visit here, at any time.", clinic=house.name)
        if house.name
        else Text("Book a visit here, at any time.")
    )
    lines: list[Word] = [
        Text("You choose the service, the specialist and the time; it takes about a minute.")
    ]
    if house.phone:
        lines.append(Text("Phone of the clinic: {phone}", phone=house.phone))
    return Screen(
        asks=asks,
        notices=notices,
        lines=tuple(lines),
        options=(BOOK, *same, VISITS),
        extra=(*(((PERSON,),) if house.relays else ()), (PRIVACY,), languages(locale)),
    )


def languages(locale: str) -> tuple[Choice, ...]:
    """One button for each language; the present one is marked."""
    return tuple(Choice(f"✓ {name}" if code == locale else name, "locale", code) for code, name in LANGUAGES)


def choose_language(locale: str) -> Screen:
    """The question for the language; what was begun goes on after it."""
    return Screen(asks=Text("Which language do you prefer?"), extra=(languages(locale),))


def resume(about: Fact | None) -> Screen:
    """Shown on /start while a draft is unfinished."""
    asks = Text("Go on with your booking? {what}", what=about) if about else Text("Go on with your booking?")
    return Screen(
        asks=asks,
        options=(
            Choice(Text("Continue"), "continue", look=Look.GOOD),
            Choice(Text("Start again"), "restart"),
        ),
    )


def kept(appointment_id: int) -> Screen:
    """After leaving a move: the visit stays where it was."""
    return Screen(
        asks=Text("The visit stays as it was."),
        options=(Choice(Text("Show the visit"), "visit", str(appointment_id)), VISITS),
    )


def dropping(appointment_id: int) -> Screen:
    """Moving a visit while a booking is unfinished."""
    return Screen(
        asks=Text("You have an unfinished booking. Drop it and move the visit?"),
        options=(
            Choice(Text("Yes, move the visit"), "move", f"{appointment_id}.sure"),
            Choice(Text("No, go on with the booking"), "continue", look=Look.GOOD),
        ),
    )


def left(notice: Word | None = None) -> Screen:
    """After leaving a draft: no appointment was touched."""
    return Screen(
        asks=notice or Text("Booking stopped. Nothing was booked."),
        options=(Choice(Text("Start again"), "book"), MENU),
    )
