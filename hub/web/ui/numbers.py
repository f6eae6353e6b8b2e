"""What is counted of copies, in words and as a small curve."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.access.permissions import Act, allowed
from hub.clock import DAY
from hub.placements.numbers import DayView, NumbersView, NumberView
from hub.web.identity import actor
from hub.web.ui import words

NAMED: Final = 2
"""How many numbers stand in the line that opens the others."""
WIDTH: Final = 96
HEIGHT: Final = 20
EDGE: Final = 1


@dataclass(frozen=True, slots=True)
class Curve:
    """A number over the days on which it was told, from zero to its most: a picture's points, and the same in words."""

    points: str
    says: str


@dataclass(frozen=True, slots=True)
class Line:
    """One number of a copy."""

    label: str
    value: int
    told_at: int
    curve: Curve | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What stands under a copy about its numbers."""

    says: str
    told_at: int | None
    problem: str
    lines: tuple[Line, ...]
    can_ask: bool


def counted(view: NumbersView | None, *, stands: bool) -> Counted | None:
    """Say what is counted of a copy; None where nothing is, or nothing was told of what is away."""
    if view is None or not (view.able or view.numbers) or not (stands or view.numbers):
        return None
    can_ask = view.able and stands and not view.under_way and allowed(actor(), Act.PLACE)
    lines = tuple(Line(label_of(one.name), one.value, one.told_at, curve_of(one)) for one in view.numbers)
    return Counted(_sentence(view, lines), view.told_at, view.problem, lines, can_ask)


def label_of(name: str) -> str:
    """Say what a remote counts, from its own name for it: `uniqueImpressionsCount` gives `unique impressions`."""
    said = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace("_", " ")).lower()
    if said.endswith(" count"):
        said = said.removesuffix(" count").rstrip("s") + "s"
    return said


def curve_of(number: NumberView) -> Curve | None:
    """Return a number's curve; None while it was told on one day only."""
    days = number.days
    if len(days) <= 1:
        return None
    first, last = days[0].day, days[-1].day
    says = f"{_range(days)} from {words.day(first)} to {words.day(last)}"
    return Curve(" ".join(_points(days)), f"{label_of(number.name)}: {says}")


def _points(days: Sequence[DayView]) -> list[str]:
    span, most = (days[-1].day - days[0].day) / DAY, max(one.value for one in days) or 1
    wide, high = WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE
    return [
        f"{EDGE + wide * (one.day - days[0].day) / DAY / span:.1f},{EDGE + high * (1 - one.value / most):.1f}"
        for one in days
    ]


def _range(days: Sequence[DayView]) -> str:
    least, most = min(one.value for one in days), max(one.value for one in days)
    return words.figure(most) if least == most else f"{words.figure(least)} to {words.figure(most)}"


def _sentence(view: NumbersView, lines: Sequence[Line]) -> str:
    if lines:
        said = ", ".join(f"{one.label} {words.figure(one.value)}" for one in _weightiest(lines))
        return f"Counted there: {said}" + (f" and {len(lines) - NAMED} more" if len(lines) > NAMED else "")
    if view.told_at is not None:
        return "Nothing was counted yet"
    return "Being asked what is counted" if view.under_way else "Not asked yet what is counted"


def _weightiest(lines: Sequence[Line]) -> Sequence[Line]:
    return sorted(lines, key=lambda line: -line.value)[:NAMED]
