"""A process that has imported the bot, and lived as one, and forks a running one on request.

An import takes seconds, and so does all that a bot does for the first time in its life (catalogues, schemas,
patterns); a fork has both behind it, and a start costs milliseconds.

`python -m tests.fork_server FD`, where FD is a Unix socket of packets:

* `{"run": {environment}, "directory": …}` with one file descriptor: fork `python -m bot run` with this
  environment and nothing else, in this directory; its output goes to the descriptor. Answer: `{"pid": …}`.
* `{"status": pid}`: wait for the end of this process. Answer: `{"status": …}`, negative for a signal.
* `{"reap": pid}`: the process has ended, forget it. Until then its number is not given to another one.

Ends, with all its children, when the other end of the socket is closed.
"""

import asyncio
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import uvloop
from httpx_aiohttp import HttpxAiohttpClient

from bot.__main__ import main
from bot.app import opened, run
from bot.embedded_redis import embedded_redis
from bot.logs import set_up_logs
from bot.sandbox.clock import Clock
from bot.sandbox.server import serving
from bot.settings import load_settings
from tests.authorities import trust_only_one
from tests.clinic import NOW, world
from tests.conftest import settings_for
from tests.people import Client

LARGEST_PACKET = 65_536
_PR_SET_PDEATHSIG = 1


def serve(requests: socket.socket) -> None:
    """Fork until the other end is closed."""
    gc.freeze()
    requests.send(b'{"ready": true}')
    while True:
        packet, descriptors, _, _ = socket.recv_fds(requests, LARGEST_PACKET, 1)
        if not packet:
            return
        request = json.loads(packet)
        if "reap" in request:
            os.waitpid(request["reap"], 0)
        elif "status" in request:
            _answer(requests, status=_status_of(request["status"]))
        else:
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                requests.close()
                _become_a_bot(request["run"], request["directory"], descriptors[0], parent)
            os.close(descriptors[0])
            _answer(requests, pid=pid)


def _answer(requests: socket.socket, **answer: int) -> None:
    requests.send(json.dumps(answer).encode())


def _status_of(pid: int) -> int:
    """How it ended; it stays to be reaped."""
    ended: Any = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    status: int = ended.si_status
    return status if ended.si_code == os.CLD_EXITED else -status


def _become_a_bot(environment: dict[str, str], directory: str, output: int, parent: int) -> None:
    """The forked child: what `python -m bot run` does. Does not return."""
    status = 1
    try:
        _end_with(parent)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        sys.argv = ["booking-bot", "run"]
        main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(status)


def _end_with(parent: int) -> None:
    """Linux: the kernel kills us when the server ends, however it ends; none is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


async def _live_once() -> None:
    """The life of a bot in which one client books; nothing of it is left but what the libraries keep."""
    set_up_logs("silent")
    clock = Clock()
    clock.set(NOW)
    with tempfile.TemporaryDirectory() as directory:
        async with (
            embedded_redis(Path(directory)) as redis_url,
            serving(world=world(), clock=clock) as sandbox,
            opened(load_settings(**settings_for(sandbox, redis_url))) as app,
            HttpxAiohttpClient(base_url=sandbox.url) as control,
        ):
            stop = asyncio.Event()
            running = asyncio.create_task(run(app, stop))
            client = Client(control, 501)
            await client.is_called("Aliya", "en")
            await client.books()
            stop.set()
            await running


if __name__ == "__main__":
    trust_only_one()
    uvloop.run(_live_once())
    serve(socket.socket(fileno=int(sys.argv[1])))
