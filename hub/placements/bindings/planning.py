"""The planner of bindings: compares what cards should show with the copies that were planned, again and again.

All live bindings of an account are planned together, under the locks of their rows: an asset that leaves one set and
stands in another's does not flicker, and two workers come one after the other. Whoever else makes the same copy at the
same moment meets the ledger's own rule: one living copy of an asset in a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from hub.placements.bindings.assets import Members, members
from hub.placements.bindings.rules import CardFacts, Names, Source, Takes, is_done, named, takes
from hub.placements.ledger import REMOVED_THERE
from hub.placements.models import Binding, Card, Placement
from hub.placements.rows import add_row
from hub.placements.trouble import tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

Found = Mapping[str, Sequence[str]]
"""What saved searches found, by binding."""
Key = tuple[str, str]
"""An asset and a place."""


@dataclass(slots=True)
class Wish:
    """What one binding asks of one card."""

    binding: Binding
    card: CardFacts
    assets: frozenset[str]  # of the set, approved or not
    new: frozenset[str]  # of these, what may be linked anew
    unknown: tuple[str, ...] = ()  # codes on the card that stand for nothing in the set
    done: bool = False


@dataclass(slots=True)
class Plan:
    """The difference between what should be and what was planned."""

    add: dict[Key, Wish] = field(default_factory=dict[Key, Wish])
    again: list[tuple[Placement, Wish]] = field(default_factory=list[tuple[Placement, Wish]])
    adopt: list[tuple[Placement, Wish]] = field(default_factory=list[tuple[Placement, Wish]])
    release: list[Placement] = field(default_factory=list[Placement])
    there: set[Key] = field(default_factory=set[Key])  # wanted, and planned already
    refused: set[Key] = field(default_factory=set[Key])  # wanted, and taken away by a person before


def cards_of(session: Session, remote_id: str) -> list[CardFacts]:
    """Return the cards of an account that are known and not gone."""
    rows = session.scalars(
        select(Card).where(Card.remote_id == remote_id, Card.gone_at.is_(None), Card.target_id.is_not(None))
    )
    return [facts_of(row) for row in rows]


def facts_of(row: Card) -> CardFacts:
    """Return a card as rules see it."""
    return CardFacts(
        row.ref, row.target_id or "", row.title, row.text, row.url, row.lies, tuple(row.labels), row.fields, row.done
    )


def wishes_of(session: Session, binding: Binding, cards: Sequence[CardFacts], found: Found) -> list[Wish]:
    """Return what a binding asks of each card that it takes."""
    rule, where = Takes.of(binding.takes), Names.of(binding.names)
    mine = [card for card in cards if takes(rule, binding.board_ref, card)]
    numbers = {number for card in mine for number in named(where, card)}
    known = members(session, Source.of(binding.source), found.get(binding.id, ()), numbers)
    return [_wish(binding, card, where, known, done=is_done(rule, binding.board_ref, card)) for card in mine]


def _wish(binding: Binding, card: CardFacts, where: Names, known: Members, *, done: bool) -> Wish:
    if not where.anywhere:
        return Wish(binding, card, known.ids, known.approved, done=done)
    asked = {number: known.numbers.get(number) for number in named(where, card)}
    assets = frozenset(asset_id for asset_id in asked.values() if asset_id in known.ids)
    unknown = tuple(f"DAM-{number}" for number, asset_id in asked.items() if asset_id not in known.ids)
    return Wish(binding, card, assets, assets & known.approved, unknown, done)


def compared(
    session: Session, rows: Sequence[Binding], live: Sequence[Binding], found: Found
) -> tuple[Plan, list[Wish]]:  # fmt: skip
    """Return what is to be done in an account, and what was wished for; `rows` are all of its bindings."""
    cards = cards_of(session, rows[0].remote_id) if rows else []
    wishes = [wish for row in live for wish in wishes_of(session, row, cards, found)]
    known = rows_of(session, [row.id for row in rows], sorted({wish.card.target_id for wish in wishes}))
    return compare(wishes, known, live={row.id for row in live}), wishes


def compare(wishes: Sequence[Wish], rows: Sequence[Placement], *, live: set[str]) -> Plan:
    """Return what is to be done.

    Args:
        wishes: of all live bindings of an account, in the order in which these were made.
        rows: all copies of the account's bindings, and all living ones on the cards that are wished for.
        live: the ids of the bindings that may let go what nobody wishes for.
    """
    plan, kept = Plan(), set[Key]()
    living = {(row.asset_id, row.target_id): row for row in rows if row.settled_at is None and row.slot == ""}
    refused = {(row.asset_id, row.target_id, row.binding_id) for row in rows if _refused(row)}
    askers: dict[Key, set[str]] = {}
    for wish in wishes:
        for asset_id in wish.assets:
            askers.setdefault((asset_id, wish.card.target_id), set()).add(wish.binding.id)
    for wish in wishes:
        for asset_id in sorted(wish.assets):
            key = (asset_id, wish.card.target_id)
            row = living.get(key)
            _meet(plan, key, wish, row, refused=(*key, wish.binding.id) in refused)
            # Whose binding asks for it no longer, while another one does, belongs to that one.
            strange = row is not None and row.binding_id is not None and row.binding_id not in askers[key]
            if row is not None and row.wanted and strange and key not in kept:
                plan.adopt.append((row, wish))
            kept.add(key)
    done = {wish.card.target_id for wish in wishes if wish.done}
    for key, row in living.items():
        mine = row.binding_id in live and row.wanted and row.problem_code != REMOVED_THERE
        if mine and key not in kept and row.target_id not in done:
            plan.release.append(row)
    return plan


def _meet(plan: Plan, key: Key, wish: Wish, row: Placement | None, *, refused: bool) -> None:
    if row is not None and row.wanted:
        plan.there.add(key)
    elif refused or (row is not None and not row.released):
        plan.refused.add(key)
    elif wish.done or key[0] not in wish.new or key in plan.add:
        return
    elif row is not None:
        if all(each is not row for each, _ in plan.again):
            plan.again.append((row, wish))
    else:
        plan.add[key] = wish


def _refused(row: Placement) -> bool:
    """Tell whether a person took away, there or here, what a binding had planned: it is not planned again."""
    if row.binding_id is None:
        return False
    if row.settled_at is not None and row.settled_reason == REMOVED_THERE:
        return True
    return not row.wanted and not row.released


def rows_of(session: Session, remote_bindings: Sequence[str], targets: Sequence[str]) -> list[Placement]:
    """Return the copies that these bindings planned, ever, and what else lives on these cards; living ones locked."""
    found: dict[str, Placement] = {}
    planned = select(Placement).where(Placement.binding_id.in_(remote_bindings))
    found.update((row.id, row) for row in session.scalars(planned))
    for start in range(0, len(targets), 500):
        here = Placement.target_id.in_(targets[start : start + 500])
        query = select(Placement).where(here, Placement.settled_at.is_(None), Placement.slot == "")
        found.update((row.id, row) for row in session.scalars(query))
    return list(found.values())


def carry_out(session: Session, plan: Plan, *, at: int, wake: Callable[[Session, Placement], None]) -> None:
    """Write a plan into the ledger."""
    for (asset_id, target_id), wish in plan.add.items():
        row = add_row(
            session, asset_id=asset_id, target_id=target_id, slot="", withdraw_policy=wish.binding.withdraw_policy,
            version_policy="follow", pinned_version_id=None, by=wish.binding.author_id, at=at,
            binding_id=wish.binding.id,
        )  # fmt: skip
        wake(session, row)
    for row, wish in plan.again:
        row.wanted, row.released, row.binding_id = True, False, wish.binding.id
        tell(session, row, "placement.planned", by=wish.binding.author_id, slot="")
        wake(session, row)
    for row, wish in plan.adopt:
        row.binding_id = wish.binding.id
    release(session, plan.release, wake=wake)


def release(session: Session, rows: Sequence[Placement], *, wake: Callable[[Session, Placement], None]) -> None:
    """Let copies go, as their binding does not ask for them any more."""
    for row in rows:
        row.wanted, row.released = False, True
        tell(session, row, "placement.taken_back")
        wake(session, row)
