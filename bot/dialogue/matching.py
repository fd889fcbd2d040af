"""What a typed text means: a word of command, a button's label, the number or the beginning of an option.

The words here are what people type, in any of the languages and also without Kazakh letters;
what people read is in `locales/`.
"""

import difflib
from collections.abc import Callable, Sequence

from bot.dialogue.screen import Choice, Fact
from bot.domain.fold import fold, latin

LOCALES = ("kk", "ru", "en")

_COMMANDS = {
    "back": "назад, вернуться, артқа, кері, қайту, back",
    "cancel": "отмена, отменить, отмени, стоп, бросить, прервать, болдырмау, тоқтату, бас тарту, "
    "cancel, stop, quit",
    "operator": "оператор, администратор, человек, живой человек, позовите человека, позовите оператора, "
    "позвать оператора, позови оператора, нужен оператор, нужен человек, соедините с оператором, "
    "адам, адам керек, операторды шақыру, операторды шақырыңыз, оператор керек, маған оператор керек, "
    "operator, human, agent, person, call an operator, i need an operator, talk to a person, talk to a human",
    "menu": "меню, мәзір, басты бет, menu, home",
    "yes": "да, подтвердить, подтверждаю, согласен, согласна, иә, ия, растау, растаймын, келісемін, "
    "yes, ok, confirm, agree, i agree",
    "skip": "пропустить, өткізу, өткізіп жіберу, skip",
}


def _table() -> dict[str, str]:
    table = {}
    for command, words in _COMMANDS.items():
        for said in words.split(", "):
            table[fold(said)] = command
            table[latin(said)] = command
    return table


_BY_WORD = _table()


def command_in(text: str) -> str | None:
    """`back`, `cancel`, `operator`, `menu`, `yes` or `skip` when the text says just that."""
    return _BY_WORD.get(fold(text)) or _BY_WORD.get(latin(text))


def names_of(label: Fact, say: Callable[[Fact], str]) -> set[str]:
    """A label as it may be typed, folded: what is shown, and a name in each language."""
    names = {say(label)}
    name_in = getattr(label, "name_in", None)
    if name_in is not None:
        names |= {name_in(locale) for locale in LOCALES}
    return {folded for name in names if (folded := fold(name))}


def labelled(text: str, choices: Sequence[Choice], say: Callable[[Fact], str]) -> Choice | None:
    """The button whose label was typed (old clients and reply keyboards send labels as text)."""
    wanted = fold(text)
    return next((c for c in choices if c.step and wanted in names_of(c.label, say)), None)


def numbered(text: str, options: Sequence[Choice]) -> Choice | None:
    """The option with this number, counted from 1."""
    digits = text.strip().rstrip(".)")
    if digits.isascii() and digits.isdigit() and 1 <= int(digits) <= len(options):
        return options[int(digits) - 1]
    return None


def similar(text: str, choices: Sequence[Choice], say: Callable[[Fact], str]) -> list[Choice]:
    """The choices meant by a typed name: its beginning, the beginning of a word, or nearly the name.

    The first of these rules that finds any decides; more than one choice means: ask.
    """
    wanted, typed_latin = fold(text), latin(text)
    if min(len(wanted), len(typed_latin)) < 2:
        return []
    named = [(choice, names_of(choice.label, say)) for choice in choices]
    rules: tuple[Callable[[str], bool], ...] = (
        lambda name: name.startswith(wanted) or latin(name).startswith(typed_latin),
        lambda name: (
            any(word.startswith(wanted) for word in name.split())
            or any(word.startswith(typed_latin) for word in latin(name).split())
        ),
        lambda name: len(wanted) > 3 and wanted in name,
        lambda name: (
            len(wanted) > 3 and bool(difflib.get_close_matches(wanted, [name, *name.split()], 1, 0.75))
        ),
    )
    for rule in rules:
        found = [choice for choice, names in named if any(map(rule, names))]
        if found:
            return found
    return []
