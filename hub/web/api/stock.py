"""What stands at a connection's remote: the hub's own copies, other hubs', and what people put there themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field

from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

stock = blueprint("stock", "What stands at remotes: our copies, and what the hub did not put there.")

Part = Literal[
    "strangers", "known", "alike", "forgotten", "foreign", "ours", "waiting", "imported", "ignored", "all"
]  # fmt: skip


class ConnectionPath(BaseModel):
    """Names one connection."""

    connection_id: Ident


class ItemsQuery(Given):
    """Which of the things that were found."""

    show: Part = "strangers"
    cursor: Ident | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class DecisionIn(Given):
    """What becomes of found things."""

    act: Literal["adopt", "import", "ignore", "back"] = Field(description="back: ignored no more.")
    items: Annotated[list[Ident], Field(min_length=1, max_length=500)]
    asset: Ident | None = Field(default=None, description="For one that is adopted: which asset it is, id or code.")


class OwnCopyOut(Shown):
    """One of our copies there."""

    placement_id: str
    asset_id: str
    asset_code: str
    title: str
    place: str
    phase: str
    origin: str
    level: str = Field(description="Of the last proof; empty: there is none.")
    proven_at: int | None
    problem: str


class StockOut(Shown):
    """What is known of the stock; the first hundred of our copies are named."""

    connection_id: str
    remote_id: str
    able: bool = Field(description="The connector can list what stands there.")
    why_not: str = Field(description="Why it cannot.")
    state: str = Field(description="never, listing or done.")
    listed: int
    begun_at: int | None
    ended_at: int | None
    problem: str
    recollecting_since: int | None = Field(description="After a restore: nothing is published there before it ends.")
    unmatched: int = Field(description="Things whose bytes are still to be looked at.")
    waiting: int = Field(description="Decisions that are still to be carried out.")
    counts: dict[str, int]
    copies: int
    own: list[OwnCopyOut]


class FoundOut(Shown):
    """One thing that stands there."""

    id: str
    name: str
    kind: str
    size: int | None
    url: str
    media_type: str
    seen_at: Instant
    gone_at: int | None
    whose: str = Field(description="ours, forgotten (our marker, and no row knows it), foreign or stranger.")
    how: str = Field(description="How it was recognised: marker, ref, sha256, perceptual, name or none.")
    pending: bool
    asset_id: str | None
    asset_code: str
    title: str
    version_id: str | None
    placement_id: str | None
    act: str
    act_state: str
    problem_code: str
    problem: str


class FoundList(Shown):
    """Some of what was found."""

    items: list[FoundOut]
    cursor: str | None


class DecidedOut(Shown):
    """What could not be decided so, and why, by item. Everything else is on its way."""

    refused: dict[str, str]


@stock.get("/connections/<connection_id>/stock", responses={200: StockOut})
def get_stock(path: ConnectionPath) -> Response:
    """Read how far the listing is, and how the hub's own copies there are."""
    return answer(StockOut.model_validate(services().stock.view(actor(), path.connection_id)))


@stock.post("/connections/<connection_id>/stock", responses={202: StockOut})
def take_stock(path: ConnectionPath) -> Response:
    """Have everything listed that stands there, in the background."""
    return answer(StockOut.model_validate(services().stock.take(actor(), path.connection_id)), 202)


@stock.get("/connections/<connection_id>/stock/items", responses={200: FoundList})
def list_found(path: ConnectionPath, query: ItemsQuery) -> Response:
    """List what was found there."""
    found = services().stock.items(
        actor(), path.connection_id, query.show, cursor=query.cursor, limit=query.limit
    )  # fmt: skip
    return answer(FoundList.model_validate(found))


@stock.post("/connections/<connection_id>/stock/decisions", responses={202: DecidedOut})
def decide(path: ConnectionPath, body: DecisionIn) -> Response:
    """Adopt, import or ignore found things; each is done once, in the background."""
    refused = services().stock.decide(actor(), path.connection_id, body.act, body.items, asset=body.asset)
    return answer(DecidedOut(refused=refused), 202)
