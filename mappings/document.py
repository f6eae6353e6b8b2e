"""The asset document: what the catalogue says of one asset, in the one shape that mapping specs are written against."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict

from mappings.languages import DEFAULT

CORE_FIELDS: Final = (
    "title", "description", "alt_text", "keywords", "creator", "credit", "copyright", "campaign", "project",
)  # fmt: skip
"""Metadata fields that people edit; `keywords` is a list of texts, the others are texts."""

TRANSLATED_FIELDS: Final = ("title", "description", "alt_text", "keywords", "credit", "copyright")
"""Those of them that a translator would touch: they may have a value in each language beside the default one."""


class AssetDocument(BaseModel):
    """One asset as channels may be told of it: texts in the catalogue's own language, and those in others.

    Facts below `project` are the hub's own: never taken back from a channel.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = ""
    description: str = ""
    alt_text: str = ""
    keywords: tuple[str, ...] = ()
    creator: str = ""
    credit: str = ""
    copyright: str = ""
    campaign: str = ""
    project: str = ""

    code: str
    asset_id: str
    version: int
    sha256: str
    filename: str
    media_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    pages: int | None = None
    usable_until: int | None = None  # the last of the UTC milliseconds at which it may be used there
    link: str = ""  # our delivery address for this copy
    language: str = DEFAULT  # of the texts above; to a mapping spec, the one that the place is told them in
    translations: Mapping[str, Mapping[str, str | tuple[str, ...]]] = {}  # by language, then by field

    def digest(self) -> str:
        """Return a SHA-256 over the whole document: equal digests mean that a channel would be told the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
