"""What should be true of a copy: one pure function of the facts. Nothing else decides it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub.clock import DAY

MAX_SUBSTITUTES: Final = 8
"""How many successors are followed, one after the other, to find one that may stand in."""


NOT_DUE: Final = "not_due"
"""Why it is not there yet: its time is to come, and the hub makes it public then."""
DATE_PASSED: Final = "date_passed"
"""Why it does not go out although it may: its time has passed, and a person says which one is next."""
HELD_THERE: Final = "held_there"
"""Why it does not go out although it may: somebody there parked it."""
FOR_GOOD: Final = frozenset({"deleted", "archived", "takedown"})
"""What takes a copy away that waits for its time; for all else it is parked, so that it can still go out."""
IN_SET: Final = "in_set"
"""Begins the reason why a set is absent; the code of the asset that stops it follows, and what stops that one."""


class Want(StrEnum):
    """What should stand in the target."""

    PRESENT = "present"  # the asset itself
    SUBSTITUTE = "substitute"  # an asset that stands in for it
    HELD = "held"  # parked there until it may go out, or a person decides
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Waits:
    """How a copy stands that has a time and did not go out yet."""

    there: bool = False  # something of it stands there, not public
    held: bool = False  # and is parked
    due: bool = False  # its time has come
    late: bool = False  # it passed so long ago that nobody expects it now
    parked: bool = False  # somebody there parked it
    moved: bool = False  # it waits there for another time than the one it should go out at
    by_hub: bool = False  # nothing there waits for a time: the hub makes it public itself
    shows: str = ""  # the asset whose bytes stand there
    life_ms: int = DAY  # for so long from its time on it must be usable


@dataclass(frozen=True, slots=True)
class Candidate:
    """The asset asked for, or one that may stand in for it, as the other rooms say now, for this target."""

    asset_id: str
    version_id: str | None  # the approved version (or the pinned one, while it is approved)
    usable: bool
    reason: str = ""  # why it is not usable
    deleted: bool = False
    archived: bool = False
    ready: bool = True  # its bytes for this channel are made
    code: str = ""  # what people call it


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the answer depends upon."""

    wanted: bool  # no person took the copy back
    substitutes: bool  # the policy lets a successor stand in when rights end
    chain: tuple[Candidate, ...]  # the asset itself first, then its successors in order; of a set, it alone
    leaving: bool = False  # all copies are taken back from this account, to disconnect it then
    companions: tuple[Candidate, ...] = ()  # what is shown in the same copy: then it is a set
    waits: Waits | None = None  # None: it has no time, or is out


@dataclass(frozen=True, slots=True)
class Desired:
    """What should be true, and why."""

    want: Want
    asset_id: str | None
    version_id: str | None
    reason: str  # a stable word; for rights followed by what the rights room said
    companions: tuple[tuple[str, str], ...] = ()  # asset and version of what is shown behind it, in order

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return asset and version of all that should be shown, in order."""
        if self.asset_id is None or self.version_id is None:
            return ()
        return (self.asset_id, self.version_id), *self.companions


def desired(facts: Facts) -> Desired:
    """Return what should be true of a copy."""
    if unwanted := _unwanted(facts):
        return _absent(unwanted)
    found = _now(facts)
    return found if facts.waits is None else _in_time(found, facts.waits, facts)


def _in_time(found: Desired, waits: Waits, facts: Facts) -> Desired:
    """Say what is true of a copy that did not go out yet, if its assets may be shown as `found` says."""
    if not waits.there:
        if waits.late and not _for_good(found.reason):
            return _absent(DATE_PASSED)
        return _absent(NOT_DUE) if waits.by_hub and not waits.due and found.want is not Want.ABSENT else found
    if found.want is Want.ABSENT:
        there = [each for each in facts.chain if each.asset_id == waits.shows]
        gone = [why for each in (*there, *facts.companions) for why in (_refusal(each), _no_use(each))]
        return found if any(map(_for_good, (found.reason, *gone))) else _held(found.reason)
    if waits.parked:
        return _held(HELD_THERE)
    return _held(DATE_PASSED) if waits.due and (waits.held or waits.moved) else found


def _no_use(asset: Candidate) -> str:
    """Return what rights say against an asset, whether it is approved or not; empty: nothing."""
    return "" if asset.usable else asset.reason


def _for_good(reason: str) -> bool:
    """Tell whether what stands there must go, and parking it would not do."""
    return reason.rpartition(": ")[2] in FOR_GOOD


def _now(facts: Facts) -> Desired:
    """Say what may be shown, whatever its time."""
    asset = facts.chain[0]
    if facts.companions:
        return _set((asset, *facts.companions))
    if refusal := _refusal(asset):
        return _absent(refusal)
    if not needs_stand_in(asset):
        return Desired(Want.PRESENT, asset.asset_id, asset.version_id, "wanted")
    why = f"not_usable: {asset.reason}"
    if facts.substitutes:
        for stand_in in facts.chain[1 : MAX_SUBSTITUTES + 1]:
            if fits(stand_in):
                return Desired(Want.SUBSTITUTE, stand_in.asset_id, stand_in.version_id, why)
    return _absent(why)


def needs_stand_in(asset: Candidate) -> bool:
    """Tell whether an asset may not be shown for want of rights: the one reason for which another may be."""
    return not _refusal(asset) and not asset.usable


def fits(stand_in: Candidate) -> bool:
    """Tell whether a successor may be shown instead, there and now."""
    kept = not (stand_in.deleted or stand_in.archived)
    return kept and stand_in.ready and stand_in.usable and stand_in.version_id is not None


def _set(assets: tuple[Candidate, ...]) -> Desired:
    """Show several assets only while each of them may be shown: nothing stands in for one of a set."""
    for asset in assets:
        why = _refusal(asset) or ("" if asset.usable else f"not_usable: {asset.reason}")
        if why:
            return _absent(f"{IN_SET}: {asset.code}: {why}")
    first, *others = ((asset.asset_id, asset.version_id or "") for asset in assets)
    return Desired(Want.PRESENT, *first, "wanted", tuple(others))


def _unwanted(facts: Facts) -> str:
    """Return why nothing is wanted there, whatever the assets; empty if it is."""
    reasons = {"taken_back": not facts.wanted, "leaving": facts.leaving}
    return next((reason for reason, holds in reasons.items() if holds), "")


def _refusal(asset: Candidate) -> str:
    """Return why the asset may not stand there whatever its rights, for which nothing stands in; empty if it may."""
    reasons = {
        "deleted": asset.deleted,
        "archived": asset.archived,
        "not_approved": asset.version_id is None,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _absent(reason: str) -> Desired:
    return Desired(Want.ABSENT, None, None, reason)


def _held(reason: str) -> Desired:
    return Desired(Want.HELD, None, None, reason)
