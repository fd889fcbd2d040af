"""Rules about contacts: identifiers (IIN), phone numbers, and what must be unique."""

import re
from typing import Any

from bot.sandbox.answers import Refused, Row, invalid, text
from bot.sandbox.world import World

_FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)


def checked_identifier(value: Any) -> str | None:
    """Exactly 12 digits are an IIN: stored bare, 422 if the checksum fails. Anything else is kept as text."""
    kept = text(value)
    if kept is None:
        return None
    digits = re.sub(r"\D", "", kept)
    if len(digits) != 12:
        return kept
    if not is_iin(digits):
        raise Refused(422, "Invalid IIN", "INVALID_IIN")
    return digits


def is_iin(digits: str) -> bool:
    """The checksum of the twelfth digit; a second row of weights when the first gives 10, then 0."""
    numbers = [int(digit) for digit in digits]
    for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS):
        control = sum(weight * number for weight, number in zip(weights, numbers[:11], strict=True)) % 11
        if control != 10:
            return control == numbers[11]
    return numbers[11] == 0


def normalised_phone(value: Any) -> str | None:
    """As scheduling contacts store a number; what cannot be understood is kept as it is."""
    kept = text(value)
    if kept is None:
        return None
    digits = re.sub(r"\D", "", kept)
    if kept.startswith("+"):
        return f"+{digits}" if 8 <= len(digits) <= 15 else kept
    if len(digits) == 10:
        return f"+7{digits}"
    if len(digits) >= 11 and digits[0] in "78":
        return f"+7{digits[1:11]}"
    return kept


def refuse_duplicates(world: World, contact: Row, own_id: int | None = None) -> None:
    """Phone, identifier and email are unique in the account; the API names the phone `phone_number`."""
    for key, attribute in (("phone", "phone_number"), ("identifier", "identifier"), ("email", "email")):
        value = contact.get(key)
        if value and any(other[key] == value and other["id"] != own_id for other in world.contacts.values()):
            sentence = f"{attribute.replace('_', ' ').capitalize()} has already been taken"
            raise invalid(sentence, **{attribute: [sentence]})
