"""A backup from before copies were made: the hub learns them again from their markers, and publishes nothing twice."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from connectors.sdk.manifest import Capability
from connectors.testing.ledger import What
from hub.app import acts, backup
from hub.app.copies import declare_copy
from hub.intake.stock import recollecting
from hub.placements.models import Placement
from tests.unit.intake.house import House, picture


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


def begun(stack, tmp_path, clock, name):
    """A hub with two approved assets, of which one stands there, as it was when the backup was made."""
    made = House(stack, tmp_path / "home", clock, name=name)
    made.connect()
    assets = [made.asset(picture(number), title=f"Lake {number}") for number in (1, 2, 3)]
    made.run()
    before = made.place(assets[0])
    made.run()
    backup.backup(made.settings, tmp_path / "then.tar", with_keys=True, clock=clock)
    return made, assets, before


def restored(stack, tmp_path, clock, made, home="again", *, connect=False):
    """The same hub out of its backup, adopted, before its worker has done anything."""
    made.hub.close()
    settings = made.settings.model_copy(update={"home": tmp_path / home})
    acts.restore(settings, tmp_path / "then.tar", told=None)
    acts.adopt(settings, clock=clock)
    again = House(stack, settings.home, clock, name=made.name, sandbox=made.sandbox, origin=made.origin)
    again.connect() if connect else again.resume()
    return again


def times_made(house):
    return len(house.sandbox.ledger.effects(What.MADE))


@pytest.mark.parametrize("name", ["object_store", pytest.param("trello", marks=pytest.mark.again)])
def test_copies_made_since_the_backup_are_known_again_and_none_is_made_twice(stack, tmp_path, clock, name):
    made, assets, before = begun(stack, tmp_path, clock, name)
    later = [made.copy(made.place(one)).marker for one in assets[1:]]
    made.run()
    count = times_made(made)

    hub = restored(stack, tmp_path, clock, made)
    again = hub.place(assets[1])  # somebody sees that it is not in the list, and asks for it again
    hub.drains["plan"].run("w")
    hub.drains["reconcile-1"].run("w")
    assert times_made(hub) == count, "nothing is published before the account is known again"
    hub.run()

    assert times_made(hub) == count
    copies = [copy for asset in assets for copy in hub.rooms.placements.where(hub.ada, asset)]
    assert [copy.phase for copy in copies] == ["live"] * 3
    assert {copy.marker for copy in copies} >= set(later)
    assert copies[0].id == before
    assert copies[1].id == again
    assert hub.rooms.stock.view(hub.ada, hub.connection.id).recollecting_since is None

    new = hub.place(hub.asset(picture(7), title="New"))
    hub.run()
    assert hub.copy(new).phase == "live", "it publishes again"


@pytest.mark.parametrize("name", ["object_store", pytest.param("trello", marks=pytest.mark.again)])
def test_an_account_that_was_first_connected_since_the_backup_is_learnt_before_it_is_published_to(
    stack, tmp_path, clock, name
):
    made = House(stack, tmp_path / "home", clock, name=name)
    asset = made.asset(picture(1))
    made.run()
    backup.backup(made.settings, tmp_path / "then.tar", with_keys=True, clock=clock)
    made.connect()
    marker = made.copy(made.place(asset)).marker
    made.run()
    count = times_made(made)

    hub = restored(stack, tmp_path, clock, made, connect=True)
    again = hub.place(asset)
    hub.drains["plan"].run("w")
    hub.drains["reconcile-1"].run("w")
    assert times_made(hub) == count, "nothing is published before the account is known"
    hub.run()
    assert (times_made(hub), hub.copy(again).phase, hub.copy(again).marker) == (count, "live", marker)
    new = hub.place(hub.asset(picture(7), title="New"))
    hub.run()
    assert (hub.copy(new).phase, times_made(hub)) == ("live", count + 1)


def test_a_connector_that_comes_back_after_the_restore_is_asked_first(stack, tmp_path, clock, monkeypatch):
    made, assets, _ = begun(stack, tmp_path, clock, "object_store")
    made.place(assets[1])
    made.run()
    count = times_made(made)
    with monkeypatch.context() as gone:
        gone.setattr(acts, "discover", dict)
        hub = restored(stack, tmp_path, clock, made)
    again = hub.place(assets[1])
    hub.run()
    assert (times_made(hub), hub.copy(again).phase) == (count, "live")


def test_an_account_that_cannot_be_listed_waits_for_no_listing(stack, tmp_path, clock):
    made, _, _ = begun(stack, tmp_path, clock, "object_store")
    hub = restored(stack, tmp_path, clock, made)

    def without(connector):
        manifest = hub.rooms.connections.manifest(connector)
        return replace(manifest, abilities={n: how for n, how in manifest.abilities.items() if n != Capability.IMPORT})

    assert recollecting.go_on(hub.rooms.database, clock, without) == 1
    assert hub.rooms.stock.view(hub.ada, hub.connection.id).recollecting_since is None


def test_what_must_go_away_goes_while_the_account_is_learnt_again(stack, tmp_path, clock):
    made, assets, before = begun(stack, tmp_path, clock, "object_store")
    hub = restored(stack, tmp_path, clock, made)
    hub.rooms.placements.recall(hub.ada, assets[0], "The licence was bought for another country.")
    for _ in range(3):
        hub.drains["plan"].run("w")
        hub.drains["reconcile-1"].run("w")
        hub.clock.advance(5_000)
    assert hub.rooms.stock.view(hub.ada, hub.connection.id).recollecting_since is not None
    assert hub.copy(before).phase == "withdrawn"


def test_a_copy_of_an_asset_that_the_backup_does_not_know_is_left_for_a_person(stack, tmp_path, clock):
    made, _, _ = begun(stack, tmp_path, clock, "object_store")
    lost = made.asset(picture(8), title="Made after the backup")
    made.run()
    marker = made.copy(made.place(lost)).marker
    made.run()

    hub = restored(stack, tmp_path, clock, made)
    hub.run()
    (item,) = hub.found("forgotten").values()
    assert marker in item.name
    assert hub.rooms.stock.view(hub.ada, hub.connection.id).recollecting_since is None, "it waits for nobody"
    (why,) = hub.decide("adopt", item).values()
    assert "does not know which asset" in why
    asset = hub.asset(picture(8), title="Found again")
    hub.run()
    hub.take_stock()
    (item,) = hub.found("forgotten").values()
    assert hub.decide("adopt", item) == {}
    (copy,) = hub.rooms.placements.where(hub.ada, asset)
    assert (copy.marker, copy.phase) == (marker, "live")


def test_a_copy_of_the_hub_touches_nothing_of_the_originals(stack, tmp_path, clock):
    made, assets, before = begun(stack, tmp_path, clock, "trello")
    made.hub.close()
    settings = made.settings.model_copy(update={"home": tmp_path / "copy"})
    acts.restore(settings, tmp_path / "then.tar", told=None)
    other = House(stack, settings.home, clock, name=made.name, sandbox=made.sandbox, origin=made.origin)
    declare_copy(other.rooms.database, settings, clock)
    other.resume()
    standing = made.sandbox.ledger.living()
    other.rooms.connections.reconnect(
        other.ada, other.connection.id, secrets=dict(other.sandbox.secrets)
    )  # fmt: skip
    other.run()
    own = other.place(assets[0])
    other.run()
    other.take_stock()
    assert [one.whose for one in other.found("foreign").values()] == ["foreign"]
    assert standing.items() <= other.sandbox.ledger.living().items(), "the original's stands as it stood"
    assert len(other.sandbox.ledger.living()) == len(standing) + 1
    other.rooms.placements.recall(other.ada, assets[0], "The licence was bought for another country.")
    other.run()
    assert other.copy(own).phase == "withdrawn"
    assert other.sandbox.ledger.living() == standing

    made.open()
    made.resume()
    made.run()
    with made.rooms.database.read() as session:
        assert session.get_one(Placement, before).phase == "live"
