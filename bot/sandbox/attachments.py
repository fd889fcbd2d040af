"""Files of messages: how they arrive in a form, what kind they are, and where their bytes are kept."""

import mimetypes
import re
import time
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from urllib.parse import unquote

import orjson
from aiohttp import content_disposition_filename, parse_content_disposition, web

from bot.sandbox.answers import Refused, Row, body_of

MOST_ATTACHMENTS = 15
"""Per message."""

STORAGE_URL_SECONDS = 300.0
"""How long an address of the storage is good, in real seconds."""

_FIELD = "attachments[]"
_UNKNOWN_TYPE = "application/octet-stream"
_PICTURES = {f"image/{name}" for name in ("jpeg", "png", "gif", "bmp", "webp")}
_VIDEOS = {f"video/{name}" for name in ("ogg", "mp4", "webm", "quicktime")}


@dataclass(frozen=True)
class Upload:
    """A file that came with a message."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class _Kept:
    upload: Upload
    readable_at: float  # of the monotonic clock


class FileStore:
    """Bytes by signed id, and the short-lived addresses under which the storage gives them out.

    Like the real storage it is another place than One-Link: a message knows the name and the size of its
    file, and still the bytes may be missing.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._addresses: dict[str, tuple[str, float]] = {}

    def keep(self, upload: Upload, delay: float) -> str:
        """Returns the signed id. The bytes can be read after so many (real) seconds."""
        signed = token_hex(20)
        self._kept[signed] = _Kept(upload, time.monotonic() + delay)
        return signed

    def forget(self, signed: str) -> None:
        self._kept.pop(signed, None)

    def address(self, signed: str) -> str:
        """A new key of the storage for this file."""
        key = token_hex(16)
        self._addresses[key] = signed, time.monotonic() + STORAGE_URL_SECONDS
        return key

    def is_good(self, key: str) -> bool:
        """Whether the key was given out and is not too old."""
        return time.monotonic() < self._addresses.get(key, ("", 0.0))[1]

    def read(self, key: str) -> Upload | None:
        """The file behind a good key; None when its bytes are not there, or not yet."""
        kept = self._kept.get(self._addresses[key][0])
        return kept.upload if kept is not None and time.monotonic() >= kept.readable_at else None


def attachment_row(upload: Upload, signed: str) -> Row:
    """What a message remembers of its file; `complete` gives it an id."""
    return {
        "file_type": file_type_of(upload.content_type),
        "name": upload.filename,
        "content_type": upload.content_type,
        "file_size": len(upload.content),
        "signed": signed,
    }


def file_type_of(content_type: str) -> str:
    """One-Link's four kinds; a picture or a video of an unusual format is just a `file`."""
    if content_type in _PICTURES:
        return "image"
    if content_type in _VIDEOS:
        return "video"
    return "audio" if content_type.startswith("audio/") else "file"


async def message_of(request: web.Request) -> tuple[Row, list[Upload]]:
    """The fields and the files of a request that writes a message, JSON or a form.

    In a form `content_attributes` is JSON inside a string; what cannot be read there is ignored.
    """
    if request.content_type != "multipart/form-data":
        return await body_of(request), []
    boundary = _boundary(request.headers["Content-Type"])
    fields: Row = {}
    uploads: list[Upload] = []
    # The raw body: somebody on the way in has read it already, and aiohttp's own reader reads only once.
    for disposition, content_type, content in _parts(await request.read(), boundary):
        name, filename = disposition.get("name", ""), content_disposition_filename(disposition)
        if filename:
            uploads.append(_upload(_unescaped(filename), content_type, content))
        elif name == _FIELD and content:
            # A text here is the signed id of a direct upload, which the sandbox does not offer.
            raise Refused(422, "ActiveSupport::MessageVerifier::InvalidSignature")
        else:
            fields[name] = content.decode(errors="replace")
    fields["content_attributes"] = _decoded(fields.get("content_attributes"))
    return fields, uploads


def _upload(filename: str, content_type: str, content: bytes) -> Upload:
    named = content_type.partition(";")[0].strip().lower()
    return Upload(filename, named or mimetypes.guess_type(filename)[0] or _UNKNOWN_TYPE, content)


def _unescaped(filename: str) -> str:
    """As Rack does it: percent signs are an encoding if all of them can be one."""
    escaped = all(re.fullmatch("%[0-9a-fA-F]{2}", found) for found in re.findall("%.?.?", filename))
    return unquote(filename) if escaped else filename


def _decoded(text: str | None) -> Any:
    try:
        return orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}


def _boundary(content_type: str) -> bytes:
    _, found, boundary = content_type.partition("boundary=")
    boundary = boundary.partition(";")[0].strip().strip('"')
    if not found or not boundary:
        raise Refused(400, "bad content body")
    return boundary.encode()


def _parts(body: bytes, boundary: bytes) -> list[tuple[Any, str, bytes]]:
    """Disposition, content type and content of every named part (RFC 7578)."""
    found = []
    # The first delimiter has no line break of its own; what follows the last one (`--`) is no part.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator:
            continue
        headers: dict[str, str] = {}
        for line in head.decode(errors="replace").split("\r\n"):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        _, disposition = parse_content_disposition(headers.get("content-disposition", ""))
        found.append((disposition, headers.get("content-type", ""), content))
    return found
