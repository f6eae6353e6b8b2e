"""A folder: copies are files whose names carry the marker; what is said of each stands in a manifest beside it.

Of all connectors this is the simplest to read. A folder is spoken to as every remote is; `connectors/sdk/folder.py`
says which requests there are.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from typing import IO
from urllib.parse import quote, unquote

from connectors.folder.naming import name_for
from connectors.folder.types import Entry, Facts, Listing, Settings
from connectors.sdk.beside import MANIFEST_END, Beside
from connectors.sdk.errors import Missing, Rejected
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.paging import every
from connectors.sdk.types import (
    Account,
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
)

TOP = "/"
TAKEN = 412
KEY_DIGITS = 12


class FolderConnector:
    """One folder that the hub's operator named."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def identify(self) -> Account:
        """Look at the folder itself."""
        self._facts("")
        return Account(self._api.origin, self._settings.folder)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the folders at any depth, and the top itself first."""
        page = self._api.get("/", Listing, query={"say": "folders", "after": cursor})
        found = tuple(Target("folder", one.path, unquote(one.path)) for one in page.entries)
        top = (Target("folder", TOP, "Top of the folder"),) if cursor is None else ()
        return Page(top + found, page.cursor)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Put the file unless one of its name is there, then its manifest: a repeat finds the first try's file."""
        ref = _inside(target, name_for(outgoing))
        if not self._stands(ref, outgoing):
            ref = _inside(target, name_for(outgoing, keyed=True))  # another copy of the same placement
            if not self._stands(ref, outgoing):
                raise Rejected(
                    "Other files stand under both names of this copy. Take them away or rename them, then try again.",
                    code="names_taken", detail=ref,
                )  # fmt: skip
        self._say(ref, Beside.of(outgoing, dict(outgoing.fields)))
        return self._receipt(ref)

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Write the manifest anew, for the bytes that stand there now."""
        del target
        facts = self._facts(ref)
        was = self._said(ref) or Beside(marker=_marker(ref) or "", sha256="", size=0)
        now = {"sha256": facts.sha256, "size": facts.size, "fields": {**was.fields, **fields}}
        self._say(ref, was.model_copy(update=now))
        return self._receipt(ref)

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Put other bytes in the place of those that were looked at; what is said of them stays."""
        del target
        there, was = self._facts(ref), self._said(ref)
        self._put(ref, outgoing, {"If-Match": f'"{there.etag}"'})
        self._say(ref, Beside.of(outgoing, was.fields if was else dict(outgoing.fields)))
        return self._receipt(ref)

    def withdraw(self, target: Target, ref: str) -> None:
        """Take the manifest away, then the file: as long as the file is there, a repeat knows what is left to do."""
        del target
        for path in (ref + MANIFEST_END, ref):
            with suppress(Missing):
                self._api.delete(f"/{path}")

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """List the names with the marker in them; what is not in its place may have been moved to any folder."""
        return tuple(self.look(target, ref) for ref in self._found(target, marker) or self._moved(marker))

    def look(self, target: Target, ref: str) -> Copy:
        """Read file and manifest. What is said of other bytes than these is not said of these."""
        del target
        facts, said = self._facts(ref), self._said(ref)
        holds = said is not None and said.sha256 == facts.sha256
        return Copy(
            ref=ref,
            marker=_marker(ref),
            content_key=facts.sha256[:KEY_DIGITS],
            fields=said.fields if said and holds else {},
            parts=self._parts(ref),
            sha256=facts.sha256,
            url=self._public(ref),
        )

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List everything below the top, manifests of the hub's left out."""
        page = self._api.get("/", Listing, query={"say": "all", "after": cursor})
        return Page(tuple(_item(one) for one in page.entries if not one.path.endswith(MANIFEST_END)), page.cursor)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read a file."""
        answer = self._api.download(f"/{ref}", into, query={"say": "bytes"})
        return Fetched(answer.size, revision=answer.headers.get("etag", ""))

    def _stands(self, ref: str, outgoing: Outgoing) -> bool:
        """Put a file where nothing stands; tell whether these very bytes stand there now."""
        try:
            self._put(ref, outgoing, {"If-None-Match": "*"})
        except Rejected as refused:
            if refused.status != TAKEN:
                raise
            return self._facts(ref).sha256 == outgoing.sha256
        return True

    def _put(self, ref: str, outgoing: Outgoing, condition: dict[str, str]) -> None:
        headers = {**condition, "X-Sha256": outgoing.sha256}
        self._api.upload(f"/{ref}", outgoing, method="PUT", headers=headers).parse(Entry)

    def _say(self, ref: str, beside: Beside) -> None:
        self._api.put(f"/{ref}{MANIFEST_END}", Entry, json=beside.model_dump(mode="json"))

    def _said(self, ref: str) -> Beside | None:
        """Read the manifest beside a file, if there is one that can be read."""
        with suppress(Missing):
            return Beside.read(self._api.ask("GET", f"/{ref}{MANIFEST_END}", query={"say": "bytes"}).body)
        return None

    def _facts(self, path: str) -> Facts:
        return self._api.get(f"/{path}", Facts, query={"say": "facts"})

    def _names(self, path: str, cursor: str | None, *, holds: str | None = None) -> Page[Entry]:
        query = {"say": "names", "after": cursor, "holds": holds}
        page = self._api.get(f"/{path}", Listing, query=query)
        return Page(page.entries, page.cursor)

    def _found(self, target: Target, marker: str) -> tuple[str, ...]:
        where = "" if target.ref == TOP else target.ref
        names = every(lambda cursor: self._names(where, cursor, holds=marker))
        return tuple(_ours(one.path) for one in names if _is_copy(one, marker))

    def _moved(self, marker: str) -> tuple[str, ...]:
        entries = every(lambda cursor: self._holding(marker, cursor))
        return tuple(_ours(one.path) for one in entries if _is_copy(one, marker))

    def _holding(self, marker: str, cursor: str | None) -> Page[Entry]:
        page = self._api.get("/", Listing, query={"say": "found", "holds": marker, "after": cursor})
        return Page(page.entries, page.cursor)

    def _public(self, ref: str) -> str | None:
        return f"{self._settings.public_url}/{ref}" if self._settings.public_url else None

    def _parts(self, ref: str) -> tuple[Part, ...]:
        url = self._public(ref)
        return (Part(PartKind.MEDIA, ref), *((Part(PartKind.PUBLIC_URL, url),) if url else ()))

    def _receipt(self, ref: str) -> Receipt:
        return Receipt(ref, self._parts(ref), self._public(ref))


def _inside(target: Target, name: str) -> str:
    folder = "" if target.ref == TOP else f"{target.ref}/"
    return folder + quote(name, safe="")


def _is_copy(entry: Entry, marker: str) -> bool:
    return not entry.folder and not entry.path.endswith(MANIFEST_END) and _marker(entry.path) == marker


def _marker(ref: str) -> str | None:
    return marker_in(unquote(ref).rpartition("/")[2])


def _ours(path: str) -> str:
    """Return a path as the hub wrote it: some disks keep accents apart from their letters. Folders are called so."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + quote(unicodedata.normalize("NFC", unquote(name)), safe="")


def _item(entry: Entry) -> Item:
    folder, _, name = entry.path.rpartition("/")
    return Item(
        ref=entry.path,
        kind=ItemKind.FOLDER if entry.folder else ItemKind.FILE,
        name=unquote(name),
        parents=(folder,) if folder else (),
        size=None if entry.folder else entry.size,
        modified_at=entry.modified_ms,
        revision=entry.etag,
        marker=_marker(entry.path) or "",
        place=folder or TOP,
    )
