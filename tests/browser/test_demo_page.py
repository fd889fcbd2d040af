"""What `make demo` opens: one visit booked and cancelled by a person at the page, in a real browser."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import SHOWS_S, OpenPage

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
#: Seconds, on a busy machine: until the demo says where it is, and has ended.
STARTS_S, STOPS_S = 60, 15

NAME = "Айсұлу Тест"


@pytest.fixture
async def demo() -> AsyncIterator[str]:
    """The address of a running demo: the real command, on a free port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", "0", cwd=ROOT, stdout=PIPE
    )
    try:
        yield await asyncio.wait_for(_address(process), STARTS_S)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.communicate(), STOPS_S)
        except TimeoutError:
            process.kill()
            await process.communicate()


async def _address(process: Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if found := re.search(r"http://\S+", line.decode()):
            return found[0]
    raise AssertionError("the demo ended without saying where it is")


@pytest.fixture
async def page(demo: str, open_page: OpenPage) -> AsyncIterator[Page]:
    """The demo in a browser, written to by somebody whose Telegram is English."""
    async with open_page(demo) as page:
        await expect(page.get_by_role("button", name="START")).to_be_visible(timeout=SHOWS_S * 1000)
        await page.locator("#person-button").click()
        await page.get_by_label("Language of their Telegram").select_option("en")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("#person-language")).to_have_text("en")
        yield page


async def test_a_visit_booked_at_the_page_is_in_the_clinics_calendar_until_it_is_cancelled(
    page: Page,
) -> None:
    chat, clinic = page.get_by_label("Chat with the bot"), page.get_by_label("The clinic in One-Link")

    await _tap(chat, "START", "Book a visit", "General consultation", "Any specialist")
    await _tap(chat, re.compile("^Soonest: "), "I agree")
    await _answer(chat, NAME)
    await _tap(chat, re.compile("Share my number"), "Skip", "✓ Confirm")

    await expect(_last_words(chat)).to_contain_text("You are booked.", timeout=SHOWS_S * 1000)
    visit = clinic.get_by_role("button", name=NAME)
    await expect(visit).to_be_visible(timeout=SHOWS_S * 1000)
    await expect(visit).to_contain_text("Консультация терапевта")

    await _tap(chat, "Cancel the visit", "Yes, cancel the visit")

    await expect(_last_words(chat)).to_contain_text("This visit is cancelled.", timeout=SHOWS_S * 1000)
    await expect(visit).to_have_accessible_name(re.compile("cancelled$"), timeout=SHOWS_S * 1000)


async def _tap(chat: Locator, *labels: str | re.Pattern[str]) -> None:
    """Press the newest button with each label, when it is there."""
    for label in labels:
        exact = isinstance(label, str)
        await chat.get_by_role("button", name=label, exact=exact).last.click()


async def _answer(chat: Locator, text: str) -> None:
    """Type a message, when the bot asks for something personal."""
    await expect(chat.get_by_role("button", name="Why do you ask?")).to_be_visible(timeout=SHOWS_S * 1000)
    await chat.get_by_role("textbox", name="Message").fill(text)
    await chat.get_by_role("textbox", name="Message").press("Enter")


def _last_words(chat: Locator) -> Locator:
    return chat.locator("#messages .bot .text").last
