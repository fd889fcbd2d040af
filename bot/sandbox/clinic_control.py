"""Control routes for the clinic's own side: staff add, move and cancel visits, and a page sees it at once.

What happens in conversations is seen too, also when no request was its cause.

Every change is made within one turn of the event loop, by the same checks as One-Link's own booking, so
that nobody's appointment can come in between. Refusals are One-Link's: `{"error", "code"}`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from bot.sandbox.answers import Refused, Row, answer, body_of, instant, path_id, text, utc
from bot.sandbox.availability import seconds
from bot.sandbox.booking import payment_status, refuse_unavailable, resolve, validate
from bot.sandbox.rows import DEFAULTS
from bot.sandbox.signals import Signal
from bot.sandbox.world import Event, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Action = Callable[[Row, web.Request], Row]

LONGEST_WAIT = 30.0
"""Seconds."""

PLACE = ("resource_id", "starts_at", "ends_at")
ELSEWHERE = ("/bot", "/_sandbox/chats", "/_sandbox/telegram", "/_sandbox/webhooks")
"""Paths below which a request changes Telegram or the way of webhooks, and never the clinic."""


class ClinicControl:
    """What staff do with appointments, and `/_sandbox/changes` (waiting for anybody's change)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.version = 0
        self._changed = Signal()

    def add_routes(self, app: web.Application) -> None:
        app.router.add_post("/_sandbox/appointments", self._answering(self._add, 201))
        app.router.add_patch("/_sandbox/appointments/{id}", self._answering(self._change, 200))
        app.router.add_post("/_sandbox/conversations/{id}/seen", self._answering(self._look, 200))
        app.router.add_get("/_sandbox/changes", self._changes)
        app.on_shutdown.append(self._close)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Counts the requests that may have changed the clinic, whoever made them."""
        try:
            return await handler(request)
        finally:
            if request.method != "GET" and not request.path.startswith(ELSEWHERE):
                self._count()

    def happened(self, _: Event) -> None:
        """One of the world's listeners: a message may fail long after the request that wrote it."""
        self._count()

    def _count(self) -> None:
        self.version += 1
        self._changed.fire()

    async def _changes(self, request: web.Request) -> web.Response:
        """`?since=<version>&wait=<seconds>` answers when the version is another; else at once."""
        since = request.query.get("since")
        if since is not None:
            try:
                wait = min(float(request.query.get("wait", LONGEST_WAIT)), LONGEST_WAIT)
            except ValueError:
                return answer({"error": "wait is a number of seconds"}, 422)
            await self._changed.until(lambda: str(self.version) != since, wait)
        return answer({"version": self.version})

    def _add(self, body: Row, _: web.Request) -> Row:
        """`{resource_id, service_id?, contact_id?, client_name?, starts_at}`, as long as the service takes.

        Somebody without `contact_id` is new to the clinic and becomes a contact, because newer One-Links
        book for contacts only.
        """
        world = self.world
        starts_at = instant(body.get("starts_at"), "starts_at")
        length = timedelta(minutes=self._length(body))
        wanted: Row = {key: body[key] for key in ("resource_id", "service_id", "client_name") if key in body}
        wanted |= {"starts_at": utc(starts_at), "ends_at": utc(starts_at + length)}
        newcomer: Row | None = None
        contact_id = body.get("contact_id")
        if contact_id is None and text(body.get("client_name")):
            newcomer = world.add("contacts", {"full_name": text(body["client_name"])})
            contact_id = newcomer["id"]
        try:
            columns = resolve(world, wanted | {"contact_id": contact_id}, {})
            visit = DEFAULTS["appointments"] | {"custom_attributes": {}} | columns
            refuse_unavailable(world, visit)
            validate(world, visit)
        except Refused:
            if newcomer is not None:
                del world.contacts[newcomer["id"]]
            raise
        return world.add("appointments", visit)

    def _length(self, body: Row) -> int:
        """Minutes: the service's, or one slot of the resource when staff name no service."""
        if body.get("service_id") is not None:
            return int(self.world.find("services", body["service_id"])["duration_min"])
        return int(self.world.find("resources", body.get("resource_id"))["slot_duration_min"])

    def _change(self, body: Row, request: web.Request) -> Row:
        """`{starts_at?, resource_id?, status?}`: what is absent stays, and so does the length.

        Cancelling is always possible: what the clinic calls off does not take place.
        """
        world, stored = self.world, self.world.find("appointments", request.match_info["id"])
        if body.get("status") == "cancelled":
            stored.update(status="cancelled", payment_status="cancelled", updated_at=world.now())
            return stored
        wanted: Row = {key: body[key] for key in ("resource_id", "status") if key in body}
        if "starts_at" in body:
            starts_at = instant(body["starts_at"], "starts_at")
            length = timedelta(seconds=seconds(stored["ends_at"]) - seconds(stored["starts_at"]))
            wanted |= {"starts_at": utc(starts_at), "ends_at": utc(starts_at + length)}
        changed = stored | resolve(world, wanted, stored)
        revived = stored["status"] == "cancelled"
        moved = any(stored[key] != changed[key] for key in PLACE)
        if changed["status"] != "cancelled" and (revived or moved):
            refuse_unavailable(world, changed)
        validate(world, changed)
        changed["payment_status"] = payment_status(changed)
        stored.update(changed, updated_at=world.now())
        return stored

    def _look(self, _: Row, request: web.Request) -> Row:
        """An operator reads a conversation: nothing in it is unread, and no webhook tells of it."""
        conversation = self.world.find("conversations", path_id(request))
        conversation["agent_last_seen_at"] = int(self.world.clock.now().timestamp())
        return {key: conversation[key] for key in ("id", "agent_last_seen_at")}

    def _answering(self, act: Action, status: int) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return answer(act(await body_of(request), request), status)
            except Refused as refused:
                return answer(refused.body, refused.status)

        return handle

    async def _close(self, _: web.Application) -> None:
        self._changed.close()
