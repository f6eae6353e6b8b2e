from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select, update

from connectors.sdk.errors import (
    AuthExpired,
    BadAnswer,
    Misconfigured,
    Missing,
    NeedsPerson,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RetryLater,
    Unreachable,
)
from hub.access.actors import Actor, Role
from hub.access.keyring import Keyring
from hub.clock import HOUR, MINUTE, SECOND
from hub.connections.models import Connection, Credential, Remote, Target
from hub.connections.recognising import Known
from hub.db.unit import TransactionOpenError
from hub.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from tests.unit.connections.fakevendor import APP_SECRET, KEY, ORIGIN

SECRETS = {"key": KEY, "app_secret": APP_SECRET}


def state_of(connections, admin):
    return connections.list(admin)[0].state


def test_connecting_asks_the_remote_who_we_are_and_shows_it(connections, connected, admin, events, tiny):
    (view,) = connections.list(admin)
    assert (view.state, view.account_label, view.connector_title) == ("live", "Acme", "Tiny")
    assert view.last_ok_at is not None
    assert [request.url.path for request in tiny.asked] == ["/me"]
    assert events() == ["connection.created", "connection.live"]
    gaps = {ability.name: ability for ability in view.abilities}
    assert gaps["targets"].able
    assert gaps["replace"].gap == "Tiny keeps bytes for ever."
    assert not gaps["publish"].able
    assert gaps["publish"].gap


def test_another_account_is_another_remote(connections, connected, admin, tiny):
    tiny.account = {"id": "acct-2", "name": "Other", "user": "kim"}
    other = connections.connect(admin, "tiny", auth="key", settings={}, secrets=SECRETS)
    assert other.remote_id != connected.remote_id


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR])
def test_only_administrators_change_connections(connections, connected, role):
    actor = Actor("u", "U", role)
    acts = [
        lambda: connections.connect(actor, "tiny", auth="key", settings={}, secrets=SECRETS),
        lambda: connections.start_oauth(actor, "s", "tiny", {}),
        lambda: connections.finish_oauth("s", actor, {}),
        lambda: connections.test(actor, connected.id),
        lambda: connections.refresh_targets(actor, connected.id),
        lambda: connections.pause(actor, connected.id),
        lambda: connections.resume(actor, connected.id),
        lambda: connections.disconnect(actor, connected.id),
        lambda: connections.subscribe(actor, "t"),
        lambda: connections.set_target(actor, "t", channel="c", territory="*", lead_s=0),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()


def test_editors_see_connections_and_viewers_do_not(connections, connected):
    assert connections.list(Actor("u", "U", Role.EDITOR))
    assert connections.targets(Actor("u", "U", Role.EDITOR)) == []
    for actor in (Actor("u", "U", Role.VIEWER), Actor("u", "U", Role.ADMINISTRATOR, frozenset({"read"}))):
        with pytest.raises(Forbidden):
            connections.list(actor)


def test_a_token_that_only_reads_cannot_connect(connections):
    reader = Actor("u", "U", Role.ADMINISTRATOR, frozenset({"read"}))
    with pytest.raises(Forbidden):
        connections.connect(reader, "tiny", auth="key", settings={}, secrets=SECRETS)


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"secrets": {}}, "credentials_incomplete", "key"),
        ({"secrets": {"key": "  "}}, "credentials_incomplete", "key"),
        ({"secrets": {"key": "a", "other": "x"}}, "credentials_malformed", "other"),
        ({"secrets": {"key": "a\r\nX-Evil: 1"}}, "credentials_malformed", "key"),
        ({"secrets": {"key": "a" * 9000}}, "credentials_malformed", "key"),
        ({"settings": {"site": 7}}, "settings_invalid", "site"),
        ({"auth": "magic"}, "no_such_auth", "magic"),
    ],
)
def test_what_a_person_filled_in_wrongly_is_named_without_its_value(connections, admin, tiny, changes, code, where):
    values = {"auth": "key", "settings": {}, "secrets": SECRETS} | changes
    with pytest.raises(Invalid) as wrong:
        connections.connect(admin, "tiny", **values)
    assert (wrong.value.code, wrong.value.where) == (code, where)
    assert tiny.asked == []


