"""The name under which One-Link's inbox knows a client."""

import hmac


def source_id_for(bot_key: str, telegram_user_id: int, *, of: str = "") -> str:
    """The `source_id` of a client: recomputable by us, unguessable for everybody else.

    Whoever knows the inbox identifier and a source_id can read and write that client's
    conversation without a token (onelink-conversations-api 1.1), so it is never the bare
    Telegram id. `bot_key` is a secret that must not change for the life of the inbox.

    A source_id belongs to one contact: a client who books under another person's number gets
    one more, `of` that number.
    """
    named = f"{telegram_user_id}:{of}" if of else str(telegram_user_id)
    digest = hmac.digest(bot_key.encode(), named.encode(), "sha256")
    return "tg_" + digest.hex()[:40]
