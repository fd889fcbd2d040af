"""What anybody may post to the listener: too much, or nonsense. It answers, and goes on answering."""

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest
from aiogram.types import Update

from bot.listener import LARGEST_BODY, Listener, listening
from bot.telegram.session import build_bot

SECRET = "secret-of-the-webhook"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
NONSENSE = {
    "no JSON": b"{",
    "not even text": b"\xff\x00\xfe",
    "nothing": b"",
    "another type": b"[1, 2]",
    "a number as text": b'{"update_id": "x"}',
    "a deep nest": b"[" * 100_000 + b"]" * 100_000,
    "a number without end": b'{"update_id": ' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"update_id": 1, "message": {"text": "\\ud800"}}',
}


@pytest.fixture
def heard() -> list[object]:
    """What got through."""
    return []


@pytest.fixture
async def door(heard: list[object]) -> AsyncIterator[httpx.AsyncClient]:
    """A listener with both doors."""

    async def handle(update: Update) -> None:
        heard.append(update)

    async def ring(raw: bytes, headers: Mapping[str, str]) -> int:
        heard.append(raw)
        return 200

    async def ready() -> None:
        return None

    async def metrics() -> bytes:
        return b""

    listener = Listener(
        bot=build_bot("100200300:nobody", "http://127.0.0.1:9"),
        secret=SECRET,
        handle=handle,
        ready=ready,
        metrics=metrics,
        doorbell=(SECRET, ring),
        rung=lambda status: None,
    )
    async with (
        listening(listener, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["/telegram", f"/onelink/{SECRET}"])
async def test_a_body_that_is_too_large_is_refused_and_nobody_reads_it(
    door: httpx.AsyncClient, heard: list[object], path: str
) -> None:
    answer = await door.post(path, content=b" " * (LARGEST_BODY + 1), headers=HEADERS)
    assert answer.status_code == 413
    assert heard == []
    assert (await door.get("/healthz")).status_code == 200


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_with_the_right_secret_is_acknowledged_and_not_handled(
    door: httpx.AsyncClient, heard: list[object], body: bytes
) -> None:
    assert (await door.post("/telegram", content=body, headers=HEADERS)).status_code == 200
    assert heard == []


@pytest.mark.parametrize(
    "path", ["/", "/telegram/", "/onelink", "/onelink/", "/onelink/x/y", "/../etc/passwd"]
)
async def test_there_is_nothing_else(door: httpx.AsyncClient, heard: list[object], path: str) -> None:
    assert (await door.post(path, content=b"{}", headers=HEADERS)).status_code == 404
    assert heard == []


async def test_without_the_secret_nothing_is_read(door: httpx.AsyncClient, heard: list[object]) -> None:
    assert (await door.post("/telegram", content=b'{"update_id": 1}')).status_code == 401
    assert (await door.post("/onelink/another", content=b"{}")).status_code == 404
    assert heard == []
