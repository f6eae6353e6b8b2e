"""Where a media item is used: content that refers to it, embeds it, or shows its file's address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from connectors.drupal.naming import in_names
from connectors.sdk.types import Page, Use

if TYPE_CHECKING:
    from connectors.drupal.calls import Calls
    from connectors.drupal.types import Entry, Resource, Settings

OLDEST_FIRST = {"node": "drupal_internal__nid"}


def uses_in(calls: Calls, settings: Settings, entry: Entry, ref: str, cursor: str | None) -> Page[Use]:
    """Read one page of one kind of content; the cursor names the kind and where its list goes on."""
    kinds = [f"{kind}/{bundle}" for kind in settings.searched for bundle in entry.kinds(kind)]
    at, _, offset = (cursor or "").partition(":")
    kind = at if at in kinds else next(iter(kinds), None)
    if kind is None:
        return Page((), None)
    many, after = calls.page(f"/{kind}", {"sort": OLDEST_FIRST.get(kind.partition("/")[0])}, offset=offset or "0")
    found = tuple(_use(kind, one, settings) for one in many.data if _shows(one, ref))
    left = kinds[kinds.index(kind) + 1 :]
    following = f"{kind}:{after}" if after else f"{left[0]}:" if left else None
    return Page(found, following)


def _shows(content: Resource, ref: str) -> bool:
    """Tell whether content refers to the item, embeds it by its UUID, or holds the address of its file."""
    if any(end.id == ref for one in content.relationships.values() for end in one.ends):
        return True
    texts = json.dumps(content.attributes)
    return ref in texts or in_names(ref) in texts


def _use(kind: str, content: Resource, settings: Settings) -> Use:
    number = content.attributes.get("drupal_internal__nid")
    label = content.text("title") or content.text("info") or kind
    public = content.attributes.get("status")
    return Use(
        kind=kind.partition("/")[0],
        ref=f"{kind}/{content.id}",
        label=label,
        url=f"{settings.site_url}/node/{number}" if isinstance(number, int) else None,
        public=public if isinstance(public, bool) else None,
    )
