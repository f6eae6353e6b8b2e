"""A publication through a whole hub: one file, whatever became of the answer and however late searches are."""

import pytest

from connectors.testing.faults import Fault, Rule
from hub.clock import MINUTE
from hub.placements import reconcile
from tests.decoder import one_decoder
from tests.unit.intake.house import house, picture


@pytest.fixture
def hub(tmp_path, clock, sqlite_url):
    with one_decoder(), house(tmp_path, clock, database_url=sqlite_url, name="google_drive") as made:
        made.connect()
        yield made


@pytest.fixture
def copy(hub):
    """Ask for a copy; searches tell nothing of it for as long as it takes."""
    asset = hub.asset(picture(1))
    hub.run()
    hub.sandbox.searches_late = True
    return hub.place(asset)


def work(hub):
    hub.run(within_ms=2 * MINUTE)


def stands_once(hub, copy):
    marker = hub.copy(copy).marker
    made = [one for one in hub.sandbox.ledger.effects() if one.facts.get("appProperties", {}).get("damhub") == marker]
    assert len(made) == len(hub.standing()) == 1
    assert hub.copy(copy).phase == "live"


def test_an_answer_that_is_lost(hub, copy):
    hub.sandbox.faults.add(Rule(fault=Fault.LOSE_ANSWER, on="write", path="/upload/"))
    work(hub)
    assert hub.sandbox.faults.fired
    stands_once(hub, copy)


def test_a_worker_that_dies_between_the_write_and_its_record(hub, copy, monkeypatch):
    left = ["answered_not_recorded"]

    def die(point):
        if point in left:
            left.remove(point)
            raise KeyboardInterrupt

    monkeypatch.setattr(reconcile, "reach", die)
    with pytest.raises(KeyboardInterrupt):
        work(hub)
    assert len(hub.standing()) == 1
    hub.clock.advance(10 * MINUTE)
    work(hub)
    stands_once(hub, copy)
