"""From clauses to gap-free spans: pure functions, nothing else.

Reading of the clauses, for one channel, one territory, one kind of use and one instant:

- A clause applies when its channels, territories and kind of use name the question or are empty, and its window
  contains the instant. Windows are half-open: the first instant counts, the last does not.
- A deny clause that applies wins over everything.
- Licences that allow: at least one must apply. Without any on record for the asset, the hub's default decides.
- Other sources that allow (consents): each source that has any must have one that applies. A licence does not stand
  in for a missing consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

BEGIN = 0
FOREVER = 253_402_300_800_000
"""The first instant of the year 10000: no window ends later."""
ANY = "*"


class Use(StrEnum):
    """Whether a copy is about to be made, or stands already."""

    NEW = "new"
    EXISTING = "existing"


class Source(StrEnum):
    """What a clause rests on."""

    TAKEDOWN = "takedown"
    EMBARGO = "embargo"
    CONSENT = "consent"
    LICENCE = "licence"


REASONS = {
    "licensed": "A licence covers this use.",
    "no_licence": "No licence is on record, so this hub's default decides.",
    "takedown": "It was taken down.",
    "embargo": "It is under embargo.",
    "consent_denied": "A person's consent excludes this use.",
    "licence_denied": "A licence excludes this use.",
    "consent_missing": "No consent covers this use now.",
    "licence_ended": "The licence has ended.",
    "licence_not_begun": "The licence has not begun.",
    "licence_elsewhere": "No licence covers this channel, territory or kind of use.",
}
"""What a person is told, by reason."""
GRAVITY = (
    "takedown", "embargo", "consent_denied", "licence_denied", "licence_ended", "licence_not_begun", "consent_missing",
    "licence_elsewhere", "no_licence", "licensed",
)  # fmt: skip
"""Reasons, the one that says most first: where several hold at once, a person is told the first."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A term, reduced to what decides."""

    source: Source
    allows: bool
    channels: frozenset[str] = frozenset()  # empty: all
    territories: frozenset[str] = frozenset()  # empty: all
    from_at: int = BEGIN
    until_at: int = FOREVER
    use: Use | None = None  # None: both

    def names(self, channel: str, territory: str, use: Use) -> bool:
        """Tell whether it speaks of this question, whenever that is asked."""
        return (
            (not self.channels or channel in self.channels)
            and (not self.territories or territory in self.territories)
            and self.use in {None, use}
        )

    def covers(self, at: int) -> bool:
        """Tell whether its window contains an instant."""
        return self.from_at <= at < self.until_at


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with one answer. `no_licence` rests on the hub's default and carries True."""

    from_at: int
    until_at: int
    verdict: bool
    reason: str


def spans(clauses: Sequence[Clause], channel: str, territory: str, use: Use) -> tuple[Span, ...]:
    """Return the answers for all time: gap-free, without overlaps, neighbours always differ.

    `ANY` as channel or territory stands for one that no clause names.
    """
    speaking = [clause for clause in clauses if clause.names(channel, territory, use)]
    licensed = any(clause.allows and clause.source is Source.LICENCE for clause in clauses)
    consented = any(clause.allows and clause.source is Source.CONSENT for clause in clauses)
    edges = {BEGIN, FOREVER}.union(*({clause.from_at, clause.until_at} for clause in speaking))
    found: list[Span] = []
    for start, end in pairwise(sorted(edges)):
        verdict, reason = _read(speaking, start, licensed=licensed, consented=consented)
        if found and (found[-1].verdict, found[-1].reason) == (verdict, reason):
            found[-1] = Span(found[-1].from_at, end, verdict, reason)
        else:
            found.append(Span(start, end, verdict, reason))
    return tuple(found)


def named(clauses: Iterable[Clause]) -> tuple[frozenset[str], frozenset[str]]:
    """Return every channel and every territory that needs spans of its own, `ANY` among them."""
    channels, territories = {ANY}, {ANY}
    for clause in clauses:
        channels |= clause.channels
        territories |= clause.territories
    return frozenset(channels), frozenset(territories)


def _read(speaking: Sequence[Clause], at: int, *, licensed: bool, consented: bool) -> tuple[bool, str]:
    now = [clause for clause in speaking if clause.covers(at)]
    denials = {clause.source for clause in now if not clause.allows}
    for source, reason in _DENIALS:
        if source in denials:
            return False, reason
    grants = {clause.source for clause in now if clause.allows}
    if licensed and Source.LICENCE not in grants:
        return False, _why_unlicensed(speaking, at)
    if consented and Source.CONSENT not in grants:
        return False, "consent_missing"
    return True, "licensed" if licensed else "no_licence"


_DENIALS = (
    (Source.TAKEDOWN, "takedown"),
    (Source.CONSENT, "consent_denied"),
    (Source.EMBARGO, "embargo"),
    (Source.LICENCE, "licence_denied"),
)


def _why_unlicensed(speaking: Sequence[Clause], at: int) -> str:
    licences = [clause for clause in speaking if clause.allows and clause.source is Source.LICENCE]
    if any(clause.from_at > at for clause in licences):
        return "licence_not_begun"
    return "licence_ended" if licences else "licence_elsewhere"
