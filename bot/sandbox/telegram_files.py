"""Files: sent by bots and people, kept in memory, downloaded by file_id."""

import mimetypes
from typing import Any

from bot.sandbox.telegram_params import Params, Upload
from bot.sandbox.telegram_refusal import bad_request
from bot.sandbox.telegram_state import TelegramState

Json = dict[str, Any]

_LARGEST_DOWNLOAD = 20 * 1024 * 1024


def media_body(state: TelegramState, kind: str, params: Params) -> Json:
    """The content of a message with a file: an upload, or the file_id of an earlier one."""
    upload = params.upload(kind)
    if upload is not None:
        if not upload.content:
            raise bad_request("file must be non-empty")
        return {kind: described_file(kind, state.keep_file(upload), upload)}
    file_id = params.text(kind)
    if not file_id:
        raise bad_request(f"there is no {kind} in the request")
    if file_id not in state.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return {kind: described_file(kind, file_id, state.files[file_id])}


def described_file(kind: str, file_id: str, upload: Upload) -> Any:
    """A `Document`, `Voice`, `Sticker` …, or the list of sizes that is a photo."""
    common: Json = {
        "file_id": file_id,
        "file_unique_id": file_id.removeprefix("sandbox"),
        "file_size": len(upload.content),
    }
    if kind == "photo":
        return [common | {"width": 640, "height": 480}]
    if kind == "sticker":
        fixed = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return common | fixed | {"emoji": "👍"}
    mime_type = mimetypes.guess_type(upload.filename)[0] or upload.mime_type
    if kind == "voice":
        return common | {"duration": 3, "mime_type": mime_type}
    named = common | {"file_name": upload.filename, "mime_type": mime_type}
    sized = {"duration": 3, "width": 640, "height": 480} if kind in ("video", "animation") else {}
    return named | sized | ({"duration": 3} if kind == "audio" else {})


def file_answer(state: TelegramState, params: Params) -> Json:
    """The `File` of getFile; `file_path` is good for a download."""
    file_id = params.text("file_id")
    upload = state.files.get(file_id)
    if upload is None:
        raise bad_request("invalid file_id")
    if len(upload.content) > _LARGEST_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": file_id.removeprefix("sandbox"),
        "file_size": len(upload.content),
        "file_path": f"documents/{file_id}",
    }
