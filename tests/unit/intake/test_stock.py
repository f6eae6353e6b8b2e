"""What stands in a channel: our copies, other hubs', and strangers: recognised, adopted, imported or ignored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.google_drive.connector import GoogleDrive as Drive
from connectors.sdk.types import Item, ItemKind
from connectors.testing.faults import Fault, Rule
from hub.placements.neighbours import neighbours
from tests.unit.intake.house import house, picture, sha


@pytest.fixture
def drive(tmp_path, sqlite_url, clock):
    with house(tmp_path, clock, database_url=sqlite_url, name="google_drive") as made:
        made.connect()
        yield made


@pytest.fixture
def store(tmp_path, sqlite_url, clock):
    with house(tmp_path, clock, database_url=sqlite_url, name="object_store") as made:
        made.connect()
        yield made


def pages(drive, listed):
    """Read on until so many things are listed; return how far that is."""
    for _ in range(20):
        drive.drains["stock"].run("w")
        drive.clock.advance(1000)
        told = drive.rooms.stock.view(drive.ada, drive.connection.id)
        if told.listed >= listed:
            return told
    raise AssertionError("the listing does not go on")


def test_each_thing_is_recognised_by_marker_checksum_or_looks(drive):
    asset = drive.asset(picture(1))
    drive.run()
    copy = drive.place(asset)
    drive.run()
    drive.sandbox.stock("same.jpg", picture(1))
    drive.sandbox.stock("small.jpg", picture(1, size=(160, 120), quality=60))
    drive.sandbox.stock("other.jpg", picture(2))
    drive.take_stock()
    found = drive.found()
    ours = [one for one in found.values() if one.whose == "ours"]
    assert [(one.how, one.placement_id) for one in ours] == [("marker", copy)]
    assert [(found[name].how, found[name].asset_id) for name in ("same.jpg", "small.jpg", "other.jpg")] == [
        ("sha256", asset), ("perceptual", asset), ("none", None),
    ]  # fmt: skip
    assert (found["Plan"].kind, found["Plan"].how, found["Plan"].pending) == ("document", "none", False)
    counts = drive.rooms.stock.view(drive.ada, drive.connection.id).counts
    assert (counts["ours"], counts["known"], counts["alike"]) == (1, 1, 1)


def test_what_is_there_no_more_is_gone_and_other_bytes_are_looked_at_anew(drive):
    asset = drive.asset(picture(1))
    drive.run()
    ref, stays = drive.sandbox.stock("one.jpg", picture(2)), drive.sandbox.stock("two.jpg", picture(3))
    drive.take_stock()
    fetched = len(drive.fetches())
    drive.take_stock()
    assert len(drive.fetches()) == fetched, "the same bytes are not fetched twice"
    drive.sandbox.unstock(ref)
    drive.write(stays, picture(1))
    drive.take_stock()
    found = drive.found()
    assert "one.jpg" not in found
    assert (found["two.jpg"].how, found["two.jpg"].asset_id) == ("sha256", asset)


def test_a_listing_goes_on_at_its_page_and_gives_way_to_what_is_urgent(drive):
    for number in range(250):
        drive.sandbox.stock(f"{number}.txt", b"%d" % number)
    drive.rooms.stock.take(drive.ada, drive.connection.id)
    drain = drive.drains["stock"].run
    half = pages(drive, 100)
    assert half.state == "listing"
    assert 100 <= half.listed < 250
    drive.urgent(drive.place(drive.asset(picture(9), approve=False)))
    drive.clock.advance(60_000)
    assert drain("w") == 0
    drive.run()
    whole = drive.rooms.stock.view(drive.ada, drive.connection.id)
    assert (whole.state, whole.unmatched) == ("done", 0)
    assert len(set(drive.every())) == whole.listed
    assert whole.listed >= 250


def test_a_remote_that_fails_half_way_is_asked_on_later_and_says_so(drive):
    for number in range(250):
        drive.sandbox.stock(f"{number}.txt", b"%d" % number)
    drive.rooms.stock.take(drive.ada, drive.connection.id)
    drain = drive.drains["stock"].run
    before = pages(drive, 100).listed
    drive.sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, on="read", times=None))
    drive.clock.advance(60_000)
    drain("w")
    told = drive.rooms.stock.view(drive.ada, drive.connection.id)
    assert told.problem
    assert told.listed == before
    drive.sandbox.faults.clear()
    drive.clock.advance(3_600_000)
    drive.run()
    assert drive.rooms.stock.view(drive.ada, drive.connection.id).problem == ""


def test_what_no_database_keeps_ends_no_listing(drive, monkeypatch):
    drive.sandbox.stock("one.jpg", picture(2))
    inventory = Drive.inventory

    def strange(self, cursor):
        page = inventory(self, cursor)
        odd = Item(
            "odd", ItemKind.DOCUMENT, "o\x00dd", url="https://x.example/\ud83d", revision="\ud83d", media_type="a\x00/b"
        )
        return replace(page, items=(*page.items, Item("a\ud83db", ItemKind.DOCUMENT, "half"), odd))

    monkeypatch.setattr(Drive, "inventory", strange)
    drive.take_stock()
    found = drive.found()
    assert {"one.jpg", "o dd"} <= set(found)
    assert "half" not in found
    assert drive.rooms.stock.view(drive.ada, drive.connection.id).state == "done"


def test_an_import_comes_once_whatever_is_killed_and_stays_a_draft(store):
    store.sandbox.stock("Holiday in Göteborg.jpg", picture(4))
    store.take_stock()
    item = store.found()["Holiday in Göteborg.jpg"]
    store.rooms.stock.decide(store.ada, store.connection.id, "import", [item.id])
    with store.killed_before_recording():
        store.drains["stock"].run("w")
    assert len(store.assets()) == 1
    store.clock.advance(3_600_000)
    store.run()
    store.decide("import", item)  # pressed again
    (asset,) = store.assets()
    done = store.found("imported")[item.name]
    assert (done.asset_id, done.act_state) == (asset.id, "done")
    assert (asset.lifecycle, asset.title) == ("draft", "Holiday in Göteborg")
    assert asset.versions[0].filename == item.name
    store.take_stock()
    assert item.name not in store.found("strangers")
    assert store.found("imported")[item.name].asset_id == asset.id


def test_what_is_larger_than_is_taken_in_is_not_fetched_to_its_end(tmp_path, sqlite_url, clock):
    with house(tmp_path, clock, database_url=sqlite_url, name="object_store", max_upload_bytes=1000) as store:
        store.connect()
        store.sandbox.stock("huge.jpg", bytes(1_000_000))
        store.take_stock()
        item = store.found()["huge.jpg"]
        assert (item.problem_code, item.pending, item.how) == ("item_too_large", False, "none")
        store.decide("import", item)
        assert store.found()["huge.jpg"].act_state == "failed"
        assert store.assets() == []


def test_what_is_adopted_stays_as_it_is_and_then_follows_the_library(drive):
    asset = drive.asset(picture(1))
    drive.run()
    ref = drive.sandbox.stock("same.jpg", picture(1))
    drive.take_stock()
    item = drive.found()["same.jpg"]
    assert drive.decide("adopt", item) == {}
    adopted = drive.found()["same.jpg"]
    assert adopted.whose == "ours"
    copy = drive.copy(adopted.placement_id)
    assert (copy.phase, copy.proof.level) == ("live", "read")
    assert drive.hash_of(ref) == sha(picture(1))
    assert drive.decide("adopt", item) == {}
    assert len(drive.rooms.placements.where(drive.ada, asset)) == 1

    drive.version(asset, picture(5))
    drive.run()
    assert drive.hash_of(ref) == sha(picture(1)), "not approved: nothing moves"
    drive.approve(asset)
    drive.run()
    assert drive.hash_of(ref) == sha(picture(5))
    drive.rooms.placements.recall(drive.ada, asset, "The licence was bought for another country.")
    drive.run()
    assert drive.hash_of(ref) is None
    assert drive.copy(adopted.placement_id).phase == "withdrawn"


def test_what_would_be_taken_away_at_once_is_not_adopted(store):
    store.asset(picture(1), approve=False)
    store.run()
    store.sandbox.stock("same.jpg", picture(1))
    store.sandbox.stock("other.jpg", picture(6))
    store.take_stock()
    found = store.found()
    (why,) = store.decide("adopt", found["same.jpg"]).values()
    assert "is not approved" in why
    (why,) = store.decide("adopt", found["other.jpg"]).values()
    assert "does not know which asset" in why
    assert store.hash_of(store.ref_of("same.jpg")) == sha(picture(1))


def test_a_person_says_which_asset_something_is_that_only_looks_like_it(store):
    asset = store.asset(picture(1))
    store.run()
    ref = store.sandbox.stock("small.jpg", picture(1, size=(160, 120), quality=60))
    store.take_stock()
    item = store.found()["small.jpg"]
    assert (item.how, item.act) == ("perceptual", "none")
    code = store.rooms.catalogue.view(store.ada, asset).code
    assert store.decide("adopt", item, asset=code) == {}
    assert store.hash_of(ref) == sha(picture(1)), "its bytes are the library's now"


def test_another_hubs_copies_are_named_and_never_touched(store):
    ref = store.sandbox.intrude(store.target.ref, "dhother1-abcdefghijklmnopqrst")
    store.take_stock()
    (item,) = store.found("foreign").values()
    assert item.how == "marker"
    for act in ("adopt", "import"):
        assert store.decide(act, item)
    assert ref in store.sandbox.ledger.living()
    with store.rooms.database.read() as session:
        assert [one.begins for one in neighbours(session, store.connection.remote_id)] == ["dhother1"]


def test_what_is_ignored_stays_ignored_until_somebody_takes_it_back(store):
    store.sandbox.stock("other.jpg", picture(6))
    store.take_stock()
    item = store.found("strangers")["other.jpg"]
    store.decide("ignore", item)
    store.take_stock()
    assert "other.jpg" not in store.found("strangers")
    assert list(store.found("ignored")) == ["other.jpg"]
    store.decide("back", item)
    assert "other.jpg" in store.found("strangers")
