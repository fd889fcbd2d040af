"""What One-Link writes into a conversation by itself when its status, assignee or team changes."""

from bot.sandbox.answers import Row

_BY_STAFF = {
    "resolved": "Conversation was marked resolved by {name}",
    "open": "Conversation was reopened by {name}",
    "pending": "Conversation was marked as pending by {name}",
    "snoozed": "Conversation was snoozed by {name}",
}
_BY_ITSELF = {
    "open": "System reopened the conversation due to a new incoming message.",
    "pending": "System moved the conversation to pending due to a new incoming message.",
}


def status_sentence(status: str, by: Row | None) -> str:
    """`by` is who did it (`{"id", "type", "name"}`); None when a client's message woke the conversation."""
    if by is None:
        return _BY_ITSELF[status]
    if by["type"] == "contact":
        return f"Conversation was resolved by {by.get('name') or 'the contact'}"
    return _BY_STAFF[status].format(name=by["name"])


def assignee_sentence(assignee: Row | None, by: Row) -> str:
    if assignee is None:
        return f"Conversation unassigned by {by['name']}"
    if assignee["id"] == by["id"]:
        return f"{by['name']} self-assigned this conversation"
    return f"Assigned to {assignee['name']} by {by['name']}"


def team_sentence(team: Row | None, former: Row | None, by: Row) -> str:
    if team is None:
        return f"Unassigned from {former['name'] if former else 'the team'} by {by['name']}"
    return f"Assigned to {team['name']} by {by['name']}"
