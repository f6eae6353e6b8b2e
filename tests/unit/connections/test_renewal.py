from __future__ import annotations

import os
import signal
import threading
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from connectors.sdk.errors import NeedsPerson, RetryLater
from hub.access.actors import Actor, Role
from hub.clock import HOUR, MINUTE, ManualClock
from hub.connections import credentials
from hub.connections.models import Credential, OAuthDance
from hub.connections.problems import AlreadyConnected
from hub.connections.recognising import Known
from hub.connections.renewal import Renewal
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.db.installation import observe_only, wake
from hub.db.models import Installation
from hub.errors import Invalid, Unavailable
from tests.forked import FORKED
from tests.unit.connections import racing
from tests.unit.connections.conftest import CLIENT_SECRET
from tests.unit.connections.fakevendor import oauth_manifest

REGISTRATION = {"client_id": "hub", "client_secret": CLIENT_SECRET}
SESSION = "hash-of-a-session-cookie"


class Patience:
    """A monotonic clock that jumps with each sleep."""

    now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(vendor):
    """One clock for the hub and for the vendor."""
    clock = ManualClock()
    vendor._clock = lambda: clock.now() / 1000
    return clock


@pytest.fixture
def signing(database, clock, keyring, settings, oauth, origin, http):
    """The service, with a connector that is connected by signing in."""
    wake(database, settings, clock)
    registry = {"tinyoauth": oauth_manifest(oauth, origin)}
    patience = Patience()
    renewal = Renewal(database, clock, keyring, sleep=patience.sleep, monotonic=patience)
    speaking = Speaking(
        database, clock, keyring, registry, base_url=settings.url, trusted_origins=[], client=http, renewal=renewal
    )
    return Connections(database, clock, keyring, registry, settings, speaking=speaking)


def allow(url, allow="yes"):
    """Press the button on the vendor's page; return the query that the browser brings back."""
    with httpx.Client() as browser:
        answer = browser.post(url, data={"allow": allow})
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def sign_in(service, admin, session=SESSION):
    url = service.start_oauth(admin, session, "tinyoauth", {}, secrets=REGISTRATION)
    return service.finish_oauth(session, admin, allow(url))


@pytest.fixture
def signed_in(signing, admin):
    return sign_in(signing, admin)


def state_of(service, admin):
    view = service.list(admin)[0]
    return view.state, view.problem_code


def test_signing_in_connects_the_account(signing, signed_in, admin, vendor):
    assert state_of(signing, admin) == ("live", "")
    assert signing.list(admin)[0].account_label == "Acme"
    assert signing.list(admin)[0].ends_at is None, "it renews itself"
    assert signing.speak(signed_in.remote_id).connector.identify().key == "account-1"
    assert vendor.count("refreshed") == 0


def test_a_state_works_once(signing, admin, vendor):
    url = signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION)
    query = allow(url)
    signing.finish_oauth(SESSION, admin, query)
    with pytest.raises(Invalid) as refused:
        signing.finish_oauth(SESSION, admin, query)
    assert refused.value.code == "oauth_state_invalid"
    assert vendor.count("exchanged") == 1


@pytest.mark.parametrize(
    ("session", "user", "change"),
    [
        ("another session", "user-admin", {}),
        (SESSION, "another person", {}),
        (SESSION, "user-admin", {"state": "guessed"}),
        (SESSION, "user-admin", {"state": ""}),
        (SESSION, "user-admin", {"state": "\ud800"}),
    ],
)
def test_a_state_is_bound_to_the_session_and_person_that_began(signing, admin, vendor, session, user, change):
    query = allow(signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION))
    with pytest.raises(Invalid) as refused:
        signing.finish_oauth(session, Actor(user, "X", Role.ADMINISTRATOR), query | change)
    assert refused.value.code == "oauth_state_invalid"
    assert vendor.count("exchanged") == 0
    assert signing.finish_oauth(SESSION, admin, query).state == "live", "the one who began can still finish"


