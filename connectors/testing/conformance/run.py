"""Carries one check out against one connector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from connectors.sdk.errors import ConnectorError
from connectors.sdk.manifest import Manifest
from connectors.testing.conformance.bench import Bench, Planted, bench_for
from connectors.testing.conformance.check import Check, CheckFailed, NotApplicable
from connectors.testing.sandbox import Held


class Outcome(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Result:
    """How a check ended, and why."""

    outcome: Outcome
    why: str = ""


def run(
    manifest: Manifest, check: Check, *, bug: Planted | None = None, told: Callable[[Held], None] | None = None
) -> Result:
    """Carry a check out in surroundings of its own; with `bug`, against a connector that is broken on purpose.

    `told` hears at the end what the sandbox counted of its contract. Of a check that does not apply nothing is made.
    """
    if lacking := check.lacks(bug.manifest(manifest) if bug else manifest):
        return Result(Outcome.NOT_APPLICABLE, lacking)
    with bench_for(manifest, bug=bug) as bench:
        result = _outcome(check, bench)
        if told is not None:
            told(bench.sandbox.held)
    return result


def _outcome(check: Check, bench: Bench) -> Result:
    try:
        check.act(bench)
    except NotApplicable as reason:
        return Result(Outcome.NOT_APPLICABLE, str(reason))
    except CheckFailed as failure:
        return Result(Outcome.FAILED, str(failure))
    except ConnectorError as error:
        return Result(Outcome.FAILED, f"raised {type(error).__name__}: {error.message} ({error.detail})")
    except Exception as error:  # noqa: BLE001 - whatever a connector throws is its failure, and is shown
        return Result(Outcome.FAILED, f"raised {type(error).__name__}: {error}")
    return Result(Outcome.PASSED)
