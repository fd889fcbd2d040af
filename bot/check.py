"""`booking-bot check`: the settings against the live systems, in words, with an advice for each finding."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, cast

from aiogram.exceptions import TelegramAPIError, TelegramUnauthorizedError
from redis.exceptions import RedisError

from bot.app import App, opened
from bot.check_inbox import about_inbox
from bot.domain.errors import BookingError, Gone, NotPermitted
from bot.domain.model import Resource, Service
from bot.domain.zones import ZoneDataOutdated
from bot.embedded_redis import NoRedis
from bot.finding import Finding, Grade, advice, bad, good
from bot.onelink.profile import token_owner
from bot.redis_at import refusal
from bot.running import UNKNOWN_TO_TELEGRAM
from bot.settings import Settings, slips
from bot.telegram.texts import gaps


async def checked(settings: Settings, say: Callable[[str], None]) -> int:
    """Say every finding; 0 when the bot can work, else 1."""
    broken = 0
    async for finding in _findings(settings):
        say(str(finding))
        broken += finding.grade is Grade.BAD
    say("The bot can run." if not broken else f"To be mended first: {broken}.")
    return 1 if broken else 0


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with opened(settings) as app:
            for part in (_redis, _telegram, _about_onelink, _house):
                async for finding in part(app):
                    yield finding
    except ZoneDataOutdated:
        yield bad(
            "The time zone data of this machine are older than 2024a: Almaty would be an hour off. "
            "Update the system's tzdata package."
        )
    except NoRedis as error:
        yield bad(str(error))


async def _about_onelink(app: App) -> AsyncIterator[Finding]:
    """First whether it can be asked at all: what follows would only say the same in other words."""
    async for finding in _onelink(app):
        yield finding
        if finding.grade is Grade.BAD:
            return
    for part in (about_inbox, _catalogue):
        async for finding in part(app):
            yield finding


async def _redis(app: App) -> AsyncIterator[Finding]:
    try:
        await app.storage.ping()
        info = cast(dict[str, Any], await app.storage.redis.info())
    except (RedisError, OSError) as error:
        yield bad(refusal(error))
        return
    yield good(f"Redis {info.get('redis_version')} answers.")
    if not info.get("aof_enabled"):
        yield advice(
            "Redis keeps no append-only file: drafts and open bookings are lost when it restarts. "
            "Set `appendonly yes`."
        )
    if info.get("maxmemory_policy") not in (None, "noeviction"):
        yield bad("Redis may throw data away when memory is short: set `maxmemory-policy noeviction`.")


async def _telegram(app: App) -> AsyncIterator[Finding]:
    try:
        me = await app.bot.get_me()
        webhook = await app.bot.get_webhook_info()
    except TelegramUnauthorizedError:
        yield bad(UNKNOWN_TO_TELEGRAM)
        return
    except TelegramAPIError:
        yield bad(
            f"Telegram does not answer at {app.settings.telegram_api_url}: "
            "check TELEGRAM_API_URL and the network."
        )
        return
    yield good(f"Telegram knows the bot @{me.username}.")
    ours = f"{app.settings.public_url}/telegram" if app.settings.public_url else None
    if webhook.url and webhook.url != ours and not webhook.url.endswith("/telegram"):
        yield bad(
            "Another system receives this bot's messages by webhook (perhaps a Telegram inbox in One-Link). "
            "Remove that inbox, or use another bot: two cannot share a token."
        )
    if webhook.last_error_message and ours:
        yield advice(
            f"Telegram could not deliver lately: {webhook.last_error_message}. "
            "Is PUBLIC_URL reachable from the internet?"
        )


async def _onelink(app: App) -> AsyncIterator[Finding]:
    wanted = app.settings.onelink_account_id
    try:
        owner = await token_owner(app.http)
    except NotPermitted:
        yield bad(
            "One-Link does not accept ONELINK_TOKEN: it must be the access token of a user "
            "(Profile settings → Access token), not of an agent bot."
        )
        return
    except Gone:
        yield bad("There is no One-Link at ONELINK_URL: check the address.")
        return
    except BookingError:
        yield bad(
            f"One-Link does not answer at {app.settings.onelink_url}: check ONELINK_URL and the network."
        )
        return
    role = owner.roles.get(wanted)
    if role is None and owner.roles:
        yield bad(
            f"The user of ONELINK_TOKEN does not belong to account {wanted}: "
            f"ONELINK_ACCOUNT_ID may be {', '.join(map(str, owner.roles))}."
        )
        return
    yield good(f"One-Link accepts the token for account {wanted} (role: {role or 'unknown'}).")
    if role == "agent":
        yield advice(
            "The token belongs to an agent: booking works, but conversations it opens are assigned "
            "to that agent. An administrator's token is better."
        )


async def _catalogue(app: App) -> AsyncIterator[Finding]:
    try:
        services, resources = await app.scheduling.services(), await app.scheduling.resources()
        now = app.clock()
        week = await app.scheduling.calendar(now, now + timedelta(days=7))
        with_hours = {
            slot.resource_id
            for resource in resources
            if resource.bookable
            for slot in (
                await app.scheduling.free_slots(
                    now, now + timedelta(days=7), resource_ids=(resource.id,), duration_min=None
                )
            )[:1]
        } | {appointment.resource_id for appointment in week.appointments}
    except NotPermitted as error:
        reason = (
            "the feature “scheduling” is off for this account"
            if error.code == "FEATURE_DISABLED"
            else "the token's user may not use it"
        )
        yield bad(f"The calendar of One-Link is closed to the bot: {reason}.")
        return
    except BookingError as error:
        yield bad(f"The calendar of One-Link cannot be read (status {error.status or 'none'}): try again.")
        return
    bookable = [resource for resource in resources if resource.bookable]
    if not bookable:
        yield bad("One-Link has no active specialist (resource): nothing can be booked.")
    for finding in _services(services, bookable):
        yield finding
    without_hours = [resource for resource in bookable if resource.id not in with_hours]
    if bookable and len(without_hours) == len(bookable):
        yield bad(
            "No specialist has free time in the next 7 days: unless the clinic is closed, "
            "enter their working hours in One-Link."
        )
        return
    for resource in without_hours:
        yield advice(
            f"Specialist {resource.id} ({resource.name}) has no free time in the next 7 days: "
            "are there working hours?"
        )


def _services(services: tuple[Service, ...], bookable: list[Resource]) -> list[Finding]:
    offered = [s for s in services if any(s.offered_by(resource) for resource in bookable)]
    findings = [
        good(f"{len(offered)} services can be booked with {len(bookable)} specialists.")
        if offered
        else bad("No service can be booked: each needs a price (of its own, or with a specialist).")
    ]
    for service in services:
        if service in offered:
            continue
        why = (
            "its price rows are inactive or belong to inactive specialists"
            if service.has_price_rows
            else "it has neither a base price nor a price with a specialist"
        )
        findings.append(advice(f"Service {service.id} ({service.name}) cannot be booked: {why}."))
    return findings


async def _house(app: App) -> AsyncIterator[Finding]:
    settings = app.settings
    for slip in slips():
        yield advice(slip)
    yield good("The time zone data of this machine know Kazakhstan's time of today.")
    missing = gaps()
    for locale, count in missing.items():
        if count:
            yield bad(
                f"{count} sentences have no translation in locales/{locale}: clients read English there."
            )
    if not any(missing.values()):
        yield good(f"Every sentence is there in {', '.join(missing)}.")
    if settings.reminders and settings.reminders_owner == "bot":
        yield good(
            "The bot reminds clients. Leave no default plan of touches for appointments in One-Link, and no "
            "automation that writes to them: else they are reminded twice (or set REMINDERS_OWNER=platform)."
        )
    else:
        yield advice("The bot reminds nobody: see REMINDERS and REMINDERS_OWNER.")
    if settings.data_controller is None:
        yield advice(
            "DATA_CONTROLLER is not set: the consent should name the clinic's legal name and BIN "
            "(law 94-V, Art. 8)."
        )
    if settings.clinic_phone is None:
        yield advice("CLINIC_PHONE is not set: clients who need a person are not told a number.")
