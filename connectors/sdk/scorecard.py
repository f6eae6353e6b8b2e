"""What a connector's scorecard says: a file in its folder, written by `python -m connectors.testing.quality`.

The hub reads it to show how far a connector is, without running anything. Tests hold the file true.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from connectors.sdk.manifest import Manifest

FILE = "scorecard.json"


class Tier(StrEnum):
    """How far a connector is. Each tier holds all that stands below it."""

    BRONZE = "bronze"  # it works
    SILVER = "silver"  # it can be relied upon when things go wrong
    GOLD = "gold"  # it keeps up with what changes, here and there
    PLATINUM = "platinum"  # it was proven outside of the sandbox, and leaves nothing out


class State(StrEnum):
    """How a rule stands."""

    DONE = "done"
    EXEMPT = "exempt"  # the vendor has no such thing; the reason says so
    TODO = "todo"


class _Read(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(_Read):
    """One rule, as it stands."""

    rule: str
    tier: Tier
    says: str
    state: State
    why: str


class Held(_Read):
    """What the sandbox held to the vendor's contract."""

    operations: int = 0  # in the contract
    used: int = 0  # of them, called while the suite ran
    requests: int = 0  # checked while the suite ran
    tried: int = 0  # requests that break the contract, sent on purpose
    refused: int = 0  # of those
    let_through: tuple[str, ...] = ()  # the others, by what was wrong with them


class Measured(_Read):
    """What a run of the conformance suite found. A check that is not named here passed."""

    failed: dict[str, str] = Field(default_factory=dict[str, str])
    not_applicable: dict[str, str] = Field(default_factory=dict[str, str])
    contract: Held = Held()


class Scorecard(_Read):
    """How far a connector is, why, and what was measured."""

    connector: str
    tier: Tier | None
    lines: tuple[Line, ...]
    measured: Measured

    @property
    def next_steps(self) -> tuple[Line, ...]:
        """Return what is still to do for the next tier."""
        left = [line for line in self.lines if line.state is State.TODO]
        return tuple(line for line in left if line.tier is left[0].tier)


def package_of(manifest: Manifest) -> str:
    """Return the package that a connector lies in."""
    return manifest.sandbox.partition(":")[0].rpartition(".")[0]


def folder_of(manifest: Manifest) -> Path:
    """Return the folder that a connector lies in."""
    return Path(str(resources.files(package_of(manifest))))


def scorecard_of(manifest: Manifest) -> Scorecard | None:
    """Return a connector's scorecard as it was last written; None where it has none."""
    return _read(folder_of(manifest) / FILE)


@cache
def _read(file: Path) -> Scorecard | None:
    return Scorecard.model_validate_json(file.read_bytes()) if file.is_file() else None