def test_a_state_ends_after_ten_minutes_and_is_cleared_away(signing, admin, clock, database):
    query = allow(signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION))
    clock.advance(10 * MINUTE)
    with pytest.raises(Invalid):
        signing.finish_oauth(SESSION, admin, query)
    signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION)
    with database.read() as session:
        assert session.query(OAuthDance).count() == 1


def test_a_person_who_says_no_connects_nothing(signing, admin):
    query = allow(signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION), allow="no")
    with pytest.raises(Invalid) as refused:
        signing.finish_oauth(SESSION, admin, query)
    assert refused.value.code == "consent_denied"
    assert signing.list(admin) == []


def test_a_vendor_that_fails_at_the_exchange_connects_nothing(signing, admin, vendor):
    query = allow(signing.start_oauth(admin, SESSION, "tinyoauth", {}, secrets=REGISTRATION))
    vendor.faults.lose_answers = 1
    with pytest.raises(Unavailable):
        signing.finish_oauth(SESSION, admin, query)
    assert signing.list(admin) == []


def test_the_way_of_connecting_must_fit(signing, connections, admin):
    with pytest.raises(Invalid) as refused:
        signing.connect(admin, "tinyoauth", auth="oauth", settings={}, secrets=REGISTRATION)
    assert refused.value.code == "oauth_required"
    with pytest.raises(Invalid) as refused:
        connections.start_oauth(admin, SESSION, "tiny", {}, secrets={"key": "k"})
    assert refused.value.code == "oauth_not_offered"


def test_a_token_that_ends_soon_is_renewed_before_it_is_used(signing, signed_in, clock, vendor):
    clock.advance(HOUR - MINUTE)
    assert signing.speak(signed_in.remote_id).connector.identify().key == "account-1"
    assert signing.speak(signed_in.remote_id).connector.identify().key == "account-1"
    assert vendor.count("refreshed") == 1


def test_a_token_that_is_refused_in_the_middle_is_renewed_once(signing, signed_in, vendor):
    speaker = signing.speak(signed_in.remote_id)
    for family in vendor.families.values():
        family.access.clear()
    assert speaker.connector.identify().key == "account-1"
    assert vendor.count("refreshed") == 1


def test_withdrawn_consent_needs_a_person_and_connecting_again_carries_on(signing, signed_in, admin, vendor, clock):
    vendor.withdraw_consent()
    clock.advance(HOUR)
    with pytest.raises(NeedsPerson):
        signing.speak(signed_in.remote_id)
    assert state_of(signing, admin) == ("needs_person", "auth_expired")
    with pytest.raises(AlreadyConnected) as told:
        sign_in(signing, admin)
    again = signing.choose(admin, SESSION, told.value.state, Known.RENEW)
    assert again.id == signed_in.id
    assert signing.speak(again.remote_id).connector.identify()


def test_a_lost_answer_that_was_carried_out_ends_with_a_clear_word_to_a_person(
    signing, signed_in, admin, vendor, clock
):
    clock.advance(HOUR)
    vendor.faults.lose_answers = 1
    with pytest.raises(RetryLater) as later:
        signing.speak(signed_in.remote_id)
    assert later.value.code == "renewal_unanswered"
    assert state_of(signing, admin) == ("ailing", "renewal_unanswered")
    with pytest.raises(NeedsPerson):
        signing.speak(signed_in.remote_id)
    assert state_of(signing, admin) == ("needs_person", "renewal_lost")
    assert "answer was lost" in signing.list(admin)[0].problem


def test_a_lost_answer_that_was_not_carried_out_heals_by_itself(signing, signed_in, admin, vendor, clock):
    clock.advance(HOUR)
    vendor.faults.refuse = 1
    with pytest.raises(RetryLater):
        signing.speak(signed_in.remote_id)
    assert signing.speak(signed_in.remote_id).connector.identify()
    assert state_of(signing, admin) == ("live", "")


