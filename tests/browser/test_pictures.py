"""The pictures of the docs that show more than a page: `make screenshots` puts them into docs/."""

from __future__ import annotations

from contextlib import ExitStack
from types import SimpleNamespace

import pypdfium2
from PIL import Image

from hub.clock import ManualClock
from hub.placements.reports.forms import Form
from tests.browser import nordlicht
from tests.browser.eyes import SHOTS
from tests.browser.several import VENDORS, Several

SCALE = 1.6  # of 72 dots an inch: small letters can be read


def test_the_picture_of_a_recalls_report_is_small_and_true(tmp_path):
    with ExitStack() as stack:
        hub = Several(stack, tmp_path / "home", ManualClock(nordlicht.FIRST_DAY))
        recall = hub.play()
        made = hub.rooms.reports.make(hub.ada, recall.id, Form.PDF)
    document = pypdfium2.PdfDocument(made.data)
    text = document[0].get_textpage().get_text_bounded()
    assert "The owner of the dunes withdrew permission." in text
    assert f"{len(VENDORS)}" in text
    SHOTS.mkdir(parents=True, exist_ok=True)
    shown = document[0].render(scale=SCALE).to_pil()
    document.close()
    shown.convert("RGB").quantize(64).save(SHOTS / "recall-report.png", optimize=True)
    assert (SHOTS / "recall-report.png").stat().st_size < 200_000


def test_the_picture_of_cards_that_are_linked_is_small_and_true(tmp_path, look):
    with ExitStack() as stack:
        hub = Several(stack, tmp_path / "home", ManualClock(nordlicht.FIRST_DAY))
        binding = hub.link_cards()
        eyes = look(SimpleNamespace(url=hub.settings.url, hub=SimpleNamespace(services=hub.rooms)), "ada", height=580)
        eyes.go(f"/bindings/{binding}")
        said = eyes.page.locator("main").inner_text()
        assert said.count("Linked") >= 3, said
        assert "Waits for approval" in said
        assert "with the label “Launch”" in said
        eyes.shot("cards")
    Image.open(SHOTS / "cards.png").convert("RGB").quantize(128).save(SHOTS / "cards.png", optimize=True)
    assert (SHOTS / "cards.png").stat().st_size < 150_000
