"""A mapping that cannot be carried out for one asset stops nothing but that asset's copy, and no withdrawal."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from hub.events.log import emit
from hub.placements.service import Placements
from hub.settings import Settings
from mappings.errors import MappingError
from mappings.spec import parse_spec
from tests.faults.model.remote import SPEC
from tests.faults.model.world import PlainSigner

FAILS_ON_SOME = parse_spec(
    """
spec: 1
connector: fake
fields:
  - expression: "title == 'Wide' && length(width) || title"
    remote: title
"""
)


class Account:
    """The mapping that counts; a person may change it at any time."""

    def __init__(self):
        self.spec = SPEC

    def __call__(self, *_):
        if isinstance(self.spec, Exception):
            raise self.spec
        return self.spec


@pytest.fixture
def mapping(desk):
    account = Account()
    world = desk.world
    desk.placements = Placements(
        desk.database, desk.clock, world.exchange, SimpleNamespace(open=world.open_blob), PlainSigner(),
        Settings(base_url="https://hub.example"), viewer=world.remote, specs=account, chance=random.Random(1),
        lease_ms=60_000,
    )  # fmt: skip
    return account


def change(desk, mapping, spec):
    mapping.spec = spec
    with desk.database.unit() as session:
        emit(session, "mapping.changed", desk.world.remote_id, actor="somebody", body={"number": 1})


def states(desk, placed):
    return [(copy.phase, copy.problem_code) for copy in map(desk.copy, placed)]


BROKEN = [FAILS_ON_SOME, MappingError("mapping_invalid", "fields: written for an older hub")]


@pytest.mark.parametrize("spec", BROKEN, ids=["fails", "unreadable"])
def test_only_that_copy_waits_for_a_person_and_it_goes_on_by_itself(desk, mapping, spec):
    assets = [desk.approved(b"one", title="Wide"), desk.approved(b"two")]
    placed = [desk.place(asset) for asset in assets]
    desk.run()
    change(desk, mapping, spec)
    desk.run()
    waits = ("blocked", "mapping_fails")
    assert states(desk, placed) == [waits, ("live", "") if spec is FAILS_ON_SOME else waits]
    assert all(desk.shown(each) for each in placed), "what stands there stays there"
    change(desk, mapping, SPEC)
    desk.run()
    assert states(desk, placed) == [("live", "")] * 2


@pytest.mark.both
@pytest.mark.parametrize("spec", BROKEN, ids=["fails", "unreadable"])
def test_a_recall_waits_for_no_mapping(desk, mapping, spec):
    assets = [desk.approved(b"one", title="Wide"), desk.approved(b"two", title="Wide")]
    placed = [desk.place(asset) for asset in assets]
    desk.run()
    change(desk, mapping, spec)
    desk.run()
    desk.placements.recall(desk.actor, assets[0], "wrong person in it")
    desk.placements.take_back(desk.actor, placed[1])
    desk.run()
    assert [desk.copy(each).phase for each in placed] == ["withdrawn", "withdrawn"]
    assert [desk.shown(each) for each in placed] == [[], []]


@pytest.mark.parametrize("spec", BROKEN, ids=["fails", "unreadable"])
def test_what_a_stand_in_should_replace_goes_although_the_stand_in_cannot_be_shown(desk, mapping, spec):
    asset, stand_in = desk.approved(b"one"), desk.approved(b"two", title="Wide")
    placed = desk.place(asset)
    desk.run()
    change(desk, mapping, spec)
    desk.run()
    desk.placements.recall(desk.actor, asset, "wrong person in it", stand_in)
    desk.run()
    assert desk.shown(placed) == []
    assert states(desk, [placed]) == [("blocked", "mapping_fails")]
    change(desk, mapping, SPEC)
    desk.run()
    assert desk.shown(placed) == [b"two"]
