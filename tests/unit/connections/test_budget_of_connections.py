"""The budget as the connections room uses it: whose it is, who may read it, what stands in the tables."""

from __future__ import annotations

import httpx
import pytest
from pydantic import create_model
from sqlalchemy import select

from connectors.sdk.errors import RateLimited
from connectors.sdk.manifest import Auth, AuthField, Limit
from hub.access.actors import Actor, Role
from hub.clock import MINUTE, SECOND
from hub.connections.allowance import app_key
from hub.connections.models import Budget, Spent
from hub.errors import Forbidden, NotFound
from tests.unit.connections.fakevendor import KEY, TinySettings, tiny_manifest

LIMITS = (Limit(30, 3600.0), Limit(8, 3600.0, scope="app"))
NAMED = Auth(
    "key", "API key", lambda secrets: {"X-Key": secrets["key"]},
    (AuthField("key", "API key", secret=True), AuthField("client_id", "Client id")),
)  # fmt: skip


@pytest.fixture
def registry():
    return {"tiny": tiny_manifest(limits=LIMITS, auths=(NAMED,), inbound=None)}


@pytest.fixture
def connect(connections, admin, tiny):
    """Connect one more account, by an app of this name."""

    def connect(account, app):
        tiny.account["id"] = account
        secrets = {"key": KEY, "client_id": app}
        return connections.connect(admin, "tiny", auth="key", settings={}, secrets=secrets)

    return connect


def calls(connections, connection, *, urgent=True):
    """Call until nothing is left; return how many calls went."""
    connector, went = connections.speak(connection.remote_id, urgent=urgent).connector, 0
    while True:
        try:
            connector.identify()
        except RateLimited:
            return went
        went += 1


def test_accounts_connected_by_one_app_share_its_limit_and_those_of_another_do_not(connections, connect):
    one, two, other = connect("a", "app-one"), connect("b", "app-one"), connect("c", "app-two")
    assert calls(connections, one) == 8
    assert calls(connections, two) == 0
    assert calls(connections, other) == 8


def test_connecting_an_account_again_gives_no_new_budget(connections, connect, admin):
    connection = connect("a", "app-one")
    assert calls(connections, connection) == 8
    connections.disconnect(admin, connection.id)
    again = connect("a", "app-two")
    assert again.remote_id == connection.remote_id
    assert calls(connections, again) == 8, "another app"
    assert connections.budget_left(admin, again.id).limits[0].left == 30 - 16


def test_what_is_left_is_told_limit_by_limit(connections, connect, admin, clock, tiny):
    connection = connect("a", "app-one")
    calls(connections, connection, urgent=False)
    seen = connections.budget_left(admin, connection.id)
    assert [(one.scope, one.calls, one.left) for one in seen.limits] == [("connection", 30, 22), ("app", 8, 0)]
    assert seen.limits[1].whole_at > clock.now() + 59 * MINUTE
    assert seen.closed_until is None
    assert not connections.has_room(connection.remote_id)
    clock.advance(2 * 60 * MINUTE)
    assert connections.has_room(connection.remote_id)
    tiny.answer = httpx.Response(429, headers={"Retry-After": "40"})
    assert calls(connections, connection) == 0
    assert connections.budget_left(admin, connection.id).closed_until == clock.now() + 40 * SECOND
    assert not connections.has_room(connection.remote_id)
    assert not connections.has_room("nowhere")


def test_who_may_not_see_connections_may_not_see_their_budgets(connections, connect, admin):
    connection = connect("a", "app-one")
    with pytest.raises(Forbidden):
        connections.budget_left(Actor("v", "Vi", Role.VIEWER), connection.id)
    with pytest.raises(NotFound):
        connections.budget_left(admin, "nowhere")


def test_a_connection_that_is_off_shows_its_own_limits_only(connections, connect, admin):
    connection = connect("a", "app-one")
    connections.disconnect(admin, connection.id)
    assert [one.scope for one in connections.budget_left(admin, connection.id).limits] == ["connection"]


