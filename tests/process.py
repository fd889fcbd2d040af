"""The bot as a process of its own, to be stopped and killed as an operating system does it.

`Launcher` starts many, fast (see `fork_server`); `run_command` runs any command of the command line to its
end. Settings come by the environment, as everywhere.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: Seconds; a start takes about 0.2, on a busy machine more.
STARTS_WITHIN, ENDS_WITHIN = 20.0, 15.0
#: Seconds: the first who asks waits for the import of everything, and for a first life.
FORKS_WITHIN = 60.0
#: Seconds: with the import of everything.
COMMAND_ENDS_WITHIN = 60.0
KEPT_LINES = 400


class DoesNotStart(Exception):
    """The bot ended before it ran; the message is what it said."""


class BotProcess(asyncio.Protocol):
    """One `python -m bot run`. What it logs is read as it comes: so we know that it runs or has ended."""

    def __init__(self, launcher: "Launcher") -> None:
        self.pid = 0
        self.port = 0
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.ended = asyncio.Event()
        self._launcher = launcher
        self._running = asyncio.Event()
        self._rest = b""

    async def runs(self) -> None:
        """Until it listens. DoesNotStart with its last words if it ends instead, or takes too long."""
        waiting = [asyncio.create_task(event.wait()) for event in (self._running, self.ended)]
        await asyncio.wait(waiting, timeout=STARTS_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if not self._running.is_set() or self.ended.is_set():
            raise DoesNotStart(self.log())

    @property
    def alive(self) -> bool:
        """Whether it may still do something."""
        return not self.ended.is_set()

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        await asyncio.wait_for(self.ended.wait(), ENDS_WITHIN)

    async def terminate(self) -> int:
        """SIGTERM, as a deployment does: the exit status, once it has finished what it has in hand."""
        self._signal(signal.SIGTERM)
        return await self.ends()

    async def ends(self) -> int:
        """The exit status, whoever ends it; negative for a signal."""
        await asyncio.wait_for(self.ended.wait(), ENDS_WITHIN)
        return self._launcher.status_of(self)

    def log(self) -> str:
        """The last lines that it has written."""
        return "\n".join(self.lines)

    def _signal(self, number: int) -> None:
        # The server has not reaped it: this number is still its own.
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def data_received(self, data: bytes) -> None:
        """Output: whole lines are kept, the one that says `running` is believed."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self.lines.append(line.decode(errors="replace"))
            if b'"event": "running"' in line:
                self.port = json.loads(line)["port"]
                self._running.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The last holder of the pipe is gone: the process has ended."""
        self.ended.set()


class Launcher:
    """Asks the fork server for bots. Used from one event loop after the other, not from two at once."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests

    async def start(self, environment: Mapping[str, str], directory: Path) -> BotProcess:
        """A bot that runs, with this environment and nothing else. Bounded; raises DoesNotStart."""
        reading, writing = os.pipe()
        process = BotProcess(self)
        await asyncio.get_running_loop().connect_read_pipe(lambda: process, os.fdopen(reading, "rb", 0))
        process.pid = self._asked({"run": dict(environment), "directory": str(directory)}, writing)["pid"]
        os.close(writing)
        try:
            await process.runs()
        except BaseException:
            await self.forget(process)  # nobody else knows of it
            raise
        return process

    @asynccontextmanager
    async def running(self, environment: Mapping[str, str], directory: Path) -> AsyncIterator[BotProcess]:
        """The same; killed, if need be, when the block ends."""
        process = await self.start(environment, directory)
        try:
            yield process
        finally:
            await self.forget(process)

    def status_of(self, process: BotProcess) -> int:
        """How a process ended that has not been forgotten; negative for a signal."""
        status: int = self._asked({"status": process.pid})["status"]
        return status

    async def forget(self, process: BotProcess) -> None:
        """Kill it if it lives; its number may be used again."""
        await process.kill()
        self._requests.send(json.dumps({"reap": process.pid}).encode())

    def _asked(self, request: dict[str, Any], *descriptors: int) -> dict[str, int]:
        # Answers take milliseconds: waiting for them here keeps question and answer together without a lock.
        socket.send_fds(self._requests, [json.dumps(request).encode()], descriptors)
        answer: dict[str, int] = json.loads(self._requests.recv(65_536))
        return answer


@contextmanager
def fork_server() -> Iterator[str]:
    """The address of a fork server while the block runs; every bot ends with it."""
    with tempfile.TemporaryDirectory() as directory:  # not one of the tests: paths of sockets are short
        address = f"{directory}/forks"
        command = [sys.executable, "-m", "tests.fork_server", address]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            # It listens; or it has ended (macOS lacks such sockets), and only those who need it fail.
            server.stdout.readline()
            yield address
            # It ends with its input, and its bots are told by the kernel to end with it.
            server.stdin.close()
            server.wait(ENDS_WITHIN)
        finally:
            server.kill()
            server.wait()
            server.stdin.close()
            server.stdout.close()


@contextmanager
def launching(address: str | None = None) -> Iterator[Launcher]:
    """A launcher while the block runs, by the fork server at this address or by one of its own."""
    with ExitStack() as stack:
        address = address or stack.enter_context(fork_server())
        requests = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        requests.settimeout(FORKS_WITHIN)
        requests.connect(address)
        assert requests.recv(100) == b'{"ready": true}', "the fork server does not get ready"
        yield Launcher(requests)


def environment_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as a process is told them; logs in the form that `BotProcess` reads."""
    told = {name.upper(): str(value) for name, value in settings.items() if name != "_env_file"}
    return told | {"LOG_FORMAT": "json", "PATH": "/usr/bin:/bin"}


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
        out, err = await asyncio.wait_for(process.communicate(), COMMAND_ENDS_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
