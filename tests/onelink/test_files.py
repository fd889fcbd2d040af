"""Fetching what operators attach: over redirects, from storages that are slow, late, full of surprises."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.domain.errors import BookingError, Gone, OneLinkUnreachable, TooLarge
from bot.onelink.files import FileReceived, Files, FileToSend

NO_PAUSES = (0.0, 0.0, 0.0, 0.0)
PDF = "%D0%BF%D1%80%D0%B0%D0%B9%D1%81.pdf"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Storage:
    """A server that is not One-Link's, and what was asked of it."""

    url: str = ""
    handler: Handler | None = None
    requests: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        assert self.handler is not None
        return await self.handler(request)


async def serving_storage(stack: AsyncExitStack) -> Storage:
    storage = Storage()
    app = web.Application()
    app.router.add_get("/{path:.*}", storage.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    storage.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return storage


@pytest.fixture
async def storage(stack: AsyncExitStack) -> Storage:
    return await serving_storage(stack)


@pytest.fixture
async def files() -> AsyncIterator[Files]:
    async with Files(pauses_s=NO_PAUSES, download_s=5.0) as files:
        yield files


def answering(*answers: web.Response | int) -> Handler:
    """These answers in turn, the last of them for ever; a number is a status."""
    left = list(answers)

    async def handler(request: web.Request) -> web.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    return handler


def redirecting(times: int, to: str = "") -> Handler:
    """`/n` leads to `/n+1`, so many times, and then to `to` or the file."""

    async def handler(request: web.Request) -> web.Response:
        step = int(request.path.strip("/").partition("/")[0])
        if step < times:
            raise web.HTTPFound(to if to and step == times - 1 else f"/{step + 1}")
        return web.Response(body=b"there", content_type="text/plain")

    return handler


async def test_a_file_comes_with_the_name_of_its_url_and_the_type_of_its_answer(
    files: Files, storage: Storage
) -> None:
    answer = web.Response(body=b"%PDF", headers={"Content-Type": "Application/PDF; charset=binary"})
    storage.handler = answering(answer)
    received = await files.file(f"{storage.url}/rails/blobs/redirect/SIGNED/{PDF}?disposition=inline")
    assert received == FileReceived("прайс.pdf", "application/pdf", b"%PDF")


async def test_a_file_without_a_type_is_just_bytes(files: Files, storage: Storage) -> None:
    storage.handler = answering(web.Response(body=b"", headers={"Content-Type": ""}))
    assert await files.file(f"{storage.url}/") == FileReceived("", "application/octet-stream", b"")


async def test_a_redirect_to_another_host_keeps_the_name_and_shows_nobody_a_token(
    files: Files, storage: Storage, stack: AsyncExitStack
) -> None:
    bucket = await serving_storage(stack)
    bucket.handler = answering(web.Response(body=b"jpeg", content_type="image/jpeg"))
    signed = "/bucket/a1b2?filename%2A=UTF-8%27%27x.jpg&X-Amz-Credential=K%2F2026&sig=a%2Bb"

    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": bucket.url + signed})

    storage.handler = redirect
    assert (await files.file(f"{storage.url}/SIGNED/photo.jpg")).name == "photo.jpg"
    [asked] = bucket.requests
    assert asked.raw_path == signed  # as it was signed, to the letter
    for request in storage.requests + bucket.requests:
        assert {"api-access-token", "api_access_token", "authorization", "cookie"}.isdisjoint(
            name.lower() for name in request.headers
        )


async def test_five_redirects_are_followed_and_six_are_not(files: Files, storage: Storage) -> None:
    storage.handler = redirecting(5)
    assert (await files.file(f"{storage.url}/0")).content == b"there"
    storage.handler = redirecting(6)
    with pytest.raises(OneLinkUnreachable):
        await files.file(f"{storage.url}/0")


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/a", "data:,x"])
async def test_a_redirect_leads_to_no_other_protocol(files: Files, storage: Storage, place: str) -> None:
    storage.handler = redirecting(1, place)
    with pytest.raises(Gone, match="bad_url"):
        await files.file(f"{storage.url}/0")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "photo.jpg",
        "file:///etc/passwd",
        "http://",
        "http://\0/",
        "http://xn--/",
        "http://127.0.0.1:x/",
        "http://127.0.0.1:99999/",
    ],
)
async def test_what_is_no_address_of_a_file_is_gone_at_once(files: Files, url: str) -> None:
    with pytest.raises(Gone):
        await files.file(url)


