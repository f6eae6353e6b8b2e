"""Bindings act for whoever made them: one whose author may place copies no more stops until somebody takes it over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from hub.access.actors import Role
from hub.access.models import User
from hub.access.permissions import Act, allowed
from hub.access.users import find_actor
from hub.connections.models import Remote
from hub.notify import notices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.placements.models import Binding

AUTHOR_GONE: Final = "author_gone"
"""Why a binding stopped by itself."""
NOTICE: Final = "binding_stopped"


def may_act(session: Session, binding: Binding) -> bool:
    """Tell whether whoever a binding acts for may still place copies."""
    author = find_actor(session, binding.author_id)
    return author is not None and allowed(author, Act.PLACE)


def stop_orphans(session: Session, bindings: Iterable[Binding], *, at: int) -> None:
    """Pause the live bindings whose author may place copies no more; tell every administrator, once."""
    for row in bindings:
        if row.state != "live" or may_act(session, row):
            continue
        row.state, row.stopped = "paused", AUTHOR_GONE
        told = {
            "binding": row.name, "board": row.board_label, "account": session.get_one(Remote, row.remote_id).label,
            "link": f"/bindings/{row.id}",
        }  # fmt: skip
        administrators = select(User.id).where(User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
        for reader in session.scalars(administrators):
            notices.tell(session, reader, NOTICE, subject=row.id, body=told, at=at)


def take_over(session: Session, binding: Binding, actor: Actor) -> None:
    """Let a binding act for whoever sets it live, if its author may no more."""
    binding.stopped = None
    if not may_act(session, binding):
        binding.author_id = actor.id
