"""A Redis, a copy of it, and a sentinel that puts the copy in its place when it dies: real servers."""

import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.embedded_redis import server_binary
from tests.crash.stage import until
from tests.ports import free_port

NAME = "clinic"
#: Seconds for the servers to find each other; the sentinel asks each of them once a second.
READY_WITHIN_S, ENDS_WITHIN_S = 30.0, 10.0
#: How long a server is silent until the sentinel takes it for dead.
DEAD_AFTER_MS = 500


class Sentinels:
    """`url` is what REDIS_URL says."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._servers: dict[int, subprocess.Popen[bytes]] = {}
        self._master, self._copy, self._sentinel = (free_port() for _ in range(3))
        self.url = f"redis+sentinel://127.0.0.1:{self._sentinel}/{NAME}"

    async def start(self) -> None:
        """Until the sentinel knows master and copy, and the copy has all that the master has."""
        self._run(self._master, "--save", "")
        self._run(self._copy, "--save", "", "--replicaof", "127.0.0.1", str(self._master))
        assert await until(self._is_copied, READY_WITHIN_S), "the copy does not follow the master"
        config = self._directory / "sentinel.conf"
        config.write_text(
            f"sentinel monitor {NAME} 127.0.0.1 {self._master} 1\n"
            f"sentinel down-after-milliseconds {NAME} {DEAD_AFTER_MS}\n"
            f"sentinel failover-timeout {NAME} 5000\n"
        )
        self._run(self._sentinel, config=config)
        assert await until(self._is_watched, READY_WITHIN_S), "the sentinel does not find the copy"

    def kill_master(self) -> None:
        """SIGKILL; the sentinel has to find out."""
        self._servers[self._master].send_signal(signal.SIGKILL)
        self._servers[self._master].wait(ENDS_WITHIN_S)

    async def copy_is_master(self) -> bool:
        """Whether the copy takes writes now."""
        return (await self._info(self._copy)).get("role") == "master"

    def stop(self) -> None:
        """All of them."""
        for server in self._servers.values():
            server.kill()
            server.wait(ENDS_WITHIN_S)

    def _run(self, port: int, *options: str, config: Path | None = None) -> None:
        home = self._directory / str(port)
        home.mkdir()
        mode = [str(config), "--sentinel"] if config else []
        places = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
        self._servers[port] = subprocess.Popen(
            [server_binary(), *mode, *places, *options], stdout=subprocess.DEVNULL, cwd=home
        )

    async def _is_copied(self) -> bool:
        return (await self._info(self._copy)).get("master_link_status") == "up"

    async def _is_watched(self) -> bool:
        found = (await self._info(self._sentinel)).get("master0") or {}
        return found.get("status") == "ok" and int(found.get("slaves") or 0) == 1

    async def _info(self, port: int) -> dict[str, Any]:
        """Empty while it does not answer."""
        try:
            async with Redis(host="127.0.0.1", port=port, socket_timeout=5) as redis:
                return cast(dict[str, Any], await redis.info())
        except RedisError:
            return {}


@asynccontextmanager
async def sentinels(directory: Path) -> AsyncIterator[Sentinels]:
    """They run while the block does."""
    group = Sentinels(directory)
    try:
        await group.start()
        yield group
    finally:
        group.stop()
