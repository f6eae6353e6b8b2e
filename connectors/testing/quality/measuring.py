"""Runs the suite and the probes, and keeps what they found."""

from __future__ import annotations

from collections import Counter

from connectors.sdk.manifest import Manifest
from connectors.sdk.scorecard import Held, Measured
from connectors.testing import sandbox as kit
from connectors.testing.conformance import CHECKS, Outcome, Result, run
from connectors.testing.quality.probes import probes, refuses


class Tally:
    """Adds up what the sandboxes of many checks counted."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()

    def add(self, held: kit.Held) -> None:
        """Take in what one sandbox counted."""
        self._requests += held.requests

    @property
    def requests(self) -> int:
        """How many requests were held to the contract."""
        return self._requests.total()

    @property
    def used(self) -> int:
        """How many operations were called."""
        return len([name for name in self._requests if name])


def measure(manifest: Manifest) -> Measured:
    """Run every check against a connector."""
    tally = Tally()
    results = {name: run(manifest, check, told=tally.add) for name, check in CHECKS.items()}
    return summed(manifest, results, tally)


def summed(manifest: Manifest, results: dict[str, Result], tally: Tally) -> Measured:
    """Return what a run found, and what the sandbox refuses."""
    return Measured(
        failed={name: one.why for name, one in results.items() if one.outcome is Outcome.FAILED},
        not_applicable={name: one.why for name, one in results.items() if one.outcome is Outcome.NOT_APPLICABLE},
        contract=held_to(manifest, tally),
    )


def held_to(manifest: Manifest, tally: Tally) -> Held:
    """Send the sandbox what the contract does not have, and count what it refuses."""
    sandbox = kit.make_sandbox(manifest)
    if sandbox.contract is None:
        return Held()
    tried = list(probes(sandbox.contract))
    through = tuple(probe.says for probe in tried if not refuses(sandbox, probe))
    return Held(
        operations=len(sandbox.contract.operations), used=tally.used, requests=tally.requests, tried=len(tried),
        refused=len(tried) - len(through), let_through=through,
    )  # fmt: skip
