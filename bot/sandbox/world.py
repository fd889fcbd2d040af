"""The state of the One-Link stand-in: what the clinic has, in the shapes of the API."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any, Literal

from bot.sandbox.answers import Row, not_found, utc
from bot.sandbox.clock import Clock
from bot.sandbox.rows import complete

Profile = Literal["published", "current"]
PROFILES: tuple[Profile, ...] = ("published", "current")

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
)

SWITCHES: Row = {
    "scheduling_enabled": True,  # false: 403 FEATURE_DISABLED from every scheduling route
    "contact_required": True,  # profile `current` only
    "code_on_404": False,  # true: a 404 carries the code that the documentation promises
    "managed_fields": None,  # a list: the only custom attributes appointments may have (`current`)
    "finance_removed": False,  # true: money fields other than `service_amount` are absent (`current`)
    "race_window": 0.0,  # seconds between the check and the insert of an appointment (`published`)
    "cancel_queued": False,  # true: a cancel answers 200 and the appointment is not cancelled
    "status_reasons": {},  # {"open": ["Client asks"]}: reasons One-Link demands with a status
}

Listener = Callable[[str, Row, Row | None], None]


class World:
    """Tables of rows by id, plus tokens, switches and id sequences.

    `account_id` None accepts any account, `tokens` None any non-empty token. A token is a text, or
    `{"token", "user_id"}`; a text belongs to the first user. A world without `inboxes` has one API inbox
    that answers to every identifier and every number; the first number a client names becomes its id.
    """

    def __init__(self, profile: Profile, clock: Clock, data: Row | None = None) -> None:
        self.profile = profile
        self.clock = clock
        self.listeners: list[Listener] = []
        self.load(data or {})

    @property
    def current(self) -> bool:
        return self.profile == "current"

    def load(self, data: Row) -> None:
        """Replace everything. ValueError, KeyError or Refused when this is no world; then nothing changes."""
        unknown = data.keys() - {*TABLES, "account_id", "tokens", "switches"}
        if unknown:
            raise ValueError(f"unknown keys in a world: {', '.join(sorted(unknown))}")
        if stray := (data.get("switches") or {}).keys() - SWITCHES.keys():
            raise ValueError(f"unknown switches: {', '.join(sorted(stray))}")
        fresh = _Loading(utc(self.clock.now()))
        fresh.load(deepcopy(data))
        self.account_id: int | None = data.get("account_id")
        self.tokens: list[Any] | None = deepcopy(data.get("tokens"))
        self.switches = deepcopy(SWITCHES) | (data.get("switches") or {})
        self.any_inbox = not data.get("inboxes")
        self._inbox_named = not self.any_inbox or bool(fresh.tables["conversations"])
        self._last_ids = fresh.last_ids
        self._tables = fresh.tables
        self.resources = fresh.tables["resources"]
        self.services = fresh.tables["services"]
        self.contacts = fresh.tables["contacts"]
        self.contact_inboxes = fresh.tables["contact_inboxes"]
        self.conversations = fresh.tables["conversations"]
        self.appointments = fresh.tables["appointments"]
        self.inboxes = fresh.tables["inboxes"]
        self.users = fresh.tables["users"]
        self.teams = fresh.tables["teams"]
        self.agent_bots = fresh.tables["agent_bots"]
        self.message_keys = {
            (conversation["inbox_id"], message["source_id"]): (conversation, message)
            for conversation in self.conversations.values()
            for message in conversation["messages"]
            if message["source_id"]
        }

    def dump(self) -> Row:
        """The whole state; loading it again gives the same world."""
        lists: Row = {name: deepcopy(list(table.values())) for name, table in self._tables.items()}
        if self.any_inbox:
            del lists["inboxes"]
        known = {"account_id": self.account_id, "tokens": deepcopy(self.tokens)}
        return (
            {key: value for key, value in known.items() if value is not None}
            | lists
            | {"switches": self.switches}
        )

    def rows(self, table: str) -> list[Row]:
        """All rows of a table in the order of their ids."""
        return [row for _, row in sorted(self._tables[table].items())]

    def next_id(self, sequence: str) -> int:
        """A number never given before; `messages` and `prices` have sequences too."""
        self._last_ids[sequence] = self._last_ids.get(sequence, 0) + 1
        return self._last_ids[sequence]

    def add(self, table: str, row: Row) -> Row:
        """Complete a row, give it an id and keep it."""
        added = complete(table, row, self.now(), self.next_id)
        self._tables[table][added["id"]] = added
        return added

    def message_row(self, row: Row) -> Row:
        """Complete a message and give it an id; its conversation keeps it."""
        return complete("messages", row, self.now(), self.next_id)

    def find(self, table: str, row_id: Any) -> Row:
        """The row, or One-Link's 404. Ids may come as numbers or as digits."""
        try:
            return self._tables[table][int(row_id)]
        except (KeyError, TypeError, ValueError) as error:
            raise not_found() from error

    def now(self) -> str:
        """The sandbox clock in ISO 8601, whole seconds."""
        return utc(self.clock.now())

    def user_of(self, token: str) -> Row | None:
        """Whose token it is; None when One-Link does not know it."""
        first = next(iter(self.users.values()))
        if self.tokens is None:
            return first if token else None
        for known in self.tokens:
            if isinstance(known, str) and known == token:
                return first
            if isinstance(known, dict) and known.get("token") == token:
                return self.users.get(int(known.get("user_id") or first["id"]), first)
        return None

    def inbox(self, inbox_id: Any) -> Row:
        """The inbox a client names by number, or 404."""
        if not self.any_inbox:
            return self.find("inboxes", inbox_id)
        inbox = next(iter(self.inboxes.values()))
        if not self._inbox_named and str(inbox_id).isdigit():
            self._name_inbox(inbox, int(inbox_id))
        return inbox

    def inbox_by_identifier(self, identifier: str) -> Row:
        """The inbox a client names in a public path, or 404."""
        for inbox in self.inboxes.values():
            if self.any_inbox or inbox["inbox_identifier"] == identifier:
                return inbox
        raise not_found()

    def happened(self, event: str, conversation: Row, message: Row | None = None) -> None:
        """Tell those who pass events on: `message_created`, `conversation_status_changed` and the like."""
        for listener in tuple(self.listeners):
            listener(event, conversation, message)

    def _name_inbox(self, inbox: Row, inbox_id: int) -> None:
        former, inbox["id"] = inbox["id"], inbox_id
        self.inboxes[inbox_id] = self.inboxes.pop(former)
        for row in (*self.contact_inboxes.values(), *self.conversations.values()):
            row["inbox_id"] = inbox_id
        self.message_keys = {(inbox_id, key): found for (_, key), found in self.message_keys.items()}
        self._inbox_named = True


class _Loading:
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
        for name, rows in [*given.items(), ("messages", messages), ("prices", prices)]:
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
