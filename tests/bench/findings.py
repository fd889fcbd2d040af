"""What a benchmark hands back, and the figures all of them need."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure. `wanted` is the goal in words; `reached` is None where there is none."""

    what: str
    measured: str
    wanted: str = ""
    reached: bool | None = None


#: Measures one goal, with servers of its own, from its own event loop.
Benchmark = Callable[[], Coroutine[Any, Any, list[Finding]]]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many percent lie, between two of them if need be; of at least two values."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]
