"""Rights: clauses about where and until when an asset may be used."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field, StringConstraints

from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import AssetPath, Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

rights = blueprint("rights", "May it be used there, then, and until when.")
Use = Literal["new", "existing", "both"]


class TermPath(BaseModel):
    """Names one clause."""

    term_id: Ident


class TermIn(Given):
    """A clause to add. Windows are half-open: `from_at` counts, `until_at` does not."""

    source: Literal["licence", "consent", "embargo", "takedown"]
    effect: Literal["allow", "deny"]
    channels: list[Ident] = Field([])
    territories: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]] = Field([])
    from_at: Instant | None = None
    until_at: Instant | None = None
    use: Use = "both"
    document: Annotated[str, StringConstraints(max_length=1000)] = ""


class TermOut(Shown):
    """A clause."""

    id: str
    asset_id: str
    source: str
    effect: str
    channels: list[str]
    territories: list[str]
    from_at: int | None
    until_at: int | None
    use: str
    document: str
    created_by: str
    created_at: Instant
    lifted_at: Instant | None


class Terms(Shown):
    """The clauses of one asset, lifted ones too."""

    items: list[TermOut]


class UseQuery(Given):
    """A use to ask about, now."""

    channel: Ident = "*"
    territory: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|\*)$")] = "*"
    use: Literal["new", "existing"] = "new"


class UseOut(Shown):
    """The answer, with its reason and its end."""

    ok: bool
    until: int | None
    reason: str
    why: str


class HoldPath(BaseModel):
    """Names one legal hold."""

    hold_id: Ident


class HoldIn(Given):
    """Why everything must be kept."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class HoldOut(Shown):
    """A legal hold."""

    id: str
    asset_id: str
    reason: str
    by: str
    at: Instant
    lifted_at: Instant | None
    lifted_by: str | None


class Holds(Shown):
    """The legal holds of one asset, oldest first."""

    items: list[HoldOut]


@rights.get("/assets/<asset_id>/terms", responses={200: Terms})
def terms(path: AssetPath) -> Response:
    """List an asset's clauses."""
    return answer(
        Terms(items=[TermOut.model_validate(term) for term in services().rights.terms(actor(), path.asset_id)])
    )


@rights.post("/assets/<asset_id>/terms", responses={201: TermOut})
def add_term(path: AssetPath, body: TermIn) -> Response:
    """Add a clause; it counts at once."""
    made = services().rights.add_term(actor(), path.asset_id, **body.model_dump())
    return answer(TermOut.model_validate(made), 201)


@rights.delete("/terms/<term_id>", responses={204: None})
def lift_term(path: TermPath) -> Response:
    """Take a clause back; it stays in the record."""
    services().rights.lift_term(actor(), path.term_id)
    return answer()


@rights.get("/assets/<asset_id>/holds", responses={200: Holds})
def holds(path: AssetPath) -> Response:
    """List an asset's legal holds, lifted ones too."""
    found = services().rights.preservations.of_asset(actor(), path.asset_id)
    return answer(Holds(items=[HoldOut.model_validate(one) for one in found]))


@rights.post("/assets/<asset_id>/holds", responses={201: HoldOut})
def hold(path: AssetPath, body: HoldIn) -> Response:
    """Set a legal hold: nothing of the asset is purged, deleted or not, until it is lifted. It says nothing of use."""
    made = services().rights.preservations.hold(actor(), path.asset_id, body.reason)
    return answer(HoldOut.model_validate(made), 201)


@rights.delete("/holds/<hold_id>", responses={200: HoldOut})
def lift_hold(path: HoldPath) -> Response:
    """Lift a legal hold; it stays in the record."""
    return answer(HoldOut.model_validate(services().rights.preservations.lift(actor(), path.hold_id)))


@rights.get("/assets/<asset_id>/usable", responses={200: UseOut})
def usable(path: AssetPath, query: UseQuery) -> Response:
    """Tell whether an asset may be used there now."""
    found = services().rights.ask(
        actor(), path.asset_id, channel=query.channel, territory=query.territory, use=query.use
    )
    return answer(UseOut.model_validate(found))
