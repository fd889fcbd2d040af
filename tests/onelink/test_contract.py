"""The client and One-Link agree: every method over real HTTP, in both generations."""

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.errors import (
    CannotBook,
    ContactExists,
    Gone,
    IinRefused,
    NotOfferedHere,
    NotPermitted,
    OutsideWorkingHours,
    PhoneRefused,
    SlotTaken,
    WrongConversation,
)
from bot.domain.model import ConversationLink, NewAppointment, Status
from bot.onelink.profile import token_owner
from bot.onelink.source_id import source_id_for
from bot.sandbox.server import Sandbox
from tests.onelink.conftest import ACCOUNT, INBOX, NOW, Line, connected

MONDAY = datetime(2026, 3, 8, 19, tzinfo=UTC)  # midnight in Almaty
DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
KEY = "5f0c6f0e-6a51-4b6e-9f0a-0d6f4a3f7b11"
SOURCE = source_id_for("bot key", 7123456789)


def at(hour: int, minute: int = 0) -> datetime:
    """That time on Monday in Almaty."""
    return MONDAY + timedelta(hours=hour, minutes=minute)


def booking(starts_at: datetime | None = None, **changes: Any) -> NewAppointment:
    """A booking that succeeds, by default at eleven, with changes."""
    starts_at = starts_at or at(11)
    new = NewAppointment(
        resource_id=11,
        service_id=31,
        starts_at=starts_at,
        ends_at=starts_at + HALF_HOUR,
        client_name="Алия Нурланова",
        client_phone="+77015554433",
        contact_id=501,
        external_ref=f"tgbot:{KEY}",
    )
    return replace(new, **changes)


# Reading, also from a live One-Link


async def test_services_have_names_and_durations(reading_line: Line) -> None:
    for service in await reading_line.scheduling.services():
        assert service.name
        assert service.duration_min >= 5


async def test_a_day_of_slots_is_in_order_and_inside_the_range(reading_line: Line) -> None:
    resources = [it for it in await reading_line.scheduling.resources() if it.bookable][:1]
    assert resources
    start = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0)
    ids = [it.id for it in resources]
    slots = await reading_line.scheduling.free_slots(start, start + DAY, resource_ids=ids, duration_min=30)
    starts = [slot.starts_at for slot in slots]
    assert starts == sorted(set(starts))
    assert all(start <= slot.starts_at and slot.ends_at <= start + DAY for slot in slots)
    assert all(slot.ends_at - slot.starts_at == HALF_HOUR for slot in slots)


async def test_an_appointment_that_never_was_is_gone(reading_line: Line) -> None:
    with pytest.raises(Gone):
        await reading_line.scheduling.appointment(2_000_000_000)


async def test_the_token_has_an_owner(reading_line: Line) -> None:
    assert (await token_owner(reading_line.http)).user_id > 0


# The catalogue and the calendar of the sandbox's world


async def test_the_catalogue_says_who_does_what_for_how_much(line: Line) -> None:
    services = {service.id: service for service in await line.scheduling.services()}
    resources = {resource.id: resource for resource in await line.scheduling.resources()}
    assert services.keys() == {31, 32}
    assert services[31].price_with(11) == 12000
    assert services[31].offered_by(resources[11])
    assert not services[31].offered_by(resources[12])
    assert resources[12].slot_duration_min == 60


async def test_inactive_resources_are_in_the_calendar_but_not_bookable(line: Line) -> None:
    reading = await line.scheduling.calendar(MONDAY, MONDAY + DAY)
    assert {resource.id: resource.bookable for resource in reading.resources} == {
        11: True,
        12: True,
        13: False,
    }
    assert [appointment.id for appointment in reading.appointments] == [9000]


async def test_free_slots_are_those_of_the_worked_example(line: Line) -> None:
    slots = await line.scheduling.free_slots(MONDAY, MONDAY + DAY, resource_ids=[11], duration_min=90)
    assert len(slots) == 44  # example C of section 4
    assert (slots[0].starts_at, slots[-1].starts_at) == (at(10, 30), at(16, 30))


async def test_asking_for_nobody_asks_nobody(line: Line) -> None:
    assert (await line.scheduling.calendar(MONDAY, MONDAY + DAY, resource_ids=[])).resources == ()
    assert await line.scheduling.free_slots(MONDAY, MONDAY + DAY, resource_ids=[]) == ()
    assert line.exchanges == []


