"""What Prometheus reads from a running bot, after people have lived through it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from bot.app import App
from bot.backlog import Backlog
from bot.dialogue.framing import CANCEL
from bot.domain.client import Client as KnownClient
from bot.loop_lag import EVERY_S, LoopLag
from bot.metrics import Metrics
from bot.sandbox.server import Sandbox
from bot.storage import DRAFT_LIFETIME, Storage, Turn
from bot.telegram.funnel import Funnel
from bot.telegram.intake import ALLOWED_UPDATES
from bot.telegram.states import Booking
from tests.clinic import ANNA, Clinic, world
from tests.conftest import StartBot
from tests.handoff.conftest import INBOX, SECRET, STAFF, port
from tests.handoff.operators import Operator
from tests.handoff.test_handoff import WITH_STAFF
from tests.people import Client

__all__ = ["port"]

DASHBOARD = Path(__file__).parents[1] / "docs" / "grafana.json"
OPERATING = Path(__file__).parents[1] / "docs" / "operating.md"
#: Names of metrics: in an expression what is before `{`, in our documents all of these.
NAMED = re.compile(r"\b([a-z_]+)\{")
SELECTED = re.compile(r'\b([a-z_]+)\{(\w+)="([^"]+)"\}')
WHOLE = re.compile(r"\b([a-z_]+_(?:total|seconds|up|open|waiting|due|attempts))\b")


@pytest.fixture
def profile() -> str:
    return "current"


@pytest.fixture
def clinic_world(port: int) -> dict[str, Any]:
    """With an inbox that rings the doorbell."""
    return world(
        inboxes=[INBOX | {"webhook_url": f"http://127.0.0.1:{port}/onelink/{SECRET}"}],
        users=STAFF,
    )


@pytest.fixture
async def bot(start_bot: StartBot, port: int) -> AsyncIterator[App]:
    """A running bot with a doorbell."""
    async with start_bot(webhook_secret=SECRET, http_port=port) as app:
        yield app


@pytest.fixture
def operator(control: httpx.AsyncClient) -> Operator:
    """Dana."""
    return Operator(control)


class Page:
    """`/metrics` of one moment."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [it for family in text_string_to_metric_families(text) for it in family.samples]

    def all(self, name: str, **labels: str) -> float:
        """The sum over the samples with these labels."""
        wanted = labels.items()
        return sum(it.value for it in self.samples if it.name == name and wanted <= it.labels.items())


