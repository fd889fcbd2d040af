"""Appointments: list, get, book, change, cancel, delete."""

import asyncio
from contextlib import AsyncExitStack

from aiohttp import web

from bot.sandbox.answers import USER, Refused, Row, body_of, instant, listed, path_id, payload, utc, words
from bot.sandbox.booking import payment_status, refuse_unavailable, resolve, validate
from bot.sandbox.scheduling_rows import ACCOUNT, account_of
from bot.sandbox.scheduling_views import appointment_view
from bot.sandbox.world import World

PLACE = ("resource_id", "starts_at", "ends_at")
"""Newer One-Links check availability only when one of these changes."""


class AppointmentsApi:
    """Routes of appointments.

    Profile `published` checks and inserts without a lock, so two clients can both get 201 for one slot;
    the switch `race_window` holds the door open between the two. Profile `current` locks the resource.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._locks: dict[int, asyncio.Lock] = {}

    def add_routes(self, app: web.Application) -> None:
        one = f"{ACCOUNT}/appointments/{{id}}"
        app.router.add_get(f"{ACCOUNT}/appointments", self.index)
        app.router.add_post(f"{ACCOUNT}/appointments", self.create)
        app.router.add_get(one, self.show)
        app.router.add_route("PATCH", one, self.change)
        app.router.add_route("PUT", one, self.change)
        app.router.add_post(f"{one}/cancel", self.cancel)
        if self.world.current:
            app.router.add_delete(one, self.delete)

    async def index(self, request: web.Request) -> web.Response:
        """No paging. Profile `published` ignores the filters it does not know: everybody's rows come back."""
        query, rows = request.query, self.world.rows("appointments")
        if query.get("from"):
            rows = [row for row in rows if row["starts_at"] >= utc(instant(query["from"], "from"))]
        if query.get("to"):
            rows = [row for row in rows if row["starts_at"] < utc(instant(query["to"], "to"))]
        columns = {"resource_ids": "resource_id", "status": "status", "payment_status": "payment_status"}
        if self.world.current:
            columns |= {
                "contact_ids": "contact_id",
                "conversation_ids": "conversation_id",
                "conversation_display_ids": "conversation_display_id",
                "patient_contact_ids": "patient_contact_id",
            }
        for name, column in columns.items():
            if query.get(name):
                wanted = words(query[name])
                rows = [row for row in rows if str(row[column]) in wanted]
        rows.sort(key=lambda row: (row["starts_at"], row["id"]))
        return listed([appointment_view(self.world, row, account_of(request)) for row in rows])

    async def show(self, request: web.Request) -> web.Response:
        """Any appointment of the account: whose it is, is the client's business."""
        return self._answer(request, self.world.find("appointments", path_id(request)))

    async def create(self, request: web.Request) -> web.Response:
        """Book: 201. A known idempotency key: 200 with whatever that appointment has become meanwhile."""
        world, body = self.world, await body_of(request)
        if (replayed := self._replayed(body.get("idempotency_key"))) is not None:
            return self._answer(request, replayed)
        if world.current and str(body.get("external_ref") or "").startswith("medelement:"):
            raise Refused(422, "External ref is reserved", "APPOINTMENT_EXTERNAL_REF_RESERVED")
        columns = resolve(world, body, {})
        async with AsyncExitStack() as held:
            if world.current:
                await held.enter_async_context(self._lock(columns["resource_id"]))
            visit = self._draft(request, columns)
            refuse_unavailable(world, visit)
            validate(world, visit)
            if not world.current:
                await asyncio.sleep(world.switches["race_window"])
                validate(world, visit)  # the unique indexes hold even when the check before was too early
            added = world.add("appointments", visit)
        return self._answer(request, added, 201)

    async def change(self, request: web.Request) -> web.Response:
        """PATCH and PUT alike: only the keys present are applied. Last writer wins."""
        world, body = self.world, await body_of(request)
        stored = world.find("appointments", path_id(request))
        _refuse_imported(stored)
        if world.current and body.get("status") == "cancelled":
            return self._cancelled(request, stored)
        async with AsyncExitStack() as held:
            if world.current:
                await held.enter_async_context(
                    self._lock(int(body.get("resource_id") or stored["resource_id"]))
                )
            changed = stored | resolve(world, body, stored)
            if changed["status"] != "cancelled" and (not world.current or _is_moved(stored, changed)):
                refuse_unavailable(world, changed)
            validate(world, changed)
            if "payment_status" in body:
                changed["payment_status"] = body["payment_status"]
            changed["payment_status"] = payment_status(changed)
            stored.update(changed, updated_at=world.now())
        return self._answer(request, stored)

    async def cancel(self, request: web.Request) -> web.Response:
        """Past, completed, no-show: all are cancelled without complaint. A cancelled one stays as it is."""
        stored = self.world.find("appointments", path_id(request))
        if not self.world.current:
            _refuse_imported(stored)
        return self._cancelled(request, stored)

    async def delete(self, request: web.Request) -> web.Response:
        stored = self.world.find("appointments", path_id(request))
        if stored["status"] != "cancelled":
            raise Refused(
                422, "Only cancelled appointments can be deleted", "APPOINTMENT_DELETE_REQUIRES_CANCELLED"
            )
        del self.world.appointments[stored["id"]]
        return web.Response(status=204)

    def _cancelled(self, request: web.Request, stored: Row) -> web.Response:
        if stored["status"] != "cancelled":
            # One-Link resolves the whole row again, the price included, so that a service which was
            # withdrawn meanwhile or an invalid IIN makes even a cancel fail.
            resolve(self.world, {"service_id": stored["service_id"]}, stored)
            if not self.world.switches["cancel_queued"]:
                now = self.world.now()
                stored.update(status="cancelled", payment_status="cancelled", updated_at=now)
        return self._answer(request, stored)

    def _replayed(self, key: object) -> Row | None:
        """Looked up verbatim while storage trims: a key with outer spaces is never found again."""
        if not isinstance(key, str) or not key.strip():
            return None
        rows = self.world.appointments.values()
        return next((row for row in rows if row["idempotency_key"] == key), None)

    def _draft(self, request: web.Request, columns: Row) -> Row:
        user_id = request[USER]["id"]
        defaults: Row = {
            "status": "scheduled",
            "appointment_type": "primary",
            "external_ref": None,
            "idempotency_key": None,
            "custom_attributes": {},
            "created_by_id": user_id,
            "owner_id": user_id,
        }
        return defaults | columns

    def _lock(self, resource_id: int) -> asyncio.Lock:
        return self._locks.setdefault(resource_id, asyncio.Lock())

    def _answer(self, request: web.Request, visit: Row, status: int = 200) -> web.Response:
        return payload(appointment_view(self.world, visit, account_of(request)), status)


def _refuse_imported(visit: Row) -> None:
    if visit["source"] == "medelement":
        raise Refused(422, "Imported Medelement appointments are read-only", "APPOINTMENT_READ_ONLY")


def _is_moved(stored: Row, changed: Row) -> bool:
    revived = stored["status"] == "cancelled" and changed["status"] != "cancelled"
    return revived or any(stored[key] != changed[key] for key in PLACE)
