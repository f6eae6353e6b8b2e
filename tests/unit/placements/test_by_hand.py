"""Where publishing is a person's act, each time that somebody asks is good for one publication."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.sdk.manifest import Capability


@pytest.fixture
def network(desk):
    """A remote where nothing is replaced and posting is a person's act."""
    exchange = desk.world.exchange
    declared = exchange.declared
    without = {name: able for name, able in declared.abilities.items() if name is not Capability.REPLACE}
    exchange.declared = replace(declared, abilities=without, by_hand=True)
    return desk


def published(desk):
    return [deed.act for deed in desk.remote.ledger].count("publish")


def test_who_takes_back_and_changes_their_mind_at_once_has_asked_for_no_second_post(network):
    desk = network
    asset = desk.approved(b"one")
    placed = desk.place(asset)
    desk.run()
    desk.placements.take_back(desk.actor, placed)
    desk.place(asset)
    desk.run()
    assert (desk.copy(placed).phase, published(desk)) == ("live", 1)
    desk.world.version(asset, b"two")
    desk.approve(asset)
    desk.run()
    assert (desk.copy(placed).problem_code, published(desk)) == ("by_hand", 1)
    desk.placements.retry(desk.actor, placed)
    desk.run()
    assert (desk.shown(placed), published(desk)) == ([b"two"], 2)


def test_what_was_withdrawn_and_is_wanted_again_is_posted_once_more(network):
    desk = network
    asset = desk.approved(b"one")
    placed = desk.place(asset)
    desk.run()
    desk.placements.take_back(desk.actor, placed)
    desk.run()
    desk.place(asset)
    desk.run()
    assert (desk.copy(placed).phase, published(desk)) == ("live", 2)
