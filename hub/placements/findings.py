"""What looks mean: one pure function from what was found to what may be said of a copy, and how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from connectors.sdk.manifest import Carries
from connectors.sdk.types import Copy, Level, PartKind, PartState
from hub.placements.desired import Want
from hub.placements.looks import GONE_STATUSES, Looks
from hub.placements.phase import Observed
from hub.placements.ports import Viewed


class Claim(StrEnum):
    """What a piece of evidence says."""

    IN_PLACE = "in_place"
    SUBSTITUTED = "substituted"
    SCHEDULED = "scheduled"  # it waits there for its time
    HELD = "held"  # it is parked there, and does not go out
    WITHDRAWN = "withdrawn"
    GONE = "gone"  # vanished in the channel by somebody else's hand


@dataclass(frozen=True, slots=True)
class Expected:
    """What should be found."""

    want: Want
    content_key: str
    sha256: str
    carries: Carries
    link: str  # our own address of this copy; shown by remotes that carry links
    hashes: Mapping[str, str]  # public address -> hash of what it showed before
    others: frozenset[str] = frozenset()  # hashes of what should not be shown there: other versions of the assets


@dataclass(frozen=True, slots=True)
class Finding:
    """What may be said."""

    observed: Observed
    level: Level
    current: Copy | None = None


def conclude(expected: Expected, looks: Looks, *, agree: bool) -> Finding:
    """Return what the looks show, measured by what should be; `agree`: the copy's fields are as wanted."""
    if expected.want is Want.ABSENT:
        return _away(expected, looks)
    if expected.want is Want.HELD:
        return _parked(looks.standing)
    return _there(expected, looks, agree=agree)


def _there(expected: Expected, looks: Looks, *, agree: bool) -> Finding:
    standing = looks.standing
    current = current_of(expected, standing)
    if current is None:
        return Finding(Observed.MIXED if standing else Observed.ABSENT, Level.READ)
    if not agree:
        return Finding(Observed.ALTERED, Level.READ, current)
    left = _left_over(expected, looks, standing)
    if len(standing) > 1 or PartState.SHOWING in left:
        return Finding(Observed.MIXED, Level.READ, current)
    if (stands := _OF_STATE.get(standing_of(current))) is not None:
        return Finding(stands, Level.READ, current)
    level = _read(looks) if PartState.UNKNOWN in left else _level_there(expected, looks, current)
    return Finding(Observed.PRESENT, level, current)


_OF_STATE: Final = {
    PartState.QUEUED: Observed.QUEUED, PartState.HELD: Observed.HELD, PartState.FAILED: Observed.ALTERED,
}  # fmt: skip
"""What is observed of a copy that is not out."""


def standing_of(copy: Copy) -> PartState:
    """Return how a copy itself stands, as a look tells it: out, waiting, parked, or given up."""
    told = next((part.state for part in copy.parts if part.kind is PartKind.MEDIA), PartState.SHOWING)
    return told if told in _OF_STATE else PartState.SHOWING


def _parked(standing: list[Copy]) -> Finding:
    """Say how what should be parked stands."""
    states = {standing_of(copy) for copy in standing}
    if not states:
        return Finding(Observed.ABSENT, Level.READ)
    if states == {PartState.HELD}:
        return Finding(Observed.HELD, Level.READ)
    return Finding(Observed.QUEUED if PartState.QUEUED in states else Observed.PRESENT, Level.READ)


def at_its_word(expected: Expected, standing: Mapping[str, str]) -> Finding:
    """Return what may be said of a remote that lets nobody read: what its answers to our writes said.

    Args:
        expected: what should be there.
        standing: the copies that it said to have made and not to have taken away, with the name of their bytes.
    """
    if expected.want is Want.ABSENT:
        return Finding(Observed.PRESENT if standing else Observed.ABSENT, Level.SAID)
    if expected.content_key not in standing.values():
        return Finding(Observed.MIXED if standing else Observed.ABSENT, Level.SAID)
    return Finding(Observed.PRESENT if len(standing) == 1 else Observed.MIXED, Level.SAID)


def current_of(expected: Expected, standing: list[Copy]) -> Copy | None:
    """Return the copy that shows what should be shown."""
    fitting = [copy for copy in standing if _fits(expected, copy)]
    return min(fitting, key=lambda copy: (len(copy.ref), copy.ref), default=None)


def key_of(copy: Copy) -> str | None:
    """Return the name of the bytes that a copy shows; the hash that the remote's bytes have outweighs what it says."""
    return copy.sha256[:12] if copy.sha256 else copy.content_key


def state_of(viewed: Viewed, before: str) -> PartState:
    """Tell whether a public address still shows a copy that should be away.

    A page of text where the copy's bytes stood (a site's "not found" page with status 200) proves neither.
    """
    if viewed.status in GONE_STATUSES:
        return PartState.GONE
    if viewed.status != HTTPStatus.OK:
        return PartState.UNKNOWN
    if viewed.media_type.startswith("text/html") and viewed.sha256 != before:
        return PartState.UNKNOWN
    return PartState.SHOWING


def _fits(expected: Expected, copy: Copy) -> bool:
    if expected.carries is Carries.LINK:
        return True
    key = key_of(copy)
    return key is None or key == expected.content_key


def _away(expected: Expected, looks: Looks) -> Finding:
    if looks.standing:
        return Finding(Observed.PRESENT, Level.READ)
    states = [state_of(viewed, expected.hashes.get(url, "")) for url, viewed in looks.views.items()]
    if PartState.SHOWING in states:
        return Finding(Observed.MIXED, Level.READ)
    sure = bool(states) and looks.all_addresses and all(state is PartState.GONE for state in states)
    return Finding(Observed.ABSENT, Level.SEEN if sure else _read(looks))


def _left_over(expected: Expected, looks: Looks, standing: list[Copy]) -> set[PartState]:
    """Return what the addresses of earlier copies show."""
    current = {part.ref for copy in standing for part in copy.parts} | {expected.link}
    old = [(url, viewed) for url, viewed in looks.views.items() if url not in current]
    return {state_of(viewed, expected.hashes.get(url, "")) for url, viewed in old}


def _level_there(expected: Expected, looks: Looks, current: Copy) -> Level:
    urls = {part.ref for part in current.parts if part.kind is PartKind.PUBLIC_URL}
    if expected.carries is Carries.LINK:
        urls = {expected.link}
    views = [looks.views.get(url) for url in urls]
    opened = bool(views) and all(viewed is not None and viewed.status == HTTPStatus.OK for viewed in views)
    shown = any(viewed is not None and viewed.sha256 == expected.sha256 for viewed in views)
    # Sites make smaller files of their own, whose bytes nobody else knows; another version's bytes are stale for sure.
    stale = any(viewed is not None and viewed.sha256 in expected.others for viewed in views)
    return Level.SEEN if opened and shown and not stale and looks.all_addresses else _read(looks)


def _read(looks: Looks) -> Level:
    return Level.READ if looks.read else Level.SAID
