"""What a person is told to do about a copy: give it another time, or take it away where the hub cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.sdk.types import PartKind, PartState
from hub.catalogue.models import Asset
from hub.connections.models import Remote
from hub.events.log import emit
from hub.notify import notices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from hub.placements.facts import Place
    from hub.placements.models import Part, Placement

STOPPED: Final = "placement.stopped"
STOPPED_NOTICE: Final = "copy_stopped"
REMOVE_NOTICE: Final = "copy_to_remove"
LEFT_NOTICE: Final = "copy_left"


def tell_stopped(session: Session, row: Placement, place: Place, base_url: str, *, at: int) -> None:
    """Tell whoever placed a copy that it will not go out at its time, and why."""
    said = {"asset_id": row.asset_id, "target_id": row.target_id, "publish_at": row.publish_at}
    emit(session, STOPPED, row.id, actor="system", body={**said, "reason": row.desired_reason})
    told = {
        **_about(session, row, place), "reason": row.desired_reason, "publish_at": row.publish_at,
        "link": f"{base_url}/assets/{_code(session, row)}",
    }  # fmt: skip
    notices.tell(session, row.created_by, STOPPED_NOTICE, subject=row.id, body=told, at=at)


def ask_to_remove(
    session: Session, row: Placement, place: Place, *, parts: Iterable[Part], what: str, base_url: str, at: int
) -> None:
    """Ask whoever placed a copy to take it away there, and to say so afterwards."""
    shown = (part for part in parts if part.kind == PartKind.PUBLIC_URL.value and part.state != PartState.GONE.value)
    told = {
        **_about(session, row, place), "problem": what, "address": next((part.external_ref for part in shown), ""),
        "link": f"{base_url}/copies/{row.id}/proof",
    }  # fmt: skip
    notices.tell(session, row.created_by, REMOVE_NOTICE, subject=row.id, body=told, at=at)


def tell_left(session: Session, row: Placement, place: Place, *, what: str, base_url: str, at: int) -> None:
    """Tell whoever placed a copy what only a person can take away, of a copy that is gone or of what it showed."""
    told = {**_about(session, row, place), "problem": what, "link": f"{base_url}/assets/{_code(session, row)}"}
    notices.tell(session, row.created_by, LEFT_NOTICE, subject=row.id, body=told, at=at)


def _about(session: Session, row: Placement, place: Place) -> dict[str, str]:
    account = session.get_one(Remote, place.remote_id).label
    return {"asset": _code(session, row), "place": place.label, "account": account, "connector": place.connector}


def _code(session: Session, row: Placement) -> str:
    return session.get_one(Asset, row.asset_id).code
