"""What a benchmark tells: our figures beside a peer's from the same run, round by round, and the ratio of the two."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Tell(Protocol):
    """Hears how far a benchmark has come."""

    def __call__(self, doing: str, done: float, total: float) -> None: ...


def silent(doing, done, total):
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Several figures of one kind."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        return cls(min(figures), statistics.median(figures), max(figures))

    def rounded(self):
        return [float(f"{figure:.4g}") for figure in (self.low, self.middle, self.high)]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Figures are times, so less is better; round n of ours belongs to round n of the peer's."""

    what: str
    peer: str
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    counted: str = ""  # what is inside each of the two figures
    gap: str = ""  # why there is no ratio
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> Spread | None:
        """Ours by the peer's; of each round, then the spread of these."""
        if not self.theirs or not all(self.theirs):
            return None
        return Spread.of([ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)])

    def as_json(self):
        ratio = self.ratio
        return {
            "what": self.what, "peer": self.peer, "unit": self.unit, "ours": Spread.of(self.ours).rounded(),
            "theirs": Spread.of(self.theirs).rounded() if self.theirs else None, "rounds": len(self.ours),
            "ratio": ratio.rounded() if ratio else None, "counted": self.counted, "gap": self.gap,
            "versions": dict(self.versions),
        }  # fmt: skip


def timed(act: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def in_turn(rounds, ours, theirs, tell=silent, *, doing=""):
    """Measure both in every round, and let the other one go first each time; return the figures of both.

    `ours` and `theirs` get the round's number and return their own figure.
    """
    figures: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        sides = [(0, ours), (1, theirs)]
        for place, (side, act) in enumerate(sides if number % 2 == 0 else reversed(sides)):
            tell(f"{doing} round {number + 1} of {rounds}", 2 * number + place, 2 * rounds)
            figures[side].append(act(number))
    tell(doing, 2 * rounds, 2 * rounds)
    return figures


def in_pairs(rounds, pairs, ours, theirs, tell=silent, *, doing=""):
    """Measure short acts of both by turns, many in each round; return the median second of each round for both.

    What slows the machine for a moment slows a few acts of either side, and the medians stand aside of these.
    """
    figures: tuple[list[float], list[float]] = ([], [])
    for act in (ours, theirs):
        act()  # once for nothing: connections, caches
    for number in range(rounds):
        tell(f"{doing} round {number + 1} of {rounds}", number, rounds)
        each: tuple[list[float], list[float]] = ([], [])
        for pair in range(pairs):
            sides = ((ours, each[0]), (theirs, each[1]))
            for act, into in sides if pair % 2 == 0 else reversed(sides):
                into.append(timed(act))
        for known, found in zip(figures, each, strict=True):
            known.append(statistics.median(found))
    tell(doing, rounds, rounds)
    return figures