async def test_an_unknown_resource_is_gone(line: Line) -> None:
    with pytest.raises(Gone):
        await line.scheduling.calendar(MONDAY, MONDAY + DAY, resource_ids=[424242])


# Contacts of the scheduling API


async def test_a_contact_is_found_by_exactly_its_phone(line: Line) -> None:
    found = await line.scheduling.find_contact_by_phone("8 701 555 44 33")
    assert found is not None
    assert (found.id, found.name) == (501, "Алия Нурланова")


async def test_part_of_a_phone_finds_nobody(line: Line) -> None:
    assert await line.scheduling.find_contact_by_phone("+7701555443") is None
    assert await line.scheduling.find_contact_by_phone("+77770000000") is None


async def test_a_new_contact_can_be_found(line: Line) -> None:
    created = await line.scheduling.create_contact("Новый клиент", "87770001122")
    assert created.phone == "+77770001122"
    assert await line.scheduling.find_contact_by_phone("+77770001122") == created


async def test_a_second_contact_with_a_phone_names_the_first(line: Line) -> None:
    with pytest.raises(ContactExists) as refusal:
        await line.scheduling.create_contact("Дубль", "+77015554433")
    assert refusal.value.contact_id == 501


# Appointments


async def test_a_booking_is_new_once_and_replayed_after(line: Line) -> None:
    first = await line.scheduling.create_appointment(booking(), idempotency_key=KEY)
    assert not first.replayed
    made = first.appointment
    assert (made.status, made.resource_id, made.starts_at) == (Status.SCHEDULED, 11, at(11))
    assert (made.amount, made.external_ref, made.idempotency_key) == (12000, f"tgbot:{KEY}", KEY)

    again = await line.scheduling.create_appointment(booking(at(15)), idempotency_key=KEY)
    assert again.replayed
    assert again.appointment == made
    assert await line.scheduling.appointment(made.id) == made


async def test_a_replayed_booking_shows_that_it_was_cancelled_meanwhile(line: Line) -> None:
    made = (await line.scheduling.create_appointment(booking(), idempotency_key=KEY)).appointment
    await line.scheduling.cancel_appointment(made.id)
    replay = await line.scheduling.create_appointment(booking(), idempotency_key=KEY)
    assert replay.replayed
    assert replay.appointment.status is Status.CANCELLED


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"starts_at": at(10, 15), "ends_at": at(10, 45)}, SlotTaken),
        ({"starts_at": at(8), "ends_at": at(8, 30)}, OutsideWorkingHours),
        ({"starts_at": at(12, 45), "ends_at": at(13, 15)}, OutsideWorkingHours),
        ({"starts_at": at(11) + 14 * DAY, "ends_at": at(11, 30) + 14 * DAY}, OutsideWorkingHours),
        ({"client_identifier": "123456789012"}, IinRefused),
        ({"service_id": 33}, NotOfferedHere),
        ({"contact_id": 424242}, Gone),
        ({"client_name": " "}, CannotBook),
    ],
)
async def test_a_booking_that_cannot_be_says_why(
    line: Line, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error) as refusal:
        await line.scheduling.create_appointment(booking(**changes), idempotency_key=KEY)
    assert type(refusal.value) is error
    # Nothing was kept: the same key books once the request is mended.
    assert not (await line.scheduling.create_appointment(booking(), idempotency_key=KEY)).replayed


async def test_a_move_changes_the_time_and_nothing_else(line: Line) -> None:
    made = (await line.scheduling.create_appointment(booking(), idempotency_key=KEY)).appointment
    moved = await line.scheduling.update_appointment(made.id, starts_at=at(15), ends_at=at(15, 30))
    assert moved == replace(made, starts_at=at(15), ends_at=at(15, 30))
    assert await line.scheduling.update_appointment(made.id, starts_at=at(15), ends_at=at(15, 30)) == moved


async def test_a_move_to_a_taken_time_is_refused_and_changes_nothing(line: Line) -> None:
    made = (await line.scheduling.create_appointment(booking(), idempotency_key=KEY)).appointment
    with pytest.raises(SlotTaken):
        await line.scheduling.update_appointment(made.id, starts_at=at(10), ends_at=at(10, 30))
    assert await line.scheduling.appointment(made.id) == made


