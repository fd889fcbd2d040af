"""Files: sent by bots and people, kept in memory, downloaded by file_id."""

import mimetypes
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from bot.sandbox.telegram_params import Params, Upload
from bot.sandbox.telegram_refusal import bad_request
from bot.sandbox.telegram_state import TelegramState

Json = dict[str, Any]

LARGEST_DOWNLOAD = 20 * 1024 * 1024
LARGEST_PHOTO = 10 * 1024 * 1024
UNCAPTIONED = ("sticker", "video_note")
"""Kinds that have no caption; one that is given is dropped."""

_SAMPLES = {
    "photo": Upload("photo.jpg", "image/jpeg", b"\xff\xd8\xff\xe0 a picture"),
    "sticker": Upload("sticker.webp", "image/webp", b"RIFF a sticker"),
    "voice": Upload("voice.ogg", "audio/ogg", b"OggS a voice"),
    "document": Upload("document.pdf", "application/pdf", b"%PDF-1.4 a document"),
    "video": Upload("video.mp4", "video/mp4", b"\0\0\0\x18ftypmp42 a video"),
    "video_note": Upload("video_note.mp4", "video/mp4", b"\0\0\0\x18ftypmp42 a round video"),
    "audio": Upload("audio.mp3", "audio/mpeg", b"ID3 a song"),
    "animation": Upload("animation.mp4", "video/mp4", b"\0\0\0\x18ftypmp42 a silent video"),
}
KINDS = tuple(_SAMPLES)
_TIMED = {"video", "video_note", "voice", "audio", "animation"}
_FRAMED = {"video", "animation"}
_UNNAMED = {"photo", "sticker", "voice", "video_note"}


def sample(kind: str, size: int | None = None) -> Upload:
    """A file of this kind to send when it does not matter which; `size` in bytes makes it longer."""
    file = _SAMPLES[kind]
    return replace(file, zeros=max(size - file.size, 0)) if size else file


def file_body(state: TelegramState, kind: str, upload: Upload) -> Json:
    """The content of a message with a new file."""
    return _body(kind, state.keep_file(upload), upload)


def media_body(state: TelegramState, kind: str, params: Params) -> Json:
    """The content of a message with a file of a bot: an upload, or the file_id of an earlier one."""
    upload = params.upload(kind)
    if upload is not None:
        if not upload.size:
            raise bad_request("file must be non-empty")
        if kind == "photo" and upload.size > LARGEST_PHOTO:
            raise bad_request(
                f"file of size {upload.size} bytes is too big for a photo; "
                f"the maximum size is {LARGEST_PHOTO} bytes"
            )
        # The name decides what a bot's file is, whatever type the bot says.
        named = mimetypes.guess_type(upload.filename)[0] or upload.mime_type
        return file_body(state, kind, replace(upload, mime_type=named))
    file_id = params.text(kind)
    if not file_id:
        raise bad_request(f"there is no {kind.replace('_', ' ')} in the request")
    if file_id not in state.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return _body(kind, file_id, state.files[file_id])


def _body(kind: str, file_id: str, upload: Upload) -> Json:
    file = _described(kind, file_id, upload)
    if kind == "photo":
        return {kind: [file]}
    # "For backward compatibility, when this field is set, the document field will also be set."
    return {kind: file} | (
        {"document": _described("document", file_id, upload)} if kind == "animation" else {}
    )


def _described(kind: str, file_id: str, upload: Upload) -> Json:
    """A `Document`, `Voice`, `Sticker`, `PhotoSize` …: what Telegram tells of a file of this kind."""
    file: Json = {
        "file_id": file_id,
        "file_unique_id": file_id.removeprefix("sandbox"),
        "file_size": upload.size,
    }
    if kind not in _UNNAMED:
        file["file_name"] = upload.filename
    if kind not in _UNNAMED or kind == "voice":
        file["mime_type"] = upload.mime_type
    if kind in _TIMED:
        file["duration"] = 3
    if kind in _FRAMED or kind == "photo":
        file |= {"width": 640, "height": 480}
    if kind == "video_note":
        file["length"] = 240
    if kind == "sticker":
        file |= {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        file["emoji"] = "👍"
    return file


def file_answer(state: TelegramState, params: Params) -> Json:
    """The `File` of getFile; `file_path` is good for a download."""
    file_id = params.text("file_id")
    upload = state.files.get(file_id)
    if upload is None:
        raise bad_request("invalid file_id")
    if upload.size > LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": file_id.removeprefix("sandbox"),
        "file_size": upload.size,
        "file_path": f"documents/{file_id}{_suffix(upload.filename)}",
    }


def _suffix(filename: str) -> str:
    """The ending of the name if a path can end so too: ".pdf", else nothing."""
    suffix = PurePath(filename).suffix
    return suffix if suffix.isascii() and suffix[1:].isalnum() else ""
