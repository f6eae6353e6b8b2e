"""The rows of bindings, as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from hub.errors import Conflict, NotFound
from hub.placements.bindings.cards import USED
from hub.placements.models import Binding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def row_of(session: Session, binding_id: str, *, lock: bool = False) -> Binding:
    """Return a binding.

    Raises:
        NotFound: `no_such_binding`.
    """
    row = session.get(Binding, binding_id, with_for_update=lock or None, populate_existing=True)
    if row is None:
        raise NotFound("no_such_binding", "There is no such binding.", where=binding_id[:64],
                       next_step="Load the list of bindings again.")  # fmt: skip
    return row


def changeable(session: Session, binding_id: str, *, lock: bool = True) -> Binding:
    """Return a binding that did not end.

    Raises:
        NotFound: `no_such_binding`. Conflict: `binding_ended`.
    """
    row = row_of(session, binding_id, lock=lock)
    if row.state not in USED:
        raise Conflict("binding_ended", "This binding has ended; only its record is left.", where=row.name,
                       next_step="Make another one.")  # fmt: skip
    return row


def locked(session: Session, remote_id: str) -> Sequence[Binding]:
    """Return every binding of an account, oldest first, locked."""
    query = select(Binding).where(Binding.remote_id == remote_id).order_by(Binding.id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
