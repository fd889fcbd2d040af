"""What is read of a message list: the shapes of F23 and 2.7, and shapes that nobody has promised."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.domain.errors import OneLinkUnreachable
from bot.domain.thread import Attachment, Kind, ThreadMessage, Whose, whose
from bot.onelink.file_names import LONGEST_NAME, name_in
from bot.onelink.rows import Unreadable
from bot.onelink.wire_conversations import load_conversation, load_inbox
from bot.onelink.wire_messages import load_attachment, load_message, load_messages, tidy

STORAGE = "https://one-link.example/rails/active_storage/blobs/redirect/SIGNED"

#: F23.
OPERATOR: dict[str, Any] = {
    "id": 90321,
    "content": "Добрый день! Чем **помочь**?",
    "message_type": 1,
    "private": False,
    "status": "sent",
    "source_id": None,
    "conversation_id": 482,
    "created_at": 1790834530,
    "sender": {"id": 21, "name": "Дана", "available_name": "Дана А.", "type": "user"},
}

#: 2.7 and F13.
PRICES: dict[str, Any] = {
    "id": 811,
    "message_id": 90322,
    "file_type": "file",
    "account_id": 3,
    "extension": None,
    "data_url": f"{STORAGE}/%D0%BF%D1%80%D0%B0%D0%B9%D1%81.pdf",
    "thumb_url": "",
    "file_size": 90211,
    "width": None,
    "height": None,
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "type", "name", "data_url"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_an_operators_message_is_read_whole() -> None:
    read = load_message(OPERATOR)
    assert read == ThreadMessage(
        id=90321,
        kind=Kind.OUTGOING,
        text="Добрый день! Чем **помочь**?",
        sender_type="user",
        sender_name="Дана А.",
    )
    assert whose(read) is Whose.OPERATOR


def test_what_a_message_remembers_of_its_fate_is_in_its_attributes() -> None:
    row = OPERATOR | {
        "status": "failed",
        "content_attributes": {
            "in_reply_to": 90310,
            "in_reply_to_external_id": "tg:777:101",
            "external_error": "Telegram: bot was blocked by the user",
        },
    }
    read = load_message(row)
    assert read.in_reply_to == "tg:777:101"
    assert (read.status, read.external_error) == ("failed", "Telegram: bot was blocked by the user")
    assert not read.deleted
    assert load_message(OPERATOR | {"content_attributes": {"deleted": True}}).deleted


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (0, Kind.INCOMING),
        (1, Kind.OUTGOING),
        (2, Kind.ACTIVITY),
        (3, Kind.TEMPLATE),
        ("incoming", Kind.INCOMING),
        ("template", Kind.TEMPLATE),
    ],
)
def test_a_kind_is_a_number_or_a_word(written: object, kind: Kind) -> None:
    assert load_message(OPERATOR | {"message_type": written}).kind is kind


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ("", ""),
        ("раз\\\nдва\n\n", "раз\nдва"),
        ("C:\\new\n", "C:\\new"),
        ("\n\nотступ", "\n\nотступ"),
    ],
)
def test_a_text_is_tidied_as_in_webhooks(content: str | None, text: str) -> None:
    assert load_message(OPERATOR | {"content": content}).text == text


@given(st.text(alphabet="a\\\n ", max_size=12))
def test_a_tidy_text_has_no_empty_lines_at_its_end(content: str) -> None:
    assert not tidy(content).endswith("\n")


def test_a_file_is_named_by_the_last_segment_of_its_url() -> None:
    read = load_message(OPERATOR | {"id": 90322, "content": None, "attachments": [PRICES]})
    assert read.attachments == (
        Attachment(id=811, file_type="file", url=PRICES["data_url"], name="прайс.pdf", size=90211),
    )


def test_a_location_has_no_url_and_is_still_there() -> None:
    read = load_attachment({"id": 812, "file_type": "location", "coordinates_lat": 43.2, "data_url": None})
    assert (read.file_type, read.url, read.name, read.size) == ("location", "", "", None)


def test_a_message_without_sender_and_extras_is_automations() -> None:
    read = load_message({"id": 1, "message_type": 1, "sender": None, "new_key": {"a": 1}})
    assert (read.sender_type, read.sender_name, read.text) == (None, None, "")
    assert whose(read) is Whose.AUTOMATION


@pytest.mark.parametrize("private", [True, "true", "?", [], 1])
def test_what_might_be_private_is_private(private: object) -> None:
    assert load_message(OPERATOR | {"private": private}).private


@pytest.mark.parametrize("private", [None, False, "false", 0])
def test_what_is_plainly_not_private_is_public(private: object) -> None:
    assert not load_message(OPERATOR | {"private": private}).private


def test_strange_fields_do_not_keep_a_message_from_being_read() -> None:
    strange = {
        "content_attributes": "{}",
        "attachments": {"0": PRICES},
        "sender": "Дана",
        "source_id": 5,
        "status": 3,
        "content_type": None,
    }
    assert load_message(OPERATOR | strange) == ThreadMessage(
        id=90321, kind=Kind.OUTGOING, text=OPERATOR["content"], content_type="text"
    )


# Pages


def test_a_page_is_in_the_order_of_writing() -> None:
    rows = [OPERATOR | {"id": number} for number in (3, 1, 2)]
    assert [message.id for message in load_messages(rows)] == [1, 2, 3]
    assert load_messages([]) == ()


def test_rows_that_cannot_be_read_are_left_out_and_only_their_ids_are_written_down() -> None:
    secret = {"content": "ИИН 123456789012", "sender": {"name": "Дана"}}
    unheard_of = secret | {"id": 7, "message_type": 42}
    broken_file = {"data_url": f"{STORAGE}/123456789012.pdf"}
    with capture_logs() as logs:
        read = load_messages([unheard_of, OPERATOR | {"attachments": [broken_file, PRICES]}, "?", None])
    assert [message.id for message in read] == [90321]
    assert [attachment.id for attachment in read[0].attachments] == [811]
    assert 7 in [line.get("id") for line in logs]
    assert "123456789012" not in repr(logs)
    assert "Дана" not in repr(logs)


def test_a_lone_message_of_an_unheard_of_kind_does_not_block_the_conversation() -> None:
    assert load_messages([OPERATOR | {"message_type": 42}]) == ()


@pytest.mark.parametrize("rows", [None, {}, "surprise", ["?"], [{"message_type": 1}]])
def test_what_is_no_page_is_no_answer(rows: object) -> None:
    with pytest.raises(OneLinkUnreachable, match="unreadable_answer"):
        load_messages(rows)


@given(st.dictionaries(st.sampled_from(sorted(OPERATOR | {"attachments": 0, "content_type": 0})), JSON))
def test_anything_is_read_or_said_to_be_unreadable(changes: dict[str, object]) -> None:
    with suppress(Unreadable):
        assert load_message(OPERATOR | changes).kind in Kind


# Names


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"{STORAGE}/photo.jpg", "photo.jpg"),
        (f"{STORAGE}/photo.jpg?disposition=attachment#page=2", "photo.jpg"),
        (f"{STORAGE}/..%2F..%2Fetc%2Fpasswd", "....etcpasswd"),
        (f"{STORAGE}/a%5Cb%00%0A.pdf", "ab .pdf"),
        (f"{STORAGE}/%E2%80%AEfdp.exe", "fdp.exe"),
        (f"{STORAGE}/%2E%2E", ""),
        (f"{STORAGE}/", ""),
        ("https://one-link.example", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_a_name_is_fit_to_be_shown(url: str, name: str) -> None:
    assert name_in(url) == name


def test_a_long_name_keeps_its_extension() -> None:
    name = name_in(f"{STORAGE}/{'a' * 300}.pdf")
    assert len(name) == LONGEST_NAME
    assert name.endswith("a.pdf")


@given(st.text(max_size=300))
def test_no_url_makes_a_name_that_leads_elsewhere(url: str) -> None:
    name = name_in(url)
    assert len(name) <= LONGEST_NAME
    assert not set(name) & set("/\\\0\n")
    assert name not in (".", "..")


# The conversation and the inbox


def test_a_conversation_says_when_it_changed_and_what_links_call_it() -> None:
    row = {"id": 482, "status": "open", "updated_at": 1790834460.52, "uuid": "0b6a6b0e-6a52"}
    read = load_conversation(row)
    assert (read.updated_at, read.uuid) == (1790834460.52, "0b6a6b0e-6a52")
    bare = load_conversation({"id": 482, "status": "open", "updated_at": "yesterday", "uuid": 5})
    assert (bare.updated_at, bare.uuid) == (None, None)


def test_an_inbox_says_where_it_rings_and_never_shows_its_secret() -> None:
    url, secret = "https://bot.example/hook/5f0c6f0e", "s3cr3t"
    inbox = load_inbox({"id": 14, "webhook_url": url, "secret": secret})
    assert (inbox.webhook_url, inbox.has_secret) == (url, True)
    assert secret not in repr(inbox) + repr(inbox.has_secret)
    assert url not in repr(inbox)
    bare = load_inbox({"id": 14, "webhook_url": "", "secret": None})
    assert (bare.webhook_url, bare.has_secret) == (None, False)
