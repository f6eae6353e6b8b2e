"""What people see of copies: each with what should be true, what was found, how surely, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.catalogue.models import Asset, Version
from hub.connections.accounts import usable, why_unusable
from hub.connections.models import Remote, Target
from hub.placements.companions import companions_of, usual_slot
from hub.placements.desired import Want
from hub.placements.evidence import latest
from hub.placements.models import Attempt, Evidence, Part, Placement
from hub.placements.phase import Phase
from hub.review.models import Approved


@dataclass(frozen=True, slots=True)
class PartView:
    """One remote object, use or address of a copy."""

    kind: str
    ref: str
    state: str
    looked_at: int | None


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One claim and how we know it."""

    id: str
    claim: str
    level: str
    at: int
    by: str
    note: str
    version_id: str | None
    current: bool  # of the present generation
    looks: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One remote write, as it was intended and how it ended."""

    id: str
    step: str
    intended_at: int
    answered_at: int | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class CompanionView:
    """A further asset that the same copy shows."""

    asset_id: str
    asset_code: str


@dataclass(frozen=True, slots=True)
class CopyView:
    """One copy of an asset, as a page or a program sees it."""

    id: str
    revision: int
    asset_id: str
    asset_code: str
    connector: str
    remote_id: str
    remote_label: str
    target_id: str
    target_label: str
    slot: str
    marker: str
    phase: str
    op: str | None
    wanted: bool
    desired: str
    desired_reason: str
    desired_asset_id: str | None
    desired_asset_code: str
    desired_version: int | None
    observed: str
    observed_at: int | None
    proof: EvidenceView | None
    watched: bool  # a connection to its account exists; without one nobody looks, and nothing can be changed
    unwatched_why: str  # why nobody looks: connection_paused, not_connected; empty while somebody does
    shown_version: int | None  # the version that was last proven there
    stale_since: int | None  # an older version stands there since the newer one was approved
    due_at: int
    urgent: bool
    problem_code: str
    problem: str
    withdraw_policy: str
    version_policy: str
    settled_at: int | None
    settled_reason: str
    publish_at: int | None  # when it is to be public; None: at once
    out_at: int | None  # when it was first seen public, if it has a time
    parts: tuple[PartView, ...]
    companions: tuple[CompanionView, ...] = ()  # what it shows behind the leading asset, in its order

    @property
    def is_scheduled(self) -> bool:
        """Tell whether it is to go out at a time, and did not yet."""
        return self.publish_at is not None and self.out_at is None and self.wanted and self.settled_at is None

    @property
    def has_usual_slot(self) -> bool:
        """Tell whether nobody named the slot: it then says nothing that the companions do not say."""
        return self.slot == usual_slot([one.asset_code for one in self.companions])


def copy_view(session: Session, row: Placement) -> CopyView:
    """Return a row as it is shown."""
    target = session.get_one(Target, row.target_id)
    remote = session.get_one(Remote, target.remote_id)
    proof, watched = latest(session, row.id), usable(session, remote.id) is not None
    shown_id = proof.version_id if proof and proof.claim in {"in_place", "substituted"} else None
    parts = session.scalars(select(Part).where(Part.placement_id == row.id).order_by(Part.kind, Part.external_ref))
    return CopyView(
        id=row.id, revision=row.revision, asset_id=row.asset_id, asset_code=_code(session, row.asset_id),
        connector=remote.connector, remote_id=remote.id, remote_label=remote.label, target_id=target.id,
        target_label=target.label, slot=row.slot, marker=row.marker, phase=row.phase, op=row.op, wanted=row.wanted,
        desired=row.desired, desired_reason=row.desired_reason, desired_asset_id=row.desired_asset_id,
        desired_asset_code=_code(session, row.desired_asset_id),
        desired_version=_number(session, row.desired_version_id), observed=row.observed, observed_at=row.observed_at,
        proof=evidence_view(proof, row) if proof else None, watched=watched,
        unwatched_why="" if watched else why_unusable(session, remote.id),
        shown_version=_number(session, shown_id),
        stale_since=_stale_since(session, row, shown_id), due_at=row.due_at, urgent=row.urgent,
        problem_code=row.problem_code, problem=row.problem, withdraw_policy=row.withdraw_policy,
        version_policy=row.version_policy, settled_at=row.settled_at, settled_reason=row.settled_reason,
        publish_at=row.publish_at, out_at=row.out_at,
        parts=tuple(PartView(part.kind, part.external_ref, part.state, part.looked_at) for part in parts),
        companions=tuple(CompanionView(one, _code(session, one)) for one in companions_of(session, row.id)),
    )  # fmt: skip


def evidence_view(proof: Evidence, row: Placement) -> EvidenceView:
    """Return a piece of evidence as it is shown."""
    looks = tuple(cast("list[dict[str, Any]]", proof.looks))
    return EvidenceView(
        proof.id, proof.claim, proof.level, proof.at, proof.by, proof.note, proof.version_id,
        proof.generation == row.desired_generation, looks,
    )  # fmt: skip


def history(session: Session, row: Placement) -> tuple[list[EvidenceView], list[AttemptView]]:
    """Return everything that was claimed and tried for a copy, newest first."""
    proofs = session.scalars(select(Evidence).where(Evidence.placement_id == row.id).order_by(Evidence.id.desc()))
    tries = session.scalars(select(Attempt).where(Attempt.placement_id == row.id).order_by(Attempt.id.desc()))
    return (
        [evidence_view(proof, row) for proof in proofs],
        [AttemptView(a.id, a.step, a.intended_at, a.answered_at, a.outcome) for a in tries],
    )


def _stale_since(session: Session, row: Placement, shown_id: str | None) -> int | None:
    """Return since when an older version stands there although a newer one is approved."""
    behind = row.desired == Want.PRESENT and row.phase not in {Phase.LIVE, Phase.QUEUED, Phase.SETTLED}
    if not behind or shown_id is None or shown_id == row.desired_version_id:
        return None
    return session.scalar(select(Approved.at).where(Approved.asset_id == row.asset_id))


def _code(session: Session, asset_id: str | None) -> str:
    return session.get_one(Asset, asset_id).code if asset_id else ""


def _number(session: Session, version_id: str | None) -> int | None:
    return session.get_one(Version, version_id).number if version_id else None
