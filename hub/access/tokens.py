"""API tokens: secrets that programs use in a person's name. They expire, narrow the role, and end at once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.access.actors import Actor, Scope
from hub.access.models import ApiToken, User
from hub.access.sessions import hash_of
from hub.access.users import actor_of
from hub.clock import DAY, MINUTE
from hub.db.base import new_id
from hub.errors import Invalid

PREFIX = "dh_"
LONGEST_DAYS = 366
LONGEST_LABEL = 100
NOTED_EVERY = MINUTE


@dataclass(frozen=True, slots=True)
class TokenView:
    """What may be shown of a token; the secret was shown once, when it was made."""

    id: str
    user_id: str
    label: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int
    revoked_at: int | None
    last_used_at: int | None


def issue(session: Session, user_id: str, *, label: str, scopes: Iterable[str], days: int, at: int) -> tuple[str, str]:
    """Make a token; return its id and its secret, which cannot be shown again.

    Raises:
        Invalid: no scope or an unknown one, no expiry within a year, or no label.
    """
    wanted = _known(scopes)
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(
            "token_needs_expiry",
            f"A token expires after 1 to {LONGEST_DAYS} days.",
            where="days",
            next_step="Choose how many days it is needed.",
        )
    cleaned = label.strip()
    if not cleaned or len(cleaned) > LONGEST_LABEL or not cleaned.isprintable():
        raise Invalid(
            "label_unfit",
            f"A label has 1 to {LONGEST_LABEL} printable characters.",
            where="label",
            next_step="Say what the token is for.",
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(), hash=hash_of(secret), user_id=user_id, label=cleaned, scopes=wanted,
        created_at=at, expires_at=at + days * DAY, revoked_at=None, last_used_at=None,
    )  # fmt: skip
    session.add(token)
    return token.id, secret


def _known(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    unknown = wanted - set(Scope)
    if unknown or not wanted:
        raise Invalid(
            "scope_unknown",
            "A token has at least one scope, and only these: " + ", ".join(Scope) + ".",
            where="scopes",
            next_step="Choose from this list.",
        )
    return [scope.value for scope in Scope if scope in wanted]


def find(session: Session, secret: str, *, at: int) -> tuple[Actor, str, bool] | None:
    """Return a living token's actor, its id, and whether its use is worth noting."""
    if not secret.startswith(PREFIX):
        return None
    row = session.execute(
        select(ApiToken, User).join(User, User.id == ApiToken.user_id).where(ApiToken.hash == hash_of(secret))
    ).one_or_none()
    if row is None:
        return None
    token, user = row
    if token.revoked_at is not None or token.expires_at <= at or user.disabled_at is not None:
        return None
    stale = token.last_used_at is None or token.last_used_at <= at - NOTED_EVERY
    return actor_of(user, frozenset(token.scopes)), token.id, stale


def note_used(session: Session, token_id: str, *, at: int) -> None:
    """Keep when a token was last used."""
    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=at))


def revoke_all(session: Session, user_id: str, *, at: int) -> None:
    """End every token of a person."""
    living = ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None)
    session.execute(update(ApiToken).where(*living).values(revoked_at=at))


def view(token: ApiToken) -> TokenView:
    """Return what may be shown of a token."""
    return TokenView(
        token.id, token.user_id, token.label, tuple(token.scopes),
        token.created_at, token.expires_at, token.revoked_at, token.last_used_at,
    )  # fmt: skip