def test_an_unknown_connector_is_not_found(connections, admin):
    with pytest.raises(NotFound):
        connections.connect(admin, "nothing", auth="", settings={}, secrets={})
    assert [manifest.name for manifest in connections.connectors()] == ["tiny", "quiet"]
    assert connections.manifest("tiny").title == "Tiny"


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (httpx.Response(401, text="invalid key"), Invalid, "credentials_refused"),
        (httpx.Response(403, text="no"), Invalid, "misconfigured"),
        (httpx.ConnectError("refused"), Unavailable, "remote_unreachable"),
        (httpx.Response(200, text="<html>"), Unavailable, "remote_answer_unusable"),
    ],
)
def test_a_remote_that_refuses_leaves_nothing_behind(connections, admin, tiny, database, answer, error, code):
    tiny.answer = answer
    with pytest.raises(error) as refused:
        connections.connect(admin, "tiny", auth="key", settings={}, secrets=SECRETS)
    assert refused.value.code == code
    with database.read() as session:
        assert list(session.scalars(select(Connection))) == []
        assert list(session.scalars(select(Remote))) == []


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (None, "live", ""),
        (Missing("gone"), "live", ""),
        (Unreachable("down"), "ailing", "remote_unreachable"),
        (OutcomeUnknown("lost"), "ailing", "outcome_unknown"),
        (BadAnswer("page"), "ailing", "bad_answer"),
        (Misconfigured("no right on this board"), "ailing", "misconfigured"),
        (AuthExpired("refused"), "needs_person", "auth_expired"),
        (NeedsPerson("ask"), "needs_person", "needs_person"),
        (RateLimited("slow", after_s=30), "live", ""),
    ],
)
def test_what_a_calls_end_means_for_the_connection(connections, connected, admin, error, state, code):
    connections.report(connected.remote_id, error)
    (view,) = connections.list(admin)
    assert (view.state, view.problem_code) == (state, code)


def test_a_change_of_state_is_one_event_and_success_heals(connections, connected, events, clock):
    for _ in range(3):
        connections.report(connected.remote_id, Unreachable("down"))
    connections.report(connected.remote_id, None)
    assert events() == ["connection.created", "connection.live", "connection.ailing", "connection.live"]
    (ailing,) = events("connection.ailing")
    assert ailing.subject == connected.id
    assert ailing.body == {
        "remote_id": connected.remote_id, "connector": "tiny", "problem_code": "remote_unreachable"
    }  # fmt: skip


def test_successes_are_written_once_a_minute(connections, connected, admin, clock, database):
    def revision():
        with database.read() as session:
            return session.get_one(Connection, connected.id).revision

    before = revision()
    for _ in range(5):
        connections.report(connected.remote_id, None)
    assert revision() == before
    clock.advance(MINUTE)
    connections.report(connected.remote_id, None)
    assert revision() == before + 1
    assert connections.list(admin)[0].last_ok_at == clock.now()


def test_a_remote_that_asks_for_time_gets_it_from_every_process(connections, connected, clock):
    connections.report(connected.remote_id, RateLimited("slow", after_s=30))
    with pytest.raises(RetryLater) as later:
        connections.speak(connected.remote_id, urgent=True)
    assert later.value.after_s == pytest.approx(30)
    clock.advance(30 * SECOND)
    assert connections.speak(connected.remote_id).connector.identify().key == "acct-1"


@pytest.mark.parametrize("after_s", [31_536_000.0, float("inf")])
def test_a_pause_of_a_year_is_cut(connections, connected, clock, after_s):
    connections.report(connected.remote_id, RateLimited("slow", after_s=after_s))
    clock.advance(15 * MINUTE)
    assert connections.speak(connected.remote_id)


def test_a_connection_that_needs_a_person_is_not_used(connections, connected):
    connections.report(connected.remote_id, AuthExpired("refused"))
    with pytest.raises(NeedsPerson) as refused:
        connections.speak(connected.remote_id)
    assert refused.value.code == "connection_needs_person"


