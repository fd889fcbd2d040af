"""What a bot says about itself, per language: name, descriptions, commands, menu button."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.telegram_params import Params
from bot.sandbox.telegram_refusal import bad_request

Json = dict[str, Any]

_COMMANDS = 100
_LIMITS = {"name": 64, "description": 512, "short_description": 120}


@dataclass
class BotProfile:
    """Texts by language code ("" = everybody else), commands by scope and language code."""

    default_name: str = "Sandbox clinic"
    username: str = "sandbox_clinic_bot"
    texts: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"name": {}, "description": {}, "short_description": {}}
    )
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    menu_button: Json = field(default_factory=lambda: {"type": "default"})

    @property
    def name(self) -> str:
        return self.texts["name"].get("") or self.default_name

    def set_text(self, which: str, params: Params) -> bool:
        text = params.text(which)
        if len(text) > _LIMITS[which]:
            raise bad_request(f"{which.replace('_', ' ')} is too long")
        self.texts[which][params.text("language_code")] = text
        return True

    def get_text(self, which: str, params: Params) -> Json:
        return {which: self.text_for(which, params.text("language_code"))}

    def text_for(self, which: str, language_code: str | None) -> str:
        """What a person with this language reads."""
        texts = self.texts[which]
        text = texts.get(language_code or "") or texts.get("") or ""
        return text or (self.default_name if which == "name" else "")

    def set_commands(self, params: Params) -> bool:
        commands = params.data("commands") or []
        if len(commands) > _COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            name = str(command.get("command", "")).removeprefix("/")
            if not 1 <= len(name) <= 32 or not name.replace("_", "").isalnum() or name != name.lower():
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command.get("description", "")) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[self._key(params)] = commands
        return True

    def get_commands(self, params: Params) -> list[Json]:
        return self.commands.get(self._key(params), [])

    def delete_commands(self, params: Params) -> bool:
        self.commands.pop(self._key(params), None)
        return True

    def set_menu_button(self, params: Params) -> bool:
        self.menu_button = params.data("menu_button") or {"type": "default"}
        return True

    def get_menu_button(self, params: Params) -> Json:
        return self.menu_button

    def commands_for(self, chat_id: int, language_code: str | None) -> list[Json]:
        """The list a person sees: the narrowest scope that has one, own language before none."""
        for scope in (f"chat {chat_id}", "all_private_chats", "default"):
            for language in (language_code or "", ""):
                if commands := self.commands.get((scope, language)):
                    return commands
        return []

    def described(self) -> Json:
        """All of it, for the control routes."""
        return {
            "name": self.name,
            "username": self.username,
            "texts": self.texts,
            "commands": [
                {"scope": scope, "language_code": language, "commands": commands}
                for (scope, language), commands in self.commands.items()
            ],
            "menu_button": self.menu_button,
        }

    @staticmethod
    def _key(params: Params) -> tuple[str, str]:
        scope = params.data("scope") or {"type": "default"}
        kind = str(scope.get("type", "default"))
        if "chat_id" in scope:
            kind = f"{kind} {scope['chat_id']}"
        return kind, params.text("language_code")
