"""Both sides of the demo in a real browser: a booking, a question to a person, the answer, the visit."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.test_demo_page import NAME, SHOWS_S, demo, page
from tests.browser.test_operator_side import ROUTE

pytestmark = pytest.mark.browser

__all__ = ["demo", "page"]  # the demo's fixtures

ASKED, ANSWERED = "May I bring my child?", "Of course! The entrance is in the yard."


async def test_a_client_asks_a_person_in_the_middle_of_booking_gets_an_answer_and_books(page: Page) -> None:
    expect.set_options(timeout=SHOWS_S * 1000)
    chat, clinic = page.get_by_label("Chat with the bot"), page.get_by_label("The clinic in One-Link")
    said = chat.get_by_role("log", name="Messages")
    thread = clinic.get_by_role("log", name="Messages of the conversation")

    await _tap(chat, "START", "Book a visit", "General consultation", "Any specialist", "Operator")
    await expect(chat.get_by_role("button", name="‹ Back to the bot")).to_be_visible()
    await _write(chat, ASKED)

    await clinic.get_by_role("button", name="Conversations 1 open").click()
    note = thread.get_by_role("listitem").filter(has_text="Клиент просит сотрудника.")
    await expect(note).to_contain_text("private note")
    await expect(note).to_contain_text("Консультация терапевта")
    await expect(thread).to_contain_text(ASKED)

    await clinic.get_by_label("Files of the reply").set_input_files([ROUTE])
    await clinic.get_by_role("textbox", name="Reply").fill(f"**{ANSWERED}**")
    await clinic.get_by_role("button", name="Send reply").click()
    answer = said.get_by_role("listitem").filter(has_text=ANSWERED)
    await expect(answer.locator("b", has_text=ANSWERED)).to_be_visible()
    await expect(answer.get_by_role("img")).to_have_js_property("naturalWidth", 2)

    await clinic.get_by_role("button", name="Resolve", exact=True).click()
    await expect(said).to_contain_text("The clinic's staff have ended the conversation.")
    await _tap(chat, re.compile("^Soonest: "), "I agree")
    await expect(chat.get_by_role("button", name="Why do you ask?")).to_be_visible()
    await _write(chat, NAME)
    await _tap(chat, re.compile("Share my number"), "Skip", "✓ Confirm")

    await expect(said).to_contain_text("You are booked.")
    await clinic.get_by_role("button", name="Calendar").click()
    await expect(clinic.get_by_role("button", name=NAME)).to_contain_text("Консультация терапевта")


async def _tap(chat: Locator, *labels: str | re.Pattern[str]) -> None:
    """Press the newest button with each label, when it is there."""
    for label in labels:
        await chat.get_by_role("button", name=label, exact=isinstance(label, str)).last.click()


async def _write(chat: Locator, text: str) -> None:
    await chat.get_by_role("textbox", name="Message").fill(text)
    await chat.get_by_role("textbox", name="Message").press("Enter")
