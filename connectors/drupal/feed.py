"""What changed in the media types of a site since a cursor: Drupal keeps no list of that; of deletions see `standing`.

Items are read newest change first, without a filter: any filter hides items that are not published. A round of a media
type ends where it meets what was read in the last one, and `OVERLAP_S` more: an item bears the time at which the
request began that saved it, so older times come up later. What was told of those is known by a fingerprint, since two
changes fall into one second. Reading goes by number of place in the list, and back where something before it went.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.drupal.calls import FULL, Calls
from connectors.drupal.items import Media, Place, moment
from connectors.drupal.standing import Standing, look_again, number_of
from connectors.drupal.types import Resource, Settings
from connectors.sdk.paging import Part, Spot, after
from connectors.sdk.types import Change

OVERLAP_S = 3600
"""Imports on a command line run long, and all that they save bears the time at which they began."""
FEW = 10
"""The first page of each round: mostly there is nothing new, and it is asked for every few minutes."""
MOST_PAGES = 20
"""So many pages are read in one go; the next one goes on in the same place."""
NEWEST_FIRST = "-changed,-drupal_internal__mid"
BITS = 40


class Known(BaseModel):
    """One media type as it was read last."""

    model_config = ConfigDict(extra="forbid")

    since: int  # the newest change that was seen, in seconds by the site's clock
    told: dict[int, str] = Field(default_factory=dict[int, str])  # number -> fingerprint, of what changed about then
    standing: Standing = Standing()


class Reading(BaseModel):
    """A media type that is being read: how far, and what came of it yet."""

    model_config = ConfigDict(extra="forbid")

    place: str
    offset: int = 0
    last: int = 0
    newest: int = 0
    told: dict[int, str] = Field(default_factory=dict[int, str])


class State(BaseModel):
    """What a cursor holds: each media type by the name of its target."""

    model_config = ConfigDict(extra="forbid")

    places: dict[str, Known]
    reading: Reading | None = None


def read(cursor: str) -> State | None:
    """Read a cursor; None where it is none of ours."""
    try:
        return State.model_validate_json(cursor)
    except ValidationError:
        return None


def begin(calls: Calls, places: Iterable[Place]) -> State:
    """Learn what changed last, and tell nothing of it."""
    known: dict[str, Known] = {}
    for place in places:
        reading, done = Reading(place=_ref(place)), False
        while not done:
            _, reading, done = _read_on(calls, place, None, reading)
        _, standing = look_again(calls, place, Standing())
        known[_ref(place)] = Known(since=reading.newest, told=reading.told, standing=standing)
    return State(places=known)


def go_on(
    calls: Calls, places: Sequence[Place], state: State, settings: Settings
) -> tuple[list[Change], State, bool]:  # fmt: skip
    """Tell what came and changed, and which copies went; return what is known now, and whether there is more to read.

    A copy that went is told under both of its names, since no item tells the other one. Of a media type that was not
    there before, everything is told.
    """
    refs = [_ref(place) for place in places]
    known = {ref: state.places.get(ref, Known(since=0)) for ref in refs}
    reading = state.reading if state.reading and state.reading.place in refs else Reading(place=next(iter(refs), ""))
    changes: list[Change] = []
    pages = 0
    for place in places[refs.index(reading.place) if refs else 0 :]:
        ref, done = _ref(place), False
        reading = reading if reading.place == ref else Reading(place=ref)
        while not done:
            if pages == MOST_PAGES:
                return changes, State(places=known, reading=reading), True
            found, reading, done = _read_on(calls, place, known[ref].since, reading)
            changes += [_change(one, place, settings) for one in found if _is_new(one, known[ref])]
            pages += 1
        gone, standing = look_again(calls, place, known[ref].standing)
        changes += [Change(name, gone=True) for copy in gone for name in (f"{ref}/{copy}", copy)]
        since = max(reading.newest, known[ref].since)
        known[ref] = Known(since=since, told=reading.told, standing=standing)
    return changes, State(places=known), False


def _read_on(calls: Calls, place: Place, since: int | None, reading: Reading) -> tuple[list[Media], Reading, bool]:
    """Read a page; return what changed about `since` or later, how far it was read, and whether that was all.

    At a beginning, where there is no `since`, the newest change takes its place. A time in the future is no such
    change: nothing would be later for as long.
    """
    part, beside, now = _page(calls, place, Spot(reading.offset, reading.last))
    times = [_seconds(one) for one in part.items]
    newest = max((time for time in times if now is None or time <= now), default=0)
    newest = max(newest, reading.newest)
    oldest = (newest if since is None else since) - OVERLAP_S
    found = [Media.of(one, beside, place.field) for one, time in zip(part.items, times, strict=True) if time > oldest]
    told = reading.told | {number_of(one.resource): fingerprint(one.resource) for one in found}
    done = part.following is None or len(found) < len(times)
    spot = part.following or Spot()
    return found, Reading(place=reading.place, offset=spot.offset, last=spot.last, newest=newest, told=told), done


def _page(calls: Calls, place: Place, spot: Spot) -> tuple[Part[Resource], list[Resource], int | None]:
    """Read on in the list; return also the files that came along, and the site's time."""
    size = FULL if spot.offset else FEW
    query = {"include": place.field, "sort": NEWEST_FIRST}
    beside: list[Resource] = []
    times: list[int | None] = []

    def part(start: int) -> tuple[list[Resource], int]:
        many, following, now = calls.page_at(place.path, query, offset=str(start), size=size)
        beside.extend(many.included)
        times.append(now)
        return many.data, start + size + (following is not None)

    return after(spot, part, number=_key, size=size), beside, times[0]


def fingerprint(resource: Resource) -> str:
    """Return a short word for what was told of an item."""
    return hashlib.sha256(json.dumps(resource.model_dump(), sort_keys=True).encode()).hexdigest()[:12]


def _is_new(media: Media, known: Known) -> bool:
    return known.told.get(number_of(media.resource)) != fingerprint(media.resource)


def _change(media: Media, place: Place, settings: Settings) -> Change:
    item = media.item(place, settings)
    return Change(item.ref, item=item)


def _ref(place: Place) -> str:
    return f"{place.bundle}/{place.field}"


def _seconds(resource: Resource) -> int:
    return (moment(resource.text("changed")) or 0) // 1000


def _key(resource: Resource) -> int:
    """Return a number that grows along the list: with older times, and with smaller numbers in the same second."""
    return ((1 << BITS) - _seconds(resource)) << BITS | ((1 << BITS) - number_of(resource))
