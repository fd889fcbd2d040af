"""The account: whose token it is, who works here, its inboxes and its webhooks."""

from aiohttp import web

from bot.sandbox.answers import USER, Refused, Row, answer, body_of, path_id, text
from bot.sandbox.contacts_api import ACCOUNT
from bot.sandbox.conversation_views import inbox_view, user_view
from bot.sandbox.rows import WEBHOOK_EVENTS
from bot.sandbox.world import World

LONGEST_URL = 2048


class AccountApi:
    """`/api/v1/profile` and the settings of an account; only administrators change them."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        get, inbox = app.router.add_get, f"{ACCOUNT}/inboxes/{{id:\\d+}}"
        get("/api/v1/profile", self.profile)
        get(f"{ACCOUNT}/agents", self.agents)
        get(f"{ACCOUNT}/teams", self.teams)
        get(f"{ACCOUNT}/inboxes", self.inboxes)
        get(inbox, self.inbox)
        app.router.add_patch(inbox, self.change_inbox)
        get(f"{ACCOUNT}/webhooks", self.webhooks)
        app.router.add_post(f"{ACCOUNT}/webhooks", self.add_webhook)

    async def profile(self, request: web.Request) -> web.Response:
        """Whose token this is, and the accounts that user belongs to with the role in each."""
        user = request[USER]
        account_id = self.world.account_id or 1
        account = {"id": account_id, "name": "Clinic", "role": user["role"], "status": "active"}
        return answer(user_view(user) | {"account_id": account_id, "accounts": [account]})

    async def agents(self, request: web.Request) -> web.Response:
        return answer([user_view(row) for row in self.world.rows("users")])

    async def teams(self, request: web.Request) -> web.Response:
        return answer(self.world.rows("teams"))

    async def inboxes(self, request: web.Request) -> web.Response:
        shown = [inbox_view(row, secrets=_is_administrator(request)) for row in self.world.rows("inboxes")]
        return answer({"payload": shown})

    async def inbox(self, request: web.Request) -> web.Response:
        inbox = self.world.inbox(path_id(request))
        return answer(inbox_view(inbox, secrets=_is_administrator(request)))

    async def change_inbox(self, request: web.Request) -> web.Response:
        """`{"channel": {"webhook_url"}, "name", "lock_to_single_conversation"}`; what is absent stays."""
        _refuse_agents(request)
        inbox, body = self.world.inbox(path_id(request)), await body_of(request)
        channel = body.get("channel")
        if isinstance(channel, dict) and "webhook_url" in channel:
            inbox["webhook_url"] = _url(channel["webhook_url"], "webhook_url")
        for key in ("name", "lock_to_single_conversation"):
            inbox[key] = body.get(key, inbox[key])
        return answer(inbox_view(inbox, secrets=True))

    async def webhooks(self, request: web.Request) -> web.Response:
        _refuse_agents(request)
        return answer({"payload": {"webhooks": [self._view(row) for row in self.world.rows("webhooks")]}})

    async def add_webhook(self, request: web.Request) -> web.Response:
        """`{"webhook": {"url", "subscriptions"}}`; the address is unique in the account."""
        _refuse_agents(request)
        given = (await body_of(request)).get("webhook") or {}
        url = _url(given.get("url"), "url")
        if url is None:
            raise _invalid("Url can't be blank", "url")
        if any(row["url"] == url for row in self.world.webhooks.values()):
            raise _invalid("Url has already been taken", "url")
        subscriptions = given.get("subscriptions") or ()
        if not subscriptions or not set(subscriptions) <= set(WEBHOOK_EVENTS):
            raise _invalid("Subscriptions Invalid events", "subscriptions")
        added = self.world.add("webhooks", {"url": url, "subscriptions": subscriptions})
        return answer({"payload": {"webhook": self._view(added)}})

    def _view(self, webhook: Row) -> Row:
        """Where webhooks are not signed yet, there is no secret to show either."""
        keys = ("id", "url", "subscriptions", *(("secret",) if self.world.current else ()))
        return {key: webhook[key] for key in keys} | {"account_id": self.world.account_id or 1}


def _is_administrator(request: web.Request) -> bool:
    return bool(request[USER]["role"] == "administrator")


def _refuse_agents(request: web.Request) -> None:
    if not _is_administrator(request):
        raise Refused(401, "You are not authorized to do this action")


def _url(value: object, attribute: str) -> str | None:
    url = text(value)
    if url is not None and len(url) > LONGEST_URL:
        sentence = f"is too long (maximum is {LONGEST_URL} characters)"
        raise _invalid(f"{attribute.replace('_', ' ').capitalize()} {sentence}", attribute)
    return url


def _invalid(message: str, attribute: str) -> Refused:
    refused = Refused(422, message)
    refused.body = {"message": message, "attributes": [attribute]}
    return refused
