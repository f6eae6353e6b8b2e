"""Which versions wait to be measured. The row is made in the same unit of work as the version."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub.catalogue.assets import get_version
from hub.media.models import Rendition, Traits
from hub.media.presets import ORIGINAL


def expect(session: Session, version_id: str, *, at: int) -> None:
    """Ask for a version to be measured and rendered as soon as a worker is free. Asking twice changes nothing.

    The rendition `original` is there at once: it is the master's own bytes.
    """
    if session.get(Traits, version_id) is not None:
        return
    version = get_version(session, version_id)
    session.add(Traits(version_id=version_id, state="pending", embedded={}, due_at=at))
    session.add(
        Rendition(
            version_id=version_id,
            preset=ORIGINAL,
            sha256=version.sha256,
            size=version.size,
            media_type=version.media_type,
            state="ready",
        )
    )
    session.flush()
