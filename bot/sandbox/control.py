"""Control of One-Link and of the time, for tests and tools: no authentication, loopback only."""

import orjson
from aiohttp import web

from bot.sandbox.answers import Refused, Row, answer, body_of, instant
from bot.sandbox.world import World


class WorldControl:
    """`/_sandbox` (which profile runs), `/_sandbox/world` and `/_sandbox/clock`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/_sandbox", self._about)
        app.router.add_get("/_sandbox/world", self._show)
        app.router.add_put("/_sandbox/world", self._replace)
        app.router.add_get("/_sandbox/clock", self._time)
        app.router.add_put("/_sandbox/clock", self._jump)

    async def _about(self, request: web.Request) -> web.Response:
        return answer({"profile": self.world.profile, "now": self._now()})

    async def _show(self, request: web.Request) -> web.Response:
        return answer(self.world.dump())

    async def _replace(self, request: web.Request) -> web.Response:
        """The whole state at once; a world that cannot be understood changes nothing and says why (422)."""
        try:
            data = orjson.loads(await request.read())
            if not isinstance(data, dict):
                raise ValueError("a world is a JSON object")
            self.world.load(data)
        except (Refused, ValueError, TypeError, LookupError, AttributeError) as error:
            return answer({"error": f"{type(error).__name__}: {error}"}, 422)
        return answer(self.world.dump())

    async def _time(self, request: web.Request) -> web.Response:
        return answer({"now": self._now()})

    async def _jump(self, request: web.Request) -> web.Response:
        """`{"now": "2026-03-08T06:00:00Z"}` or `{"advance": 3600}` (seconds)."""
        try:
            body: Row = await body_of(request)
            if "now" in body:
                self.world.clock.set(instant(body["now"], "now"))
            else:
                self.world.clock.advance(float(body["advance"]))
        except (Refused, KeyError, TypeError, ValueError, OverflowError) as error:
            return answer({"error": f"{type(error).__name__}: {error}"}, 422)
        return answer({"now": self._now()})

    def _now(self) -> str:
        return self.world.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
