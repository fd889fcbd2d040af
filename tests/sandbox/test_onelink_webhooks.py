"""One-Link's webhooks as a bot receives them over real HTTP: bodies, signatures, retries, accidents."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.sandbox.webhook_delivery import signature
from bot.sandbox.world import Profile
from tests.sandbox.conftest import Caller, calling
from tests.sandbox.worlds import FIXTURE_WORLD, Row

PUBLIC = "//public/api/v1/inboxes/IDENT/contacts/tg_8f0c2d/conversations/1"
OPERATOR = "//_sandbox/conversations/1"
SECRET = "test-secret-0001"
WORDS = {"content": "Позовите администратора", "source_id": "tg:777:101"}
EVERYTHING = (
    "conversation_created",
    "conversation_status_changed",
    "conversation_updated",
    "message_created",
    "message_updated",
    "conversation_typing_on",
    "conversation_typing_off",
)


@dataclass
class Doorbell:
    """The bot's end: keeps what came and answers with `statuses` in turn, then with 200."""

    url: str = ""
    rings: list[tuple[Any, bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def ring(self, request: web.Request) -> web.Response:
        self.rings.append((request.headers, await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
async def doorbell() -> AsyncIterator[Doorbell]:
    bell = Doorbell()
    app = web.Application()
    app.router.add_post("/bell", bell.ring)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bell.url = f"http://127.0.0.1:{runner.addresses[0][1]}/bell"
    yield bell
    await runner.cleanup()


@dataclass
class Stage:
    call: Caller
    bell: Doorbell

    async def bodies(self, event: str | None = None) -> list[Any]:
        """The bodies sent so far in the order of their events, once nothing is under way."""
        await self.settle()
        rows = [row["body"] for row in await self.deliveries()]
        return [body for body in rows if event in (None, body["event"])]

    async def settle(self) -> list[Row]:
        status, rows = await self.call("GET //_sandbox/webhooks", idle="1", wait="10")
        assert status == 200
        assert not [row for row in rows if row["state"] == "waiting"]
        found: list[Row] = rows
        return found

    async def deliveries(self) -> list[Row]:
        found: list[Row] = (await self.call("GET //_sandbox/webhooks"))[1]
        return found

    async def says(self, content: str, **more: Any) -> Row:
        status, message = await self.call(f"POST {OPERATOR}/messages", {"content": content} | more)
        assert status == 200, message
        written: Row = message
        return written


@asynccontextmanager
async def staged(bell: Doorbell, profile: Profile = "current", **changes: Any) -> AsyncIterator[Stage]:
    """Айгуль has conversation 1, and its inbox rings the doorbell."""
    administrator = FIXTURE_WORLD["users"][0] | {"role": "administrator"}
    inbox = FIXTURE_WORLD["inboxes"][0] | {"secret": SECRET, "webhook_url": bell.url}
    world: Row = {
        "users": [administrator, FIXTURE_WORLD["users"][1]],
        "inboxes": [inbox],
        "contacts": [{"id": 5120, "full_name": "Айгуль", "phone": "+77010000001"}],
        "conversations": [
            {"id": 1, "inbox_id": 14, "contact_id": 5120, "source_id": "tg_8f0c2d", "status": "open"}
        ],
        "switches": {"webhook_pauses": [0.0, 0.0, 0.0]},
    }
    async with calling(profile, **(world | changes)) as call:
        yield Stage(call, bell)


@pytest.fixture(params=["published", "current"])
async def stage(request: pytest.FixtureRequest, doorbell: Doorbell) -> AsyncIterator[Stage]:
    async with staged(doorbell, request.param) as made:
        yield made


def test_f24_the_signature_of_the_document() -> None:
    expected = "sha256=4c88da091503e2a6c355d1095f21db0a2c72cc93a62dcc3e1351f5a4fa69aead"
    assert signature(SECRET, "1767225600", b'{"event":"message_created","id":90321}') == expected


async def test_f12_a_reply_of_an_operator_rings_with_names_and_iso_times(stage: Stage) -> None:
    _, asked = await stage.call(f"POST {PUBLIC}/messages", WORDS)
    reply = await stage.says("Добрый день!\\\nЧем **помочь**?\n\n", in_reply_to=asked["id"])
    body = (await stage.bodies("message_created"))[-1]
    assert body.keys() == {
        *("event", "id", "content", "content_type", "content_attributes", "additional_attributes"),
        *("message_type", "private", "source_id", "created_at", "account", "inbox", "conversation", "sender"),
    }
    assert (body["id"], body["message_type"], body["private"]) == (reply["id"], "outgoing", False)
    assert body["content"] == "Добрый день!\nЧем **помочь**?"
    assert body["content_attributes"] == {
        "in_reply_to": asked["id"],
        "in_reply_to_external_id": "tg:777:101",
    }
    assert body["created_at"].startswith("2026-03-08T06:00:")
    assert body["created_at"].endswith(".000Z")
    assert (body["account"]["id"], body["inbox"]) == (7, {"id": 14, "name": "Telegram"})
    dana = {"id": 21, "name": "Дана", "email": "dana@clinic.example", "type": "user"}
    assert (body["sender"], body["source_id"]) == (dana, None)
    [inner] = body["conversation"]["messages"]
    assert (inner["message_type"], inner["sender_type"], inner["sender_id"]) == (1, "User", 21)
    assert isinstance(inner["created_at"], int)
    assert (body["conversation"]["id"], body["conversation"]["waiting_since"]) == (1, 0)


async def test_f14_and_f16_what_the_bot_wrote_comes_back(stage: Stage) -> None:
    await stage.call(f"POST {PUBLIC}/messages", WORDS)
    robot = {"content": "Передаю", "source_id": "tgb:777:102", "sender_type": "AgentBot", "sender_id": 6}
    await stage.call("POST /conversations/1/messages", robot)
    by_key = {body["source_id"]: body for body in await stage.bodies("message_created")}
    client, reply = by_key["tg:777:101"], by_key["tgb:777:102"]
    assert client["message_type"] == "incoming"
    assert client["sender"].items() >= {"id": 5120, "name": "Айгуль", "identifier": None}.items()
    assert "type" not in client["sender"]
    assert client["sender"]["account"]["id"] == 7
    assert reply["sender"] == {"id": 6, "name": "Salon bot", "type": "agent_bot"}


async def test_f15_a_note_rings_too_and_is_never_the_latest_message(stage: Stage) -> None:
    await stage.says("Перезвонить", private=True)
    [body] = await stage.bodies("message_created")
    assert (body["private"], body["conversation"]["messages"]) == (True, [])


async def test_f17_a_status_rings_twice_and_its_activity_not_at_all(stage: Stage) -> None:
    await stage.call(f"POST {OPERATOR}/status", {"status": "resolved"})
    changed, updated = sorted(await stage.bodies(), key=lambda body: str(body["event"]))
    assert (changed["event"], updated["event"]) == ("conversation_status_changed", "conversation_updated")
    assert (changed["id"], changed["status"], changed["changed_attributes"]) == (1, "resolved", None)
    assert isinstance(changed["updated_at"], float)
    assert changed["waiting_since"] == 0
    assert updated["changed_attributes"] == [
        {"status": {"previous_value": "open", "current_value": "resolved"}}
    ]
    assert "uuid" not in changed
    assert changed["contact_inbox"]["source_id"] == "tg_8f0c2d"
    assert changed["meta"]["sender"]["type"] == "contact"


async def test_f18_an_assignment_names_the_old_and_the_new(stage: Stage) -> None:
    await stage.call(f"POST {OPERATOR}/assign", {"user_id": 21})
    [body] = await stage.bodies()
    assert body["event"] == "conversation_updated"
    assert body["changed_attributes"] == [{"assignee_id": {"previous_value": None, "current_value": 21}}]
    assert body["meta"]["assignee"].items() >= {"id": 21, "name": "Дана", "type": "user"}.items()
    assert body["meta"]["assignee_type"] == "User"


async def test_f19_everybodys_typing_rings_the_bots_own_too(stage: Stage) -> None:
    await stage.call(f"POST {OPERATOR}/typing", {"on": True, "private": True})
    await stage.call("POST /conversations/1/toggle_typing_status", {"typing_status": "on"})
    await stage.call(f"POST {PUBLIC}/toggle_typing", {"typing_status": "off"})
    dana, own, client = await stage.bodies()
    assert dana.keys() == {"event", "user", "conversation", "is_private"}
    assert (dana["event"], dana["user"]["id"], dana["user"]["type"]) == ("conversation_typing_on", 21, "user")
    assert (dana["is_private"], dana["conversation"]["id"]) == (True, 1)
    assert (own["user"]["id"], own["is_private"]) == (3, False)
    assert client["event"] == "conversation_typing_off"
    assert client["user"]["id"] == 5120
    assert "type" not in client["user"]


async def test_f20_and_f22_a_deletion_and_a_delivery_report_ring_as_updates(stage: Stage) -> None:
    said = await stage.says("Ой")
    report = {"status": "failed", "external_error": "Telegram: bot was blocked by the user"}
    await stage.call(f"PATCH /conversations/1/messages/{said['id']}", report)
    await stage.call(f"DELETE {OPERATOR}/messages/{said['id']}")
    bodies = await stage.bodies("message_updated")
    reported, deleted = bodies
    assert reported["content_attributes"]["external_error"] == report["external_error"]
    assert not {"status", "changed_attributes"} & reported.keys()
    assert deleted["content"] == "Сообщение удалено"
    assert deleted["content_attributes"]["deleted"] is True


async def test_f21_only_the_webhook_tells_where_the_survey_is(stage: Stage) -> None:
    resolved = {"status": "resolved", "survey": True}
    await stage.call(f"POST {OPERATOR}/status", resolved)
    [body] = await stage.bodies("message_created")
    uuid = stage.call.world.conversations[1]["uuid"]
    place = f"{stage.call.sandbox.url}/survey/responses/{uuid}"
    assert (body["message_type"], body["content_type"]) == ("template", "input_csat")
    assert (body["content"], body["sender"]) == (f"Оцените нас {place}", None)
    assert body["content_attributes"] == {"display_type": "emoji"}
    _, listed = await stage.call("GET /conversations/1/messages")
    assert [row["content"] for row in listed["payload"] if row["message_type"] == 3] == ["Оцените нас"]
    for again in ({"status": "open"}, resolved):
        await stage.call(f"POST {OPERATOR}/status", again)
    assert len(await stage.bodies("message_created")) == 1


async def test_a_new_conversation_rings(stage: Stage) -> None:
    await stage.call("POST //public/api/v1/inboxes/IDENT/contacts", {"source_id": "tg_new"})
    await stage.call("POST //public/api/v1/inboxes/IDENT/contacts/tg_new/conversations", {})
    [body] = await stage.bodies("conversation_created")
    assert (body["id"], body["status"], body["changed_attributes"]) == (2, "open", None)


@pytest.mark.parametrize("signs", [False, True])
async def test_the_inbox_signs_only_when_it_is_told_to(doorbell: Doorbell, signs: bool) -> None:
    switches = {"sign_inbox_webhooks": signs}
    async with staged(doorbell, switches=switches) as stage:
        await stage.says("Здравствуйте")
        [row] = await stage.settle()
    [(headers, raw)] = doorbell.rings
    assert headers["Content-Type"] == "application/json"
    assert (headers["X-Chatwoot-Delivery"], row["signed"]) == (row["delivery"], signs)
    if not signs:
        assert "X-Chatwoot-Signature" not in headers
        return
    stamp = headers["X-Chatwoot-Timestamp"]
    digest = hmac.new(SECRET.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    assert headers["X-Chatwoot-Signature"] == f"sha256={digest}"


async def test_the_webhook_of_the_inbox_is_tried_again_under_the_same_number(stage: Stage) -> None:
    stage.bell.statuses = [503, 429]
    said = await stage.says("Здравствуйте")
    [row] = await stage.settle()
    assert (row["attempts"], row["status"], row["state"]) == (3, 200, "delivered")
    assert {headers["X-Chatwoot-Delivery"] for headers, _ in stage.bell.rings} == {row["delivery"]}
    assert len({raw for _, raw in stage.bell.rings}) == 1
    _, shown = await stage.call("GET //_sandbox/conversations")
    assert shown["conversations"][0]["messages"][-1]["status"] == said["status"] == "sent"


@pytest.mark.parametrize(("answers", "attempts"), [([404], 1), ([500, 502, 503], 3), ([500, 422], 2)])
async def test_a_message_that_could_not_be_delivered_is_marked_failed(
    stage: Stage, answers: list[int], attempts: int
) -> None:
    stage.bell.statuses = list(answers)
    await stage.call(f"POST {PUBLIC}/messages", WORDS)
    created, updated = await stage.settle()
    assert (created["attempts"], created["state"], created["status"]) == (attempts, "failed", answers[-1])
    _, listed = await stage.call("GET /conversations/1/messages")
    [message] = listed["payload"]
    assert message["status"] == "failed"
    assert message["content_attributes"]["external_error"].startswith(str(answers[-1]))
    assert (updated["event"], updated["state"]) == ("message_updated", "delivered")


async def test_nobody_at_home_fails_a_message_once(doorbell: Doorbell) -> None:
    nobody = FIXTURE_WORLD["inboxes"][0] | {"webhook_url": "http://127.0.0.1:9/bell"}
    async with staged(doorbell, inboxes=[nobody]) as stage:
        await stage.says("Есть кто?")
        rows = await stage.settle()
        assert [row["event"] for row in rows] == ["message_created", "message_updated"]
        assert {(row["attempts"], row["status"], row["state"]) for row in rows} == {(3, None, "failed")}
        _, listed = await stage.call("GET /conversations/1/messages")
        assert "TCP connection" in listed["payload"][0]["content_attributes"]["external_error"]


async def test_a_webhook_of_the_account_gets_what_it_asked_for_once(stage: Stage) -> None:
    administrators = {"webhook": {"url": stage.bell.url, "subscriptions": ["message_created"]}}
    await stage.call("PATCH /inboxes/14", {"channel": {"webhook_url": None}})
    status, body = await stage.call("POST /webhooks", administrators)
    made = body["payload"]["webhook"]
    assert (status, made["subscriptions"]) == (200, ["message_created"])
    stage.bell.statuses = [500]
    await stage.says("Здравствуйте")
    await stage.call(f"POST {OPERATOR}/status", {"status": "resolved"})
    [row] = await stage.settle()
    assert (row["attempts"], row["state"]) == (1, "failed")
    [(headers, raw)] = stage.bell.rings
    signed = stage.call.world.current
    assert (row["signed"], "secret" in made) == (signed, signed)
    if signed:
        stamp = headers["X-Chatwoot-Timestamp"]
        assert headers["X-Chatwoot-Signature"] == signature(made["secret"], stamp, raw)
    _, listed = await stage.call("GET /conversations/1/messages")
    assert listed["payload"][0]["status"] == "sent"  # only the webhook of the inbox marks messages


async def test_administrators_set_webhooks_and_agents_do_not(doorbell: Doorbell) -> None:
    async with staged(doorbell, users=FIXTURE_WORLD["users"]) as stage:
        refused = 401, {"error": "You are not authorized to do this action"}
        assert await stage.call("PATCH /inboxes/14", {"channel": {"webhook_url": None}}) == refused
        assert await stage.call("GET /webhooks") == refused
        assert await stage.call("POST /webhooks", {"webhook": {"url": doorbell.url}}) == refused
    async with staged(doorbell) as stage:
        longest = {"channel": {"webhook_url": "http://" + "a" * 2048}}
        assert (await stage.call("PATCH /inboxes/14", longest))[0] == 422
        _, inbox = await stage.call("PATCH /inboxes/14", {"channel": {"webhook_url": "http://bell.test/"}})
        assert (inbox["webhook_url"], inbox["secret"]) == ("http://bell.test/", SECRET)
        given = {"webhook": {"url": doorbell.url, "subscriptions": list(EVERYTHING)}}
        await stage.call("POST /webhooks", given)
        taken = {"message": "Url has already been taken", "attributes": ["url"]}
        assert await stage.call("POST /webhooks", given) == (422, taken)
        _, listed = await stage.call("GET /webhooks")
        assert [row["url"] for row in listed["payload"]["webhooks"]] == [doorbell.url]


async def test_a_body_tells_how_things_were_when_they_happened(stage: Stage) -> None:
    stage.bell.statuses = [503]
    await stage.call("PUT //_sandbox/webhooks", {"backwards": True})
    await stage.says("Здравствуйте")
    await stage.call(f"POST {OPERATOR}/status", {"status": "resolved"})
    await stage.call("PUT //_sandbox/webhooks", {"backwards": False})
    [body] = await stage.bodies("message_created")
    assert body["conversation"]["status"] == "open"


async def test_deliveries_get_lost_doubled_and_turned_round(stage: Stage) -> None:
    status, switched = await stage.call("PUT //_sandbox/webhooks", {"lose": 1, "backwards": True})
    assert (status, switched) == (200, {"lose": 1, "double": False, "backwards": True})
    for word in ("one", "two", "three"):
        await stage.says(word)
    lost, *held = await stage.deliveries()
    assert (lost["state"], {row["state"] for row in held}) == ("lost", {"held"})
    await stage.call("PUT //_sandbox/webhooks", {"backwards": False})
    await stage.settle()
    await stage.call("PUT //_sandbox/webhooks", {"double": True})
    await stage.says("four")
    await stage.settle()
    assert [ring[1].count(b"message_created") for ring in stage.bell.rings] == [1, 1, 1, 1]
    texts = [body["content"] for body in (await stage.bodies("message_created"))]
    assert texts == ["one", "two", "three", "four"]
    assert [row["attempts"] for row in await stage.deliveries()] == [0, 1, 1, 2]
    numbers = [headers["X-Chatwoot-Delivery"] for headers, _ in stage.bell.rings]
    lost, two, three, four = [row["delivery"] for row in await stage.deliveries()]
    assert numbers == [three, two, four, four]


async def test_a_server_stops_while_a_delivery_waits_for_its_next_attempt(doorbell: Doorbell) -> None:
    doorbell.statuses = [503]
    async with asyncio.timeout(10), staged(doorbell, switches={"webhook_pauses": [0, 300]}) as stage:
        await stage.says("Здравствуйте")
        for _ in range(1000):
            if doorbell.rings:
                break
            await stage.deliveries()
        assert len(doorbell.rings) == 1
        [row] = await stage.deliveries()
        assert row["state"] == "waiting"
