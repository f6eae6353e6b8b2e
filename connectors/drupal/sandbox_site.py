"""The made-up Drupal's media types, and the nodes that use media."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

BRANDS = 60
"""So that media types fill more than one page."""
NODES = 70


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


@dataclass(frozen=True, slots=True)
class Node:
    """A node that embeds or refers to a media item, or neither."""

    kind: str
    number: int
    title: str
    body: str = ""
    media: str = ""
    status: bool = True

    def said(self) -> dict[str, Any]:
        """Say it."""
        shown = {"type": "media--image", "id": self.media, "meta": {"drupal_internal__target_id": 1}}
        attributes = {
            "drupal_internal__nid": self.number, "title": self.title, "status": self.status,
            "body": {"value": self.body, "format": "full_html", "processed": self.body, "summary": ""},
        }  # fmt: skip
        return {
            "type": f"node--{self.kind}", "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"node {self.number}")), "links": {},
            "attributes": attributes, "relationships": {"field_media": {"data": shown if self.media else None}},
        }  # fmt: skip


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
        self.nodes = [Node(self.kinds[number % 2], number, f"Node {number}") for number in range(1, NODES + 1)]
        self.nodes += [Node("article", NODES + number, f"Article {number}") for number in range(1, NODES + 1)]

    def use(self, ref: str) -> str:
        """Embed an item in one node, and refer to it from another that is not published."""
        number = len(self.nodes) + 1
        tag = f'<drupal-media data-entity-type="media" data-entity-uuid="{ref}">&nbsp;</drupal-media>'
        self.nodes.append(Node("article", number, "Embeds it", body=f"<p>See</p>{tag}"))
        self.nodes.append(Node("page", number + 1, "Refers to it", media=ref, status=False))
        return f"article/{number}"

    def uses(self, ref: str) -> int:
        """Count the nodes that show an item."""
        return sum(ref in (node.media, *node.body.split('"')) for node in self.nodes)
