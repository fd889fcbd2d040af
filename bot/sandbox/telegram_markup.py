"""Keyboards: which ones Telegram accepts, and in what words it refuses the others."""

from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.telegram_refusal import bad_request

CALLBACK_DATA_BYTES = 64
COPY_TEXT_LENGTH = 256
INLINE_BUTTONS = 100
REPLY_BUTTONS = 300

Markup = dict[str, Any]
_ACTIONS = (
    "callback_data",
    "url",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "pay",
)
_STYLES = ("primary", "success", "danger")


def checked_markup(raw: object, *, editing: bool = False) -> Markup | None:
    """The `reply_markup` of a call, or None when there is none.

    Exactly one of `inline_keyboard`, `keyboard`, `remove_keyboard`, `force_reply` says what it is;
    edits take inline keyboards only.
    """
    if raw is None or raw == "":
        return None
    if not isinstance(raw, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in raw:
        rows = _rows(raw["inline_keyboard"], INLINE_BUTTONS)
        kept = [[_inline_button(button) for button in row] for row in rows]
        return {"inline_keyboard": kept} if kept else None
    if editing and raw:
        raise bad_request("inline keyboard expected")
    if "keyboard" in raw:
        rows = _rows(raw["keyboard"], REPLY_BUTTONS)
        return raw | {"keyboard": [[_reply_button(button) for button in row] for row in rows]}
    return raw or None


def _rows(raw: object, limit: int) -> list[list[Any]]:
    if not isinstance(raw, list) or not all(isinstance(row, list) for row in raw):
        raise bad_request("can't parse keyboard: an array of arrays of buttons expected")
    if sum(len(row) for row in raw) > limit:
        raise bad_request("reply markup is too long")
    return [row for row in raw if row]


def _inline_button(raw: object) -> Markup:
    button = (
        {name: value for name, value in raw.items() if value is not None} if isinstance(raw, dict) else {}
    )
    if not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    if not any(name in button for name in _ACTIONS):
        raise bad_request("text buttons are unallowed in the inline keyboard")
    if (
        "callback_data" in button
        and not 1 <= len(str(button["callback_data"]).encode()) <= CALLBACK_DATA_BYTES
    ):
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(str(button["url"]))
    if "copy_text" in button:
        copied = button["copy_text"].get("text") if isinstance(button["copy_text"], dict) else None
        if not isinstance(copied, str) or not 1 <= len(copied) <= COPY_TEXT_LENGTH:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    _check_style(button)
    return button


def _reply_button(raw: object) -> Markup:
    button = {"text": raw} if isinstance(raw, str) else raw
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request('can\'t parse keyboard button: Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("keyboard button text must be non-empty")
    _check_style(button)
    return {name: value for name, value in button.items() if value is not None}


def _check_style(button: Markup) -> None:
    if button.get("style") is not None and button["style"] not in _STYLES:
        raise bad_request(f'invalid button style "{button["style"]}" specified')


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "tg" and parts.netloc:
        return
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or ""):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
