"""The Redis at an address: one server, or the one of several that sentinels call the master."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.sentinel import Sentinel
from redis.exceptions import AuthenticationError, ResponseError

SENTINEL_PORT = 26379
#: Seconds that a server has to accept a connection and to answer; between two looks whether it lives.
ANSWERS_S, LOOK_EVERY_S = 5, 30


@dataclass(frozen=True, slots=True)
class Watched:
    """`redis+sentinel://[user:password@]host[:port][,host[:port] …]/name[/database]`: ask these sentinels
    for the master that they call `name`. `rediss+sentinel` speaks TLS with all of them; the password is
    the servers', `?sentinel_password=` the sentinels' own."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    database: int
    username: str | None
    password: str | None
    sentinel_password: str | None
    tls: bool


def parsed(url: str) -> Watched | None:
    """What a sentinel address says; None for the address of one server. ValueError: nobody can read it."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis+sentinel", "rediss+sentinel"):
        parse_url(url)
        database = parts.path.strip("/")
        if parts.scheme != "unix" and database and not database.isdecimal():
            raise ValueError("expected the number of a database after redis://host/")  # else it would be 0
        return None
    name, _, database = parts.path.strip("/").partition("/")
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    if not name or not hosts:
        raise ValueError("expected redis+sentinel://host:26379,host:26379/name")
    return Watched(
        sentinels=tuple(_host_and_port(host) for host in hosts.split(",")),
        name=name,
        database=int(database or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_password=parse_qs(parts.query).get("sentinel_password", [None])[0],
        tls=parts.scheme.startswith("rediss"),
    )


def refusal(error: Exception) -> str:
    """Why Redis cannot be used, in words for whoever runs the bot. Redis never quotes a password."""
    for reason in (error, error.__cause__):  # what fails while connecting comes wrapped
        if isinstance(reason, AuthenticationError):
            return "Redis refuses the user or password in REDIS_URL."
        if isinstance(reason, ResponseError):
            return f"Redis refuses to serve the bot: {str(reason).partition('. ')[0]}."
    return (
        f"Redis does not answer ({type(error).__name__}): check REDIS_URL, "
        "or leave it empty for the embedded one."
    )


@asynccontextmanager
async def redis_at(url: str) -> AsyncIterator[Redis]:
    """A client of it; its connections are closed when the block ends."""
    options: dict[str, Any] = {
        "socket_timeout": ANSWERS_S,
        "socket_connect_timeout": ANSWERS_S,
        "health_check_interval": LOOK_EVERY_S,
    }
    watched = parsed(url)
    if watched is None:
        async with Redis.from_url(url, **options) as redis:
            yield redis
        return
    if watched.tls:
        options["ssl"] = True
    own = options | {"password": watched.sentinel_password}
    sentinel = Sentinel(watched.sentinels, sentinel_kwargs=own, **options)  # type: ignore[no-untyped-call]
    try:
        async with sentinel.master_for(
            watched.name, db=watched.database, username=watched.username, password=watched.password
        ) as redis:
            yield redis
    finally:
        for one in sentinel.sentinels:
            await one.aclose()


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":") if ":" in text else (text, "", "")
    return host, int(port or SENTINEL_PORT)
