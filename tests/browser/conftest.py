"""One Chromium for all browser tests of a runner: each test has a context of its own in it."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import pytest
from playwright.async_api import Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
#: Seconds until the page shows what was done, on a machine that is busy with other tests.
SHOWS_S = 60
STARTS_WITHIN_S = 30.0
#: In a container there is no sandbox of the kernel's; nothing of the browser's own may use the network.
QUIET = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
]


class OpenPage(Protocol):
    """Opens a page of its own at an address; its complaints fail the test."""

    def __call__(self, url: str, **context: Any) -> AbstractAsyncContextManager[Page]: ...


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the browser listens for whoever drives it."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: `apt install chromium`, `brew install --cask chromium` or Google Chrome")
    profile = tmp_path_factory.mktemp("chromium")
    command = [CHROMIUM, *QUIET, "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{_port_of(browser, profile / 'DevToolsActivePort')}"
    finally:
        browser.terminate()
        try:
            browser.wait(5)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait()


def _port_of(browser: "subprocess.Popen[bytes]", file: Path) -> str:
    """Chromium writes it down once it listens."""
    until = monotonic() + STARTS_WITHIN_S
    while monotonic() < until and browser.poll() is None:
        written = file.read_text().split() if file.exists() else []
        if written:
            return written[0]
        try:
            browser.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("Chromium does not start")


@pytest.fixture
def open_page(chromium: str) -> OpenPage:
    """A page in a context of its own."""

    @asynccontextmanager
    async def opened(url: str, **context: Any) -> AsyncIterator[Page]:
        expect.set_options(timeout=SHOWS_S * 1000)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(chromium)
            own = await browser.new_context(viewport={"width": 1280, "height": 800}, **context)
            page = await own.new_page()
            page.set_default_timeout(SHOWS_S * 1000)
            complaints: list[str] = []
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(url)
            yield page
            await own.close()
            assert not complaints

    return opened
