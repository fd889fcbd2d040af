"""Control routes for the operator: what a person of the clinic reads and does in One-Link's own windows.

No authentication, loopback only. A refusal is `{"error"}` with One-Link's status.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.sandbox.answers import Refused, Row, answer, body_of, is_true, path_id, text
from bot.sandbox.attachments import message_of
from bot.sandbox.correspondence import Correspondence
from bot.sandbox.message_fate import MessageFate, message_in
from bot.sandbox.operator_views import conversation_card, message_card
from bot.sandbox.ownership import STATUSES, acting
from bot.sandbox.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Action = Callable[[web.Request, Row], Awaitable[Row]]
"""What is done with the conversation in the path; returns what is answered."""

LIST = "/_sandbox/conversations"
SURVEY = {"content": "Оцените нас", "content_type": "input_csat", "message_type": "template"}


class OperatorControl:
    """`/_sandbox/conversations`. Whoever acts is `user_id`, by default the first person who is no bot."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.correspondence = Correspondence(world)
        self.ownership = self.correspondence.ownership
        self.fate = MessageFate(world)

    def add_routes(self, app: web.Application) -> None:
        one = f"{LIST}/{{id}}"
        app.router.add_get(LIST, self._listed)
        routes: dict[str, Action] = {
            f"{one}/messages": self._write,
            f"{one}/messages/{{message_id}}/retry": self._retry,
            f"{one}/status": self._move,
            f"{one}/typing": self._typing,
            f"{one}/assign": self._assign,
            f"{one}/automation": self._automation,
        }
        for path, action in routes.items():
            app.router.add_post(path, self._answering(action))
        app.router.add_delete(f"{one}/messages/{{message_id}}", self._answering(self._delete))

    async def _listed(self, _: web.Request) -> web.Response:
        """Latest activity first."""
        rows = self.world.rows("conversations")
        rows.sort(key=lambda row: (row["last_activity_at"], row["id"]), reverse=True)
        return answer({"conversations": [conversation_card(self.world, row) for row in rows]})

    async def _write(self, request: web.Request, conversation: Row) -> Row:
        """`{content?, private?, in_reply_to?, user_id?}`, or the same as a form with `attachments[]`."""
        body, uploads = await message_of(request)
        content = text(body.get("content"))
        if content is None and not uploads:
            raise Refused(422, "a message needs content or attachments")
        replied = body.get("in_reply_to")
        attributes = {"in_reply_to": _number(replied, "in_reply_to")} if replied else {}
        written = {"content": content, "private": body.get("private"), "content_attributes": attributes}
        sender = acting(self._user(body))
        return message_card(self.world, self.correspondence.write(conversation, written, sender, uploads))

    async def _automation(self, request: web.Request, conversation: Row) -> Row:
        """`{content}`: an outgoing message that nobody wrote."""
        content = text((await body_of(request)).get("content"))
        if content is None:
            raise Refused(422, "an automatic message needs content")
        return message_card(self.world, self.correspondence.write(conversation, {"content": content}, None))

    async def _delete(self, request: web.Request, conversation: Row) -> Row:
        message = message_in(conversation, path_id(request, "message_id"))
        self.fate.delete(conversation, message)
        return message_card(self.world, message)

    async def _retry(self, request: web.Request, conversation: Row) -> Row:
        message = message_in(conversation, path_id(request, "message_id"))
        self.fate.retry(conversation, message)
        return message_card(self.world, message)

    async def _move(self, request: web.Request, conversation: Row) -> Row:
        """`{status, user_id?, survey?}`; a survey goes with `resolved`, and once in a conversation only."""
        body = await body_of(request)
        status = body.get("status")
        if status not in STATUSES:
            raise Refused(422, f"'{status}' is not a valid status")
        resolved = status == "resolved" and conversation["status"] != "resolved"
        self.ownership.move(conversation, status, by=acting(self._user(body)))
        asked = any(message["content_type"] == "input_csat" for message in conversation["messages"])
        if resolved and body.get("survey") and not asked:
            self.correspondence.write(
                conversation, SURVEY | {"content_attributes": {"display_type": "emoji"}}, None
            )
        return conversation_card(self.world, conversation)

    async def _typing(self, request: web.Request, conversation: Row) -> Row:
        """`{on, private?, user_id?}`."""
        body = await body_of(request)
        private = is_true(str(body.get("private") or ""))
        started = bool(body.get("on"))
        self.ownership.typing(conversation, started, by=acting(self._user(body)), private=private)
        return conversation_card(self.world, conversation)

    async def _assign(self, request: web.Request, conversation: Row) -> Row:
        """`{user_id}`; null takes the conversation away from its assignee."""
        body = await body_of(request)
        user = self._user(body)
        assignee = user if body.get("user_id") is not None else None
        self.ownership.assign(conversation, assignee, by=acting(user))
        return conversation_card(self.world, conversation)

    def _user(self, body: Row) -> Row:
        user_id = body.get("user_id")
        if user_id is None:
            people = self.world.rows("users")
            staff = (user for user in people if not self.world.is_token_user(user["id"]))
            return next(staff, people[0])
        user = self.world.users.get(_number(user_id, "user_id"))
        if user is None:
            raise Refused(422, f"there is no user {user_id}")
        return user

    def _answering(self, act: Action) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                conversation = self.world.find("conversations", path_id(request))
                return answer(await act(request, conversation))
            except Refused as refused:
                return answer({"error": refused.body["error"]}, refused.status)

        return handle


def _number(value: object, name: str) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise Refused(422, f"{name} must be a number") from error
