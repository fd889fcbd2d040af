"""Looked after from outside: health, a graceful end within ten seconds, logs that belong together."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from aiohttp import ClientSession

from bot.app import App
from bot.sandbox.server import Sandbox
from tests.clinic import Clinic, world
from tests.conftest import TOKEN, StartBot, settings_for
from tests.crash.stage import Store
from tests.handoff.conftest import INBOX, SECRET, STAFF, port
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import WITH_STAFF
from tests.people import Client
from tests.process import BotProcess, DoesNotStart, Launcher, environment_of
from tests.test_redaction import IDENTITY, IIN, NAME, PHONE, SURNAME, assert_nothing_of, logs

__all__ = ["logs", "port"]

#: Seconds: after this time many a supervisor kills.
ENDS_WITHIN = 10.0


@pytest.fixture
def profile() -> str:
    return "current"


@pytest.fixture
def clinic_world(port: int) -> dict[str, Any]:
    """With an inbox that rings the doorbell."""
    inbox = INBOX | {"webhook_url": f"http://127.0.0.1:{port}/onelink/{SECRET}"}
    return world(inboxes=[inbox], users=STAFF)


@asynccontextmanager
async def asking(port: int) -> AsyncIterator[ClientSession]:
    """Whoever looks after the bot."""
    async with ClientSession(f"http://127.0.0.1:{port}") as http:
        yield http


async def status_of(http: ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as answer:
        return answer.status, (await answer.json())["status"]


# --- stopped ------------------------------------------------------------------------------------


async def somebody(control: httpx.AsyncClient) -> Client:
    client = Client(control, 501)
    await client.is_called("Aliya", "en")
    return client


async def confirms_in_vain(client: Client, clinic: Clinic, sandbox: Sandbox) -> None:
    """A booking is on its way to a One-Link that does not answer for a minute."""
    await client.reaches_the_summary()
    sandbox.faults.add({"match": "POST /appointments$", "kind": "delay", "seconds": 60.0})
    await client.taps_and_leaves("✓ Confirm")
    await clinic.waits_until_asked("scheduling/appointments", "POST")


async def seconds_to_the_end(bot: BotProcess, secret: str | None = None) -> float:
    """SIGTERM in the middle of something that takes longer: `/readyz` says so, and the bot ends."""
    async with asking(bot.port) as http:
        assert await status_of(http, "/readyz") == (200, "ready")
        begun = monotonic()
        ending = asyncio.create_task(bot.terminate())
        async with asyncio.timeout(5):
            while (await status_of(http, "/readyz"))[0] == 200:
                assert not ending.done()
        assert await status_of(http, "/readyz") == (503, "stopping")
        assert await status_of(http, "/healthz") == (200, "alive")
        if secret is not None:
            headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
            body = {"update_id": 1}
            async with http.post("/telegram", json=body, headers=headers) as answer:
                assert answer.status == 503  # Telegram repeats it, to whoever comes next
    assert await ending == 0
    return monotonic() - begun


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_bot_that_waits_for_a_silent_one_link_ends_within_ten_seconds_and_loses_nothing(
    launcher: Launcher,
    sandbox: Sandbox,
    redis_url: str,
    tmp_path: Path,
    control: httpx.AsyncClient,
    clinic: Clinic,
    port: int,
    mode: str,
) -> None:
    client = await somebody(control)
    settings = settings_for(sandbox, redis_url) | {"http_port": port, "webhook_secret": SECRET}
    if mode == "webhook":
        settings["public_url"] = f"http://127.0.0.1:{port}"
    async with launcher.running(environment_of(settings), tmp_path) as bot:
        await confirms_in_vain(client, clinic, sandbox)
        took = await seconds_to_the_end(bot, SECRET if mode == "webhook" else None)
        assert took < ENDS_WITHIN, bot.log()
        assert "Traceback" not in bot.log()
    sandbox.faults.clear()
    async with launcher.running(environment_of(settings), tmp_path):
        await client.waits_for("You are booked")
        await client.waits()
    assert len(await clinic.appointments(live=False)) == 1


async def test_a_bot_with_a_redis_of_its_own_ends_as_fast(
    launcher: Launcher, sandbox: Sandbox, tmp_path: Path, control: httpx.AsyncClient, clinic: Clinic
) -> None:
    client = await somebody(control)
    settings = {name: value for name, value in settings_for(sandbox, "").items() if name != "redis_url"}
    settings["data_dir"] = str(tmp_path / "data")
    async with launcher.running(environment_of(settings), tmp_path) as bot:
        await confirms_in_vain(client, clinic, sandbox)
        assert await seconds_to_the_end(bot) < ENDS_WITHIN, bot.log()
    sandbox.faults.clear()


async def test_a_token_that_is_revoked_meanwhile_ends_the_bot_with_one_sentence(
    launcher: Launcher, sandbox: Sandbox, redis_url: str, tmp_path: Path, control: httpx.AsyncClient
) -> None:
    client = await somebody(control)
    async with launcher.running(environment_of(settings_for(sandbox, redis_url)), tmp_path) as bot:
        await client.says("/start")
        sandbox.telegram.state.accepted_tokens = {"1:another"}
        await client.says_and_leaves("/start")
        assert await bot.ends() == 1
        assert "Telegram does not accept TELEGRAM_TOKEN" in bot.log()
        assert "Traceback" not in bot.log()


async def test_a_port_that_is_taken_is_named_in_one_sentence(
    launcher: Launcher, sandbox: Sandbox, redis_url: str, tmp_path: Path
) -> None:
    taken = int(sandbox.url.rpartition(":")[2])
    settings = settings_for(sandbox, redis_url) | {"http_port": taken}
    with pytest.raises(DoesNotStart) as told:
        await launcher.start(environment_of(settings), tmp_path)
    assert f"Cannot listen on HTTP_HOST and HTTP_PORT (127.0.0.1:{taken})" in str(told.value)
    assert "Traceback" not in str(told.value)


async def test_an_idle_bot_ends_at_once(
    launcher: Launcher, sandbox: Sandbox, redis_url: str, tmp_path: Path
) -> None:
    async with launcher.running(environment_of(settings_for(sandbox, redis_url)), tmp_path) as bot:
        begun = monotonic()
        assert await bot.terminate() == 0
        assert monotonic() - begun < ENDS_WITHIN / 2


# --- ready --------------------------------------------------------------------------------------


async def test_the_bot_is_not_ready_while_redis_is_away_and_lives_all_the_same(
    start_bot: StartBot, tmp_path: Path, port: int
) -> None:
    store = Store(tmp_path / "redis")
    await store.start()
    try:
        async with start_bot(redis_url=store.url, http_port=port) as app, asking(port) as http:
            async with asyncio.timeout(20):
                await listens(app, http)
                assert await status_of(http, "/readyz") == (200, "ready")
                await store.stop()
                assert await status_of(http, "/readyz") == (503, "Redis does not answer")
                assert await status_of(http, "/healthz") == (200, "alive")
                async with http.get("/metrics") as answer:
                    assert "\nredis_up 0.0\n" in await answer.text()
                await store.start()
                while (await status_of(http, "/readyz"))[0] != 200:
                    pass
                async with http.get("/metrics") as answer:
                    assert "\nredis_up 1.0\n" in await answer.text()
    finally:
        await store.stop()


async def listens(app: App, http: ClientSession) -> None:
    """Until it does."""
    for _ in range(500):
        try:
            await status_of(http, "/healthz")
            return
        except OSError:
            await app.storage.ping()
    raise AssertionError("it does not listen")


# --- logs ---------------------------------------------------------------------------------------

#: Events of the process, not of an update or of relaying.
OF_THE_PROCESS = {"running", "stopped", "calendar_not_read", "work_waits", "stopped_in_the_middle"}


async def hands_over_everything(client: Client, operator: Operator, sandbox: Sandbox) -> None:
    """A talk with an operator about oneself, in which everything that can fails once."""
    refusing = {"error": f"{NAME} {SURNAME} {PHONE} {IIN}", "code": "REFUSED"}
    await client.reaches_the_name()
    await client.says(f"{NAME} {SURNAME}")
    sandbox.faults.add({"match": "POST /toggle_status$", "kind": "status", "status": 502})
    await client.says("/operator")
    await client.waits_for(WITH_STAFF)
    sandbox.faults.add({"match": "POST /messages$", "kind": "status", "status": 422, "body": refusing})
    await client.says(f"I am {NAME} {SURNAME}, {PHONE}, {IIN}")
    await operator.waits_for(IIN)
    sandbox.faults.add({"match": "POST /sendMessage", "kind": "status", "status": 502})
    await operator.writes(f"Dear {NAME} {SURNAME}, is {PHONE} right? {IIN}?")
    await client.waits_for(IIN)
    await client.edits(f"I am {SURNAME}")
    await operator.sends(f"{NAME} {IIN}.pdf", b"%PDF-1.4", "application/pdf", f"For {NAME}")
    await client.waits_for(f"For {NAME}")
    await client.sends("photo")
    await client.says("That is all.")
    await operator.waits_for("That is all.")
    await operator.sets("resolved")
    await client.waits_until_some_message_says("The clinic's staff have ended the conversation.")


async def test_a_talk_with_an_operator_leaves_no_identity_in_logs_and_metrics(
    logs: io.StringIO, start_bot: StartBot, control: httpx.AsyncClient, sandbox: Sandbox, port: int
) -> None:
    async with start_bot(webhook_secret=SECRET, http_port=port) as app:
        client = Client(control, 501)
        await client.is_called("Somebody", "en")
        await hands_over_everything(client, Operator(control), sandbox)
        metrics = (await app.measured()).decode()
    written = logs.getvalue()
    assert "relay_waits" in written
    assert_nothing_of(written, *IDENTITY, where="the logs")
    assert "Traceback" not in written
    assert_nothing_of(metrics, *IDENTITY, where="the metrics")
    for secret in (SECRET, TOKEN, "test-token"):
        assert secret not in written


@pytest.mark.parametrize("logs", ["json"], indirect=True)
async def test_every_line_tells_to_which_update_or_round_of_relaying_it_belongs(
    logs: io.StringIO, start_bot: StartBot, control: httpx.AsyncClient, sandbox: Sandbox, port: int
) -> None:
    async with start_bot(webhook_secret=SECRET, http_port=port):
        client = Client(control, 501)
        await client.is_called("Somebody", "en")
        await hands_over_everything(client, Operator(control), sandbox)
        refused = {"method": "sendMessage", "status": 400, "description": "Bad Request: nobody knows why"}
        (await control.post("/_sandbox/telegram/refusals", json=refused)).raise_for_status()
        await client.says("/start")
    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    relayed = [it for it in lines if "relay_id" in it]
    loose = [
        it for it in lines if not it.keys() & {"update_id", "relay_id"} and it["event"] not in OF_THE_PROCESS
    ]
    assert not loose
    assert {it["event"] for it in lines if "update_id" in it} >= {"update_failed"}
    assert {it["event"] for it in relayed} >= {"relay_waits", "onelink.unreachable"}
    assert len({it["relay_id"] for it in relayed}) > 1
    assert not any("update_id" in it for it in relayed)
