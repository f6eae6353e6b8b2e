"""The made-up Drupal's media types and kinds of content."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sdk.marker import key_in, marker_in
from connectors.testing.sandbox import Standing

BRANDS = 60
"""So that media types fill more than one page."""


@dataclass(frozen=True, slots=True)
class Type:
    """A media type."""

    bundle: str
    label: str
    source: str
    field: str
    uuid: str

    def said(self, *, whole: bool) -> dict[str, Any]:
        """Say it; all but its label is hidden from who may not read configuration."""
        attributes: dict[str, Any] = {"label": self.label}
        if whole:
            attributes |= {
                "langcode": "en", "status": True, "drupal_internal__id": self.bundle, "description": "",
                "source": self.source, "queue_thumbnail_downloads": False, "new_revision": True,
                "source_configuration": {"source_field": self.field}, "field_map": {"name": "name"},
            }  # fmt: skip
        return {"type": "media_type--media_type", "id": self.uuid, "links": {}, "attributes": attributes}


class Site:
    """What stands there whether or not there is a hub."""

    def __init__(self) -> None:
        self.me = "6f6f1c1c-2b7e-4e4e-9d7a-0f0f1c1c2b7e"
        self.kinds = ("article", "page")
        usual = (
            ("image", "Image", "image", "field_media_image"),
            ("audio", "Audio", "audio_file", "field_media_audio_file"),
            ("document", "Document", "file", "field_media_document"),
            ("remote_video", "Remote video", "oembed:video", "field_media_oembed_video"),
            ("video", "Video", "video_file", "field_media_video_file"),
        )  # fmt: skip
        brands = tuple(
            (f"brand_{number}", f"Brand {number}", "image", f"field_media_image_{number}")
            for number in range(1, BRANDS + 1)
        )
        self.types = {
            one[0]: Type(*one, str(uuid.uuid5(uuid.NAMESPACE_OID, one[0]))) for one in (*usual, *brands)
        }  # fmt: skip


def standing(target: str, ref: str, facts: Mapping[str, Any]) -> Standing:
    """Say an item as it stands in truth."""
    marker = marker_in(facts["filename"])
    names = ("name", "alt", "title") if facts["image"] else ("name", "description")
    fields = {name: facts[name] or "" for name in names} | {"rights": facts["rights"] or ""}
    key = key_in(facts["filename"], marker) if marker else None
    return Standing(ref, target, marker, key, fields, facts["sha256"])
