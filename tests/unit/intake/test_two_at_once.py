"""Two workers and two people at once, on both databases: each thing is listed, decided and carried out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from hub.access.actors import Actor, Role
from hub.errors import Conflict
from hub.intake.models import FoundItem, StockTaking
from hub.placements.models import Exchange, Part, Placement
from tests.unit.intake import house as houses
from tests.unit.intake.house import house, picture, sha
from tests.unit.intake.test_proposals import exchange, shown

BEN = Actor("00000000-0000-7000-8000-000000000002", "Ben", Role.EDITOR)


@pytest.fixture
def here(tmp_path, database_url, clock, monkeypatch):
    monkeypatch.setattr(houses, "WORK", (*houses.WORK, "proposals"))
    with house(tmp_path, clock, database_url=database_url) as made:
        made.connect()
        yield made


def at_once(*acts):
    """Do several things at the same moment; return what each gave, or raised."""
    gate = Barrier(len(acts))

    def run(act):
        gate.wait()
        try:
            return act()
        except Conflict as refused:
            return refused

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def worker(here, drain, times=12):
    def work():
        for _ in range(times):
            here.drains[drain].run("w")

    return work


def count(here, table, *where):
    with here.rooms.database.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


def test_two_workers_on_one_round_enter_each_thing_once_and_end_it_once(here):
    for number in range(7):
        here.sandbox.stock(f"{number}.jpg", picture(number))
    take = here.rooms.stock.take
    at_once(lambda: take(here.ada, here.connection.id), lambda: take(here.ada, here.connection.id))
    for _ in range(12):
        at_once(worker(here, "stock", 3), worker(here, "stock", 3))
        here.clock.advance(60_000)
    with here.rooms.database.read() as session:
        (taking,) = session.scalars(select(StockTaking)).all()
        names = sorted(session.scalars(select(FoundItem.name).where(FoundItem.gone_at.is_(None))))
        pending = session.scalars(select(FoundItem.id).where(FoundItem.match_due_at.is_not(None))).all()
    assert (taking.round, taking.state, taking.listed) == (1, "done", len(names))
    assert names == [f"{number}.jpg" for number in range(7)]
    assert pending == []


def test_a_thing_that_one_adopts_and_another_imports_at_once_is_adopted_once(here):
    first, second = here.asset(picture(1), title="One"), here.asset(picture(2), title="Two")
    here.run()
    ref = here.sandbox.stock("small.jpg", picture(1, size=(160, 120), quality=60))
    here.take_stock()
    item = here.found()["small.jpg"]

    def decides(act, **more):
        return lambda: here.rooms.stock.decide(here.ada, here.connection.id, act, [item.id], **more)

    at_once(
        decides("adopt", asset=first), decides("adopt", asset=second), decides("import"), worker(here, "stock"),
        worker(here, "stock"),
    )  # fmt: skip
    here.run()
    left = here.found()["small.jpg"]
    assert (left.act, left.act_state) == ("adopt", "done")
    assert count(here, Part, Part.external_ref == ref, Part.kind == "media") == 1
    assert count(here, Placement) == 1
    assert left.asset_id in {first, second}
    assert here.copy(left.placement_id).asset_id == left.asset_id


def test_of_two_imports_at_once_one_asset_comes(here):
    here.sandbox.stock("new.jpg", picture(3))
    here.take_stock()
    item = here.found()["new.jpg"]

    def ask():
        return here.rooms.stock.decide(here.ada, here.connection.id, "import", [item.id])

    at_once(ask, ask, worker(here, "stock"), worker(here, "stock"))
    here.run()
    (made,) = here.assets()
    assert (here.found()["new.jpg"].asset_id, made.versions[0].sha256) == (made.id, sha(picture(3)))


def test_of_two_who_decide_about_an_exchanged_file_at_once_one_does(here):
    asset = here.asset(picture(1), title="Lake", description="A lake", copyright="© Ada")
    here.run()
    placed = here.place(asset)
    here.run()
    here.placed = placed
    exchange(here, picture(2), work=False)
    at_once(worker(here, "reconcile-1"), worker(here, "reconcile-1"), worker(here, "proposals"),
            worker(here, "proposals"))  # fmt: skip
    here.run()
    assert count(here, Exchange) == 1
    (found,) = here.rooms.proposals.list(here.ada)
    decide = here.rooms.proposals.decide
    outcomes = at_once(
        lambda: decide(here.ada, found.id, "theirs"), lambda: decide(BEN, found.id, "ours"),
        worker(here, "reconcile-1"), worker(here, "proposals"),
    )[:2]  # fmt: skip
    here.run()
    (refused,) = [one for one in outcomes if isinstance(one, Conflict)]
    (won,) = [one for one in outcomes if not isinstance(one, Conflict)]
    assert refused.code == "proposal_over"
    versions = here.rooms.catalogue.view(here.ada, asset).versions
    assert len(versions) == (2 if won.state == "taken" else 1)
    assert (here.copy(placed).phase, shown(here)) == ("live", [sha(picture(1))])
