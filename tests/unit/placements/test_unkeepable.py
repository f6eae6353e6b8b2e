"""What no database keeps, in an answer or in what is said of it, ends no worker's turn and makes no second copy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.sdk.errors import Rejected, Unreachable
from connectors.sdk.types import Part, PartKind
from hub.clock import MINUTE
from tests.faults.model.remote import Fake

pytestmark = pytest.mark.both
UNKEEPABLE = pytest.mark.parametrize("bad", ["a\x00b", "a\ud83db"], ids=["zero byte", "half a character"])


@UNKEEPABLE
@pytest.mark.parametrize("error", [Rejected, Unreachable])
def test_in_a_failure_it_is_told_plainly(desk, monkeypatch, error, bad):
    def publish(self, target, outgoing):
        raise error(f"The remote says: {bad}", code=f"code {bad}")

    monkeypatch.setattr(Fake, "publish", publish)
    placed = desk.place(desk.approved())
    desk.tick()
    assert desk.copy(placed).problem == f"The remote says: {bad.translate({0: ' ', 0xD83D: '?'})}"


@UNKEEPABLE
@pytest.mark.parametrize("where", ["receipt", "copy", "part"])
def test_in_a_name_it_is_a_bad_answer_that_is_looked_into(desk, monkeypatch, where, bad):
    publish, copy = Fake.publish, Fake._copy
    if where == "receipt":
        monkeypatch.setattr(Fake, "publish", lambda *given: replace(publish(*given), ref=bad))
    elif where == "copy":
        monkeypatch.setattr(Fake, "_copy", lambda *given: replace(copy(*given), ref=bad))
    else:
        monkeypatch.setattr(Fake, "_copy", lambda *given: replace(copy(*given), parts=(Part(PartKind.EMBED, bad),)))
    placed = desk.place(desk.approved())
    for _ in range(4):
        desk.tick()
        desk.clock.advance(MINUTE)
    monkeypatch.setattr(Fake, "publish", publish)
    monkeypatch.setattr(Fake, "_copy", copy)
    desk.clock.advance(30 * MINUTE)
    desk.run()
    assert (desk.copy(placed).phase, len(desk.shown(placed))) == ("live", 1)
    assert desk.remote.calls.count("publish") == 1
