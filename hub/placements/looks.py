"""Read a copy back: ask the remote, then open every public address as anybody could. No unit is open meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from connectors.sdk.errors import Missing
from connectors.sdk.manifest import Capability
from connectors.sdk.protocols import Find, Look
from connectors.sdk.types import Copy, PartKind, Target
from hub.clock import Clock
from hub.placements.ports import Speaker, Viewed, Viewer

MOST_ADDRESSES: Final = 40
"""More public addresses than this are not opened at one look; the level then stays below `seen`."""

GONE_STATUSES: Final = frozenset({404, 410})


@dataclass(slots=True)
class Looks:
    """What one round of looks found. A reference that is not in `copies` was not answered for."""

    copies: dict[str, Copy | None] = field(default_factory=dict[str, Copy | None])  # None: the remote says it is gone
    views: dict[str, Viewed] = field(default_factory=dict[str, Viewed])
    all_addresses: bool = True  # every known public address was opened
    read: bool = False  # the remote was asked at all
    searched: bool = False  # the remote was searched by marker
    log: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def standing(self) -> list[Copy]:
        """Return the copies that are there."""
        return [copy for copy in self.copies.values() if copy is not None]


def read_back(
    speaker: Speaker,
    target: Target,
    marker: str,
    *,
    refs: Iterable[str],
    addresses: Iterable[str],
    search: bool,
    viewer: Viewer,
    clock: Clock,
) -> Looks:
    """Look at every known copy, at those that a search by marker finds, and at every public address.

    Raises:
        ConnectorError: the remote did not answer; then nothing was learnt at all.
    """
    looks = Looks()
    known = list(dict.fromkeys(refs))
    abilities = speaker.manifest.at(target.kind).abilities
    found: dict[str, Copy] = {}
    if Capability.FIND in abilities and (search or not known or Capability.LOOK not in abilities):
        found = _search(looks, speaker, target, marker, clock)
        if abilities[Capability.FIND].lists:
            _read_off(looks, known, found, clock)
            known, found = [], {}
    for ref in dict.fromkeys((*known, *found)):
        if Capability.LOOK in abilities:
            # What a search lists in the same breath is not gone, whatever the address of the one copy answers.
            looks.copies[ref] = _look(looks, speaker, target, ref=ref, marker=marker, clock=clock) or found.get(ref)
        elif looks.searched:
            looks.copies[ref] = found.get(ref)
    _open(looks, addresses, viewer, clock)
    return looks


def _search(looks: Looks, speaker: Speaker, target: Target, marker: str, clock: Clock) -> dict[str, Copy]:
    found = cast("Find", speaker.connector).find(target, marker)
    ours = {copy.ref: copy for copy in found if copy.marker in {None, marker}}
    looks.read = looks.searched = True
    looks.log.append({"how": "find", "ref": marker, "answer": f"{len(ours)} found", "hash": "", "at": clock.now()})
    return ours


def _read_off(looks: Looks, known: Iterable[str], found: Mapping[str, Copy], clock: Clock) -> None:
    """Take the place's own list for looks at each copy: what it does not name does not stand there."""
    for ref in dict.fromkeys((*known, *found)):
        looks.copies[ref] = found.get(ref)
        answer = "there" if ref in found else "gone"
        looks.log.append({"how": "list", "ref": ref, "answer": answer, "hash": "", "at": clock.now()})


def _look(looks: Looks, speaker: Speaker, target: Target, *, ref: str, marker: str, clock: Clock) -> Copy | None:
    looks.read = True
    try:
        copy = cast("Look", speaker.connector).look(target, ref)
    except Missing:
        looks.log.append({"how": "look", "ref": ref, "answer": "gone", "hash": "", "at": clock.now()})
        return None
    # A reference that carries somebody else's marker is not ours any more: it is never touched.
    ours = copy.marker in {None, marker}
    answer = "there" if ours else "belongs to another"
    looks.log.append({"how": "look", "ref": ref, "answer": answer, "hash": copy.sha256 or "", "at": clock.now()})
    return copy if ours else None


def _open(looks: Looks, addresses: Iterable[str], viewer: Viewer, clock: Clock) -> None:
    told = [part.ref for copy in looks.standing for part in copy.parts if part.kind is PartKind.PUBLIC_URL]
    every = list(dict.fromkeys((*told, *addresses)))
    looks.all_addresses = len(every) <= MOST_ADDRESSES
    for url in every[:MOST_ADDRESSES]:
        viewed = viewer.view(url)
        looks.views[url] = viewed
        answer = "no answer" if viewed.status is None else str(viewed.status)
        looks.log.append({"how": "get", "ref": url, "answer": answer, "hash": viewed.sha256, "at": clock.now()})