# Files that are late


async def test_a_file_that_is_not_there_yet_is_waited_for(files: Files, storage: Storage) -> None:
    storage.handler = answering(404, 404, 404, 404, web.Response(body=b"at last"))
    assert (await files.file(f"{storage.url}/a.txt")).content == b"at last"
    assert len(storage.requests) == 5


async def test_a_file_that_stays_away_is_gone(files: Files, storage: Storage) -> None:
    storage.handler = answering(404)
    with pytest.raises(Gone):
        await files.file(f"{storage.url}/a.txt")
    assert len(storage.requests) == 5


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Gone),
        (401, Gone),
        (403, Gone),
        (410, Gone),
        (408, OneLinkUnreachable),
        (429, OneLinkUnreachable),
        (500, OneLinkUnreachable),
        (503, OneLinkUnreachable),
        (304, OneLinkUnreachable),
    ],
)
async def test_a_refusal_is_final_or_worth_another_day(
    files: Files, storage: Storage, status: int, error: type[BookingError]
) -> None:
    storage.handler = answering(status)
    with pytest.raises(error) as refusal:
        await files.file(f"{storage.url}/a.txt")
    assert type(refusal.value) is error
    assert refusal.value.status == status
    assert len(storage.requests) == 1


# Files that are large, endless or cut off


async def test_a_file_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(
    files: Files, storage: Storage
) -> None:
    storage.handler = answering(web.Response(body=b"12345"))
    assert len((await files.file(f"{storage.url}/a", limit=5)).content) == 5
    with pytest.raises(TooLarge):
        await files.file(f"{storage.url}/a", limit=4)


async def test_a_file_that_hides_its_size_is_not_read_to_the_end(files: Files, storage: Storage) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        while sent < 1_000_000_000:
            await response.write(bytes(65536))
            sent += 65536
        return response

    storage.handler = endless
    with pytest.raises(TooLarge):
        await files.file(f"{storage.url}/a", limit=100_000)
    assert sent < 100_000_000


async def test_a_file_that_breaks_off_is_not_half_a_file(files: Files, storage: Storage) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    storage.handler = broken
    with pytest.raises(OneLinkUnreachable, match="connection"):
        await files.file(f"{storage.url}/a")


async def test_a_storage_that_says_nothing_is_given_up(storage: Storage) -> None:
    async def silent(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    storage.handler = silent
    async with Files(pauses_s=NO_PAUSES, download_s=0.2) as files:
        with pytest.raises(OneLinkUnreachable, match="timeout"):
            await files.file(f"{storage.url}/a")


async def test_a_storage_that_is_not_there_is_unreachable(files: Files) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # taken, and not listening
        with pytest.raises(OneLinkUnreachable, match="connection"):
            await files.file(f"http://127.0.0.1:{unheard.getsockname()[1]}/a")


# What is sent


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("image/jpeg", "image/jpeg"),
        ("image/svg+xml", "image/svg+xml"),
        ("", "application/octet-stream"),
        ("jpeg", "application/octet-stream"),
        ("image/jpeg\r\nX-Evil: 1", "application/octet-stream"),
        ("text/html; charset=utf-8", "application/octet-stream"),
    ],
)
def test_only_a_plain_type_is_passed_on(said: str, sent: str) -> None:
    assert FileToSend("a", said, b"1").part() == ("a", b"1", sent)


def test_a_file_is_never_sent_without_a_name_and_never_printed() -> None:
    file = FileToSend("", "image/jpeg", b"secret")
    assert file.part()[0] == "file"
    assert "secret" not in repr(file)
