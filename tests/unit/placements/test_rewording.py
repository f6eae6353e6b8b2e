"""Before other texts are saved, it is said which copies say them, which cannot, and what of them is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.access.actors import Actor, Role
from hub.clock import DAY
from hub.connections.problems import no_such_connector
from hub.errors import Forbidden, Invalid, NotFound
from hub.placements.rewording import ONCE, THEIRS, Says
from mappings.engine import parse_spec
from tests.faults.model.remote import manifest
from tests.faults.model.world import World
from tests.unit.placements.desk import Desk
from tests.unit.placements.test_rehearsal import rows_of


@pytest.fixture
def desk(quick, clock):
    return Desk(World(quick, clock))


def foreseen(desk, asset, **values):
    before, fields = rows_of(desk), desk.catalogue.view(desk.actor, asset).fields
    found = desk.placements.rewording.texts(desk.actor, asset, values)
    assert (rows_of(desk), desk.catalogue.view(desk.actor, asset).fields) == (before, fields), "nothing is kept"
    return found


def says(found):
    return {line.copy.id: line.says.value for line in found.lines}


def lost(found):
    return {(each.field, each.why) for line in found.lines for each in line.lost}


def test_what_stands_there_follows_and_what_waits_says_it_later(desk):
    asset = desk.approved()
    stands = desk.place(asset)
    desk.run()
    waits = desk.place(asset, slot="later", publish_at=desk.clock.now() // 1000 * 1000 + DAY)
    gone = desk.place(asset, slot="gone")
    desk.run()
    desk.placements.take_back(desk.actor, gone)
    desk.run()
    found = foreseen(desk, asset, title="Evening at the lake")
    assert (found.fields, lost(found)) == (("title",), set())
    assert says(found) == {stands: "follows", waits: "later"}, "what is away says nothing any more"
    desk.catalogue.edit(desk.actor, asset, {"title": "Evening at the lake"})
    desk.run()
    (entry,) = desk.remote.living(desk.world.row(stands).marker)
    assert entry.fields["title"] == "Evening at the lake"


def test_the_same_texts_change_nothing_and_ask_nobody(desk):
    asset = desk.approved(title="Lake")
    desk.place(asset)
    desk.run()
    title = desk.catalogue.view(desk.actor, asset).fields["title"]
    assert foreseen(desk, asset, title=title) == foreseen(desk, asset)
    assert foreseen(desk, asset).fields == ()


def test_a_field_without_a_place_and_one_that_people_there_own_stay_and_it_is_said(desk):
    asset = desk.approved()
    copy = desk.place(asset)
    desk.run()
    found = foreseen(desk, asset, description="At night")
    assert (says(found), lost(found)) == ({copy: "kept"}, {("description", "this channel has no field for it")})
    found = foreseen(desk, asset, credit="Ada", title="Night")
    assert (says(found), lost(found)) == ({copy: "follows"}, {("credit", THEIRS)})


def test_what_is_given_once_is_kept_and_what_is_too_long_is_cut(quick, clock):
    declared = replace(manifest(), said_once=("alt",))
    desk = Desk(World(quick, clock, declared=declared))
    text = "spec: 1\nconnector: fake\nfields: [{field: title, remote: title, owner: dam, max_length: 10}, "
    spec = parse_spec(text + "{field: alt_text, remote: alt, owner: dam}]")
    object.__setattr__(desk.placements._around, "specs", lambda *_: spec)
    asset = desk.approved()
    copy = desk.place(asset)
    desk.run()
    found = foreseen(desk, asset, alt_text="A lake at night")
    assert (says(found), lost(found)) == ({copy: "kept"}, {("alt_text", ONCE)})
    found = foreseen(desk, asset, title="A title of many words")
    assert (says(found), lost(found)) == ({copy: "follows"}, {("title", "21 characters, 10 are taken")})


def test_a_copy_that_cannot_be_changed_now_needs_a_person_and_says_why(desk):
    from connectors.sdk.errors import AuthExpired

    asset = desk.approved()
    desk.place(asset)
    desk.run()
    desk.refuse(AuthExpired("sign in again"))
    (line,) = foreseen(desk, asset, title="Night").lines
    assert (line.says, line.why) == (Says.PERSON, "Its account needs somebody to sign in again.")


def test_a_copy_whose_connector_is_gone_needs_a_person(desk, monkeypatch):
    asset = desk.approved()
    desk.place(asset)
    desk.run()

    def gone(name):
        raise no_such_connector(name)

    monkeypatch.setattr(desk.world.exchange, "manifest", gone)
    (line,) = foreseen(desk, asset, title="Night").lines
    assert (line.says, "not installed" in line.why) == (Says.PERSON, True)


def test_only_who_may_edit_foresees_and_only_what_could_be_saved(desk):
    asset = desk.approved()
    room = desk.placements.rewording
    with pytest.raises(Forbidden):
        room.texts(Actor("v", "Vito Vale", Role.VIEWER), asset, {"title": "Night"})
    with pytest.raises(Invalid):
        room.texts(desk.actor, asset, {"colour": "blue"})
    with pytest.raises(Invalid):
        room.texts(desk.actor, asset, {"title": "Night"}, language="klingonese-x")
    with pytest.raises(NotFound):
        room.texts(desk.actor, "nothing", {"title": "Night"})
