from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from hub.access.actors import SYSTEM, Role
from hub.access.models import Session, SignInAttempt, User
from hub.access.passwords import Passwords
from hub.access.service import Access
from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.errors import Invalid, NotSignedIn, Throttled
from tests.unit.access.conftest import PASSWORD


def sign_in(access, email="ada@example.org", password=PASSWORD, address="192.0.2.1"):
    return access.sign_in(email, password, address=address)


def fail(access, **kwargs):
    with pytest.raises(NotSignedIn) as refused:
        sign_in(access, **{"password": "wrong"} | kwargs)
    assert refused.value.code == "wrong_credentials"


def test_a_right_password_begins_a_session(access, administrator):
    signed_in = sign_in(access, email=" ADA@example.org ")
    info = access.session(signed_in.cookie)
    assert info.actor == signed_in.actor == administrator
    assert info.csrf_matches(signed_in.csrf)
    assert not info.csrf_matches("\u00e9" + signed_in.csrf)


def test_the_cookie_and_the_password_are_not_in_the_database(access, administrator, database):
    signed_in = sign_in(access)
    with database.read() as unit:
        (session,) = unit.query(Session).all()
        (user,) = unit.query(User).all()
    assert signed_in.cookie not in vars(session).values()
    assert user.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("email", ["nobody@example.org", "a\0b@example.org", "\ud800@x", "", "x" * 100_000])
def test_an_unknown_account_fails_like_a_wrong_password(access, administrator, email):
    fail(access, email=email)


@pytest.mark.parametrize("password", ["", "\0", "\ud800", "x" * 100_000])
def test_a_hostile_password_is_only_wrong(access, administrator, password):
    fail(access, password=password)


def test_unknown_and_known_accounts_cost_one_check_each(access, administrator, monkeypatch, passwords):
    checked = []
    hasher = passwords._hasher
    monkeypatch.setattr(type(hasher), "verify", lambda self, kept, given: checked.append(kept) or _mismatch())
    fail(access)
    fail(access, email="nobody@example.org")
    assert len(checked) == 2
    assert checked[0].split("$")[:4] == checked[1].split("$")[:4]


def test_the_hash_of_nobody_is_computed_with_like_one_that_was_made(passwords):
    made, made_up = passwords.hash(PASSWORD), passwords._nobody
    assert extract_parameters(made_up) == extract_parameters(made)
    with pytest.raises(VerifyMismatchError):  # InvalidHashError would mean that it was refused at a glance
        passwords._hasher.verify(made_up, PASSWORD)
    assert made_up != Passwords(passwords._hasher)._nobody


def _mismatch():
    raise VerifyMismatchError


def test_an_account_is_throttled_even_for_the_right_password(access, administrator, clock):
    for _ in range(5):
        fail(access)
    with pytest.raises(Throttled) as refused:
        sign_in(access, address="198.51.100.7")
    assert refused.value.retry_after_s == 30
    clock.advance(30 * SECOND)
    assert sign_in(access).actor == administrator
    fail(access)


def test_waits_double_and_end_at_a_quarter_of_an_hour(access, administrator, clock):
    for _ in range(5):
        fail(access)
    waits = []
    for _ in range(7):
        with pytest.raises(Throttled) as refused:
            sign_in(access)
        waits.append(refused.value.retry_after_s)
        clock.advance(refused.value.retry_after_s * SECOND)
        fail(access)
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_an_unknown_account_is_throttled_alike(access, administrator):
    for _ in range(5):
        fail(access, email="nobody@example.org")
    with pytest.raises(Throttled):
        sign_in(access, email="nobody@example.org")
    sign_in(access)


def test_an_address_is_throttled_over_many_accounts(access, administrator):
    for number in range(20):
        fail(access, email=f"user{number}@example.org")
    with pytest.raises(Throttled):
        sign_in(access)
    assert sign_in(access, address="198.51.100.7").actor == administrator


def test_one_customers_ipv6_addresses_count_as_one(access, administrator):
    for number in range(20):
        fail(access, email=f"user{number}@example.org", address=f"2001:db8:1:2::{number:x}")
    with pytest.raises(Throttled):
        sign_in(access, address="2001:db8:1:2:ffff::1")
    sign_in(access, address="2001:db8:1:3::1")
    for number in range(20):
        fail(access, email=f"other{number}@example.org", address=f"::ffff:192.0.2.{number}")
    sign_in(access, address="::ffff:192.0.2.99")


