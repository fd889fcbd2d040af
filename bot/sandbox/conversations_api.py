"""The conversation half of One-Link, application side: conversations, and whose they are."""

from typing import Any

from aiohttp import web

from bot.sandbox.account_api import AccountApi
from bot.sandbox.answers import USER, Refused, Row, answer, body_of, is_true, path_id, text
from bot.sandbox.attachment_routes import AttachmentRoutes
from bot.sandbox.contacts_api import ACCOUNT, ContactsApi
from bot.sandbox.conversation_views import conversation_view, user_view
from bot.sandbox.correspondence import Correspondence
from bot.sandbox.messages_api import MessagesApi
from bot.sandbox.ownership import STATUSES, acting
from bot.sandbox.public_api import PublicApi
from bot.sandbox.world import World

PAGE = 25


class ConversationsApi:
    """All conversation routes a bot may need; `id` in a path is the display id."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.correspondence = Correspondence(world)
        self.ownership = self.correspondence.ownership
        self.parts = (
            AccountApi(world),
            ContactsApi(world),
            MessagesApi(world),
            PublicApi(world),
            AttachmentRoutes(world),
        )

    def add_routes(self, app: web.Application) -> None:
        for part in self.parts:
            part.add_routes(app)
        get, post, one = app.router.add_get, app.router.add_post, f"{ACCOUNT}/conversations/{{id:\\d+}}"
        get(f"{ACCOUNT}/conversations", self.index)
        post(f"{ACCOUNT}/conversations", self.create)
        get(one, self.show)
        post(f"{one}/toggle_status", self.toggle_status)
        post(f"{one}/custom_attributes", self.custom_attributes)
        get(f"{one}/labels", self.labels)
        post(f"{one}/labels", self.relabel)
        post(f"{one}/assignments", self.assign)
        post(f"{one}/update_last_seen", self.seen)
        post(f"{one}/toggle_typing_status", self.typing)

    async def index(self, request: web.Request) -> web.Response:
        """Newest activity first, 25 a page; open ones unless `status` says otherwise."""
        query = request.query
        status, inbox_id = query.get("status") or "open", query.get("inbox_id")
        rows = [
            row
            for row in self.world.rows("conversations")
            if status in ("all", row["status"]) and (not inbox_id or str(row["inbox_id"]) == inbox_id)
        ]
        rows.sort(key=lambda row: (row["last_activity_at"], row["id"]), reverse=True)
        page = max(int(query.get("page") or 1), 1)
        shown = [self._view(request, row) for row in rows[(page - 1) * PAGE : page * PAGE]]
        assigned = sum(1 for row in rows if row["assignee_id"])
        mine = sum(1 for row in rows if row["assignee_id"] == request[USER]["id"])
        meta = {
            "mine_count": mine,
            "assigned_count": assigned,
            "unassigned_count": len(rows) - assigned,
            "all_count": len(rows),
        }
        return answer({"data": {"meta": meta, "payload": shown}})

    async def create(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        inbox = self.world.inbox(body.get("inbox_id"))
        source_id = text(body.get("source_id"))
        link = self.correspondence.linked(inbox, source_id) if source_id else None
        contact_id = body.get("contact_id")
        if link is None:
            contact = self.world.find("contacts", contact_id)
            link = self.correspondence.link(contact, inbox, source_id or f"sandbox-{contact['id']}")
        elif contact_id is not None and str(contact_id) != str(link["contact_id"]):
            raise Refused(422, "source_id should be unique")
        conversation = self.correspondence.start(inbox, link, body)
        return answer(self._view(request, conversation))

    async def show(self, request: web.Request) -> web.Response:
        return answer(self._view(request, self._conversation(request)))

    async def toggle_status(self, request: web.Request) -> web.Response:
        """Without `status` it flips between open and resolved. Reasons are asked for when configured."""
        conversation, body = self._conversation(request), await body_of(request)
        status = body.get("status") or ("open" if conversation["status"] != "open" else "resolved")
        if status not in STATUSES:
            raise Refused(422, f"'{status}' is not a valid status", "CONVERSATION_STATUS_INVALID")
        self._refuse_without_reason(conversation, status, body.get("status_reason"))
        opened = status == "open" and conversation["status"] != "open"
        if opened and request[USER]["role"] == "agent":
            # Who opens as an agent becomes the assignee.
            self.ownership.assign(conversation, request[USER], by=acting(request[USER]))
        until = body.get("snoozed_until")
        self.ownership.move(conversation, status, by=acting(request[USER]), snoozed_until=until)
        conversation["status_reason"] = body.get("status_reason")
        done = {
            "success": True,
            "conversation_id": conversation["id"],
            "current_status": conversation["status"],
            "snoozed_until": conversation["snoozed_until"],
        }
        return answer({"meta": {}, "payload": done})

    async def custom_attributes(self, request: web.Request) -> web.Response:
        """Merged with what is there; an explicit empty object clears."""
        conversation = self._conversation(request)
        given = (await body_of(request)).get("custom_attributes") or {}
        former = conversation["custom_attributes"]
        conversation["custom_attributes"] = former | given if given else {}
        changed = former, conversation["custom_attributes"]
        self.ownership.updated(conversation, {"custom_attributes": changed})
        return answer({"custom_attributes": conversation["custom_attributes"]})

    async def labels(self, request: web.Request) -> web.Response:
        return answer({"payload": self._conversation(request)["labels"]})

    async def relabel(self, request: web.Request) -> web.Response:
        """Replaces the whole list."""
        conversation = self._conversation(request)
        former = conversation["labels"]
        conversation["labels"] = [str(label) for label in (await body_of(request)).get("labels") or ()]
        self.ownership.updated(conversation, {"label_list": (former, conversation["labels"])})
        return answer({"payload": conversation["labels"]})

    async def assign(self, request: web.Request) -> web.Response:
        """To a person or a team; null and unknown ids clear. An assignee also becomes the contact's owner."""
        conversation, body = self._conversation(request), await body_of(request)
        given: Row | None
        if "assignee_id" in body:
            user = self.world.users.get(body["assignee_id"])
            self.ownership.assign(conversation, user, by=acting(request[USER]))
            given = user_view(user) if user else None
        else:
            given = self.world.teams.get(body.get("team_id") or 0)
            self.ownership.assign_team(conversation, given, by=acting(request[USER]))
        return answer(given)

    async def seen(self, request: web.Request) -> web.Response:
        """An operator has looked: clears the unread badge."""
        conversation = self._conversation(request)
        conversation["agent_last_seen_at"] = int(self.world.clock.now().timestamp())
        return answer(self._view(request, conversation))

    async def typing(self, request: web.Request) -> web.Response:
        """`{"typing_status": "on" or "off", "is_private"}`, in the name of the token's user."""
        conversation, body = self._conversation(request), await body_of(request)
        started, private = body.get("typing_status") == "on", is_true(str(body.get("is_private") or ""))
        self.ownership.typing(conversation, started, by=acting(request[USER]), private=private)
        return web.Response(status=200)

    def _conversation(self, request: web.Request) -> Row:
        return self.world.find("conversations", path_id(request))

    def _view(self, request: web.Request, conversation: Row) -> Row:
        return conversation_view(self.world, conversation, int(request.match_info["account"]))

    def _refuse_without_reason(self, conversation: Row, status: str, reason: Any) -> None:
        options = self.world.switches["status_reasons"].get(status)
        if not options or status == conversation["status"] or reason in options:
            return
        if reason:
            problem, code = f"'{reason}' is not a reason for {status}.", "CONVERSATION_STATUS_REASON_INVALID"
        else:
            problem = f"Select a reason before moving the conversation to {status}."
            code = "CONVERSATION_STATUS_REASON_REQUIRED"
        refused = Refused(422, problem, code)
        refused.body["details"] = {"status": status, "reason_options": options}
        raise refused
