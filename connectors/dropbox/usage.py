"""By which links a copy can be opened, its own and those of folders above it, and how many people share its folder.

Whoever may see an asset reads this list, and need not know the people in Dropbox: so they are counted, and never named.
https://www.dropbox.com/developers/documentation/http/documentation#sharing-list_folder_members
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.dropbox.calls import Calls
from connectors.dropbox.types import Link, Links, Lying, Members
from connectors.sdk.errors import Misconfigured, Rejected
from connectors.sdk.paging import every
from connectors.sdk.types import Page, Use

AFTER = "shared"
MOST = 1000
UNTOLD = "With whom its folder is shared, Dropbox does not tell this app"
SEEN: Mapping[str, bool] = {"public": True, "team_only": False, "no_one": False, "only_you": False}


def uses_of(there: Calls, ref: str, cursor: str | None) -> Page[Use]:
    """List a page of links that lead to a copy, and on the last page how many people its folder is shared with."""
    if cursor == AFTER:
        return Page(_shared(there, ref), None)
    more = {"cursor": cursor.removeprefix(":")} if cursor else {}
    page = there.read("/2/sharing/list_shared_links", {"path": ref, "direct_only": False, **more}, Links)
    return Page(tuple(_link(link) for link in page.links), f":{page.cursor}" if page.has_more else AFTER)


def _link(link: Link) -> Use:
    kind = "folder_link" if link.tag == "folder" else "shared_link"
    who = link.link_permissions.resolved_visibility
    return Use(kind, link.url, link.name or link.url, link.url, SEEN.get(who.tag) if who else None)


def _shared(there: Calls, ref: str) -> tuple[Use, ...]:
    folder = there.read("/2/files/get_metadata", {"path": ref}, Lying).sharing_info.parent_shared_folder_id
    if not folder:
        return ()

    def page(cursor: str | None) -> Page[Members]:
        path, first = "/2/sharing/list_folder_members", {"shared_folder_id": folder, "limit": MOST}
        found = (
            there.read(f"{path}/continue", {"cursor": cursor}, Members) if cursor else there.read(path, first, Members)
        )
        return Page((found,), found.cursor or None)

    try:
        return _counted(list(every(page)))
    except (
        Misconfigured,
        Rejected,
    ):  # an app with a folder of its own may not ask; the links above show what else ails
        return (Use("sharing", "untold", UNTOLD),)


def _counted(pages: Iterable[Members]) -> tuple[Use, ...]:
    """Count whom a folder is shared with; whoever owns it shares it not with themselves."""
    people = groups = invited = 0
    for page in pages:
        people += sum(one.access_type.tag != "owner" for one in page.users)
        groups += sum(one.access_type.tag != "owner" for one in page.groups)
        invited += len(page.invitees)
    words = [_many(people, "person", "people"), _many(groups, "group", "groups")]
    words.append(f"{invited} who have not said yes yet" if invited else "")
    told = ", ".join(filter(None, words))
    return (Use("sharing", "people", f"Its folder is shared with {told}", public=False),) if told else ()


def _many(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""
