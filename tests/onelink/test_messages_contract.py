"""The client and One-Link agree about messages: lists, delivery, files; in both generations."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.domain.errors import CannotBook, Gone, NotPermitted, OneLinkUnreachable, PhoneRefused, TooLarge
from bot.domain.thread import Kind, ThreadMessage, Whose, whose
from bot.onelink.exchange import Patience
from bot.onelink.files import Files, FileToSend
from bot.onelink.source_id import source_id_for
from bot.sandbox.server import Sandbox
from tests.onelink.conftest import ACCOUNT, IDENTIFIER, INBOX, TOKEN, Line, connected

SOURCE = source_id_for("bot key", 7123456789)
PUBLIC = f"POST /public/api/v1/inboxes/{IDENTIFIER}"
PHOTO = FileToSend("фото.jpg", "image/jpeg", bytes(range(256)) * 300)
PRICES = FileToSend('прайс "2026".pdf', "application/pdf", b"%PDF-1.7")


@pytest.fixture
async def display_id(line: Line) -> int:
    """A conversation of the contact 501."""
    await line.conversations.link_contact(501, SOURCE)
    return (await line.conversations.create_conversation(501, SOURCE)).display_id


async def writes(sandbox: Sandbox, display_id: int, text: str, **fields: Any) -> None:
    """Whoever holds the token writes, as an operator does from the dashboard."""
    url = f"{sandbox.url}/api/v1/accounts/{ACCOUNT}/conversations/{display_id}/messages"
    async with httpx.AsyncClient(headers={"api-access-token": TOKEN}) as dashboard:
        (await dashboard.post(url, json={"content": text} | fields)).raise_for_status()


async def says(line: Line, display_id: int, number: int, text: str = "Здравствуйте") -> None:
    await line.conversations.add_client_message(display_id, SOURCE, text, f"tg:777:{number}")


async def only_message(line: Line, display_id: int) -> ThreadMessage:
    [message] = await line.conversations.latest_messages(display_id)
    return message


# Contacts without a phone


async def test_a_contact_may_have_no_phone(line: Line) -> None:
    created = await line.conversations.create_contact("Айгуль", None, SOURCE)
    assert (created.name, created.phone) == ("Айгуль", None)
    assert await line.conversations.contact_by_source(SOURCE) == created


async def test_a_phone_that_was_not_sent_is_not_looked_for(line: Line, sandbox: Sandbox) -> None:
    body = {"message": "Phone number is invalid", "attributes": ["phone_number"]}
    fault = {"match": f"POST /api/v1/accounts/{ACCOUNT}/contacts", "kind": "status", "status": 422}
    sandbox.faults.add(fault | {"body": body})
    with pytest.raises(PhoneRefused):
        await line.conversations.create_contact("Айгуль", None, SOURCE)
    assert len(line.exchanges) == 1


# Conversations and the inbox


async def test_a_conversation_shows_when_it_changed(line: Line, display_id: int) -> None:
    before = await line.conversations.conversation(display_id)
    await says(line, display_id, 1)
    after = await line.conversations.conversation(display_id)
    assert before.uuid == after.uuid
    assert before.uuid
    assert before.updated_at is not None
    assert after.updated_at is not None
    assert after.updated_at >= before.updated_at


@pytest.mark.parametrize(
    ("reason", "code"),
    [(None, "CONVERSATION_STATUS_REASON_REQUIRED"), ("Скучно", "CONVERSATION_STATUS_REASON_INVALID")],
)
async def test_a_status_without_a_good_reason_is_refused_by_name(
    line: Line, sandbox: Sandbox, display_id: int, reason: str | None, code: str
) -> None:
    sandbox.world.switches["status_reasons"] = {"open": ["Запрос клиента"]}
    with pytest.raises(CannotBook) as refusal:
        await line.conversations.set_status(display_id, "open", reason=reason)
    assert refusal.value.code == code


async def test_the_inbox_says_where_it_rings_and_whether_it_can_sign(line: Line, sandbox: Sandbox) -> None:
    url = "https://bot.example/onelink/5f0c6f0e"
    sandbox.world.inboxes[INBOX].update(webhook_url=url, secret="inbox-secret")
    inbox = await line.conversations.inbox()
    assert (inbox.webhook_url, inbox.has_secret) == (url, True)

    sandbox.world.inboxes[INBOX].update(webhook_url=None, secret=None)
    inbox = await line.conversations.inbox()
    assert (inbox.webhook_url, inbox.has_secret) == (None, False)


# Lists


async def test_a_conversation_reads_as_it_was_written(line: Line, sandbox: Sandbox, display_id: int) -> None:
    await says(line, display_id, 1, "Позовите администратора")
    await line.conversations.add_private_note(display_id, "Клиент ждёт", "tgs:h-91:1")
    reply_to = {"in_reply_to_external_id": "tg:777:1"}
    await writes(sandbox, display_id, "Добрый день!\\\nЧем **помочь**?\n", content_attributes=reply_to)

    client, note, operator = await line.conversations.messages(display_id, after=0)
    assert (client.kind, client.text, client.source_id) == (
        Kind.INCOMING,
        "Позовите администратора",
        "tg:777:1",
    )
    assert (note.private, note.text) == (True, "Клиент ждёт")
    assert (operator.kind, operator.text) == (Kind.OUTGOING, "Добрый день!\nЧем **помочь**?")
    assert (operator.sender_type, operator.in_reply_to) == ("user", "tg:777:1")
    assert [whose(it) for it in (client, note, operator)] == [
        Whose.NOT_FOR_CLIENTS,
        Whose.NOT_FOR_CLIENTS,
        Whose.OPERATOR,
    ]


async def test_messages_come_in_pages_of_a_hundred_after_a_cursor(
    line: Line, sandbox: Sandbox, display_id: int
) -> None:
    for number in range(120):
        await says(line, display_id, number)
    first = await line.conversations.messages(display_id, after=0)
    second = await line.conversations.messages(display_id, after=first[-1].id)
    assert (len(first), len(second)) == (100, 20)
    ids = [message.id for message in first + second]
    assert ids == sorted(set(ids))
    assert await line.conversations.messages(display_id, after=ids[-1]) == ()
    assert await line.conversations.latest_messages(display_id) == second


async def test_messages_of_a_conversation_that_never_was_are_gone(line: Line) -> None:
    with pytest.raises(Gone):
        await line.conversations.messages(424242, after=0)
    with pytest.raises(Gone):
        await line.conversations.latest_messages(424242)


# Delivery


async def test_an_operator_learns_that_a_message_arrived_or_why_not(
    line: Line, sandbox: Sandbox, display_id: int
) -> None:
    await writes(sandbox, display_id, "Добрый день!")
    message = await only_message(line, display_id)
    await line.conversations.report(
        display_id, message.id, delivered=False, error="Telegram: bot was blocked by the user"
    )
    failed = await only_message(line, display_id)
    assert (failed.status, failed.external_error) == ("failed", "Telegram: bot was blocked by the user")

    for _ in range(2):
        await line.conversations.report(display_id, message.id, delivered=True)
    delivered = await only_message(line, display_id)
    assert (delivered.status, delivered.external_error) == ("delivered", None)


async def test_a_message_that_never_was_cannot_be_reported(line: Line, display_id: int) -> None:
    with pytest.raises(Gone):
        await line.conversations.report(display_id, 424242, delivered=True)


# Files


async def test_files_arrive_as_they_were_sent_and_once(line: Line, display_id: int) -> None:
    for _ in range(2):
        await line.conversations.add_client_message(
            display_id, SOURCE, "Вот снимок", "tg:777:103", [PHOTO, PRICES]
        )
    message = await only_message(line, display_id)
    assert (message.kind, message.text, message.source_id) == (Kind.INCOMING, "Вот снимок", "tg:777:103")
    photo, prices = message.attachments
    assert (photo.file_type, photo.name, photo.size) == ("image", "фото.jpg", len(PHOTO.content))
    assert (prices.file_type, prices.size) == ("file", len(PRICES.content))

    async with Files() as files:
        received = await files.file(photo.url)
        assert (received.name, received.mime_type) == (PHOTO.name, PHOTO.mime_type)
        assert received.content == PHOTO.content
        with pytest.raises(TooLarge):
            await files.file(photo.url, limit=len(PHOTO.content) - 1)


async def test_a_file_needs_no_words_no_name_and_no_type(line: Line, display_id: int) -> None:
    await line.conversations.add_client_message(
        display_id, SOURCE, "", "tg:777:104", [FileToSend("", "", b"?")]
    )
    message = await only_message(line, display_id)
    assert message.text == ""
    assert [(it.file_type, it.name, it.size) for it in message.attachments] == [("file", "file", 1)]


async def test_a_key_that_another_conversation_has_is_refused_for_files_too(
    line: Line, sandbox: Sandbox, display_id: int
) -> None:
    await says(line, display_id, 1)
    other = source_id_for("bot key", 5)
    await line.conversations.link_contact(500, other)
    elsewhere = (await line.conversations.create_conversation(500, other)).display_id
    for files in ((), (PHOTO,)):
        with pytest.raises(CannotBook) as refusal:
            await line.conversations.add_client_message(elsewhere, other, "", "tg:777:1", files)
        assert refusal.value.status == 409


async def test_files_for_a_conversation_of_somebody_else_are_gone(line: Line, display_id: int) -> None:
    with pytest.raises(Gone):
        await line.conversations.add_client_message(display_id, "tg_nobody", "", "tg:777:1", [PHOTO])


async def test_a_full_storage_refuses_files_and_says_nothing_about_the_token(
    line: Line, sandbox: Sandbox, display_id: int
) -> None:
    sandbox.faults.add({"match": PUBLIC, "kind": "status", "status": 402, "body": {"error": "Storage"}})
    with pytest.raises(CannotBook) as refusal:
        await line.conversations.add_client_message(display_id, SOURCE, "", "tg:777:1", [PHOTO])
    assert refusal.value.status == 402

    sandbox.faults.add({"match": PUBLIC, "kind": "status", "status": 403})
    with pytest.raises(NotPermitted):
        await line.conversations.add_client_message(display_id, SOURCE, "", "tg:777:1", [PHOTO])


async def test_a_body_that_does_not_pass_the_door_is_too_large(
    line: Line, sandbox: Sandbox, display_id: int
) -> None:
    sandbox.faults.add({"match": PUBLIC, "kind": "status", "status": 413, "body": "<html>"})
    with pytest.raises(TooLarge):
        await line.conversations.add_client_message(display_id, SOURCE, "", "tg:777:1", [PHOTO])


async def test_files_without_an_answer_are_safe_to_send_again(
    line: Line, sandbox: Sandbox, display_id: int
) -> None:
    sandbox.faults.add({"match": PUBLIC, "kind": "drop_after"})
    with pytest.raises(OneLinkUnreachable):
        await line.conversations.add_client_message(display_id, SOURCE, "", "tg:777:1", [PHOTO])
    await line.conversations.add_client_message(display_id, SOURCE, "", "tg:777:1", [PHOTO])
    assert len((await only_message(line, display_id)).attachments) == 1


async def test_files_have_more_time_than_anything_else_but_not_for_ever(
    sandbox: Sandbox, stack: AsyncExitStack, display_id: int
) -> None:
    hurried = Patience(request_s=0.001, total_s=0.001, upload_s=10.0, connect_s=5.0)
    line = await connected(stack, sandbox.url, patience=hurried)
    await line.conversations.add_client_message(display_id, SOURCE, "", "tg:777:1", [PHOTO])

    sandbox.faults.add({"match": PUBLIC, "kind": "timeout"})
    line = await connected(stack, sandbox.url, patience=Patience(upload_s=0.2))
    with pytest.raises(OneLinkUnreachable, match="timeout"):
        await line.conversations.add_client_message(display_id, SOURCE, "", "tg:777:2", [PHOTO])
    [exchange] = line.exchanges  # whoever watches learns of it
    assert exchange.status is None


async def test_waiting_uploads_do_not_hold_up_a_booking(
    sandbox: Sandbox, stack: AsyncExitStack, display_id: int
) -> None:
    patience = Patience(parallel=1, parallel_uploads=1, total_s=2.0)
    line = await connected(stack, sandbox.url, patience=patience)
    sandbox.faults.add({"match": PUBLIC, "kind": "timeout", "times": 0})
    add = line.conversations.add_client_message
    uploads = [asyncio.create_task(add(display_id, SOURCE, "", f"tg:777:{n}", [PHOTO])) for n in range(3)]
    async with asyncio.timeout(5):
        while not any("/public/" in row["path"] for row in sandbox.journal.rows):  # noqa: ASYNC110
            await asyncio.sleep(0)  # the journal rings no bell
    assert await line.scheduling.services()
    assert not any(upload.done() for upload in uploads)
    for upload in uploads:
        upload.cancel()
    await asyncio.gather(*uploads, return_exceptions=True)


async def test_the_log_tells_nothing_of_what_was_sent(line: Line, sandbox: Sandbox, display_id: int) -> None:
    sandbox.faults.add({"match": PUBLIC, "kind": "html"})
    with capture_logs() as logs, pytest.raises(OneLinkUnreachable):
        await line.conversations.add_client_message(
            display_id, SOURCE, "ИИН 123456789012", "tg:777:1", [PHOTO]
        )
    written = repr(logs)
    assert "onelink.unreachable" in written
    for secret in ("123456789012", "фото", SOURCE, IDENTIFIER, TOKEN):
        assert secret not in written
