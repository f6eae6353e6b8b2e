"""Copies: place, take back, retry, attest, look; recalls and their reports."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, Field, StringConstraints

from hub.connections.targets import TIMES
from hub.errors import Invalid, NotFound
from hub.placements.rehearsal import Foreseen
from hub.web.api.connections import TargetPath
from hub.web.api.documents import PREFIX, answer, blueprint
from hub.web.api.rights import TermIn
from hub.web.api.schemas import AssetPath, Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

placements = blueprint("copies", "Every copy that was ever made: what should be true, what was found, how surely.")
recalls = blueprint("recalls", "Taking one asset back from everywhere, with a report that adds up.")
ActName = Literal["recall", "archive", "delete", "revoke", "approve", "lift", "successor"]
MOST_COMPANIONS = 50
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class CopyPath(BaseModel):
    """Names one copy."""

    placement_id: Ident


class RecallPath(BaseModel):
    """Names one recall."""

    recall_id: Ident


class PlaceIn(Given):
    """A copy to want."""

    target_id: Ident
    slot: Annotated[str, StringConstraints(max_length=255)] = ""
    withdraw_policy: Literal["remove", "substitute"] = "remove"
    version_policy: Literal["follow", "pin"] = "follow"
    pinned_version_id: Ident | None = None
    publish_at: Instant | None = Field(
        default=None, description="When it is to be public, to the second; left out: at once. The place waits with it, "
        "or the hub does where the place keeps no calendar.",
    )  # fmt: skip
    companions: list[Ident] = Field(
        default=[], max_length=MOST_COMPANIONS,
        description="Further assets that the same copy shows, in this order, where the place takes sets.",
    )  # fmt: skip


class ScheduleIn(Given):
    """Another time."""

    publish_at: Instant


class AttestIn(Given):
    """A person's word."""

    note: Reason


class RecallIn(Given):
    """What to take back, and why."""

    asset_id: Ident
    reason: Reason
    substitute_id: Ident | None = None


class ImpactQuery(Given):
    """Which act to foresee."""

    act: ActName = "recall"
    substitute_id: Ident | None = Field(None, description="Of a recall: what would stand there instead.")
    version_id: Ident | None = Field(None, description="Of an approval: which version, the newest by default.")
    term_id: Ident | None = Field(None, description="Of lifting a clause: which one.")
    successor_id: Ident | None = Field(None, description="Of naming a successor: which one, none by default.")


class MoveQuery(Given):
    """What a place would stand for; what is left out stays as it is."""

    channel: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    territory: Annotated[str, StringConstraints(max_length=2)] | None = None
    lead_s: int | None = Field(None, ge=0, le=31_536_000, description="Changes when copies are looked at, and no more.")
    late_s: int | None = Field(None, ge=0, le=31_536_000)
    life_s: int | None = Field(None, ge=0, le=31_536_000)


class PartOut(Shown):
    """One remote object, use or address of a copy."""

    kind: str
    ref: str
    state: str
    looked_at: int | None


class CompanionOut(Shown):
    """A further asset that the same copy shows."""

    asset_id: str
    asset_code: str


class EvidenceOut(Shown):
    """A claim and how it is known."""

    id: str
    claim: str
    level: str
    at: Instant
    by: str
    note: str
    version_id: str | None
    current: bool
    looks: list[dict[str, Any]]


class AttemptOut(Shown):
    """One remote write, as it was intended and as it ended."""

    id: str
    step: str
    intended_at: Instant
    answered_at: int | None
    outcome: str | None


class CopyOut(Shown):
    """One copy of an asset."""

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
    desired_version: int | None
    observed: str
    observed_at: int | None
    proof: EvidenceOut | None
    watched: bool = Field(description="Whether a connection exists that can look after it.")
    shown_version: int | None
    stale_since: int | None
    due_at: int
    problem_code: str
    problem: str
    withdraw_policy: str
    version_policy: str
    settled_at: int | None
    settled_reason: str
    publish_at: int | None = Field(description="When it is to be public; null: at once.")
    out_at: int | None = Field(description="When it was first seen public, where it has a time.")
    parts: list[PartOut]
    companions: list[CompanionOut] = Field(
        description="What it shows behind the asset, in its order: then it is a set."
    )


class Copies(Shown):
    """The copies of one asset."""

    items: list[CopyOut]


