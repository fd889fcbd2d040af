"""`check`, about the inbox: operators see clients there, and answer."""

from collections.abc import AsyncIterator, Iterator

from bot.app import App
from bot.domain.errors import BookingError, Gone
from bot.finding import Finding, advice, bad, good
from bot.onelink.wire_conversations import Inbox
from bot.settings import Settings


async def about_inbox(app: App) -> AsyncIterator[Finding]:
    """Findings about the inbox: conversations hang on it, and talking to operators."""
    if app.conversations is None:
        yield advice(
            "ONELINK_INBOX_ID is not set: visits are booked without a link to a conversation. "
            "Create an API inbox in One-Link and set ONELINK_INBOX_ID and ONELINK_INBOX_IDENTIFIER."
        )
        return
    try:
        inbox = await app.conversations.inbox()
    except Gone:
        yield bad(
            "The inbox of ONELINK_INBOX_ID does not exist in this account: "
            "its number is in the address of its settings page."
        )
        return
    except BookingError as error:
        yield bad(
            f"The inbox cannot be read (status {error.status or 'none'}): is the token's user a member of it?"
        )
        return
    identifier = app.settings.onelink_inbox_identifier
    if inbox.channel_type not in (None, "Channel::Api"):
        yield bad("ONELINK_INBOX_ID names an inbox of another kind: the bot needs one of the kind API.")
    elif identifier and inbox.identifier and identifier.get_secret_value() != inbox.identifier:
        yield bad("ONELINK_INBOX_IDENTIFIER belongs to another inbox than ONELINK_INBOX_ID.")
    else:
        yield good(f"The inbox “{inbox.name}” is there.")
    if inbox.locks_to_single_conversation is False:
        yield advice("Turn on “lock to single conversation” in the inbox: one client, one conversation.")
    if inbox.greets:
        yield advice("Turn off the greeting of the inbox: clients are greeted by the bot.")
    if inbox.asks_for_email:
        yield advice("Turn off the collecting of e-mail addresses in the inbox: it asks clients in the chat.")
    for finding in (*_operators(app.settings, inbox), *_doorbell(app.settings, inbox)):
        yield finding


def _operators(settings: Settings, inbox: Inbox) -> Iterator[Finding]:
    if settings.onelink_inbox_identifier is None:
        yield advice(
            "Set ONELINK_INBOX_IDENTIFIER, too: then clients can talk to operators through the bot. "
            "Until then they are told to call the clinic."
        )
        return
    if inbox.assigns is False:
        yield advice(
            "Turn on automatic assignment in the inbox: whoever asks for a person gets one who is told so."
        )
    if settings.operator_hours is None:
        yield advice("Set OPERATOR_HOURS, so that clients who ask for a person are told when one answers.")
    if inbox.answers_out_of_hours:
        yield advice("Turn off the inbox's automatic message outside working hours: OPERATOR_HOURS says it.")


def _doorbell(settings: Settings, inbox: Inbox) -> Iterator[Finding]:
    """Whether One-Link rings; the address holds a secret and is never printed."""
    if not settings.relays:
        return
    if settings.webhook_secret is None:
        yield advice(
            "Set WEBHOOK_SECRET and the webhook of the inbox: operators' answers arrive at once then."
        )
    elif not (inbox.webhook_url or "").endswith(f"/onelink/{settings.webhook_secret.get_secret_value()}"):
        yield advice(
            "The inbox's webhook is not the bot's doorbell: enter https://your-address/onelink/ followed "
            "by WEBHOOK_SECRET there (or a webhook of the account with message and conversation events)."
        )
    if inbox.has_secret and settings.onelink_webhook_secret is None:
        yield advice("One-Link signs this inbox's webhooks: copy their secret into ONELINK_WEBHOOK_SECRET.")
