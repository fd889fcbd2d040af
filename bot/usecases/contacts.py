"""Who a client is in One-Link's inbox, and the conversation with them: found, or made.

Every step may be repeated: what is there is found before it is made.
"""

from dataclasses import dataclass

from bot.domain.client import Client
from bot.domain.errors import ContactExists
from bot.domain.model import Conversation
from bot.onelink.conversations import Conversations
from bot.onelink.scheduling import Scheduling
from bot.onelink.source_id import source_id_for


@dataclass(frozen=True, slots=True)
class Linked:
    """A contact that the inbox knows under this source id; `is_new`: it has just been made."""

    contact_id: int
    source_id: str
    is_new: bool = False


class Contacts:
    """Contacts of one inbox. Raises what `Conversations` raises."""

    def __init__(self, conversations: Conversations, scheduling: Scheduling, *, bot_key: str) -> None:
        self.conversations = conversations
        self.scheduling = scheduling
        self.bot_key = bot_key

    def source_id(self, client_id: int, of: str = "") -> str:
        """Under which the inbox knows a client; `of` another phone number than the first."""
        return source_id_for(self.bot_key, client_id, of=of)

    async def with_phone(self, client_id: int, name: str, phone: str) -> Linked:
        """The contact with exactly this phone, known to the inbox under this client's source id."""
        source_id = self.source_id(client_id)
        linked = await self.conversations.contact_by_source(source_id)
        if linked is not None and linked.phone == phone:
            return Linked(linked.id, source_id)
        contact = await self.conversations.contact_by_phone(phone)
        if linked is not None:
            if contact is None and not linked.phone and not linked.identifier:
                # Made when the client called an operator, and nameless until now.
                await self.scheduling.complete_contact(linked.id, name, phone)
                return Linked(linked.id, source_id)
            source_id = self.source_id(client_id, of=phone)
        if contact is None:
            try:
                contact = await self.conversations.create_contact(name, phone, source_id)
                return Linked(contact.id, source_id, is_new=True)
            except ContactExists as error:
                # Made between our look and our creation, or by a try of ours whose answer was lost.
                found_id = error.contact_id
        else:
            found_id = contact.id
        await self.conversations.link_contact(found_id, source_id)
        return Linked(found_id, source_id)

    async def of(self, client: Client, name: str) -> Linked:
        """The client's contact; one without a phone, if the bot knows none: operators see the `name`."""
        source_id = self.source_id(client.id)
        linked = await self.conversations.contact_by_source(source_id)
        if linked is not None:
            return Linked(linked.id, source_id)
        if client.contact_id is not None and client.verified:
            await self.conversations.link_contact(client.contact_id, source_id)
            return Linked(client.contact_id, source_id)
        contact = await self.conversations.create_contact(name, None, source_id)
        return Linked(contact.id, source_id, is_new=True)

    async def conversation(self, linked: Linked) -> Conversation:
        """The conversation with this client, in which the bot answers if it has to be made.

        A contact may have conversations with others, too: people who share a phone share its contact. So
        one that does not say whose it is is not taken. An inbox that locks to a single conversation returns
        the client's own when one more is asked for.
        """
        known = () if linked.is_new else await self.conversations.conversations_of(linked.contact_id)
        ours = next((it for it in known if it.source_id == linked.source_id), None)
        return ours or await self.conversations.create_conversation(linked.contact_id, linked.source_id)
