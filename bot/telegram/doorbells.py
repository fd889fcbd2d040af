"""One-Link's webhooks: stored as "look there" before they are answered, and read over REST afterwards.

An answer other than 2xx makes One-Link repeat the webhook or mark an operator's message as failed, so
everything that is not for us is answered with 200, too.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from aiogram import Bot
from redis.exceptions import RedisError

from bot.domain.doorbell import Doorbell
from bot.domain.handoff import Thread
from bot.onelink.webhook import read_doorbell, verified
from bot.storage import Storage
from bot.telegram.moves import tolerate
from bot.telegram.showing import DELETED, FAILED, MISSED, RETRY

log = structlog.get_logger(__name__)

#: Characters; a survey's link is an address and an id.
LONGEST_LINK = 500
#: "typing…" is shown for 5 s; One-Link tells of every key.
TYPING_EVERY = timedelta(seconds=4)


class Doorbells:
    """What rings at `POST /onelink/{WEBHOOK_SECRET}`."""

    def __init__(
        self, bot: Bot, storage: Storage, now: Callable[[], datetime], *, inbox_id: int, secret: str | None
    ) -> None:
        self.bot = bot
        self.storage = storage
        self.now = now
        self.inbox_id = inbox_id
        self._secret = secret
        self._typed_at: dict[int, float] = {}
        self._typing: set[asyncio.Task[None]] = set()

    async def ring(self, raw: bytes, headers: Mapping[str, str]) -> int:
        """The status to answer with: 401 for a false signature, 503 while nothing can be stored."""
        if not verified(raw, headers, self._secret, self.now()):
            log.warning("doorbell_forged")
            return 401
        bell = read_doorbell(raw)
        if bell is None or bell.conversation_id is None or bell.inbox_id not in (None, self.inbox_id):
            return 200
        try:
            await self._heard(bell, bell.conversation_id)
        except (RedisError, OSError) as error:
            log.warning("doorbell_not_stored", error=type(error).__name__)
            return 503
        return 200

    async def _heard(self, bell: Doorbell, conversation_id: int) -> None:
        relays = self.storage.relays
        client_id = await relays.client_of(conversation_id)
        if client_id is None:
            return
        if bell.typing is not None:
            self._show_typing(client_id, typing=bell.typing)
            return
        try:
            thread = await relays.thread(client_id, conversation_id)
        except ValueError:  # of another version: the relay knows what to do about it
            await relays.ring(client_id)
            return
        if bell.message_id is None:
            # Conversations ring for much that changes nothing here; only the status counts.
            if thread is None or bell.status in (None, thread.status):
                return
        else:
            why = await self._why_look_again(client_id, conversation_id, bell, bell.message_id, thread)
            if why:
                await relays.look_later(client_id, conversation_id, bell.message_id, why)
            elif bell.event == "message_updated" or not bell.for_client:
                return  # the echo of a tick mark, or of what clients and the bot wrote
        await relays.ring(client_id)

    async def _why_look_again(
        self, client_id: int, conversation_id: int, bell: Doorbell, message_id: int, thread: Thread | None
    ) -> str | None:
        """Why a message that may have been looked at already has to be looked at again; None: it has not."""
        relays = self.storage.relays
        if bell.survey is not None:
            return bell.survey if len(bell.survey) <= LONGEST_LINK else None
        if bell.deleted:
            return DELETED
        if bell.event == "message_updated":
            looks = await relays.looks(client_id, conversation_id)
            return RETRY if looks.get(message_id) == FAILED else None
        # Messages become visible in the order of their commits, not of their numbers.
        is_behind = bell.for_client and thread is not None and message_id <= thread.cursor
        return MISSED if is_behind and not await relays.passed(client_id, message_id) else None

    def _show_typing(self, client_id: int, *, typing: bool) -> None:
        """An operator is typing: worth a try, not worth waiting for."""
        now = asyncio.get_running_loop().time()
        if not typing or now - self._typed_at.get(client_id, -60.0) < TYPING_EVERY.total_seconds():
            return
        self._typed_at = {it: at for it, at in self._typed_at.items() if now - at < 60.0} | {client_id: now}
        task = asyncio.create_task(self._type(client_id))
        self._typing.add(task)
        task.add_done_callback(self._typing.discard)

    async def _type(self, client_id: int) -> None:
        with contextlib.suppress(RedisError, OSError):
            client = await self.storage.client(client_id)
            if client.handoff is not None:
                await tolerate(self.bot.send_chat_action(client_id, "typing"))
