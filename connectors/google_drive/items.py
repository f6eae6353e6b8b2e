"""What a file of Drive is to the hub: a copy, or an item of an inventory; and what its bytes must be."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import IO, Any, cast

from connectors.google_drive.types import CONTENT, FOLDER, MARKER, PROPERTIES, SHORTCUT, File, millis
from connectors.sdk.types import Copy, Fields, Item, ItemKind, JsonValue, Outgoing, Part, PartKind, PartState


def said(fields: Fields) -> dict[str, Any]:
    """Return fields as Drive's metadata; an empty property is null there, which clears it."""
    own = {name: value or None for name, value in fields.items() if name in PROPERTIES}
    plain = {name: value for name, value in fields.items() if name not in PROPERTIES}
    return {**plain, **({"properties": own} if own else {})}


def new_file(outgoing: Outgoing, folder: str, ref: str) -> dict[str, Any]:
    """Return the metadata of a new copy, whose id is chosen; its name is the file's own where no other is given."""
    about = said(outgoing.fields)
    return {
        **about,
        "id": ref,
        "name": about.get("name") or outgoing.filename,
        "parents": [folder],
        "mimeType": outgoing.media_type,
        "appProperties": {MARKER: outgoing.marker, CONTENT: outgoing.content_key},
    }


def to_copy(file: File) -> Copy:
    """Read a copy. One in the trash still has its bytes: it is named, and not shown to people."""
    properties = {name: file.properties.get(name, "") for name in PROPERTIES}
    return Copy(
        ref=file.id,
        marker=file.app_properties.get(MARKER),
        content_key=file.app_properties.get(CONTENT),
        fields={"name": file.name, "description": file.description, **properties},
        parts=parts(file),
        sha256=file.sha256_checksum or None,
        url=file.web_view_link,
    )


def parts(file: File) -> tuple[Part, ...]:
    """Return what a copy consists of."""
    return (Part(PartKind.MEDIA, file.id, PartState.GONE if file.trashed else PartState.SHOWING),)


def to_item(file: File) -> Item:
    """Read an item of an inventory."""
    sums = {"md5": file.md5_checksum, "sha1": file.sha1_checksum, "sha256": file.sha256_checksum}
    return Item(
        ref=file.id,
        kind=kind_of(file),
        name=file.name,
        parents=file.parents,
        size=None if file.native else file.size,  # what Drive tells of a native document is not an export's size
        media_type=file.mime_type,
        modified_at=millis(file.modified_time),
        revision=file.head_revision_id or file.version,
        checksums={name: value for name, value in sums.items() if value},
        facts=_facts(file),
        url=file.web_view_link,
        marker=file.app_properties.get(MARKER, ""),
        place=_place(file),
    )


def _place(file: File) -> str:
    """Return the folder as targets name it."""
    folder = next(iter(file.parents), "")
    return f"{folder}@{file.drive_id}" if folder and file.drive_id else folder


def kind_of(file: File) -> ItemKind:
    """Tell what a file is; kinds that nobody knows yet are documents: they have no bytes of their own."""
    if not file.native:
        return ItemKind.FILE
    return {FOLDER: ItemKind.FOLDER, SHORTCUT: ItemKind.SHORTCUT}.get(file.mime_type, ItemKind.DOCUMENT)


def _facts(file: File) -> dict[str, JsonValue]:
    facts: Mapping[str, JsonValue] = {
        "description": file.description, "starred": file.starred, "created": file.created_time,
        "drive": file.drive_id, "target": file.shortcut_details.target_id,
        "target_type": file.shortcut_details.target_mime_type, "properties": dict[str, JsonValue](file.properties),
        "may_not_be_downloaded": not file.capabilities.can_download,
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}


class Summed(io.RawIOBase):
    """Writes into a file and adds up what went through."""

    def __init__(self, into: IO[bytes], file: File) -> None:
        super().__init__()
        self._into = into
        self._due = file.sha256_checksum or file.md5_checksum
        # Part of the files from before 2018 have an MD5 only; it notices damage, which is all that it is for.
        self._sum = hashlib.sha256() if file.sha256_checksum else hashlib.md5(usedforsecurity=False)

    @property
    def stream(self) -> IO[bytes]:
        """The same, as what a download wants."""
        return cast("IO[bytes]", self)

    @property
    def right(self) -> bool:
        """Tell whether what went through is what Drive says that the file is."""
        return not self._due or self._sum.hexdigest() == self._due

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def write(self, data: Any, /) -> int:
        """Pass on."""
        self._sum.update(data)
        self._into.write(data)
        return len(data)
