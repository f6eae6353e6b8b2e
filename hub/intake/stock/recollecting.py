"""After a restore from an older backup: what the hub forgot is learnt again from its own markers, before it publishes.

Every account that can be listed is, first thing; one that is first connected after the restore is then, since the hub
that is gone may have known it. Copies with our marker that no row knows are adopted where their asset is known by its
bytes, or (of links) by its code and title; the others are listed for a person. Until that is done the hub publishes
nothing there, so nothing stands there twice. What must go away goes all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from connectors.sdk.manifest import Capability
from hub.access.actors import SYSTEM
from hub.connections.models import Remote, Target
from hub.errors import NotFound
from hub.intake.models import FoundItem, StockTaking
from hub.intake.stock.acting import ADOPT, WANTED
from hub.intake.stock.listing import DONE, begin
from hub.intake.stock.recognising import FORGOTTEN
from hub.placements.models import Placement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from connectors.sdk.manifest import Manifest
    from hub.clock import Clock
    from hub.db.unit import Database

SURE: Final = ("sha256", "name")
"""How a forgotten copy must have been recognised to be adopted without a person."""


def recollect(session: Session, *, registry: Mapping[str, Manifest], at: int) -> None:
    """Let every account that can be listed be, before anything is published there."""
    for remote in session.scalars(select(Remote).order_by(Remote.id).with_for_update()):
        manifest = registry.get(remote.connector)
        if manifest is None:
            remote.recollecting_since = at  # it is listed once its connector is there again
            continue
        if Capability.IMPORT not in manifest.abilities:
            continue
        taking = session.get(StockTaking, remote.id)
        if taking is not None:
            taking.state = DONE  # a listing from before the restore tells nothing
        begin(session, remote.id, by=SYSTEM.id, at=at)
        remote.recollecting_since = at


def go_on(database: Database, clock: Clock, manifest_of: Callable[[str], Manifest]) -> int:
    """Adopt what is surely ours, and let accounts publish again that are done; return how many things were decided.

    `manifest_of` raises NotFound where a connector is not installed: nothing is published there anyway.
    """
    with database.read() as session:
        waiting = session.execute(
            select(Remote.id, Remote.connector).where(Remote.recollecting_since.is_not(None))
        ).all()  # fmt: skip
    told = {connector: _is_told(manifest_of, connector) for _, connector in waiting}
    return sum(
        _go_on(database, remote_id, clock.now(), told=told[connector] is True)
        for remote_id, connector in waiting
        if told[connector] is not None
    )


def _is_told(manifest_of: Callable[[str], Manifest], connector: str) -> bool | None:
    """Tell whether a connector lists what stands there; None: it is not installed."""
    try:
        return Capability.IMPORT in manifest_of(connector).abilities
    except NotFound:
        return None


def _go_on(database: Database, remote_id: str, now: int, *, told: bool) -> int:
    with database.unit() as session:
        remote = session.get_one(Remote, remote_id, with_for_update=True, populate_existing=True)
        since = remote.recollecting_since
        if since is None:
            return 0
        if not told:  # a person is asked before each thing is published there
            return _publish_again(session, remote, now)
        taking = session.get(StockTaking, remote_id, with_for_update=True, populate_existing=True)
        if taking is None or (taking.state == DONE and taking.begun_at < since):
            begin(session, remote_id, by=SYSTEM.id, at=now)
            remote.recollecting_since = min(since, now)  # a clock that was set back begins no second one
            return 1
        if taking.state != DONE:
            return 0
        lost = (FoundItem.remote_id == remote_id, FoundItem.whose == FORGOTTEN, FoundItem.gone_at.is_(None))
        rows = list(session.scalars(select(FoundItem).where(*lost).with_for_update()))
        sure = [row for row in rows if row.act == "none" and row.asset_id and row.how in SURE]
        for row in sure:
            row.act, row.act_state, row.act_by, row.act_due_at = ADOPT, WANTED, SYSTEM.id, now
        if sure or any(row.match_due_at is not None or row.act_state == WANTED for row in rows):
            return len(sure)
        return _publish_again(session, remote, now)


def _publish_again(session: Session, remote: Remote, now: int) -> int:
    remote.recollecting_since = None
    here = select(Target.id).where(Target.remote_id == remote.id)
    living = (Placement.settled_at.is_(None), Placement.target_id.in_(here))
    session.execute(update(Placement).where(*living).values(due_at=now, revision=Placement.revision + 1))
    return 1
