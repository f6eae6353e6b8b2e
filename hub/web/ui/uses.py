"""Where copies are used, in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response

from hub.access.permissions import Act, allowed
from hub.placements.uses import UsesView, UseView
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.frame import go

uses = Blueprint("uses", "hub.web")
NAMED: Final = 5
"""How many uses stand under a copy before the others are folded away."""


@dataclass(frozen=True, slots=True)
class Used:
    """What stands under a copy about its uses."""

    says: str
    told_at: int | None
    problem: str
    named: tuple[UseView, ...]
    more: tuple[UseView, ...]
    ended: tuple[UseView, ...]
    can_ask: bool


@uses.post("/copies/<placement_id>/uses")
def ask_now(placement_id: str) -> Response:
    """Have the remote asked where a copy is used."""
    services().uses.ask_now(actor(), placement_id)
    copy = services().placements.copy(actor(), placement_id)
    return go(f"/assets/{copy.asset_code}", "uses-asked")


@uses.post("/copies/<placement_id>/numbers")
def count_now(placement_id: str) -> Response:
    """Have the remote asked what it counts of a copy."""
    services().numbers.ask_now(actor(), placement_id)
    copy = services().placements.copy(actor(), placement_id)
    return go(f"/assets/{copy.asset_code}", "numbers-asked")


def used(view: UsesView | None, *, stands: bool) -> Used | None:
    """Say where a copy is used; None where nobody can tell, or nothing was told of what is away."""
    if view is None or not (view.able or view.uses) or not (stands or view.uses):
        return None
    now = view.now
    says = _sentence(view, stands=stands)
    can_ask = view.able and stands and not view.under_way and allowed(actor(), Act.PLACE)
    ended = tuple(use for use in view.uses if use.gone_at is not None)
    return Used(says, view.told_at, view.problem, now[:NAMED], now[NAMED:], ended, can_ask)


def _sentence(view: UsesView, *, stands: bool) -> str:
    if view.told_at is None and not view.uses:
        return "Being asked where it is used" if view.under_way else "Not asked yet where it is used"
    counted = Counter(use.kind for use in view.now)
    if not counted:
        return "Used nowhere there"
    parts = [words.count_of(kind, count) for kind, count in sorted(counted.items())]
    return f"{'Used in' if stands else 'Was used in'} {', '.join(parts)}"