def test_a_busy_vendor_is_left_alone_for_as_long_as_it_asks(signing, signed_in, vendor, clock):
    clock.advance(HOUR)
    vendor.faults.limit = 1
    with pytest.raises(RetryLater):
        signing.speak(signed_in.remote_id)
    with pytest.raises(RetryLater) as later:
        signing.speak(signed_in.remote_id)
    assert later.value.after_s == pytest.approx(7)
    clock.advance(7_000)
    assert signing.speak(signed_in.remote_id).connector.identify()


@pytest.mark.both
def test_a_lease_of_a_living_process_is_respected_and_one_of_a_dead_process_ends(
    signing, signed_in, clock, vendor, database
):
    clock.advance(HOUR)
    with database.unit() as session:
        assert credentials.lease(session, signed_in.id, 1, owner="another", now=clock.now())
        assert not credentials.lease(session, signed_in.id, 1, owner="third", now=clock.now())
    with pytest.raises(RetryLater) as later:
        signing.speak(signed_in.remote_id)
    assert later.value.code == "renewal_running"
    assert vendor.count("refreshed") == 0
    clock.advance(credentials.LEASE_MS)
    assert signing.speak(signed_in.remote_id).connector.identify()
    assert vendor.count("refreshed") == 1


@pytest.mark.both
def test_a_late_answer_to_a_lost_lease_changes_nothing(signing, signed_in, keyring, database, clock):
    with database.read() as session:
        old = credentials.load(session, keyring, signed_in.id)
    newer = credentials.Secrets({**old.values, "access_token": "newer"}, old.generation + 1, None)
    later = credentials.Secrets({**old.values, "access_token": "too late"}, old.generation + 1, None)
    with database.unit() as session:
        assert credentials.swap(session, keyring, signed_in.id, newer)
    with database.unit() as session:
        assert not credentials.swap(session, keyring, signed_in.id, later)
        assert credentials.load(session, keyring, signed_in.id).values["access_token"] == "newer"


def test_another_processs_success_wins_over_our_failure(signing, signed_in, vendor, keyring, database, clock):
    """Our refusal came because somebody else renewed meanwhile: their tokens are used, nobody is asked."""
    clock.advance(HOUR)
    speaking = signing._speaking
    real_flow = speaking.flow

    def overtaken(way):
        flow = real_flow(way)

        class Overtaken:
            def refresh(self, token):
                grant = flow.refresh(token)
                with database.unit() as session:
                    now = clock.now()
                    current = credentials.load(session, keyring, signed_in.id)
                    credentials.swap(session, keyring, signed_in.id, current.renewed(grant, now))
                vendor.faults.limit = 1
                return flow.refresh(grant.refresh_token)

        return Overtaken()

    speaking.flow = overtaken
    assert signing.speak(signed_in.remote_id).connector.identify().key == "account-1"


def test_a_connection_removed_during_a_renewal_stays_removed(signing, signed_in, admin, vendor, clock, database):
    clock.advance(HOUR)
    speaking = signing._speaking
    real_flow = speaking.flow

    def removed(way):
        flow = real_flow(way)

        class Removed:
            def refresh(self, token):
                grant = flow.refresh(token)
                speaking.flow = real_flow
                signing.disconnect(admin, signed_in.id)
                return grant

        return Removed()

    speaking.flow = removed
    with pytest.raises(NeedsPerson):
        signing.speak(signed_in.remote_id)
    with database.read() as session:
        assert session.get(Credential, signed_in.id) is None
    assert state_of(signing, admin) == ("off", "disconnected")


def test_disconnecting_revokes_at_the_vendor(signing, signed_in, admin, vendor):
    signing.disconnect(admin, signed_in.id)
    assert [entry.note for entry in vendor.ledger if entry.what == "revoked"] == ["asked"]
    assert signing.list(admin)[0].problem == "Disconnected."


