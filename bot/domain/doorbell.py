"""A webhook, as far as the bot believes it: something changed, and where to look.

What changed is then read over REST (onelink-conversations-api, sections 0 and 2.6). Only two things are
in no other place: that an operator is typing, and the link of a request to rate the conversation.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorbell:
    """None: the webhook does not say, or the thing is not about that.

    Not proven to be One-Link's unless it was signed: ids are looked up, never trusted, and a `survey`
    link is worth showing only when it belongs to the conversation, whose `uuid` it ends with.
    """

    event: str
    conversation_id: int | None = None  # the display id
    message_id: int | None = None
    inbox_id: int | None = None  # other inboxes ring here too, when the webhook is the account's
    status: str | None = None  # of the conversation, when the webhook was made
    for_client: bool = False  # a message that a client is to see, by all the webhook tells
    deleted: bool = False  # the message was taken back
    typing: bool | None = None  # an operator began (True) or stopped, where the client may know of it
    survey: str | None = None  # http or https
