"""Debian's Chromium, driven by Playwright, and the faults that a page shows only there."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, WebError, sync_playwright

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PATIENCE = 15_000


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for many tests."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "These tests need a browser. As root: apt-get install chromium"
    # Playwright's loop runs in this thread, so Django takes the test's own queries for asynchronous ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=FLAGS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextlib.contextmanager
def visitor(
    browser: Browser, base_url: str, device: dict[str, Any], language: str
) -> Iterator[BrowserContext]:
    """A person with a device of their own; ends with a check that no page broke its own policy."""
    context = browser.new_context(base_url=base_url, locale=language, timezone_id="Asia/Shanghai", **device)
    context.set_default_timeout(PATIENCE)
    faults: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            faults.append(message.text)

    def failed(error: WebError) -> None:
        faults.append(str(error.error))

    context.on("console", heard)
    context.on("weberror", failed)
    yield context
    context.close()
    assert not faults, "\n".join(faults)
