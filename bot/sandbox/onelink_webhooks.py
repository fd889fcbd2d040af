"""One-Link's webhooks, really sent, and the ways in which they go astray.

Two sources, as in One-Link: the inbox's own address gets everything, unsigned and retried; addresses of the
account get what they subscribed to, signed (profile `current`) and never retried. Deliveries run side by
side, so nothing keeps them in order.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterator
from typing import Any

import orjson
from aiohttp import ClientSession, web

from bot.sandbox.answers import Refused, Row, answer, body_of
from bot.sandbox.message_fate import MessageFate, message_in
from bot.sandbox.signals import Signal
from bot.sandbox.webhook_delivery import Delivery
from bot.sandbox.webhook_payloads import webhook_payload
from bot.sandbox.world import Event, World

CAPACITY = 2_000
"""Older deliveries are forgotten."""

LONGEST_WAIT = 30.0
"""Seconds."""


class OneLinkWebhooks:
    """Listens to the world, delivers, and answers `/_sandbox/webhooks`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fate = MessageFate(world)
        self.deliveries: deque[Delivery] = deque(maxlen=CAPACITY)
        self._lose = 0
        self._double = False
        self._backwards = False
        self._held: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = Signal()
        self._session: ClientSession | None = None
        self._closed = False
        world.listeners.append(self._happened)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox/webhooks", self._listed)
        app.router.add_put("/_sandbox/webhooks", self._switched)
        app.on_shutdown.append(self._close)

    async def _listed(self, request: web.Request) -> web.Response:
        """`?idle=1&wait=<seconds>`: first wait until none is under way or waiting; held ones do not count."""
        if request.query.get("idle"):
            try:
                wait = min(float(request.query.get("wait", LONGEST_WAIT)), LONGEST_WAIT)
            except ValueError:
                return answer({"error": "wait is a number of seconds"}, 422)
            await self._idle.until(lambda: not self._tasks, wait)
        return answer([delivery.described() for delivery in self.deliveries])

    async def _switched(self, request: web.Request) -> web.Response:
        """`{"lose": 2, "double": true, "backwards": false}`; what is absent stays. Answers all three.

        `lose`: so many of the next deliveries never leave. `double`: what was accepted is sent once more.
        `backwards`: deliveries are held, and sent in reverse order when it is switched off.
        """
        try:
            body = await body_of(request)
            self._lose = int(body.get("lose", self._lose))
        except (Refused, TypeError, ValueError) as error:
            return answer({"error": f"lose is a number: {error}"}, 422)
        self._double = bool(body.get("double", self._double))
        self._backwards = bool(body.get("backwards", self._backwards))
        if self._held and not self._backwards:
            held, self._held = self._held[::-1], []
            self._start(self._release(held))
        return answer({"lose": self._lose, "double": self._double, "backwards": self._backwards})

    def _happened(self, event: Event) -> None:
        """The body is made now; by the time it arrives the conversation may have moved on."""
        wanted = list(self._addresses(event))
        if not wanted or self._closed:
            return
        body = orjson.dumps(webhook_payload(self.world, event))
        for url, secret, pauses, of_inbox in wanted:
            delivery = Delivery(url, event, body, secret, pauses, of_inbox)
            self.deliveries.append(delivery)
            if self._lose > 0:
                self._lose -= 1
                delivery.state = "lost"
            elif self._backwards:
                delivery.state = "held"
                self._held.append(delivery)
            else:
                self._start(self._deliver(delivery))

    def _addresses(self, event: Event) -> Iterator[tuple[str, str | None, list[float], bool]]:
        """Address, secret to sign with, pauses before the attempts, whether it is the inbox's own."""
        switches, inbox = self.world.switches, self.world.inboxes.get(event.conversation["inbox_id"])
        if inbox is None:
            return  # a world that was given has a conversation in an inbox it does not have
        if inbox["webhook_url"]:
            secret = inbox["secret"] if switches["sign_inbox_webhooks"] else None
            yield inbox["webhook_url"], secret, switches["webhook_pauses"] or [0.0], True
        for webhook in self.world.rows("webhooks"):
            if event.name in webhook["subscriptions"]:
                yield webhook["url"], webhook["secret"] if self.world.current else None, [0.0], False

    async def _deliver(self, delivery: Delivery) -> None:
        session = self._http()
        if not await delivery.run(session, self._now):
            self._given_up(delivery)
        elif self._double:
            await delivery.post(session, self._now())

    async def _release(self, held: list[Delivery]) -> None:
        """One after the other, as far as their first attempts go."""
        for delivery in held:
            delivery.state = "waiting"
            self._start(self._deliver(delivery))
            await delivery.tried.wait()

    def _given_up(self, delivery: Delivery) -> None:
        """Operators see a message as failed when the inbox's address would not take it, even a client's."""
        message = delivery.event.message
        conversation = self.world.conversations.get(delivery.event.conversation["id"])
        if message is None or conversation is None or not delivery.of_inbox:
            return
        try:
            present: Row = message_in(conversation, message["id"])
        except Refused:
            return  # the world was replaced meanwhile
        self.fate.report(conversation, present, "failed", delivery.error)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._idle.fire()

    def _http(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession()
        return self._session

    def _now(self) -> float:
        return self.world.clock.now().timestamp()

    async def _close(self, _: web.Application) -> None:
        """End everything that is under way; what was not delivered is not delivered."""
        self._closed = True
        self._idle.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
