"""Messages of a conversation, application side: list, write, report delivery."""

from aiohttp import web

from bot.sandbox.answers import USER, Refused, Row, answer, body_of, path_id, text
from bot.sandbox.attachments import message_of
from bot.sandbox.contacts_api import ACCOUNT
from bot.sandbox.conversation_views import message_view, sender_of
from bot.sandbox.correspondence import Correspondence, SourceTaken
from bot.sandbox.message_fate import MessageFate, message_in
from bot.sandbox.ownership import acting
from bot.sandbox.world import World


class MessagesApi:
    """`…/conversations/{id}/messages`; the public side is PublicApi."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.correspondence = Correspondence(world)
        self.fate = MessageFate(world)

    def add_routes(self, app: web.Application) -> None:
        path = f"{ACCOUNT}/conversations/{{id:\\d+}}/messages"
        app.router.add_get(path, self.index)
        app.router.add_post(path, self.create)
        app.router.add_route("PATCH", f"{path}/{{message_id:\\d+}}", self.report)

    async def index(self, request: web.Request) -> web.Response:
        """Ascending. `after`: the next 100; `before`: the 20 before; both: up to 1000; none: the last 20."""
        conversation = self.world.find("conversations", path_id(request))
        after, before = request.query.get("after"), request.query.get("before")
        rows = [
            message
            for message in conversation["messages"]
            if (not after or message["id"] > int(after)) and (not before or message["id"] < int(before))
        ]
        rows = rows[: 1000 if before else 100] if after else rows[-20:]
        contact = self.world.contacts.get(conversation["contact_id"])
        meta = {"labels": conversation["labels"], "contact": sender_of(contact) if contact else None}
        return answer(
            {"meta": meta, "payload": [message_view(self.world, conversation, row) for row in rows]}
        )

    async def create(self, request: web.Request) -> web.Response:
        """Outgoing unless said otherwise; every error is a 422 with a sentence, duplicates included."""
        conversation = self.world.find("conversations", path_id(request))
        body, uploads = await message_of(request)
        sender = self._sender(request, conversation, body)
        try:
            message = self.correspondence.write(conversation, body, sender, uploads)
        except SourceTaken as taken:
            raise Refused(
                422,
                "PG::UniqueViolation: ERROR:  duplicate key value violates unique constraint "
                '"index_messages_on_inbox_id_and_source_id"',
            ) from taken
        view = message_view(self.world, conversation, message)
        return answer(view | ({"echo_id": body["echo_id"]} if body.get("echo_id") else {}))

    async def report(self, request: web.Request) -> web.Response:
        """Delivery status. `external_error` stays only with `failed`; `read` never becomes `delivered`."""
        conversation, body = self.world.find("conversations", path_id(request)), await body_of(request)
        message = message_in(conversation, path_id(request, "message_id"))
        self.fate.report(conversation, message, str(body.get("status")), text(body.get("external_error")))
        return answer(message_view(self.world, conversation, message))

    def _sender(self, request: web.Request, conversation: Row, body: Row) -> Row:
        """The contact of an incoming message; a known agent bot; otherwise the token's user."""
        if body.get("message_type") == "incoming":
            return {"id": conversation["contact_id"], "type": "contact"}
        robot = self.world.agent_bots.get(int(body.get("sender_id") or 0))
        if body.get("sender_type") == "AgentBot" and robot is not None:
            return {"id": robot["id"], "name": robot["name"], "type": "agent_bot"}
        return acting(request[USER])
