"""Who answers what: handlers translate, and nothing else."""

from typing import Any

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.filters import (
    IS_MEMBER,
    IS_NOT_MEMBER,
    ChatMemberUpdatedFilter,
    Command,
    CommandStart,
    Filter,
)
from aiogram.types import TelegramObject
from aiogram.utils.magic_filter import MagicFilter

from bot.telegram import handoff, invitations, messages, privacy, taps, visit_pages, visit_taps
from bot.telegram.keyboard import Tap, VisitTap
from bot.telegram.states import Visits


class Where(Filter):
    """What aiogram's `F` says, looked at here: a bare `F` is looked at in another thread, each time."""

    def __init__(self, magic: MagicFilter) -> None:
        self.magic = magic

    async def __call__(self, event: TelegramObject) -> Any:
        """Whether it fits."""
        return self.magic.resolve(event)


def build_routers() -> tuple[Router, ...]:
    """Who answers what; the first that fits does. New ones for each dispatcher."""
    private = Router(name="private")
    for observer in (private.message, private.edited_message):
        observer.filter(Where(F.chat.type == ChatType.PRIVATE))
    private.callback_query.filter(Where(F.message.chat.type == ChatType.PRIVATE))

    # First of all: while operators answer, the bot is silent.
    private.message.register(handoff.said, handoff.with_operators)
    private.edited_message.register(handoff.edited, handoff.with_operators)
    private.callback_query.register(handoff.tap_meanwhile, handoff.with_operators)
    private.callback_query.register(handoff.back_tap, VisitTap.filter(F.step == "bot"))

    private.message.register(messages.start_command, CommandStart())
    private.message.register(messages.book_command, Command("book"))
    private.message.register(messages.language_command, Command("language"))
    private.message.register(handoff.operator_command, Command("operator"))
    private.message.register(visit_pages.my_command, Command("my"))
    private.message.register(privacy.privacy_command, Command("privacy"))
    private.message.register(visit_pages.phone_for_visits, Visits.phone)
    private.message.register(messages.contact_shared, Where(F.contact))
    private.message.register(messages.text_written, Where(F.text))
    private.message.register(messages.something_sent)
    private.edited_message.register(messages.text_edited, Where(F.text))

    private.callback_query.register(taps.tap, Tap.filter())
    private.callback_query.register(taps.locale_tap, VisitTap.filter(F.step == "locale"))
    private.callback_query.register(
        taps.book_tap, VisitTap.filter(F.step.in_({"book", "same", "restart", "continue"}))
    )
    private.callback_query.register(taps.menu_tap, VisitTap.filter(F.step == "menu"))
    private.callback_query.register(handoff.operator_tap, VisitTap.filter(F.step == "operator"))
    private.callback_query.register(
        visit_pages.pages_tap, VisitTap.filter(F.step.in_({"visits", "past", "find", "findable"}))
    )
    private.callback_query.register(privacy.privacy_tap, VisitTap.filter(F.step.in_(privacy.STEPS)))
    private.callback_query.register(invitations.invites_tap, VisitTap.filter(F.step.in_(invitations.STEPS)))
    private.callback_query.register(visit_taps.visit_tap, VisitTap.filter(F.step.in_(visit_taps.STEPS)))
    private.callback_query.register(taps.unknown_tap)
    private.my_chat_member.register(messages.came_back, ChatMemberUpdatedFilter(IS_NOT_MEMBER >> IS_MEMBER))

    elsewhere = Router(name="elsewhere")
    elsewhere.message.register(messages.in_a_group, CommandStart())
    elsewhere.message.register(messages.in_a_group, Command("book"))
    elsewhere.message.register(messages.in_a_group, Where(F.entities[...].type == "mention"))
    elsewhere.callback_query.register(taps.tap_in_a_group)
    return private, elsewhere
