"""Who may do what: the one place where it is decided.

Three tables: what a role may do with everything, what it may do with its own, and which acts a token's scope covers.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from hub.access.actors import Actor, Role, Scope
from hub.errors import Forbidden


class Act(StrEnum):
    """Everything that somebody may or may not do."""

    VIEW = "view"  # approved versions
    VIEW_UNAPPROVED = "view_unapproved"
    UPLOAD = "upload"
    EDIT = "edit"
    SUBMIT = "submit"
    DECIDE = "decide"
    ARCHIVE = "archive"
    DELETE = "delete"
    SET_RIGHTS = "set_rights"
    PLACE = "place"
    RECALL = "recall"
    CONNECT = "connect"
    MANAGE_USERS = "manage_users"
    MANAGE_ENDPOINTS = "manage_endpoints"
    SEE_ACTIVITY = "see_activity"
    HEAR_EVENTS = "hear_events"
    SHARE = "share"


CONTENT = frozenset(Act) - {Act.CONNECT, Act.MANAGE_USERS, Act.MANAGE_ENDPOINTS}

ON_EVERYTHING: Mapping[Role, frozenset[Act]] = {
    Role.VIEWER: frozenset({Act.VIEW}),
    Role.CONTRIBUTOR: frozenset({Act.VIEW, Act.UPLOAD}),
    Role.EDITOR: CONTENT,
    Role.ADMINISTRATOR: frozenset(Act),
}
ON_THEIR_OWN: Mapping[Role, frozenset[Act]] = {
    Role.VIEWER: frozenset(),
    Role.CONTRIBUTOR: frozenset({Act.VIEW_UNAPPROVED, Act.EDIT, Act.SUBMIT}),
    Role.EDITOR: frozenset(),
    Role.ADMINISTRATOR: frozenset(),
}
COVERED_BY: Mapping[str, frozenset[Act]] = {
    Scope.READ: frozenset({Act.VIEW, Act.VIEW_UNAPPROVED, Act.SEE_ACTIVITY, Act.HEAR_EVENTS}),
    Scope.UPLOAD: frozenset({Act.UPLOAD, Act.SUBMIT}),
    Scope.EDIT: frozenset({Act.EDIT, Act.SUBMIT, Act.ARCHIVE, Act.DELETE}),
    Scope.PUBLISH: frozenset({Act.DECIDE, Act.SET_RIGHTS, Act.PLACE, Act.RECALL, Act.SHARE}),
    Scope.ADMIN: frozenset({Act.CONNECT, Act.MANAGE_USERS, Act.MANAGE_ENDPOINTS}),
    Scope.EVENTS: frozenset({Act.HEAR_EVENTS}),
}


def allowed(actor: Actor, act: Act, *, owner_id: str | None = None) -> bool:
    """Tell whether the actor may do this; `owner_id` is the owner of the asset or thing that it is done to."""
    own = owner_id is not None and owner_id == actor.id
    return act in held_acts(actor, own=own)


def require(actor: Actor, act: Act, *, owner_id: str | None = None) -> None:
    """Let it pass, or raise.

    Raises:
        Forbidden: `not_allowed`.
    """
    if allowed(actor, act, owner_id=owner_id):
        return
    raise Forbidden(
        "not_allowed",
        f"Your role or token does not cover this: {act.value.replace('_', ' ')}.",
        where=act.value,
        next_step="Ask an administrator, or use a token with the scope that this needs.",
    )


def held_acts(actor: Actor, *, own: bool) -> frozenset[Act]:
    """Return every act that the actor may do, with their own things too when `own`."""
    acts = acts_of_role(actor.role, own=own)
    if actor.scopes is None:
        return acts
    return acts & frozenset[Act]().union(*(COVERED_BY.get(scope, frozenset()) for scope in actor.scopes))


def acts_of_role(role: Role, *, own: bool) -> frozenset[Act]:
    """Return every act of a role, with one's own things too when `own`."""
    return ON_EVERYTHING[role] | ON_THEIR_OWN[role] if own else ON_EVERYTHING[role]


def may_give(actor: Actor, role: Role) -> bool:
    """Tell whether the actor holds everything that the role would give to somebody else."""
    return acts_of_role(role, own=True) <= held_acts(actor, own=True)