class Proofs(Shown):
    """Everything that was claimed and tried for a copy, newest first."""

    evidence: list[EvidenceOut]
    attempts: list[AttemptOut]


class ImpactLineOut(Shown):
    """One copy and what would become of it."""

    copy_: CopyOut = Field(alias="copy", serialization_alias="copy")
    becomes: str
    shows_asset_id: str | None
    reachable: bool = Field(description="Whether the hub can change it by itself now.")
    why: str = Field(description="Why it cannot; empty where it can, or need not.")


class ImpactOut(Shown):
    """What an act would change when it counts, and again when it ends."""

    act: str
    begins_at: Instant = Field(description="When the first lines hold.")
    lines: list[ImpactLineOut]
    ends_at: int | None = Field(description="When the act ends, such as a clause with a last day; null: it does not.")
    then: list[ImpactLineOut] = Field(description="What would change at its end.")


class RecallLineOut(Shown):
    """One copy in a recall's report."""

    copy_: CopyOut = Field(alias="copy", serialization_alias="copy")
    result: str
    level: str | None
    evidence_id: str | None
    reason: str
    next_try_at: int | None
    parts_done: int
    parts: int


class RecallOut(Shown):
    """A recall with every copy accounted for."""

    id: str
    asset_id: str
    asset_code: str
    reason: str
    substitute_id: str | None
    opened_by: str
    opened_at: Instant
    closed_at: int | None
    complete: bool
    counts: dict[str, int]
    lines: list[RecallLineOut]


class Recalls(Shown):
    """The recalls of one asset."""

    items: list[RecallOut]


@placements.get("/assets/<asset_id>/copies", responses={200: Copies})
def where(path: AssetPath) -> Response:
    """List where an asset is: alone, in a set, or in another's stead."""
    found = services().placements.where(actor(), path.asset_id)
    return answer(Copies(items=[CopyOut.model_validate(one) for one in found]))


@placements.post("/assets/<asset_id>/copies", responses={201: CopyOut})
def place(path: AssetPath, body: PlaceIn) -> Response:
    """Want a copy; it appears once the asset, and all its companions, are approved and may be used there."""
    made = services().placements.place(actor(), path.asset_id, **body.model_dump())
    return answer(CopyOut.model_validate(made), 201, {"Location": f"{PREFIX}/copies/{made.id}"})


@placements.get("/assets/<asset_id>/impact", responses={200: ImpactOut})
def impact(path: AssetPath, query: ImpactQuery) -> Response:
    """Foresee what an act would change, before anybody carries it out."""
    if query.act == "approve":
        return foreseen(services().rehearsal.approval(actor(), _version_of(path.asset_id, query.version_id)))
    if query.act == "lift":
        return foreseen(services().rehearsal.lifting(actor(), _term_of(path.asset_id, query.term_id)))
    if query.act == "successor":
        return foreseen(services().rehearsal.successor(actor(), path.asset_id, query.successor_id))
    found = services().placements.impact(actor(), path.asset_id, query.act, query.substitute_id)
    return foreseen(Foreseen(services().clock.now(), found))


@placements.post("/assets/<asset_id>/impact", responses={200: ImpactOut})
def impact_of_clause(path: AssetPath, body: TermIn) -> Response:
    """Foresee what adding a clause would change when it begins, and what when it ends; nothing is kept."""
    return foreseen(services().rehearsal.clause(actor(), path.asset_id, **body.model_dump()))


@placements.get("/targets/<target_id>/impact", responses={200: ImpactOut})
def impact_of_moving(path: TargetPath, query: MoveQuery) -> Response:
    """Foresee what would change if a place stood for another channel or country, or for other times.

    Copies with a time tell it as `publish_at`: what is held, stopped or resumed is so at that time.
    """
    times = {name: getattr(query, name) for name in TIMES}
    found = services().rehearsal.moving(
        actor(), path.target_id, channel=query.channel, territory=query.territory, times=times
    )
    return foreseen(found)


@placements.get("/copies/<placement_id>", responses={200: CopyOut})
def get_copy(path: CopyPath) -> Response:
    """Read one copy."""
    return answer(CopyOut.model_validate(services().placements.copy(actor(), path.placement_id)))


@placements.delete("/copies/<placement_id>", responses={200: CopyOut})
def take_back(path: CopyPath) -> Response:
    """Want a copy no more: it is withdrawn and proven away."""
    return answer(CopyOut.model_validate(services().placements.take_back(actor(), path.placement_id)))


