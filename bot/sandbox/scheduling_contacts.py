"""Contacts as the scheduling API knows them: search, create, change."""

import re

from aiohttp import web

from bot.sandbox.answers import Row, body_of, integer, invalid, iso_date, listed, path_id, payload, text
from bot.sandbox.contact_rules import checked_identifier, normalised_phone, refuse_duplicates
from bot.sandbox.scheduling_rows import ACCOUNT, account_of
from bot.sandbox.scheduling_views import contact_view
from bot.sandbox.world import World

NAME_PARTS = ("first_name", "last_name", "middle_name")
LARGEST_PAGE = 100


class SchedulingContactsApi:
    """Always creates, never merges; a number that is already known is a 422."""

    def __init__(self, world: World) -> None:
        self.world = world

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(f"{ACCOUNT}/contacts", self.search)
        app.router.add_post(f"{ACCOUNT}/contacts", self.create)
        app.router.add_route("PATCH", f"{ACCOUNT}/contacts/{{id}}", self.change)
        app.router.add_route("PUT", f"{ACCOUNT}/contacts/{{id}}", self.change)

    async def search(self, request: web.Request) -> web.Response:
        """Newest first. A substring search: it may well return somebody else."""
        query = request.query
        limit = integer(query.get("limit") or 20, "limit")
        wanted = (query.get("search") or "").strip().lower()
        matches = _every_word_matches if self.world.current else _one_substring_matches
        rows = [row for row in reversed(self.world.rows("contacts")) if not wanted or matches(row, wanted)]
        shown = rows[: min(max(limit, 1), LARGEST_PAGE)]
        return listed([contact_view(self.world, row, account_of(request)) for row in shown])

    async def create(self, request: web.Request) -> web.Response:
        contact = self._fields(await body_of(request), {})
        if not (contact.get("full_name") or contact.get("phone")):
            raise invalid("full_name is required")
        refuse_duplicates(self.world, contact)
        added = self.world.add("contacts", contact)
        return payload(contact_view(self.world, added, account_of(request)), 201)

    async def change(self, request: web.Request) -> web.Response:
        """A new name or phone has newer One-Links check the stored identifier as an IIN."""
        contact = self.world.find("contacts", path_id(request))
        changes = self._fields(await body_of(request), contact)
        if self.world.current and changes.keys() & {"full_name", "phone"}:
            checked_identifier(changes.get("identifier", contact["identifier"]))
        refuse_duplicates(self.world, changes, own_id=contact["id"])
        contact.update(changes, updated_at=self.world.now())
        return payload(contact_view(self.world, contact, account_of(request)))

    def _fields(self, body: Row, stored: Row) -> Row:
        """Only the keys that were sent, in the names and forms in which they are stored."""
        fields: Row = {}
        for key, name in (("name", "full_name"), ("full_name", "full_name"), ("gender", "gender")):
            if key in body:
                fields[name] = text(body[key])
        for key in ("phone", "phone_number"):
            if key in body:
                fields["phone"] = normalised_phone(body[key])
        if self.world.current and any(part in body for part in NAME_PARTS):
            fields |= {part: text(body[part]) for part in NAME_PARTS if part in body}
            parts = [
                fields.get(part, stored.get(part)) for part in ("last_name", "first_name", "middle_name")
            ]
            fields["full_name"] = " ".join(part for part in parts if part)
        if "identifier" in body:
            fields["identifier"] = text(body["identifier"])
        if "birth_date" in body:
            fields["birth_date"] = iso_date(body["birth_date"], "birth_date").isoformat()
        if "company_id" in body:
            fields["company_id"] = body["company_id"]
        attributes = stored.get("custom_attributes", {}) | (body.get("custom_attributes") or {})
        if body.get("iin"):
            fields["identifier"] = attributes["iin"] = checked_identifier(body["iin"])
        if attributes:
            fields["custom_attributes"] = attributes
        return fields


def _haystack(contact: Row) -> str:
    parts = (contact["full_name"], contact["email"], contact["phone"], contact["identifier"])
    return "\n".join(part.lower() for part in parts if part)


def _one_substring_matches(contact: Row, wanted: str) -> bool:
    return wanted in _haystack(contact)


def _every_word_matches(contact: Row, wanted: str) -> bool:
    """Every word somewhere, or the query's digits in the phone's; a leading 8 of 11 is also tried as 7."""
    if all(word in _haystack(contact) for word in wanted.split()):
        return True
    digits, phone = re.sub(r"\D", "", wanted), re.sub(r"\D", "", contact["phone"] or "")
    also = f"7{digits[1:]}" if len(digits) == 11 and digits[0] == "8" else digits
    return bool(digits) and (digits in phone or also in phone)
