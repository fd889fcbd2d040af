"""Choosing rows of the world for the scheduling API: by resource, by range, in One-Link's order."""

from collections.abc import Collection
from datetime import date, datetime

from aiohttp import web

from bot.sandbox.answers import Row, utc
from bot.sandbox.availability import Timetable
from bot.sandbox.world import World

ACCOUNT = "/api/v1/accounts/{account}/scheduling"


def account_of(request: web.Request) -> int:
    return int(request.match_info["account"])


def is_archived(resource: Row) -> bool:
    return resource["custom_attributes"].get("deleted_from_scheduling") is True


def weekly(world: World, table: str, resource_ids: Collection[int]) -> list[Row]:
    rows = [row for row in world.rows(table) if row["resource_id"] in resource_ids]
    return sorted(rows, key=lambda row: (row["weekday"], row["start_minute"], row["id"]))


def overrides(world: World, resource_ids: Collection[int | None], first: date, last: date) -> list[Row]:
    rows = world.rows("workday_overrides")
    span = first.isoformat(), last.isoformat()
    return [row for row in rows if row["resource_id"] in resource_ids and span[0] <= row["date"] <= span[1]]


def overlapping(
    world: World, table: str, resource_ids: Collection[int | None], start: datetime, end: datetime
) -> list[Row]:
    # Stored instants all look like 2026-03-09T05:30:00Z, so texts compare as times do.
    from_text, to_text = utc(start), utc(end)
    rows = [
        row
        for row in world.rows(table)
        if row["resource_id"] in resource_ids and row["starts_at"] < to_text and row["ends_at"] > from_text
    ]
    return sorted(rows, key=lambda row: (row["starts_at"], row["id"]))


def timetables(
    world: World, resources: list[Row], start: datetime, end: datetime
) -> list[tuple[Row, Timetable]]:
    """Each resource with what bears on its free time in the range."""
    ids = {resource["id"] for resource in resources}
    tables = {name: world.rows(name) for name in ("work_rules", "break_rules", "workday_overrides")}
    by_resource: dict[int, dict[str, list[Row]]] = {id_: {name: [] for name in tables} for id_ in ids}
    for name, rows in tables.items():
        for row in rows:
            if row["resource_id"] in ids:
                by_resource[row["resource_id"]][name].append(row)
    holidays = world.rows("holidays")
    time_offs = overlapping(world, "time_offs", {*ids, None}, start, end)
    visits = overlapping(world, "appointments", ids, start, end)
    return [
        (
            resource,
            Timetable(
                resource,
                **by_resource[resource["id"]],
                holidays=holidays,
                time_offs=time_offs,
                appointments=visits,
            ),
        )
        for resource in resources
    ]
