"""What doors are told of a remote's stock: how far the listing is, our own copies there, and what else stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, or_, select

from hub.catalogue.metadata import fields_of
from hub.catalogue.models import Asset
from hub.connections.models import Target
from hub.errors import Invalid
from hub.intake.models import FoundItem, StockTaking
from hub.placements.evidence import latest
from hub.placements.models import Placement

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

PAGE: Final = 100
ASKING: Final = ("blocked", "unsure", "partial", "gone", "working", "waiting", "live")
"""Phases, what asks most of a person first."""


@dataclass(frozen=True, slots=True)
class OwnCopy:
    """One of our copies there, with the age of its proof."""

    placement_id: str
    asset_id: str
    asset_code: str
    title: str
    place: str
    phase: str
    origin: str
    level: str  # of the last proof; empty: there is none
    proven_at: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class FoundView:
    """One thing that stands there."""

    id: str
    name: str
    kind: str
    size: int | None
    url: str
    media_type: str
    seen_at: int
    gone_at: int | None
    whose: str  # ours | forgotten | foreign | stranger
    how: str  # marker | ref | sha256 | perceptual | name | none
    pending: bool  # its bytes are still to be looked at
    asset_id: str | None
    asset_code: str
    title: str
    version_id: str | None
    placement_id: str | None
    act: str
    act_state: str
    problem_code: str
    problem: str


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Some of what was found; `cursor` is where the next page begins, None on the last."""

    items: list[FoundView]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class StockView:
    """What is known of a remote's stock."""

    connection_id: str
    remote_id: str
    able: bool  # the connector can list what stands there
    why_not: str  # why it cannot, as it declares
    state: str  # never | listing | done
    listed: int  # in the last or present round
    begun_at: int | None
    ended_at: int | None
    problem: str
    recollecting_since: int | None
    unmatched: int  # whose bytes are still to be looked at
    waiting: int  # decisions that are still to be carried out
    counts: Mapping[str, int]  # by what is asked for: see SHOWN
    copies: int
    own: Sequence[OwnCopy]


_THERE: Final = FoundItem.gone_at.is_(None)
_OPEN: Final = FoundItem.act_state.in_(("none", "failed"))
_STRANGE: Final = FoundItem.whose == "stranger"
SHOWN: Final[Mapping[str, tuple[ColumnElement[bool], ...]]] = {
    "strangers": (_THERE, _STRANGE, _OPEN),
    "known": (_THERE, _STRANGE, _OPEN, FoundItem.how == "sha256"),
    "alike": (_THERE, _STRANGE, _OPEN, FoundItem.how == "perceptual"),
    "forgotten": (_THERE, FoundItem.whose == "forgotten"),
    "foreign": (_THERE, FoundItem.whose == "foreign"),
    "ours": (_THERE, FoundItem.whose == "ours"),
    "waiting": (FoundItem.act_state == "wanted",),
    "imported": (FoundItem.act == "import", FoundItem.act_state == "done"),
    "ignored": (_THERE, FoundItem.act == "ignore"),
    "all": (_THERE,),
}
"""What can be asked for, by name."""


def criteria(shown: str) -> tuple[ColumnElement[bool], ...]:
    """Return what a name of `SHOWN` stands for.

    Raises:
        Invalid: `stock_unknown`.
    """
    if shown not in SHOWN:
        raise Invalid(
            "stock_unknown", f"There is no such part of the stock. There are: {', '.join(SHOWN)}.", where="show",
            next_step="Ask for one of them.",
        )  # fmt: skip
    return SHOWN[shown]


def counted(session: Session, remote_id: str) -> dict[str, int]:
    """Return how many things there are of each name of `SHOWN`."""
    return {name: count(session, remote_id, *where) for name, where in SHOWN.items()}


def count(session: Session, remote_id: str, *where: ColumnElement[bool]) -> int:
    """Return how many found things of a remote meet criteria."""
    query = select(func.count()).select_from(FoundItem).where(FoundItem.remote_id == remote_id, *where)
    return session.scalar(query) or 0


def found(session: Session, remote_id: str, shown: str, *, cursor: str | None, limit: int) -> FoundPage:
    """Return a page of what was found, in the order in which it was found first."""
    query = select(FoundItem).where(FoundItem.remote_id == remote_id, *criteria(shown)).order_by(FoundItem.id)
    if cursor:
        query = query.where(FoundItem.id > cursor)
    rows = list(session.scalars(query.limit(limit + 1)))
    named = _named(session, {row.asset_id for row in rows if row.asset_id})
    items = [_view(row, named) for row in rows[:limit]]
    return FoundPage(items, items[-1].id if len(rows) > limit else None)


def own_copies(session: Session, remote_id: str, limit: int) -> tuple[int, list[OwnCopy]]:
    """Return how many copies of ours are not settled there, and some: what asks most of a person first."""
    query = (
        select(Placement, Target.label)
        .join(Target, Target.id == Placement.target_id)
        .where(Target.remote_id == remote_id, Placement.settled_at.is_(None), Placement.phase != "withdrawn")
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rank = {phase: place for place, phase in enumerate(ASKING)}
    picked: list[tuple[Placement, str]] = []
    for phase in sorted(session.scalars(select(Placement.phase).distinct()), key=lambda one: rank.get(one, len(rank))):
        here = query.where(Placement.phase == phase).order_by(Placement.id).limit(limit - len(picked))
        picked += [(row, label) for row, label in session.execute(here)]
        if len(picked) >= limit:
            break
    named = _named(session, {row.asset_id for row, _ in picked})
    return total, [_own(session, row, label, named) for row, label in picked]


def _own(session: Session, row: Placement, label: str, named: Mapping[str, tuple[str, str]]) -> OwnCopy:
    proof = latest(session, row.id, generation=row.desired_generation)
    code, title = named.get(row.asset_id, ("", ""))
    return OwnCopy(
        row.id, row.asset_id, code, title, label, row.phase, row.origin, proof.level if proof else "",
        proof.at if proof else None, row.problem,
    )  # fmt: skip


def _named(session: Session, asset_ids: set[str]) -> dict[str, tuple[str, str]]:
    """Return codes and titles of assets."""
    assets = session.scalars(select(Asset).where(or_(Asset.id.in_(asset_ids))))
    return {asset.id: (asset.code, str(fields_of(session, asset.id).get("title") or "")) for asset in assets}


def _view(row: FoundItem, named: Mapping[str, tuple[str, str]]) -> FoundView:
    code, title = named.get(row.asset_id or "", ("", ""))
    return FoundView(
        row.id, row.name, row.kind, row.size, row.url, row.media_type, row.seen_at, row.gone_at, row.whose, row.how,
        row.match_due_at is not None, row.asset_id, code, title, row.version_id, row.placement_id, row.act,
        row.act_state, row.problem_code, row.problem,
    )  # fmt: skip


def progress(session: Session, remote_id: str) -> StockTaking | None:
    """Return how far the listing of a remote is; None: it was never listed."""
    return session.get(StockTaking, remote_id)