def test_the_tables_name_no_app_and_no_secret(connections, connect, database):
    calls(connections, connect("a", "app-one"))
    with database.read() as session:
        kept = repr([(row.key, row.waiting) for row in session.scalars(select(Budget))])
        kept += repr([(row.key, row.rule, row.member) for row in session.scalars(select(Spent))])
    assert "app/tiny/" in kept
    assert "app-one" not in kept
    assert KEY not in kept


def test_where_nothing_names_an_app_all_count_as_one():
    manifest = tiny_manifest()
    assert app_key(manifest, NAMED, {"key": KEY}) == app_key(manifest, NAMED, {"key": "another"}) == "app/tiny/none"
    assert app_key(manifest, NAMED, {"client_id": "a"}) != app_key(manifest, NAMED, {"client_id": "b"})


def test_the_workers_round_gives_back_what_nobody_used(connections, connect, admin, clock):
    connection = connect("a", "app-one")
    connections._speaking._registry["tiny"] = tiny_manifest(limits=(Limit(3200, 3600.0),), auths=(NAMED,))
    connections.speak(connection.remote_id).connector.identify()
    assert connections.budget_left(admin, connection.id).limits[0].left == 3200 - 4
    clock.advance(2 * SECOND)
    connections.drain_health("worker")
    assert connections.budget_left(admin, connection.id).limits[0].left == 3200 - 1


ROBOT = Auth(
    "key", "API key", lambda secrets: {"X-Key": secrets["key"]},
    (AuthField("key", "API key", secret=True), AuthField("robot", "Robot"), AuthField("client_id", "Client id")),
    user=lambda secrets: secrets.get("robot", ""),
)  # fmt: skip


def test_accounts_that_are_one_user_to_the_vendor_share_all_limits_and_others_do_not(connections, admin, tiny):
    limits = (Limit(8, 3600.0), Limit(1000, 3600.0, scope="app"))
    connections._speaking._registry["tiny"] = tiny_manifest(limits=limits, auths=(ROBOT,), inbound=None)

    def connect(account, robot):
        tiny.account["id"] = account
        secrets = {"key": KEY, "robot": robot, "client_id": "project"}
        return connections.connect(admin, "tiny", auth="key", settings={}, secrets=secrets)

    one, two, other = connect("a", "robot-1"), connect("b", "robot-1"), connect("c", "robot-2")
    assert calls(connections, one) == 8
    assert calls(connections, two) == 0
    assert calls(connections, other) == 8
    assert [(left.scope, left.left) for left in connections.budget_left(admin, two.id).limits] == [
        ("connection", 0), ("app", 1000 - 16),
    ]  # fmt: skip
    connections.disconnect(admin, two.id)
    assert connections.budget_left(admin, two.id).limits == (), "without its secrets nobody knows whose they are"


def test_accounts_that_are_one_user_leave_each_other_a_share(connections, admin, tiny):
    connections._speaking._registry["tiny"] = tiny_manifest(limits=(Limit(90, 3600.0),), auths=(ROBOT,), inbound=None)
    made = []
    for account in ("a", "b"):
        tiny.account["id"] = account
        secrets = {"key": KEY, "robot": "robot-1", "client_id": "project"}
        made.append(connections.connect(admin, "tiny", auth="key", settings={}, secrets=secrets))
    first = calls(connections, made[0], urgent=False)
    assert first < 90 - 9, "room is left for those who come later"
    assert calls(connections, made[1], urgent=False) > 0


def test_a_limit_binds_only_connections_with_its_setting(connections, admin, tiny):
    settings = create_model("Settings", __base__=TinySettings, pages=(bool, False))
    limits = (Limit(4, 3600.0, when="not pages"), Limit(6, 3600.0))
    connections._speaking._registry["tiny"] = tiny_manifest(
        limits=limits, auths=(NAMED,), inbound=None, settings=settings
    )
    made = []
    for account, pages in (("a", False), ("b", True)):
        tiny.account["id"] = account
        made.append(
            connections.connect(
                admin, "tiny", auth="key", settings={"pages": pages}, secrets={"key": KEY, "client_id": "x"}
            )
        )
    assert [calls(connections, one) for one in made] == [4, 6]
    left = [connections.budget_left(admin, one.id).limits for one in made]
    assert [[limit.calls for limit in limits] for limits in left] == [[4], [6]], "the tightest of an hour"
