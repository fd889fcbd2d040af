"""What stands before replicas: each connection goes to the next one that takes it.

Of connections, not of requests, as the cheapest ones work: it lives on the cores that it is meant to keep
free for the replicas, and takes as much for each update whatever program is behind it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

LARGEST_PIECE = 65_536
#: Seconds to say goodbye.
ENDS_WITHIN_S = 5.0


class ConnectionBalancer:
    """Passes bytes on, and notices that a replica is gone by its closed connections."""

    def __init__(self) -> None:
        self._ports: Sequence[int] = ()
        self._dealt = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    def deal_to(self, ports: Sequence[int]) -> None:
        """From now on these replicas in turns. Connections to earlier ones end: nothing may be under way."""
        self._ports = ports
        for writer in self._open:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._open.add(writer)
        try:
            replica = await self._next_that_lives()
            if replica is not None:
                answers, requests = replica
                await asyncio.gather(_pass_on(reader, requests), _pass_on(answers, writer))
        finally:
            writer.close()
            self._open.discard(writer)
            self._serving.discard(task)

    async def ended(self) -> None:
        """Every connection is closed."""
        self.deal_to(())
        if self._serving:
            await asyncio.wait(self._serving, timeout=ENDS_WITHIN_S)

    async def _next_that_lives(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """None when nobody takes the connection."""
        self._dealt += 1
        ports = self._ports
        for n in range(len(ports)):
            with suppress(ConnectionError):
                return await asyncio.open_connection("127.0.0.1", ports[(self._dealt + n) % len(ports)])
        return None


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one of both sides closes; then both are closed."""
    with suppress(ConnectionError):
        while piece := await reader.read(LARGEST_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def balancing() -> AsyncIterator[tuple[ConnectionBalancer, str]]:
    """A balancer without replicas yet, and its address, while the block runs."""
    balancer = ConnectionBalancer()
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    try:
        yield balancer, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await balancer.ended()
