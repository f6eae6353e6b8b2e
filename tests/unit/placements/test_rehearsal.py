"""What an approval or a clause would change is what then happens, and foreseeing it leaves nothing behind."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from connectors.sdk.errors import AuthExpired
from hub.access.actors import Actor, Role
from hub.catalogue.models import Asset
from hub.clock import DAY
from hub.connections.problems import no_such_connector
from hub.errors import Conflict, Forbidden, Invalid, NotFound
from hub.events.models import Event
from hub.placements.rehearsal import Rehearsal
from hub.review.models import Decision
from hub.rights.models import Term
from tests.faults.model.world import World
from tests.unit.placements.desk import Desk

DENY = {"source": "embargo", "effect": "deny", "channels": (), "territories": (), "use": "both", "document": ""}


@pytest.fixture
def desk(quick, clock):
    return Desk(World(quick, clock))


@pytest.fixture
def rehearsal(desk):
    return Rehearsal(desk.database, desk.clock, desk.world.exchange, "allow", bindings=None)


def rows_of(desk):
    """Everything that a rehearsal might leave behind."""
    with desk.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) for table in (Event, Decision, Term)]


def becomes(impact):
    return sorted(line.becomes.value for line in impact.lines)


def test_an_approval_replaces_what_follows_and_leaves_what_is_pinned(desk, rehearsal):
    asset = desk.approved()
    first = desk.world.newest(asset)
    following = desk.place(asset)
    desk.place(asset, slot="pinned", version_policy="pin", pinned_version_id=first)
    desk.run()
    desk.world.version(asset, b"second")
    before, second = rows_of(desk), desk.world.newest(asset)
    found = rehearsal.approval(desk.actor, second)
    assert becomes(found.first) == ["kept", "updated"]
    assert (found.then, rows_of(desk)) == (None, before)
    assert desk.shown(following) == [b"first"]
    desk.approve(asset, second)
    desk.run()
    assert desk.shown(following) == [b"second"]


def test_the_first_approval_puts_copies_there_that_were_waiting(desk, rehearsal):
    asset = desk.world.asset(b"first")
    copy = desk.place(asset)
    desk.run()
    found = rehearsal.approval(desk.actor, desk.world.newest(asset))
    assert becomes(found.first) == ["published"]
    desk.approve(asset)
    desk.run()
    assert desk.shown(copy) == [b"first"]


def test_a_clause_that_forbids_withdraws_now_and_puts_back_when_it_ends(desk, rehearsal):
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    before, ends = rows_of(desk), desk.clock.now() + 3 * DAY
    found = rehearsal.clause(desk.actor, asset, until_at=ends, **DENY)
    assert (becomes(found.first), becomes(found.then), found.ends_at) == (["withdrawn"], ["published"], ends)
    assert rows_of(desk) == before
    assert desk.rights.terms(desk.actor, asset) == []


def test_a_clause_to_come_is_foreseen_at_its_beginning_and_a_licence_at_its_end(desk, rehearsal):
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    begins = desk.clock.now() + DAY
    found = rehearsal.clause(desk.actor, asset, from_at=begins, **DENY)
    assert (found.begins_at, becomes(found.first)) == (begins, ["withdrawn"])
    licence = {**DENY, "source": "licence", "effect": "allow"}
    found = rehearsal.clause(desk.actor, asset, until_at=begins, **licence)
    assert (becomes(found.first), becomes(found.then)) == (["kept"], ["withdrawn"])


def test_lifting_a_clause_puts_copies_back(desk, rehearsal):
    asset = desk.approved()
    copy = desk.place(asset)
    desk.run()
    term = desk.rights.add_term(desk.actor, asset, source="embargo", effect="deny")
    desk.run()
    assert desk.shown(copy) == []
    found = rehearsal.lifting(desk.actor, term.id)
    assert becomes(found.first) == ["published"]
    assert desk.rights.terms(desk.actor, asset)[0].lifted_at is None


def test_what_the_hub_cannot_do_by_itself_is_said_with_the_reason(desk, rehearsal):
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    from hub.connections.models import Connection

    with desk.database.unit() as session:
        for row in session.scalars(select(Connection)):
            row.state, row.problem = "needs_person", AuthExpired("Sign in again.").message
    [line] = rehearsal.clause(desk.actor, asset, **DENY).first.lines
    assert (line.reachable, line.why) == (False, "Sign in again.")


def test_only_who_may_do_it_may_try_it(desk, rehearsal):
    asset = desk.approved()
    term = desk.rights.add_term(desk.actor, asset, source="embargo", effect="deny")
    viewer = Actor("v", "Vito Vale", Role.VIEWER)
    for trial in (
        lambda: rehearsal.approval(viewer, desk.world.newest(asset)),
        lambda: rehearsal.clause(viewer, asset, **DENY),
        lambda: rehearsal.lifting(viewer, term.id),
    ):
        with pytest.raises(Forbidden):
            trial()
    with pytest.raises(NotFound):
        rehearsal.lifting(desk.actor, "nothing")
    with pytest.raises(Invalid):
        rehearsal.clause(desk.actor, asset, **{**DENY, "effect": "perhaps"})


def test_an_approval_is_foreseen_although_a_connector_is_not_installed_any_more(desk, rehearsal, monkeypatch):
    asset = desk.approved()
    desk.place(asset)
    desk.run()
    desk.world.version(asset, b"second")

    def gone(connector):
        raise no_such_connector(connector)

    monkeypatch.setattr(desk.world.exchange, "manifest", gone)
    (line,) = rehearsal.approval(desk.actor, desk.world.newest(asset)).first.lines
    assert (line.becomes.value, line.reachable) == ("updated", False)
    assert "not installed" in line.why


def test_another_channel_for_a_place_withdraws_what_is_not_licensed_there_as_was_foreseen(desk, rehearsal):
    asset, free = desk.approved(), desk.approved(b"free")
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", channels=["fake"], territories=["DE"])
    copies = [desk.place(asset), desk.place(free)]
    desk.move(territory="DE")
    desk.run()
    before, target = rows_of(desk), desk.world.target_id
    found = rehearsal.moving(desk.actor, target, channel="print", territory=None)
    there = {line.copy.id: (line.becomes.value, line.reachable) for line in found.first.lines}
    assert (found.first.act, there) == ("move", {copies[0]: ("withdrawn", True), copies[1]: ("kept", True)})
    assert becomes(rehearsal.moving(desk.actor, target, channel=None, territory="*").first) == ["kept", "withdrawn"]
    assert becomes(rehearsal.moving(desk.actor, target, channel=None, territory="DE").first) == ["kept", "kept"]
    desk.run()
    assert (rows_of(desk), desk.shown(copies[0])) == (before, [b"first"]), "nothing was kept of it"
    desk.move(channel="print", territory="DE")
    desk.run()
    assert (desk.shown(copies[0]), desk.shown(copies[1])) == ([], [b"free"])
    back = rehearsal.moving(desk.actor, target, channel="fake", territory=None)
    assert becomes(back.first) == ["kept", "published"]


def test_a_successor_stands_in_at_once_where_rights_ended_as_was_foreseen(desk, rehearsal):
    asset, heir = desk.approved(), desk.approved(b"heir")
    copy = desk.place(asset, withdraw_policy="substitute")
    desk.place(asset, slot="alone")
    desk.rights.add_term(desk.actor, asset, source="embargo", effect="deny")
    desk.run()
    before = rows_of(desk)
    found = rehearsal.successor(desk.actor, asset, heir).first
    there = {line.copy.id: (line.becomes.value, line.shows_asset_id) for line in found.lines}
    assert (found.act, there[copy], len(there)) == ("successor", ("published", heir), 2)
    assert (rows_of(desk), desk.catalogue.view(desk.actor, asset).successor_id) == (before, None)
    desk.catalogue.set_successor(desk.actor, asset, heir)
    desk.run()
    assert desk.shown(copy) == [b"heir"]
    other = desk.approved(b"other")
    assert becomes(rehearsal.successor(desk.actor, asset, other).first) == ["nothing_there", "substituted"]
    assert becomes(rehearsal.successor(desk.actor, asset, None).first) == ["nothing_there", "withdrawn"]
    with pytest.raises(Conflict):
        rehearsal.successor(desk.actor, heir, asset)


def test_a_preview_tells_nothing_of_assets_that_the_asker_may_not_see(desk, rehearsal):
    carl = Actor("00000000-0000-7000-8000-000000000009", "Carl Cho", Role.CONTRIBUTOR)
    hidden, own = desk.world.asset(b"never approved"), desk.approved(b"own")
    with desk.database.unit() as session:
        session.get_one(Asset, own).owner_id = carl.id
    desk.catalogue.set_successor(desk.actor, hidden, own)
    desk.place(hidden, slot="launch of product X")
    desk.place(own)
    desk.run()
    seen = {line.copy.asset_id for line in rehearsal.successor(desk.actor, own, None).first.lines}
    assert seen == {hidden, own}
    assert {line.copy.asset_id for line in rehearsal.successor(carl, own, None).first.lines} == {own}


def test_only_who_may_move_a_place_or_name_a_successor_foresees_it(desk, rehearsal):
    asset, editor = desk.approved(), Actor("e", "Ed Ott", Role.EDITOR)
    with pytest.raises(Forbidden):
        rehearsal.moving(editor, desk.world.target_id, channel="print", territory=None)
    with pytest.raises(Forbidden):
        rehearsal.successor(Actor("v", "Vito Vale", Role.VIEWER), asset, None)
    with pytest.raises(NotFound):
        rehearsal.moving(desk.actor, "nowhere", channel="print", territory=None)
    with pytest.raises(Invalid):
        rehearsal.moving(desk.actor, desk.world.target_id, channel=None, territory="XX")