def test_a_pause_stops_everything_until_it_is_resumed(connections, connected, admin, events):
    connections.pause(admin, connected.id)
    connections.pause(admin, connected.id)
    with pytest.raises(NeedsPerson) as refused:
        connections.speak(connected.remote_id)
    assert refused.value.code == "connection_paused"
    with pytest.raises(Conflict):
        connections.test(admin, connected.id)
    connections.report(connected.remote_id, Unreachable("a late answer"))
    assert state_of(connections, admin) == "off"
    assert connections.resume(admin, connected.id).state == "live"
    with pytest.raises(Conflict):
        connections.resume(admin, connected.id)
    assert events().count("connection.off") == 1


def test_a_disconnected_account_loses_its_secrets_and_keeps_its_remote(connections, connected, admin, database):
    connections.disconnect(admin, connected.id)
    with database.read() as session:
        assert session.get(Credential, connected.id) is None
        assert session.get(Remote, connected.remote_id) is not None
    with pytest.raises(NeedsPerson) as refused:
        connections.speak(connected.remote_id)
    assert refused.value.code == "not_connected"
    connections.disconnect(admin, connected.id)
    with pytest.raises(Conflict):
        connections.resume(admin, connected.id)


def test_a_test_finds_out_how_a_connection_is(connections, connected, admin, tiny):
    assert connections.test(admin, connected.id).state == "live"
    tiny.keys.clear()
    view = connections.test(admin, connected.id)
    assert (view.state, view.problem_code) == ("needs_person", "auth_expired")
    tiny.keys.add(KEY)
    assert connections.test(admin, connected.id).state == "live"


def test_credentials_that_belong_to_another_account_meanwhile_are_not_used(connections, connected, admin, tiny):
    tiny.account = {"id": "acct-2", "name": "Other", "user": "kim"}
    view = connections.test(admin, connected.id)
    assert (view.state, view.problem_code) == ("needs_person", "other_account")


@pytest.mark.parametrize("late", [None, Unreachable("no answer"), Rejected("not so")])
def test_a_call_that_had_begun_before_opens_no_way_to_the_other_account(connections, connected, admin, tiny, late):
    tiny.account = {"id": "acct-2", "name": "Other", "user": "kim"}
    connections.test(admin, connected.id)
    connections.report(connected.remote_id, late)
    view = connections.view(admin, connected.id)
    assert (view.state, view.problem_code) == ("needs_person", "other_account")
    with pytest.raises(NeedsPerson):
        connections.speak(connected.remote_id)
    tiny.account = {"id": "acct-1", "name": "Acme", "user": "robin"}
    assert connections.test(admin, connected.id).state == "live"


def test_that_somebody_must_sign_in_is_still_so_when_the_remote_is_away(connections, connected, admin, tiny, events):
    tiny.keys.clear()
    connections.test(admin, connected.id)
    tiny.answer = httpx.Response(503)
    view = connections.test(admin, connected.id)
    assert (view.state, view.problem_code) == ("needs_person", "auth_expired")
    assert events().count("connection.needs_person") == 1


def test_an_unknown_connection_is_not_found(connections, admin):
    for act in (connections.test, connections.pause, connections.resume, connections.disconnect, connections.view):
        with pytest.raises(NotFound):
            act(admin, "nothing")


def test_targets_are_listed_over_all_pages_and_nothing_is_forgotten(connections, connected, admin, tiny, database):
    assert connections.refresh_targets(admin, connected.id) == 5
    tiny.boards = [{"id": "b0", "name": "Renamed"}, {"id": "b9", "name": "New"}]
    assert connections.refresh_targets(admin, connected.id) == 2
    labels = {target.ref: target.label for target in connections.targets(admin, connected.remote_id)}
    assert labels == {"b0": "Renamed", "b1": "Board 1", "b2": "Board 2", "b3": "Board 3", "b4": "Board 4", "b9": "New"}
    assert connections.list(admin)[0].targets == 6


