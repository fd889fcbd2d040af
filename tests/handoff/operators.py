"""The operator of the handoff tests: reads conversations in One-Link, writes in them, ends them."""

import asyncio
from typing import Any

import httpx

Row = dict[str, Any]

#: Seconds until a test gives up waiting.
LONGEST_WAIT = 15
#: Whoever has been rung for stands below this in `relays`; all others, at a moment in seconds.
ANY_RING = 1_000_000


class Operator:
    """Somebody at the clinic, before One-Link's windows. Without a number: the latest conversation."""

    def __init__(self, control: httpx.AsyncClient) -> None:
        self._control = control

    async def conversations(self) -> list[Row]:
        """All of them, the latest first."""
        found: list[Row] = (await self._control.get("/_sandbox/conversations")).json()["conversations"]
        return found

    async def conversation(self, number: int | None = None) -> Row:
        """One of them."""
        found = await self.conversations()
        return next(row for row in found if number in (None, row["id"]))

    async def messages(self, *kinds: str) -> list[Row]:
        """What is in the latest conversation: `incoming`, `outgoing`, `note`, `activity`, `template`."""
        for conversation in await self.conversations():
            return [row for row in conversation["messages"] if not kinds or row["kind"] in kinds]
        return []

    async def texts(self, *kinds: str) -> list[str]:
        """The same, only what is written."""
        return [row["content"] or "" for row in await self.messages(*kinds)]

    async def waits_for(self, text: str, kind: str = "incoming") -> Row:
        """Until a message with this in it is there."""

        async def found() -> Row | None:
            return next((it for it in await self.messages(kind) if text in (it["content"] or "")), None)

        row: Row = await self._until(found, f"no {kind} message says {text!r}")
        return row

    async def waits_until(self, status: str) -> Row:
        """Until the latest conversation has this status."""

        async def found() -> Row | None:
            latest = next(iter(await self.conversations()), None)
            return latest if latest is not None and latest["status"] == status else None

        row: Row = await self._until(found, f"the conversation does not become {status}")
        return row

    async def waits_for_tick(self, number: int, status: str = "delivered") -> Row:
        """Until that message of theirs is `delivered`, or `failed`."""

        async def found() -> Row | None:
            return next(
                (it for it in await self.messages() if (it["id"], it["status"]) == (number, status)), None
            )

        row: Row = await self._until(found, f"message {number} does not become {status}")
        return row

    async def writes(self, text: str, *, to: int | None = None, **more: Any) -> int:
        """To the client (or `private=True`: a note), in that conversation: the id of the message."""
        return int((await self._act("messages", {"content": text, **more}, to))["id"])

    async def sends(self, name: str, content: bytes, mime_type: str, text: str = "") -> int:
        """A file, perhaps with words."""
        return await self.sends_files((name, content, mime_type), text=text)

    async def sends_files(self, *files: tuple[str, bytes, str], text: str = "") -> int:
        """Several files in one message: name, content, MIME type."""
        row = await self.conversation()
        response = await self._control.post(
            f"/_sandbox/conversations/{row['id']}/messages",
            data={"content": text},
            files=[("attachments[]", file) for file in files],
        )
        response.raise_for_status()
        return int(response.json()["id"])

    async def deletes(self, message_id: int) -> None:
        """Take a message back."""
        row = await self.conversation()
        path = f"/_sandbox/conversations/{row['id']}/messages/{message_id}"
        (await self._control.delete(path)).raise_for_status()

    async def retries(self, message_id: int) -> None:
        """Press Retry under a message that failed."""
        await self._act(f"messages/{message_id}/retry", {})

    async def sets(self, status: str, *, survey: bool = False) -> None:
        """`resolved`, `pending`, `open`, `snoozed`."""
        await self._act("status", {"status": status, "survey": survey})

    async def types(self, *, private: bool = False) -> None:
        """A key was pressed; `private`: in a note."""
        await self._act("typing", {"on": True, "private": private})

    async def assigns(self, user_id: int) -> None:
        """Give the conversation to somebody else."""
        await self._act("assign", {"user_id": user_id})

    async def automates(self, text: str) -> int:
        """An automatic message that nobody wrote."""
        return int((await self._act("automation", {"content": text}))["id"])

    async def doorbells_rang(self) -> None:
        """Until every webhook so far has been answered."""
        await self._control.get("/_sandbox/webhooks", params={"idle": 1, "wait": LONGEST_WAIT})

    async def webhooks(self, **switches: Any) -> None:
        """`lose=n`, `double=True`, `backwards=True`: what happens to doorbells on the way."""
        (await self._control.put("/_sandbox/webhooks", json=switches)).raise_for_status()

    async def _act(self, what: str, body: Row, number: int | None = None) -> Row:
        row = await self.conversation(number)
        response = await self._control.post(f"/_sandbox/conversations/{row['id']}/{what}", json=body)
        response.raise_for_status()
        answer: Row = response.json()
        return answer

    async def _until(self, found: Any, otherwise: str) -> Any:
        version = ""
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while True:
                    params = {"wait": 5} | ({"since": version} if version else {})
                    version = str(
                        (await self._control.get("/_sandbox/changes", params=params)).json()["version"]
                    )
                    row = await found()
                    if row is not None:
                        return row
        except TimeoutError:
            raise AssertionError(f"{otherwise}: {await self.messages()}") from None
