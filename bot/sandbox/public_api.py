"""The public inbox API: a client's own side of the correspondence. No token; the path is the secret."""

from secrets import token_hex

from aiohttp import web

from bot.sandbox.answers import Refused, Row, answer, body_of, not_found, path_id, text
from bot.sandbox.attachments import message_of
from bot.sandbox.contact_rules import refuse_duplicates
from bot.sandbox.conversation_views import message_view, sender_of
from bot.sandbox.correspondence import Correspondence, SourceTaken
from bot.sandbox.world import World

INBOX = "/public/api/v1/inboxes/{identifier}"
CONTACT = f"{INBOX}/contacts/{{source_id}}"
CONVERSATION = f"{CONTACT}/conversations/{{id:\\d+}}"


class PublicApi:
    """Contacts, conversations and messages under an inbox identifier and a source id."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.correspondence = Correspondence(world)

    def add_routes(self, app: web.Application) -> None:
        get, post = app.router.add_get, app.router.add_post
        get(INBOX, self.inbox)
        post(f"{INBOX}/contacts", self.create_contact)
        get(CONTACT, self.contact)
        app.router.add_route("PATCH", CONTACT, self.change_contact)
        get(f"{CONTACT}/conversations", self.conversations)
        post(f"{CONTACT}/conversations", self.create_conversation)
        get(CONVERSATION, self.conversation)
        get(f"{CONVERSATION}/messages", self.messages)
        post(f"{CONVERSATION}/messages", self.create_message)
        post(f"{CONVERSATION}/toggle_status", self.resolve)
        post(f"{CONVERSATION}/toggle_typing", self.typing)
        post(f"{CONVERSATION}/update_last_seen", self.seen)

    async def inbox(self, request: web.Request) -> web.Response:
        inbox = self._inbox(request)
        return answer({"identifier": inbox["inbox_identifier"], "name": inbox["name"], "timezone": "UTC"})

    async def create_contact(self, request: web.Request) -> web.Response:
        """The same contact for the same source id. Details that belong to somebody else are dropped."""
        inbox, body = self._inbox(request), await body_of(request)
        source_id = text(body.get("source_id")) or token_hex(16)
        link = self.correspondence.linked(inbox, source_id)
        if link is None:
            contact = self.world.add(
                "contacts", {"full_name": text(body.get("name"))} | self._unclaimed(body)
            )
            link = self.correspondence.link(contact, inbox, source_id)
        return answer(self._contact_view(link))

    async def contact(self, request: web.Request) -> web.Response:
        return answer(self._contact_view(self._link(request)))

    async def change_contact(self, request: web.Request) -> web.Response:
        link, body = self._link(request), await body_of(request)
        contact = self.world.find("contacts", link["contact_id"])
        changes = self._unclaimed(body, own_id=contact["id"])
        if "name" in body:
            changes["full_name"] = text(body["name"])
        contact.update(changes, updated_at=self.world.now())
        return answer(self._contact_view(link))

    async def conversations(self, request: web.Request) -> web.Response:
        link = self._link(request)
        mine = [row for row in self.world.rows("conversations") if self._is_in(link, row)]
        return answer([self._conversation_view(row) for row in mine])

    async def create_conversation(self, request: web.Request) -> web.Response:
        """Always `open`, which wakes the operators, unless a bot is attached to the inbox."""
        attributes = (await body_of(request)).get("custom_attributes")
        link = self._link(request)
        conversation = self.correspondence.start(
            self._inbox(request), link, {"custom_attributes": attributes}
        )
        return answer(self._conversation_view(conversation))

    async def conversation(self, request: web.Request) -> web.Response:
        return answer(self._conversation_view(self._conversation(request)))

    async def messages(self, request: web.Request) -> web.Response:
        """The last twenty that a client may see: no private notes, no activity."""
        conversation = self._conversation(request)
        seen = [m for m in conversation["messages"] if not m["private"] and m["message_type"] != 2]
        return answer([message_view(self.world, conversation, message) for message in seen[-20:]])

    async def create_message(self, request: web.Request) -> web.Response:
        """Exactly once per `source_id` and inbox: a repeat is answered with the message that is there."""
        conversation = self._conversation(request)
        body, uploads = await message_of(request)
        if uploads and self.world.switches["storage_full"]:
            raise Refused(402, "Account storage limit exceeded")
        incoming: Row = {key: body[key] for key in ("content", "source_id") if key in body}
        incoming["message_type"] = "incoming"
        try:
            message = self.correspondence.write(conversation, incoming, self._client(conversation), uploads)
        except SourceTaken as taken:
            if taken.conversation is not conversation:
                raise Refused(409, "source_id is already used by another conversation") from taken
            message = taken.message
        return answer(message_view(self.world, conversation, message))

    async def resolve(self, request: web.Request) -> web.Response:
        """The client ends the conversation; reasons are not asked for."""
        conversation = self._conversation(request)
        self.correspondence.ownership.move(conversation, "resolved", by=self._client(conversation))
        return answer(self._conversation_view(conversation))

    async def typing(self, request: web.Request) -> web.Response:
        conversation, body = self._conversation(request), await body_of(request)
        started = body.get("typing_status") == "on"
        self.correspondence.ownership.typing(conversation, started, by=self._client(conversation))
        return web.Response(status=200)

    async def seen(self, request: web.Request) -> web.Response:
        conversation = self._conversation(request)
        conversation["contact_last_seen_at"] = int(self.world.clock.now().timestamp())
        return web.Response(status=200)

    def _inbox(self, request: web.Request) -> Row:
        return self.world.inbox_by_identifier(request.match_info["identifier"])

    def _link(self, request: web.Request) -> Row:
        link = self.correspondence.linked(self._inbox(request), request.match_info["source_id"])
        if link is None:
            raise not_found()
        return link

    def _conversation(self, request: web.Request) -> Row:
        """A conversation of this very source id; anybody else's does not exist here."""
        conversation = self.world.find("conversations", path_id(request))
        if not self._is_in(self._link(request), conversation):
            raise not_found()
        return conversation

    def _is_in(self, link: Row, conversation: Row) -> bool:
        mine = link["inbox_id"], link["source_id"]
        return mine == (conversation["inbox_id"], conversation["source_id"])

    def _client(self, conversation: Row) -> Row:
        """The contact as the one who writes, types or ends the conversation."""
        contact = self.world.contacts.get(conversation["contact_id"], {})
        return {"id": conversation["contact_id"], "name": contact.get("full_name"), "type": "contact"}

    def _unclaimed(self, body: Row, own_id: int | None = None) -> Row:
        """Phone, email and identifier, without those that another contact already has."""
        kept: Row = {}
        for key, column in (("phone_number", "phone"), ("email", "email"), ("identifier", "identifier")):
            try:
                refuse_duplicates(self.world, {column: text(body.get(key))}, own_id)
            except Refused:
                continue
            if key in body:
                kept[column] = text(body[key])
        return kept

    def _contact_view(self, link: Row) -> Row:
        contact = sender_of(self.world.find("contacts", link["contact_id"]))
        view = {key: contact[key] for key in ("id", "name", "email", "phone_number")}
        return {"source_id": link["source_id"], "pubsub_token": f"pubsub-{link['id']}"} | view

    def _conversation_view(self, conversation: Row) -> Row:
        keys = ("id", "uuid", "inbox_id", "status", "contact_last_seen_at", "agent_last_seen_at")
        public = [m for m in conversation["messages"] if not m["private"] and m["message_type"] != 2]
        return {key: conversation[key] for key in keys} | {
            "messages": [message_view(self.world, conversation, m) for m in public[-20:]],
            "contact": sender_of(self.world.find("contacts", conversation["contact_id"])),
        }