def test_a_listing_that_does_not_end_changes_nothing(connections, connected, admin, tiny, database):
    tiny.endless = True
    with pytest.raises(Unavailable):
        connections.refresh_targets(admin, connected.id)
    with database.read() as session:
        assert list(session.scalars(select(Target))) == []
    assert state_of(connections, admin) == "ailing"


def test_a_target_stands_for_a_channel_and_a_territory(connections, connected, admin):
    connections.refresh_targets(admin, connected.id)
    target = connections.targets(admin)[0]
    assert (target.channel, target.territory) == ("tiny", "*")
    connections.set_target(admin, target.id, channel="web", territory="DE", lead_s=60)
    changed = connections.targets(admin)[0]
    assert (changed.channel, changed.territory, changed.lead_s) == ("web", "DE", 60)
    for wrong in ({"channel": ""}, {"territory": "GERMANY"}, {"lead_s": -1}):
        with pytest.raises(Invalid):
            connections.set_target(admin, target.id, **({"channel": "web", "territory": "*", "lead_s": 0} | wrong))
    with pytest.raises(NotFound):
        connections.set_target(admin, "nothing", channel="web", territory="*", lead_s=0)


def test_whoever_places_says_what_a_place_is_told_in_and_nothing_else(connections, connected, admin, events):
    connections.refresh_targets(admin, connected.id)
    target = connections.targets(admin)[0]
    editor = Actor("e", "Edda", Role.EDITOR)
    assert target.language == ""
    assert connections.set_target(editor, target.id, language="PT-br").language == "pt-BR"
    changes = len(events("target.changed"))
    connections.set_target(editor, target.id, language="pt-BR")
    assert len(events("target.changed")) == changes
    assert connections.set_target(editor, target.id, language="").language == ""
    with pytest.raises(Invalid):
        connections.set_target(editor, target.id, language="elvish")
    with pytest.raises(Forbidden):
        connections.set_target(editor, target.id, language="de", channel="web")
    with pytest.raises(Forbidden):
        connections.set_target(Actor("c", "Cora", Role.CONTRIBUTOR), target.id, language="de")
    assert connections.targets(admin)[0] == target


def test_no_call_is_made_inside_a_unit_of_work(connections, connected, database):
    with database.unit(), pytest.raises(TransactionOpenError):
        connections.speak(connected.remote_id)


def test_secrets_open_for_their_own_connection_only(connections, connected, admin, database, tiny):
    tiny.account = {"id": "acct-2", "name": "Other", "user": "kim"}
    other = connections.connect(admin, "tiny", auth="key", settings={}, secrets={"key": KEY})
    with database.unit() as session:
        session.get_one(Credential, connected.id).sealed = session.get_one(Credential, other.id).sealed
    connections.disconnect(admin, other.id)
    with pytest.raises(NeedsPerson) as refused:
        connections.speak(connected.remote_id)
    assert refused.value.code == "secret_unreadable"


@pytest.fixture
def illegible(connected, database):
    """A connection whose secrets no key opens any more."""
    with database.unit() as session:
        session.execute(update(Credential).values(sealed=Keyring([b"o" * 32]).seal("{}", purpose="lost")))
    return connected


def test_secrets_whose_key_is_gone_are_told_of_and_hold_up_no_check(connections, illegible, admin, clock):
    view = connections.test(admin, illegible.id)
    assert (view.state, view.problem_code) == ("ailing", "secret_unreadable")
    clock.advance(HOUR)
    assert connections.drain_health("w") == 1
    assert connections.has_room(illegible.remote_id)


@pytest.mark.parametrize("again", ["reconnect", "connect"])
def test_secrets_whose_key_is_gone_are_entered_again(connections, illegible, admin, again):
    with pytest.raises(Invalid) as refused:
        connections.reconnect(admin, illegible.id, {"app_secret": APP_SECRET})
    assert refused.value.code == "credentials_incomplete"
    if again == "reconnect":
        connections.reconnect(admin, illegible.id, SECRETS)
    else:
        made = connections.connect(admin, "tiny", auth="key", settings={}, secrets=SECRETS, known=Known.RENEW)
        assert made.id == illegible.id
    assert connections.speak(illegible.remote_id).connector.identify().key == "acct-1"


