"""A world read from JSON: rows are completed, numbered and linked before anything replaces the old one."""

from collections.abc import Iterable

from bot.sandbox.answers import Row
from bot.sandbox.rows import complete

TABLES = (
    "users",
    "teams",
    "agent_bots",
    "inboxes",
    "resources",
    "services",
    "work_rules",
    "break_rules",
    "holidays",
    "workday_overrides",
    "time_offs",
    "contacts",
    "contact_inboxes",
    "conversations",
    "appointments",
    "webhooks",
)


class Loading:
    """Tables on their way into a world: ids that were given come first, missing ones are made up after."""

    def __init__(self, now: str) -> None:
        self.now = now
        self.last_ids: dict[str, int] = {}
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in TABLES}
        self.links: set[tuple[int, str]] = set()

    def load(self, data: Row) -> None:
        given: dict[str, list[Row]] = {name: data.get(name) or [] for name in TABLES}
        given["users"] = given["users"] or [{}]
        given["inboxes"] = given["inboxes"] or [_only_inbox(data)]
        messages = [m for c in given["conversations"] for m in c.get("messages") or ()]
        prices = [p for s in given["services"] for p in s.get("prices") or ()]
        files = [a for m in messages for a in m.get("attachments") or ()]
        nested = [("messages", messages), ("prices", prices), ("attachments", files)]
        for name, rows in [*given.items(), *nested]:
            self.last_ids[name] = max((int(row["id"]) for row in rows if row.get("id")), default=0)
        for name, rows in given.items():
            for row in rows:
                self._add(name, row)
        self._link_contacts(given["contacts"])
        self._finish_conversations()
        self._finish_appointments()

    def _next_id(self, sequence: str) -> int:
        self.last_ids[sequence] += 1
        return self.last_ids[sequence]

    def _add(self, table: str, row: Row) -> Row:
        added = complete(table, row, self.now, self._next_id)
        if added["id"] in self.tables[table]:
            raise ValueError(f"{table} has two rows with the id {added['id']}")
        if table == "inboxes":
            identifier = added.pop("identifier", None)
            added.setdefault("inbox_identifier", identifier or f"inbox-{added['id']}")
        if table == "contact_inboxes":
            self.links.add((added["inbox_id"], added["source_id"]))
        self.tables[table][added["id"]] = added
        return added

    def _link_contacts(self, given: Iterable[Row]) -> None:
        """Contacts may carry their `contact_inboxes`, as the conversation API shows them."""
        for row, contact in zip(given, self.tables["contacts"].values(), strict=True):
            contact.pop("contact_inboxes", None)
            for link in row.get("contact_inboxes") or ():
                inbox_id = link.get("inbox_id") or link["inbox"]["id"]
                self._link(contact["id"], inbox_id, link["source_id"])

    def _finish_conversations(self) -> None:
        inbox_id = next(iter(self.tables["inboxes"]))
        for conversation in self.tables["conversations"].values():
            conversation["inbox_id"] = conversation["inbox_id"] or inbox_id
            self._link(conversation["contact_id"], conversation["inbox_id"], conversation["source_id"])
            conversation["messages"] = [
                complete(
                    "messages", {"conversation_id": conversation["id"]} | message, self.now, self._next_id
                )
                for message in conversation["messages"]
            ]

    def _link(self, contact_id: int | None, inbox_id: int, source_id: str) -> None:
        if (inbox_id, source_id) not in self.links:
            link = {"contact_id": contact_id, "inbox_id": inbox_id, "source_id": source_id}
            self._add("contact_inboxes", link)

    def _finish_appointments(self) -> None:
        for visit in self.tables["appointments"].values():
            contact = self.tables["contacts"].get(visit["contact_id"] or 0, {})
            visit["client_name"] = visit["client_name"] or contact.get("full_name")
            visit["client_phone"] = visit["client_phone"] or contact.get("phone")
            service = self.tables["services"].get(visit["service_id"] or 0)
            if service is not None and visit["service_name_snapshot"] is None:
                visit["service_name_snapshot"] = service["name"]
                visit["service_duration_min_snapshot"] = service["duration_min"]


def _only_inbox(data: Row) -> Row:
    """The inbox of a world that names none; its number is the one its conversations already use."""
    used = [*(data.get("contact_inboxes") or ()), *(data.get("conversations") or ())]
    return {"id": next((row["inbox_id"] for row in used if row.get("inbox_id")), 1)}
