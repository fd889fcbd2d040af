"""Reading the parameters of a Bot API call, however they were sent.

Telegram takes the query string, JSON, urlencoded forms and multipart forms alike. In forms every value is
a string and nested values are JSON inside a string; a file is a part of its own, named directly
(`document`) or through `attach://<name of the part>`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, ClientResponse, MultipartReader, web

from bot.sandbox.telegram_refusal import Refusal, bad_request

Json = dict[str, Any]


LARGEST_UPLOAD = 50 * 1024 * 1024
"""Bytes of one file in a call; Telegram's door answers 413 beyond."""


@dataclass(frozen=True)
class Upload:
    """A file: its first bytes, and how many zero bytes follow, which take memory only while they are read."""

    filename: str
    mime_type: str
    head: bytes
    zeros: int = 0

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.head) + self.zeros

    @property
    def content(self) -> bytes:
        """All of it."""
        return self.head + bytes(self.zeros)


class Params:
    """Typed reading of loosely typed values. Absent and empty are the same, as in the Bot API."""

    def __init__(self, values: Mapping[str, object], uploads: Mapping[str, Upload] | None = None) -> None:
        self.values = dict(values)
        self.uploads = dict(uploads or {})

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int | None = None) -> int | None:
        try:
            return int(self.text(name))
        except ValueError:
            return default

    def number(self, name: str) -> float:
        try:
            return float(self.text(name))
        except ValueError:
            raise bad_request(f"{name} must be a number") from None

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1", "yes")

    def data(self, name: str) -> Any:
        """A nested value; None when absent. 400 when it is not JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def upload(self, name: str) -> Upload | None:
        """The file under this name, sent as a part of its own or by `attach://`."""
        attached = self.text(name).removeprefix("attach://")
        return self.uploads.get(name) or self.uploads.get(attached)

    def for_journal(self) -> Json:
        """All parameters as JSON; files by name and size only."""
        files = {name: {"filename": file.filename, "size": file.size} for name, file in self.uploads.items()}
        values = {name: self._decoded(value) for name, value in self.values.items()}
        return values | files

    @staticmethod
    def _decoded(value: object) -> object:
        if isinstance(value, str) and value[:1] in ("{", "["):
            try:
                return json.loads(value)
            except ValueError:
                return value
        return value


async def params_of(request: web.Request) -> Params:
    """Parameters of a call to the Bot API."""
    values: Json = dict(request.query)
    if request.content_type.startswith("multipart/"):
        sent, uploads = await _multipart(await request.multipart())
        return Params(values | sent, uploads)
    body = await request.text() if request.can_read_body else ""
    return Params(values | _decoded_body(request.content_type, body))


async def params_of_reply(response: ClientResponse) -> Params:
    """A method call in the answer of a webhook; empty when the answer is just an acknowledgement."""
    if response.content_type.startswith("multipart/"):
        # aiogram answers webhooks in this form.
        values, uploads = await _multipart(MultipartReader(response.headers, response.content))
        return Params(values, uploads)
    return Params(_decoded_body(response.content_type, await response.text()))


def _decoded_body(content_type: str, body: str) -> Json:
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body, keep_blank_values=True))
    if content_type == "application/json" and body:
        try:
            value = json.loads(body)
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        return value if isinstance(value, dict) else {}
    return {}


async def _multipart(reader: MultipartReader) -> tuple[Json, dict[str, Upload]]:
    values: Json = {}
    uploads: dict[str, Upload] = {}
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader) or not part.name:
            continue
        content = await _content_of(part)
        if part.filename:
            kind = part.headers.get("Content-Type", "application/octet-stream")
            uploads[part.name] = Upload(part.filename, kind, content)
        else:
            values[part.name] = content.decode("utf-8")
    return values, uploads


async def _content_of(part: BodyPartReader) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        content += chunk
        if len(content) > LARGEST_UPLOAD:
            raise Refusal(413, "Request Entity Too Large")
    return bytes(part.decode(content))
