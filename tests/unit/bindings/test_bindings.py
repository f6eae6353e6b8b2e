"""Cards like these show assets like those: what is planned, what leaves, what people decide, what is remembered."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from connectors.sdk.errors import Unreachable
from hub.access.actors import Actor, Role
from hub.clock import DAY, HOUR, MINUTE
from hub.errors import Conflict, Forbidden, HubError, Invalid, NotFound
from hub.notify.kinds import KINDS
from hub.notify.messages import message_of
from hub.placements.bindings.cards import EVERY_MS
from hub.placements.bindings.rules import Names, Source, Takes
from hub.placements.bindings.service import BindingWish
from hub.placements.models import UsePlace
from tests.unit.bindings.conftest import BOARD

ROOM = "quick_room"


@pytest.fixture
def desk(quick_room):
    return quick_room


def test_a_rehearsal_writes_nothing_and_says_what_would_come(desk):
    asset = desk.of_campaign(b"spring")
    waits = desk.of_campaign(b"draft", approve=False)
    desk.wall.deal("c1", "Poster")
    desk.wall.deal("c2", "Flyer")
    desk.wall.deal("c3", "Elsewhere", lies={BOARD: "todo"})
    binding = desk.bind(live=False)
    told = desk.bindings.rehearse(desk.actor, binding)
    assert (told.cards, told.added, told.there, told.waiting, told.unknown) == (2, 2, 0, 2, 0)
    assert {line.title for line in told.lines} == {"Poster", "Flyer"}
    assert {(link.asset_id, link.becomes) for link in told.lines[0].links} == {(asset, "added"), (waits, "waits")}
    desk.plan()
    assert desk.rows("c1") == []


def test_cards_get_the_approved_assets_of_a_campaign_and_those_that_are_approved_later(desk):
    first, second = desk.of_campaign(b"first"), desk.of_campaign(b"second", approve=False)
    desk.wall.deal("c1")
    desk.bind()
    desk.work()
    assert set(desk.links("c1")) == {first}
    assert desk.links("c1")[first].phase == "live"
    desk.approve(second)
    desk.work()
    assert set(desk.links("c1")) == {first, second}
    desk.wall.deal("c2", "Came later")
    desk.clock.advance(EVERY_MS)
    desk.work()
    assert set(desk.links("c2")) == {first, second}


def test_what_leaves_the_set_leaves_the_cards_and_may_come_back(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    desk.bind()
    desk.work()
    desk.describe(asset, campaign="Autumn")
    desk.work()
    [row] = desk.rows("c1")
    assert (row.wanted, row.released, row.phase) == (False, True, "withdrawn")
    desk.describe(asset, campaign="Spring")
    desk.work()
    assert desk.links("c1")[asset].phase == "live"
    assert len(desk.rows("c1")) == 1


def test_approval_that_is_taken_back_takes_the_link_away_and_not_the_wish(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    desk.bind()
    desk.work()
    desk.review.revoke(desk.actor, asset, note="Not like this.")
    desk.work()
    assert (desk.links("c1")[asset].phase, desk.shown(desk.links("c1")[asset].id)) == ("withdrawn", [])


def test_a_card_that_is_not_taken_any_more_loses_its_links(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    desk.bind()
    desk.work()
    assert asset in desk.links("c1")
    desk.wall.change("c1", labels=())
    desk.clock.advance(EVERY_MS)
    desk.work()
    assert desk.links("c1") == {}


def test_a_link_that_somebody_removed_there_is_remembered(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    binding = desk.bind()
    desk.work()
    row = desk.links("c1")[asset]
    for entry in list(desk.remote.living(row.marker)):
        desk.remote.remove(next(ref for ref, each in desk.remote.entries.items() if each is entry), by="them")
    for _ in range(3):
        desk.clock.advance(2 * DAY)
        desk.work()
    assert [(each.settled_reason, each.wanted) for each in desk.rows("c1")] == [("removed_there", True)]
    assert desk.bindings.rehearse(desk.actor, binding).refused == 1
    desk.describe(asset, campaign="Autumn")
    desk.work()
    desk.describe(asset, campaign="Spring")
    desk.work()
    assert len(desk.rows("c1")) == 1, "not even after it left the set and came back"
    placed = desk.placements.place(desk.actor, asset, row.target_id)
    desk.work()
    assert desk.links("c1")[asset].id == placed.id, "a person may say so"


def test_a_link_that_somebody_took_back_here_is_remembered_too(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    desk.bind()
    desk.work()
    desk.placements.take_back(desk.actor, desk.links("c1")[asset].id)
    for _ in range(45):
        desk.clock.advance(DAY)
        desk.work()
    assert [row.settled_reason for row in desk.rows("c1")] == ["withdrawn"]


def test_a_binding_remembers_what_people_call_the_places_it_asks_for(desk):
    made = desk.bind(
        takes=Takes(lists=("design",), labels=("launch",), field="codes", done_lists=("finished", "unheard of")),
        names=Names(field="codes"), live=False,
    )  # fmt: skip
    view = desk.bindings.view(desk.actor, made)
    assert view.called == {"design": "Design", "launch": "Launch", "codes": "Codes", "finished": "Finished"}


def test_a_finished_card_keeps_its_links_and_its_use_is_recorded_once(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1", "Poster")
    desk.bind(takes=Takes(lists=("design",), done_lists=("finished",)))
    desk.work()
    desk.wall.change("c1", lies={BOARD: "finished"})
    desk.clock.advance(EVERY_MS)
    desk.work()
    later = desk.of_campaign(b"later")
    desk.describe(asset, campaign="Autumn")
    desk.clock.advance(EVERY_MS)
    desk.work()
    assert set(desk.links("c1")) == {asset}, "nothing comes, and nothing goes"
    assert later not in desk.links("c1")
    with desk.database.read() as session:
        [use] = session.query(UsePlace).all()
    assert (use.kind, use.label, use.url) == ("finished_card", "Poster", "https://cards.example/c1")
    [told] = desk.events("usage.recorded")
    Draft202012Validator(KINDS[told.kind].schema()).validate(json.loads(message_of(told)))
    assert (told.subject, told.body["asset_id"]) == (desk.links("c1")[asset].id, asset)


def test_a_rehearsal_tells_what_a_finished_card_does_not_get_from_what_waits_for_approval(desk):
    desk.of_campaign(b"first")
    desk.wall.deal("c1", lies={BOARD: "finished"})
    desk.of_campaign(b"draft", approve=False)
    told = desk.bindings.rehearse(
        desk.actor, desk.bind(takes=Takes(lists=("finished",), done_lists=("finished",)), live=False)
    )
    assert (told.cards, told.added, told.waiting) == (1, 0, 1)
    assert sorted(link.becomes for link in told.lines[0].links) == ["left", "waits"]


def test_an_archived_card_is_done_and_a_deleted_one_is_gone(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    desk.wall.deal("c2")
    desk.bind()
    desk.work()
    desk.wall.archived.add("c1")
    del desk.wall.lying["c2"]
    desk.clock.advance(EVERY_MS)
    desk.work()
    assert [event.body["asset_id"] for event in desk.events("usage.recorded")] == [asset]
    assert asset in desk.links("c1")
    assert desk.links("c2") == {}


def test_cards_name_what_they_show_by_code_and_unknown_codes_are_told(desk):
    one, other = desk.approved(b"one"), desk.approved(b"other")
    code = desk.code(one)
    desk.wall.deal("c1", f"Poster {code.lower()}", text=f"https://hub.example/assets/{desk.code(other)} and DAM-99999")
    binding = desk.bind(source=Source(), names=Names(title=True, text=True), live=False)
    told = desk.bindings.rehearse(desk.actor, binding)
    assert (told.added, told.unknown, told.lines[0].unknown) == (2, 1, ("DAM-99999",))
    desk.bindings.start(desk.actor, binding)
    desk.work()
    assert set(desk.links("c1")) == {one, other}
    desk.wall.change("c1", title="Poster")
    desk.clock.advance(EVERY_MS)
    desk.work()
    assert set(desk.links("c1")) == {other}


def test_codes_count_only_within_the_set_where_there_is_one(desk):
    inside, outside = desk.of_campaign(b"inside"), desk.approved(b"outside")
    desk.wall.deal("c1", fields={"codes": f"{desk.code(inside)}, {desk.code(outside)}"})
    binding = desk.bind(names=Names(field="codes"))
    desk.work()
    assert set(desk.links("c1")) == {inside}
    assert desk.bindings.rehearse(desk.actor, binding).lines[0].unknown == (desk.code(outside),)


def test_a_collection_and_a_saved_search_are_sets(desk):
    collected, found = desk.approved(b"collected"), desk.approved(b"found")
    made = desk.catalogue.make_collection(desk.actor, "Launch")
    desk.catalogue.collect(desk.actor, made.id, [collected])
    desk.wall.deal("c1")
    desk.bind(source=Source("collection", made.id))
    desk.found = [found]
    desk.bind(name="Searched", source=Source("saved", "launch"))
    desk.work()
    assert set(desk.links("c1")) == {collected, found}
    desk.catalogue.uncollect(desk.actor, made.id, [collected])
    desk.work()
    assert set(desk.links("c1")) == {found}


def test_a_search_that_cannot_be_asked_lets_nothing_go(desk):
    asset = desk.approved(b"found")
    desk.wall.deal("c1")
    desk.found = [asset]
    binding = desk.bind(source=Source("saved", "launch"))
    desk.work()

    def broken(words, filters):
        raise HubError("search_unavailable", "No.")

    desk.bindings._finder = broken
    desk.clock.advance(EVERY_MS)
    desk.work()
    assert set(desk.links("c1")) == {asset}
    with pytest.raises(HubError, match="cannot be asked"):
        desk.bindings.rehearse(desk.actor, binding)


def test_an_asset_that_two_bindings_ask_for_stands_once_and_goes_with_the_last(desk):
    asset = desk.of_campaign(b"spring")
    desk.describe(asset, project="Launch")
    desk.wall.deal("c1")
    desk.bind()
    desk.bind(name="Other", source=Source("project", "Launch"))
    desk.work()
    assert len(desk.rows("c1")) == 1
    desk.describe(asset, campaign="Autumn")
    desk.work()
    assert [(row.wanted, row.phase) for row in desk.rows("c1")] == [(True, "live")]
    desk.describe(asset, project="None")
    desk.work()
    assert desk.links("c1") == {}


def test_a_paused_binding_adds_nothing_and_lets_nothing_go(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    binding = desk.bind()
    desk.work()
    desk.bindings.pause(desk.actor, binding)
    desk.of_campaign(b"later")
    desk.describe(asset, campaign="Autumn")
    desk.work()
    assert set(desk.links("c1")) == {asset}
    desk.bindings.start(desk.actor, binding)
    desk.work()
    assert asset not in desk.links("c1")
    assert len(desk.links("c1")) == 1


@pytest.mark.parametrize(("links", "stays"), [("remove", False), ("keep", True)])
def test_an_ended_binding_leaves_its_links_or_takes_them_along(desk, links, stays):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    binding = desk.bind()
    desk.work()
    desk.bindings.end(desk.actor, binding, links)
    desk.work()
    assert (asset in desk.links("c1")) is stays
    with pytest.raises(Conflict, match="has ended"):
        desk.bindings.start(desk.actor, binding)


def test_a_copy_that_a_person_placed_is_left_alone(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    binding = desk.bind(live=False)
    from hub.connections.models import Target

    with desk.database.read() as session:
        target = session.query(Target).filter_by(external_ref="c1").one().id
    desk.place(asset, target)
    desk.bindings.start(desk.actor, binding)
    desk.work()
    desk.describe(asset, campaign="Autumn")
    desk.work()
    assert [(row.binding_id, row.wanted) for row in desk.rows("c1")] == [(None, True)]


def test_a_card_that_is_heard_of_is_read_alone_and_strange_names_are_forgotten(desk):
    asset = desk.of_campaign(b"spring")
    desk.bind()
    desk.work()
    desk.wall.deal("c9", "New")
    desk.wall.asked.clear()
    _hint(desk, cards=["c9", "nonsense"])
    desk.plan()
    assert desk.wall.asked == [("card", "c9"), ("card", "nonsense")]
    desk.work()
    assert asset in desk.links("c9")
    desk.wall.asked.clear()
    desk.plan()
    assert desk.wall.asked == []


def test_what_is_only_about_cards_puts_no_copy_in_doubt(desk):
    desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    desk.bind()
    desk.work()
    _hint(desk, cards=["c1"])
    desk.placements.plan("w")
    assert {row.observed for row in desk.rows("c1")} == {"present"}


def test_a_board_that_cannot_be_read_is_told_and_tried_again(desk):
    asset = desk.of_campaign(b"spring")
    desk.wall.deal("c1")
    desk.wall.fails = Unreachable("down")
    binding = desk.bind()
    assert desk.bindings.view(desk.actor, binding).problem
    assert desk.links("c1") == {}
    desk.wall.fails = None
    desk.clock.advance(HOUR)
    desk.work()
    assert desk.bindings.view(desk.actor, binding).problem == ""
    assert asset in desk.links("c1")


def test_half_a_listing_takes_nothing_away(desk):
    asset = desk.of_campaign(b"spring")
    for number in range(5):
        desk.wall.deal(f"c{number}")
    desk.bind()
    desk.work()
    desk.wall.fails = Unreachable("down")
    desk.clock.advance(EVERY_MS)
    desk.work()
    assert all(asset in desk.links(f"c{number}") for number in range(5))


def test_the_account_is_asked_to_tell_of_the_board_once(desk):
    desk.bind()
    desk.clock.advance(EVERY_MS + MINUTE)
    desk.plan()
    assert len(desk.listened) == 1
    [place] = [row for row in _targets(desk) if row.id == desk.listened[0]]
    assert (place.kind, place.external_ref) == ("card_board", BOARD)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"name": " "}, "bad_binding"),
        ({"source": Source()}, "bad_binding"),
        ({"source": Source("campaign", " ")}, "bad_binding"),
        ({"source": Source("saved", "")}, "bad_binding"),
        ({"withdraw_policy": "burn"}, "bad_binding"),
        ({"source": Source("collection", "nothing")}, "no_such_collection"),
        ({"remote_id": "nowhere"}, "no_such_account"),
        ({"takes": Takes(words="x" * 501)}, "bad_binding"),
    ],
)
def test_what_makes_no_sense_is_refused(desk, wish, code):
    values = {"name": "N", "remote_id": desk.world.remote_id, "board": BOARD, "source": Source("campaign", "Spring")}
    with pytest.raises((Invalid, NotFound)) as refused:
        desk.bindings.make(desk.actor, BindingWish(**{**values, **wish}))
    assert refused.value.code == code


def test_only_those_who_may_place_see_or_make_bindings(desk):
    binding = desk.bind()
    viewer = Actor("v", "Vera", Role.VIEWER)
    for act in (
        lambda: desk.bindings.list(viewer), lambda: desk.bindings.view(viewer, binding),
        lambda: desk.bindings.rehearse(viewer, binding), lambda: desk.bindings.start(viewer, binding),
        lambda: desk.bindings.end(viewer, binding, "keep"), lambda: desk.bindings.boards(viewer, desk.world.remote_id),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound, match="no such binding"):
        desk.bindings.view(desk.actor, "nothing")
    with pytest.raises(Invalid):
        desk.bindings.end(desk.actor, binding, "burn")


def _hint(desk, **said):
    from hub.events.log import emit

    with desk.database.unit() as session:
        body = {"remote_id": desk.world.remote_id, "refs": [], "kind": "x", **said}
        emit(session, "remote.hint", desk.world.remote_id, actor="connector:fake", body=body)


def _targets(desk):
    from hub.connections.models import Target

    with desk.database.read() as session:
        return session.query(Target).all()
