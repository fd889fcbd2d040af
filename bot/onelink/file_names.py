"""The name of a file that One-Link only gives a URL for (section 2.7 of onelink-conversations-api)."""

from os.path import splitext
from urllib.parse import unquote, urlsplit

#: Characters; with a file's extension kept, so that a phone still knows what opens it.
LONGEST_NAME = 120
_LONGEST_EXTENSION = 16


def name_in(url: str) -> str:
    """The last segment of the path, percent-decoded, fit to be shown and to name a file; may be empty.

    Without path separators, control characters and the invisible ones that turn a name's direction.
    """
    try:
        path = urlsplit(url).path
    except ValueError:  # "http://[" is none
        return ""
    decoded = unquote(path.rpartition("/")[2])
    spaced = (" " if letter.isspace() else letter for letter in decoded)
    name = "".join(letter for letter in spaced if letter.isprintable() and letter not in "/\\").strip()
    return _shortened(name) if name.strip(". ") else ""


def _shortened(name: str) -> str:
    extension = splitext(name)[1]
    if len(extension) > _LONGEST_EXTENSION:
        extension = ""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - len(extension)] + extension
