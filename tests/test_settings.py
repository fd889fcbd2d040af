"""Settings are read once; everything that is wrong with them is told at once, without their values."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.setting_values import duration
from bot.settings import SettingsError, load_settings, slips
from tests.process import run_command

GOOD: dict[str, Any] = {
    "_env_file": None,
    "telegram_token": "123456:ABC-def_ghi",
    "onelink_url": "https://one-link.kz/",
    "onelink_token": "token-of-one-link",
    "onelink_account_id": 7,
}
SECRETS = ("123456 :hidden-telegram", "hidden-inbox", "hidden/webhook", "hidden-redis")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests has no say."""
    names = {name.upper() for name in load_settings(**GOOD).model_fields_set} | {
        name for name in os.environ if name.startswith(("TELEGRAM_", "ONELINK_", "CLINIC_"))
    }
    for name in (*names, "REDIS_URL", "PUBLIC_URL", "WEBHOOK_SECRET", "HTTP_PORT", "IIN", "REMINDERS"):
        monkeypatch.delenv(name, raising=False)


def refused(**given: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**{"_env_file": None, **given})
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__  # a traceback would quote the values
    return str(caught.value)


def test_a_minimum_of_settings_is_enough() -> None:
    settings = load_settings(**GOOD)
    assert settings.onelink_url == "https://one-link.kz"
    assert (settings.lead_time, settings.horizon) == (timedelta(hours=1), timedelta(days=30))
    assert settings.reminders == (timedelta(hours=24), timedelta(hours=2))
    assert (settings.default_locale, settings.iin, settings.onelink_conversation_link) == (
        "ru",
        "optional",
        "auto",
    )
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8081)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN"),
        ("reminder", "REMINDERS"),
        ("ONELINK_INBOXID", "ONELINK_INBOX_ID"),
        ("REDIS_URI", "REDIS_URL"),
    ],
)
def test_a_name_that_is_a_slip_is_told(monkeypatch: pytest.MonkeyPatch, written: str, meant: str) -> None:
    monkeypatch.setenv(written, "hidden-value")
    [slip] = slips()
    assert slip == f"Nobody reads {written.upper()}: is it {meant}?"
    assert slip in refused()
    assert "hidden-value" not in refused()


def test_a_slip_in_the_file_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("QUIET_HOUR=21:00-09:00\nPOSTGRES_PASSWORD=x\n", encoding="utf-8")
    assert slips() == ["Nobody reads QUIET_HOUR: is it QUIET_HOURS?"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "XDG_DATA_DIRS", "LOCALE", "REDIS_PASSWORD"])
def test_a_name_of_something_else_is_no_slip(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "x")
    assert slips() == []


def test_one_message_lists_everything_that_is_missing() -> None:
    message = refused()
    for name in ("TELEGRAM_TOKEN", "ONELINK_URL", "ONELINK_TOKEN", "ONELINK_ACCOUNT_ID"):
        assert f"{name}: missing" in message
    assert ".env.example" in message


def test_one_message_lists_everything_that_is_wrong_and_no_value() -> None:
    message = refused(
        telegram_token=SECRETS[0],
        onelink_url="one-link.kz",
        onelink_token="",
        onelink_account_id=0,
        onelink_inbox_identifier=SECRETS[1],
        onelink_conversation_link="sometimes",
        public_url="https://bot.example",
        webhook_secret=SECRETS[2],
        redis_url=SECRETS[3],
        http_port=70000,
        default_locale="de",
        iin="maybe",
        lead_time="soon",
        horizon="30",
        reminders="24h,later",
        log_format="xml",
    )
    for name in (
        "TELEGRAM_TOKEN",
        "ONELINK_URL",
        "ONELINK_TOKEN",
        "ONELINK_ACCOUNT_ID",
        "ONELINK_INBOX_IDENTIFIER",
        "ONELINK_CONVERSATION_LINK",
        "WEBHOOK_SECRET",
        "HTTP_PORT",
        "DEFAULT_LOCALE",
        "IIN",
        "LEAD_TIME",
        "HORIZON",
        "REMINDERS",
        "LOG_FORMAT",
    ):
        assert f"  {name}: " in message, message
    for value in (*SECRETS, "hidden", "sometimes", "maybe", "70000"):
        assert value not in message


@pytest.mark.parametrize("token", ["", "abc", "777", "777:abc def", " 777:abc", "777:abc\n"])
def test_a_token_that_botfather_never_gave_is_refused_without_being_shown(token: str) -> None:
    message = refused(**{**GOOD, "telegram_token": token})
    assert "TELEGRAM_TOKEN" in message
    assert len(message.splitlines()) == 2
    assert not token.strip() or token not in message


@pytest.mark.parametrize("identifier", ["", None])
def test_an_inbox_may_be_left_out(identifier: str | None) -> None:
    settings = load_settings(**GOOD, onelink_inbox_id="", onelink_inbox_identifier=identifier)
    assert settings.onelink_inbox_id is None
    assert settings.onelink_inbox_identifier is None


def test_a_public_address_needs_a_secret() -> None:
    assert "WEBHOOK_SECRET: missing" in refused(**GOOD, public_url="https://bot.example")


