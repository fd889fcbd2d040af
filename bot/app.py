"""Settings -> App: the only module that constructs things, and the life of a running bot."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramAPIError, TelegramUnauthorizedError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.backlog import Backlog
from bot.clock import Clock
from bot.dialogue.draft import House
from bot.dialogue.screen import unbroken
from bot.domain.errors import BookingError
from bot.domain.reminders import ReminderPolicy
from bot.domain.zones import assert_zone_data
from bot.embedded_redis import embedded_redis
from bot.listener import Listener, listening
from bot.loop_lag import LoopLag
from bot.metrics import Metrics
from bot.onelink.breaker import Breaker
from bot.onelink.conversations import Conversations
from bot.onelink.files import Files
from bot.onelink.http import Exchange, OneLinkHttp
from bot.onelink.scheduling import Scheduling
from bot.relay_worker import RelayWorker
from bot.settings import Settings
from bot.storage import Storage
from bot.telegram.calls import CountCalls
from bot.telegram.changing import Changing
from bot.telegram.commands import publish_commands
from bot.telegram.counting import CountUpdates
from bot.telegram.doorbells import Doorbells
from bot.telegram.front import Front
from bot.telegram.fsm import TurnStorage
from bot.telegram.funnel import Funnel
from bot.telegram.handlers import build_routers
from bot.telegram.intake import ALLOWED_UPDATES, Intake
from bot.telegram.middleware import ClientMiddleware
from bot.telegram.outcome import Conclusion
from bot.telegram.pace import Pace
from bot.telegram.posting import Posting
from bot.telegram.relaying import Relaying
from bot.telegram.rescheduling import Rescheduling
from bot.telegram.session import build_bot
from bot.telegram.telling import Telling
from bot.telegram.texts import Texts
from bot.usecases.booking import Booking
from bot.usecases.brake import Brake
from bot.usecases.contacts import Contacts
from bot.usecases.desk import BookingDesk
from bot.usecases.erasing import Erasing
from bot.usecases.handoffs import Handoffs
from bot.usecases.moving import Moving
from bot.usecases.notes import Notes
from bot.usecases.rounds import Rounds
from bot.usecases.visits import Visits
from bot.worker import Worker

log = structlog.get_logger(__name__)

#: How often an open conversation is looked at without a doorbell; where there is none, oftener.
LOOK_WITH_DOORBELL, LOOK_WITHOUT = timedelta(seconds=30), timedelta(seconds=4)

#: Seconds: what is in hand is finished within the first when the bot is stopped, or given up within the
#: second. The rest of ten, after which a supervisor may kill, is for closing.
STOP_S, GIVE_UP_S = 8.0, 0.5
#: Seconds that Redis has to answer those who look after the bot.
LOOK_S = 2.0


class CannotStart(Exception):
    """The bot cannot run like this; the message says what to do."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything a running bot consists of."""

    settings: Settings
    clock: Clock
    bot: Bot
    storage: Storage
    http: OneLinkHttp
    scheduling: Scheduling
    conversations: Conversations | None
    texts: Texts
    front: Front
    intake: Intake
    worker: Worker
    relays: RelayWorker | None  # None: operators cannot be reached through the bot
    doorbells: Doorbells | None
    metrics: Metrics
    backlog: Backlog
    funnel: Funnel
    lag: LoopLag

    async def trouble(self) -> str | None:
        """Why updates cannot be handled at the moment; None if they can."""
        try:
            await asyncio.wait_for(self.storage.ping(), LOOK_S)
        except (RedisError, OSError, TimeoutError):
            return "Redis does not answer"
        return None

    async def measured(self) -> bytes:
        """The metrics as they are now."""
        self.metrics.loop_lag.set(self.lag.taken())
        try:
            async with asyncio.timeout(LOOK_S):
                await self.backlog.measure(self.clock())
                await self.funnel.expire()
            self.metrics.redis_up.set(1)
        except (RedisError, OSError, TimeoutError):
            self.metrics.redis_up.set(0)
            log.warning("backlog_unknown")
        return self.metrics.page()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[App]:
    """An app with its connections, closed again when the block ends."""
    assert_zone_data()
    async with AsyncExitStack() as stack:
        if settings.redis_url is None:
            url = await stack.enter_async_context(embedded_redis(Path(settings.data_dir)))
        else:
            url = settings.redis_url.get_secret_value()
        redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, health_check_interval=30)
        storage = Storage(redis)
        stack.push_async_callback(storage.close)
        clock, metrics = Clock(), Metrics()

        def observe(exchange: Exchange) -> None:
            metrics.exchange(exchange)
            if exchange.server_time is not None:
                clock.observe(exchange.server_time)

        breaker = Breaker()
        metrics.breaker_open.set_function(lambda: breaker.is_open)
        http = OneLinkHttp(
            settings.onelink_url,
            settings.onelink_token.get_secret_value(),
            settings.onelink_account_id,
            breaker=breaker,
            observe=observe,
        )
        stack.push_async_callback(http.aclose)
        token = settings.telegram_token.get_secret_value()
        bot = build_bot(token, settings.telegram_api_url)
        bot.session.middleware(CountCalls(metrics.telegram_calls))
        stack.push_async_callback(bot.session.close)
        files = Files()
        stack.push_async_callback(files.aclose)
        yield _assembled(settings, clock, metrics, bot, storage, http, files, bot_key=token)


