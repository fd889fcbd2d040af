"""What Telegram shows of the bot itself: commands and descriptions, in each language."""

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import BotCommand, MenuButtonCommands

from bot.dialogue.draft import House
from bot.dialogue.screen import Text
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


async def publish_commands(bot: Bot, texts: Texts, house: House) -> None:
    """Set commands, menu button and descriptions. Failing is logged: the bot works without."""
    try:
        # Without a language: for everybody whose app speaks none of ours.
        for locale in (None, *LOCALES):
            say = texts[locale].say
            commands = [BotCommand(command=name, description=say(text)) for name, text in COMMANDS.items()]
            await bot.set_my_commands(commands, language_code=locale)
            about = say(Text("Book a visit here, at any time."))
            if house.phone:
                about = f"{about} {say(Text('Phone of the clinic: {phone}', phone=house.phone))}"
            await bot.set_my_short_description(about[:120], language_code=locale)
            await bot.set_my_description(about[:512], language_code=locale)
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
    except TelegramAPIError as error:
        log.warning("commands_not_published", error=type(error).__name__)
