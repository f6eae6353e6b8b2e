"""What a test sees of a page: what it complains of, what is inaccessible, what overflows, where the focus is."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import TimeoutError as Late
from playwright.sync_api import expect

expect.set_options(timeout=20_000)  # a loaded machine is slow, not wrong

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
FORBIDDEN = re.compile(r"\s(style|on[a-z]+|hx-on[:\w-]*)\s*=|javascript:|[\"']js:", re.IGNORECASE)
SLOW = "was preloaded using link preload but not used within a few seconds"  # a loaded machine, not the page
REPORTS = """document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sourceFile}`))"""


class Eyes:
    """One open page and all that it complained of."""

    def __init__(self, page, axe):
        self.page, self._axe = page, axe
        self.complaints = []
        self.expected = None
        page.set_default_timeout(30_000)
        page.add_init_script(REPORTS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def _heard(self, message):
        expected = SLOW in message.text or (self.expected and self.expected in message.text)
        if message.type in {"error", "warning"} and not expected:
            self.complaints.append(f"{self.page.url}: {message.type}: {message.text}")

    def _answered(self, answer):
        if "html" in answer.headers.get("content-type", "") and answer.status < 300:
            found = FORBIDDEN.findall(answer.text())
            if found:
                self.complaints.append(f"{answer.url}: markup holds {sorted(set(found))}")

    def go(self, address):
        """Open a page and wait until its modules have run."""
        self.page.goto(address)
        self.settle()
        return self

    def arrive(self, heading):
        """Wait until the page with this heading is there and listens to keys."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.settle()

    def settle(self):
        """Wait until modules, where there are any, have run, and fonts and pictures are there."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_function(
            "!document.querySelector('script') || document.documentElement.classList.contains('js')"
        )
        self.page.evaluate("""async () => {
            for (const picture of document.images) picture.loading = 'eager';
            const pictures = [...document.images].map((one) => one.decode().catch(() => 0));
            await Promise.all([document.fonts.ready, ...pictures]);
        }""")

    def violations(self, rules=None):
        """Let axe look, by all its rules or some; return one line for each thing that somebody could not use."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(self._axe)
        asked = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found = self.page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
        return [
            f"{one['id']}: {one['help']}: {'; '.join(str(node['target'][0]) for node in one['nodes'][:4])}"
            for one in found
        ]

    def overflow(self):
        """Return by how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def width(self, pixels, height=900):
        """Make the window that wide."""
        self.page.set_viewport_size({"width": pixels, "height": height})

    def theme(self, name):
        """Wear the light or the dark colours, as the browser's owner prefers."""
        self.page.emulate_media(color_scheme=name)

    def shot(self, name, *, whole=False):
        """Keep a picture of the page.

        Chromium without a screen sometimes draws no frame after a window was made wider, and then never gives a
        picture; one is asked for again, in front, before that is taken for the page's fault.
        """
        SHOTS.mkdir(parents=True, exist_ok=True)
        asked = {"path": SHOTS / f"{name}.png", "full_page": whole, "animations": "disabled"}
        for patience_ms in (10_000, 20_000):
            with suppress(Late):
                self.page.screenshot(**asked, timeout=patience_ms)
                return
            self.page.bring_to_front()
        self.page.screenshot(**asked)

    @property
    def focused(self):
        """Say what has the focus: its name as a person hears it, and whether it can be seen."""
        return self.page.evaluate("""() => {
            const it = document.activeElement, box = it.getBoundingClientRect(), look = getComputedStyle(it);
            return {
                tag: it.tagName.toLowerCase(),
                text: (it.getAttribute('aria-label') || it.innerText || it.value || '').trim().replace(/\\s+/g, ' '),
                href: it.getAttribute('href') || '',
                marked: look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) > 0,
                inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
            };
        }""")

    def press(self, *keys):
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, text, *, limit=90):
        """Press Tab until something that says this, or leads there, has the focus; it must be visible there."""
        for _ in range(limit):
            self.press("Tab")
            here = self.focused
            if text in here["text"] or (text.startswith("/") and here["href"].startswith(text)):
                assert here["marked"] or here["tag"] == "input", f"the focus on {text} cannot be seen"
                assert here["inside"], f"{text} has the focus outside of the window"
                return here
        raise AssertionError(f"Tab never came to {text!r}")
