"""Two writers hammer each service at the same time: every change that was answered with success is there afterwards."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from hub.access.actors import Role
from hub.connections.models import Connection, Remote, Target
from hub.connections.recognising import Known
from hub.errors import Conflict, HubError, Stale
from hub.events.models import Event
from hub.notify.endpoints import valid_secrets
from hub.notify.models import Endpoint
from hub.placements.models import Placement, Recall
from hub.review.models import Approved, Decision
from hub.rights.models import Term, Usability
from tests.unit.connections.fakevendor import APP_SECRET, KEY

EACH = 8
TWO = ("ada", "ben")
CODES = ("AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU")


def hammer(change, each=EACH):
    """Let two threads make changes as fast as they can; return what each was answered, refusals too."""
    start = threading.Barrier(len(TWO))

    def write(who):
        start.wait(30)
        return [answer(change, who, number) for number in range(each)]

    with ThreadPoolExecutor(len(TWO)) as pool:
        return dict(zip(TWO, pool.map(write, TWO), strict=True))


def answer(change, who, number):
    """Make one change; whoever is told that somebody else was faster loads again and repeats it."""
    for _ in range(500):
        try:
            return change(who, number)
        except Stale:
            continue
        except HubError as refused:
            return refused
    raise AssertionError("never got through")


def count(rooms, *criteria, of):
    with rooms.database.read() as session:
        return session.scalar(select(func.count()).select_from(of).where(*criteria))


def events(rooms, kind):
    return count(rooms, Event.kind == kind, of=Event)


def test_metadata_that_two_people_count_up_loses_no_count(rooms):
    asset = rooms.desk.world.asset(title="0")

    def up(who, number):
        view = rooms.catalogue.view(rooms.actor, asset)
        return rooms.catalogue.edit(
            rooms.actor, asset, {"title": str(int(view.title) + 1)}, expected_revision=view.revision
        )

    hammer(up)
    assert rooms.catalogue.view(rooms.actor, asset).title == str(2 * EACH)


def test_two_fields_of_one_asset_are_both_kept(rooms):
    asset = rooms.desk.world.asset()
    fields = {"ada": "credit", "ben": "creator"}
    hammer(lambda who, number: rooms.catalogue.edit(rooms.actor, asset, {fields[who]: f"{who} {number}"}))
    values = rooms.catalogue.view(rooms.actor, asset).fields
    assert (values["credit"], values["creator"]) == (f"ada {EACH - 1}", f"ben {EACH - 1}")


def test_two_languages_of_one_field_are_both_kept(rooms):
    asset = rooms.desk.world.asset(title="Logo")
    languages = {"ada": "de", "ben": "pt-BR"}
    hammer(
        lambda who, number: rooms.catalogue.edit(
            rooms.actor, asset, {"title": f"{who} {number}"}, language=languages[who]
        )
    )
    view = rooms.catalogue.view(rooms.actor, asset)
    assert view.translations == {tag: {"title": f"{who} {EACH - 1}"} for who, tag in languages.items()}
    assert view.title == "Logo"
    assert events(rooms, "asset.metadata_changed") == 2 * EACH + 1


def test_collections_hold_everything_that_was_put_in_and_each_only_once(rooms):
    made = rooms.catalogue.make_collection(rooms.actor, "Spring")
    assets = [rooms.desk.world.asset(f"{n}".encode()) for n in range(EACH)]
    counted = hammer(lambda who, number: rooms.catalogue.collect(rooms.actor, made.id, [assets[number]]))
    [collection] = rooms.catalogue.collections(rooms.actor)
    assert sorted(collection.asset_ids) == sorted(assets)
    assert sum(counted["ada"]) + sum(counted["ben"]) == EACH


def test_collections_that_two_people_make_are_all_there(rooms):
    hammer(lambda who, number: rooms.catalogue.make_collection(rooms.actor, f"{who} {number}"))
    assert len(rooms.catalogue.collections(rooms.actor)) == 2 * EACH


def test_terms_and_the_answers_that_rest_on_them_are_all_kept(rooms):
    asset = rooms.desk.world.asset()
    territories = {"ada": list(CODES[:EACH]), "ben": list(CODES[EACH:])}
    made = hammer(
        lambda who, number: rooms.rights.add_term(
            rooms.actor, asset, source="licence", effect="allow", territories=[territories[who][number]]
        )
    )
    everywhere = {*territories["ada"], *territories["ben"]}
    with rooms.database.read() as session:
        allowed = set(
            session.scalars(
                select(Usability.territory).where(Usability.asset_id == asset, Usability.verdict.is_(True)).distinct()
            )
        )
    assert allowed == everywhere
    terms = {who: [term.id for term in mine] for who, mine in made.items()}
    hammer(lambda who, number: rooms.rights.lift_term(rooms.actor, terms[who][number]))
    assert count(rooms, Term.lifted_at.is_(None), of=Term) == 0
    assert count(rooms, Usability.asset_id == asset, of=Usability) == 0
    assert events(rooms, "rights.changed") == 4 * EACH


def test_decisions_of_two_approvers_are_all_on_record_and_the_last_one_holds(rooms):
    asset = rooms.desk.world.asset(b"one")
    versions = {"ada": rooms.desk.world.newest(asset)}
    rooms.desk.world.version(asset, b"two")
    versions["ben"] = rooms.desk.world.newest(asset)
    hashes = {who: rooms.desk.sha256_of(version) for who, version in versions.items()}
    hammer(lambda who, number: rooms.review.approve(rooms.actor, versions[who], sha256=hashes[who]))
    with rooms.database.read() as session:
        decisions = list(session.scalars(select(Decision).order_by(Decision.id)))
        held = session.get_one(Approved, asset)
        told = list(session.scalars(select(Event).where(Event.kind == "asset.approved").order_by(Event.seq)))
    assert [each.version_id for each in decisions] == [each.body["version_id"] for each in told]
    assert held.decision_id == decisions[-1].id
    assert all(one.version_id != other.version_id for one, other in pairwise(decisions))


def test_people_are_added_once_and_roles_are_never_half_changed(rooms):
    def join(who, number):
        email = f"person-{number}@dam.test"
        return rooms.access.create_user(
            rooms.actor, email=email, name=who, role=Role.VIEWER, password="correct horse battery"
        )

    answers = hammer(join)
    refused = [each for mine in answers.values() for each in mine if isinstance(each, Conflict)]
    assert {each.code for each in refused} == {"email_taken"}
    assert len(refused) == EACH
    people = [user for user in rooms.access.users(rooms.actor) if user.id != rooms.actor.id]
    assert len(people) == EACH

    roles = {"ada": Role.EDITOR, "ben": Role.CONTRIBUTOR}
    hammer(lambda who, number: rooms.access.set_role(rooms.actor, people[number % 2].id, roles[who]))
    with rooms.database.read() as session:
        told = list(session.scalars(select(Event).where(Event.kind == "access.role_changed").order_by(Event.seq)))
    last = {event.subject: event.body["to"] for event in told}
    now = {user.id: user.role for user in rooms.access.users(rooms.actor)}
    assert {person.id: now[person.id] for person in people[:2]} == last


def test_tokens_are_all_there_and_all_gone(rooms):
    made = hammer(lambda who, number: rooms.access.issue_token(rooms.actor, label=who, scopes=["read"], days=1))
    tokens = rooms.access.list_tokens(rooms.actor)
    assert Counter(token.label for token in tokens) == {"ada": EACH, "ben": EACH}
    ids = [token_id for token_id, _ in made["ada"]]
    hammer(lambda who, number: rooms.access.revoke_token(rooms.actor, ids[number]))
    living = [token for token in rooms.access.list_tokens(rooms.actor) if token.revoked_at is None]
    assert {token.label for token in living} == {"ben"}
    assert all(rooms.access.token_actor(secret) is None for _, secret in made["ada"])
    assert all(rooms.access.token_actor(secret) is not None for _, secret in made["ben"])


def test_one_account_connected_by_two_is_one_remote_and_one_connection(rooms):
    def connect(who, number):
        secrets = {"key": KEY, "app_secret": APP_SECRET}
        room = rooms.connections
        return room.connect(rooms.actor, "tiny", auth="key", settings={}, secrets=secrets, known=Known.RENEW).id

    made = hammer(connect)
    ids = {one for one in (*made["ada"], *made["ben"]) if isinstance(one, str)}
    assert len(ids) == 1
    assert {one.code for one in (*made["ada"], *made["ben"]) if not isinstance(one, str)} <= {"connected_meanwhile"}
    assert count(rooms, Remote.connector == "tiny", of=Remote) == 1
    (only,) = ids
    assert count(rooms, Connection.id == only, of=Connection) == 1
    hammer(lambda who, number: rooms.connections.refresh_targets(rooms.actor, only))
    remote = rooms.connections.view(rooms.actor, only).remote_id
    refs = [target.ref for target in rooms.connections.targets(rooms.actor, remote)]
    assert len(refs) == len(set(refs)) > 0
    hammer(lambda who, number: rooms.connections.pause(rooms.actor, only))
    assert rooms.connections.view(rooms.actor, only).state == "off"


def test_of_settings_that_two_change_none_is_lost(rooms):
    secrets = {"key": KEY, "app_secret": APP_SECRET}
    made = rooms.connections.connect(rooms.actor, "tiny", auth="key", settings={}, secrets=secrets)

    def change(who, number):
        seen = rooms.connections.settings(rooms.actor, made.id).number
        return rooms.connections.change_settings(
            rooms.actor, made.id, {"label": f"{who} {number}"}, seen=seen
        )  # fmt: skip

    answers = [one for given in hammer(change).values() for one in given]
    counted = [one for one in answers if not isinstance(one, HubError)]
    assert {one.code for one in answers if isinstance(one, HubError)} <= {"settings_changed"}
    assert rooms.connections.settings(rooms.actor, made.id).number == len(counted) > 0
    assert events(rooms, "connection.settings_changed") == len(counted)


def test_places_count_every_change(rooms):
    target = rooms.desk.world.target_id
    hammer(
        lambda who, number: rooms.connections.set_target(rooms.actor, target, channel=who, territory="*", lead_s=number)
    )
    with rooms.database.read() as session:
        row = session.get_one(Target, target)
        told = session.scalar(select(func.count()).select_from(Event).where(Event.kind == "target.changed"))
    assert told == 2 * EACH
    assert (row.channel, row.lead_s) in {(who, EACH - 1) for who in TWO}


def test_endpoints_are_all_there_and_the_last_secret_holds(rooms):
    def add(who, number):
        return rooms.notify.add_endpoint(rooms.actor, f"https://{who}.example.org/{number}", ["asset.approved"])

    made = hammer(add)
    assert len(rooms.notify.list(rooms.actor)) == 2 * EACH
    endpoint, first = made["ada"][0]
    given = hammer(lambda who, number: rooms.notify.rotate(rooms.actor, endpoint.id))
    with rooms.database.read() as session:
        row = session.get_one(Endpoint, endpoint.id)
    newest, before = valid_secrets(rooms.keyring, row.id, row.sealed_secrets, at=rooms.clock.now())
    every = [*given["ada"], *given["ben"]]
    assert len({first, *every}) == 2 * EACH + 1
    assert {newest, before} <= set(every)
    assert newest in {given["ada"][-1], given["ben"][-1]}


def test_copies_wanted_by_two_are_made_once_each(rooms):
    asset = rooms.desk.approved()
    target = rooms.desk.world.target_id
    made = hammer(lambda who, number: rooms.placements.place(rooms.actor, asset, target, slot=str(number)))
    assert not [each for mine in made.values() for each in mine if isinstance(each, Exception)]
    assert [copy.id for copy in made["ada"]] == [copy.id for copy in made["ben"]]
    assert count(rooms, of=Placement) == EACH
    assert events(rooms, "placement.planned") == EACH


def test_copies_taken_back_and_worked_on_at_the_same_time_end_as_the_last_person_said(rooms):
    asset = rooms.desk.approved()
    copies = [rooms.desk.place(asset, slot=str(number)) for number in range(3)]

    def act(who, number):
        if who == "ben":
            rooms.placements.plan("worker")
            return rooms.placements.reconcile("worker")
        for slot in range(3):
            with suppress(Conflict):  # the worker settled it meanwhile: nothing had been sent
                rooms.placements.take_back(rooms.actor, copies[slot])
            if number < 3:
                copies[slot] = rooms.desk.place(asset, slot=str(slot))
        return None

    answers = hammer(act, each=4)
    assert not [each for mine in answers.values() for each in mine if isinstance(each, Exception)]
    rooms.desk.run()
    for copy in copies:
        assert rooms.placements.copy(rooms.actor, copy).wanted is False
        assert rooms.desk.shown(copy) == []


def test_a_recall_that_two_begin_is_one_recall(rooms):
    assets = [rooms.desk.approved(f"{n}".encode()) for n in range(4)]
    rooms.desk.remote.dead = True
    for asset in assets:
        rooms.desk.place(asset)
    rooms.desk.tick()
    answers = hammer(lambda who, number: rooms.placements.recall(rooms.actor, assets[number], who), each=4)
    refused = [each for mine in answers.values() for each in mine if isinstance(each, Conflict)]
    assert {each.code for each in refused} <= {"recall_open"}
    per_asset = Counter()
    with rooms.database.read() as session:
        for recall in session.scalars(select(Recall)):
            per_asset[recall.asset_id] += recall.closed_at is None
    assert all(open_ones <= 1 for open_ones in per_asset.values())
    assert len(per_asset) == 4
    terms = count(rooms, Term.source == "takedown", of=Term)
    assert terms == 2 * 4 - len(refused)


@pytest.mark.parametrize("act", ["archive", "delete"])
def test_putting_away_and_bringing_back_counts_every_change(rooms, act):
    asset = rooms.desk.world.asset()
    back = {"archive": "unarchive", "delete": "restore"}[act]
    names = {"ada": act, "ben": back}
    hammer(lambda who, number: getattr(rooms.catalogue, names[who])(rooms.actor, asset))
    away = {"archive": "asset.archived", "delete": "asset.deleted"}[act]
    again = {"archive": "asset.unarchived", "delete": "asset.restored"}[act]
    gone = {"archive": "archived_at", "delete": "deleted_at"}[act]
    from hub.catalogue.models import Asset

    with rooms.database.read() as session:
        row = session.get_one(Asset, asset)
    assert events(rooms, away) - events(rooms, again) == (getattr(row, gone) is not None)
