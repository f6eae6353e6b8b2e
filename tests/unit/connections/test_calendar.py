"""The credential calendar: what ends when, and warnings before, each exactly once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from pydantic import BaseModel
from sqlalchemy import select

from connectors.sdk.manifest import Auth, AuthField, End, OAuth
from hub.access.actors import Actor, Role
from hub.access.models import User
from hub.clock import DAY, HOUR, MINUTE
from hub.connections import health
from hub.connections.calendar import Line, Renewal, Sure, What, calendar
from hub.connections.forewarning import DAYS_BEFORE, EVENT, Forewarning
from hub.connections.models import Connection, Remote, Subscription
from hub.errors import Forbidden
from hub.events.models import Event
from hub.notify.messages import said_of
from hub.notify.models import Notice
from tests.unit.connections.fakevendor import APP_SECRET, KEY, tiny_manifest

NOW = 1_790_000_000_000
SUNSET = date(2027, 3, 1)
SUNSET_AT = int(datetime(2027, 3, 1, tzinfo=UTC).timestamp() * 1000)


class AppSettings(BaseModel):
    testing: bool = False


def keyed(**more):
    return Auth("key", "API key", dict, (AuthField("key", "API key", secret=True),), **more)


def signed(**more):
    return Auth("oauth", "Sign in", dict, oauth=OAuth("https://v.example/a", "https://v.example/t"), **more)


def line(**changes):
    values = {
        "id": "c1", "remote_id": "r1", "owner_id": "ada", "state": "live", "problem_code": "", "auth": "key",
        "settings": {}, "expires_at": None, "created_at": NOW, "signed_in_at": NOW,
    } | changes  # fmt: skip
    subscriptions = values.pop("subscriptions", ())
    remote = Remote(id=values["remote_id"], connector="tiny", account_key="a", label="Acme", created_at=1)
    return Line(Connection(**values), remote, subscriptions)


def entries(*lines, **manifest):
    return calendar(lines, {"tiny": tiny_manifest(**{"auths": (keyed(), signed()), **manifest})})


def test_what_the_vendor_said_is_known():
    (entry,) = entries(line(auth="oauth", expires_at=NOW + 60 * DAY))
    assert (entry.what, entry.sure, entry.renewal) == (What.SIGN_IN, Sure.KNOWN, Renewal.PERSON)
    assert entry.ends_at == NOW + 60 * DAY
    assert entry.link == "/connections/c1/reconnect"
    assert entry.step == "Sign in at Tiny again."


def test_what_usually_lasts_so_long_counts_from_the_last_sign_in():
    auths = (keyed(lasts_days=90),)
    (entry,) = entries(line(created_at=NOW - 80 * DAY), auths=auths)
    assert (entry.ends_at, entry.sure) == (NOW + 90 * DAY, Sure.USUAL)
    (entry,) = entries(line(created_at=NOW - 80 * DAY, signed_in_at=None), auths=auths)
    assert entry.ends_at == NOW + 10 * DAY
    (entry,) = entries(line(expires_at=NOW + DAY), auths=auths)
    assert (entry.ends_at, entry.sure) == (NOW + DAY, Sure.KNOWN), "what is known goes before what is usual"


def test_how_long_it_lasts_may_depend_on_the_settings():
    auths = (keyed(lasts_days=lambda settings: 7 if settings.testing else None),)
    assert not entries(line(), auths=auths, settings=AppSettings)
    (entry,) = entries(line(settings={"testing": True}), auths=auths, settings=AppSettings)
    assert entry.ends_at == NOW + 7 * DAY
    assert not entries(line(settings={"testing": "perhaps"}), auths=auths, settings=AppSettings)


def test_what_has_no_end_is_not_in_it():
    assert entries(line(), line(id="c2", auth="oauth"), line(id="c3", auth="removed")) == ()


def test_what_the_vendor_announced_for_everybody():
    ends = (End("API version 202603", SUNSET, "Update damhub."),)
    (entry,) = entries(line(), ends=ends)
    assert (entry.ends_at, entry.what, entry.key) == (SUNSET_AT, What.VENDOR, "vendor:API version 202603")
    assert (entry.link, entry.step) == ("/connections/c1", "Update damhub.")


def test_what_ends_may_depend_on_the_settings_and_an_end_that_nobody_announced_says_so():
    def ends(settings):
        return (End("Version 2" if settings.testing else "Version 1", SUNSET, "Do.", announced=not settings.testing),)

    shown = [entries(line(settings={"testing": one}), ends=ends, settings=AppSettings) for one in (False, True, "so")]
    assert [[(one.name, one.sure) for one in page] for page in shown] == [
        [("Version 1", Sure.KNOWN)], [("Version 2", Sure.USUAL)], [],
    ]  # fmt: skip


@pytest.mark.parametrize(("state", "renewal"), [("live", Renewal.ITSELF), ("needs_person", Renewal.PERSON)])
def test_a_channel_renews_itself_as_long_as_the_connection_works(state, renewal):
    channel = Subscription(id="s1", remote_id="r1", expires_at=NOW + 7 * DAY, renew_at=NOW + 5 * DAY)
    (entry,) = entries(line(state=state, subscriptions=((channel, "Press"),)))
    assert (entry.what, entry.renewal, entry.name) == (What.SUBSCRIPTION, renewal, "Reports of changes in Press")


def test_the_next_end_stands_first():
    lines = [line(id=f"c{number}", expires_at=NOW + number * DAY) for number in (3, 1, 2)]
    assert [entry.connection_id for entry in entries(*lines)] == ["c1", "c2", "c3"]


def test_connectors_that_are_not_installed_any_more_end_nothing():
    assert calendar([line(expires_at=NOW)], {}) == ()


# Read from the database, and warned of


@pytest.fixture
def registry():
    return {"tiny": tiny_manifest(ends=(End("API version 202603", SUNSET, "Update damhub."),))}


@pytest.fixture
def admin(database):
    with database.unit() as session:
        session.add(
            User(
                id="user-admin", email="ada@dam.test", name="Ada", role="administrator", password_hash="x", created_at=1
            )
        )
    return Actor("user-admin", "Ada", Role.ADMINISTRATOR)


@pytest.fixture
def ending(connections, database, admin, clock):
    """A connection that ends in 30 days."""
    secrets = {"key": KEY, "app_secret": APP_SECRET}
    made = connections.connect(admin, "tiny", auth="key", settings={}, secrets=secrets)
    with database.unit() as session:
        session.get_one(Connection, made.id).expires_at = clock.now() + 30 * DAY
    return made


@pytest.fixture
def told(database):
    def read():
        with database.read() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))

    return read


def warn(connections):
    return connections.drain_warnings("worker")


def test_the_calendar_is_read_for_those_who_may_see_connections(connections, ending, admin, clock):
    assert [entry.key for entry in connections.calendar(admin)] == ["sign_in", "vendor:API version 202603"]
    with pytest.raises(Forbidden):
        connections.calendar(Actor("v", "Vito", Role.VIEWER))


@pytest.mark.parametrize("code", [health.DISCONNECTED, health.REPLACED])
def test_a_connection_without_secrets_has_no_ends(connections, ending, admin, database, code):
    with database.unit() as session:
        row = session.get_one(Connection, ending.id)
        row.state, row.problem_code = "off", code
    assert connections.calendar(admin) == ()


def test_the_owner_is_warned_four_times_and_no_more(connections, ending, admin, clock, told, events, database):
    begin = clock.now()
    for _ in range(31 * 12):
        warn(connections)
        clock.advance(2 * HOUR)
    notices = told()
    assert [(one.user_id, one.what, one.body["days"]) for one in notices] == [
        ("user-admin", "connection_ends", days) for days in DAYS_BEFORE
    ]
    for one in notices:
        days_before = (begin + 30 * DAY - one.created_at) / DAY
        assert one.body["days"] - 1 / 12 <= days_before <= one.body["days"]
        assert one.body["link"] == f"https://hub.example/connections/{ending.id}/reconnect"
        assert one.subject == ending.id
    assert len(events("connection.ends_soon")) == 4
    with database.read() as session:
        messages = [said_of(one)["data"] for one in session.scalars(select(Event).where(Event.kind == EVENT))]
    assert {(one["link"], one["owner_id"]) for one in messages} == {
        (f"https://hub.example/connections/{ending.id}/reconnect", "user-admin")
    }


def test_a_restart_warns_of_nothing_twice(connections, ending, clock, told, database, registry):
    clock.advance(17 * DAY)
    assert warn(connections) == 1
    assert warn(connections) == 0
    assert Forewarning(database, clock, registry, base_url="https://hub.example").drain() == 0
    assert len(told()) == 1


def test_after_a_long_silence_only_the_nearest_warning_is_given(connections, ending, clock, told):
    clock.advance(28 * DAY)
    assert warn(connections) == 1
    assert [one.body["days"] for one in told()] == [3]


def test_what_has_ended_is_not_warned_of(connections, ending, clock):
    clock.advance(30 * DAY)
    assert warn(connections) == 0


def test_a_new_end_is_warned_of_anew(connections, ending, admin, clock, told, database):
    clock.advance(29 * DAY + HOUR)
    assert warn(connections) == 1
    with database.unit() as session:
        session.get_one(Connection, ending.id).expires_at = clock.now() + 30 * DAY
    assert warn(connections) == 0
    clock.advance(16 * DAY)
    assert warn(connections) == 1
    assert [one.body["days"] for one in told()] == [1, 14]


@pytest.mark.both
def test_workers_that_warn_at_once_warn_once(connections, ending, clock, told, database, registry):
    clock.advance(16 * DAY + MINUTE)
    many = [Forewarning(database, clock, registry, base_url="https://hub.example") for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(Forewarning.drain, many)) == 1
    assert len(told()) == 1


def test_an_announced_end_is_warned_of_as_well(connections, ending, clock, told):
    clock.advance(SUNSET_AT - clock.now() - 2 * DAY)
    assert warn(connections) == 1
    (notice,) = told()
    assert (notice.body["name"], notice.body["link"]) == (
        "API version 202603", f"https://hub.example/connections/{ending.id}",
    )  # fmt: skip


def test_an_owner_who_left_is_stood_in_for(connections, ending, clock, told, database):
    with database.unit() as session:
        session.get_one(User, "user-admin").disabled_at = 1
        session.add(
            User(id="other", email="o@dam.test", name="Odo", role="administrator", password_hash="x", created_at=1)
        )
    clock.advance(20 * DAY)
    assert warn(connections) == 1
    assert [one.user_id for one in told()] == ["other"]


def test_what_renews_itself_is_nobodys_work(connections, ending, clock, database, told):
    with database.unit() as session:
        session.get_one(Connection, ending.id).expires_at = None
        ends_at = clock.now() + 3 * DAY
        session.add(
            Subscription(id="s", remote_id=ending.remote_id, target_id=None, external_ref="x", callback_url="y",
                         sealed_secret="z", expires_at=ends_at, renew_at=ends_at - DAY, created_at=1)
        )  # fmt: skip
    assert warn(connections) == 0
