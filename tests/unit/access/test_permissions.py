from __future__ import annotations

import pytest

from hub.access.actors import SYSTEM, Actor, Role, Scope
from hub.access.permissions import COVERED_BY, Act, allowed, held_acts, may_give, require
from hub.errors import Forbidden

EXPECTED = {
    Role.VIEWER: {Act.VIEW},
    Role.CONTRIBUTOR: {Act.VIEW, Act.UPLOAD},
    Role.EDITOR: set(Act) - {Act.CONNECT, Act.MANAGE_USERS, Act.MANAGE_ENDPOINTS},
    Role.ADMINISTRATOR: set(Act),
}


def somebody(role, scopes=None):
    return Actor("u1", "Somebody", role, scopes)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
def test_a_role_may_exactly_what_its_row_says(role, act):
    assert allowed(somebody(role), act) == (act in EXPECTED[role])
    assert allowed(somebody(role), act, owner_id="u2") == (act in EXPECTED[role])


@pytest.mark.parametrize("act", Act)
def test_a_contributor_may_more_with_their_own(act):
    more = {Act.VIEW_UNAPPROVED, Act.EDIT, Act.SUBMIT}
    assert allowed(somebody(Role.CONTRIBUTOR), act, owner_id="u1") == (act in EXPECTED[Role.CONTRIBUTOR] | more)


@pytest.mark.parametrize("act", Act)
def test_a_viewer_gains_nothing_by_owning(act):
    assert allowed(somebody(Role.VIEWER), act, owner_id="u1") == (act is Act.VIEW)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("scope", Scope)
def test_a_scope_only_narrows(role, scope):
    whole, narrowed = somebody(role), somebody(role, frozenset({scope}))
    for own in (False, True):
        assert held_acts(narrowed, own=own) <= held_acts(whole, own=own)
    assert held_acts(narrowed, own=True) <= COVERED_BY[scope]


def test_scopes_cover_every_act_together_and_nothing_when_unknown():
    assert held_acts(somebody(Role.ADMINISTRATOR, frozenset(Scope)), own=False) == set(Act)
    assert held_acts(somebody(Role.ADMINISTRATOR, frozenset({"everything"})), own=True) == set()
    assert held_acts(somebody(Role.ADMINISTRATOR, frozenset()), own=True) == set()


def test_require_says_what_is_missing():
    with pytest.raises(Forbidden) as refused:
        require(somebody(Role.VIEWER), Act.RECALL)
    assert (refused.value.code, refused.value.where) == ("not_allowed", "recall")
    require(SYSTEM, Act.RECALL)


def test_nobody_gives_more_than_they_have():
    assert may_give(somebody(Role.ADMINISTRATOR), Role.ADMINISTRATOR)
    assert not may_give(somebody(Role.EDITOR), Role.ADMINISTRATOR)
    assert not may_give(somebody(Role.ADMINISTRATOR, frozenset({Scope.ADMIN})), Role.VIEWER)
    assert may_give(somebody(Role.ADMINISTRATOR, frozenset({Scope.ADMIN, Scope.READ})), Role.VIEWER)
