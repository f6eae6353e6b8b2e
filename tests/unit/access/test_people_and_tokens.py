from __future__ import annotations

import threading

import pytest

from hub.access.actors import SYSTEM, Actor, Role, Scope
from hub.access.models import ApiToken
from hub.access.users import find_actor
from hub.clock import DAY, SECOND
from hub.errors import Conflict, Forbidden, HubError, Invalid, NotFound, NotSignedIn
from hub.events.models import Event
from tests.unit.access.conftest import PASSWORD


def add(access, actor, email="b@example.org", role=Role.EDITOR):
    return access.create_user(actor, email=email, name="B", role=role, password=PASSWORD)


def as_actor(view, scopes=None):
    return Actor(view.id, view.name, view.role, scopes)


def code_of(call, *args, **kwargs):
    with pytest.raises(HubError) as refused:
        call(*args, **kwargs)
    return refused.value.code


def together(*calls):
    ended = []
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            ended.append(call())
        except HubError as refused:
            ended.append(refused.code)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def test_the_first_administrator_is_made_once(access):
    assert not access.has_users()
    first = access.first_administrator(email="a@example.org", name="A", password=PASSWORD)
    assert first.role is Role.ADMINISTRATOR
    assert access.has_users()
    second = {"email": "b@example.org", "name": "B", "password": PASSWORD}
    assert code_of(access.first_administrator, **second) == "hub_has_users"


def test_two_first_runs_make_one_administrator(access):
    ended = together(
        *(
            lambda number=number: (
                access.first_administrator(email=f"a{number}@example.org", name="A", password=PASSWORD).role
            )
            for number in range(4)
        )
    )
    assert sorted(ended) == ["administrator", "hub_has_users", "hub_has_users", "hub_has_users"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR])
def test_only_administrators_manage_people(access, administrator, role):
    user = add(access, administrator, role=role)
    somebody = as_actor(user)
    assert code_of(add, access, somebody, "c@example.org") == "not_allowed"
    assert code_of(access.users, somebody) == "not_allowed"
    assert code_of(access.set_role, somebody, user.id, Role.ADMINISTRATOR) == "not_allowed"
    assert code_of(access.set_password, somebody, administrator.id, PASSWORD) == "not_allowed"
    assert code_of(access.disable, somebody, administrator.id) == "not_allowed"
    assert code_of(access.enable, somebody, administrator.id) == "not_allowed"
    assert code_of(access.list_tokens, somebody, user_id=administrator.id) == "not_allowed"


def test_a_narrow_token_cannot_give_what_it_does_not_have(access, administrator):
    editor = add(access, administrator)
    narrow = Actor(administrator.id, "Ada", Role.ADMINISTRATOR, frozenset({Scope.ADMIN, Scope.READ}))
    assert code_of(add, access, narrow, "c@example.org", Role.EDITOR) == "more_than_you_have"
    assert code_of(access.set_role, narrow, editor.id, Role.VIEWER) == "more_than_you_have"
    assert code_of(access.set_password, narrow, editor.id, PASSWORD) == "more_than_you_have"
    assert code_of(access.disable, narrow, editor.id) == "more_than_you_have"
    assert add(access, narrow, "c@example.org", Role.VIEWER).role is Role.VIEWER


def test_an_address_is_taken_once(access, administrator):
    add(access, administrator)
    assert code_of(add, access, administrator, " B@EXAMPLE.org ") == "email_taken"
    ended = together(*(lambda: add(access, administrator, "c@example.org").role for _ in range(3)))
    assert sorted(ended) == ["editor", "email_taken", "email_taken"]


@pytest.mark.parametrize("email", ["", "a", "@b", "a@", "a@b@c", "a b@c.org", "a\u202e@b.org", "x" * 250 + "@b.org"])
def test_what_is_no_address_is_refused(access, administrator, email):
    assert code_of(add, access, administrator, email) == "email_unfit"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u202eb", "x" * 201])
def test_what_is_no_name_is_refused(access, administrator, name):
    with pytest.raises(Invalid) as refused:
        access.create_user(administrator, email="c@d.org", name=name, role=Role.VIEWER, password=PASSWORD)
    assert refused.value.code == "name_unfit"


def test_the_last_administrator_stays(access, administrator):
    assert code_of(access.set_role, administrator, administrator.id, Role.EDITOR) == "last_administrator"
    assert code_of(access.disable, administrator, administrator.id) == "last_administrator"
    second = add(access, administrator, role=Role.ADMINISTRATOR)
    access.disable(administrator, administrator.id)
    assert code_of(access.disable, as_actor(second), second.id) == "last_administrator"


def test_two_administrators_who_demote_each_other_leave_one(access, administrator):
    second = as_actor(add(access, administrator, role=Role.ADMINISTRATOR))
    ended = together(
        lambda: access.set_role(administrator, second.id, Role.EDITOR).role,
        lambda: access.set_role(second, administrator.id, Role.EDITOR).role,
    )
    assert sorted(ended) == ["editor", "last_administrator"]
    assert sum(user.role is Role.ADMINISTRATOR for user in access.users(administrator)) == 1


def test_people_are_listed_and_found(access, administrator, database):
    user = add(access, administrator)
    assert [each.email for each in access.users(administrator)] == ["ada@example.org", "b@example.org"]
    with database.read() as unit:
        assert find_actor(unit, user.id) == as_actor(user)
        assert find_actor(unit, "system") == SYSTEM
        assert find_actor(unit, "nobody") is None
    assert code_of(access.set_role, administrator, "nobody", Role.VIEWER) == "no_such_user"


