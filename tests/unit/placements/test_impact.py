"""What an act would change in the channels, told beforehand, is what then happens."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from hub.clock import HOUR
from hub.connections.problems import no_such_connector
from hub.errors import Invalid
from hub.placements.impact import Becomes


def outcome(desk, placement, before):
    """What really became of a copy."""
    copy = desk.copy(placement)
    if before["nothing_sent"] and copy.desired != "substitute":
        return "nothing_there"
    if copy.desired == "absent":
        assert copy.phase == "withdrawn"
        return "withdrawn"
    assert copy.phase == "live"
    return "kept" if copy.desired_asset_id == before["shown"] else "substituted"


def carry_out(desk, act, asset, substitute):
    match act:
        case "recall":
            desk.placements.recall(desk.actor, asset, "a reason", substitute)
        case "archive":
            desk.catalogue.archive(desk.actor, asset)
        case "delete":
            desk.catalogue.delete(desk.actor, asset)
        case "revoke":
            desk.review.revoke(desk.actor, asset)
    desk.run()


def scene(desk, chance):
    """A chain of assets, some of them not usable, each with a copy of its own."""
    chain = [desk.approved(f"asset {n}".encode()) for n in range(4)]
    for each, heir in itertools.pairwise(chain):
        desk.catalogue.set_successor(desk.actor, each, heir)
    copies = [
        desk.place(each, withdraw_policy=chance.choice(["remove", "substitute"]), slot=str(number))
        for number, each in enumerate(chain)
    ]
    early = chance.random() < 0.5
    if early:
        desk.run()
    for each in chain:
        if chance.random() < 0.4:
            desk.rights.add_term(desk.actor, each, source="embargo", effect="deny")
    desk.run()
    return chain, copies


@pytest.mark.parametrize("seed", [8, pytest.param(5, marks=pytest.mark.again)])
@pytest.mark.parametrize("act", ["recall", "recall with substitute", "archive", "delete", "revoke"])
def test_the_preview_is_what_then_happens(quick_desk, act, seed):
    desk, chance = quick_desk, random.Random(seed)
    chain, copies = scene(desk, chance)
    asset = chain[chance.randrange(3)]
    act, _, offered = act.partition(" with ")
    substitute = desk.approved(b"offered") if offered else None
    before = {
        each: {"shown": desk.copy(each).desired_asset_id, "nothing_sent": not tried(desk, each)} for each in copies
    }
    seen = desk.placements.impact(desk.actor, asset, act, substitute)
    foretold = {line.copy.id: line for line in seen.lines}
    carry_out(desk, act, asset, substitute)
    for placement in copies:
        if placement not in foretold:
            assert outcome(desk, placement, before[placement]) in {"kept", "nothing_there", "withdrawn"}
            continue
        line = foretold[placement]
        copy = desk.copy(placement)
        assert line.becomes.value == outcome(desk, placement, before[placement])
        assert line.shows_asset_id == copy.desired_asset_id
    assert sum(seen.count(each) for each in Becomes) == len(seen.lines)


def tried(desk, placement):
    return bool(desk.placements.evidence(desk.actor, placement)[1])


def test_looking_ahead_changes_nothing(desk):
    asset = desk.approved()
    placement = desk.place(asset)
    desk.run()
    before = desk.copy(placement)
    for act, substitute in itertools.product(["recall", "archive", "delete", "revoke"], [None, desk.approved(b"x")]):
        desk.placements.impact(desk.actor, asset, act, substitute)
    assert desk.copy(placement) == before
    assert desk.tick() == 0


@pytest.mark.parametrize("state", ["needs_person", "off"])
def test_a_copy_behind_a_dead_connection_is_told_as_not_reachable(desk, state):
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    assert [line.reachable for line in desk.placements.impact(desk.actor, asset, "recall").lines] == [True]
    from sqlalchemy import update

    from hub.connections.models import Connection

    with desk.database.unit() as session:
        session.execute(update(Connection).values(state=state))
    assert [line.reachable for line in desk.placements.impact(desk.actor, asset, "recall").lines] == [False]


def test_an_act_that_nobody_knows_is_refused(quick_desk):
    with pytest.raises(Invalid) as refused:
        quick_desk.placements.impact(quick_desk.actor, quick_desk.approved(), "burn")
    assert refused.value.code == "act_unknown"


@pytest.mark.parametrize("act", ["recall", "archive", "delete", "revoke"])
def test_a_copy_of_a_connector_that_is_not_installed_any_more_is_told_of(quick_desk, act, monkeypatch):
    desk, asset = quick_desk, quick_desk.approved()
    desk.place(asset)
    desk.run()

    def gone(connector):
        raise no_such_connector(connector)

    monkeypatch.setattr(desk.world.exchange, "manifest", gone)
    (line,) = desk.placements.impact(desk.actor, asset, act).lines
    assert (line.becomes, line.reachable) == (Becomes.WITHDRAWN, False)
    assert "not installed" in line.why


@pytest.mark.parametrize("act", ["recall", "archive", "delete", "revoke"])
def test_what_is_out_and_cannot_be_taken_back_is_told_before(quick_desk, act):
    desk, exchange = quick_desk, quick_desk.world.exchange
    exchange.declared = replace(exchange.declared, stays_once_out="What is out stays out: do it at the network.")
    desk.remote.keeps_what_is_out = True
    asset, soon = desk.approved(), desk.clock.now() + HOUR
    out, waits = desk.place(asset), desk.place(asset, slot="later", publish_at=soon)
    desk.run()
    lines = {line.copy.id: line for line in desk.placements.impact(desk.actor, asset, act).lines}
    assert (lines[out].reachable, lines[out].why) == (False, "What is out stays out: do it at the network.")
    assert (lines[waits].reachable, lines[waits].why) == (True, ""), "what is not out yet can be stopped"
    desk.placements.recall(desk.actor, asset, "The licence ended.")
    desk.run()
    assert (desk.copy(out).problem_code, desk.copy(waits).phase) == ("already_published", "waiting")