def test_a_vendor_that_does_not_confirm_is_said_so_and_the_secrets_are_gone_anyway(
    signing, signed_in, admin, vendor, database
):
    vendor.client_secret = "changed there"
    signing.disconnect(admin, signed_in.id)
    assert "remove the hub there too" in signing.list(admin)[0].problem
    with database.read() as session:
        assert session.get(Credential, signed_in.id) is None


def test_a_hub_that_only_observes_takes_nothing_from_the_hub_it_was_copied_from(
    signing, signed_in, admin, vendor, clock, database
):
    with database.unit() as session:
        observe_only(session.scalars(select(Installation)).one(), "woke up elsewhere")
    assert signing.speak(signed_in.remote_id).connector.identify(), "it may look while the token lasts"
    clock.advance(HOUR)
    with pytest.raises(RetryLater) as later:
        signing.speak(signed_in.remote_id)
    assert later.value.code == "observe_only"
    signing.disconnect(admin, signed_in.id)
    assert vendor.count("refreshed") == 0
    assert vendor.count("revoked") == 0


@pytest.fixture
def real(database_url, tmp_path, vendor, origin, admin):
    """A real hub process's service with a connection whose token ends within the leeway."""
    home = str(tmp_path / "home")
    database, service = racing.service(database_url, home, origin)
    vendor.access_life_s = 30
    made = sign_in(service, admin)
    vendor.access_life_s = 3600
    yield service, (database_url, home, origin, made.remote_id)
    database.dispose()


@pytest.mark.both
def test_a_hundred_threads_in_two_processes_renew_exactly_once(real, vendor, admin):
    service, where = real
    vendor.faults.slow_s = 0.3  # long enough for every thread of both processes to want it meanwhile
    answers, go = FORKED.Queue(), FORKED.Event()
    ready = [FORKED.Event() for _ in range(2)]
    processes = [FORKED.Process(target=racing.race, args=(*where, 50, one, go, answers)) for one in ready]
    for process in processes:
        process.start()
    for one in ready:
        assert one.wait(60)
    go.set()
    results = [answer for _ in processes for answer in answers.get(timeout=120)]
    for process in processes:
        process.join(30)
    assert results == ["account-1"] * 100
    assert vendor.count("refreshed") == 1
    assert vendor.count("revoked") == 0
    assert state_of(service, admin) == ("live", "")


@pytest.mark.both
def test_a_killed_holders_lease_is_taken_over(real, vendor, admin):
    """SIGKILL while the vendor thinks: the next one renews after the lease, and a lost rotation is told clearly."""
    _service, where = real
    asked, answer = threading.Event(), threading.Event()

    def think(_seconds):
        asked.set()
        answer.wait(60)

    vendor._sleep = think
    process = FORKED.Process(target=racing.renew_and_hang, args=where)
    process.start()
    assert asked.wait(60)
    os.kill(process.pid, signal.SIGKILL)
    process.join(30)
    vendor._sleep = lambda _seconds: None
    database, later = racing.service(*where[:3], shift_ms=credentials.LEASE_MS)
    assert later.speak(where[3]).connector.identify().key == "account-1"
    assert vendor.count("refreshed") == 1
    assert state_of(later, admin) == ("live", "")
    answer.set()  # the dead process's request is only now carried out
    database.dispose()


@pytest.mark.both
def test_a_holder_killed_after_the_vendor_rotated_ends_with_a_clear_word(real, vendor, admin):
    service, where = real
    with service._database.unit() as session:
        connection_id = service.list(admin)[0].id
        credentials.lease(session, connection_id, 1, owner="killed", now=service._clock.now())
    for family in vendor.families.values():  # the vendor carried it out, and nobody got the answer
        family.spent.add(family.refresh)
        family.refresh = "nobody knows"
    database, later = racing.service(*where[:3], shift_ms=credentials.LEASE_MS)
    with pytest.raises(NeedsPerson):
        later.speak(where[3])
    assert state_of(later, admin) == ("needs_person", "renewal_lost")
    database.dispose()
