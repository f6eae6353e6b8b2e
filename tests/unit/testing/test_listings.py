"""What a listing tells of copies that a hub put there: marker, name as a copy, and place."""

import pytest

from connectors.sdk.manifest import Capability
from connectors.sdk.paging import every
from connectors.sdk.registry import discover
from connectors.testing.conformance.bench import bench_for

LISTING = sorted(name for name, manifest in discover().items() if Capability.IMPORT in manifest.abilities)


@pytest.mark.parametrize("name", LISTING)
def test_a_copy_is_told_with_its_marker_and_everything_else_without(name):
    with bench_for(discover()[name]) as bench:
        stranger = bench.sandbox.stock("holiday.jpg", b"stranger")
        sent, receipt = bench.publish()
        items = {item.ref: item for item in every(bench.connector.inventory)}
        (ours,) = [item for item in items.values() if item.marker == sent.marker]
        assert (ours.copy_ref or ours.ref) == receipt.ref, "by this name it is looked at"
        assert bench.look(receipt.ref).marker == sent.marker
        assert not items[stranger].marker


@pytest.mark.parametrize("name", [name for name in LISTING if name != "dropbox"])
def test_a_copy_is_told_with_the_place_that_it_stands_in(name):
    with bench_for(discover()[name]) as bench:
        sent, _ = bench.publish()
        (ours,) = [item for item in every(bench.connector.inventory) if item.marker == sent.marker]
        assert ours.place == bench.target.ref
