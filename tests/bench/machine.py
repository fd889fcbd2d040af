"""The machine: what is said of it beside a figure, and which of its cores does what."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def described() -> str:
    """Nothing that names the machine: cores, Python, and how busy it was already."""
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, Python {platform.python_version()}, load before {os.getloadavg()[0]:.1f}"


def cores() -> tuple[int, int]:
    """A core for the bot and another one for everything else. RuntimeError if there is only one."""
    free = sorted(os.sched_getaffinity(0))
    if len(free) < 2:
        raise RuntimeError("two cores are needed: one for the bot, one for load, fakes and Redis")
    return free[-1], free[0]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """This thread, and the processes that it starts meanwhile, run on that core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far, in user mode and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM, shared pages included."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
