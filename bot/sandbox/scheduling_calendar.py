"""The calendar and the free windows: the two answers that compute free time."""

from datetime import date, datetime, time, timedelta

from aiohttp import web

from bot.sandbox.answers import (
    Refused,
    Row,
    instant,
    integer,
    invalid,
    is_true,
    iso_date,
    not_found,
    payload,
    utc,
    words,
)
from bot.sandbox.availability import MIN_SLOT_MINUTES, Timetable, print_local, print_utc, seconds
from bot.sandbox.scheduling_rows import (
    ACCOUNT,
    account_of,
    is_archived,
    overlapping,
    overrides,
    timetables,
    weekly,
)
from bot.sandbox.scheduling_views import appointment_view, plain
from bot.sandbox.world import World

VIEWS = ("day", "week", "month", "list")
LONGEST_WINDOW_DAYS = 31


class CalendarApi:
    """GET calendar, and GET availability where One-Link is new enough to have it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(f"{ACCOUNT}/calendar", self.calendar)
        if self.world.current:
            app.router.add_get(f"{ACCOUNT}/availability", self.availability)

    async def calendar(self, request: web.Request) -> web.Response:
        """Everything that bears on a range of time, and the slots if asked for. No longest range."""
        query, account_id = request.query, account_of(request)
        start, end = _range(query.get("from"), query.get("to"))
        view = query.get("view") or "week"
        if view not in VIEWS:
            raise invalid(f"view must be one of: {', '.join(VIEWS)}")
        resources = self._chosen(request)
        ids = {resource["id"] for resource in resources}
        eve, morrow = start.date() - timedelta(days=1), end.date() + timedelta(days=1)
        body: Row = {
            "view": view,
            "range": {"from": utc(start), "to": utc(end)},
            "resources": resources,
            "work_rules": weekly(self.world, "work_rules", ids),
            "break_rules": weekly(self.world, "break_rules", ids),
            "holidays": self.world.rows("holidays"),
            "workday_overrides": overrides(self.world, ids, eve, morrow),
            "time_offs": overlapping(self.world, "time_offs", {*ids, None}, start, end),
        }
        body = {
            key: [plain(r, account_id) for r in v] if isinstance(v, list) else v for key, v in body.items()
        }
        visits = overlapping(self.world, "appointments", ids, start, end)
        body["appointments"] = [
            appointment_view(self.world, visit, account_id) for visit in self._filtered(visits, request)
        ]
        if not (self.world.current and self.world.switches["finance_removed"]):
            body |= {"payments": [], "expenses": []}
        body["slots"] = []
        if is_true(query.get("include_slots")):
            asked = query.get("duration_min")
            length = None if not asked else max(_lenient_integer(asked), MIN_SLOT_MINUTES)
            for resource, timetable in timetables(self.world, resources, start, end):
                body["slots"] += _slots(resource, timetable, start, end, length)
        return payload(body)

    async def availability(self, request: web.Request) -> web.Response:
        """Free windows of one resource for whole local days; only newer One-Links have this route."""
        query = request.query
        for name in ("resource_id", "date" if "date_from" not in query else "date_to"):
            if not query.get(name):
                raise Refused(422, f"param is missing or the value is empty: {name}")
        resource = self.world.find("resources", query["resource_id"])
        if not resource["active"] or is_archived(resource):
            raise not_found()
        first = iso_date(query.get("date_from") or query.get("date"), "date")
        last = iso_date(query.get("date_to") or query.get("date"), "date")
        if last < first or (last - first).days >= LONGEST_WINDOW_DAYS:
            raise invalid(f"date range must be 1 to {LONGEST_WINDOW_DAYS} days")
        length = self._window_minutes(request, resource)
        midnight = _midnights(resource, first, last)
        [(_, timetable)] = timetables(self.world, [resource], *midnight)
        windows = [
            {"starts_at": print_local(s.start, timetable.zone), "ends_at": print_local(s.end, timetable.zone)}
            for s in timetable.slots(int(midnight[0].timestamp()), int(midnight[1].timestamp()), length)
        ]
        return payload(
            {
                "windows": windows,
                "checked_at": self.world.clock.now()
                .isoformat(timespec="microseconds")
                .replace("+00:00", "Z"),
                "source": "local_rules",
                "state": "ok",
                "last_bookable_date": None,
            }
        )

    def _chosen(self, request: web.Request) -> list[Row]:
        """The resources of a calendar: those asked for, or all that are not archived."""
        asked = words(request.query.get("resource_ids"))
        if self.world.current:
            asked += request.query.getall("resource_ids[]", [])
            if not all(word.isdigit() and int(word) for word in asked):
                raise invalid("resource_ids must contain positive integer IDs")
        rows = [self.world.find("resources", word) for word in asked] or self.world.rows("resources")
        unique = {row["id"]: row for row in rows if not is_archived(row)}
        return sorted(unique.values(), key=lambda row: (row["name"], row["id"]))

    def _filtered(self, visits: list[Row], request: web.Request) -> list[Row]:
        """Filters hide appointments and free nothing; profile `published` ignores them."""
        if not self.world.current:
            return visits
        for name in ("status", "payment_status"):
            asked = words(request.query.get(name))
            visits = [visit for visit in visits if not asked or visit[name] in asked]
        return visits

    def _window_minutes(self, request: web.Request, resource: Row) -> int:
        """The service's own duration wins over `duration_min`; the pair needs an active price row."""
        query = request.query
        if query.get("service_id"):
            service = self.world.find("services", query["service_id"])
            priced = any(
                price["active"] and price["price"] > 0 and price["resource_id"] == resource["id"]
                for price in service["prices"]
            )
            if not service["active"]:
                raise not_found()
            if not priced:
                raise invalid("Service is not available for this resource")
            return int(service["duration_min"])
        if query.get("duration_min"):
            minutes = integer(query["duration_min"], "duration_min")
            if not 5 <= minutes <= 1440:
                raise invalid("duration_min must be between 5 and 1440")
            return minutes
        return int(resource["slot_duration_min"])


def _range(start: str | None, end: str | None) -> tuple[datetime, datetime]:
    if not start:
        raise invalid("from is required")
    if not end:
        raise invalid("to is required")
    return instant(start, "from"), instant(end, "to")


def _lenient_integer(value: str) -> int:
    """As Ruby's to_i: what is not a number counts as 0."""
    return int(value) if value.lstrip("-").isdigit() else 0


def _midnights(resource: Row, first: date, last: date) -> tuple[datetime, datetime]:
    where = Timetable(resource).zone
    return (
        datetime.combine(first, time(), where),
        datetime.combine(last + timedelta(days=1), time(), where),
    )


def _slots(
    resource: Row, timetable: Timetable, start: datetime, end: datetime, length: int | None
) -> list[Row]:
    """Slot elements with exactly One-Link's four keys."""
    where = timetable.zone
    found = timetable.slots(seconds(utc(start)), seconds(utc(end)), length or resource["slot_duration_min"])
    return [
        {
            "resource_id": resource["id"],
            "starts_at": print_local(s.start, where) if s.local else print_utc(s.start),
            "ends_at": print_local(s.end, where) if s.local else print_utc(s.end),
            "status": "available",
        }
        for s in found
    ]
