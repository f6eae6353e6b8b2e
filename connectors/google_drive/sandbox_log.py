"""The made-up Drive's change log: it tells what is, not what happened."""

from __future__ import annotations

from typing import Any

from connectors.google_drive.sandbox_shapes import shape
from connectors.testing.ledger import Effect, Ledger, What


def latest(ledger: Ledger, since: int, drive: str) -> list[Effect]:
    """Return the last effect of each thing in a drive."""
    last = {effect.ref: effect for effect in ledger.effects()[since:]}
    return sorted(
        (effect for effect in last.values() if _drive_of(ledger, effect) == drive), key=lambda effect: effect.seq
    )


def line(ledger: Ledger, effect: Effect) -> dict[str, Any]:
    """Return a line of the log."""
    told = {"kind": "drive#change", "changeType": "file", "fileId": effect.ref, "removed": True}
    if effect.what is What.REMOVED:
        return told
    return {**told, "removed": False, "file": shape(effect.ref, ledger.living()[effect.ref])}


def _drive_of(ledger: Ledger, effect: Effect) -> str:
    made = next(one for one in ledger.effects() if one.ref == effect.ref)
    return str(made.facts["driveId"])
