"""Files on their way between clients and operators: what is sent, and how what operators attach is fetched.

Rules: onelink-conversations-api, sections 1.7 and 2.7.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Self

import httpx

from bot.domain.errors import BookingError, Gone, OneLinkUnreachable, TooLarge
from bot.onelink.file_names import name_in

#: Bytes; what a bot may upload to Telegram.
LARGEST_FILE = 50 * 1024 * 1024

#: Seconds before each further look for a file that is not there yet: One-Link tells of a message
#: before the files of the message have reached its storage.
PAUSES_S = (1.0, 2.0, 5.0, 10.0)

_UNKNOWN_MIME = "application/octet-stream"
_MIME = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_TRY_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A file from a client. Name and MIME type are what a stranger's phone said: anything, or nothing."""

    name: str
    mime_type: str
    content: bytes = field(repr=False)

    def part(self) -> tuple[str, bytes, str]:
        """As multipart wants it. Never without a name: One-Link takes a nameless part for a text."""
        mime_type = self.mime_type if _MIME.fullmatch(self.mime_type) else _UNKNOWN_MIME
        return self.name or "file", self.content, mime_type


@dataclass(frozen=True, slots=True)
class FileReceived:
    """A file from an operator; `name` may be empty."""

    name: str
    mime_type: str
    content: bytes = field(repr=False)


class Files:
    """Fetches attachments by their URLs, which lead over redirects to whatever storage One-Link uses.

    Has a client of its own, because that storage must not see the token, and a plain one: aiohttp
    rewrites percent-encoded queries, which signed URLs may not survive.
    """

    def __init__(
        self,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
        download_s: float = 60.0,
        verify: SSLContext | bool = True,
    ) -> None:
        """`download_s` bounds one attempt, in seconds; `verify`: whom to trust, as in httpx."""
        self._line = asyncio.Semaphore(2)  # each is held in memory
        self._pauses_s = pauses_s
        self._download_s = download_s
        self._client = httpx.AsyncClient(
            verify=verify,
            headers={"User-Agent": "booking-bot", "Accept-Encoding": "identity"},
            follow_redirects=True,
            max_redirects=5,
            timeout=httpx.Timeout(10.0, connect=5.0),
        )

    async def file(self, url: str, *, limit: int = LARGEST_FILE) -> FileReceived:
        """The file behind `url`, of at most `limit` bytes.

        Raises TooLarge, Gone (after some waiting for a 404; at once when the URL is none or access is
        denied) and OneLinkUnreachable.
        """
        for pause_s in self._pauses_s:
            try:
                return await self._once(url, limit)
            except Gone as gone:
                if gone.status != 404:
                    raise
            await asyncio.sleep(pause_s)
        return await self._once(url, limit)

    async def aclose(self) -> None:
        """Close the connections; downloads under way fail."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _once(self, url: str, limit: int) -> FileReceived:
        try:
            async with (
                self._line,
                asyncio.timeout(self._download_s),
                self._client.stream("GET", url) as response,
            ):
                if not response.is_success:
                    raise _refusal(response.status_code)
                content = await _read(response, limit)
        except TimeoutError as error:
            raise OneLinkUnreachable("timeout") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ExceptionGroup) as error:
            # UnicodeError: a host that cannot be spelled. ExceptionGroup: a port beyond 65535.
            raise Gone("bad_url") from error
        except (httpx.HTTPError, OSError) as error:
            raise OneLinkUnreachable("connection") from error
        mime_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return FileReceived(name_in(url), mime_type or _UNKNOWN_MIME, content)


async def _read(response: httpx.Response, limit: int) -> bytes:
    """The body; what it says of its own length is believed only when it is too much."""
    if int(response.headers.get("Content-Length", "0")) > limit:
        raise TooLarge(status=response.status_code)
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limit:
            raise TooLarge(status=response.status_code)
    return bytes(content)


def _refusal(status: int) -> BookingError:
    """No token was sent, so 401 and 403 say nothing about ours: storages say so of files they lack."""
    if 400 <= status < 500 and status not in _TRY_LATER:
        return Gone(status=status)
    return OneLinkUnreachable(status=status)
