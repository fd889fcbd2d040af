"""The scheduling half of One-Link, put together."""

from aiohttp import web

from bot.sandbox.scheduling_appointments import AppointmentsApi
from bot.sandbox.scheduling_calendar import CalendarApi
from bot.sandbox.scheduling_contacts import SchedulingContactsApi
from bot.sandbox.scheduling_directories import DirectoriesApi
from bot.sandbox.world import World


class SchedulingApi:
    """All routes under `/api/v1/accounts/{account}/scheduling` that a bot may need.

    Left out: administrators' writes (edit the world instead), payments and expenses.
    """

    def __init__(self, world: World) -> None:
        self.parts = (
            CalendarApi(world),
            DirectoriesApi(world),
            SchedulingContactsApi(world),
            AppointmentsApi(world),
        )

    def add_routes(self, app: web.Application) -> None:
        for part in self.parts:
            part.add_routes(app)