def test_ones_own_password_needs_the_current_one(access, administrator):
    cookie = access.sign_in("ada@example.org", PASSWORD, address="a").cookie
    assert code_of(access.set_password, administrator, administrator.id, "a new long one") == "wrong_credentials"
    access.set_password(administrator, administrator.id, "a new long one", current=PASSWORD)
    assert access.session(cookie) is None
    assert access.sign_in("ada@example.org", "a new long one", address="a").actor == administrator


def test_an_administrator_sets_others_passwords(access, administrator):
    user = add(access, administrator)
    cookie = access.sign_in("b@example.org", PASSWORD, address="a").cookie
    access.set_password(administrator, user.id, "a new long one")
    assert access.session(cookie) is None
    with pytest.raises(NotSignedIn):
        access.sign_in("b@example.org", PASSWORD, address="a")


def test_disabling_shuts_out_at_once(access, administrator):
    user = add(access, administrator)
    cookie = access.sign_in("b@example.org", PASSWORD, address="a").cookie
    _, secret = access.issue_token(as_actor(user), label="t", scopes=["read"], days=1)
    access.disable(administrator, user.id)
    access.disable(administrator, user.id)
    assert access.session(cookie) is None
    assert access.token_actor(secret) is None
    with pytest.raises(NotSignedIn):
        access.sign_in("b@example.org", PASSWORD, address="a")
    access.enable(administrator, user.id)
    assert access.token_actor(secret) is None
    assert access.sign_in("b@example.org", PASSWORD, address="a")


def test_a_token_acts_for_its_owner_within_its_scopes(access, administrator, database):
    token_id, secret = access.issue_token(administrator, label=" CI ", scopes=["upload", "read"], days=30)
    assert secret.startswith("dh_")
    actor = access.token_actor(secret)
    assert actor == Actor(administrator.id, "Ada", Role.ADMINISTRATOR, frozenset({"read", "upload"}))
    with database.read() as unit:
        assert secret not in str(vars(unit.query(ApiToken).one()))
    (view,) = access.list_tokens(administrator)
    assert (view.id, view.label, view.scopes) == (token_id, "CI", ("read", "upload"))


def test_a_token_ends_at_its_expiry_exactly(access, administrator, clock):
    _, secret = access.issue_token(administrator, label="t", scopes=["read"], days=1)
    clock.advance(DAY - 1)
    assert access.token_actor(secret)
    clock.advance(1)
    assert access.token_actor(secret) is None


def test_a_revoked_token_ends_at_once(access, administrator):
    token_id, secret = access.issue_token(administrator, label="t", scopes=["read"], days=1)
    access.revoke_token(administrator, token_id)
    access.revoke_token(administrator, token_id)
    assert access.token_actor(secret) is None
    assert access.list_tokens(administrator)[0].revoked_at


def test_tokens_of_others_are_hidden_from_all_but_administrators(access, administrator):
    user = as_actor(add(access, administrator))
    token_id, _ = access.issue_token(administrator, label="t", scopes=["read"], days=1)
    with pytest.raises(NotFound):
        access.revoke_token(user, token_id)
    own, secret = access.issue_token(user, label="t", scopes=["read"], days=1)
    assert [token.id for token in access.list_tokens(administrator, user_id=user.id)] == [own]
    access.revoke_token(administrator, own)
    assert access.token_actor(secret) is None


def test_tokens_make_no_tokens(access, administrator):
    _, secret = access.issue_token(administrator, label="t", scopes=list(Scope), days=1)
    program = access.token_actor(secret)
    wish = {"label": "u", "scopes": ["read"], "days": 1}
    assert code_of(access.issue_token, program, **wish) == "tokens_make_no_tokens"
    assert code_of(access.issue_token, SYSTEM, **wish) == "tokens_make_no_tokens"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"scopes": []}, "scope_unknown"),
        ({"scopes": ["everything"]}, "scope_unknown"),
        ({"days": 0}, "token_needs_expiry"),
        ({"days": 367}, "token_needs_expiry"),
        ({"label": " "}, "label_unfit"),
        ({"label": "a\nb"}, "label_unfit"),
    ],
)
def test_unfit_tokens_are_refused(access, administrator, wish, code):
    assert code_of(access.issue_token, administrator, **{"label": "t", "scopes": ["read"], "days": 1} | wish) == code


@pytest.mark.parametrize("secret", ["", "dh_", "dh_nothing", "xx_nothing", "dh_\ud800\0"])
def test_what_is_no_token_is_nobody(access, administrator, secret):
    assert access.token_actor(secret) is None


def test_use_is_noted_once_a_minute(access, administrator, clock):
    _, secret = access.issue_token(administrator, label="t", scopes=["read"], days=1)
    assert access.list_tokens(administrator)[0].last_used_at is None
    access.token_actor(secret)
    first = clock.now()
    clock.advance(59 * SECOND)
    access.token_actor(secret)
    assert access.list_tokens(administrator)[0].last_used_at == first
    clock.advance(SECOND)
    access.token_actor(secret)
    assert access.list_tokens(administrator)[0].last_used_at == clock.now()


def test_events_tell_what_happened_and_hold_no_secret(access, administrator, database):
    user = add(access, administrator)
    access.set_role(administrator, user.id, Role.VIEWER)
    token_id, secret = access.issue_token(as_actor(user), label="t", scopes=["read"], days=1)
    access.revoke_token(administrator, token_id)
    access.disable(administrator, user.id)
    with database.read() as unit:
        events = unit.query(Event).filter(Event.subject == user.id).order_by(Event.seq).all()
    assert [event.kind for event in events] == [
        "access.user_created",
        "access.role_changed",
        "access.token_issued",
        "access.token_revoked",
        "access.user_disabled",
    ]
    assert secret not in str([event.body for event in events])
    assert Forbidden.status == 403
    assert Conflict.status == 409
