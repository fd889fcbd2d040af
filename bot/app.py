"""Settings -> App: the only module that constructs things."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import structlog
from aiogram import Bot, Dispatcher
from redis.exceptions import RedisError

from bot.backlog import Backlog
from bot.clock import Clock
from bot.dialogue.draft import House
from bot.dialogue.screen import unbroken
from bot.domain.reminders import ReminderPolicy
from bot.domain.zones import assert_zone_data
from bot.embedded_redis import embedded_redis
from bot.loop_lag import LoopLag
from bot.metrics import Metrics
from bot.onelink.breaker import Breaker
from bot.onelink.conversations import Conversations
from bot.onelink.exchange import Exchange
from bot.onelink.files import Files
from bot.onelink.http import OneLinkHttp
from bot.onelink.scheduling import Scheduling
from bot.redis_at import redis_at
from bot.relay_worker import RelayWorker
from bot.settings import Settings
from bot.storage import Storage
from bot.telegram.calls import CountCalls
from bot.telegram.changing import Changing
from bot.telegram.counting import CountUpdates
from bot.telegram.doorbells import Doorbells
from bot.telegram.front import Front
from bot.telegram.fsm import TurnStorage
from bot.telegram.funnel import Funnel
from bot.telegram.handlers import build_routers
from bot.telegram.intake import Intake
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

#: Seconds that Redis has to answer those who look after the bot.
LOOK_S = 2.0


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
        storage = Storage(await stack.enter_async_context(redis_at(url)))
        clock, metrics = Clock(), Metrics()

        def observe(exchange: Exchange) -> None:
            metrics.exchange(exchange)
            if exchange.server_time is not None:
                clock.observe(exchange.server_time)

        breaker = Breaker()
        metrics.breaker_open.set_function(lambda: breaker.is_open)
        trusted = httpx.create_ssl_context()  # one for both: reading all authorities takes a while
        http = OneLinkHttp(
            settings.onelink_url,
            settings.onelink_token.get_secret_value(),
            settings.onelink_account_id,
            breaker=breaker,
            observe=observe,
            verify=trusted,
        )
        stack.push_async_callback(http.aclose)
        token = settings.telegram_token.get_secret_value()
        bot = build_bot(token, settings.telegram_api_url)
        bot.session.middleware(CountCalls(metrics.telegram_calls))
        stack.push_async_callback(bot.session.close)
        files = Files(verify=trusted)
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
    notes = Notes(contacts, storage.relays)
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
    rounds = Rounds(scheduling, storage, policy, settings.horizon, settings.book_again)
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
