"""Rows of the ledger: made with a marker that no other copy in the world has."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict, Unpack

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.db.base import new_id
from hub.db.models import Installation
from hub.events.log import emit
from hub.placements.companions import accompany
from hub.placements.desired import Want
from hub.placements.models import Placement
from hub.placements.phase import Observed, Phase

MARKER_RANDOM_BYTES: Final = 15  # gives twenty characters without padding, of which all are kept
INSTALLATION_CHARS: Final = 6


class Wish(TypedDict):
    """How a copy is wanted, and by whom."""

    withdraw_policy: str
    version_policy: str
    pinned_version_id: str | None
    by: str
    at: int
    companions: NotRequired[Sequence[str]]  # further assets of the same copy, in their order
    binding_id: NotRequired[str | None]  # what plans it, where that is no person
    publish_at: NotRequired[int | None]  # when it is to be public, where not at once


def new_marker(session: Session) -> str:
    """Return a marker: who made the copy, and twenty characters that nobody can guess."""
    installation = session.scalar(select(Installation.id)) or ""
    letters = "".join(char for char in installation.lower() if char.isalnum())
    who = letters[-INSTALLATION_CHARS:].rjust(INSTALLATION_CHARS, "0")
    rare = base64.b32encode(secrets.token_bytes(MARKER_RANDOM_BYTES)).decode().lower().rstrip("=")[:20]
    return f"dh{who}-{rare}"


def living_row(session: Session, asset_id: str, target_id: str, slot: str) -> Placement | None:
    """Return the unsettled row of an asset in a slot, locked."""
    return session.scalar(
        select(Placement)
        .where(
            Placement.asset_id == asset_id, Placement.target_id == target_id, Placement.slot == slot,
            Placement.settled_at.is_(None),
        )
        .with_for_update()
    )  # fmt: skip


def add_row(session: Session, *, asset_id: str, target_id: str, slot: str, **wish: Unpack[Wish]) -> Placement:
    """Add a row for a copy that is wanted from now on, or return the one that somebody else added at this moment."""
    try:
        with session.begin_nested():
            return new_row(session, asset_id=asset_id, target_id=target_id, slot=slot, **wish)
    except IntegrityError:
        row = living_row(session, asset_id, target_id, slot)
        if row is None:
            raise
        return row


def new_row(
    session: Session,
    *,
    asset_id: str,
    target_id: str,
    slot: str,
    withdraw_policy: str,
    version_policy: str,
    pinned_version_id: str | None,
    by: str,
    at: int,
    companions: Sequence[str] = (),
    binding_id: str | None = None,
    publish_at: int | None = None,
) -> Placement:
    """Add a row for a copy that is wanted from now on. It is due at once."""
    row = Placement(
        id=new_id(), asset_id=asset_id, target_id=target_id, slot=slot, marker=new_marker(session), origin="pushed",
        version_policy=version_policy, pinned_version_id=pinned_version_id, withdraw_policy=withdraw_policy,
        wanted=True, binding_id=binding_id, created_by=by, created_at=at, desired=Want.ABSENT.value,
        desired_generation=0, observed=Observed.ABSENT.value, observed_generation=0, phase=Phase.WAITING.value,
        due_at=at, attempt=0, publish_at=publish_at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    accompany(session, row.id, companions)
    more = {
        **({"companions": list(companions)} if companions else {}),
        **({"publish_at": publish_at} if publish_at is not None else {}),
    }  # fmt: skip
    body = {"asset_id": asset_id, "target_id": target_id, "slot": slot, **more}
    emit(session, "placement.planned", row.id, actor=by, body=body)
    return row
