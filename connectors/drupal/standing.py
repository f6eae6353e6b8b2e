"""Which copies stand in a media type: how a feed notices one that was deleted, of which Drupal tells nothing.

Items are listed in the order of their numbers, which only grow. While the last page that was read begins with the same
item, nothing before it went, and that page tells the rest. Where it does not, all numbers are read, and compared.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from connectors.drupal.calls import Calls
from connectors.drupal.items import Media, Place
from connectors.drupal.types import Resource

NUMBER = "drupal_internal__mid"


class Standing(BaseModel):
    """Copies of any hub in one media type, and how its last page begins."""

    model_config = ConfigDict(extra="forbid")

    copies: dict[int, str] = Field(default_factory=dict[int, str])  # number -> UUID
    offset: int = 0
    first: int = 0  # the number of the first item that we may see there; 0: there was none


def look_again(calls: Calls, place: Place, known: Standing) -> tuple[list[str], Standing]:
    """Return the UUIDs of copies that went, and what stands now."""
    found, now = _read_from(calls, place, known.offset)
    first = min(found, default=0)
    if known.offset and first != known.first:
        found, now = _read_from(calls, place, 0)
    if not known.offset or first != known.first:
        first = 0  # all of it was read
    before = {number: ref for number, ref in known.copies.items() if number < first}
    gone = [ref for number, ref in known.copies.items() if number >= first and number not in found]
    come = {number: media.resource.id for number, media in found.items() if media.name}
    return gone, now.model_copy(update={"copies": before | come})


def number_of(resource: Resource) -> int:
    """Return an item's number."""
    number = resource.attributes.get(NUMBER)
    return number if isinstance(number, int) else 0


def _read_from(calls: Calls, place: Place, start: int) -> tuple[dict[int, Media], Standing]:
    """Read on from a place in the list to its end; return the items by number, and how the last page begins."""
    query = {
        "sort": NUMBER, "include": place.field, "fields[file--file]": "filename",
        f"fields[media--{place.bundle}]": f"{NUMBER},{place.field}",
    }  # fmt: skip
    found: dict[int, Media] = {}
    end = Standing()
    offset: str | None = str(start)
    while offset is not None:
        many, following = calls.page(place.path, query, offset=offset)
        page = {number_of(one): Media.of(one, many.included, place.field) for one in many.data}
        if page:  # of a page that we may see nothing of, nothing can be said
            end = Standing(offset=int(offset), first=min(page))
        found |= page
        offset = following
    return found, end
