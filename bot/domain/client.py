"""What the bot remembers of a client between dialogues: as little as possible, no name, no number."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.handoff import Handoff

#: The wording of the consent a client agrees to; a new wording is asked again.
CONSENT_VERSION = "2"

#: Enough to recognise a client's own visits; older ones are known to One-Link.
REMEMBERED_APPOINTMENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A client's consent: which wording, when, in which language, by which message."""

    version: str
    given_at: datetime
    locale: str
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The person writing to the bot, by the Telegram user id.

    `contact_id` is One-Link's record of this client. `verified` says that the phone of that
    contact was shared by its owner; only then are all of the contact's appointments the client's own.
    `linked` is the contact that the inbox knows under the client's own source id: somebody else's, if
    the first booking was made with a number of somebody else's.
    """

    id: int
    locale: str | None = None  # chosen by the client
    speaks: str | None = None  # the language of the latest update: what is told unasked is told in it
    contact_id: int | None = None
    verified: bool = False
    linked: int | None = None
    consent: Consent | None = None
    appointments: tuple[tuple[int, int | None], ...] = ()  # made here: (appointment id, contact id)
    reminded: tuple[int, ...] = ()  # the appointments of the latest reminder: typed replies mean these
    latest: tuple[int, int] | None = None  # service and resource of the latest booking here
    invites: bool = True  # may be asked, after a visit, whether to book another one
    handoff: Handoff | None = None  # while operators answer instead of the bot

    @property
    def consents(self) -> bool:
        """Whether the present wording was agreed to."""
        return self.consent is not None and self.consent.version == CONSENT_VERSION

    def with_appointment(self, appointment_id: int, contact_id: int | None) -> "Client":
        """The client, remembering one more appointment made here."""
        others = tuple(made for made in self.appointments if made[0] != appointment_id)
        made = (*others, (appointment_id, contact_id))
        return replace(self, appointments=made[-REMEMBERED_APPOINTMENTS:])

    def merged_into(self, contact_id: int) -> "Client":
        """The client after operators merged its contact into another one."""
        made = tuple((i, contact_id if c == self.contact_id else c) for i, c in self.appointments)
        return replace(self, contact_id=contact_id, linked=contact_id, appointments=made)

    def proven_by(self, contact_id: int) -> "Client":
        """The client after sharing the phone of this contact."""
        return replace(self, contact_id=contact_id, verified=True)

    @property
    def contacts(self) -> frozenset[int]:
        """The contacts under which appointments of this client may be."""
        made = {contact for _, contact in self.appointments if contact is not None}
        return frozenset(made | ({self.contact_id} if self.contact_id is not None else set()))

    def owns(self, appointment_id: int, contact_id: int | None) -> bool:
        """Whether an appointment, with the contact One-Link names, is this client's to see and to change.

        Somebody who only typed a phone number may have typed another person's: such a
        client owns what was booked here and nothing else of that contact.
        """
        if (appointment_id, contact_id) in self.appointments:
            return True
        return self.verified and contact_id is not None and contact_id == self.contact_id
