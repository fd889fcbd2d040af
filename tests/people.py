"""People of the dialogue tests: they do things and see things; no message ids, no callback data.

Tests name sentences and buttons as the code does, in the English of the keys ("With whom?"); a person
reads and presses what the catalogue of the own language makes of them. Anything else is taken literally.
"""

from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import Any

import httpx

from bot.dialogue.screen import Fact, Text
from bot.telegram.texts import LOCALES, Texts

Message = dict[str, Any]

#: How long a test waits for the bot to finish with an update before it fails.
LONGEST_WAIT = 15


@cache
def _texts() -> Texts:
    return Texts("ru")


class Person:
    """Somebody in a private chat with the bot. `locale` is the language in which the bot is read."""

    locale = "en"
    #: Seconds until the bot is given up that does not finish with what this person does.
    patience: float = LONGEST_WAIT

    def __init__(self, control: httpx.AsyncClient, chat_id: int) -> None:
        self._control = control
        self.chat_id = chat_id

    def reads(self, words: Fact) -> str:
        """How the bot says this to this person."""
        return _texts()[self.locale].say(Text(words) if isinstance(words, str) else words)

    async def is_called(self, first_name: str, language_code: str | None = "en", **more: Any) -> None:
        """Name and language of this person's Telegram."""
        self.locale = language_code if language_code in LOCALES else "ru"
        body = {"first_name": first_name, "language_code": language_code, **more}
        await self._do("PUT", "", body, settle=False)

    async def says(self, *texts: str) -> None:
        """Write one message after the other, waiting for the bot each time."""
        for text in texts:
            await self._do("POST", "/say", {"text": text})

    async def says_without_waiting(self, text: str) -> None:
        """Write a message and do not wait for the bot."""
        await self._do("POST", "/say", {"text": text}, settle=False)

    async def taps(self, *labels: Fact) -> None:
        """Press buttons, waiting for the bot each time."""
        for label in labels:
            await self._do("POST", "/tap", {"label": self.reads(label)})

    async def taps_at_once(self, label: Fact, times: int) -> None:
        """Press the same button several times before the bot can answer."""
        message, button = await self._button(label)
        for _ in range(times):
            await self._do(
                "POST", "/tap", {"data": button["data"], "message_id": message["message_id"]}, settle=False
            )
        await self.waits()

    async def taps_and_leaves(self, label: Fact) -> None:
        """Press a button and do not wait: perhaps nobody is there to answer."""
        await self._do("POST", "/tap", {"label": self.reads(label)}, settle=False)

    async def says_and_leaves(self, *texts: str) -> None:
        """Write and do not wait."""
        for text in texts:
            await self._do("POST", "/say", {"text": text}, settle=False)

    async def taps_data(self, data: str, message_id: int) -> None:
        """Press a button that is not there any more, or never was."""
        await self._do("POST", "/tap", {"data": data, "message_id": message_id})

    async def shares_phone(self, phone: str, *, of: int | None = None) -> None:
        """Share a contact: one's own, or that of another person."""
        await self._do(
            "POST", "/contact", {"phone": phone, "user_id": of if of is not None else self.chat_id}
        )

    async def shares_contact_of_nobody(self, phone: str) -> None:
        """Share an entry of the phone book that has no Telegram."""
        await self._do("POST", "/contact", {"phone": phone, "user_id": None})

    async def edits(self, text: str) -> None:
        """Edit one's last message."""
        await self._do("POST", "/edit", {"text": text})

    async def deletes(self, message_id: int) -> None:
        """Delete a message for both sides; the bot is not told."""
        await self._do("POST", "/delete", {"message_id": message_id}, settle=False)

    async def sends(self, kind: str, **more: Any) -> None:
        """Send a photo, sticker, voice, document, location …; `caption`, `reply_to`, `size` in bytes."""
        await self._do("POST", "/send", {"kind": kind, **more})

    async def sends_album(self, *items: dict[str, Any]) -> None:
        """Send several files at once: `{"kind", "caption"?}`."""
        await self._do("POST", "/send", {"album": list(items)})

    async def writes(self, text: str, **more: Any) -> None:
        """Write with formatting (`entities`), or in reply to a message (`reply_to`)."""
        await self._do("POST", "/say", {"text": text, **more})

    async def blocks(self, blocked: bool = True) -> None:
        """Block the bot, or unblock it."""
        await self._do("POST", "/block", {"blocked": blocked}, settle=False)

    async def waits(self) -> None:
        """Until the bot has finished with every update."""
        found = await self._control.get("/_sandbox/telegram", params={"idle": 1, "wait": self.patience})
        assert found.json()["idle"], "the bot does not finish with its updates"

    async def messages(self) -> list[Message]:
        """What the chat shows, oldest first."""
        chat = (await self._control.get(f"/_sandbox/chats/{self.chat_id}")).json()
        return [message for message in chat["messages"] if not message["deleted"]]

    async def chat(self) -> dict[str, Any]:
        """The whole chat as the sandbox tells it."""
        found: dict[str, Any] = (await self._control.get(f"/_sandbox/chats/{self.chat_id}")).json()
        return found

    async def card(self) -> Message:
        """The bot's last message."""
        return [message for message in await self.messages() if message["from"] == "bot"][-1]

    async def sees(self, *fragments: Fact) -> None:
        """The bot's last message says this."""
        text = _plain_spaces((await self.card())["text"])
        for fragment in map(_plain_spaces, map(self.reads, fragments)):
            assert fragment in text, f"{fragment!r} is not in:\n{text}"

    async def sees_nothing_of(self, *fragments: Fact) -> None:
        """The bot's last message does not say this."""
        text = _plain_spaces((await self.card())["text"])
        for fragment in map(_plain_spaces, map(self.reads, fragments)):
            assert fragment not in text, f"{fragment!r} is in:\n{text}"

    async def buttons(self) -> list[str]:
        """Labels under the bot's last message, and of the keyboard that shares the phone."""
        chat = await self.chat()
        rows = (await self.card())["buttons"] + (chat["keyboard"] or [])
        return [button["text"] for row in rows for button in row]

    async def has_button(self, label: Fact) -> None:
        """This button can be pressed."""
        assert self.reads(label) in await self.buttons()

    async def has_no_button(self, label: Fact) -> None:
        """This button cannot be pressed."""
        assert self.reads(label) not in await self.buttons()

    async def toasts(self) -> list[str]:
        """What taps were answered with."""
        return [toast["text"] for toast in (await self.chat())["toasts"] if toast["text"]]

    async def remembers(self, label: Fact) -> tuple[str, int]:
        """A button as `taps_data` takes it, to be pressed when it is no longer there."""
        message, button = await self._button(label)
        return button["data"], message["message_id"]

    async def words_of_bot(self) -> list[str]:
        """Everything the bot shows in this chat, oldest first."""
        return [_plain_spaces(m["text"]) for m in await self.messages() if m["from"] == "bot"]

    async def deleted(self) -> list[str]:
        """Texts (or kinds) of messages that are gone from the chat."""
        chat = await self.chat()
        return [m["text"] or m["kind"] for m in chat["messages"] if m["deleted"]]

    async def is_answered_below(self) -> None:
        """The newest message is the bot's: what answers a typed text must not hide above it."""
        assert (await self.messages())[-1]["from"] == "bot"

    async def waits_for(self, fragment: Fact) -> None:
        """Until the bot's last message says this: what the worker finds out comes without an update."""
        fragment = self.reads(fragment)
        if not await self._watches(lambda shown: bool(shown) and fragment in shown[-1]):
            raise AssertionError(f"{fragment!r} has not come; it says:\n{(await self.card())['text']}")

    async def waits_until_some_message_says(self, *fragments: Fact) -> None:
        """Until any message of the bot says one of these: the card may have scrolled up."""
        said = [self.reads(fragment) for fragment in fragments]
        if not await self._watches(lambda shown: any(words in text for words in said for text in shown)):
            raise AssertionError(f"none of {said!r} has come; it says:\n{(await self.card())['text']}")

    async def _watches(self, fact: Callable[[list[str]], bool]) -> bool:
        """Whether this became true of what the bot shows, oldest first, within LONGEST_WAIT seconds."""
        version = ""
        until = monotonic() + LONGEST_WAIT
        while (left := until - monotonic()) > 0:
            params = {"wait": left} | ({"since": version} if version else {})
            chat = (await self._control.get(f"/_sandbox/chats/{self.chat_id}", params=params)).json()
            if fact([m["text"] for m in chat["messages"] if m["from"] == "bot" and not m["deleted"]]):
                return True
            version = str(chat["version"])
        return False

    async def waits_until(self, seen: Callable[[list[str]], bool]) -> None:
        """Until the bot's messages, oldest first, look like this."""
        version = 0
        for _ in range(LONGEST_WAIT):
            chat = (
                await self._control.get(
                    f"/_sandbox/chats/{self.chat_id}", params={"since": version, "wait": LONGEST_WAIT}
                )
            ).json()
            if seen([m["text"] for m in chat["messages"] if m["from"] == "bot" and not m["deleted"]]):
                return
            version = chat["version"]
        raise AssertionError("that has not come")

    async def _button(self, label: Fact) -> tuple[Message, dict[str, Any]]:
        label = self.reads(label)
        for message in reversed(await self.messages()):
            for row in message["buttons"]:
                for button in row:
                    if button["text"] == label:
                        return message, button
        raise AssertionError(f"no button {label!r} among {await self.buttons()}")

    async def _do(self, method: str, what: str, body: dict[str, Any], *, settle: bool = True) -> None:
        wait = {"wait": self.patience} if settle else {}
        path = f"/_sandbox/chats/{self.chat_id}{what}"
        response = await self._control.request(method, path, json=body, params=wait)
        assert response.status_code < 300, f"{what} {body}: {response.text}"
        assert not settle or response.json()["idle"], "the bot does not finish with its updates"


