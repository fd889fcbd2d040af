"""The clinic's side of the demo page in a browser: staff drag, add and move visits, and set the clock."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from bot.sandbox.clock import Clock
from bot.sandbox.server import Sandbox, serving
from tests.browser.conftest import OpenPage
from tests.sandbox.test_scheduling_api import KEYED
from tests.sandbox.worlds import FIXTURE_WORLD, NOW, TOKEN, Row

pytestmark = pytest.mark.browser

AIGERIM, DANIYAR = "Айгерим Сапарова", "Данияр Ержанов"
GRAB = 6
"""Pixels below the upper edge of a block: where it is taken, and where it is put down."""


class Desk(NamedTuple):
    """Staff at the page. The first day shown is Monday 2026-03-09, with one visit at 10:00."""

    page: Page
    sandbox: Sandbox

    @property
    def visit(self) -> Row:
        return self.sandbox.world.appointments[9000]

    def block(self) -> Locator:
        return self.page.locator('[data-visit="9000"]')

    def free(self, time: str, specialist: str) -> Locator:
        return self.page.get_by_role("button", name=f"Add a visit at {time}, {specialist}")

    async def drags_to(self, target: Locator) -> None:
        mouse, (from_x, from_y), (to_x, to_y) = (
            self.page.mouse,
            await _grip(self.block()),
            await _grip(target),
        )
        await mouse.move(from_x, from_y)
        await mouse.down()
        await mouse.move(to_x, to_y, steps=5)
        await mouse.up()


@pytest.fixture
async def desk(open_page: OpenPage) -> AsyncIterator[Desk]:
    """A page whose chat is with Алия, a contact of the clinic; nobody runs a bot."""
    aliya = {"first_name": "Алия", "last_name": "Нурланова", "phone": "8 701 555 44 33"}
    visits = [row | {"contact_id": 501} for row in FIXTURE_WORLD["appointments"]]
    clock = Clock(datetime.fromisoformat(NOW))
    async with (
        serving(world=FIXTURE_WORLD | {"appointments": visits}, clock=clock) as sandbox,
        aiohttp.ClientSession() as session,
        open_page("about:blank", has_touch=True) as page,
    ):
        (await session.put(f"{sandbox.url}/_sandbox/chats/700", json=aliya)).raise_for_status()
        await page.goto(f"{sandbox.url}/#person=700")
        await expect(page.locator("#person-name")).to_have_text("Алия Нурланова")
        await expect(page.locator('[data-visit="9000"]')).to_be_visible()
        yield Desk(page, sandbox)


async def test_a_visit_dragged_to_another_time_and_specialist_is_moved(desk: Desk) -> None:
    await desk.drags_to(desk.free("15:30", DANIYAR))

    await expect(desk.page.get_by_role("group", name=DANIYAR).locator('[data-visit="9000"]')).to_have_text(
        re.compile("^15:30")
    )
    moved = desk.visit
    assert (moved["resource_id"], moved["starts_at"], moved["duration_min"]) == (
        12,
        "2026-03-09T10:30:00Z",
        30,
    )
    await expect(desk.page.locator("#visit-dialog")).to_be_hidden()


async def test_a_visit_dragged_to_where_it_cannot_be_snaps_back_and_the_page_says_why(desk: Desk) -> None:
    await desk.drags_to(desk.page.get_by_role("group", name=DANIYAR).get_by_text("Обед"))

    await expect(desk.page.get_by_role("alert")).to_have_text(f"{DANIYAR} has a break at that time.")
    await expect(desk.page.locator(".ghost, .lifted")).to_have_count(0)
    await expect(desk.block()).to_have_text(re.compile("^10:00"))
    assert (desk.visit["resource_id"], desk.visit["starts_at"]) == (11, "2026-03-09T05:00:00Z")


async def test_a_finger_that_rests_on_a_visit_drags_it(desk: Desk) -> None:
    (x, y), (to_x, to_y) = await _grip(desk.block()), await _grip(desk.free("11:30", AIGERIM))
    touch = await desk.page.context.new_cdp_session(desk.page)
    await touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    await expect(desk.page.locator(".ghost")).to_be_visible()
    await touch.send(
        "Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": to_x, "y": to_y}]}
    )
    await touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    await expect(desk.block()).to_have_text(re.compile("^11:30"))
    assert desk.visit["starts_at"] == "2026-03-09T06:30:00Z"


async def test_a_visit_is_moved_to_the_next_day_with_the_keyboard_alone(desk: Desk) -> None:
    await desk.block().focus()
    await desk.page.keyboard.press("Enter")
    for _ in range(2):
        await desk.page.keyboard.press("Tab")
    await expect(desk.page.get_by_role("button", name="Next day, same time")).to_be_focused()
    await desk.page.keyboard.press("Enter")

    await expect(desk.page.locator("#day-name")).to_have_text("Tue 10 March")
    await expect(desk.block()).to_be_visible()
    assert desk.visit["starts_at"] == "2026-03-10T05:00:00Z"


async def test_a_day_time_and_specialist_can_be_written_instead_of_dragged(desk: Desk) -> None:
    await desk.block().click()
    await desk.page.get_by_label("Day", exact=True).fill("2026-03-14")
    await desk.page.get_by_role("button", name="Move there").click()
    await expect(desk.page.get_by_role("alert")).to_have_text(f"{AIGERIM} does not work at that time.")

    await desk.page.get_by_label("Day", exact=True).fill("2026-03-11")
    await desk.page.get_by_label("Time", exact=True).fill("16:20")
    await desk.page.get_by_label("Specialist").select_option(DANIYAR)
    await desk.page.get_by_role("button", name="Move there").click()

    await expect(desk.page.locator("#day-name")).to_have_text("Wed 11 March")
    assert (desk.visit["resource_id"], desk.visit["starts_at"]) == (12, "2026-03-11T11:20:00Z")


async def test_staff_add_a_visit_for_the_client_in_the_chat(desk: Desk) -> None:
    await desk.free("11:00", AIGERIM).click()
    await desk.page.get_by_label("Service").select_option("Консультация терапевта, 30 min")
    await desk.page.get_by_role("button", name="For Алия Нурланова").click()

    await expect(desk.page.get_by_role("button", name="11:00 to 11:30, Алия Нурланова")).to_be_visible()
    added = desk.sandbox.world.appointments[9001]
    assert (added["contact_id"], added["service_id"], added["starts_at"]) == (501, 31, "2026-03-09T06:00:00Z")


async def test_staff_give_a_time_to_somebody_else(desk: Desk) -> None:
    await desk.free("12:00", DANIYAR).click()
    await desk.page.get_by_role("button", name="For somebody else").click()

    await expect(desk.page.get_by_role("button", name="12:00 to 13:00, Somebody else")).to_be_visible()
    assert desk.sandbox.world.appointments[9001]["contact_id"] != 501


async def test_the_clock_goes_to_two_hours_before_a_visit(desk: Desk) -> None:
    await expect(desk.page.locator("#clock")).to_contain_text("Sun 8 March")
    await desk.block().click()
    await desk.page.get_by_role("button", name="2 h before the visit").click()

    await expect(desk.page.locator("#clock")).to_contain_text("08:00")
    await expect(desk.page.locator("#clock")).to_contain_text("Mon 9 March")
    assert desk.sandbox.world.now().startswith("2026-03-09T03:0")


async def test_what_a_client_books_elsewhere_is_seen_at_once(desk: Desk) -> None:
    url = f"{desk.sandbox.url}/api/v1/accounts/7/scheduling/appointments"
    async with aiohttp.ClientSession(headers={"api_access_token": TOKEN}) as session:
        (await session.post(url, json=KEYED)).raise_for_status()
    await expect(desk.page.get_by_role("button", name="11:00 to 11:30, Алия Нурланова")).to_be_visible()


async def _grip(block: Locator) -> tuple[float, float]:
    box = await block.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + GRAB
