"""Which versions wait to be measured. The row is made in the same unit of work as the version."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub.media.models import Traits


def expect(session: Session, version_id: str, *, at: int) -> None:
    """Ask for a version to be measured and rendered as soon as a worker is free. Asking twice changes nothing."""
    if session.get(Traits, version_id) is None:
        session.add(Traits(version_id=version_id, state="pending", embedded={}, due_at=at))
        session.flush()
