"""Contacts and their places in inboxes, as the application API has them."""

from aiohttp import web

from bot.sandbox.answers import Refused, Row, answer, body_of, path_id, text
from bot.sandbox.contact_rules import refuse_duplicates
from bot.sandbox.conversation_views import contact_view, conversation_view, inbox_brief, link_view
from bot.sandbox.correspondence import Correspondence
from bot.sandbox.world import World

ACCOUNT = "/api/v1/accounts/{account}"
FILTERS = {"phone_number": "phone", "identifier": "identifier", "email": "email", "name": "full_name"}
COLUMNS = {"name": "full_name", "phone_number": "phone", "email": "email", "identifier": "identifier"}


class ContactsApi:
    """Successful creates answer 200 here, not 201 as in scheduling."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.correspondence = Correspondence(world)

    def add_routes(self, app: web.Application) -> None:
        one = f"{ACCOUNT}/contacts/{{id:\\d+}}"
        app.router.add_post(f"{ACCOUNT}/contacts", self.create)
        app.router.add_post(f"{ACCOUNT}/contacts/filter", self.filter)
        app.router.add_get(f"{ACCOUNT}/contacts/search", self.search)
        app.router.add_get(one, self.show)
        app.router.add_route("PUT", one, self.change)
        app.router.add_route("PATCH", one, self.change)
        app.router.add_get(f"{one}/conversations", self.conversations)
        app.router.add_post(f"{one}/contact_inboxes", self.link)
        app.router.add_post(f"{ACCOUNT}/contact_inboxes/filter", self.find_linked)

    async def create(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        fields = _columns(body)
        _refuse_duplicates(self.world, fields)
        inbox = self.world.inbox(body["inbox_id"]) if body.get("inbox_id") is not None else None
        source_id = text(body.get("source_id"))
        if inbox is not None and source_id and self.correspondence.linked(inbox, source_id):
            raise Refused(422, "source_id should be unique")
        contact = self.world.add("contacts", fields)
        link = None
        if inbox is not None:
            source_id = source_id or f"sandbox-{contact['id']}"
            link = link_view(self.world, self.correspondence.link(contact, inbox, source_id))
        return answer({"payload": {"contact": contact_view(self.world, contact), "contact_inbox": link}})

    async def change(self, request: web.Request) -> web.Response:
        contact = self.world.find("contacts", path_id(request))
        body = await body_of(request)
        fields = _columns(body)
        _refuse_duplicates(self.world, fields, own_id=contact["id"])
        fields["custom_attributes"] = contact["custom_attributes"] | (body.get("custom_attributes") or {})
        contact.update(fields, updated_at=self.world.now())
        return answer({"payload": contact_view(self.world, contact)})

    async def show(self, request: web.Request) -> web.Response:
        contact = self.world.find("contacts", path_id(request))
        return answer({"payload": contact_view(self.world, contact)})

    async def filter(self, request: web.Request) -> web.Response:
        """Exact conditions, all of which must hold. A phone comes without its `+`: One-Link adds one."""
        conditions = (await body_of(request)).get("payload") or []
        rows = self.world.rows("contacts")
        for condition in conditions:
            column = FILTERS.get(condition.get("attribute_key"))
            if column is None or condition.get("filter_operator") != "equal_to":
                raise Refused(422, f"Invalid attribute key - [{condition.get('attribute_key')}]")
            plus = "+" if column == "phone" else ""
            wanted = {f"{plus}{value}".lower() for value in condition.get("values") or ()}
            rows = [row for row in rows if str(row[column] or "").lower() in wanted]
        return self._page(rows)

    async def search(self, request: web.Request) -> web.Response:
        """`q` as a substring of name, phone, email or identifier."""
        wanted = request.query.get("q", "").lower()
        return self._page(
            [
                row
                for row in self.world.rows("contacts")
                if any(wanted in str(row[column] or "").lower() for column in FILTERS.values())
            ]
        )

    async def conversations(self, request: web.Request) -> web.Response:
        """The twenty newest."""
        contact = self.world.find("contacts", path_id(request))
        rows = [row for row in self.world.rows("conversations") if row["contact_id"] == contact["id"]]
        account_id = int(request.match_info["account"])
        newest = reversed(rows[-20:])
        return answer({"payload": [conversation_view(self.world, row, account_id) for row in newest]})

    async def link(self, request: web.Request) -> web.Response:
        contact = self.world.find("contacts", path_id(request))
        body = await body_of(request)
        inbox = self.world.inbox(body.get("inbox_id"))
        source_id = text(body.get("source_id")) or f"sandbox-{contact['id']}"
        link = self.correspondence.link(contact, inbox, source_id)
        return answer({"source_id": link["source_id"], "inbox": inbox_brief(inbox)})

    async def find_linked(self, request: web.Request) -> web.Response:
        """The contact behind a source id; an empty 404 when there is none."""
        body = await body_of(request)
        inbox = self.world.inbox(body.get("inbox_id"))
        link = self.correspondence.linked(inbox, str(body.get("source_id")))
        contact = self.world.contacts.get(link["contact_id"]) if link else None
        if contact is None:
            return web.Response(status=404)
        return answer(contact_view(self.world, contact))

    def _page(self, rows: list[Row]) -> web.Response:
        meta = {"count": len(rows), "current_page": 1}
        return answer({"meta": meta, "payload": [contact_view(self.world, row) for row in rows[:15]]})


def _columns(body: Row) -> Row:
    fields = {column: text(body[key]) for key, column in COLUMNS.items() if key in body}
    for key in ("custom_attributes", "additional_attributes"):
        if isinstance(body.get(key), dict):
            fields[key] = body[key]
    return fields


def _refuse_duplicates(world: World, fields: Row, own_id: int | None = None) -> None:
    """The same rule as in scheduling, in this API's words: `message` and `attributes`."""
    phone = fields.get("phone")
    if phone and not (phone.startswith("+") and phone[1:].isdigit() and 2 <= len(phone) <= 16):
        raise _invalid("Phone number should be in e164 format", "phone_number")
    try:
        refuse_duplicates(world, fields, own_id)
    except Refused as refused:
        [(attribute, [sentence])] = refused.body["details"].items()
        raise _invalid(sentence, attribute) from refused


def _invalid(message: str, attribute: str) -> Refused:
    refused = Refused(422, message)
    refused.body = {"message": message, "attributes": [attribute]}
    return refused
