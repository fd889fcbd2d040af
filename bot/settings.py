"""Environment -> frozen Settings. Everything missing or wrong is told in one message.

Secrets are `SecretStr`: they never appear in a log, a traceback or the message of `SettingsError`.
"""

import re
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from bot.domain.reminders import QuietHours
from bot.redis_at import parsed
from bot.setting_values import (
    Duration,
    Durations,
    HostAddress,
    NeededId,
    NeededSecret,
    NeededText,
    NightHours,
    OptionalAddress,
    OptionalCount,
    OptionalDuration,
    OptionalId,
    OptionalSecret,
    OptionalText,
    WebAddress,
    WorkingHours,
)

Locale = Literal["kk", "ru", "en"]
IinPolicy = Literal["required", "optional", "off"]
LinkPolicy = Literal["auto", "id", "display_id", "both"]

#: Where Telegram itself is; it calls a bot on these ports only, by https (Bot API, setWebhook).
TELEGRAM = "https://api.telegram.org"
_CALLED_ON = (443, 80, 88, 8443)

#: How alike names are of which one is a slip of the other (1: the same); TELEGRAM_BOT_TOKEN is.
ALIKE = 0.85


class SettingsError(Exception):
    """The settings cannot be used; the message lists all that is missing or wrong, without values."""


