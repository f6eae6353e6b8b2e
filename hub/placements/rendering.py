"""What exactly would be sent for a copy: the bytes, the mapped fields, and the digests by which changes are noticed."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Final

from sqlalchemy.orm import Session

from connectors.sdk.marker import content_key
from connectors.sdk.types import Fields, Outgoing, Picture
from hub.media.document import asset_document
from hub.placements.facts import Bytes, bytes_of, is_unreadable
from mappings.document import AssetDocument
from mappings.engine import MappingSpec, Rendered, render
from mappings.errors import MappingError

Specs = Callable[[Session, str, str], MappingSpec]
"""Returns the mapping that counts for an account, by its id and the connector's name, or raises MappingError."""

UNTIL: Final = "usable_until"
_LONGEST_REASON: Final = 300
_NO_FIELDS: Final = MappingSpec.model_construct(spec=1, connector="none", notes="", fields=())
"""Stands for a mapping that fails: nothing is compared with what stands there, and nothing taken from it."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Rendering:
    """What would be sent."""

    version_id: str
    bytes: Bytes | None  # None: not made
    unreadable: bool  # they never will be: the file cannot be opened
    filename: str
    spec: MappingSpec
    rendered: Rendered
    fields_hash: str
    doc_hash: str  # over the fields and the bytes: equal hashes mean that the channel would be sent the same
    locales: Mapping[str, str]  # by field of the catalogue, the locale that a change in the channel belongs to
    unmapped: str = ""  # why the mapping cannot say this asset; then nothing is said of it
    code: str = ""  # what people call the asset
    companions: tuple[Rendering, ...] = ()  # further pictures of the same copy, in their order: `sets.compose`

    @property
    def content_key(self) -> str:
        """Return the name of the bytes, empty while some are not made."""
        made = [each.bytes for each in (self, *self.companions)]
        return content_key([each.sha256 for each in made if each]) if all(made) else ""


def rendering_of(
    session: Session,
    asset_id: str,
    version_id: str,
    *,
    spec: Callable[[], MappingSpec],
    preset: str,
    link: str,
    language: str,
    own_language: str,
    usable_until: Callable[[], int | None],
) -> Rendering:
    """Return what would be sent for a version by a mapping, which people write: it may fail, and stops nothing else.

    `language` is the place's, empty where it is the catalogue's own, which `own_language` names. `usable_until` is
    asked only where the mapping tells it.
    """
    made = bytes_of(session, version_id, preset)
    mapping, unmapped = _mapping(spec)
    until = usable_until() if any(each.field == UNTIL for each in mapping.fields) else None
    document = asset_document(session, asset_id, version_id, link=link, usable_until=until, language=own_language)
    try:
        rendered = render(mapping, document, language)
    except MappingError as error:
        mapping, rendered, unmapped = _NO_FIELDS, Rendered({}, {}, ()), str(error)[:_LONGEST_REASON]
    fields_hash, doc_hash = digests(rendered, [made], unmapped)
    belongs_to = {each.field: each.comes_back_in(language) for each in mapping.fields if each.comes_back}
    locales = {name: "" if tag == own_language else tag for name, tag in belongs_to.items()}
    unreadable = made is None and is_unreadable(session, version_id)
    return Rendering(
        version_id, made, unreadable, _safe_name(document, made), mapping, rendered, fields_hash, doc_hash, locales,
        unmapped, document.code,
    )  # fmt: skip


def _mapping(spec: Callable[[], MappingSpec]) -> tuple[MappingSpec, str]:
    """Return the mapping that counts; or none of any field, and why."""
    try:
        return spec(), ""
    except MappingError as error:
        return _NO_FIELDS, str(error)[:_LONGEST_REASON]


def digests(rendered: Rendered, made: Sequence[Bytes | None], unmapped: str) -> tuple[str, str]:
    """Return the digests over the fields, and over these and the bytes of each file."""
    fields_hash = _digest(unmapped or json.dumps(rendered.fields, sort_keys=True, ensure_ascii=True))
    return fields_hash, _digest(f"{fields_hash} {' '.join(each.sha256 if each else '' for each in made)}")


def outgoing(rendering: Rendering, *, marker: str, link: str, opener: Callable[[str], IO[bytes]]) -> Outgoing:
    """Return a rendering as a connector takes it; `opener` gives a fresh stream for a hash."""
    made = rendering.bytes
    fields: Fields = rendering.rendered.first_fields
    if made is None:
        return Outgoing(marker, "", rendering.filename, "application/octet-stream", 0, "", _nothing, link, fields)
    return Outgoing(
        marker, rendering.content_key, rendering.filename, made.media_type, made.size, made.sha256,
        lambda: opener(made.sha256), link, fields,
        companions=tuple(_picture(each, opener) for each in rendering.companions),
    )  # fmt: skip


def _picture(rendering: Rendering, opener: Callable[[str], IO[bytes]]) -> Picture:
    made = rendering.bytes
    if made is None:
        return Picture("", rendering.filename, "application/octet-stream", 0, "", _nothing, {})
    return Picture(
        rendering.content_key, rendering.filename, made.media_type, made.size, made.sha256, lambda: opener(made.sha256),
        rendering.rendered.first_fields,
    )  # fmt: skip


def _nothing() -> IO[bytes]:
    raise ValueError("the bytes of this copy are not made yet")


def _safe_name(document: AssetDocument, made: Bytes | None) -> str:
    """Return a short ASCII file name whose extension tells what the bytes are."""
    stem = document.filename.rpartition(".")[0] or document.filename
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    tidy = _UNSAFE.sub("-", plain).strip("-").lower()[:40] or document.code.lower()
    return tidy + (mimetypes.guess_extension(made.media_type if made else document.media_type) or ".bin")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