@placements.post("/copies/<placement_id>/schedule", responses={200: CopyOut})
def schedule(path: CopyPath, body: ScheduleIn) -> Response:
    """Let a copy that is not out yet become public at another time, or at its own after all."""
    found = services().placements.schedule(actor(), path.placement_id, body.publish_at)
    return answer(CopyOut.model_validate(found))


@placements.post("/copies/<placement_id>/retry", responses={200: CopyOut})
def retry(path: CopyPath) -> Response:
    """Try again now."""
    return answer(CopyOut.model_validate(services().placements.retry(actor(), path.placement_id)))


@placements.post("/copies/<placement_id>/restore", responses={201: CopyOut})
def restore(path: CopyPath) -> Response:
    """Put a copy back that somebody removed there: into the same place, wanted as it was."""
    made = services().placements.restoring.restore(actor(), path.placement_id)
    return answer(CopyOut.model_validate(made), 201, {"Location": f"{PREFIX}/copies/{made.id}"})


@placements.post("/copies/<placement_id>/attest", responses={200: CopyOut})
def attest(path: CopyPath, body: AttestIn) -> Response:
    """Give a person's word that a copy is gone."""
    return answer(CopyOut.model_validate(services().placements.attest(actor(), path.placement_id, body.note)))


@placements.get("/copies/<placement_id>/evidence", responses={200: Proofs})
def evidence(path: CopyPath) -> Response:
    """Read everything that was claimed and tried for a copy."""
    proofs, tries = services().placements.evidence(actor(), path.placement_id)
    return answer(
        Proofs(
            evidence=[EvidenceOut.model_validate(one) for one in proofs],
            attempts=[AttemptOut.model_validate(one) for one in tries],
        )
    )


@recalls.post("/recalls", responses={201: RecallOut})
def recall(body: RecallIn) -> Response:
    """Take an asset back from everywhere."""
    made = services().placements.recall(actor(), body.asset_id, body.reason, body.substitute_id)
    return by_name(RecallOut.model_validate(made), 201, {"Location": f"{PREFIX}/recalls/{made.id}"})


@recalls.get("/recalls/<recall_id>", responses={200: RecallOut})
def recall_report(path: RecallPath) -> Response:
    """Read how a recall stands; the counts add up to its lines."""
    return by_name(RecallOut.model_validate(services().placements.recall_report(actor(), path.recall_id)))


@recalls.get("/assets/<asset_id>/recalls", responses={200: Recalls})
def list_recalls(path: AssetPath) -> Response:
    """List the recalls of an asset."""
    found = services().placements.recalls(actor(), path.asset_id)
    return by_name(Recalls(items=[RecallOut.model_validate(one) for one in found]))


def _version_of(asset_id: str, version_id: str | None) -> str:
    """Return the version of an asset that is asked about."""
    asset = services().catalogue.view(actor(), asset_id)
    wanted = version_id or asset.versions[0].id
    if all(one.id != wanted for one in asset.versions):
        raise NotFound("no_such_version", "There is no such version of it.", where=asset.code,
                       next_step="Choose one of its versions.")  # fmt: skip
    return wanted


def _term_of(asset_id: str, term_id: str | None) -> str:
    """Return the clause of an asset that is asked about."""
    if term_id is None:
        raise Invalid("no_term_named", "No clause of this asset was named.", where="term_id",
                      next_step="Name one of those that /terms lists.")  # fmt: skip
    if all(one.id != term_id for one in services().rights.terms(actor(), asset_id)):
        raise NotFound("no_such_term", "There is no such clause.", where="term_id", next_step="Read its clauses again.")
    return term_id


def foreseen(found: Foreseen) -> Response:
    """Answer with what would become of each copy."""
    first = [ImpactLineOut.model_validate(line) for line in found.first.lines]
    then = [ImpactLineOut.model_validate(line) for line in found.then.lines] if found.then else []
    told = ImpactOut(act=found.first.act, begins_at=found.begins_at, lines=first, ends_at=found.ends_at, then=then)
    return by_name(told)


def by_name(body: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with what has a field that is named as a method of all models is."""
    text = body.model_dump_json(by_alias=True)
    return Response(text, status=status, headers=headers, content_type="application/json")
