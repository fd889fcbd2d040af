"""What stands before replicas in webhook mode: each update goes to the next one that lives, or to none."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from tests.process import BotProcess

#: Longer than Telegram's patience: the balancer is never the one who gives up.
PATIENCE = aiohttp.ClientTimeout(total=70)


class Balancer:
    """Forwards `POST /telegram`. 502 when there is nobody, or when the replica died over the update:
    it is Telegram's business to send it again."""

    def __init__(self, replicas: Callable[[], Sequence[BotProcess]], session: aiohttp.ClientSession) -> None:
        self._replicas = replicas
        self._session = session
        self._next = 0
        self.app = web.Application()
        self.app.router.add_post("/telegram", self._forward)

    def next_up(self) -> BotProcess:
        """The replica that the next update goes to; IndexError when none lives."""
        alive = [replica for replica in self._replicas() if replica.alive]
        return alive[self._next % max(len(alive), 1)]

    async def _forward(self, request: web.Request) -> web.Response:
        try:
            replica = self.next_up()
            self._next += 1
            async with self._session.post(
                f"http://127.0.0.1:{replica.port}/telegram",
                data=await request.read(),
                headers={
                    name: value
                    for name, value in request.headers.items()
                    if name == "Content-Type" or name.startswith("X-Telegram")
                },
            ) as answer:
                return web.Response(status=answer.status, body=await answer.read())
        except (IndexError, aiohttp.ClientError):
            return web.Response(status=502)


@asynccontextmanager
async def balancing(replicas: Callable[[], Sequence[BotProcess]]) -> AsyncIterator[tuple[Balancer, str]]:
    """A balancer and its address, while the block runs."""
    # A connection for each update: one kept open to a killed replica would fail the next update as well.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as session:
        balancer = Balancer(replicas, session)
        runner = web.AppRunner(balancer.app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield balancer, f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
