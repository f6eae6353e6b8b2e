"""What changed in a library since a cursor: WordPress keeps no list of that.

The cursor holds the numbers of all items, so that what is gone can be named; they are compared only when the listing
has moved. What changed is asked for by time, further back than was read (`OVERLAP`); what was told of that time already
is known by a fingerprint, since two changes can fall into one second.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors.sdk.paging import Spot
from connectors.sdk.types import Change
from connectors.wordpress.calls import MEDIA, STATES, Site
from connectors.wordpress.types import LISTED, Media, Numbered, listed, moment

PAGE_SIZE = 50
# WordPress compares local times: when clocks are set back, an hour comes twice. The rest is for writes under way.
OVERLAP = timedelta(minutes=61)
EVERYTHING: Mapping[str, Any] = {"status": STATES, "_fields": LISTED}


class Dated(Numbered):
    """An item's number, and when it changed."""

    modified_gmt: str


class Known(BaseModel):
    """One library as it was read last."""

    model_config = ConfigDict(extra="forbid")

    ids: str  # packed
    since: datetime  # the newest change that was seen, by the site's clock
    told: dict[int, str]  # number -> fingerprint, of what changed about then


_KNOWN = TypeAdapter(dict[str, Known])


def read(cursor: str) -> dict[str, Known]:
    """Read a cursor: what is known of each site; nothing where it is none of ours."""
    try:
        return _KNOWN.validate_json(cursor)
    except ValidationError:
        return {}


def written(known: Mapping[str, Known]) -> str:
    """Write a cursor."""
    return _KNOWN.dump_json(dict(known)).decode()


def begin(site: Site) -> Known:
    """Learn what is there now."""
    there = list(site.every(MEDIA, Dated, status=STATES, _fields="id,modified_gmt"))
    newest = max((moment(one["modified_gmt"]) for one in there), default=datetime.fromtimestamp(0, UTC) + OVERLAP)
    found, since = _changed(site, newest)
    return Known(ids=packed(one["id"] for one in there), since=since, told=_fingerprints(found))


def go_on(site: Site, known: Known) -> tuple[list[Change], Known, bool]:
    """Tell what is new, gone and changed; return what is known now, and whether there is more to read."""
    ids = unpacked(known.ids)
    spot = Spot(len(ids), max(ids, default=0))
    new = site.after(MEDIA, Media, spot, size=PAGE_SIZE, **EVERYTHING)
    changes = [] if not new.moved else _compared(site, ids)
    gone = {int(one.ref) for one in changes if one.gone}
    ids = [number for number in ids if number not in gone] + [int(one.ref) for one in changes if not one.gone]
    changes += [_change(one) for one in new.items]
    told = known.told | _fingerprints(new.items)
    kept = packed([*ids, *(one["id"] for one in new.items)])
    if new.following is not None:
        return changes, Known(ids=kept, since=known.since, told=told), True
    found, since = _changed(site, known.since)
    changes += [_change(one) for one in found if told.get(one["id"]) != fingerprint(one)]
    return changes, Known(ids=kept, since=since, told=_fingerprints(found)), False


def _compared(site: Site, ids: list[int]) -> list[Change]:
    """Compare all numbers up to the last one that is known: some are gone, some may be seen again."""
    there = {one["id"] for one in site.every(MEDIA, Numbered, status=STATES, _fields="id") if one["id"] <= max(ids)}
    gone = [Change(str(number), gone=True) for number in sorted(set(ids) - there)]
    return gone + [Change(str(number)) for number in sorted(there - set(ids))]


def _changed(site: Site, since: datetime) -> tuple[list[Media], datetime]:
    """Read what changed about a time or after it; return also the newest of these times that is not in the future."""
    found: list[Media] = []
    now: datetime | None = None
    after = (since - OVERLAP).strftime("%Y-%m-%dT%H:%M:%SZ")
    spot: Spot | None = Spot()
    while spot is not None:
        part, at = site.after_at(MEDIA, Media, spot, modified_after=after, **EVERYTHING)
        found += part.items
        spot, now = part.following, now or at
    times = [since, *(moment(one.get("modified_gmt", "")) for one in found)]
    return found, max((time for time in times if now is None or time <= now), default=now or since)


def _change(media: Media) -> Change:
    return Change(str(media["id"]), item=listed(media))


def _fingerprints(items: Iterable[Media]) -> dict[int, str]:
    return {one["id"]: fingerprint(one) for one in items}


def fingerprint(told: object) -> str:
    """Return a short word for what was told of an item."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:12]


def packed(numbers: Iterable[int]) -> str:
    """Write numbers down in little space: most follow each other."""
    steps = [after - before for before, after in pairwise([0, *sorted(numbers)])]
    return base64.b64encode(zlib.compress(",".join(map(str, steps)).encode())).decode()


def unpacked(text: str) -> list[int]:
    """Read numbers again, smallest first."""
    steps = zlib.decompress(base64.b64decode(text)).decode()
    return list(accumulate(int(step) for step in steps.split(",") if step))
