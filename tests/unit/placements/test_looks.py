"""What a copy is read back by: a search and a look at each copy, or the place's own list alone."""

from types import SimpleNamespace

import pytest

from connectors.sdk.errors import Missing
from connectors.sdk.manifest import Ability, Capability
from connectors.sdk.types import Copy, Target
from hub.clock import ManualClock
from hub.placements.looks import read_back

MARKER = "dhone1-mine"
PLACE = Target("card", "c1", "A card")


def copy(ref):
    return Copy(ref=ref, marker=MARKER, content_key=None, fields={}, parts=())


class Connector:
    """Has copies; notes what it was asked."""

    def __init__(self, *refs):
        self.refs, self.asked = refs, []

    def find(self, target, marker):
        self.asked.append("find")
        return tuple(copy(ref) for ref in self.refs)

    def look(self, target, ref):
        self.asked.append(ref)
        if ref not in self.refs:
            raise Missing("It is not there.")
        return copy(ref)


def looks(connector, *, lists, refs=("a", "b")):
    abilities = {Capability.FIND: Ability(lists=lists), Capability.LOOK: Ability()}
    speaker = SimpleNamespace(
        connector=connector, manifest=SimpleNamespace(at=lambda _: SimpleNamespace(abilities=abilities))
    )
    return read_back(
        speaker, PLACE, MARKER, refs=refs, addresses=(), search=True, viewer=None, clock=ManualClock()
    )  # fmt: skip


@pytest.mark.parametrize(("lists", "asked"), [(True, ["find"]), (False, ["find", "a", "b", "new"])])
def test_a_list_of_the_place_tells_as_much_as_looks_at_each_copy_with_one_call(lists, asked):
    connector = Connector("b", "new")
    found = looks(connector, lists=lists)
    assert connector.asked == asked
    assert found.copies == {"a": None, "b": copy("b"), "new": copy("new")}
    assert (found.read, found.searched) == (True, True)


def test_the_evidence_says_that_the_list_was_read():
    log = looks(Connector("b"), lists=True).log
    assert [(one["how"], one["ref"], one["answer"]) for one in log] == [
        ("find", MARKER, "1 found"), ("list", "a", "gone"), ("list", "b", "there"),
    ]  # fmt: skip
