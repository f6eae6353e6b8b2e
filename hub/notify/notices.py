"""Notices: what one person should know. Functions here receive the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.access.actors import Role
from hub.access.models import User
from hub.db.base import new_id
from hub.notify.models import Notice


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice as it is shown. `what` is a stable code."""

    id: str
    what: str
    subject: str
    body: Mapping[str, Any]
    created_at: int
    read_at: int | None


def tell(session: Session, user_id: str, what: str, *, subject: str, body: Mapping[str, Any], at: int) -> None:
    """Leave a notice for a person; for every administrator when that person is not here any more."""
    for reader in _readers(session, user_id):
        session.add(
            Notice(
                id=new_id(), user_id=reader, what=what, subject=subject, body=dict(body), created_at=at, read_at=None
            )
        )


def notices_of(session: Session, user_id: str, *, unread_only: bool, limit: int) -> list[NoticeView]:
    """Return a person's notices, newest first."""
    query = select(Notice).where(Notice.user_id == user_id).order_by(Notice.id.desc()).limit(limit)
    if unread_only:
        query = query.where(Notice.read_at.is_(None))
    return [
        NoticeView(
            each.id, each.what, each.subject, cast("Mapping[str, Any]", each.body), each.created_at, each.read_at
        )
        for each in session.scalars(query)
    ]


def mark_read(session: Session, user_id: str, notice_id: str, *, at: int) -> None:
    """Note that a person has read a notice of theirs; others' are left alone."""
    own = Notice.id == notice_id, Notice.user_id == user_id, Notice.read_at.is_(None)
    session.execute(update(Notice).where(*own).values(read_at=at))


def _readers(session: Session, user_id: str) -> list[str]:
    user = session.get(User, user_id)
    if user is not None and user.disabled_at is None:
        return [user.id]
    query = select(User.id).where(User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
    return list(session.scalars(query))
