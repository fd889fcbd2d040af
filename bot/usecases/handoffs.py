"""Talking to a person: what that takes in One-Link. Every step may be repeated (conversations API, 8.3).

A conversation's status says who answers: `pending` the bot, `open` and `snoozed` a person, `resolved` nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.domain.client import Client
from bot.domain.errors import Gone, OneLinkUnreachable, ReasonNeeded, Refused
from bot.domain.handoff import Call, HandBack, Met, Said, Thread
from bot.domain.thread import ThreadMessage
from bot.onelink.files import FileToSend
from bot.usecases.contacts import Contacts

log = structlog.get_logger(__name__)

#: Statuses in which a person answers.
WITH_OPERATORS = frozenset({"open", "snoozed"})


@dataclass(frozen=True, slots=True)
class News:
    """Messages of a conversation that were not looked at yet, by id, and its status after them."""

    messages: tuple[ThreadMessage, ...]
    status: str
    uuid: str | None = None


class Handoffs:
    """Calls operators, tells them what clients say, and reads what they answer.

    `reasons`: what to give as the reason for a status, where the account demands one. `team_id`: who is
    given the conversations before they are opened. Raises what `Conversations` raises.
    """

    def __init__(
        self, contacts: Contacts, *, reasons: Mapping[str, str] | None = None, team_id: int | None = None
    ) -> None:
        self.contacts = contacts
        self.conversations = contacts.conversations
        self.reasons = dict(reasons or {})
        self.team_id = team_id

    async def met(self, met: Met, now: datetime) -> Thread:
        """The conversation that a booking led to; what was written in it before is not news."""
        cursor = met.cursor
        if cursor is None:
            latest = await self.conversations.latest_messages(met.conversation_id)
            cursor = latest[-1].id if latest else 0
        return Thread(
            conversation_id=met.conversation_id,
            source_id=met.source_id,
            contact_id=met.contact_id,
            cursor=cursor,
            quiet_since=now,
        )

    def is_own(self, thread: Thread, client: Client) -> bool:
        """Whether it is under the client's own source id, and not that of another's phone."""
        return thread.source_id == self.contacts.source_id(client.id)

    async def call(self, client: Client, thread: Thread | None, call: Call, now: datetime) -> Thread:
        """A note that says who and what about, then the conversation is open to the operators.

        What was written in it before is not new, unless it has been looked at up to somewhere.
        """
        thread, note_id = await self._noted(client, thread, call, now)
        if self.team_id is not None:
            await self._assign(thread, self.team_id)
        status = await self._set_status(thread, "open")
        if status not in WITH_OPERATORS:
            # A bot attached to the inbox keeps the conversation to itself: nobody would come.
            log.error("conversation_not_opened", status=status)
            raise OneLinkUnreachable("conversation_not_opened")
        return replace(
            thread,
            handoff_id=call.handoff_id,
            cursor=thread.cursor or note_id,
            status=status,
            quiet_since=now,
            answered_at=None,
        )

    async def say(self, thread: Thread, said: Said, file: FileToSend | None) -> None:
        """Show the operators what the client wrote; once, however often this is repeated."""
        try:
            await self.conversations.add_client_message(
                thread.conversation_id, thread.source_id, said.text, said.key, [file] if file else []
            )
        except Refused as refusal:
            if refusal.status != 409:
                raise
            # Under this key it is in another conversation, from before this one was begun.
            log.warning("said_elsewhere", status=refusal.status)

    async def hand_back(self, thread: Thread, back: HandBack) -> Thread:
        """The bot answers again, if a person was to: one that is over stays so. Raises Gone."""
        found = await self.conversations.conversation(thread.conversation_id)
        if found.status not in WITH_OPERATORS:
            return replace(thread, status=found.status)
        await self.note(thread, back.note, f"back-{back.handoff_id}")
        return replace(thread, status=await self._set_status(thread, "pending"))

    async def quieten(self, thread: Thread) -> Thread:
        """Let what is written next wake nobody: it would open a resolved conversation (section 3)."""
        if thread.status != "resolved":
            return thread
        return replace(thread, status=await self._set_status(thread, "pending"))

    async def take_over(self, thread: Thread) -> Thread:
        """An operator has written where the bot was answering: the conversation is theirs (section 2.5)."""
        return replace(thread, status=await self._set_status(thread, "open"))

    async def news(self, thread: Thread) -> News:
        """What came after the cursor, a page of it, and then the status: what was said before it ended
        comes before the end."""
        messages = await self.conversations.messages(thread.conversation_id, after=thread.cursor)
        found = await self.conversations.conversation(thread.conversation_id)
        return News(messages, found.status, found.uuid)

    async def again(self, thread: Thread, message_id: int) -> ThreadMessage | None:
        """One message as it is now."""
        found = await self.conversations.messages(thread.conversation_id, after=message_id - 1)
        return next((it for it in found if it.id == message_id), None)

    async def not_reached(self, thread: Thread, message_id: int, why: str) -> None:
        """The client has not got it. Raises OneLinkUnreachable: this the operators have to know."""
        await self.conversations.report(thread.conversation_id, message_id, delivered=False, error=why)

    async def note(self, thread: Thread, text: str, key: str) -> None:
        """Tell the operators something; once for each `key`."""
        await self.conversations.add_private_note(thread.conversation_id, text, f"tgs:{key}")

    async def begun_by(self, client: Client, call: Call, now: datetime) -> Thread | None:
        """The conversation that has this call's note already, from a try whose answer was lost."""
        source_id = self.contacts.source_id(client.id)
        linked = await self.conversations.contact_by_source(source_id)
        known = await self.conversations.conversations_of(linked.id) if linked is not None else ()
        for found in known:
            for message in await self.conversations.latest_messages(found.display_id):
                if message.source_id == _key_of(call):
                    return Thread(
                        conversation_id=found.display_id,
                        source_id=source_id,
                        contact_id=linked.id if linked is not None else None,
                        cursor=message.id,
                        status=found.status,
                        quiet_since=now,
                    )
        return None

    async def _noted(
        self, client: Client, thread: Thread | None, call: Call, now: datetime
    ) -> tuple[Thread, int]:
        """The note, in the known conversation if it still exists, else in the client's present one."""
        if thread is not None:
            try:
                return thread, await self._leave(thread, call)
            except Gone:
                log.warning("conversation_is_gone")
        linked = await self.contacts.of(client, call.name)
        found = await self.contacts.conversation(linked)
        fresh = Thread(
            conversation_id=found.display_id,
            source_id=linked.source_id,
            contact_id=linked.contact_id,
            quiet_since=now,
        )
        return fresh, await self._leave(fresh, call)

    async def _leave(self, thread: Thread, call: Call) -> int:
        return await self.conversations.add_private_note(thread.conversation_id, call.note, _key_of(call))

    async def _assign(self, thread: Thread, team_id: int) -> None:
        try:
            await self.conversations.assign_team(thread.conversation_id, team_id)
        except (Refused, Gone) as error:
            log.warning("team_not_assigned", status=error.status)
        except OneLinkUnreachable as error:
            # `null`: there is no such team (section 1.8). That keeps nobody from being called.
            if error.code != "not_json":
                raise
            log.warning("team_unknown", status=error.status)

    async def _set_status(self, thread: Thread, status: str) -> str:
        """With the reason of the settings, or the first that One-Link offers, where it demands one."""
        reason = self.reasons.get(status)
        try:
            return await self.conversations.set_status(thread.conversation_id, status, reason=reason)
        except ReasonNeeded as needed:
            if not needed.options:
                raise
            log.warning("reason_of_the_account_taken", status=status)
            return await self.conversations.set_status(
                thread.conversation_id, status, reason=needed.options[0]
            )


def _key_of(call: Call) -> str:
    """Of the note that a call begins with: one call, one note."""
    return f"tgs:{call.handoff_id}:1"
