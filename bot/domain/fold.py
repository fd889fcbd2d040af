"""Foldings for comparing what clients type with words and names.

Two spellings that a reader takes for the same word fold to the same text. The result is only
for comparing: it is never shown, and what a client typed is stored as typed.
"""

import unicodedata

#: Kazakh letters as typed on a Russian keyboard (ертең -> ертен, дүйсенбі -> дуйсенби), and ё as е.
_KAZAKH_AND_YO = str.maketrans("әғқңөұүһіё", "агкноуухие")

#: Apostrophes, which belong to a word (o'clock, a soft sign in Latin letters), and are left out.
_APOSTROPHES = frozenset("'’‘ʼʻʹ`´")

#: The wide forms of ASCII that some keyboards type.
_FULL_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}

#: Cyrillic to Latin by sound, coarse on purpose: ы, и, й meet, ь and ъ vanish.
_LATIN = str.maketrans(
    dict(zip("абвгджзийклмнопрстуфхцыэе", "abvgdjziiklmnoprstufhciee", strict=True))
    | {"ч": "ch", "ш": "sh", "щ": "sh", "ю": "iu", "я": "ia", "ь": "", "ъ": ""}
)

#: Letters of the Latin alphabets for Kazakh whose mark changes the sound.
_HISSING = str.maketrans(
    {"ş": "sh", "š": "sh", "ç": "ch", "č": "ch", "Ş": "sh", "Š": "sh", "Ç": "ch", "Č": "ch"}
)

#: Latin spellings of one sound, longest first: juma and zhuma, qarasha and karasha, keyin and keiin.
_ONE_SOUND = (
    ("shch", "sh"),
    ("sch", "sh"),
    ("dzh", "j"),
    ("zh", "j"),
    ("kh", "h"),
    ("gh", "g"),
    ("ts", "c"),
    ("yo", "e"),
    ("q", "k"),
    ("x", "h"),
    ("w", "u"),
    ("y", "i"),
    ("ie", "e"),
)


def fold(text: str) -> str:
    """Small letters without Kazakh and Latin marks, words apart by one space.

    Punctuation between two digits stays, because it tells 14:30 from 14.30; any other becomes a space.
    """
    composed = unicodedata.normalize("NFC", text.translate(_FULL_WIDTH)).casefold().translate(_KAZAKH_AND_YO)
    plain = "".join(_without_marks(c) for c in composed if c not in _APOSTROPHES and not _is_invisible(c))
    kept = []
    for i, char in enumerate(plain):
        between_digits = plain[max(i - 1, 0) : i].isdecimal() and plain[i + 1 : i + 2].isdecimal()
        if char.isalnum():
            kept.append(char)
        elif between_digits and unicodedata.category(char)[0] == "P":
            kept.append("-" if unicodedata.category(char) == "Pd" else char)
        else:
            kept.append(" ")
    return " ".join("".join(kept).split())


def latin(text: str) -> str:
    """A key by sound: the same for завтра and zavtra, for жұма, juma and zhuma.

    Coarser than `fold`; good for looking a word up in a short list, not for telling names apart.
    """
    key = fold(text.translate(_HISSING)).translate(_LATIN)
    for spelling, sound in _ONE_SOUND:
        key = key.replace(spelling, sound)
    return "".join(c for i, c in enumerate(key) if not (c.isalpha() and key[i - 1 : i] == c))


def _without_marks(char: str) -> str:
    """The small letter below the marks, except in Cyrillic, where й is no kind of и.

    >>> _without_marks("ñ")
    'n'
    """
    if char == "ı":
        return "i"
    if "\u0400" <= char <= "\u052f" or not char.isalpha():
        return char
    # Small once more: what looks like a letter (a mathematical one) may stand for a capital.
    plain = unicodedata.normalize("NFKD", char).casefold().replace("ı", "i")
    return "".join(c for c in plain if unicodedata.category(c) != "Mn")


def _is_invisible(char: str) -> bool:
    """Combining marks that met no letter to join, zero-width and direction characters."""
    return unicodedata.category(char) in {"Mn", "Cf"}
