"""Control routes for people: `/_sandbox/chats`. What they do goes in, what they see comes out.

Nothing here needs a token; the sandbox listens on loopback only.
"""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.sandbox.chat import Chat, Person
from bot.sandbox.people import CannotDo, People
from bot.sandbox.tapping import NoSuchButton
from bot.sandbox.telegram_params import LARGEST_UPLOAD, params_of
from bot.sandbox.telegram_refusal import Refusal
from bot.sandbox.telegram_state import TelegramState

Json = dict[str, Any]
Action = Callable[[Chat, Json], Json]

LONGEST_WAIT = 30.0
_DESCRIBED_BY = {"first_name", "last_name", "username", "language_code", "phone"}


class Chats:
    """Reads a request, lets `People` act, answers JSON. Errors are `{"error": …}` with 400, 404 or 409."""

    def __init__(self, state: TelegramState) -> None:
        self.state = state
        self.people = People(state)

    def add_routes(self, app: web.Application) -> None:
        """Mount the routes below /_sandbox/chats; groups have negative ids."""
        chat = r"/_sandbox/chats/{id:-?\d+}"
        app.router.add_get("/_sandbox/chats", self._list)
        app.router.add_get(chat, self._show)
        app.router.add_put(chat, self._describe)
        actions: dict[str, Action] = {
            "say": self._say,
            "tap": self._tap,
            "contact": self._contact,
            "block": lambda chat, body: self.people.blocks(chat, bool(body["blocked"])),
            "edit": lambda chat, body: self.people.edits(chat, body.get("message_id"), str(body["text"])),
            "delete": lambda chat, body: self.people.deletes(chat, int(body["message_id"])),
            "send": self._send,
        }
        for name, action in actions.items():
            app.router.add_post(f"{chat}/{name}", self._acting(action))

    async def _list(self, _: web.Request) -> web.Response:
        chats = [
            {
                "chat_id": chat.id,
                "person": chat.person.described(),
                "messages": len(chat.messages),
                "version": chat.version,
            }
            for chat in self.state.chats.values()
        ]
        return web.json_response({"chats": chats})

    async def _show(self, request: web.Request) -> web.Response:
        """`?since=<version>&wait=<seconds>` waits until the chat has changed since that version."""
        chat = self._chat(request)
        since = request.query.get("since")
        if since is not None:
            wait = min(float(request.query.get("wait", LONGEST_WAIT)), LONGEST_WAIT)
            await chat.signal.until(lambda: str(chat.version) != since, wait)
        return web.json_response(self._view(chat))

    async def _describe(self, request: web.Request) -> web.Response:
        chat = self._chat(request)
        body = await json_body(request)
        for name in _DESCRIBED_BY & body.keys():
            setattr(chat.person, name, body[name])
        chat.changed()
        return web.json_response(self._view(chat))

    def _acting(self, action: Action) -> Callable[[web.Request], Any]:
        """`?wait=<seconds>` answers when the bot has finished with all updates; `idle`: whether it has."""

        async def handle(request: web.Request) -> web.Response:
            body = await _body(request)
            chat = self._chat(request, body.get("from_id"))
            try:
                done = action(chat, body)
                if "wait" not in request.query:
                    return web.json_response(done)
                wait = min(float(request.query["wait"]), LONGEST_WAIT)
                idle = await self.state.changed.until(lambda: self.state.pending() == 0, wait)
                return web.json_response(done | {"idle": idle})
            except NoSuchButton as error:
                answer = {"error": str(error), "labels": error.labels}
                return web.json_response(answer, status=404)
            except CannotDo as error:
                return web.json_response({"error": str(error)}, status=409)
            except (KeyError, ValueError, TypeError) as error:
                return web.json_response({"error": f"missing or wrong: {error}"}, status=400)

        return handle

    def _say(self, chat: Chat, body: Json) -> Json:
        """`{"text", "entities"?, "reply_to"?, "from_id"?}`."""
        text, entities = str(body["text"]), body.get("entities")
        return self.people.says(
            chat, text, self._who(body), entities=entities, reply_to=_number(body, "reply_to")
        )

    def _send(self, chat: Chat, body: Json) -> Json:
        """`{"kind", "caption"?, "reply_to"?, "size"?}` or `{"album": [{"kind", "caption"?, "size"?}]}`.

        A multipart form with the same fields and a `file` sends that file; up to 50 MB, `size` makes larger.
        """
        reply_to = _number(body, "reply_to")
        if "album" in body:
            return self.people.sends_album(chat, body["album"], reply_to)
        kind, caption = str(body["kind"]), str(body.get("caption", ""))
        size = _number(body, "size")
        return self.people.sends(chat, kind, caption, file=body.get("file"), size=size, reply_to=reply_to)

    def _tap(self, chat: Chat, body: Json) -> Json:
        message_id = body.get("message_id")
        if "label" in body:
            return self.people.taps_label(chat, str(body["label"]), message_id, self._who(body))
        return self.people.taps_data(chat, str(body["data"]), message_id, self._who(body))

    def _contact(self, chat: Chat, body: Json) -> Json:
        """The own contact by default; `"user_id": null` is somebody who is not in Telegram."""
        phone = str(body.get("phone") or chat.person.phone)
        return self.people.shares_contact(chat, phone, body.get("user_id", chat.person.id))

    def _who(self, body: Json) -> Person | None:
        return self.state.person(int(body["from_id"])) if "from_id" in body else None

    def _chat(self, request: web.Request, user_id: int | None = None) -> Chat:
        return self.state.chat(int(request.match_info["id"]), user_id)

    def _view(self, chat: Chat) -> Json:
        return chat.described(self.state.now()) | {"bot": self._bot_as_seen_by(chat)}

    def _bot_as_seen_by(self, chat: Chat) -> Json | None:
        """Name, texts and commands of the first bot in this person's language; None before one calls."""
        bot = next(iter(self.state.bots.values()), None)
        if bot is None:
            return None
        language = chat.person.language_code
        return {
            "name": bot.profile.text_for("name", language),
            "username": bot.profile.username,
            "description": bot.profile.text_for("description", language),
            "commands": bot.profile.commands_for(chat.id, language),
        }


def _number(body: Json, name: str) -> int | None:
    return None if body.get(name) in (None, "") else int(body[name])


async def _body(request: web.Request) -> Json:
    """What a person does: a JSON object, or a form with a file under `file` (an `Upload` in the answer)."""
    if not request.content_type.startswith("multipart/"):
        return await json_body(request)
    try:
        form = await params_of(request)
    except Refusal as refusal:
        raise web.HTTPRequestEntityTooLarge(
            max_size=LARGEST_UPLOAD,
            actual_size=request.content_length or 0,
            text=json.dumps({"error": refusal.description}),
            content_type="application/json",
        ) from None
    return form.values | form.uploads


async def json_body(request: web.Request) -> Json:
    """The JSON object of a request; 400 for anything else."""
    try:
        body = await request.json() if request.can_read_body else {}
    except json.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text='{"error": "a JSON object expected"}', content_type="application/json")
    return body
