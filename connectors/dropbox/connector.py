"""Dropbox: copies are files whose names carry the marker; what is said of them is a property group.

https://www.dropbox.com/developers/documentation/http/documentation
"""

from __future__ import annotations

from dataclasses import replace
from typing import IO, Any, cast

from connectors.dropbox.calls import Calls, with_groups
from connectors.dropbox.hashing import Watching, hash_of
from connectors.dropbox.properties import Held
from connectors.dropbox.space import plan
from connectors.dropbox.types import Entry, Latest, Listing, Settings, Stored, downloaded, millis
from connectors.dropbox.usage import uses_of
from connectors.sdk.errors import Missing
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.paging import every
from connectors.sdk.types import (
    Account,
    Change,
    Changes,
    Copy,
    Fetched,
    Fields,
    Item,
    ItemKind,
    Outgoing,
    Page,
    Part,
    PartKind,
    Receipt,
    Target,
    Use,
)

TOP = "/"
PAGE_SIZE = 2000
LONGEST_NAME = 255
EXPORTED = "/2/files/export"


class Dropbox:
    """One account, or a folder of it."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def identify(self) -> Account:
        """Read who we are, which plan that is, and how much space is used."""
        there = self._calls(anywhere=True)
        me = there.me()
        label = me.name.display_name or me.email or me.account_id
        return Account(me.account_id, label, me.email, plan=plan(me.account_type.tag, there.usage()))

    def targets(self, cursor: str | None) -> Page[Target]:
        """List every folder, and the top itself first."""
        there = self._calls()
        page = self._listing(there, cursor)
        below = tuple(_target(one) for one in page.entries if one.tag == "folder" and not self._is_top(one))
        return Page((*((self._top(there),) if cursor is None else ()), *below), page.cursor if page.has_more else None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Put the file; where the same bytes lie at this path, a first try arrived, and Dropbox answers with it."""
        there, hashes = self._calls(), hash_of(outgoing)
        held = Held({}).saying(outgoing.fields).marked(outgoing.marker, outgoing.content_key, hashes.content_hash())
        begins = f"{outgoing.marker}-{outgoing.content_key}-"
        path = f"{_folder(target)}/{begins}{outgoing.filename[len(begins) - LONGEST_NAME :]}"
        commit = {**_commit(path, held, there.template()), "mode": "add", "strict_conflict": False}
        return _receipt(there.upload(outgoing, hashes, commit))

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Write the group anew, with what is not named as it was: a group that somebody took away comes back."""
        del target
        there = self._calls()
        template = there.template()
        now = there.metadata(ref, [template])
        group = Held.of(now.property_groups).saying(fields).group(template)
        written = there.write("/2/file_properties/properties/overwrite", {"path": ref, "property_groups": [group]})
        if written.json is not None:
            raise written.call.senseless("an answer where none was due", status=written.status)
        return _receipt(now)

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Put other bytes in the file's place, unless somebody changed it since it was read."""
        del target
        there, hashes = self._calls(), hash_of(outgoing)
        template = there.template()
        now = there.metadata(ref, [template])
        kept = Held.of(now.property_groups)
        held = kept.marked(outgoing.marker, outgoing.content_key, hashes.content_hash())
        commit = {**_commit(ref, held, template), "mode": {".tag": "update", "update": now.rev}}
        return _receipt(there.upload(outgoing, hashes, commit))

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete the file; links to it die with it."""
        del target
        try:
            deleted = self._calls().write("/2/files/delete_v2", {"path": ref})
        except Missing:
            return
        deleted.parse(dict[str, Any])

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Read the whole folder: a listing shows every change at once, a search does not."""
        there = self._calls()
        templates = there.templates()

        def page(cursor: str | None) -> Page[Entry]:
            listed = self._listing(there, cursor, _folder(target), recursive=False, **with_groups(templates))
            return Page(tuple(listed.entries), listed.cursor if listed.has_more else None)

        copies = (_copy(_stored(entry)) for entry in every(page) if entry.tag == "file")
        return tuple(copy for copy in copies if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one file, wherever it was moved to."""
        del target
        there = self._calls()
        return _copy(there.metadata(ref, there.templates()))

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List everything, named by its path: so does the feed, which knows nothing else of what is gone."""
        page = self._listing(self._calls(), cursor)
        items = tuple(_item(one) for one in page.entries if one.tag != "deleted" and not self._is_top(one))
        return Page(items, page.cursor if page.has_more else None)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read a file, or what a document without bytes of its own is exported as."""
        there, watching = self._calls(), Watching(into)
        answer = there.download("/2/files/download", {"path": ref}, cast("IO[bytes]", watching))
        if answer.body:  # nothing was written: this is no file
            answer = there.download(EXPORTED, {"path": ref}, into)
            return Fetched(answer.size, answer.headers.get("content-type", ""))
        told = downloaded(answer.headers.get("dropbox-api-result", ""))
        if told is None or told.content_hash not in ("", watching.seen.content_hash()):
            raise answer.call.senseless("other bytes came than Dropbox names", status=answer.status)
        return Fetched(answer.size, answer.headers.get("content-type", ""), told.rev)

    def changes(self, cursor: str | None) -> Changes:
        """Read the feed, oldest first."""
        there = self._calls()
        if cursor is None:
            return Changes((), there.read("/2/files/list_folder/get_latest_cursor", self._all(), Latest).cursor)
        try:
            page = self._listing(there, cursor)
        except Missing:  # `reset`, or the folder is gone
            return replace(self.changes(None), lost=True)
        return Changes(tuple(_change(one) for one in page.entries), page.cursor, page.has_more)

    def uses(self, target: Target, ref: str, cursor: str | None) -> Page[Use]:
        """List the shared links to this file and to folders above it, and how many people share its folder."""
        del target
        return uses_of(self._calls(), ref, cursor)

    def _calls(self, *, anywhere: bool = False) -> Calls:
        whole_team = self._settings.whole_team and not anywhere
        return Calls.of(self._api, self._settings.content_origin(), whole_team=whole_team)

    def _all(self) -> dict[str, Any]:
        return {"path": self._settings.folder, "recursive": True, "limit": PAGE_SIZE}

    def _listing(
        self, there: Calls, cursor: str | None, folder: str | None = None, *, recursive: bool = True, **more: Any
    ) -> Listing:
        if cursor is not None:
            return there.read("/2/files/list_folder/continue", {"cursor": cursor}, Listing)
        path = self._settings.folder if folder is None else folder
        return there.read(
            "/2/files/list_folder", {**self._all(), "path": path, "recursive": recursive, **more}, Listing
        )

    def _top(self, there: Calls) -> Target:
        folder = self._settings.folder
        if not folder:
            return Target("folder", TOP, "Top of the Dropbox")
        return Target("folder", there.metadata(folder, []).id, folder)

    def _is_top(self, entry: Entry) -> bool:
        return entry.path_lower == self._settings.folder.lower()


def _folder(target: Target) -> str:
    """Return what paths below a folder begin with; an id stays whatever the folder is called."""
    return "" if target.ref == TOP else target.ref


def _target(entry: Entry) -> Target:
    return Target("folder", entry.id, (entry.path_display or entry.path_lower).lstrip("/"))


def _commit(path: str, held: Held, template: str) -> dict[str, Any]:
    return {"path": path, "autorename": False, "mute": True, "property_groups": [held.group(template)]}


def _receipt(stored: Stored) -> Receipt:
    return Receipt(stored.id, (Part(PartKind.MEDIA, stored.id),))


def _stored(entry: Entry) -> Stored:
    return Stored(
        id=entry.id, name=entry.name, rev=entry.rev, content_hash=entry.content_hash,
        property_groups=entry.property_groups,
    )  # fmt: skip


def _copy(stored: Stored) -> Copy:
    held = Held.of(stored.property_groups)
    return Copy(
        ref=stored.id,
        marker=marker_in(stored.name) or held.marker,
        content_key=held.content_key(stored.content_hash),
        fields=held.fields,
        parts=(Part(PartKind.MEDIA, stored.id),),
    )


def _item(entry: Entry) -> Item:
    parent = entry.path_lower.rpartition("/")[0]
    return Item(
        ref=entry.path_lower,
        kind=_kind(entry),
        name=entry.name,
        parents=(parent,) if parent else (),
        size=entry.size if _kind(entry) is ItemKind.FILE else None,
        modified_at=millis(entry.client_modified),
        revision=entry.rev,
        checksums={"dropbox": entry.content_hash} if entry.content_hash else {},
        facts={"id": entry.id, "path": entry.path_display},  # the id stays when the thing is moved
        marker=marker_in(entry.name) or "",
        copy_ref=entry.id,
    )


def _kind(entry: Entry) -> ItemKind:
    if entry.tag == "folder":
        return ItemKind.FOLDER
    return ItemKind.FILE if entry.is_downloadable else ItemKind.DOCUMENT


def _change(entry: Entry) -> Change:
    gone = entry.tag == "deleted"
    return Change(entry.path_lower, gone, None if gone else _item(entry))
