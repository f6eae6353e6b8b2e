"""Google Drive: copies are files in folders of My Drive and of shared drives, marked by properties that only we see.

https://developers.google.com/workspace/drive/api/reference/rest/v3
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import IO

from connectors.google_drive.addresses import API, FIELDS, FILE, UPLOAD, path_of
from connectors.google_drive.creating import create, receipt_of
from connectors.google_drive.events import LIFE_S, MOST_A_DAY, channel_id, channel_name, time_of
from connectors.google_drive.exports import export
from connectors.google_drive.items import Summed, kind_of, said, to_copy, to_item
from connectors.google_drive.revisions import drop_earlier, unmark
from connectors.google_drive.types import (
    CONTENT,
    EARLIER,
    FOLDER,
    MARKER,
    About,
    Changed,
    Channel,
    Drive,
    Drives,
    File,
    Files,
    News,
    Settings,
    Start,
)
from connectors.google_drive.uploads import Place, send
from connectors.google_drive.usage import uses_of
from connectors.sdk.errors import Misconfigured, Missing, RateLimited, Unreachable
from connectors.sdk.http import Api, Query
from connectors.sdk.paging import every
from connectors.sdk.space import used_of
from connectors.sdk.types import (
    Account,
    Agreement,
    Change,
    Changes,
    Copy,
    Fetched,
    Fields,
    Item,
    ItemKind,
    Outgoing,
    Page,
    Receipt,
    Target,
    Use,
)

PAGE_SIZE, DRIVES_AT_ONCE = 1000, 100
SETTLED = "modifiedTime desc"  # the one order that does not time out in large drives
MY_DRIVE = ""


class GoogleDrive:
    """One account's Drive: My Drive, what is shared with it, and the shared drives that it is a member of."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def identify(self) -> Account:
        """Read whose account it is; for a service account that is its robot, or the person it acts as."""
        query = {"fields": "user(permissionId,displayName,emailAddress),storageQuota(limit,usage)"}
        about = self._api.get(f"{API}/about", About, query=query)
        user, space = about.user, about.storage_quota
        label = user.email_address or user.display_name or "Google Drive"
        plan = "" if space.usage is None else used_of(space.usage, space.limit)
        return Account(user.permission_id, label, user.display_name, plan=plan)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the folders that files can be put into, drive by drive, the top of each first."""
        drives = self._drives()
        drive, files, after = self._corpus(cursor, drives, f"mimeType='{FOLDER}' and trashed=false", "name")
        found = [_target(file, drives) for file in files if file.capabilities.can_add_children]
        if cursor is None or cursor.endswith(":"):
            found.insert(0, self._top(drive, drives))
        return Page(tuple(found), after)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Make a file, once; what it is and the marker go with the bytes, so that none ever stands there unmarked."""
        return create(self._api, _folder(target), outgoing)

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Set name, description and properties."""
        del target
        return receipt_of(self._api.ask("PATCH", path_of(ref), query=FILE, json=said(fields)).parse(File))

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Give the file a new revision: same id, same address, same place, other bytes. The earlier ones go."""
        del target
        own = {CONTENT: outgoing.content_key, EARLIER: "1"}
        about = {"mimeType": outgoing.media_type, "appProperties": own}
        file = send(self._api, Place("PATCH", path_of(ref, UPLOAD), FILE), outgoing, about).parse(File)
        try:
            return receipt_of(drop_earlier(self._api, file))
        except Misconfigured as stays:
            return replace(receipt_of(unmark(self._api, file)), left=stays.message)

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete the file for good, with all revisions; where that is not allowed, hide it and say so."""
        del target
        try:
            self._api.delete(path_of(ref), query={"supportsAllDrives": True})
        except Missing:
            return
        except Misconfigured:
            # Members of a shared drive who are no managers may only throw into the trash: out of sight, not gone.
            self._api.ask("PATCH", path_of(ref), query=FILE, json={"trashed": True})
            raise

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Search by our own property, the trash included: what lies there still has its bytes."""
        query = f"appProperties has {{ key='{MARKER}' and value='{_quoted(marker)}' }}"
        drive = _drive(target)
        files = every(lambda token: self._list(drive, token, query, SETTLED))
        copies = (to_copy(file) for file in files)
        return tuple(copy for copy in copies if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one file; where a replacement ended before the earlier bytes were deleted, delete them."""
        del target
        file = self._file(ref)
        if EARLIER not in file.app_properties:
            return to_copy(file)
        try:
            return to_copy(drop_earlier(self._api, file))
        except Misconfigured:  # not known as what it is, it is replaced again: that says that the earlier bytes stay
            return replace(to_copy(file), content_key=None)

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """List the shortcuts that lead to a copy, and with whom it is shared."""
        del target
        return uses_of(self._api, ref, cursor)

    def subscribe(self, target: Target, callback_url: str) -> Agreement:
        """Open a channel for a week on the target's drive. Subscribing on a later day opens another, to overlap."""
        drive = _drive(target)
        query = {"driveId": drive or None, "supportsAllDrives": True}
        begun = self._api.ask("GET", f"{API}/changes/startPageToken", query=query)
        now_s, token = time_of(begun), begun.parse(Start).start_page_token
        name = channel_name(drive, callback_url, now_s)
        for number in range(MOST_A_DAY):
            wanted = {
                "id": channel_id(name, number), "type": "web_hook", "address": callback_url,
                "token": self._api.hook_token(callback_url), "expiration": str((now_s + LIFE_S) * 1000),
            }  # fmt: skip
            more = {"pageToken": token, "includeItemsFromAllDrives": True}
            opened = self._api.post(f"{API}/changes/watch", Channel, query={**query, **more}, json=wanted)
            if opened.resource_id:  # none: this id was used before, by a channel that may have been stopped since
                if number:
                    self._stop(channel_id(name, number - 1), opened.resource_id)
                return Agreement(f"{name}:{opened.resource_id}", ends_at=opened.expiration)
        raise RateLimited(
            "Google Drive was asked for notifications too often today. The hub tries again tomorrow.", after_s=None,
            status=None,
        )  # fmt: skip

    def unsubscribe(self, ref: str) -> None:
        """Stop the one channel of this name that is open."""
        name, _, resource = ref.partition(":")
        for number in range(MOST_A_DAY):
            if self._stop(channel_id(name, number), resource):
                return

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List everything that is not in the trash, flat, drive by drive; the tree is in the parents."""
        _, files, after = self._corpus(cursor, self._drives(), "trashed=false", SETTLED)
        return Page(tuple(to_item(file) for file in files), after)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read a file's bytes and check them; of a native document, an export."""
        file = self._file(ref)
        if kind_of(file) is ItemKind.DOCUMENT:
            return export(self._api, file, into)
        summed = Summed(into, file)
        answer = self._api.download(path_of(ref), summed.stream, query={"alt": "media", "supportsAllDrives": True})
        if not summed.right:
            raise Unreachable("A file changed while it was read. The hub reads it again.", detail=f"{ref}: other bytes")
        return Fetched(answer.size, file.mime_type, file.head_revision_id)

    def changes(self, cursor: str | None) -> Changes:
        """Read a page of each drive's own log: the account's log does not tell all of a shared drive."""
        known = [MY_DRIVE, *self._drives()]
        if cursor is None:
            return Changes((), json.dumps({drive: self._start(drive) for drive in known}))
        tokens: dict[str, str] = json.loads(cursor)
        try:
            # A drive that came or went has no place in this cursor: only a new inventory tells what is in it.
            news = {} if set(tokens) != set(known) else {drive: self._news(drive, tokens[drive]) for drive in known}
        except Missing:
            news = {}
        if not news:
            return replace(self.changes(None), lost=True)
        told = tuple(change for page in news.values() for line in page.changes for change in _changed(line))
        after = {drive: page.next_page_token or page.new_start_page_token for drive, page in news.items()}
        return Changes(told, json.dumps(after), more=any(page.next_page_token for page in news.values()))

    def _file(self, ref: str) -> File:
        return self._api.get(path_of(ref), File, query=FILE)

    def _top(self, drive: str, drives: dict[str, Drive]) -> Target:
        if drive:
            return Target("folder", f"{drive}@{drive}", drives[drive].name or drive)
        root = self._file("root")
        return Target("folder", root.id, root.name or "My Drive", root.web_view_link)

    def _drives(self) -> dict[str, Drive]:
        def page(cursor: str | None) -> Page[Drive]:
            query = {"pageSize": DRIVES_AT_ONCE, "pageToken": cursor, "fields": "nextPageToken,drives(id,name)"}
            found = self._api.get(f"{API}/drives", Drives, query=query)
            return Page(found.drives, found.next_page_token or None)

        return {drive.id: drive for drive in sorted(every(page), key=lambda drive: drive.id)}

    def _corpus(
        self, cursor: str | None, drives: dict[str, Drive], query: str, order: str
    ) -> tuple[str, list[File], str | None]:
        """Read one page of one drive; return the drive, its files, and where to go on. No file comes twice."""
        drive, _, token = (cursor or ":").partition(":")
        page = self._list(drive, token or None, query, order)
        # What lies in a shared drive that is listed by itself is left to that list.
        files = [file for file in page.items if drive or file.drive_id not in drives]
        following = next((one for one in drives if one > drive), None)
        if page.cursor:
            return drive, files, f"{drive}:{page.cursor}"
        return drive, files, None if following is None else f"{following}:"

    def _list(self, drive: str, token: str | None, query: str, order: str) -> Page[File]:
        place: Query = {"corpora": "drive", "driveId": drive} if drive else {"corpora": "user"}
        more: Query = {
            "q": query, "orderBy": order, "pageSize": PAGE_SIZE, "pageToken": token, "supportsAllDrives": True,
            "includeItemsFromAllDrives": True, "fields": f"nextPageToken,incompleteSearch,files({FIELDS})",
        }  # fmt: skip
        page = self._api.get(f"{API}/files", Files[File], query={**place, **more})
        if page.incomplete_search:
            raise Unreachable("Google Drive could not search everything just now. The hub tries again by itself.")
        return Page(page.files, page.next_page_token or None)

    def _start(self, drive: str) -> str:
        query = {"driveId": drive or None, "supportsAllDrives": True}
        return self._api.get(f"{API}/changes/startPageToken", Start, query=query).start_page_token

    def _news(self, drive: str, token: str) -> News:
        query = {
            "driveId": drive or None, "pageToken": token, "pageSize": PAGE_SIZE, "includeRemoved": True,
            "includeCorpusRemovals": True, "includeItemsFromAllDrives": True, "supportsAllDrives": True,
            "fields": f"nextPageToken,newStartPageToken,changes(changeType,fileId,removed,file({FIELDS}))",
        }  # fmt: skip
        answer = self._api.ask("GET", f"{API}/changes", query=query)
        news = answer.parse(News)
        if not (news.next_page_token or news.new_start_page_token):
            raise answer.call.senseless("a page of changes without a token to go on from", status=answer.status)
        return news

    def _stop(self, channel: str, resource: str) -> bool:
        """Stop a channel; False: there is none of this id, or it was stopped before."""
        try:
            self._api.ask("POST", f"{API}/channels/stop", json={"id": channel, "resourceId": resource})
        except Missing:
            return False
        return True


def _changed(line: Changed) -> tuple[Change, ...]:
    """Read a line of a log. What is in the trash is gone, as in an inventory; lines about drives tell of no item."""
    if not line.file_id:
        return ()
    if line.file is None:
        return (Change(line.file_id, gone=line.removed),)
    # "Removed" from this log and yet with a file: it was moved to another drive, and can still be read.
    return (Change(line.file_id, gone=True) if line.file.trashed else Change(line.file_id, item=to_item(line.file)),)


def _target(file: File, drives: dict[str, Drive]) -> Target:
    name = file.name.strip() or file.id
    drive = drives.get(file.drive_id)
    if drive is None:
        return Target("folder", file.id, name, file.web_view_link)
    return Target("folder", f"{file.id}@{drive.id}", f"{drive.name} / {name}", file.web_view_link)


def _folder(target: Target) -> str:
    return target.ref.partition("@")[0]


def _drive(target: Target) -> str:
    return target.ref.partition("@")[2]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
