"""Yardstick G: the dialogue up to the time as one writes it in plain aiogram, with Redis for its state.

It shows screens like the bot's, with as many buttons, and answers and edits as the bot does, but knows them
beforehand: no One-Link, one language, no draft to speak of, no care for what comes twice. The collector is
as Python has it.

`python -m tests.bench.yardstick_g TOKEN TELEGRAM REDIS PORT`; "ready" on standard output: it listens.
"""

import asyncio
import sys

from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.redis import RedisStorage
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

Rows = tuple[tuple[str, ...], ...]

FOOT = ("‹ Back", "✕ Stop booking", "Operator")
MENU: Rows = (("Book a visit",), ("My visits",), ("Language",), ("Operator",))
SERVICES: Rows = (("Haircut",), ("Colouring",), ("Beard trim",), FOOT)
STAFF: Rows = (("Any specialist",), ("Anna Ivanova",), ("Boris Kim",), FOOT)
DAYS: Rows = (
    ("Soonest: today, Mon 7 Jan, 10:30",),
    ("today, Mon 7 Jan · 13 free",),
    ("tomorrow, Tue 8 Jan · 16 free",),
    *((f"{day} Jan · 16 free",) for day in ("Wed 9", "Thu 10", "Fri 11", "Sat 12", "Sun 13")),
    ("Later ›",),
    FOOT,
)
TIMES: Rows = (
    ("09:00", "09:30", "10:00", "10:30"),
    ("11:00", "11:30", "12:00", "12:30"),
    ("14:00", "14:30", "15:00", "15:30"),
    ("16:00", "16:30", "17:00", "17:30"),
    FOOT,
)
CONSENT: Rows = (("I agree",), ("Not now",), FOOT)


class Booking(StatesGroup):
    """One state for each question."""

    menu = State()
    service = State()
    resource = State()
    day = State()
    time = State()
    consent = State()


#: What follows on the answer to a question: the next state and its screen.
NEXT = {
    Booking.menu: (Booking.service, "Which service?", SERVICES),
    Booking.service: (Booking.resource, "Haircut\n\nWith whom?", STAFF),
    Booking.resource: (Booking.day, "Haircut · Anna Ivanova\n\nWhich day?", DAYS),
    Booking.day: (Booking.time, "Haircut · Anna Ivanova · Tue 8 Jan\n\nWhat time?", TIMES),
    Booking.time: (
        Booking.consent,
        "Haircut · Anna Ivanova · Tue 8 Jan, 10:00\n\n"
        "Do you agree that the clinic collects and processes your personal data for your visits?",
        CONSENT,
    ),
}
router = Router()


@router.message(CommandStart())
async def start(message: Message, state: FSMContext) -> None:
    """The menu, below."""
    await state.set_state(Booking.menu)
    await state.set_data({})
    await message.answer("Book a visit here, at any time.", reply_markup=_keyboard(MENU))


@router.callback_query(F.data)
async def tapped(query: CallbackQuery, state: FSMContext) -> None:
    """Remember the answer, ask the next question in the same message."""
    await query.answer()
    before = await state.get_state() or ""
    following, text, rows = next(after for it, after in NEXT.items() if it.state == before)
    await state.update_data({before: query.data})
    await state.set_state(following)
    assert isinstance(query.message, Message)
    await query.message.edit_text(text, reply_markup=_keyboard(rows))


def _keyboard(rows: Rows) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=label, callback_data=label[:20]) for label in row] for row in rows
        ]
    )


async def live(token: str, telegram_url: str, redis_url: str, port: int) -> None:
    """Until it is killed."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram_url))
    bot = Bot(token, session=session)
    dispatcher = Dispatcher(storage=RedisStorage.from_url(redis_url))
    dispatcher.include_router(router)
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False).register(app, path="/telegram")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await bot.set_webhook(f"http://127.0.0.1:{port}/telegram", max_connections=100)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(live(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