def test_signing_in_oneself_does_not_clear_the_address(access, administrator):
    for number in range(19):
        fail(access, email=f"user{number}@example.org")
    sign_in(access)
    fail(access, email="another@example.org")
    with pytest.raises(Throttled):
        sign_in(access)


def test_failures_are_forgotten_in_time(access, administrator, clock, database):
    for _ in range(4):
        fail(access)
    clock.advance(HOUR)
    for _ in range(4):
        fail(access)
    sign_in(access)
    clock.advance(2 * DAY)
    sign_in(access, address="198.51.100.7")
    with database.read() as unit:
        assert unit.query(SignInAttempt).count() == 2


def test_tries_side_by_side_do_not_slip_past(access, administrator, database):
    ended = []
    barrier = threading.Barrier(12)

    def guess():
        barrier.wait()
        try:
            sign_in(access, password="wrong")
        except (NotSignedIn, Throttled) as refused:
            ended.append(type(refused))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count(NotSignedIn) == 5
    assert ended.count(Throttled) == 7


def test_a_session_ends_by_idling(access, administrator, clock):
    cookie = sign_in(access).cookie
    clock.advance(11 * HOUR)
    assert access.session(cookie)
    clock.advance(11 * HOUR)
    assert access.session(cookie)
    clock.advance(12 * HOUR)
    assert access.session(cookie) is None


def test_a_session_ends_by_age_however_busy(access, administrator, clock):
    cookie = sign_in(access).cookie
    for _ in range(71):
        clock.advance(10 * HOUR)
        assert access.session(cookie)
    clock.advance(10 * HOUR)
    assert access.session(cookie) is None


def test_being_seen_is_noted_seldom(access, administrator, clock, database):
    cookie = sign_in(access).cookie
    began = clock.now()
    clock.advance(MINUTE)
    access.session(cookie)
    with database.read() as unit:
        assert unit.query(Session).one().seen_at == began
    clock.advance(4 * MINUTE)
    access.session(cookie)
    with database.read() as unit:
        assert unit.query(Session).one().seen_at == clock.now()


def test_signing_out_ends_a_session_and_may_be_repeated(access, administrator):
    first, second = sign_in(access).cookie, sign_in(access).cookie
    access.sign_out(first)
    access.sign_out(first)
    assert access.session(first) is None
    assert access.session(second)
    assert access.session("\ud800") is None


def test_ended_sessions_are_cleared_away(access, administrator, clock, database):
    sign_in(access)
    clock.advance(13 * HOUR)
    sign_in(access)
    with database.read() as unit:
        assert unit.query(Session).count() == 1


def test_an_outdated_hash_is_renewed(access, administrator, database, clock):
    stronger = Access(
        database, clock, access.keyring, passwords=Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    )
    sign_in(stronger)
    with database.read() as unit:
        assert "t=2" in unit.query(User).one().password_hash
    sign_in(stronger)


def test_a_password_changed_during_the_check_counts(access, administrator, monkeypatch, passwords):
    matches = passwords.matches

    def change_meanwhile(kept, password):
        result = matches(kept, password)
        monkeypatch.undo()
        access.set_password(SYSTEM, administrator.id, "another long password")
        return result

    monkeypatch.setattr(passwords, "matches", change_meanwhile)
    fail(access, password=PASSWORD)


@pytest.mark.parametrize("password", ["short", "x" * 1025])
def test_unfit_passwords_are_refused(access, password):
    with pytest.raises(Invalid) as refused:
        access.first_administrator(email="a@example.org", name="A", password=password)
    assert refused.value.code == "password_unfit"


def test_the_role_of_today_counts(access, administrator):
    user = access.create_user(administrator, email="b@example.org", name="B", role=Role.EDITOR, password=PASSWORD)
    cookie = sign_in(access, email="b@example.org").cookie
    access.set_role(administrator, user.id, Role.VIEWER)
    assert access.session(cookie).actor.role is Role.VIEWER
