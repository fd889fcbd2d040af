"""Stands between a bot and Redis and counts how often the one waits for the other.

Commands that leave together (a pipeline, a transaction) cost one round trip, a script that does ten things
costs one, too. Counting commands on the server (MONITOR, INFO commandstats) could not tell them apart.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import hiredis

_ID = re.compile(r"\{.*\}|[0-9a-f-]{30,}|(?<=tg_).*|\d{3,}")


class Trips:
    """Round trips in order; each is named by its commands and the first key of each."""

    def __init__(self) -> None:
        self.made: list[str] = []


@asynccontextmanager
async def counted(redis_url: str, directory: Path) -> AsyncIterator[tuple[str, Trips]]:
    """The URL of a way to this Redis (by a Unix socket) that is counted."""
    trips = Trips()
    server_path, path = urlsplit(redis_url).path, directory / "counted.sock"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(server_path)
        wire = _Wire(trips)
        back = asyncio.create_task(_pass_on(from_server, writer, wire.answered))
        try:
            await _pass_on(reader, to_server, wire.asked)
        finally:
            back.cancel()
            to_server.close()
            writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield f"unix://{path}", trips


class _Wire:
    """One connection. A trip begins with the first bytes after an answer."""

    def __init__(self, trips: Trips) -> None:
        self._trips = trips
        self._commands = hiredis.Reader()
        self._waiting = False

    def asked(self, data: bytes) -> None:
        if not self._waiting:
            self._trips.made.append("")
            self._waiting = True
        self._commands.feed(data)
        while (command := self._commands.gets()) is not False:
            before = self._trips.made[-1]
            self._trips.made[-1] = f"{before} + {_name(command)}" if before else _name(command)

    def answered(self, _: bytes) -> None:
        self._waiting = False


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: object) -> None:
    assert callable(seen)
    while data := await reader.read(65_536):
        seen(data)
        writer.write(data)
        await writer.drain()


def _name(command: list[bytes]) -> str:
    """`EVALSHA lock:…`, `GET client:…`: nothing of anybody's."""
    verb, *rest = (part.decode(errors="replace") for part in command)
    key = rest[2:3] if verb.startswith("EVAL") else rest[:1]
    return " ".join([verb, *(_ID.sub("…", it) for it in key)])
