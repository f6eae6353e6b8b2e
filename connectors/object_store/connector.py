"""Object stores that speak S3: copies are objects whose names carry the marker; what is said of them is metadata.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import base64
import binascii
from typing import IO
from urllib.parse import quote

from connectors.object_store.signing import HASH
from connectors.object_store.types import (
    KEY_META,
    META,
    Listing,
    Settings,
    Stored,
    from_headers,
    listing,
    parsed,
    to_headers,
)
from connectors.sdk.answer import Answer
from connectors.sdk.errors import Rejected
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
TAKEN = 412
KEPT = ("content-type", "cache-control", "content-disposition")


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
        """List the folders right below the top, and the top itself first."""
        page = self._list(self._settings.prefix, cursor, folders=True)
        found = tuple(Target("folder", folder, folder.removeprefix(self._settings.prefix)) for folder in page.folders)
        top = (Target("folder", self._settings.prefix or TOP, "Top of the bucket"),) if cursor is None else ()
        return Page(top + found, page.cursor)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Put the object, unless one of this name is there: then a first try arrived, and it is the same."""
        key = f"{_folder(target)}{outgoing.marker}-{outgoing.filename}"
        try:
            self._put(key, outgoing, {**to_headers(outgoing.fields), **NOT_THERE_YET})
        except Rejected as refused:
            if refused.status != TAKEN:
                raise
        return Receipt(key, self._parts(key), self._public(key))

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Copy the object onto itself with other metadata, unless it changed since it was read."""
        del target
        there = self._head(ref)
        kept = {name: value for name, value in there.headers.items() if name.startswith(META) or name in KEPT}
        for name, value in {f"{META}{name}": value for name, value in fields.items()}.items():
            kept.pop(name, None)
            kept.update(to_headers({name.removeprefix(META): value}))
        source = {
            "x-amz-copy-source": quote(f"/{self._settings.bucket}/{ref}"), "x-amz-metadata-directive": "REPLACE",
            "x-amz-copy-source-if-match": there.headers.get("etag", ""),
        }  # fmt: skip
        parsed(self._api.ask("PUT", self._path(ref), headers={**kept, **source}), "CopyObjectResult")
        return Receipt(ref, self._parts(ref), self._public(ref))

    def replace(self, target: Target, ref: str, outgoing: Outgoing) -> Receipt:
        """Put other bytes under the same name; what is said of them stays."""
        del target
        there = self._head(ref)
        kept = {name: value for name, value in there.headers.items() if name.startswith(META) and name != KEY_META}
        self._put(ref, outgoing, kept)
        return Receipt(ref, self._parts(ref), self._public(ref))

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete the object; an object store does not say whether it was there."""
        del target
        self._api.delete(self._path(ref))

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """List by the beginning of the name, which is the marker; listings of object stores are never late."""
        names = every(lambda cursor: self._objects(f"{_folder(target)}{marker}-", cursor))
        return tuple(self.look(target, name.key) for name in names)

    def look(self, target: Target, ref: str) -> Copy:
        """Read what an object's headers say."""
        del target
        headers = self._head(ref).headers
        return Copy(
            ref=ref,
            marker=marker_in(ref.rpartition("/")[2]),
            content_key=headers.get(KEY_META),
            fields=from_headers(headers),
            parts=self._parts(ref),
            sha256=_digest(headers.get("x-amz-checksum-sha256", "")),
            url=self._public(ref),
        )

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List every object below the top."""
        page = self._objects(self._settings.prefix, cursor)
        return Page(tuple(_item(one) for one in page.items), page.cursor)

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read an object."""
        answer = self._api.download(self._path(ref), into)
        revision = answer.headers.get("etag", "").strip('"')
        return Fetched(answer.size, answer.headers.get("content-type", ""), revision)

    def _put(self, key: str, outgoing: Outgoing, headers: dict[str, str]) -> None:
        """Send the bytes with their hash: the store refuses what was damaged on its way."""
        digest = base64.b64encode(bytes.fromhex(outgoing.sha256)).decode()
        stated = {HASH: outgoing.sha256, "x-amz-checksum-sha256": digest, KEY_META: outgoing.content_key}
        answer = self._api.upload(self._path(key), outgoing, method="PUT", headers={**headers, **stated})
        if answer.body.strip() or "etag" not in answer.headers:
            raise answer.call.senseless("an answer to a put without an ETag, or with a body", status=answer.status)

    def _head(self, key: str) -> Answer:
        answer = self._api.ask("HEAD", self._path(key), headers=CHECKED)
        if "etag" not in answer.headers:
            raise answer.call.senseless("an object without an ETag", status=answer.status)
        return answer

    def _objects(self, prefix: str, cursor: str | None) -> Page[Stored]:
        page = self._list(prefix, cursor)
        return Page(page.objects, page.cursor)

    def _list(self, prefix: str, cursor: str | None, *, size: int = 0, folders: bool = False) -> Listing:
        query = {
            "list-type": "2", "prefix": prefix, "max-keys": str(size or PAGE_SIZE), "encoding-type": "url",
            "continuation-token": cursor, "delimiter": "/" if folders else None,
        }  # fmt: skip
        return listing(self._api.ask("GET", f"/{self._settings.bucket}", query=query))

    def _path(self, key: str) -> str:
        return f"/{self._settings.bucket}/{quote(key, safe='/-_.~')}"

    def _public(self, key: str) -> str | None:
        return f"{self._settings.public_url}/{quote(key)}" if self._settings.public_url else None

    def _parts(self, key: str) -> tuple[Part, ...]:
        url = self._public(key)
        return (Part(PartKind.MEDIA, key), *((Part(PartKind.PUBLIC_URL, url),) if url else ()))


def _folder(target: Target) -> str:
    return "" if target.ref == TOP else target.ref


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
    )


def _digest(text: str) -> str | None:
    """Return a checksum as hexadecimal; None where the store tells none, or that of parts."""
    try:
        return base64.b64decode(text, validate=True).hex() or None
    except binascii.Error:
        return None
