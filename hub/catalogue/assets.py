"""Assets and their versions: made, found, counted. Every function runs inside the caller's unit of work."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from hub.catalogue.models import Asset, Lifecycle, Version
from hub.db.base import new_id
from hub.errors import NotFound
from hub.events.log import emit

_CODE: Final = re.compile(r"DAM-([0-9]{1,15})", re.IGNORECASE)
FIRST_NUMBER: Final = 1001
"""Codes begin with four digits, so that they are recognised as codes from the first one on."""


def create_asset(session: Session, *, kind: str, owner_id: str, at: int) -> Asset:
    """Add an asset without any version yet, with the next free code."""
    asset = Asset(
        id=new_id(),
        number=_next_number(session),
        kind=kind,
        lifecycle=Lifecycle.DRAFT.value,
        owner_id=owner_id,
        created_at=at,
        changed_at=at,
    )
    session.add(asset)
    session.flush()
    emit(session, "asset.created", asset.id, actor=owner_id, body={"code": asset.code, "kind": kind})
    return asset


def add_version(
    session: Session, asset: Asset, *, sha256: str, size: int, media_type: str, filename: str, by: str, at: int
) -> Version:
    """Add the next version of an asset and make it the current one. What channels show does not change by it."""
    locked = get_asset(session, asset.id, lock=True)
    last = session.scalar(select(func.max(Version.number)).where(Version.asset_id == asset.id)) or 0
    version = Version(
        id=new_id(),
        asset_id=asset.id,
        number=last + 1,
        sha256=sha256,
        size=size,
        media_type=media_type,
        filename=filename,
        by=by,
        at=at,
    )
    session.add(version)
    locked.current_version_id = version.id
    touch(locked, at)
    session.flush()
    emit(session, "asset.version_added", asset.id, actor=by, body={"version_id": version.id, "number": version.number})
    return version


def get_asset(session: Session, id_or_code: str, *, lock: bool = False) -> Asset:
    """Return an asset by its id or its code, deleted ones included.

    Args:
        session: the caller's unit of work.
        id_or_code: the id, or a code such as `DAM-1234` in any case.
        lock: hold the row until the unit ends, so that what was read stays true.

    Raises:
        NotFound: `no_such_asset`.
    """
    number = _number_of(id_or_code)
    query = select(Asset).where(Asset.id == id_or_code if number is None else Asset.number == number)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
        session.flush()
    by_key = number is None and not lock  # then what the unit has loaded already costs nothing
    asset = session.get(Asset, id_or_code) if by_key else session.scalar(query)
    if asset is None:
        raise no_such_asset(id_or_code)
    return asset


def get_version(session: Session, version_id: str) -> Version:
    """Return a version.

    Raises:
        NotFound: `no_such_version`.
    """
    version = session.get(Version, version_id)
    if version is None:
        raise NotFound(
            "no_such_version", "There is no such version.", where=version_id[:64], next_step="Load the asset again."
        )
    return version


def versions_of(session: Session, asset_id: str) -> list[Version]:
    """Return an asset's versions, oldest first."""
    return list(session.scalars(select(Version).where(Version.asset_id == asset_id).order_by(Version.number)))


def set_lifecycle(session: Session, asset_id: str, lifecycle: Lifecycle) -> None:
    """Record where an asset stands. An archived asset stays archived until a person takes it out again."""
    asset = get_asset(session, asset_id)
    standing = Lifecycle.ARCHIVED if asset.archived_at is not None else lifecycle
    if asset.lifecycle != standing.value:
        asset.lifecycle = standing.value


def touch(asset: Asset, at: int) -> None:
    """Count the asset's revision on, even when no column of it changed, so that older revisions are noticed."""
    asset.changed_at = at
    flag_modified(asset, "changed_at")


def no_such_asset(id_or_code: str) -> NotFound:
    """Return the error for an asset that is not there, or that the asker may not know of."""
    return NotFound(
        "no_such_asset",
        "There is no such asset, or you may not see it.",
        where=id_or_code[:64],
        next_step="Check the code, or ask an editor.",
    )


def _number_of(id_or_code: str) -> int | None:
    """Return the number in a code such as DAM-1234, or None for anything else."""
    code = _CODE.fullmatch(id_or_code)
    return int(code[1]) if code else None


def _next_number(session: Session) -> int:
    """Count on in one statement: two writers never get the same number, on either database."""
    row = session.execute(
        text(
            "INSERT INTO counters (name, value) VALUES ('assets', :first)"
            " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
        ),
        {"first": FIRST_NUMBER},
    )
    return int(row.scalar_one())
