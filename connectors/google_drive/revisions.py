"""What a replaced copy was before: Drive keeps it as a revision for 30 days, unless it is deleted.

The bytes that are to go may be those whose rights ended. So a replacement says in the file itself that earlier bytes
are to go (`EARLIER`), in the same call that brings the new ones; then it deletes them, and takes the word away. Whoever
is killed between leaves the word, and the next look, or the next replacement, goes on from there.
https://developers.google.com/workspace/drive/api/guides/manage-revisions
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from connectors.google_drive.addresses import FILE, path_of
from connectors.google_drive.types import EARLIER, MARKER, File, Revision, Revisions
from connectors.sdk.errors import Misconfigured, Missing, Rejected
from connectors.sdk.http import Api
from connectors.sdk.paging import every
from connectors.sdk.types import Page

STAYS = (
    "It shows the new file, but Google Drive does not let this account delete the earlier one, which whoever may edit "
    "the file can read for up to 30 days. In Drive choose Manage versions and delete it there, or give the account the "
    "right to."
)
_AT_ONCE = 1000


def drop_earlier(api: Api, file: File) -> File:
    """Delete what a copy of the hub's was before, and say in it that this is done. Doing it again changes nothing.

    What a file was before the hub adopted it is not the hub's to delete.

    Raises:
        Misconfigured: this account may not delete them.
    """
    try:
        for revision in _before(api, file) if MARKER in file.app_properties else ():
            _delete(api, file, revision)
    except (Misconfigured, Rejected) as refused:
        raise Misconfigured(STAYS, detail=refused.detail, status=refused.status) from refused
    return unmark(api, file)


def unmark(api: Api, file: File) -> File:
    """Take the word away that earlier bytes are to go."""
    return api.ask("PATCH", path_of(file.id), query=FILE, json={"appProperties": {EARLIER: None}}).parse(File)


def _before(api: Api, file: File) -> list[Revision]:
    """Return the revisions before the newest that was seen: what came since is not ours to judge."""

    def page(token: str | None) -> Page[Revision]:
        query = {"pageSize": _AT_ONCE, "pageToken": token, "fields": "nextPageToken,revisions(id)"}
        found = api.get(f"{path_of(file.id)}/revisions", Revisions, query=query)
        return Page(found.revisions, found.next_page_token or None)

    known = list(every(page))
    ids = [one.id for one in known]
    return known[: ids.index(file.head_revision_id)] if file.head_revision_id in ids else known[:-1]


def _delete(api: Api, file: File, revision: Revision) -> None:
    with suppress(Missing):  # it is gone, which is all that was wanted
        api.delete(f"{path_of(file.id)}/revisions/{quote(revision.id, safe='')}")
