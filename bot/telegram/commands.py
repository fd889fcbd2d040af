"""What Telegram shows of the bot itself: commands and descriptions, in each language."""

from collections.abc import Iterator
from hashlib import sha256

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import (
    SetChatMenuButton,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
    TelegramMethod,
)
from aiogram.types import BotCommand, MenuButtonCommands
from redis.exceptions import RedisError

from bot.dialogue.draft import House
from bot.dialogue.screen import Text
from bot.storage import Storage
from bot.telegram.texts import LOCALES, Texts

log = structlog.get_logger(__name__)

COMMANDS = {
    "start": Text("Menu"),
    "book": Text("Book a visit"),
    "my": Text("My visits"),
    "language": Text("Language"),
    "operator": Text("Talk to the clinic's staff"),
    "privacy": Text("My data"),
}


async def publish_commands(bot: Bot, texts: Texts, house: House, storage: Storage) -> None:
    """Set commands, menu button and descriptions, unless Telegram was told just that before: it answers 429
    to a bot that says it at each start. Failing is logged: the bot works without."""
    methods = list(_methods(texts, house))
    said = sha256("".join([str(bot.id), *(it.model_dump_json() for it in methods)]).encode()).hexdigest()
    try:
        if await storage.published() == said:
            return
        for method in methods:
            await bot(method)
        await storage.has_published(said)
    except (TelegramAPIError, RedisError) as error:
        log.warning("commands_not_published", error=type(error).__name__)


def _methods(texts: Texts, house: House) -> Iterator[TelegramMethod[bool]]:
    # Without a language: for everybody whose app speaks none of ours.
    for locale in (None, *LOCALES):
        say = texts[locale].say
        commands = [BotCommand(command=name, description=say(text)) for name, text in COMMANDS.items()]
        yield SetMyCommands(commands=commands, language_code=locale)
        about = say(Text("Book a visit here, at any time."))
        if house.phone:
            about = f"{about} {say(Text('Phone of the clinic: {phone}', phone=house.phone))}"
        yield SetMyShortDescription(short_description=about[:120], language_code=locale)
        yield SetMyDescription(description=about[:512], language_code=locale)
    yield SetChatMenuButton(menu_button=MenuButtonCommands())
