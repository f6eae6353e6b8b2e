"""Bindings: cards like these show assets like those, by themselves."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field, StringConstraints

from hub.placements.bindings.rules import Names, Source, Takes
from hub.placements.bindings.service import BindingWish
from hub.web.api.documents import PREFIX, answer, blueprint
from hub.web.api.placements import ImpactOut, foreseen
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor
from hub.web.services import services

bindings = blueprint("bindings", "Standing wishes: cards like these show assets like those.")

Ref = Annotated[str, StringConstraints(max_length=200)]
Refs = Annotated[list[Ref], Field(max_length=100)]
Words = Annotated[str, StringConstraints(max_length=500)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class BindingPath(BaseModel):
    """Names one binding."""

    binding_id: Ident


class TakesIn(Given):
    """Which cards: all that is asked for must hold; what is left out asks for nothing."""

    lists: Refs = Field(default=[], description="It lies in one of these lists or sections.")
    labels: Refs = Field(default=[], description="It carries one of these labels or tags.")
    words: Words = Field(default="", description="Each of these words stands in its title.")
    field: Ref = Field(default="", description="A custom field that holds `value`; anything, where that is empty.")
    value: Words = ""
    done_lists: Refs = Field(default=[], description="Cards in these are done, besides those that say so.")


class SourceIn(Given):
    """Which assets."""

    kind: Literal["collection", "campaign", "project", "saved", "any"] = Field(
        default="any", description="any: whatever a card names; saved: what words and filters find."
    )
    value: Words = Field(default="", description="Id of the collection, name of the campaign or project, or words.")
    filters: dict[str, Annotated[list[Words], Field(max_length=50)]] = Field(
        default_factory=dict[str, list[str]], description="Of a search, as in the list of assets."
    )


class NamesIn(Given):
    """Where a card names the assets that it shows, by code. Nowhere: it shows all of the set."""

    title: bool = False
    text: bool = False
    field: Ref = ""


class BindingIn(Given):
    """A binding to make. It is rehearsed before it goes live."""

    name: Name
    remote_id: Ident = Field(description="The account, as connections name it.")
    board: Ref = Field(description="The board or project, as the account names it.")
    takes: TakesIn = TakesIn()
    source: SourceIn = SourceIn()
    names: NamesIn = NamesIn()
    withdraw_policy: Literal["remove", "substitute"] = "remove"


class EndIn(Given):
    """What becomes of a binding's links."""

    links: Literal["remove", "keep"]


class EndQuery(Given):
    """Which end to foresee."""

    links: Literal["remove", "keep"] = "remove"


class TakesOut(Shown):
    """Which cards."""

    lists: list[str]
    labels: list[str]
    words: str
    field: str
    value: str
    done_lists: list[str]


class SourceOut(Shown):
    """Which assets."""

    kind: str
    value: str
    filters: dict[str, list[str]]


class NamesOut(Shown):
    """Where cards name assets."""

    title: bool
    text: bool
    field: str


class BindingOut(Shown):
    """One binding."""

    id: str
    revision: int
    name: str
    remote_id: str
    connector: str
    account_label: str
    board_ref: str
    board_label: str
    takes: TakesOut
    source: SourceOut
    names: NamesOut
    called: dict[str, str] = Field(
        description="What people there called the lists, labels and fields that it asks for when it was made, by ref."
    )
    withdraw_policy: str
    state: str = Field(description="dry, live, paused or ended.")
    stopped: str = Field(
        description="Why it paused by itself: author_gone (whoever it acts for may place no copies any more)."
    )
    author_id: str
    created_at: Instant
    ended_at: int | None
    read_at: int | None = Field(description="When all cards of the board were read last.")
    problem: str
    listening: bool = Field(description="The account tells of changes on the board.")
    links: int


class BindingList(Shown):
    """Every binding, newest first; ended ones last."""

    items: list[BindingOut]


class LinkLineOut(Shown):
    """One asset on a card."""

    asset_id: str
    asset_code: str
    becomes: str = Field(
        description="added, there, refused (a person took it away), waits (not approved), or left (the card is done)."
    )


class CardLineOut(Shown):
    """One card that the binding takes."""

    ref: str
    title: str
    url: str
    done: bool
    links: list[LinkLineOut]
    unknown: list[str]


class RehearsalOut(Shown):
    """What a binding does, or would do; the first 200 cards are named."""

    cards: int
    added: int
    there: int
    removed: int
    refused: int
    waiting: int
    unknown: int = Field(description="Cards that name codes of nothing in the set.")
    lines: list[CardLineOut]


@bindings.get("/bindings", responses={200: BindingList})
def list_bindings() -> Response:
    """List every binding."""
    found = services().bindings.list(actor())
    return answer(BindingList(items=[BindingOut.model_validate(one) for one in found]))


@bindings.post("/bindings", responses={201: BindingOut})
def make_binding(body: BindingIn) -> Response:
    """Make a binding; it does nothing but read its board until it is started."""
    takes, source, names = body.takes, body.source, body.names
    wish = BindingWish(
        body.name, body.remote_id, body.board,
        Takes(tuple(takes.lists), tuple(takes.labels), takes.words, takes.field, takes.value, tuple(takes.done_lists)),
        Source(source.kind, source.value, source.filters), Names(names.title, names.text, names.field),
        body.withdraw_policy,
    )  # fmt: skip
    made = services().bindings.make(actor(), wish)
    return answer(BindingOut.model_validate(made), 201, {"Location": f"{PREFIX}/bindings/{made.id}"})


@bindings.get("/bindings/<binding_id>", responses={200: BindingOut})
def get_binding(path: BindingPath) -> Response:
    """Read one binding."""
    return answer(BindingOut.model_validate(services().bindings.view(actor(), path.binding_id)))


@bindings.get("/bindings/<binding_id>/rehearsal", responses={200: RehearsalOut})
def rehearse_binding(path: BindingPath) -> Response:
    """See card by card what it would do now. Nothing is written."""
    return answer(RehearsalOut.model_validate(services().bindings.rehearse(actor(), path.binding_id)))


@bindings.post("/bindings/<binding_id>/start", responses={200: BindingOut})
def start_binding(path: BindingPath) -> Response:
    """Let it plan links from now on."""
    return answer(BindingOut.model_validate(services().bindings.start(actor(), path.binding_id)))


@bindings.post("/bindings/<binding_id>/pause", responses={200: BindingOut})
def pause_binding(path: BindingPath) -> Response:
    """Let it add nothing and take nothing away until it is started again."""
    return answer(BindingOut.model_validate(services().bindings.pause(actor(), path.binding_id)))


@bindings.get("/bindings/<binding_id>/impact", responses={200: ImpactOut})
def impact_of_ending(path: BindingPath, query: EndQuery) -> Response:
    """Foresee what ending it would change in the channels, before anybody does."""
    return foreseen(services().rehearsal.ending(actor(), path.binding_id, query.links))


@bindings.post("/bindings/<binding_id>/end", responses={200: BindingOut})
def end_binding(path: BindingPath, body: EndIn) -> Response:
    """End it for good."""
    return answer(BindingOut.model_validate(services().bindings.end(actor(), path.binding_id, body.links)))