def test_secrets_are_in_no_text_about_the_settings() -> None:
    settings = load_settings(
        **GOOD,
        redis_url="redis://:hidden-redis@h/0",
        webhook_secret="hidden-webhook",
        onelink_webhook_secret="hidden-doorbell",
        onelink_inbox_id=14,
        onelink_inbox_identifier="hidden-inbox",
    )
    for text in (str(settings), repr(settings)):
        assert "hidden" not in text
        assert "ABC-def_ghi" not in text
        assert "token-of-one-link" not in text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("30d", timedelta(days=30)),
        (" 2 h ", timedelta(hours=2)),
        ("0s", timedelta()),
        (timedelta(hours=3), timedelta(hours=3)),
    ],
)
def test_durations_have_a_unit(text: object, meant: timedelta) -> None:
    assert duration(text) == meant


@pytest.mark.parametrize("text", ["", "h", "2", "-2h", "2.5h", "2w", "2h30m", "٣h", "²h", "two hours", None])
def test_other_durations_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="such as 90s, 15m, 2h or 30d"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("24h,2h", (timedelta(hours=24), timedelta(hours=2))),
        ("24h, 2h,", (timedelta(hours=24), timedelta(hours=2))),
        ("", ()),
    ],
)
def test_reminders_are_a_list_of_durations(text: str, meant: tuple[timedelta, ...]) -> None:
    assert load_settings(**GOOD, reminders=text).reminders == meant


@pytest.mark.parametrize("days", ["9" * 20, "99999"])
def test_a_duration_that_nobody_lives_to_see_is_refused_in_words(days: str) -> None:
    assert "HORIZON: expected at most 3650d" in refused(**GOOD, horizon=f"{days}d")


@pytest.mark.parametrize(("lead", "horizon"), [("40d", "30d"), ("1h", "1h"), ("0s", "0s")])
def test_a_horizon_before_the_first_bookable_time_is_refused(lead: str, horizon: str) -> None:
    assert "HORIZON: expected more than LEAD_TIME" in refused(**GOOD, lead_time=lead, horizon=horizon)


@pytest.mark.parametrize(
    "url",
    [
        "https://one-link.kz/app/accounts/7",
        "https://one-link.kz?x=1",
        "https://user:hidden-redis@one-link.kz",
        "one-link.kz",
    ],
)
def test_the_address_of_one_link_is_that_of_its_host(url: str) -> None:
    message = refused(**{**GOOD, "onelink_url": url})
    assert "ONELINK_URL: expected One-Link's address without a path" in message
    assert "hidden" not in message


@pytest.mark.parametrize("token", ["\u200btoken", "тokeн", "two words"])
def test_a_token_copied_with_more_than_itself_is_refused(token: str) -> None:
    assert "ONELINK_TOKEN: expected the token as One-Link shows it" in refused(
        **{**GOOD, "onelink_token": token}
    )


@pytest.mark.parametrize("url", ["http://bot.example", "https://bot.example:9999", "https://bot.example:x"])
def test_an_address_that_telegram_never_calls_is_refused(url: str) -> None:
    message = refused(**GOOD, public_url=url, webhook_secret="long-enough")
    assert "PUBLIC_URL: Telegram calls https only, on port 443, 80, 88 or 8443" in message


def test_another_bot_api_server_may_call_anywhere() -> None:
    here = {"telegram_api_url": "http://127.0.0.1:8090", "public_url": "http://127.0.0.1:9999"}
    assert load_settings(**GOOD, **here, webhook_secret="long-enough").public_url == "http://127.0.0.1:9999"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"onelink_inbox_id": "abc"}, "ONELINK_INBOX_ID: expected a whole number, such as 7"),
        ({"onelink_inbox_id": 0}, "ONELINK_INBOX_ID: expected a number above 0"),
        ({"onelink_team_id": -1}, "ONELINK_TEAM_ID: expected a number above 0"),
        ({"http_port": 70000}, "HTTP_PORT: expected at most 65535"),
        ({"http_host": ""}, "HTTP_HOST: missing"),
        ({"data_dir": " "}, "DATA_DIR: missing"),
        ({"most_visits_ahead": -1}, "MOST_VISITS_AHEAD: expected at least 0"),
        ({"default_locale": "de"}, "DEFAULT_LOCALE: expected kk, ru or en"),
    ],
)
def test_what_is_expected_is_said_in_plain_words(given: dict[str, Any], said: str) -> None:
    message = refused(**GOOD, **given)
    assert message.splitlines()[1:] == [f"  {said}"]


def test_a_number_that_cannot_be_read_is_not_also_called_missing() -> None:
    message = refused(**GOOD, onelink_inbox_id="abc", onelink_inbox_identifier="hidden-inbox")
    assert message.splitlines()[1:] == ["  ONELINK_INBOX_ID: expected a whole number, such as 7"]


def test_a_file_of_settings_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "old.env").write_bytes("CLINIC_NAME=Клиника".encode("cp1251"))
    assert "UTF-8" in refused(**{**GOOD, "_env_file": tmp_path / "old.env"})


async def test_run_with_bad_settings_says_what_is_wrong_and_nothing_else(tmp_path: Path) -> None:
    bad = {"TELEGRAM_TOKEN": SECRETS[0], "ONELINK_TOKEN": "hidden-token", "PATH": "/usr/bin:/bin"}
    status, out, err = await run_command("run", env=bad, cwd=tmp_path)
    assert status == 1
    assert out == ""
    assert err.startswith("These settings need attention")
    assert {line.split(":")[0].strip() for line in err.splitlines()[1:]} == {
        "TELEGRAM_TOKEN",
        "ONELINK_URL",
        "ONELINK_ACCOUNT_ID",
    }
    assert "Traceback" not in err
    assert "hidden" not in err
