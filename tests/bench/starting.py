"""P10: how long a start takes, from the command to the first answer, and how much of it are imports."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import aiohttp

from bot.embedded_redis import embedded_redis
from bot.sandbox.server import serving
from tests.bench.findings import Finding
from tests.bench.machine import cores, pinned
from tests.clinic import world
from tests.conftest import settings_for
from tests.ports import free_port
from tests.process import ROOT, environment_of

REPEATS = 5
SLOWEST_S, MOST_IMPORTS = 2.0, 1.5
#: Seconds.
GIVES_UP_AFTER_S, LOOKS_EVERY_S, ENDS_WITHIN_S = 30.0, 0.01, 15.0
#: What `bot run` imports, as its command line does.
BOT = "import bot.__main__, bot.lean_aiogram, bot.app, bot.domain.zones, bot.embedded_redis, uvloop"
YARDSTICK = "import aiogram, httpx"


async def starting() -> list[Finding]:
    """`bot run` as an operating system starts it; imports with a warm disk cache, in turns."""
    bot_core, other_core = cores()
    with tempfile.TemporaryDirectory() as directory, pinned(other_core):
        async with embedded_redis(Path(directory) / "data") as redis_url, serving(world=world()) as sandbox:
            starts = []
            for _ in range(REPEATS):
                port = free_port()
                settings = settings_for(sandbox, redis_url) | {"http_port": port}
                starts.append(await _started(environment_of(settings), Path(directory), port, bot_core))
    with pinned(bot_core):
        pairs = [(_imports_s(BOT), _imports_s(YARDSTICK)) for _ in range(REPEATS)]
    ready, ratio = median(starts), median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (median(times) for times in zip(*pairs, strict=True))
    return [
        Finding(
            "from the start to the first 200 of `/readyz`",
            f"{ready:.2f} s ({min(starts):.2f} to {max(starts):.2f} s)",
            f"within {SLOWEST_S:.0f} s",
            ready <= SLOWEST_S,
        ),
        Finding(
            "imports of the bot",
            f"{ratio:.2f} × those of aiogram and httpx",
            f"at most {MOST_IMPORTS} ×",
            ratio <= MOST_IMPORTS,
        ),
        Finding("imports of aiogram and httpx → of the bot", f"{theirs:.2f} s → {ours:.2f} s"),
    ]


async def _started(environment: dict[str, str], directory: Path, port: int, core: int) -> float:
    """Seconds until it is ready; then it is ended."""
    begun = perf_counter()
    with pinned(core):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            cwd=directory,
            env={"PYTHONPATH": str(ROOT), **environment},
            stderr=asyncio.subprocess.DEVNULL,  # its log
        )
    try:
        async with asyncio.timeout(GIVES_UP_AFTER_S), aiohttp.ClientSession() as session:
            while not await _ready(session, f"http://127.0.0.1:{port}/readyz"):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(LOOKS_EVERY_S)
        return perf_counter() - begun
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)


async def _ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def _imports_s(statement: str) -> float:
    """Seconds that `-X importtime` counts, of all modules together."""
    command = [sys.executable, "-X", "importtime", "-c", statement]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stderr
    rows = [line.removeprefix("import time:").split("|") for line in said.splitlines()]
    own = [int(row[0]) for row in rows if len(row) == 3 and row[0].strip().isdigit()]
    return sum(own) / 1e6
