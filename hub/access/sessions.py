"""Signed-in browsers: found by the hash of their cookie, ended by idling, by age, or at once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session as Unit

from hub.access.actors import Actor
from hub.access.models import Session, User
from hub.access.users import actor_of
from hub.clock import DAY, HOUR, MINUTE

IDLE = 12 * HOUR
ABSOLUTE = 30 * DAY
NOTED_EVERY = 5 * MINUTE
"""How exactly it is kept when a session was last seen."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun. The cookie is shown this once."""

    cookie: str
    csrf: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session that is going on."""

    actor: Actor
    csrf: str
    hash: str

    def csrf_matches(self, given: str) -> bool:
        """Compare what a form or header carried with the session's own token, in constant time."""
        return hmac.compare_digest(self.csrf.encode(), given.encode("utf-8", "surrogatepass"))


def hash_of(secret: str) -> str:
    """Return what is kept of a cookie or token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def begin(unit: Unit, user: User, *, at: int) -> SignedIn:
    """Begin a session and clear away those that have ended."""
    unit.execute(delete(Session).where(or_(Session.expires_at <= at, Session.seen_at <= at - IDLE)))
    cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    unit.add(
        Session(hash=hash_of(cookie), user_id=user.id, csrf=csrf, created_at=at, expires_at=at + ABSOLUTE, seen_at=at)
    )
    return SignedIn(cookie, csrf, actor_of(user))


def find(unit: Unit, cookie: str, *, at: int) -> tuple[SessionInfo, bool] | None:
    """Return the session of a cookie and whether its last-seen time is worth noting; None when it has ended."""
    row = unit.execute(
        select(Session, User).join(User, User.id == Session.user_id).where(Session.hash == hash_of(cookie))
    ).one_or_none()
    if row is None:
        return None
    session, user = row
    if session.expires_at <= at or session.seen_at <= at - IDLE or user.disabled_at is not None:
        return None
    return SessionInfo(actor_of(user), session.csrf, session.hash), session.seen_at <= at - NOTED_EVERY


def note_seen(unit: Unit, session_hash: str, *, at: int) -> None:
    """Keep when a session was last seen."""
    unit.execute(update(Session).where(Session.hash == session_hash, Session.seen_at < at).values(seen_at=at))


def end(unit: Unit, cookie: str) -> None:
    """End one session."""
    unit.execute(delete(Session).where(Session.hash == hash_of(cookie)))


def end_all(unit: Unit, user_id: str) -> None:
    """End every session of a person."""
    unit.execute(delete(Session).where(Session.user_id == user_id))
