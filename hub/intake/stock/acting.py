"""What a person decided about found things: adopt or import them. Each is done once, however often it is tried."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import or_, select

from connectors.sdk.errors import ConnectorError, RetryLater
from connectors.sdk.manifest import Carries
from hub.access.permissions import Act, require
from hub.access.users import find_actor
from hub.catalogue.assets import get_asset
from hub.clock import MINUTE
from hub.connections.models import Remote, Target
from hub.errors import Conflict, HubError, Unavailable
from hub.intake.models import FoundItem
from hub.intake.stock.listing import reachable
from hub.intake.stock.recognising import FORGOTTEN, OURS
from hub.placements.adopting import Found, adopt_copy
from hub.placements.reconcile import DEFECTS
from hub.review.standing import approved_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.intake.service import Intake
    from hub.intake.stock.matching import Bytes, Fetching
    from hub.placements.ports import Switchboard
    from hub.placements.service import Placements

log = structlog.get_logger(__name__)

LEASE_MS: Final = 15 * MINUTE
MOST_TRIES: Final = 5
ADOPT, IMPORT, IGNORE = "adopt", "import", "ignore"
WANTED, DONE, FAILED, NONE = "wanted", "done", "failed", "none"
TOP: Final = "/"


@dataclass(frozen=True, slots=True)
class Order:
    """A decision that this process carries out now."""

    item_id: str
    act: str
    remote_id: str
    ref: str
    name: str
    filename: str
    actor: Actor
    until: int  # the lease


class Acting:
    """Carries decisions out. Safe to be killed: an adoption is one unit, an import recognises its own bytes again."""

    def __init__(
        self, database: Database, clock: Clock, switchboard: Switchboard, fetching: Fetching, *, intake: Intake,
        placements: Placements,
    ) -> None:  # fmt: skip
        self._database, self._clock, self._switchboard = database, clock, switchboard
        self._fetching, self._intake, self._placements = fetching, intake, placements

    def drain(self) -> int:
        """Carry one decision out; return how many were."""
        order = self._take()
        if order is None:
            return 0
        try:
            if order.act == ADOPT:
                self._adopt(order)
            else:
                self._import(order)
        except ConnectorError as failure:
            self._failed(order, failure.code, failure.message, later=isinstance(failure, RetryLater))
        except HubError as refused:
            said = f"{refused.what} {refused.next_step}".strip()
            self._failed(order, refused.code, said, later=isinstance(refused, Unavailable))
        except DEFECTS as failure:
            log.warning("stock_failed", act=order.act, item=order.item_id, error=repr(failure))
            self._failed(order, "connector_failed", "The connector failed on this. It is tried again.", later=True)
        return 1

    def _take(self) -> Order | None:
        now = self._clock.now()
        query = (
            select(FoundItem)
            .where(FoundItem.act_state == WANTED, FoundItem.act_due_at <= now)
            .where(or_(FoundItem.act == ADOPT, FoundItem.remote_id.in_(reachable(now))))
            .order_by(FoundItem.act_due_at, FoundItem.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._database.unit() as session:
            row = session.scalars(query).first()
            if row is None:
                return None
            actor = find_actor(session, row.act_by or "")
            if actor is None:
                _fail(row, "asker_gone", "Whoever asked for this may not sign in any more.")
                return None
            row.act_due_at = until = now + LEASE_MS
            return Order(row.id, row.act, row.remote_id, row.external_id, row.name, row.filename, actor, until)

    def _adopt(self, order: Order) -> None:
        now = self._clock.now()
        with self._database.unit() as session:
            row = _still_ours(session, order)
            if row is None:
                return
            require(order.actor, Act.PLACE)
            target = check_adoption(session, row, self._switchboard)
            asset_id = row.act_asset_id or row.asset_id or ""
            found = Found(row.copy_ref, (row.sha256 or "")[:12], row.marker, row.seen_at)
            copy = adopt_copy(session, found, asset_id=asset_id, target_id=target.id, by=order.actor.id, at=now)
            self._placements.wake(session, copy)
            row.whose, row.placement_id, row.asset_id = OURS, copy.id, copy.asset_id
            row.how = "marker" if row.marker else "ref"
            row.act_state, row.act_due_at, row.act_failures, row.problem_code, row.problem = DONE, None, 0, "", ""

    def _import(self, order: Order) -> None:
        require(order.actor, Act.UPLOAD)
        with self._fetching.fetched(order.remote_id, order.ref) as found:
            name = _filename(order, found)
            with found.path.open("rb") as stream:
                made = self._intake.upload(
                    order.actor, stream, filename=name, expect_sha256=found.sha256,
                    fields={"title": _title(order.name)},
                )  # fmt: skip
        with self._database.unit() as session:
            row = _still_ours(session, order)
            if row is None:
                return
            row.sha256, row.match_due_at = found.sha256, None
            row.how, row.asset_id, row.version_id = "sha256", made.asset_id, made.version_id
            row.act_state, row.act_due_at, row.act_asset_id = DONE, None, made.asset_id
            row.act_failures, row.problem_code, row.problem = 0, "", ""

    def _failed(self, order: Order, code: str, what: str, *, later: bool) -> None:
        with self._database.unit() as session:
            row = _still_ours(session, order)
            if row is None:
                return
            row.act_failures += 1
            if later and row.act_failures < MOST_TRIES:
                row.problem_code, row.problem = code, what
                row.act_due_at = self._clock.now() + MINUTE * 2**row.act_failures
            else:
                _fail(row, code, what)


def check_adoption(session: Session, row: FoundItem, switchboard: Switchboard) -> Target:
    """Return the place where a found thing would be adopted.

    Raises:
        Conflict: `adopt_what`, `adopt_not_approved`, `adopt_no_file`, `not_ours_to_adopt`, `adopt_where`.
        NotFound: `no_such_asset`.
    """
    if row.whose not in {FORGOTTEN, "stranger"}:
        raise _refused(
            "not_ours_to_adopt", "This is known already, or belongs to another hub.", "Leave it as it is.", row
        )
    asset_id = row.act_asset_id or row.asset_id
    if asset_id is None:
        raise _refused("adopt_what", "The hub does not know which asset this is.", "Name the asset, or import it.", row)
    asset = get_asset(session, asset_id)
    lost = row.whose == FORGOTTEN
    approved = asset.deleted_at is None and asset.archived_at is None and approved_of(session, asset.id) is not None
    if not lost and not approved:
        raise _refused(
            "adopt_not_approved", f"{asset.code} is not approved: adopted, this would be taken away there at once.",
            "Approve it first, then adopt this.", row,
        )  # fmt: skip
    manifest = switchboard.manifest(session.get_one(Remote, row.remote_id).connector)
    if not lost and manifest.carries is Carries.LINK:
        raise _refused(
            "adopt_no_file", f"In {manifest.title} the hub keeps links: a file that people put there stays theirs.",
            "Import it, then place it there as a link.", row,
        )  # fmt: skip
    target = place_of(session, row)
    if target is None:
        raise _refused(
            "adopt_where", "The hub does not know the place where this stands.", "Read the connection's places again.",
            row,
        )  # fmt: skip
    return target


def place_of(session: Session, row: FoundItem) -> Target | None:
    """Return the place where an item stands: as told, by its folder, or the only one, or the top."""
    here = list(session.scalars(select(Target).where(Target.remote_id == row.remote_id).order_by(Target.id)))
    folder = row.parent.strip(TOP).casefold()
    ways = (
        [one for one in here if row.place and one.external_ref == row.place],
        [one for one in here if row.parent and one.external_ref == row.parent],
        [one for one in here if folder and one.label.strip(TOP).casefold() == folder],
        here if len(here) == 1 else [],
        [one for one in here if one.external_ref == TOP],
    )
    return next((found[0] for found in ways if found), None)


def may_act(actor: Actor, act: str) -> None:
    """Let pass who may do this.

    Raises:
        Forbidden: `not_allowed`.
    """
    require(actor, Act.PLACE)
    if act == IMPORT:
        require(actor, Act.UPLOAD)


def _still_ours(session: Session, order: Order) -> FoundItem | None:
    """Return the row unless somebody else took it over, or a person decided otherwise."""
    row = session.get_one(FoundItem, order.item_id, with_for_update=True, populate_existing=True)
    ours = row.act_state == WANTED and row.act == order.act and row.act_due_at == order.until
    return row if ours else None


def _fail(row: FoundItem, code: str, what: str) -> None:
    row.act_state, row.act_due_at, row.problem_code, row.problem = FAILED, None, code, what


def _filename(order: Order, found: Bytes) -> str:
    """Return a name with an ending: what is exported has none."""
    name = order.filename or order.name
    if PurePosixPath(name).suffix:
        return name
    return name + (mimetypes.guess_extension(found.told.media_type.partition(";")[0]) or "")


def _title(name: str) -> str:
    path = PurePosixPath(name.replace("/", " "))
    return (path.stem if 1 < len(path.suffix) <= len(".jpeg2") else path.name)[:300]


def _refused(code: str, what: str, next_step: str, row: FoundItem) -> HubError:
    return Conflict(code, what, where=row.name[:100], next_step=next_step)