@pytest.fixture
async def prometheus(bot: App, port: int) -> AsyncIterator["Prometheus"]:
    """Somebody who reads `/metrics` over HTTP."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for _ in range(500):  # until it listens
            try:
                await http.get("/healthz")
                break
            except httpx.ConnectError:
                await bot.storage.ping()
        yield Prometheus(http)


class Prometheus:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def reads(self) -> Page:
        answer = await self.http.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return Page(answer.text)


async def test_the_funnel_tells_how_far_clients_get_and_where_they_leave(
    client: Client, rival: Client, prometheus: Prometheus
) -> None:
    await client.books()
    await client.waits()
    await rival.reaches_the_name(time="11:00")
    await rival.taps("‹ Back", "I agree")  # asked before: not reached twice
    await rival.taps(CANCEL.label)
    page = await prometheus.reads()
    for step, reached in [("service", 2), ("day", 2), ("name", 2), ("phone", 1), ("confirm", 1)]:
        labels = {"dialogue": "booking", "step": step, "locale": "en"}
        assert page.all("steps_reached_total", **labels) == reached, step
    assert page.all("steps_left_total") == 1
    assert page.all("steps_left_total", how="left", dialogue="booking", step="name", locale="en") == 1
    assert page.all("attempts_settled_total", what="booking", outcome="done", locale="en", late="no") == 1


async def test_a_booking_begun_anew_leaves_the_earlier_one_where_it_was(
    client: Client, prometheus: Prometheus
) -> None:
    await client.reaches_the_day()
    await client.says("/start")
    await client.taps("Start again")
    page = await prometheus.reads()
    assert page.all("steps_left_total", step="day", how="begun_anew") == 1
    assert page.all("steps_reached_total", step="service") == 2


async def test_a_dialogue_that_was_given_up_counts_when_its_draft_is_forgotten(redis_url: str) -> None:
    from redis.asyncio import Redis

    storage, metrics, now = Storage(Redis.from_url(redis_url)), Metrics(), 1000.0
    funnel = Funnel(metrics, Backlog(storage.redis, metrics).dialogues, monotonic=lambda: now)
    for number in (1, 2):
        async with storage.turn(number, update_id=1) as turn:
            assert turn is not None
            turn.client = KnownClient(id=number, speaks="kk")
            turn.state, turn.data["draft"] = Booking.slot.state, {"key": f"key-{number}", "moves": None}
            funnel.follow(None, turn)
    now += DRAFT_LIFETIME.total_seconds() + 1
    await storage.redis.delete("turn:{1}")  # Redis' clock cannot be moved; the other one lives elsewhere
    await funnel.expire()
    await funnel.expire()
    page = Page(metrics.page().decode())
    assert page.all("steps_left_total") == 1
    assert page.all("steps_left_total", step="slot", locale="kk", how="expired") == 1
    await storage.redis.aclose()


async def test_clients_who_confirmed_or_are_forgotten_have_left_no_question() -> None:
    async def nobody(_: object) -> set[int]:
        return set()

    metrics, now = Metrics(), 0.0
    funnel = Funnel(metrics, nobody, monotonic=lambda: now)
    for state, forgotten in [(Booking.checking.state, False), (Booking.slot.state, True)]:
        turn = Turn(KnownClient(id=1, speaks="ru"), state, {"draft": {"key": "a"}}, forgotten=forgotten)
        funnel.follow(None, turn)
    now += 2 * DRAFT_LIFETIME.total_seconds()
    await funnel.expire()
    assert Page(metrics.page().decode()).all("steps_left_total") == 0


async def test_attempts_are_counted_by_what_came_of_them(
    client: Client, clinic: Clinic, prometheus: Prometheus
) -> None:
    await client.reaches_the_summary()
    await clinic.books(ANNA, "2030-01-08", "10:00")
    await client.taps("✓ Confirm")
    await client.says("08.01.2030 12:00")
    await clinic.fault("POST /appointments$", "drop_after")
    await client.taps("✓ Confirm")
    await client.waits_for("You are booked")
    await client.taps("Cancel the visit", "Yes, cancel the visit")
    page = await prometheus.reads()
    assert page.all("attempts_settled_total", what="booking", outcome="SlotTaken", late="no") == 1
    assert page.all("attempts_settled_total", what="booking", outcome="done", late="yes") == 1
    assert page.all("attempts_unknown_total", what="booking") == 1
    assert page.all("attempts_settled_total", what="cancel", outcome="done") == 1


async def test_a_move_is_counted_and_its_questions_apart(client: Client, prometheus: Prometheus) -> None:
    await client.books()
    await client.taps("Another time")
    await client.says("09.01.2030 10:00")
    await client.taps("✓ Move the visit")
    await client.sees("Your visit is moved.")
    page = await prometheus.reads()
    assert page.all("attempts_settled_total", what="move", outcome="done") == 1
    assert page.all("steps_reached_total", dialogue="move", step="day") == 1
    assert page.all("steps_left_total") == 0


async def test_what_is_open_is_told_with_its_age(
    client: Client, clinic: Clinic, prometheus: Prometheus
) -> None:
    await client.reaches_the_summary()
    await clinic.fault("POST /appointments$", "status", status=502, times=0)
    await client.taps("✓ Confirm")
    await client.sees("Checking your booking")
    page = await prometheus.reads()
    assert page.all("open_attempts") == 1
    assert 0 <= page.all("open_attempts_oldest_seconds") < 60
    await clinic.is_well_again()
    await client.waits_for("You are booked")


async def test_updates_telegram_and_one_link_are_counted(
    client: Client, sandbox: Sandbox, control: httpx.AsyncClient, prometheus: Prometheus, bot: App
) -> None:
    plan = {"method": "sendMessage", "status": 400, "description": "Bad Request: can't parse entities"}
    (await control.post("/_sandbox/telegram/refusals", json=plan)).raise_for_status()
    await client.says("/start")
    await client.says("/start")
    await client.taps("Book a visit")
    page = await prometheus.reads()
    assert page.all("updates_total", kind="message", outcome="failed") == 1
    assert page.all("updates_total", kind="message", outcome="handled") == 1
    assert page.all("updates_total", kind="callback_query", outcome="handled") == 1
    assert page.all("update_seconds_count") == 3
    assert page.all("telegram_calls_total", method="sendMessage", outcome="TelegramBadRequest") == 1
    assert page.all("telegram_calls_total", method="sendMessage", outcome="ok") >= 2
    assert page.all("onelink_seconds_count", method="GET", outcome="ok") >= 1
    assert page.all("onelink_breaker_open") == 0
    assert page.all("redis_up") == 1
    assert page.all("process_resident_memory_bytes") >= 0


async def test_a_one_link_that_is_spared_is_told(
    bot: App, client: Client, clinic: Clinic, prometheus: Prometheus
) -> None:
    await clinic.fault("/scheduling/", "status", status=502, times=0)
    bot.front.desk.forget_catalogue()
    for _ in range(3):
        await client.says("/book")
    assert (await prometheus.reads()).all("onelink_breaker_open") == 1
    await clinic.is_well_again()


async def test_handoffs_are_told_while_they_are_open_and_waiting(
    client: Client, operator: Operator, clinic: Clinic, prometheus: Prometheus, port: int
) -> None:
    await client.reaches_the_day()
    await client.taps("Operator")
    await client.waits_for(WITH_STAFF)
    page = await prometheus.reads()
    assert (page.all("handoffs_open"), page.all("handoffs_waiting")) == (1, 1)
    assert 0 <= page.all("handoffs_waiting_oldest_seconds") < 60

    await clinic.fault("POST /messages$", "status", status=502, times=0)
    await client.says("Hello?")
    page = await prometheus.reads()
    assert page.all("posts_waiting") == 1
    assert page.all("posts_waiting_oldest_seconds") >= 0
    await clinic.is_well_again()
    await operator.waits_for("Hello?")

    number = await operator.writes("Good afternoon.")
    await client.waits_for("Good afternoon.")
    await operator.waits_for_tick(number)
    page = await prometheus.reads()
    assert (page.all("handoffs_open"), page.all("handoffs_waiting"), page.all("posts_waiting")) == (1, 0, 0)
    assert page.all("handoffs_waiting_oldest_seconds") == 0
    assert page.all("doorbells_total", outcome="heard") >= 1
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as stranger:
        assert (await stranger.post("/onelink/guessed", json={})).status_code == 404
    assert (await prometheus.reads()).all("doorbells_total", outcome="wrong_secret") == 1
    assert "guessed" not in (await prometheus.reads()).text

    await client.taps("‹ Back to the bot")
    assert (await prometheus.reads()).all("handoffs_open") == 0


async def test_the_loop_tells_how_late_it_was() -> None:
    lag = LoopLag()
    watching = asyncio.create_task(lag.watch())
    loop = asyncio.get_running_loop()
    await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(_turns(3))), 1)
    held_until = loop.time() + EVERY_S + 0.3
    while loop.time() < held_until:  # nobody else is served
        pass
    assert 0.2 < lag.taken() < 5
    assert lag.taken() < 5
    watching.cancel()


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.get_running_loop().run_in_executor(None, int)


async def test_no_label_can_take_many_values(
    client: Client, operator: Operator, prometheus: Prometheus
) -> None:
    await client.books()
    await client.says("/operator")
    await client.waits_for(WITH_STAFF)
    await client.says("+77011234567 900215312348")
    page = await prometheus.reads()
    for sample in page.samples:
        for label, value in sample.labels.items():
            assert not re.search(r"\d{4}", value), f"{sample.name}: {label}={value}"
    assert len(page.text) < 100_000


async def test_every_metric_of_the_dashboard_and_of_the_alerts_exists(
    client: Client, operator: Operator, clinic: Clinic, prometheus: Prometheus, bot: App
) -> None:
    page = await prometheus.reads()
    families = {family.name for family in text_string_to_metric_families(page.text)}
    known = families | {f"{it}{end}" for it in families for end in ("_total", "_count", "_sum", "_bucket")}
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    [source] = [it for it in dashboard["templating"]["list"] if it["type"] == "datasource"]
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    asked = {name for panel in panels for it in panel["targets"] for name in NAMED.findall(it["expr"])}
    assert asked <= known, asked - known
    assert all(panel["datasource"]["uid"] == f"${{{source['name']}}}" for panel in panels)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    ours = {it for it in families if not it.startswith("process_") and not it.endswith("_created")}
    missing = {it for it in ours if not any(name.startswith(it) for name in asked)}
    assert not missing, f"on no panel: {missing}"
    told = OPERATING.read_text(encoding="utf-8").partition("## Routes of the listener")[2]
    alerts = told.partition("## What to alert on")[2].partition("\n## ")[0]
    assert len(WHOLE.findall(alerts)) >= 10
    named = set(WHOLE.findall(told.partition("\n## Redis")[0]))
    assert named <= known, named - known


async def test_what_is_alerted_on_is_there_before_it_happens(prometheus: Prometheus) -> None:
    """To Prometheus a series that begins at 1 has not increased."""
    page = await prometheus.reads()
    told = OPERATING.read_text(encoding="utf-8").partition("## What to alert on")[2].partition("\n## ")[0]
    counted = [it for it in SELECTED.findall(told) if it[0] != "up"]
    assert len(counted) >= 6
    for name, label, value in counted:
        found = [it for it in page.samples if it.name == name and it.labels.get(label) == value]
        assert found, f"{name}: {label}={value}"
        assert not any(it.value for it in found)


def test_a_fresh_bot_shows_every_update_and_doorbell_and_not_too_much() -> None:
    page = Page(Metrics().page().decode())
    updates = {(it.labels["kind"], it.labels["outcome"]) for it in page.samples if it.name == "updates_total"}
    assert updates == set(product(ALLOWED_UPDATES, ("handled", "failed", "put_off")))
    doorbells = {it.labels["outcome"] for it in page.samples if it.name == "doorbells_total"}
    assert doorbells == {"heard", "forged", "wrong_secret", "not_stored"}
    for name in ("updates_total", "doorbells_total", "attempts_settled_total", "attempts_unknown_total"):
        assert page.all(name) == 0
    assert len(page.samples) < 400


def test_two_apps_do_not_share_their_counters() -> None:
    one, other = Metrics(), Metrics()
    one.reminders_sent.inc()
    assert isinstance(one.registry, CollectorRegistry)
    assert Page(other.page().decode()).all("reminders_sent_total") == 0