async def test_cancelling_frees_the_slot_and_may_be_repeated(line: Line) -> None:
    assert (await line.scheduling.cancel_appointment(9000)).status is Status.CANCELLED
    assert (await line.scheduling.cancel_appointment(9000)).status is Status.CANCELLED
    slots = await line.scheduling.free_slots(MONDAY, MONDAY + DAY, resource_ids=[11])
    assert at(10) in {slot.starts_at for slot in slots}
    with pytest.raises(Gone):
        await line.scheduling.cancel_appointment(424242)


async def test_a_cancellation_that_was_only_queued_is_seen_in_the_status(
    line: Line, sandbox: Sandbox
) -> None:
    sandbox.world.switches["cancel_queued"] = True
    assert (await line.scheduling.cancel_appointment(9000)).status is Status.SCHEDULED


# The link between the two halves


@pytest.mark.parametrize("sandbox", ["current"], indirect=True)
async def test_a_newer_one_link_takes_the_display_id_and_says_so(line: Line) -> None:
    await line.conversations.link_contact(501, SOURCE)
    conversation = await line.conversations.create_conversation(501, SOURCE)
    link = ConversationLink(conversation_display_id=conversation.display_id)
    made = (await line.scheduling.create_appointment(booking(link=link), idempotency_key=KEY)).appointment
    assert made.speaks_display_ids
    assert made.conversation_display_id == conversation.display_id

    unlinked = await line.scheduling.update_appointment(made.id, link=ConversationLink())
    assert unlinked.conversation_display_id is None
    assert (await line.scheduling.update_appointment(made.id, link=link)).conversation_display_id == (
        conversation.display_id
    )


@pytest.mark.parametrize("sandbox", ["current"], indirect=True)
async def test_a_newer_one_link_refuses_another_contacts_conversation(line: Line) -> None:
    await line.conversations.link_contact(500, SOURCE)
    conversation = await line.conversations.create_conversation(500, SOURCE)
    link = ConversationLink(conversation_display_id=conversation.display_id)
    with pytest.raises(WrongConversation):
        await line.scheduling.create_appointment(booking(link=link), idempotency_key=KEY)


@pytest.mark.parametrize("sandbox", ["published"], indirect=True)
async def test_an_older_one_link_keeps_quiet_about_display_ids(line: Line) -> None:
    made = (await line.scheduling.create_appointment(booking(), idempotency_key=KEY)).appointment
    assert not made.speaks_display_ids
    link = ConversationLink(conversation_id=424242)
    with pytest.raises(Gone):
        await line.scheduling.create_appointment(booking(at(15), link=link), idempotency_key="another")


# Conversations


async def test_a_contact_linked_to_the_inbox_is_found_by_source_and_phone(line: Line) -> None:
    assert await line.conversations.contact_by_source(SOURCE) is None
    created = await line.conversations.create_contact("Айгуль", "+77010000001", SOURCE)
    assert await line.conversations.contact_by_source(SOURCE) == created
    assert await line.conversations.contact_by_phone("87010000001") == created
    assert await line.conversations.contact_by_phone("+77010000009") is None


async def test_an_existing_contact_is_named_and_can_be_linked_twice(line: Line) -> None:
    with pytest.raises(ContactExists) as refusal:
        await line.conversations.create_contact("Алия", "+77015554433", SOURCE)
    await line.conversations.link_contact(refusal.value.contact_id, SOURCE)
    await line.conversations.link_contact(refusal.value.contact_id, SOURCE)
    found = await line.conversations.contact_by_source(SOURCE)
    assert found is not None
    assert found.id == 501


async def test_a_phone_that_is_none_is_refused(line: Line) -> None:
    with pytest.raises(PhoneRefused):
        await line.conversations.create_contact("Айгуль", "+123456789012345678", SOURCE)


async def test_a_conversation_begins_with_the_bot_and_is_there_to_be_found(line: Line) -> None:
    await line.conversations.link_contact(501, SOURCE)
    created = await line.conversations.create_conversation(501, SOURCE)
    assert (created.status, created.contact_id, created.inbox_id) == ("pending", 501, INBOX)
    assert await line.conversations.conversations_of(501) == (created,)
    assert await line.conversations.conversation(created.display_id) == created
    with pytest.raises(Gone):
        await line.conversations.conversation(424242)