def _plain_spaces(text: str) -> str:
    """Where a line may break is for the eye only."""
    return text.replace("\u00a0", " ")


class Client(Person):
    """A client who knows the way."""

    async def reaches_the_day(self, service: str = "Haircut", resource: str = "Anna Ivanova") -> None:
        """From /start to the question for the day."""
        await self.says("/start")
        await self.taps("Book a visit", service, resource)

    async def reaches_the_name(self, day: str = "2030-01-08", time: str = "10:00") -> None:
        """From /start to the question for the name: a haircut with Anna."""
        await self.reaches_the_day()
        await self.says(f"{day[8:]}.{day[5:7]}.{day[:4]} {time}")
        if self.reads("I agree") in await self.buttons():
            await self.taps("I agree")

    async def reaches_the_summary(
        self, day: str = "2030-01-08", time: str = "10:00", phone: str = "+77011234567"
    ) -> None:
        """From /start to the summary, without IIN."""
        await self.reaches_the_name(day, time)
        await self.says("Алия Нурланова")
        await self.shares_phone(phone)
        await self.taps("Skip")

    async def books(self, day: str = "2030-01-08", time: str = "10:00", phone: str = "+77011234567") -> None:
        """From /start to the appointment."""
        await self.reaches_the_summary(day, time, phone)
        await self.taps("✓ Confirm")
