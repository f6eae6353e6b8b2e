"""Users: what is checked before somebody gets or loses power. Functions here receive the session."""

from __future__ import annotations

import unicodedata

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.access.actors import SYSTEM, Actor, Role
from hub.access.models import User
from hub.access.permissions import may_give
from hub.db.base import new_id
from hub.errors import Conflict, Forbidden, Invalid, NotFound

LONGEST_EMAIL = 254
LONGEST_NAME = 200


def clean_email(email: str) -> str:
    """Return an address in the form in which it is kept.

    Raises:
        Invalid: it is not an e-mail address.
    """
    cleaned = email.strip().lower()
    local, at, domain = cleaned.partition("@")
    if not (local and at and domain) or "@" in domain or len(cleaned) > LONGEST_EMAIL or not _printable(cleaned, " "):
        raise Invalid(
            "email_unfit",
            "This is not an e-mail address.",
            where="email",
            next_step="Check it, such as ada@example.org.",
        )
    return cleaned


def clean_name(name: str) -> str:
    """Return a person's name without outer spaces.

    Raises:
        Invalid: it is empty, too long or holds control characters.
    """
    cleaned = name.strip()
    if not cleaned or len(cleaned) > LONGEST_NAME or not _printable(cleaned):
        raise Invalid(
            "name_unfit",
            f"A name has 1 to {LONGEST_NAME} printable characters.",
            where="name",
            next_step="Correct the name.",
        )
    return cleaned


def _printable(value: str, refused: str = "") -> bool:
    return not any(unicodedata.category(letter).startswith("C") or letter in refused for letter in value)


def actor_of(user: User, scopes: frozenset[str] | None = None) -> Actor:
    """Return a user as somebody who acts."""
    return Actor(user.id, user.name, Role(user.role), scopes)


def find_actor(session: Session, user_id: str) -> Actor | None:
    """Return the actor that a user id stands for, with the role of today; None when disabled or unknown."""
    if user_id == SYSTEM.id:
        return SYSTEM
    user = session.get(User, user_id)
    return actor_of(user) if user and user.disabled_at is None else None


def get_user(session: Session, user_id: str) -> User:
    """Return a user, locked for changing.

    Raises:
        NotFound: `no_such_user`.
    """
    query = select(User).where(User.id == user_id).with_for_update()
    user = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if user is None:
        raise NotFound("no_such_user", "There is no such person here.", next_step="Load the list of people again.")
    return user


def add_user(session: Session, *, email: str, name: str, role: Role, password_hash: str, at: int) -> User:
    """Insert a user.

    Raises:
        Conflict: `email_taken`.
    """
    user = User(
        id=new_id(), email=email, name=name, role=role, password_hash=password_hash, disabled_at=None, created_at=at
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as taken:
        raise Conflict(
            "email_taken",
            "Somebody with this e-mail address is here already.",
            where="email",
            next_step="Use another address, or change the role of the person who has it.",
        ) from taken
    return user


def require_may_give(actor: Actor, *roles: Role) -> None:
    """Refuse to give, take or touch a role that holds more than the actor does.

    Raises:
        Forbidden: `more_than_you_have`.
    """
    if all(may_give(actor, role) for role in roles):
        return
    raise Forbidden(
        "more_than_you_have",
        "This person's role is, or would be, wider than what you may do yourself.",
        next_step="Ask an administrator who is signed in.",
    )


def lock_administrators(session: Session) -> frozenset[str]:
    """Return the ids of all who can administer, locked until the unit ends. Taken before any other user's lock."""
    query = select(User).where(User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None)).order_by(User.id)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return frozenset(user.id for user in session.scalars(fresh))


def keep_an_administrator(administrators: frozenset[str], leaving: User) -> None:
    """Refuse to lose the last administrator.

    Raises:
        Conflict: `last_administrator`.
    """
    if administrators - {leaving.id} or leaving.id not in administrators:
        return
    raise Conflict(
        "last_administrator",
        "This is the last administrator; without one nobody could manage this hub.",
        next_step="Make somebody else an administrator first.",
    )


def require_nobody_yet(session: Session) -> None:
    """Refuse when this hub has users; nobody can be added beside until the unit ends.

    Raises:
        Conflict: `hub_has_users`.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
    if session.scalar(select(func.count()).select_from(User)):
        raise hub_has_users()


def hub_has_users() -> Conflict:
    """Return the error that says that the first run is over."""
    return Conflict(
        "hub_has_users",
        "This hub has people already.",
        next_step="Sign in, or ask an administrator for an account.",
    )
