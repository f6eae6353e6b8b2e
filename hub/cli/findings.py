"""What `damhub doctor` says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How one thing is."""

    GOOD = "good"
    LOOK = "look"
    """It works; somebody should look at it some time."""
    BAD = "bad"
    """It does not work, or soon will not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    what: str
    next_step: str = ""


def good(name: str, what: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(name, Verdict.GOOD, what)


def look(name: str, what: str, next_step: str) -> Finding:
    """Return that somebody should look at a thing."""
    return Finding(name, Verdict.LOOK, what, next_step)


def bad(name: str, what: str, next_step: str) -> Finding:
    """Return that a thing does not work."""
    return Finding(name, Verdict.BAD, what, next_step)
