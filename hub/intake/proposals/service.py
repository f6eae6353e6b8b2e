"""Proposals, as doors use them: what somebody put in the place of a copy, and which of the two holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Final

from sqlalchemy import select

from hub.access.permissions import Act, require
from hub.catalogue.assets import get_asset, versions_of
from hub.catalogue.models import Asset, Version
from hub.catalogue.views import is_seen
from hub.connections.models import Remote, Target
from hub.errors import Conflict, Invalid, NotFound
from hub.intake.proposals.receiving import Receiving
from hub.intake.service import Arrival, enter
from hub.intake.stock.matching import Fetching
from hub.placements.exchanges import ALIKE, ASKED, KEPT, OPEN, OVER, TAKEN, WANTED, locked, release
from hub.placements.models import Exchange, Placement
from hub.placements.trouble import tell
from hub.review.decisions import ask, locked_asset
from hub.review.standing import approved_of, standing_of
from hub.storage.blobs import Stored
from hub.storage.models import Blob

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.media.pool import MediaPool
    from hub.placements.ports import Switchboard
    from hub.placements.service import Placements
    from hub.settings import Settings
    from hub.storage.blobs import BlobStore

MOST: Final = 200
"""How many proposals a list holds at most."""
DECIDED: Final = "placement.exchange_decided"


class Side(StrEnum):
    """Which file holds."""

    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class ProposalView:
    """Another file that stood, or stands, in the place of a copy."""

    id: str
    placement_id: str
    asset_id: str
    asset_code: str
    connector: str
    remote_label: str
    target_label: str
    version_id: str  # in whose place it stands
    version_number: int
    version_type: str
    version_size: int
    state: str  # wanted | open | unread | over | taken | kept
    open: bool  # the copy rests until somebody decides
    takeable: bool  # it can become a version
    media_type: str
    filename: str
    size: int | None
    sha256: str | None
    has_picture: bool
    noticed_at: int
    problem: str
    decided_at: int | None
    decided_by: str | None
    made_version_id: str | None
    made_version_number: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of a proposed file, made by the hub."""

    data: bytes
    media_type: str


