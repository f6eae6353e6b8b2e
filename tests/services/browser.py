"""A real browser for the tests: Chromium driven by Playwright, with axe-core beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests import services

FLAGS = [
    "--no-sandbox",  # the tests run as root in a container; only our own pages on loopback are opened
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@dataclass(frozen=True)
class RealBrowser:
    """A running Chromium, and the text of axe-core."""

    chromium: Browser
    axe: str = field(repr=False)

    def context(self, **options: Any):
        """Open a fresh profile: no cookies, nothing cached."""
        return self.chromium.new_context(**{"reduced_motion": "reduce", "locale": "en-GB", **options})


@pytest.fixture(scope="module")
def browser_server(tmp_path_factory):
    """The browser, or None where it cannot run.

    It ends with the module that used it: Playwright keeps an event loop running in this thread, which other tests'
    libraries would take for their own.
    """
    try:
        with services.running("browser", tmp_path_factory.mktemp("browser")) as printed, sync_playwright() as drive:
            try:
                chromium = drive.chromium.launch(executable_path=printed["CHROMIUM"], args=FLAGS)
            except Error as refused:
                raise services.CannotStart(f"Chromium does not start: {refused.message.splitlines()[0]}") from refused
            yield RealBrowser(chromium, Path(printed["AXE"]).read_text(encoding="utf-8"))
            chromium.close()
    except services.CannotStart as gap:
        services.note_gap("browser", str(gap))
        yield None


@pytest.fixture
def browser(request):
    """The browser; without it the test is left out."""
    real = request.getfixturevalue("browser_server")
    services.need(request, "browser")
    return real
