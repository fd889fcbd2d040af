"""The bot as a process of its own, to be stopped and killed as an operating system does it.

Importing the bot takes seconds, so one `python` imports it once and forks a child for each start; the
child then runs `booking-bot run` from its first line: own pid, own signals, own event loop. Settings come
by the environment, as everywhere.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: Seconds until a start, an answer or an end is given up.
LONGEST_START, LONGEST_WAIT = 60.0, 20.0

_NURSERY = """
import json, os, sys
import bot.app  # noqa: what takes long
from bot.__main__ import main
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.clear()
        os.environ.update(asked["env"])
        sys.argv = ["booking-bot", "run"]
        try:
            main()
        finally:
            sys.stderr.flush()
    print(pid, flush=True)
"""


class BotProcess:
    """One running `booking-bot run`. Always ends it: use `Nursery.running`."""

    def __init__(self, nursery: "Nursery", pid: int, log: Path) -> None:
        self._nursery = nursery
        self._log = log
        self._status: int | None = None
        self.pid = pid

    async def terminate(self) -> int:
        """SIGTERM, and the exit status once it has finished what is in hand."""
        return await self._ended_by(signal.SIGTERM)

    async def kill(self) -> int:
        """SIGKILL: it finishes nothing."""
        return await self._ended_by(signal.SIGKILL)

    async def ends(self) -> int:
        """The exit status, when somebody else ends it; negative for a signal."""
        if self._status is None:
            self._status = int(await self._nursery.asked({"wait": self.pid}))
        return self._status

    def log(self) -> str:
        """All it has written."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    async def _ended_by(self, number: signal.Signals) -> int:
        if self._status is None:
            os.kill(self.pid, number)
        return await self.ends()


class Nursery:
    """Starts bots; see the module. Begins to import at once, and is waited for when the first is wanted."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started = 0
        self._ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @asynccontextmanager
    async def running(self, env: Mapping[str, str]) -> AsyncIterator[BotProcess]:
        """A bot with exactly these settings in its environment; killed, if need be, when the block ends."""
        if not self._ready:
            assert await self._line(LONGEST_START) == "ready"
            self._ready = True
        self._started += 1
        log = self._logs / f"bot-{self._started}.log"
        pid = int(await self.asked({"env": dict(env), "log": str(log)}))
        bot = BotProcess(self, pid, log)
        try:
            yield bot
        finally:
            await bot.kill()

    async def asked(self, request: dict[str, Any]) -> str:
        """One line to the parent of all bots, one line back."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return await self._line(LONGEST_WAIT)

    def close(self) -> None:
        """End the parent; every bot has been ended by its `running`."""
        with self._process as process:
            process.kill()

    async def _line(self, seconds: float) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(self._process.stdout.readline), seconds)
        assert line, "the parent of the bots has ended"
        return line.strip()


async def run_command(*arguments: str, env: Mapping[str, str], cwd: Path) -> tuple[int, str, str]:
    """`python -m bot …` to its end: exit status, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), LONGEST_START)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
