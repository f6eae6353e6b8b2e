"""Object stores that speak S3: copies are objects whose names carry the marker, each with a manifest beside it.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO
from urllib.parse import quote

from connectors.object_store.fingerprint import holds, key_of, sha256_of
from connectors.object_store.parts import Place, send
from connectors.object_store.signing import HASH
from connectors.object_store.types import CHECKSUM, KEY_META, Listing, Settings, Stored, listing
from connectors.object_store.versions import Bucket, clear, kept_by
from connectors.object_store.walking import Spot, stretch, through
from connectors.sdk.answer import Answer
from connectors.sdk.beside import MANIFEST_END, Beside
from connectors.sdk.errors import Missing, Rejected, RetryLater
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
PAGE_SIZE = 1000
NOT_THERE_YET = {"If-None-Match": "*"}
CHECKED = {"x-amz-checksum-mode": "ENABLED"}
KEY_DIGITS = 12
TAKEN = 412
HOUR_S = 3600
GIB = 1024**3


class ObjectStore:
    """One bucket, or a part of it."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._settings = settings

    def identify(self) -> Account:
        """Read one object's name: a bucket that may be listed is a bucket that is ours to use."""
        self._list(self._settings.prefix, None, size=1)
        name = f"{self._settings.bucket}/{self._settings.prefix}".rstrip("/")
        return Account(f"{self._api.origin}/{name}", name)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the folders at any depth, and the top itself first; in very large buckets see `walking`."""
        told = stretch(self._names, self._settings.prefix, Spot.of(cursor))
        named = (folder for folder in told.folders if folder != TOP and folder.isprintable())
        found = tuple(Target("folder", folder, folder.removeprefix(self._settings.prefix)) for folder in named)
        top = (Target("folder", self._settings.prefix or TOP, "Top of the bucket"),) if cursor is None else ()
        return Page(top + found, told.next.text() if told.next else None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Put the object, unless a first try arrived; where another stands in its place, it gets a name of its own."""
        key = f"{_folder(target)}{outgoing.marker}-{outgoing.filename}"
        if not self._stands(key, outgoing):
            key = f"{_folder(target)}{outgoing.marker}-{outgoing.content_key}-{outgoing.filename}"
            if not self._stands(key, outgoing):
                raise Rejected(
                    "Other files stand under both names of this copy. Take them away or rename them, then try again.",
                    code="names_taken", detail=key, status=TAKEN,
                )  # fmt: skip
        self._say(key, Beside.of(outgoing, dict(outgoing.fields)))
        return self._receipt(key)

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Write the manifest anew, for the bytes that stand there now."""
        del target
        headers, was = self._head(ref).headers, self._said(ref)
        key = key_of(headers)
        sha256 = sha256_of(headers) or (was.sha256 if was and was.sha256.startswith(key) else key)
        old = was or Beside(marker=marker_in(ref) or "", sha256="", size=0)
        now = {"sha256": sha256, "size": int(headers.get("content-length", 0)), "fields": {**old.fields, **fields}}
        self._say(ref, old.model_copy(update=now))
        return self._receipt(ref)

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Put other bytes in the place of those that were looked at; what is said of them stays."""
        del target
        there, was = self._head(ref), self._said(ref)
        try:
            if not (self._is_large(outgoing) and holds(there.headers, outgoing)):  # an earlier try came to its end
                self._put(ref, outgoing, {"If-Match": there.headers["etag"]})
        except Rejected as refused:
            if refused.status != TAKEN:
                raise
            raise RetryLater(
                "Somebody changed the object just now. The hub looks at it again.", detail=refused.detail, status=TAKEN
            ) from None
        self._say(ref, Beside.of(outgoing, was.fields if was else dict(outgoing.fields)))
        return self._receipt(ref)

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete the manifest, then the object, and what the bucket keeps of them: it does not say what was there."""
        del target
        if kept_by(self._api.delete(self._path(ref + MANIFEST_END))):
            clear(Bucket(self._api, self._bucket, self._path), ref, ref + MANIFEST_END)
        else:
            self._api.delete(self._path(ref))

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """List by the beginning of the name, which is the marker; what is not in its folder may be in another by now.

        Listings of object stores are never late.
        """
        found = self._named(_folder(target), marker) or tuple(self._moved(marker))
        return tuple(self.look(target, key) for key in found)

    def look(self, target: Target, ref: str) -> Copy:
        """Read headers and manifest. What is said of other bytes than these is not said of these."""
        del target
        headers, said = self._head(ref).headers, self._said(ref)
        key = key_of(headers)
        return Copy(
            ref=ref,
            marker=marker_in(ref.rpartition("/")[2]),
            content_key=key or headers["etag"].strip('"')[:KEY_DIGITS],  # others' bytes carry no name of ours
            fields=said.fields if said and key and said.sha256.startswith(key) else {},
            parts=self._parts(ref),
            sha256=sha256_of(headers),
            url=self._url(ref),
        )

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List every object below the top, manifests of the hub's left out."""
        page = self._objects(self._settings.prefix, cursor)
        return Page(tuple(_item(one) for one in page.items), page.cursor)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read an object."""
        answer = self._api.download(self._path(ref), into)
        revision = answer.headers.get("etag", "").strip('"')
        return Fetched(answer.size, answer.headers.get("content-type", ""), revision)

    def _stands(self, key: str, outgoing: Outgoing) -> bool:
        """Put an object where none is; tell whether it stands there now, as this try or an earlier one put it."""
        if self._is_large(outgoing):  # asked before its bytes are sent once more
            with suppress(Missing):
                return holds(self._head(key).headers, outgoing)
        try:
            self._put(key, outgoing, NOT_THERE_YET)
        except Rejected as refused:
            if refused.status != TAKEN:
                raise
            return self._is_there(key, outgoing)
        return True

    def _is_there(self, key: str, outgoing: Outgoing) -> bool:
        try:
            headers = self._head(key).headers
        except Missing as gone:
            message = "Somebody took the object away just now. The hub tries again."
            raise RetryLater(message, detail=gone.detail, status=gone.status) from None
        return holds(headers, outgoing)

    def _is_large(self, outgoing: Outgoing) -> bool:
        return outgoing.size > self._settings.most_gib * GIB

    def _put(self, key: str, outgoing: Outgoing, condition: dict[str, str]) -> None:
        """Send the bytes with their hash: the store refuses what was damaged on its way.

        Raises:
            Rejected: `object_too_large`, before anything is sent; or the condition does not hold.
        """
        if self._is_large(outgoing):
            place = Place(self._api, self._bucket, self._path, self._settings.prefix, key)
            send(place, outgoing, condition, self._settings.most_gib * GIB)
            return
        digest = base64.b64encode(bytes.fromhex(outgoing.sha256)).decode()
        stated = {HASH: outgoing.sha256, CHECKSUM: digest, KEY_META: outgoing.content_key}
        answer = self._api.upload(self._path(key), outgoing, method="PUT", headers={**condition, **stated})
        _proven(answer)

    def _say(self, key: str, beside: Beside) -> None:
        body = beside.model_dump_json().encode()
        headers = {"Content-Type": "application/json", HASH: hashlib.sha256(body).hexdigest()}
        _proven(self._api.ask("PUT", self._path(key + MANIFEST_END), content=body, headers=headers))

    def _said(self, key: str) -> Beside | None:
        """Read the manifest beside an object, if there is one that can be read."""
        with suppress(Missing):
            return Beside.read(self._api.ask("GET", self._path(key + MANIFEST_END)).body)
        return None

    def _head(self, key: str) -> Answer:
        answer = self._api.ask("HEAD", self._path(key), headers=CHECKED)
        if "etag" not in answer.headers:
            raise answer.call.senseless("an object without an ETag", status=answer.status)
        return answer

    def _objects(self, prefix: str, cursor: str | None) -> Page[Stored]:
        page = self._list(prefix, cursor)
        return Page(tuple(one for one in page.objects if not one.key.endswith(MANIFEST_END)), page.cursor)

    def _named(self, folder: str, marker: str) -> tuple[str, ...]:
        return tuple(one.key for one in every(lambda cursor: self._objects(f"{folder}{marker}-", cursor)))

    def _moved(self, marker: str) -> Iterator[str]:
        """Yield the names with the marker in them, in whatever folder."""
        for told in through(self._names, self._settings.prefix):
            yield from (key for key in told.keys if _is_copy(key, marker))
            for folder in told.folders if told.closed else ():
                yield from self._named(folder, marker)

    def _names(self, cursor: str | None, *, behind: str = "", folders: bool = False) -> Listing:
        return self._list(self._settings.prefix, cursor, behind=behind, folders=folders)

    def _list(
        self, prefix: str, cursor: str | None, *, size: int = 0, behind: str = "", folders: bool = False
    ) -> Listing:  # fmt: skip
        query = {
            "list-type": "2", "prefix": prefix, "max-keys": str(size or PAGE_SIZE), "encoding-type": "url",
            "continuation-token": cursor, "start-after": behind or None, "delimiter": "/" if folders else None,
        }  # fmt: skip
        return listing(self._api.ask("GET", self._bucket, query=query))

    @property
    def _bucket(self) -> str:
        return f"/{self._settings.bucket}"

    def _path(self, key: str) -> str:
        return f"{self._bucket}/{quote(key, safe='/-_.~')}"

    def _public(self, key: str) -> str | None:
        return f"{self._settings.public_url}/{quote(key)}" if self._settings.public_url else None

    def _url(self, key: str) -> str | None:
        """Return where people see it: its public address, or else a link that is signed for a while."""
        hours = self._settings.link_hours
        return self._public(key) or (self._api.presigned(self._path(key), hours * HOUR_S) if hours else None)

    def _receipt(self, key: str) -> Receipt:
        return Receipt(key, self._parts(key), self._url(key))

    def _parts(self, key: str) -> tuple[Part, ...]:
        url = self._public(key)
        return (Part(PartKind.MEDIA, key), *((Part(PartKind.PUBLIC_URL, url),) if url else ()))


def _proven(answer: Answer) -> None:
    """Make sure that an answer to a put is one."""
    if answer.body.strip() or "etag" not in answer.headers:
        raise answer.call.senseless("an answer to a put without an ETag, or with a body", status=answer.status)


def _folder(target: Target) -> str:
    return "" if target.ref == TOP else target.ref


def _is_copy(key: str, marker: str) -> bool:
    return not key.endswith(MANIFEST_END) and marker_in(key.rpartition("/")[2]) == marker


def _item(stored: Stored) -> Item:
    folder, _, name = stored.key.rstrip("/").rpartition("/")
    is_folder = stored.key.endswith("/")
    return Item(
        ref=stored.key,
        kind=ItemKind.FOLDER if is_folder else ItemKind.FILE,
        name=name,
        parents=(f"{folder}/",) if folder else (),
        size=None if is_folder else stored.size,
        modified_at=stored.modified_at,
        revision=stored.etag,
        marker=marker_in(name) or "",
        place=f"{folder}/" if folder else TOP,
    )