class Proposals:
    """Proposals out of channels. Each method is one unit of work."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, *, store: BlobStore, pool: MediaPool,
        placements: Placements, settings: Settings,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._store, self._placements = database, clock, store, placements
        self._receiving = Receiving(
            database, clock, Fetching(switchboard, settings.max_upload_bytes), store=store, pool=pool,
            placements=placements, base_url=settings.url,
        )  # fmt: skip

    def drain(self, owner: str) -> int:
        """Fetch what stands in the place of one copy; return of how many."""
        del owner  # each is leased by its time, which no two share
        return self._receiving.drain()

    def list(self, actor: Actor, *, placement_id: str = "", decided: bool = False) -> list[ProposalView]:
        """Return what waits for a person, oldest first; or what was decided, or overtaken, newest first.

        Args:
            actor: who asks; of assets that they may not see, nothing is told.
            placement_id: of this copy only.
            decided: what does not wait any more, instead of what does.
        """
        require(actor, Act.PLACE)
        query = select(Exchange).join(Placement, Placement.id == Exchange.placement_id)
        if placement_id:
            query = query.where(Exchange.placement_id == placement_id)
        waits = (Placement.exchange_id == Exchange.id) & Placement.settled_at.is_(None)
        if decided:
            told = Exchange.state.not_in((ALIKE, OVER, WANTED))
            query = query.where(told, ~waits | Placement.exchange_id.is_(None)).order_by(Exchange.id.desc())
        else:
            query = query.where(waits).order_by(Exchange.noticed_at, Exchange.id)
        with self._database.read() as session:
            rows = session.scalars(query.limit(MOST)).all()
            return [_view(session, row) for row in rows if _sees(session, actor, row.asset_id)]

    def get(self, actor: Actor, proposal_id: str) -> ProposalView:
        """Return one proposal, decided or not.

        Raises:
            Forbidden. NotFound: `no_such_proposal`.
        """
        require(actor, Act.PLACE)
        with self._database.read() as session:
            return _view(session, _found(session, actor, proposal_id))

    def picture(self, actor: Actor, proposal_id: str) -> Picture:
        """Return a small picture of a proposed file; nothing of what it says is shown but this.

        Raises:
            Forbidden. NotFound: `no_such_proposal`, `no_picture`.
        """
        require(actor, Act.PLACE)
        with self._database.read() as session:
            row = _found(session, actor, proposal_id)
            blob = session.get(Blob, row.preview_sha256) if row.preview_sha256 else None
            gone = get_asset(session, row.asset_id).deleted_at is not None
        if blob is None or gone:
            raise NotFound("no_picture", "There is no picture of this file.", next_step="Look at it in the channel.")
        with self._open(blob.sha256) as file:
            return Picture(file.read(), blob.sniffed_type)

    def decide(self, actor: Actor, proposal_id: str, choice: str) -> ProposalView:
        """Say which file holds: `theirs` becomes the asset's next version, in review; with `ours`, ours is put back.

        What is taken is shown nowhere before it is approved: until then ours is put back, too. Theirs can still be
        taken after something else ended the copy, for its bytes are kept.

        Raises:
            Forbidden. NotFound: `no_such_proposal`, `no_such_asset`. Invalid: `side_unknown`.
            Conflict: `proposal_over`, `proposal_unread`, `asset_archived`.
        """
        require(actor, Act.PLACE)
        side = _side(choice)
        with self._database.unit() as session:
            _found(session, actor, proposal_id)
            row, copy = locked(session, proposal_id)
            _refuse(row, copy, side)
            at = self._clock.now()
            if side is Side.THEIRS:
                row.made_version_id = _become_version(session, actor, row, at)
            row.decided_at, row.decided_by = at, actor.id
            resting = release(session, row, TAKEN if side is Side.THEIRS else KEPT)
            if resting is not None:
                self._placements.wake(session, resting)
            made = {"version_id": row.made_version_id} if row.made_version_id else {}
            tell(session, copy, DECIDED, by=actor.id, decision=side.value, **made)
            session.flush()
            return _view(session, row)

    def _open(self, sha256: str) -> IO[bytes]:
        return self._store.open(sha256)


def _side(given: str) -> Side:
    try:
        return Side(given)
    except ValueError as unknown:
        raise Invalid(
            "side_unknown", "Say which file holds: ours or theirs.", where="choice", next_step="Choose one of them."
        ) from unknown  # fmt: skip


def _refuse(row: Exchange, copy: Placement, side: Side) -> None:
    waits = _waits(row, copy)
    if not waits and (side is Side.OURS or not _takeable(row)):
        raise Conflict(
            "proposal_over", "This is over: somebody decided, or the file does not stand there any more.",
            next_step="Load the list again.",
        )  # fmt: skip
    if side is Side.THEIRS and not _takeable(row):
        raise Conflict(
            "proposal_unread", "The hub has not got this file, so it cannot become a version.",
            next_step="Fetch it in the channel and upload it as a new version, or keep ours.",
        )  # fmt: skip


def _become_version(session: Session, actor: Actor, row: Exchange, at: int) -> str:
    """Add the bytes as the asset's next version and ask for a decision on it; a version that has them stays that."""
    asset = locked_asset(session, actor, row.asset_id)
    require(actor, Act.EDIT, owner_id=asset.owner_id)
    require(actor, Act.SUBMIT, owner_id=asset.owner_id)
    version = next((one for one in versions_of(session, asset.id) if one.sha256 == row.sha256), None)
    if version is None:
        arrival = Arrival(Stored(row.sha256 or "", row.size or 0), row.media_type, row.filename, {}, at)
        version = enter(session, actor, arrival, asset)
    approved = approved_of(session, asset.id)
    if version.id == asset.current_version_id and (approved is None or approved.version_id != version.id):
        ask(session, actor, asset, version, at=at)
    return version.id


def _waits(row: Exchange, copy: Placement) -> bool:
    return copy.exchange_id == row.id and copy.settled_at is None and row.state in {WANTED, *ASKED}


def _takeable(row: Exchange) -> bool:
    return row.state == OPEN and row.sha256 is not None


def _sees(session: Session, actor: Actor, asset_id: str) -> bool:
    asset = session.get_one(Asset, asset_id)
    return is_seen(actor, asset, standing_of(session, asset_id))


def _found(session: Session, actor: Actor, proposal_id: str) -> Exchange:
    row = session.get(Exchange, proposal_id)
    if row is None or row.state == ALIKE or not _sees(session, actor, row.asset_id):
        raise NotFound("no_such_proposal", "There is no such proposal.", next_step="Load the list again.")
    return row


def _view(session: Session, row: Exchange) -> ProposalView:
    copy = session.get_one(Placement, row.placement_id)
    target = session.get_one(Target, copy.target_id)
    remote = session.get_one(Remote, target.remote_id)
    ours = session.get_one(Version, row.version_id)
    made = session.get_one(Version, row.made_version_id).number if row.made_version_id else None
    return ProposalView(
        row.id, row.placement_id, row.asset_id, session.get_one(Asset, row.asset_id).code, remote.connector,
        remote.label, target.label, ours.id, ours.number, ours.media_type, ours.size, row.state, _waits(row, copy),
        _takeable(row), row.media_type, row.filename, row.size, row.sha256, row.preview_sha256 is not None,
        row.noticed_at, row.problem, row.decided_at, row.decided_by, row.made_version_id, made,
    )  # fmt: skip
