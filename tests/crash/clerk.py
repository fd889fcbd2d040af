"""The staff of the clinic, who change the calendar at any moment and ask nobody."""

from datetime import UTC, datetime, timedelta

from bot.sandbox.world import World
from tests.clinic import HAIRCUT, Row, local

VISIT = timedelta(minutes=30)


class Clerk:
    """Works in One-Link itself, at once and without faults. `touched`: the appointments of others that
    were moved or cancelled here."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.touched: set[int] = set()

    def books(self, resource_id: int, day: str, time: str) -> None:
        """For somebody on the phone, if that time is free."""
        starts_at = local(day, time)
        if self._is_free(resource_id, starts_at):
            self._world.add(
                "appointments",
                {
                    "resource_id": resource_id,
                    "service_id": HAIRCUT,
                    "client_name": "Somebody on the phone",
                    "status": "scheduled",
                    **_span(starts_at),
                },
            )

    def cancels(self, phone: str) -> None:
        """The visit of this client, if there is one yet."""
        for row in self._live(phone):
            row["status"] = "cancelled"
            self.touched.add(row["id"])

    def moves(self, phone: str, day: str, time: str) -> None:
        """The visit of this client, if there is one yet and the other time is free."""
        for row in self._live(phone):
            if self._is_free(row["resource_id"], local(day, time)):
                row.update(_span(local(day, time)))
                self.touched.add(row["id"])

    def _live(self, phone: str) -> list[Row]:
        rows = self._world.rows("appointments")
        return [row for row in rows if row["client_phone"] == phone and row["status"] != "cancelled"]

    def _is_free(self, resource_id: int, starts_at: datetime) -> bool:
        span = _span(starts_at)
        return not any(
            row["resource_id"] == resource_id
            and row["status"] != "cancelled"
            and row["starts_at"] < span["ends_at"]
            and span["starts_at"] < row["ends_at"]
            for row in self._world.rows("appointments")
        )


def _span(starts_at: datetime) -> Row:
    start = starts_at.astimezone(UTC)
    return {"starts_at": _utc(start), "ends_at": _utc(start + VISIT)}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
