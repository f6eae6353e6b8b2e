"""Take one asset back from everywhere, and account for every copy until each is proven away or named as unproven.

The take-down is a term first, so that everything that is computed from then on is without the asset. Which copies the
recall is about is a predicate, asked anew until it closes: a copy that was being made meanwhile is counted too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from hub.catalogue.assets import get_asset
from hub.catalogue.models import Asset, Version
from hub.connections.models import Remote, Target
from hub.db.base import new_id
from hub.errors import Conflict, Invalid, NotFound
from hub.events.log import emit
from hub.placements.companions import accompanied, asks_for, companions_of
from hub.placements.desired import Want
from hub.placements.evidence import latest
from hub.placements.models import Attempt, Evidence, Placement, Recall, RecallItem
from hub.placements.phase import Observed, Phase, never_sent
from hub.placements.plan import rows_concerned_by
from hub.placements.views import CopyView, copy_view
from hub.rights.terms import take_down

CARRY_BYTES = ("publish", "replace")
NOT_THERE = ("not_sent", "refused", "not_found")
"""How a write ended that left nothing behind."""

TRUSTED = frozenset({"read", "seen", "attested"})


class Result(StrEnum):
    """How a recall stands for one copy."""

    WITHDRAWN = "withdrawn"
    SUBSTITUTED = "substituted"
    NEVER_THERE = "never_there"  # nothing was ever sent
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class RecallLine:
    """One copy in a recall's report."""

    copy: CopyView
    result: Result
    level: str | None
    evidence_id: str | None
    reason: str  # why it is not proven
    next_try_at: int | None
    parts_done: int
    parts: int


@dataclass(frozen=True, slots=True)
class RecallReport:
    """A recall with every copy accounted for: the counts add up to the number of lines."""

    id: str
    asset_id: str
    asset_code: str
    reason: str
    substitute_id: str | None
    opened_by: str
    opened_at: int
    closed_at: int | None
    lines: tuple[RecallLine, ...]
    counts: Mapping[str, int]

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left unproven."""
        return not self.counts.get(Result.UNPROVEN.value)


def open_recall(
    session: Session, asset: Asset, *, reason: str, substitute_id: str | None, by: str, at: int
) -> tuple[Recall, list[Placement]]:
    """Open a recall: the deny term, the substitute, urgency for every copy. Return it and the rows to wake.

    Raises:
        Invalid: `no_reason`.
        Conflict: `recall_open`: the asset is being recalled already.
    """
    if not reason.strip():
        raise Invalid(
            "no_reason",
            "A recall needs a reason that people can read later.",
            where="reason",
            next_step="Write down why.",
        )
    concerned = rows_concerned_by(session, asset.id)
    get_asset(session, asset.id, lock=True)  # two who recall it at once come one after the other
    if session.scalar(select(Recall.id).where(Recall.asset_id == asset.id, Recall.closed_at.is_(None))):
        raise Conflict("recall_open", f"{asset.code} is being recalled already.", next_step="Open the running recall.")
    term = take_down(session, asset.id, by=by, at=at, document=f"Recall: {reason.strip()}"[:2000])
    recall = Recall(
        id=new_id(), asset_id=asset.id, term_id=term.id, reason=reason.strip(), substitute_id=substitute_id,
        opened_by=by, opened_at=at,
    )  # fmt: skip
    session.add(recall)
    for row in concerned:
        row.urgent = True
        # Where nothing ever stood, nobody chose the place for a substitute; and a set goes as a whole.
        alone = row.asset_id == asset.id and not companions_of(session, row.id)
        if substitute_id is not None and alone and not never_sent(row):
            row.withdraw_policy = "substitute"
    emit(session, "recall.opened", recall.id, actor=by, body={"asset_id": asset.id, "reason": recall.reason})
    return recall, concerned


def let_stand_in(session: Session, asset: Asset, substitute: Asset, *, by: str) -> None:
    """Make a substitute the successor of an asset.

    Raises:
        Conflict: `successor_cycle`: the asset itself would stand in for the substitute.
    """
    following: Asset | None = substitute
    seen: set[str] = set()
    while following is not None and following.id not in seen:
        seen.add(following.id)
        if following.id == asset.id:
            raise Conflict(
                "successor_cycle",
                f"{asset.code} would stand in for its own substitute {substitute.code}.",
                next_step="Choose another substitute.",
            )
        following = session.get(Asset, following.successor_id) if following.successor_id else None
    if asset.successor_id != substitute.id:
        asset.successor_id = substitute.id
        emit(session, "asset.successor_changed", asset.id, actor=by, body={"successor_id": substitute.id})


def report(session: Session, recall: Recall) -> RecallReport:
    """Account for every copy of a recalled asset as it stands now, or as it stood when the recall closed."""
    behind, rows = _accompanied(session, recall), concerned_rows(session, recall)
    held = _held(session, rows)
    kept = {each.placement_id: each for each in session.scalars(_items(recall))}
    lines = tuple(_line(session, row, recall, behind, kept.get(row.id)) for row in rows)
    del held  # while they were held, no line had to ask for them again
    counts = Counter(line.result.value for line in lines)
    asset = session.get_one(Asset, recall.asset_id)
    return RecallReport(
        recall.id, asset.id, asset.code, recall.reason, recall.substitute_id, recall.opened_by, recall.opened_at,
        recall.closed_at, lines, dict(counts),
    )  # fmt: skip


def concerned_rows(session: Session, recall: Recall) -> list[Placement]:
    """Return every row that asks for the asset, alone or in a set, or shows it, or may, in another's stead."""
    versions = select(Version.id).where(Version.asset_id == recall.asset_id)
    stood_in = select(Evidence.placement_id).where(Evidence.version_id.in_(versions))
    sent = select(Attempt.placement_id).where(
        Attempt.step.in_(CARRY_BYTES), Attempt.detail["version_id"].as_string().in_(versions),
        or_(Attempt.outcome.is_(None), Attempt.outcome.not_in(NOT_THERE)),
    )  # fmt: skip
    query = select(Placement).where(
        or_(asks_for(recall.asset_id), Placement.id.in_(stood_in), Placement.id.in_(sent)),
        or_(Placement.settled_at.is_(None), Placement.settled_at >= recall.opened_at),
    )
    return list(session.scalars(query.order_by(Placement.id)))


