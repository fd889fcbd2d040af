"""Whose token the bot carries, for `check`."""

from bot.onelink.http import OneLinkHttp
from bot.onelink.rows import only
from bot.onelink.wire_conversations import Profile, load_profile


async def token_owner(http: OneLinkHttp) -> Profile:
    """The user that the token belongs to and their accounts. Raises NotPermitted, OneLinkUnreachable."""
    answer = await http.get("/api/v1/profile")
    return only(load_profile, answer.body)
