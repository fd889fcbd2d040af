"""The directories of scheduling: services, resources, weekly rules, holidays, overrides, absences."""

from datetime import UTC, date, datetime

from aiohttp import web

from bot.sandbox.answers import Row, instant, integer, is_true, iso_date, listed, path_id, payload
from bot.sandbox.scheduling_rows import ACCOUNT, account_of, is_archived, overlapping, overrides, weekly
from bot.sandbox.scheduling_views import plain, service_view
from bot.sandbox.world import World


class DirectoriesApi:
    """Lists and single rows; changing them is an administrator's business: edit the world instead."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        get = app.router.add_get
        get(f"{ACCOUNT}/services", self.services)
        get(f"{ACCOUNT}/services/{{id}}", self.service)
        get(f"{ACCOUNT}/resources", self.resources)
        get(f"{ACCOUNT}/resources/{{id}}", self.resource)
        get(f"{ACCOUNT}/resources/{{id}}/{{table:work_rules|break_rules}}", self.weekly_rules)
        get(f"{ACCOUNT}/holidays", self.holidays)
        get(f"{ACCOUNT}/workday_overrides", self.workday_overrides)
        get(f"{ACCOUNT}/time_offs", self.time_offs)

    async def services(self, request: web.Request) -> web.Response:
        account_id = account_of(request)
        return listed([service_view(row, account_id) for row in self._directory("services", request)])

    async def service(self, request: web.Request) -> web.Response:
        return payload(service_view(self.world.find("services", path_id(request)), account_of(request)))

    async def resources(self, request: web.Request) -> web.Response:
        account_id = account_of(request)
        rows = [row for row in self._directory("resources", request) if not is_archived(row)]
        return listed([plain(row, account_id) for row in rows])

    async def resource(self, request: web.Request) -> web.Response:
        return payload(plain(self.world.find("resources", path_id(request)), account_of(request)))

    async def weekly_rules(self, request: web.Request) -> web.Response:
        resource = self.world.find("resources", path_id(request))
        rows = weekly(self.world, request.match_info["table"], {resource["id"]})
        return listed([plain(row, account_of(request)) for row in rows])

    async def holidays(self, request: web.Request) -> web.Response:
        """`year` keeps the rows of that year and those that recur."""
        year = request.query.get("year")
        rows = [
            row
            for row in self.world.rows("holidays")
            if not year or row["recurring_yearly"] or row["date"].startswith(year)
        ]
        return listed([plain(row, account_of(request)) for row in rows])

    async def workday_overrides(self, request: web.Request) -> web.Response:
        query = request.query
        first = iso_date(query["from"][:10], "from") if query.get("from") else date.min
        last = iso_date(query["to"][:10], "to") if query.get("to") else date.max
        rows = overrides(self.world, self._asked_resources(request), first, last)
        return listed([plain(row, account_of(request)) for row in rows])

    async def time_offs(self, request: web.Request) -> web.Response:
        query = request.query
        start = instant(query["from"], "from") if query.get("from") else datetime.min.replace(tzinfo=UTC)
        end = instant(query["to"], "to") if query.get("to") else datetime.max.replace(tzinfo=UTC)
        rows = overlapping(self.world, "time_offs", self._asked_resources(request), start, end)
        return listed([plain(row, account_of(request)) for row in rows])

    def _asked_resources(self, request: web.Request) -> set[int | None]:
        asked = request.query.get("resource_id")
        return {integer(asked, "resource_id")} if asked else {*self.world.resources, None}

    def _directory(self, table: str, request: web.Request) -> list[Row]:
        everything = is_true(request.query.get("include_inactive"))
        rows = [row for row in self.world.rows(table) if row["active"] or everything]
        return sorted(rows, key=lambda row: (row["name"], row["id"]))
