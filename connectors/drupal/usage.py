"""Where a media item is used: content that refers to it, embeds it, or shows its file's address; and taking it out.

Drupal tells nobody by which content a media item is used. Uses are found by reading all content, drafts included. For a
withdrawal it is searched, which is some few calls in a site of any size: what the search does not see is only listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors.drupal.naming import in_names
from connectors.drupal.texts import changes_of, embeds, fields_of
from connectors.drupal.types import One
from connectors.sdk.errors import Misconfigured, Missing, Rejected
from connectors.sdk.types import Page, Use

if TYPE_CHECKING:
    from connectors.drupal.calls import Calls
    from connectors.drupal.types import Entry, Resource, Settings

OLDEST_FIRST = {"node": "drupal_internal__nid"}
NEWEST_FIRST = {"node": "-changed"}
VERSIONED = frozenset({"node"})
"""Content whose drafts JSON:API tells; of other content it refuses to (501)."""
DRAFTS = "~"
NAMED = 3


def uses_in(calls: Calls, settings: Settings, entry: Entry, ref: str, cursor: str | None) -> Page[Use]:
    """Read one page of one kind of content, or of its drafts; the cursor names the kind and where its list goes on."""
    steps = [step for kind in _kinds(settings, entry) for step in (kind, *([kind + DRAFTS] if _drafted(kind) else []))]
    at, _, offset = (cursor or "").partition(":")
    step = at if at in steps else next(iter(steps), None)
    if step is None:
        return Page((), None)
    kind = step.removesuffix(DRAFTS)
    drafts = {"resourceVersion": "rel:working-copy"} if step != kind else {}
    many, after = calls.page(f"/{kind}", {"sort": OLDEST_FIRST.get(_entity(kind)), **drafts}, offset=offset or "0")
    shown = [one for one in many.data if _shows(one, ref)]
    if drafts:  # whatever has no draft is listed as it stands, and was told before
        shown = [one for one in shown if not _shows_outside(calls, kind, one, ref)]
    found = tuple(_use(kind, one, settings, draft=bool(drafts)) for one in shown)
    left = steps[steps.index(step) + 1 :]
    following = f"{step}:{after}" if after else f"{left[0]}:" if left else None
    return Page(found, following)


def take_out(calls: Calls, settings: Settings, entry: Entry, ref: str) -> list[str]:
    """Take an item out of every text that embeds it; return what could not be changed and why, for a person.

    Raises:
        RetryLater: somebody changed a text while it was read.
    """
    left: list[str] = []
    for kind in _kinds(settings, entry):
        try:
            found = list(_embedding(calls, kind, ref))
        except (Misconfigured, Rejected) as refused:
            left.append(f"{kind} could not be searched ({refused.message})")
            continue
        for content in found:
            if why := _rewrite(calls, kind, content, ref):
                use = _use(kind, content, settings)
                left.append(f"{use.label} at {use.url or use.ref} ({why})")
    return left


def told(left: list[str]) -> str:
    """Say for a person which texts still hold an item that is gone."""
    more = f"; and {len(left) - NAMED} more" if len(left) > NAMED else ""
    return (
        f"The item and its files are gone, but it could not be taken out of every text: {'; '.join(left[:NAMED])}"
        f"{more}. Take it out there by hand, and let the account edit this content."
    )


def _embedding(calls: Calls, kind: str, ref: str) -> Iterator[Resource]:
    """Find content of one kind that embeds an item: what changed last, and what a search of each text field finds."""
    newest, _ = calls.page(f"/{kind}", {"sort": NEWEST_FIRST.get(_entity(kind))})
    found = {one.id: one for one in newest.data if embeds(one, ref)}
    for field in dict.fromkeys(name for one in newest.data for name in fields_of(one)):
        query = {f"filter[{field}.value][operator]": "CONTAINS", f"filter[{field}.value][value]": ref}
        found |= {one.id: one for one in calls.every(f"/{kind}", query) if embeds(one, ref)}
    yield from found.values()


def _rewrite(calls: Calls, kind: str, content: Resource, ref: str) -> str:
    """Change a text; return why that was not possible, empty where it was.

    The time of the last change is sent along: nobody may set it, so Drupal refuses it where it is not so any more
    (jsonapi, EntityResource::checkPatchFieldAccess), and what somebody wrote meanwhile is not overwritten.
    """
    known = {"changed": content.attributes["changed"]} if "changed" in content.attributes else {}
    attributes = {**known, **changes_of(content, ref)}
    document = {"type": content.type, "id": content.id, "attributes": attributes}
    try:
        now = calls.send("PATCH", f"/{kind}/{content.id}", document).parse(One).data
    except Missing:
        return ""
    except (Misconfigured, Rejected) as refused:
        return refused.message
    return "the site did not keep the change" if embeds(now, ref) else ""


def _kinds(settings: Settings, entry: Entry) -> list[str]:
    return [f"{kind}/{bundle}" for kind in settings.searched for bundle in entry.kinds(kind)]


def _entity(kind: str) -> str:
    return kind.partition("/")[0]


def _drafted(kind: str) -> bool:
    return _entity(kind) in VERSIONED


def _shows(content: Resource, ref: str) -> bool:
    """Tell whether content refers to the item, embeds it by its UUID, or holds the address of its file."""
    if any(end.id == ref for one in content.relationships.values() for end in one.ends):
        return True
    texts = json.dumps(content.attributes)
    return ref in texts or in_names(ref) in texts


def _shows_outside(calls: Calls, kind: str, draft: Resource, ref: str) -> bool:
    """Tell whether content that has a draft, or none, shows the item as it stands outside of drafts."""
    try:
        return _shows(calls.one(f"/{kind}/{draft.id}").data, ref)
    except Missing:
        return False


def _use(kind: str, content: Resource, settings: Settings, *, draft: bool = False) -> Use:
    number = content.attributes.get("drupal_internal__nid")
    label = content.text("title") or content.text("info") or kind
    public = False if draft else content.attributes.get("status")
    return Use(
        kind=_entity(kind),
        ref=f"{kind}/{content.id}",
        label=f"{label} (draft)" if draft else label,
        url=f"{settings.site_url}/node/{number}{'/latest' if draft else ''}" if isinstance(number, int) else None,
        public=public if isinstance(public, bool) else None,
    )
