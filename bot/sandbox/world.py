"""The state of the One-Link stand-in: what the clinic has, in the shapes of the API."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from bot.sandbox.answers import Row, not_found, utc
from bot.sandbox.attachments import FileStore
from bot.sandbox.clock import Clock
from bot.sandbox.rows import complete
from bot.sandbox.world_loading import TABLES, Loading

Profile = Literal["published", "current"]
PROFILES: tuple[Profile, ...] = ("published", "current")

SWITCHES: Row = {
    "scheduling_enabled": True,  # false: 403 FEATURE_DISABLED from every scheduling route
    "contact_required": True,  # profile `current` only
    "code_on_404": False,  # true: a 404 carries the code that the documentation promises
    "managed_fields": None,  # a list: the only custom attributes appointments may have (`current`)
    "finance_removed": False,  # true: money fields other than `service_amount` are absent (`current`)
    "race_window": 0.0,  # seconds between the check and the insert of an appointment (`published`)
    "cancel_queued": False,  # true: a cancel answers 200 and the appointment is not cancelled
    "status_reasons": {},  # {"open": ["Client asks"]}: reasons One-Link demands with a status
    "sign_inbox_webhooks": False,  # true: the webhook of the inbox is signed as well
    "webhook_pauses": [0, 3, 21, 104, 362],  # real seconds before each attempt at the inbox's webhook
    "attachment_delay": 0.0,  # real seconds during which the storage does not have a new file yet
    "storage_full": False,  # true: 402 for a client's message with files
}

Changes = Mapping[str, tuple[Any, Any]]
"""The former and the present value of every attribute that changed."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a conversation, under the name One-Link's webhooks give it.

    `actor` (`{"id", "name", "type"}`) and `private` belong to typing, `changes` to `conversation_updated`.
    """

    name: str
    conversation: Row
    message: Row | None = None
    changes: Changes | None = None
    actor: Row | None = None
    private: bool = False


Listener = Callable[[Event], None]


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
        self.url = ""
        """Where the sandbox is served, without a slash at the end; empty until then."""
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
        fresh = Loading(utc(self.clock.now()))
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
        self.webhooks = fresh.tables["webhooks"]
        self.files = FileStore()  # a world names its files, it does not have their bytes
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
        """A number never given before; `messages`, `prices` and `attachments` have sequences too."""
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

    def is_token_user(self, user_id: int) -> bool:
        """Whether a token acts as this user: then it is a bot, and not a person of the clinic."""
        first = next(iter(self.users))
        known = self.tokens if self.tokens is not None else [{}]
        return any(
            user_id == int((isinstance(token, dict) and token.get("user_id")) or first) for token in known
        )

    def happened(
        self,
        event: str,
        conversation: Row,
        message: Row | None = None,
        *,
        changes: Changes | None = None,
        actor: Row | None = None,
        private: bool = False,
    ) -> None:
        """Tell those who pass events on: `message_created`, `conversation_status_changed` and the like."""
        happening = Event(event, conversation, message, changes, actor, private)
        for listener in tuple(self.listeners):
            listener(happening)

    def _name_inbox(self, inbox: Row, inbox_id: int) -> None:
        former, inbox["id"] = inbox["id"], inbox_id
        self.inboxes[inbox_id] = self.inboxes.pop(former)
        for row in (*self.contact_inboxes.values(), *self.conversations.values()):
            row["inbox_id"] = inbox_id
        self.message_keys = {(inbox_id, key): found for (_, key), found in self.message_keys.items()}
        self._inbox_named = True
