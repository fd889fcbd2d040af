"""The life of a running bot: from agreeing with Telegram to the last thing that is finished at the stop."""

import asyncio
import gc

import structlog
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramUnauthorizedError
from redis.exceptions import RedisError

from bot.app import App
from bot.domain.errors import BookingError
from bot.lean_aiogram import build_models
from bot.listener import Listener, listening
from bot.redis_at import refusal
from bot.telegram.commands import publish_commands
from bot.telegram.intake import ALLOWED_UPDATES

log = structlog.get_logger(__name__)

#: Seconds: what is in hand is finished within the first when the bot is stopped, or given up within the
#: second. The rest of ten, after which a supervisor may kill, is for closing.
STOP_S, GIVE_UP_S = 8.0, 0.5


UNKNOWN_TO_TELEGRAM = "Telegram does not accept TELEGRAM_TOKEN: copy it anew from BotFather."


class CannotStart(Exception):
    """The bot cannot run (any more) like this; the message says what to do."""


async def run(app: App, stop: asyncio.Event) -> None:
    """Live until `stop`: take updates, do what is due, answer health checks. Raises CannotStart."""
    await _started(app)
    secret = app.settings.webhook_secret
    listener = Listener(
        bot=app.bot,
        secret=secret.get_secret_value() if secret and app.settings.public_url else None,
        handle=app.intake.handle,
        ready=app.trouble,
        metrics=app.measured,
        doorbell=(secret.get_secret_value(), app.doorbells.ring) if secret and app.doorbells else None,
        rung=app.metrics.doorbell,
    )
    async with listening(listener, app.settings.http_host, app.settings.http_port) as port:
        tasks = {asyncio.create_task(app.worker.run()), asyncio.create_task(_greet(app, stop))}
        if app.relays is not None:
            tasks.add(asyncio.create_task(app.relays.run()))
        log.info("running", mode="webhook" if app.settings.public_url else "polling", port=port)
        # Objects that live as long as the process need not be looked at by every collection.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gc.enable()
        stopping, watching = asyncio.create_task(stop.wait()), asyncio.create_task(app.lag.watch())
        await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in tasks if task.done() and not stop.is_set()]
        listener.stop()
        await app.intake.stop()
        await app.worker.stop()
        if app.relays is not None:
            await app.relays.stop()
        tasks.add(asyncio.create_task(listener.finished()))
        _, late = await asyncio.wait(tasks, timeout=STOP_S)
        for task in (*late, stopping, watching):
            task.cancel()
        if late:
            log.warning("stopped_in_the_middle", tasks=len(late))
            await asyncio.wait(late, timeout=GIVE_UP_S)
        for task in failed:
            task.result()
    log.info("stopped")


async def _started(app: App) -> None:
    try:
        await app.storage.ping()
    except (RedisError, OSError) as error:
        raise CannotStart(refusal(error)) from None


async def _greet(app: App, stop: asyncio.Event) -> None:
    """Agree with Telegram how updates arrive, then take them. Telegram being away is waited for."""
    pause = 1.0
    while not stop.is_set():
        try:
            await _claim_updates(app)
            break
        except TelegramUnauthorizedError:
            raise CannotStart(UNKNOWN_TO_TELEGRAM) from None
        except TelegramBadRequest as error:
            # Its own words say why: perhaps the name of PUBLIC_URL is not known yet.
            log.error("telegram_refuses_public_url", why=error.message)
            await _or_stopped(stop, pause)
            pause = min(pause * 2, 30)
        except TelegramAPIError as error:
            log.warning("telegram_does_not_answer", error=type(error).__name__)
            await _or_stopped(stop, pause)
            pause = min(pause * 2, 30)
    await build_models()
    # Learns One-Link's clock and catalogue before the first client asks for them.
    try:
        await app.front.desk.catalogue(app.clock())
    except BookingError as error:
        log.warning("onelink_does_not_answer", error=type(error).__name__, status=error.status)
    publishing = asyncio.create_task(publish_commands(app.bot, app.texts, app.front.house, app.storage))
    try:
        if app.settings.public_url is None:
            await app.intake.poll()
        else:
            await stop.wait()
    except TelegramUnauthorizedError:  # the token was revoked meanwhile
        raise CannotStart(UNKNOWN_TO_TELEGRAM) from None
    finally:
        publishing.cancel()


async def _claim_updates(app: App) -> None:
    info = await app.bot.get_webhook_info()
    if app.settings.public_url is not None:
        secret = app.settings.webhook_secret
        await app.bot.set_webhook(
            f"{app.settings.public_url}/telegram",
            secret_token=secret.get_secret_value() if secret else None,
            allowed_updates=ALLOWED_UPDATES,
            max_connections=100,
            drop_pending_updates=False,
        )
    elif info.url.endswith("/telegram"):
        await app.bot.delete_webhook(drop_pending_updates=False)  # our own, from an earlier run
    elif info.url:
        raise CannotStart(
            "Another system receives this bot's messages by webhook (perhaps a Telegram inbox in One-Link). "
            "Two of them cannot share one token: remove that inbox, or use another bot."
        )


async def _or_stopped(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
