"""The breaker, with a clock that the test moves."""

from contextlib import suppress

import pytest

from bot.domain.errors import OneLinkUnreachable
from bot.onelink.breaker import Breaker


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(threshold=3, pause_s=5.0, monotonic=clock)


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        breaker.failed()
    return breaker


def admitted(breaker: Breaker) -> bool:
    with suppress(OneLinkUnreachable):
        breaker.admit()
        return True
    return False


def test_a_few_failures_stop_nobody(breaker: Breaker) -> None:
    breaker.failed()
    breaker.failed()
    assert admitted(breaker)


def test_failures_in_a_row_turn_requests_away_at_once(breaker: Breaker) -> None:
    opened(breaker)
    with pytest.raises(OneLinkUnreachable, match="breaker_open"):
        breaker.admit()


def test_an_answer_in_between_starts_the_count_again(breaker: Breaker) -> None:
    breaker.failed()
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert admitted(breaker)


def test_after_the_pause_one_request_may_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.seconds += 5
    assert admitted(breaker)
    assert not admitted(breaker)


def test_a_good_probe_lets_everybody_through(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.seconds += 5
    breaker.admit()
    breaker.succeeded()
    assert admitted(breaker)
    assert admitted(breaker)


def test_a_bad_probe_starts_another_pause(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.seconds += 5
    breaker.admit()
    clock.seconds += 3
    breaker.failed()
    clock.seconds += 4
    assert not admitted(breaker)
    clock.seconds += 1
    assert admitted(breaker)


def test_a_probe_that_never_reports_delays_the_next_by_one_pause_only(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.seconds += 5
    breaker.admit()
    clock.seconds += 5
    assert admitted(breaker)
