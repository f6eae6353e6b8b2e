"""What really happened at a sandbox: effects in their order, append-only. It is the oracle of fault tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class What(StrEnum):
    """What an effect did to a copy."""

    MADE = "made"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect. `facts` are the sandbox's own words; those of MADE and CHANGED add up to a copy's present state."""

    seq: int
    what: What
    ref: str
    target: str
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Ledger:
    """Effects, kept in memory and, where a path is given, in a file of JSON lines that outlives the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._effects: list[Effect] = list(read_ledger(path)) if path is not None and path.exists() else []
        self._lock = threading.Lock()

    def add(self, what: What, ref: str, target: str, **facts: Any) -> Effect:
        """Append one effect; it is in the file before this returns."""
        with self._lock:
            effect = Effect(len(self._effects) + 1, what, ref, target, facts)
            self._effects.append(effect)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(effect)) + "\n")
        return effect

    def effects(self, what: What | None = None) -> tuple[Effect, ...]:
        """Return all effects, or those of one kind."""
        with self._lock:
            return tuple(effect for effect in self._effects if what in (None, effect.what))

    def living(self, target: str | None = None) -> dict[str, dict[str, Any]]:
        """Return the facts of every copy that was made and not removed, by ref."""
        return living(self.effects(), target)


def living(effects: tuple[Effect, ...], target: str | None = None) -> dict[str, dict[str, Any]]:
    """Add effects up: the facts of every copy that stands after them, by ref."""
    standing: dict[str, dict[str, Any]] = {}
    for effect in effects:
        if target is not None and effect.target != target:
            continue
        if effect.what is What.REMOVED:
            standing.pop(effect.ref, None)
        elif effect.what is What.MADE:
            standing[effect.ref] = {"target": effect.target, **effect.facts}
        elif effect.ref in standing:
            standing[effect.ref].update(effect.facts)
    return standing


def read_ledger(path: Path) -> tuple[Effect, ...]:
    """Read a ledger's file from another process; a last line that is still being written is left out."""
    effects: list[Effect] = []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            raw = json.loads(line)
            effects.append(Effect(raw["seq"], What(raw["what"]), raw["ref"], raw["target"], raw["facts"]))
    return tuple(effects)