def _assembled(
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    bot: Bot,
    storage: Storage,
    http: OneLinkHttp,
    files: Files,
    *,
    bot_key: str,
) -> App:
    scheduling = Scheduling(http)
    conversations = None
    if settings.onelink_inbox_id is not None:
        identifier = settings.onelink_inbox_identifier
        conversations = Conversations(
            http, settings.onelink_inbox_id, identifier.get_secret_value() if identifier else ""
        )
    house = House(
        name=settings.clinic_name,
        phone=unbroken(settings.clinic_phone) if settings.clinic_phone else None,
        address=settings.clinic_address,
        controller=settings.data_controller,
        privacy_url=settings.privacy_url,
        emergency=settings.emergency_phone,
        iin=settings.iin,
        map_url=settings.clinic_map_url,
        directions=settings.clinic_directions,
        preparation=settings.clinic_preparation,
        change_window=settings.change_window,
        relays=settings.relays,
        office_hours=settings.operator_hours,
        patience=settings.operator_patience,
    )
    desk = BookingDesk(
        scheduling, conversations, bot_key=bot_key, lead=settings.lead_time, horizon=settings.horizon
    )
    contacts = Contacts(conversations, scheduling, bot_key=bot_key) if conversations is not None else None
    booking = Booking(
        scheduling,
        contacts,
        storage,
        link=settings.onelink_conversation_link,
        without_link=metrics.without_link.inc,
    )
    texts = Texts(settings.default_locale)
    visits = Visits(scheduling, conversations, storage, bot_key=bot_key)
    notes = Notes(contacts)
    brake = Brake(storage, bot_key=bot_key, most_ahead=settings.most_visits_ahead)
    front = Front(
        desk=desk,
        visits=visits,
        conclusion=Conclusion(booking, visits, desk, house, notes, brake, metrics.attempt),
        changing=Changing(visits, storage, desk, house, brake, metrics.attempt),
        rescheduling=Rescheduling(Moving(scheduling, visits, storage), desk, house, metrics.attempt),
        notes=notes,
        erasing=Erasing(storage, desk, visits, contacts, brake),
        storage=storage,
        texts=texts,
        house=house,
        account=f"{settings.onelink_account_id}@{urlsplit(settings.onelink_url).hostname}",
        alarms=settings.reminders,
    )
    dispatcher = Dispatcher(storage=TurnStorage(storage))
    backlog = Backlog(storage.redis, metrics)
    funnel = Funnel(metrics, backlog.dialogues)
    dispatcher.update.outer_middleware(CountUpdates(metrics, funnel))
    dispatcher.update.outer_middleware(ClientMiddleware(front))
    dispatcher.include_routers(*build_routers())
    intake = Intake(bot, dispatcher, storage, texts, clock)
    policy = None
    if settings.reminders and settings.reminders_owner == "bot":
        policy = ReminderPolicy(settings.reminders, settings.quiet_hours)
    rounds = Rounds(scheduling, storage, policy, settings.horizon)
    telling = Telling(bot, front, rounds, Pace(), settings.quiet_hours)
    worker = Worker(bot, front, storage, clock, rounds, telling, metrics, sync_every=settings.sync_every)
    relays, doorbells = None, None
    if contacts is not None and settings.relays:
        reasons = {"open": settings.onelink_reason_open, "pending": settings.onelink_reason_pending}
        handoffs = Handoffs(
            contacts,
            reasons={status: reason for status, reason in reasons.items() if reason},
            team_id=settings.onelink_team_id,
        )
        posting = Posting(bot, front, handoffs)
        look_every = LOOK_WITH_DOORBELL if settings.webhook_secret else LOOK_WITHOUT
        relaying = Relaying(bot, front, handoffs, posting, files, look_every, settings.handoff_idle)
        relays = RelayWorker(relaying, storage, clock)
        signing = settings.onelink_webhook_secret
        doorbells = Doorbells(
            bot,
            storage,
            clock,
            inbox_id=settings.onelink_inbox_id or 0,
            secret=signing.get_secret_value() if signing else None,
        )
    return App(
        settings=settings,
        clock=clock,
        bot=bot,
        storage=storage,
        http=http,
        scheduling=scheduling,
        conversations=conversations,
        texts=texts,
        front=front,
        intake=intake,
        worker=worker,
        relays=relays,
        doorbells=doorbells,
        metrics=metrics,
        backlog=backlog,
        funnel=funnel,
        lag=LoopLag(),
    )


async def run(app: App, stop: asyncio.Event) -> None:
    """Live until `stop`: take updates, do what is due, answer health checks. Raises CannotStart."""
    await _started(app)
    secret = app.settings.webhook_secret
    listener = Listener(
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
        raise CannotStart(
            f"Redis does not answer ({type(error).__name__}): check REDIS_URL, "
            "or leave it empty for the embedded one."
        ) from None


async def _greet(app: App, stop: asyncio.Event) -> None:
    """Agree with Telegram how updates arrive, then take them. Telegram being away is waited for."""
    pause = 1.0
    while not stop.is_set():
        try:
            await _claim_updates(app)
            break
        except TelegramUnauthorizedError:
            raise CannotStart(
                "Telegram does not accept TELEGRAM_TOKEN: copy it anew from BotFather."
            ) from None
        except TelegramAPIError as error:
            log.warning("telegram_does_not_answer", error=type(error).__name__)
            await _or_stopped(stop, pause)
            pause = min(pause * 2, 30)
    # Learns One-Link's clock and catalogue before the first client asks for them.
    try:
        await app.front.desk.catalogue(app.clock())
    except BookingError as error:
        log.warning("onelink_does_not_answer", error=type(error).__name__, status=error.status)
    publishing = asyncio.create_task(publish_commands(app.bot, app.texts, app.front.house))
    try:
        if app.settings.public_url is None:
            await app.intake.poll()
        else:
            await stop.wait()
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