def close_if_done(session: Session, recall: Recall, *, at: int) -> bool:
    """Close a recall once every copy is proven away or replaced."""
    rows, behind = concerned_rows(session, recall), _accompanied(session, recall)
    if any(_result(row, recall, behind)[0] is Result.UNPROVEN for row in rows):
        return False  # asked after every batch of work: the whole account would cost more than the work
    found = report(session, recall)
    if found.complete:
        close(session, recall, found, by="system", at=at)
    return found.complete


def close(session: Session, recall: Recall, found: RecallReport, *, by: str, at: int) -> None:
    """Close a recall with its account, unproven copies by name."""
    if recall.closed_at is not None:
        return
    recall.closed_at = at
    for line in found.lines:
        session.add(
            RecallItem(
                recall_id=recall.id, placement_id=line.copy.id, result=line.result.value, level=line.level,
                evidence_id=line.evidence_id, reason=line.reason,
            )
        )  # fmt: skip
        if line.result is not Result.UNPROVEN:
            session.get_one(Placement, line.copy.id).urgent = False
    body = {"asset_id": recall.asset_id, "counts": dict(found.counts)}
    emit(session, "recall.closed", recall.id, actor=by, body=body)


def get_recall(session: Session, recall_id: str, *, lock: bool = False) -> Recall:
    """Return a recall.

    Raises:
        NotFound: `no_such_recall`.
    """
    recall = session.get(Recall, recall_id, with_for_update=lock or None)
    if recall is None:
        raise NotFound("no_such_recall", "There is no such recall.", next_step="Load the page again.")
    return recall


def _accompanied(session: Session, recall: Recall) -> frozenset[str]:
    """Return the ids of the copies that show the recalled asset behind another one."""
    return frozenset(session.scalars(accompanied(recall.asset_id)))


def _held(session: Session, rows: Iterable[Placement]) -> Sequence[object]:
    """Return the places, accounts, assets and versions that copies are about: a few, where there are many copies."""
    places = select(Target, Remote).join(Remote, Remote.id == Target.remote_id)
    there = session.execute(places.where(Target.id.in_({row.target_id for row in rows}))).all()
    shown = select(Asset, Version).join(Version, Version.asset_id == Asset.id)
    ids = {each for row in rows for each in (row.asset_id, row.desired_asset_id) if each}
    return (*there, *session.execute(shown.where(Asset.id.in_(ids))).all())


def _items(recall: Recall) -> Select[RecallItem]:
    """Select what a closed recall has kept of its copies."""
    return select(RecallItem).where(RecallItem.recall_id == recall.id)


def _line(
    session: Session, row: Placement, recall: Recall, behind: frozenset[str], kept: RecallItem | None
) -> RecallLine:
    view = copy_view(session, row)
    done = sum(part.state == "gone" for part in view.parts)
    if kept is not None:
        return RecallLine(
            view, Result(kept.result), kept.level, kept.evidence_id, kept.reason, None, done, len(view.parts)
        )
    result, why = _result(row, recall, behind)
    proof = latest(session, row.id, generation=row.desired_generation)
    if result in {Result.WITHDRAWN, Result.SUBSTITUTED} and (proof is None or proof.level not in TRUSTED):
        result, why = Result.UNPROVEN, "The channel only said so; nothing could be read back."
    proven = result in {Result.WITHDRAWN, Result.SUBSTITUTED}
    return RecallLine(
        view, result, proof.level if proven and proof else None, proof.id if proven and proof else None, why,
        row.due_at if result is Result.UNPROVEN else None, done, len(view.parts),
    )  # fmt: skip


def _result(row: Placement, recall: Recall, behind: frozenset[str]) -> tuple[Result, str]:
    if never_sent(row):
        return Result.NEVER_THERE, ""
    away = row.phase in {Phase.WITHDRAWN, Phase.GONE} or (
        row.phase == Phase.SETTLED and row.observed == Observed.ABSENT.value
    )
    if away:
        return Result.WITHDRAWN, ""
    shows_it = row.desired_asset_id == recall.asset_id or row.id in behind
    shows_other = not shows_it and row.desired != Want.ABSENT
    if row.phase in {Phase.LIVE, Phase.QUEUED} and shows_other:
        return Result.SUBSTITUTED, ""
    return Result.UNPROVEN, row.problem or f"Not proven yet: {row.phase}."
