"""Addresses of Redis."""

import pytest

from bot.redis_at import Watched, parsed


def test_sentinels_are_named_in_the_address() -> None:
    assert parsed("redis+sentinel://s1:26380,s2/clinic") == Watched(
        sentinels=(("s1", 26380), ("s2", 26379)),
        name="clinic",
        database=0,
        username=None,
        password=None,
        sentinel_password=None,
        tls=False,
    )


def test_an_address_says_the_database_the_passwords_and_tls() -> None:
    watched = parsed("rediss+sentinel://bot:p%40ss@s1:1/clinic/3?sentinel_password=quiet")
    assert watched == Watched(
        sentinels=(("s1", 1),),
        name="clinic",
        database=3,
        username="bot",
        password="p@ss",
        sentinel_password="quiet",
        tls=True,
    )


@pytest.mark.parametrize("url", ["redis://h:6379/0", "rediss://:secret@h/1", "unix:///run/redis.sock?db=2"])
def test_the_address_of_one_server_names_no_sentinels(url: str) -> None:
    assert parsed(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "localhost:6379",
        "http://h",
        "redis://h/clinic",
        "redis+sentinel://s1",
        "redis+sentinel:///clinic",
        "redis+sentinel://s1:x/clinic",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)redis|invalid literal"):
        parsed(url)