class Settings(BaseSettings):
    """All that can be set, by environment variables of the same names in capitals (see `.env.example`)."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    telegram_token: NeededSecret
    telegram_api_url: WebAddress = TELEGRAM

    onelink_url: HostAddress
    onelink_token: NeededSecret
    onelink_account_id: NeededId
    onelink_inbox_id: OptionalId = None
    onelink_inbox_identifier: OptionalSecret = None
    onelink_webhook_secret: OptionalSecret = None
    onelink_conversation_link: LinkPolicy = "auto"
    onelink_team_id: OptionalId = None  # who is given a conversation before it is opened
    onelink_reason_open: OptionalText = None  # where the account demands reasons for a status
    onelink_reason_pending: OptionalText = None

    redis_url: OptionalSecret = None
    data_dir: NeededText = "data"  # of the embedded Redis

    public_url: OptionalAddress = None
    http_host: NeededText = "127.0.0.1"  # empty would be every address
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8081
    webhook_secret: OptionalSecret = None

    default_locale: Locale = "ru"
    reminders: Durations = (timedelta(hours=24), timedelta(hours=2))
    reminders_owner: Literal["bot", "platform"] = "bot"
    book_again: OptionalDuration = None  # after a visit
    quiet_hours: NightHours = QuietHours()
    operator_hours: WorkingHours = None
    operator_patience: Duration = timedelta(minutes=5)
    handoff_idle: Duration = timedelta(hours=12)
    sync_every: Duration = timedelta(seconds=90)
    change_window: Duration = timedelta()
    iin: IinPolicy = "optional"
    lead_time: Duration = timedelta(hours=1)
    horizon: Duration = timedelta(days=30)
    # Of one client, booked through the bot, which remembers twenty; 0 or empty: no limit.
    most_visits_ahead: OptionalCount = 5

    clinic_name: OptionalText = None
    clinic_phone: OptionalText = None
    clinic_address: OptionalText = None
    clinic_map_url: OptionalAddress = None
    clinic_directions: OptionalText = None
    clinic_preparation: OptionalText = None
    emergency_phone: OptionalText = "103"  # named where the soonest time is offered; empty: not named
    data_controller: OptionalText = None  # legal name and BIN, named in the consent
    privacy_url: OptionalAddress = None
    log_format: Literal["console", "json"] = "console"

    @property
    def relays(self) -> bool:
        """Whether clients can talk to operators through the bot: both names of the inbox are known."""
        return self.onelink_inbox_id is not None and self.onelink_inbox_identifier is not None

    @field_validator("telegram_token")
    @classmethod
    def _token_of_botfather(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token.get_secret_value()):
            raise ValueError("expected the form 123456:ABC-DEF, as BotFather gives it (check for spaces)")
        return token

    @field_validator("onelink_token")
    @classmethod
    def _token_of_onelink(cls, token: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[!-~]+", token.get_secret_value()):
            raise ValueError(
                "expected the token as One-Link shows it, Latin letters and digits (check for spaces)"
            )
        return token

    @field_validator("public_url")
    @classmethod
    def _telegram_can_call(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is not None and info.data.get("telegram_api_url") == TELEGRAM:
            parts = urlsplit(url)
            try:
                port = parts.port or 443
            except ValueError:
                port = 0
            if parts.scheme != "https" or port not in _CALLED_ON:
                raise ValueError("Telegram calls https only, on port 443, 80, 88 or 8443")
        return url

    @field_validator("horizon")
    @classmethod
    def _something_can_be_booked(cls, horizon: timedelta, info: ValidationInfo) -> timedelta:
        if horizon <= info.data.get("lead_time", timedelta()):
            raise ValueError("expected more than LEAD_TIME: else no time can be booked")
        return horizon

    @field_validator("redis_url")
    @classmethod
    def _redis_can_be_asked(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            try:
                parsed(url.get_secret_value())
            except ValueError:  # its message may quote the password
                raise ValueError(
                    "expected redis://[:password@]host:6379/0, rediss:// for TLS, unix:///path, or "
                    "redis+sentinel://host:26379,host:26379/name"
                ) from None
        return url

    @field_validator("sync_every")
    @classmethod
    def _not_all_the_time(cls, every: timedelta) -> timedelta:
        if every < timedelta(seconds=1):
            raise ValueError("expected at least 1s")
        return every

    @field_validator("onelink_inbox_identifier")
    @classmethod
    def _identifier_has_its_inbox(
        cls, identifier: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        # Only where the number was left out: a wrong one has its own message.
        if identifier is not None and info.data.get("onelink_inbox_id", 0) is None:
            raise ValueError("set ONELINK_INBOX_ID too: both belong to one inbox")
        return identifier

    @field_validator("webhook_secret")
    @classmethod
    def _webhooks_are_secret(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if secret is None:
            if info.data.get("public_url"):
                raise ValueError("missing; it is needed when PUBLIC_URL is set")
        elif not re.fullmatch(r"[A-Za-z0-9_-]{8,256}", secret.get_secret_value()):
            raise ValueError("expected 8 to 256 characters of A-Z a-z 0-9 _ -")
        return secret


def load_settings(**given: Any) -> Settings:
    """The settings of the environment (and of `.env`); `given` replaces single ones.

    Raises SettingsError with one line for each thing that is missing or wrong.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None
    except UnicodeDecodeError:  # of the whole file: its words may hold a secret
        raise SettingsError("The file .env is not UTF-8 text: save it again as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"The file .env cannot be read: {error.strerror}.") from None


def slips() -> list[str]:
    """A sentence for each name in the environment (and `.env`) that nobody reads, though it looks like a
    setting's: what it was meant to set is not set."""
    known = list(Settings.model_fields)
    given = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars}
    unread = sorted(given - {*known})
    alike = [(name, it) for name in unread for it in get_close_matches(name, known, n=1, cutoff=ALIKE)]
    return [f"Nobody reads {name.upper()}: is it {it.upper()}?" for name, it in alike]


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        lines.append(f"  {name}: {_said(problem)}" if name else f"  {_said(problem)}")
    lines += [f"  {slip}" for slip in slips()]
    return "These settings need attention (see .env.example):\n" + "\n".join(lines)


def _said(problem: ErrorDetails) -> str:
    """pydantic's words, where they are not those of whoever fills in a form."""
    limits = problem.get("ctx", {})
    match problem["type"]:
        case "missing":
            return "missing"
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return "expected a whole number, such as 7"
        case "greater_than":
            return f"expected a number above {limits['gt']}"
        case "greater_than_equal":
            return f"expected at least {limits['ge']}"
        case "less_than_equal":
            return f"expected at most {limits['le']}"
        case "literal_error":
            return f"expected {limits['expected']}".replace("'", "")
        case _:
            return problem["msg"].removeprefix("Value error, ")