def test_an_account_whose_key_is_gone_can_be_disconnected(connections, illegible, admin, database):
    connections.disconnect(admin, illegible.id)
    assert state_of(connections, admin) == "off"
    with database.read() as session:
        assert session.get(Credential, illegible.id) is None


def test_a_check_of_a_connector_that_was_uninstalled_holds_up_no_other(connections, connected, registry, admin, clock):
    kept = dict(registry)
    registry.clear()
    clock.advance(7 * HOUR)
    assert connections.drain_health("w") == 1
    assert connections.view(admin, connected.id).problem_code == "no_such_connector"
    registry.update(kept)
    clock.advance(HOUR)
    connections.drain_health("w")
    assert state_of(connections, admin) == "live"


def test_a_connector_that_was_uninstalled_says_so(connections, connected, registry, admin):
    registry.clear()
    with pytest.raises(NeedsPerson) as refused:
        connections.speak(connected.remote_id)
    assert refused.value.code == "no_such_connector"
    assert connections.list(admin)[0].abilities == ()
    connections.disconnect(admin, connected.id)


def test_credentials_go_to_the_connections_origin_only(connections, connected, tiny):
    connections.speak(connected.remote_id).connector.identify()
    assert {f"{request.url.scheme}://{request.url.host}" for request in tiny.asked} == {ORIGIN}


def test_a_connector_without_places_has_none(connections, admin):
    quiet = connections.connect(admin, "quiet", auth="key", settings={}, secrets=SECRETS)
    assert connections.refresh_targets(admin, quiet.id) == 0


def test_hostile_names_are_shown_as_one_plain_line(connections, connected, admin, tiny):
    tiny.boards = [{"id": "b1", "name": "Board\x00\u202e\nTwo"}]
    connections.refresh_targets(admin, connected.id)
    assert connections.targets(admin)[0].label == "Board   Two"
    tiny.account = {"id": "acct-1", "name": "Ac\x00me", "user": "robin"}
    connections.reconnect(admin, connected.id, SECRETS)
    assert connections.list(admin)[0].account_label == "Ac me"


@pytest.mark.parametrize("ref", ["", "a\x00b"])
def test_a_place_that_cannot_be_named_refuses_the_whole_listing(connections, connected, admin, tiny, ref):
    tiny.boards.append({"id": ref, "name": "Board"})
    with pytest.raises(Unavailable):
        connections.refresh_targets(admin, connected.id)
    assert connections.targets(admin) == []


@pytest.mark.parametrize("key", ["", "a\x00b"])
def test_an_account_without_a_usable_key_is_refused(connections, admin, tiny, key):
    tiny.account = {"id": key, "name": "Acme", "user": "robin"}
    with pytest.raises(Unavailable):
        connections.connect(admin, "tiny", auth="key", settings={}, secrets=SECRETS)


def test_an_ailing_connection_is_asked_again_and_a_healthy_one_is_left_alone(
    connections, connected, admin, tiny, clock
):
    calls = len(tiny.asked)
    assert connections.drain_health("worker") == 0
    tiny.answer = httpx.ConnectError("down")
    connections.report(connected.remote_id, Unreachable("down"))
    assert connections.drain_health("worker") == 1
    assert connections.drain_health("worker") == 0, "not in a storm"
    assert state_of(connections, admin) == "ailing"
    tiny.answer = None
    clock.advance(5 * MINUTE)
    assert connections.drain_health("worker") == 1
    assert state_of(connections, admin) == "live"
    assert len(tiny.asked) > calls


def test_a_connection_that_nobody_used_for_hours_is_asked_whether_it_lives(connections, connected, admin, tiny, clock):
    tiny.keys.clear()
    clock.advance(6 * HOUR)
    assert connections.drain_health("worker") == 1
    assert state_of(connections, admin) == "needs_person"
    clock.advance(6 * HOUR)
    assert connections.drain_health("worker") == 0, "only a person can help"
