"""`check` against the sandbox: what it finds, in words, and the exit status."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.check import checked
from bot.sandbox.server import Sandbox
from bot.settings import load_settings
from bot.telegram.texts import LOCALES_DIR, gaps
from tests.clinic import ANNA, Clinic, world
from tests.conftest import one_profile_each, settings_for

pytest_generate_tests = one_profile_each

SECRET = "doorbell-of-the-tests"


INBOX = {
    "id": 14,
    "identifier": "inbox-identifier",
    "name": "Telegram",
    "lock_to_single_conversation": True,
    "webhook_url": f"https://bot.example.test/onelink/{SECRET}",
    "secret": "signing-secret",
}


@pytest.fixture
def clinic_world() -> dict[str, Any]:
    return world(inboxes=[INBOX])


async def findings(sandbox: Sandbox, redis_url: str, **settings: Any) -> tuple[int, list[str]]:
    """The exit status, and what was said."""
    said: list[str] = []
    given = load_settings(**{**settings_for(sandbox, redis_url), **settings})
    return await checked(given, said.append), said


def lines_with(said: list[str], words: str) -> list[str]:
    return [line for line in said if words in line]


async def test_a_name_that_nobody_reads_is_told(
    sandbox: Sandbox, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMINDER", "2h")
    status, said = await findings(sandbox, redis_url)
    assert status == 0
    assert lines_with(said, "Nobody reads REMINDER: is it REMINDERS?")


async def test_a_doorbell_that_rings_here_needs_no_advice(sandbox: Sandbox, redis_url: str) -> None:
    complete = {
        "webhook_secret": SECRET,
        "onelink_webhook_secret": "signing-secret",
        "operator_hours": "Mo-Fr 09:00-18:00",
    }
    status, said = await findings(sandbox, redis_url, **complete)
    assert status == 0
    assert lines_with(said, "The inbox “Telegram” is there.")
    for words in ("WEBHOOK_SECRET", "OPERATOR_HOURS", "ONELINK_INBOX_IDENTIFIER"):
        assert not lines_with(said, words)
    assert SECRET not in "".join(said)


async def test_what_is_missing_for_operators_is_advised(sandbox: Sandbox, redis_url: str) -> None:
    status, said = await findings(sandbox, redis_url)
    assert status == 0
    assert lines_with(said, "Set WEBHOOK_SECRET and the webhook of the inbox")
    assert lines_with(said, "Set OPERATOR_HOURS")
    assert lines_with(said, "copy their secret into ONELINK_WEBHOOK_SECRET")


async def test_a_webhook_that_leads_elsewhere_is_named_without_its_secret(
    sandbox: Sandbox, redis_url: str
) -> None:
    _, said = await findings(sandbox, redis_url, webhook_secret="another-secret-of-ours")
    assert lines_with(said, "is not the bot's doorbell")
    assert "another-secret-of-ours" not in "".join(said)


async def test_without_its_identifier_the_inbox_serves_bookings_only(
    sandbox: Sandbox, redis_url: str
) -> None:
    _, said = await findings(sandbox, redis_url, onelink_inbox_identifier=None)
    assert lines_with(said, "Set ONELINK_INBOX_IDENTIFIER, too")


async def test_a_wrong_token_and_a_missing_inbox_are_problems(
    sandbox: Sandbox, redis_url: str, clinic: Clinic
) -> None:
    status, said = await findings(sandbox, redis_url, onelink_inbox_id=99)
    assert status == 1
    assert lines_with(said, "PROBLEM")
    status, _ = await findings(sandbox, redis_url, onelink_token="wrong")
    assert status == 1


@pytest.mark.parametrize("wrong", [{"onelink_token": "wrong"}, {"onelink_account_id": 8}])
async def test_a_one_link_that_cannot_be_asked_is_one_problem_and_not_three(
    sandbox: Sandbox, redis_url: str, wrong: dict[str, Any]
) -> None:
    status, said = await findings(sandbox, redis_url, **wrong)
    assert status == 1
    assert len(lines_with(said, "PROBLEM")) == 1, said
    assert lines_with(said, "To be mended first: 1.")


async def test_specialists_without_working_hours_are_a_problem_once_all_are(
    sandbox: Sandbox, redis_url: str, clinic: Clinic
) -> None:
    rules = (await clinic.world())["work_rules"]
    await clinic.changes(work_rules=[it for it in rules if it["resource_id"] != ANNA], appointments=[])
    status, said = await findings(sandbox, redis_url)
    assert status == 0
    assert lines_with(said, "Specialist 11 (")
    await clinic.changes(work_rules=[])
    status, said = await findings(sandbox, redis_url)
    assert status == 1
    assert lines_with(said, "No specialist has free time in the next 7 days")


async def test_a_redis_that_refuses_says_why(sandbox: Sandbox, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    await redis.config_set("requirepass", "hidden-redis")
    try:
        status, said = await findings(sandbox, redis_url)
    finally:
        await redis.config_set("requirepass", "")
        await redis.aclose()
    assert status == 1
    assert lines_with(said, "Redis refuses the user or password in REDIS_URL.")
    _, said = await findings(sandbox, redis_url + "?db=9999")
    assert lines_with(said, "Redis refuses to serve the bot: DB index is out of range.")


async def test_a_data_directory_that_cannot_be_written_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, said = await findings(sandbox, "", data_dir=str(tmp_path / "file" / "data"))
    assert status == 1
    assert lines_with(said, "The embedded Redis needs DATA_DIR")


async def test_what_the_inbox_does_by_itself_is_advised_against(
    sandbox: Sandbox, redis_url: str, clinic: Clinic
) -> None:
    noisy = {"greeting_enabled": True, "working_hours_enabled": True, "enable_email_collect": True}
    await clinic.changes(inboxes=[INBOX | noisy | {"enable_auto_assignment": False}])
    _, said = await findings(sandbox, redis_url)
    for words in (
        "Turn off the greeting",
        "Turn off the inbox's automatic message",
        "Turn off the collecting of e-mail addresses",
        "Turn on automatic assignment",
    ):
        assert lines_with(said, words), words


async def test_texts_time_zones_and_who_reminds_are_told(sandbox: Sandbox, redis_url: str) -> None:
    _, said = await findings(sandbox, redis_url)
    assert lines_with(said, "Every sentence is there in kk, ru, en.")
    assert lines_with(said, "The time zone data of this machine")
    assert lines_with(said, "The bot reminds clients.")
    _, said = await findings(sandbox, redis_url, reminders_owner="platform")
    assert lines_with(said, "The bot reminds nobody")


def test_a_sentence_without_a_translation_is_counted(tmp_path: Path) -> None:
    shutil.copytree(LOCALES_DIR, tmp_path, dirs_exist_ok=True)
    kazakh = tmp_path / "kk" / "LC_MESSAGES" / "messages.po"
    text = kazakh.read_text(encoding="utf-8")
    kazakh.write_text(re.sub(r'(msgid "today"\nmsgstr) ".+"', r'\1 ""', text), encoding="utf-8")
    assert gaps(tmp_path) == {"kk": 1, "ru": 0, "en": 0}
