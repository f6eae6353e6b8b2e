"""Bindings as doors show them: values that outlive the unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from hub.catalogue.models import Asset
from hub.connections.models import Remote
from hub.placements.bindings.rules import CardFacts, Names, Source, Takes
from hub.placements.models import Binding, CardBoard, Placement

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.placements.bindings.planning import Key, Plan, Wish

MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class BindingView:
    """One binding."""

    id: str
    revision: int
    name: str
    remote_id: str
    connector: str
    account_label: str
    board_ref: str
    board_label: str
    takes: Takes
    source: Source
    names: Names
    called: Mapping[str, str]  # what people there called the lists, labels and fields that it asks for, by ref
    withdraw_policy: str
    state: str
    stopped: str  # why it paused by itself: author_gone; empty: it did not
    author_id: str
    created_at: int
    ended_at: int | None
    read_at: int | None  # when all cards of its board were read last
    problem: str  # why they cannot be read now
    listening: bool  # the account tells of changes on the board
    links: int  # that it planned and that are wanted


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One asset on a card."""

    asset_id: str
    asset_code: str
    becomes: str  # added, there, refused, waits, left: its card is done, and gets nothing more


@dataclass(frozen=True, slots=True)
class CardLine:
    """One card that a binding takes."""

    ref: str
    title: str
    url: str
    done: bool
    links: tuple[LinkLine, ...]
    unknown: tuple[str, ...]  # codes that it names and that stand for nothing in the set


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a binding does, or would do: nothing is written by it."""

    cards: int
    added: int
    there: int
    removed: int
    refused: int
    waiting: int  # of the set, and not approved
    unknown: int  # cards that name unknown codes
    lines: tuple[CardLine, ...]


def view_of(session: Session, row: Binding) -> BindingView:
    """Return a binding with what is known of its board."""
    remote = session.get_one(Remote, row.remote_id)
    board = session.get(CardBoard, (row.remote_id, row.board_ref))
    mine = (Placement.binding_id == row.id, Placement.settled_at.is_(None), Placement.wanted.is_(True))
    links = session.scalar(select(func.count()).select_from(Placement).where(*mine)) or 0
    return BindingView(
        row.id, row.revision, row.name, row.remote_id, remote.connector, remote.label, row.board_ref, row.board_label,
        Takes.of(row.takes), Source.of(row.source), Names.of(row.names), row.called, row.withdraw_policy, row.state,
        row.stopped or "", row.author_id, row.created_at, row.ended_at, board.read_at if board else None,
        board.problem if board else "",
        board is not None and board.listen_at is None, links,
    )  # fmt: skip


def rehearsal(session: Session, plan: Plan, wishes: Sequence[Wish], binding_id: str) -> Rehearsal:
    """Return what a plan means for one binding, card by card; the first two hundred cards are named."""
    mine = [wish for wish in wishes if wish.binding.id == binding_id]
    added = {key for key, wish in plan.add.items() if wish.binding.id == binding_id}
    added |= {(row.asset_id, row.target_id) for row, wish in plan.again if wish.binding.id == binding_id}
    codes = _codes(session, {asset_id for wish in mine[:MOST_LINES] for asset_id in wish.assets})
    every = [[_becomes(plan, added, wish, asset_id) for asset_id in wish.assets] for wish in mine]
    counted = [state for states in every for state in states]
    lines = tuple(_line(wish, codes, plan, added) for wish in mine[:MOST_LINES])
    return Rehearsal(
        len(mine), counted.count("added"), counted.count("there"),
        sum(row.binding_id == binding_id for row in plan.release), counted.count("refused"), counted.count("waits"),
        sum(bool(wish.unknown) for wish in mine), lines,
    )  # fmt: skip


def _line(wish: Wish, codes: dict[str, str], plan: Plan, added: set[Key]) -> CardLine:
    card: CardFacts = wish.card
    links = sorted(
        (LinkLine(each, codes[each], _becomes(plan, added, wish, each)) for each in wish.assets),
        key=lambda line: (len(line.asset_code), line.asset_code),
    )
    return CardLine(card.ref, card.title or card.ref, card.url, wish.done, tuple(links), wish.unknown)


def _becomes(plan: Plan, added: set[Key], wish: Wish, asset_id: str) -> str:
    key = asset_id, wish.card.target_id
    for become, keys in (("added", added), ("there", plan.there), ("refused", plan.refused)):
        if key in keys:
            return become
    return "left" if wish.done and asset_id in wish.new else "waits"


def _codes(session: Session, ids: set[str]) -> dict[str, str]:
    wanted, found = sorted(ids), dict[str, str]()
    for start in range(0, len(wanted), 500):
        query = select(Asset).where(Asset.id.in_(wanted[start : start + 500]))
        found.update((asset.id, asset.code) for asset in session.scalars(query))
    return found
