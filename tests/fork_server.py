"""A process that has imported the bot, and lived as one, and forks a running one on request.

A start costs seconds, a fork milliseconds (see `first_life`); so one server forks for all runners of the
tests. It costs next to nothing until the first of them connects.

`python -m tests.fork_server PATH`, where PATH becomes a Unix socket of packets. Whoever connects is told
`{"ready": true}`, and may ask:

* `{"run": {environment}, "directory": …}` with one file descriptor: fork `python -m bot run` with this
  environment and nothing else, in this directory; its output goes to the descriptor. Answer: `{"pid": …}`.
* `{"status": pid}`: wait for the end of this process. Answer: `{"status": …}`, negative for a signal.
* `{"reap": pid}`: the process has ended, forget it. Until then its number is not given to another one.

The bots of a connection end with it, however it ends; the server and all bots when its standard input does.
"""

import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
from selectors import EVENT_READ, DefaultSelector
from typing import Any

LARGEST_PACKET = 65_536
_PR_SET_PDEATHSIG = 1


class ForkServer:
    """Serves until standard input ends. `bots`: the processes not reaped yet, and who asked for each."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._bots: dict[int, socket.socket] = {}
        self._selector = DefaultSelector()
        self._lived = False

    def serve(self) -> None:
        """Fork on request."""
        self._selector.register(sys.stdin, EVENT_READ)
        self._selector.register(self._listener, EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                match key.fileobj:
                    case socket.socket() as ready if ready is self._listener:
                        self._welcome(ready.accept()[0])
                    case socket.socket() as ready:
                        self._attend(ready)
                    case _:
                        return

    def _welcome(self, client: socket.socket) -> None:
        if not self._lived:
            from tests.first_life import live_once  # only now: most that is tested needs no process

            live_once()
            gc.freeze()
            self._lived = True
        self._selector.register(client, EVENT_READ)
        _answer(client, ready=True)

    def _attend(self, client: socket.socket) -> None:
        try:
            packet, descriptors, _, _ = socket.recv_fds(client, LARGEST_PACKET, 1)
        except ConnectionError:
            packet, descriptors = b"", []
        if not packet:
            self._part_with(client)
            return
        request = json.loads(packet)
        if "reap" in request:
            os.waitpid(request["reap"], 0)
            del self._bots[request["reap"]]
        elif "status" in request:
            _answer(client, status=_status_of(request["status"]))
        else:
            _answer(client, pid=self._forked(client, request, descriptors[0]))

    def _part_with(self, client: socket.socket) -> None:
        """Somebody has gone, perhaps killed: so do the bots."""
        self._selector.unregister(client)
        client.close()
        for pid in [pid for pid, asked in self._bots.items() if asked is client]:
            os.kill(pid, signal.SIGKILL)  # not reaped yet: this number is still its own
            os.waitpid(pid, 0)
            del self._bots[pid]

    def _forked(self, client: socket.socket, request: dict[str, Any], output: int) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            for key in list(self._selector.get_map().values()):
                if isinstance(key.fileobj, socket.socket):
                    key.fileobj.close()
            self._selector.close()
            _become_a_bot(request["run"], request["directory"], output, parent)
        os.close(output)
        self._bots[pid] = client
        return pid


def _answer(client: socket.socket, **answer: int) -> None:
    with contextlib.suppress(ConnectionError):  # gone meanwhile: it will be parted with
        client.send(json.dumps(answer).encode())


def _status_of(pid: int) -> int:
    """How it ended; it stays to be reaped."""
    ended: Any = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    status: int = ended.si_status
    return status if ended.si_code == os.CLD_EXITED else -status


def _become_a_bot(environment: dict[str, str], directory: str, output: int, parent: int) -> None:
    """The forked child: what `python -m bot run` does. Does not return."""
    status = 1
    try:
        from bot.__main__ import main  # long imported

        _end_with(parent)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
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


def main() -> None:
    """The command."""
    # An interrupt at the terminal is for the tests; they end us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        print("listening", flush=True)
        ForkServer(listener).serve()


if __name__ == "__main__":
    main()