async def test_conversations_of_other_inboxes_are_not_ours(line: Line, sandbox: Sandbox) -> None:
    row = {"contact_id": 501, "inbox_id": 15, "source_id": "elsewhere", "messages": []}
    sandbox.world.load(sandbox.world.dump() | {"conversations": [row]})
    assert await line.conversations.conversations_of(501) == ()


async def test_a_status_can_be_set_and_set_again(line: Line) -> None:
    await line.conversations.link_contact(501, SOURCE)
    display_id = (await line.conversations.create_conversation(501, SOURCE)).display_id
    assert await line.conversations.set_status(display_id, "open") == "open"
    assert await line.conversations.set_status(display_id, "open") == "open"
    assert (await line.conversations.conversation(display_id)).status == "open"


async def test_a_demanded_reason_is_refused_without_and_taken_with(line: Line, sandbox: Sandbox) -> None:
    sandbox.world.switches["status_reasons"] = {"open": ["Запрос клиента"]}
    await line.conversations.link_contact(501, SOURCE)
    display_id = (await line.conversations.create_conversation(501, SOURCE)).display_id
    with pytest.raises(CannotBook, match="CONVERSATION_STATUS_REASON_REQUIRED"):
        await line.conversations.set_status(display_id, "open")
    assert await line.conversations.set_status(display_id, "open", reason="Запрос клиента") == "open"


async def test_a_note_with_one_key_is_written_once(line: Line, sandbox: Sandbox) -> None:
    await line.conversations.link_contact(501, SOURCE)
    display_id = (await line.conversations.create_conversation(501, SOURCE)).display_id
    for _ in range(2):
        await line.conversations.add_private_note(display_id, "Запись {{ tomorrow }}", "tgs:h-91:1")
    [note] = sandbox.world.conversations[display_id]["messages"]
    assert (note["private"], note["content"]) == (True, "Запись { { tomorrow }}")


async def test_a_clients_message_with_one_key_is_shown_once(line: Line, sandbox: Sandbox) -> None:
    await line.conversations.link_contact(501, SOURCE)
    display_id = (await line.conversations.create_conversation(501, SOURCE)).display_id
    for _ in range(2):
        await line.conversations.add_client_message(
            display_id, SOURCE, "Позовите администратора", "tg:777:101"
        )
    [message] = sandbox.world.conversations[display_id]["messages"]
    assert (message["message_type"], message["content"]) == (0, "Позовите администратора")


async def test_the_inbox_says_what_it_is(line: Line) -> None:
    inbox = await line.conversations.inbox()
    assert (inbox.id, inbox.name, inbox.channel_type) == (INBOX, "Telegram", "Channel::Api")
    assert inbox.locks_to_single_conversation


# The account and the wire itself


async def test_the_owner_of_the_token_has_a_role_in_the_account(line: Line) -> None:
    owner = await token_owner(line.http)
    assert (owner.user_id, owner.roles) == (3, {ACCOUNT: "administrator"})


async def test_a_wrong_token_is_a_matter_for_whoever_runs_the_bot(
    sandbox: Sandbox, stack: AsyncExitStack
) -> None:
    line = await connected(stack, sandbox.url, "wrong-token")
    with pytest.raises(NotPermitted):
        await line.scheduling.services()
    assert len(line.exchanges) == 1


async def test_a_feature_that_is_off_is_a_matter_for_whoever_runs_the_bot(
    line: Line, sandbox: Sandbox
) -> None:
    sandbox.world.switches["scheduling_enabled"] = False
    with pytest.raises(NotPermitted, match="FEATURE_DISABLED"):
        await line.scheduling.services()


async def test_an_observer_learns_the_servers_time_and_the_shape_of_the_path(line: Line) -> None:
    await line.scheduling.appointment(9000)
    [exchange] = line.exchanges
    assert exchange.template == "scheduling/appointments/{id}"
    assert (exchange.method, exchange.status, exchange.error) == ("GET", 200, None)
    assert exchange.server_time is not None
    assert abs(exchange.server_time - NOW) < timedelta(minutes=5)
