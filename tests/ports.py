"""Ports on loopback."""

import contextlib
import random
import socket


def free_port() -> int:
    """Free at the moment, and none of those that systems give to whoever asks for any."""
    for wanted in random.SystemRandom().sample(range(20_000, 32_000), 50):
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", wanted))
            return wanted
    raise AssertionError("no free port")
