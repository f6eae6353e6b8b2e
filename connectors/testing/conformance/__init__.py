"""The suite that every connector passes.

`run` carries one check out; `python -m connectors.testing.conformance` lists them all, each with the planted bug that
proves that it can fail.
"""

from __future__ import annotations

from connectors.testing.conformance import (
    accounts,
    again,
    cards,
    changes,
    copies,
    declared,
    failing,
    inbound,
    scopes,
    sets,
    taking,
    timing,
)
from connectors.testing.conformance.bench import Bench, Planted, bench_for
from connectors.testing.conformance.check import CHECKS, Check, CheckFailed, NotApplicable
from connectors.testing.conformance.run import Outcome, Result, run

__all__ = [
    "CHECKS", "Bench", "Check", "CheckFailed", "NotApplicable", "Outcome", "Planted", "Result", "accounts", "again",
    "bench_for", "cards", "changes", "copies", "declared", "failing", "inbound", "run", "scopes", "sets",
    "taking", "timing",
]  # fmt: skip
