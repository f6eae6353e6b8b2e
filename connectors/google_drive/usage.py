"""Where a copy is used in Drive: the shortcuts that lead to it, and whom it is shared with.

Whoever may see an asset reads this list, and need not be one whom the people in Drive shared their names with. So
people and groups are counted, and never named; an organization is named by its domain.
https://developers.google.com/workspace/drive/api/guides/ref-search-terms (`shortcutDetails.targetId`)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from connectors.google_drive.addresses import API, path_of
from connectors.google_drive.types import SHORTCUT, Files, Permission, Permissions, Shortcut
from connectors.sdk.errors import Misconfigured, Unreachable
from connectors.sdk.http import Api
from connectors.sdk.paging import every
from connectors.sdk.types import Page, Use

SHARING = "sharing"
UNTOLD = "Whom it is shared with, Drive tells only accounts that may share it"
FORBIDDEN = "insufficientFilePermissions"
_PAGE, _SHARES = 1000, 100
_AFTER = "shared"
_SHORT = "id,name,webViewLink"
_GRANT = "id,type,role,domain,allowFileDiscovery,deleted"


def uses_of(api: Api, ref: str, cursor: str | None) -> Page[Use]:
    """List a page of shortcuts, and on the last page with whom a copy is shared.

    Raises:
        Unreachable: Drive could not search everywhere.
    """
    if cursor == _AFTER:
        return Page(_sharing(api, ref), None)
    shortcuts = _shortcuts(api, ref, (cursor or ":").partition(":")[2])
    uses = tuple(Use("shortcut", one.id, one.name or one.id, one.web_view_link) for one in shortcuts.files)
    return Page(uses, f":{shortcuts.next_page_token}" if shortcuts.next_page_token else _AFTER)


def _shortcuts(api: Api, ref: str, token: str) -> Files[Shortcut]:
    query = {
        "q": f"shortcutDetails.targetId='{ref}' and mimeType='{SHORTCUT}' and trashed=false", "corpora": "allDrives",
        "pageSize": _PAGE, "pageToken": token or None, "supportsAllDrives": True, "includeItemsFromAllDrives": True,
        "fields": f"nextPageToken,incompleteSearch,files({_SHORT})",
    }  # fmt: skip
    found = api.get(f"{API}/files", Files[Shortcut], query=query)
    if found.incomplete_search:
        raise Unreachable("Google Drive could not search everything just now. The hub tries again by itself.")
    return found


def _sharing(api: Api, ref: str) -> tuple[Use, ...]:
    def page(token: str | None) -> Page[Permission]:
        query = {
            "pageSize": _SHARES, "pageToken": token, "supportsAllDrives": True,
            "fields": f"nextPageToken,permissions({_GRANT})",
        }  # fmt: skip
        found = api.get(f"{path_of(ref)}/permissions", Permissions, query=query)
        return Page(found.permissions, found.next_page_token or None)

    try:
        return _told(every(page))
    except Misconfigured as refused:
        if FORBIDDEN not in refused.detail:
            raise
        return (Use(SHARING, "untold", UNTOLD),)


def _told(grants: Iterable[Permission]) -> tuple[Use, ...]:
    """Tell links and organizations one by one, and how many people and groups; whoever owns a file shares it not."""
    uses: list[Use] = []
    people: Counter[str] = Counter()
    for grant in grants:
        if grant.type in ("anyone", "domain"):
            uses.append(Use(SHARING, f"permission:{grant.id}", _open_to(grant), public=grant.type == "anyone"))
        elif grant.role != "owner" and not grant.deleted:
            people[grant.type] += 1
    if people:
        words = [_many(people["user"], "person", "people"), _many(people["group"], "group", "groups")]
        uses.append(Use(SHARING, "people", f"Shared with {' and '.join(filter(None, words))}", public=False))
    return tuple(uses)


def _open_to(grant: Permission) -> str:
    who = "Anybody" if grant.type == "anyone" else f"Everybody at {grant.domain or 'an organization'}"
    return f"{who} can find it" if grant.allow_file_discovery else f"{who} who has the link"


def _many(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""
