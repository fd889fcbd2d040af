"""Which button a person means by its label."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.chat import Chat, Message

Json = dict[str, Any]


class NoSuchButton(Exception):
    """Nothing on the screen has this label, or two buttons do equally well; `labels` is what there is."""

    def __init__(self, label: str, labels: list[str]) -> None:
        super().__init__(f"no button {label!r}")
        self.label = label
        self.labels = labels


@dataclass(frozen=True)
class InlineButton:
    """A button under a message, as the Bot API got it."""

    message: Message
    button: Json


@dataclass(frozen=True)
class KeyboardButton:
    """A button of the keyboard that replaces the letters."""

    button: Json


def button_labelled(chat: Chat, label: str, message_id: int | None = None) -> InlineButton | KeyboardButton:
    """The newest inline button with this label, else one of the reply keyboard.

    In each message the exact label wins; else the only one that is the same without case and without the
    marks around it ("✓ Confirm" is "confirm"). Raises NoSuchButton.
    """
    for message in chat.newest_first():
        if message_id in (None, message.message_id):
            inline = [button for row in message.buttons for button in row]
            if found := _match(inline, label):
                return InlineButton(message, found)
    keyboard = [button for row in (chat.keyboard or {}).get("keyboard", []) for button in row]
    found = _match(keyboard, label) if message_id is None else None
    if found:
        return KeyboardButton(found)
    raise NoSuchButton(label, labels_of(chat))


def button_with_data(chat: Chat, data: str) -> InlineButton:
    """The newest inline button that sends this callback data. Raises NoSuchButton."""
    for message in chat.newest_first():
        for row in message.buttons:
            for button in row:
                if button.get("callback_data") == data:
                    return InlineButton(message, button)
    raise NoSuchButton(data, labels_of(chat))


def labels_of(chat: Chat) -> list[str]:
    """Every label on the screen, the newest message first, then the reply keyboard."""
    inline = [button["text"] for message in chat.newest_first() for row in message.buttons for button in row]
    keyboard = [button["text"] for row in (chat.keyboard or {}).get("keyboard", []) for button in row]
    return inline + keyboard


def _match(buttons: list[Json], label: str) -> Json | None:
    exact = [button for button in buttons if button["text"] == label]
    if exact:
        return exact[0]
    alike = [button for button in buttons if _bare(button["text"]) == _bare(label)]
    return alike[0] if len(alike) == 1 and _bare(label) else None


def _bare(label: str) -> str:
    """The words of a label: no case, no emoji or marks around them, single spaces."""
    letters = [index for index, character in enumerate(label) if character.isalnum()]
    if not letters:
        return ""
    return " ".join(label[letters[0] : letters[-1] + 1].casefold().split())
