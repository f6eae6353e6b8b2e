"""A site's settings, and the JSON:API shapes that are read; keys that are not named here are let pass."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

STANDARD = (
    "image.field_media_image", "document.field_media_document",
    "audio.field_media_audio_file", "video.field_media_video_file",
)  # fmt: skip
"""The media types of Drupal's own installation profile, and the field of each that holds its file."""


class Settings(BaseModel):
    """What a person says about a Drupal site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site_url: str = Field(title="Address of the site", description="such as https://example.org or https://x.org/blog")
    prefix: str = Field(
        default="/jsonapi",
        title="Path of JSON:API",
        pattern=r"^/[\w-][\w./-]*$",
        description="Other than /jsonapi only where a module renamed it, or behind a language such as /de/jsonapi",
    )
    source_fields: tuple[str, ...] = Field(
        default=STANDARD,
        title="Media types",
        description="As type.field: used where the site does not let the account read how its media types are made",
    )
    rights_field: str = Field(
        default="",
        title="Field for rights",
        pattern=r"^([a-z][a-z0-9_]*)?$",
        description="Machine name of a plain text field that all these media types have; empty: none",
    )
    searched: tuple[str, ...] = Field(
        default=("node",),
        title="Content searched for uses",
        description="Entity types, such as node, block_content or paragraph",
    )
    oauth_scope: str = Field(
        default="damhub",
        title="OAuth scope",
        pattern=r"^[\w:.-]+( [\w:.-]+)*$",
        description="A scope of the Simple OAuth module that holds the permissions named in the connector's page",
    )

    @field_validator("site_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("give the address of the site's home page, such as https://example.org")
        return value.strip().rstrip("/")

    @field_validator("source_fields")
    @classmethod
    def _pairs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(all(part.isidentifier() for part in one.split(".")) and one.count(".") == 1 for one in value):
            raise ValueError("give media types as type.field, such as image.field_media_image")
        return value

    @field_validator("searched")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name.isidentifier() for name in value):
            raise ValueError("give machine names of entity types, such as node")
        return value


class Shape(BaseModel):
    """What comes from Drupal."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Linked(Shape):
    """One end of a relationship. `meta` holds an image's alternative text."""

    type: str
    id: str  # a UUID, or "missing" where the thing was deleted
    meta: dict[str, Any] = Field(default_factory=dict)


class Relationship(Shape):
    """A relationship to one thing, to several, or to none."""

    data: Linked | list[Linked] | None = None

    @property
    def ends(self) -> tuple[Linked, ...]:
        """What it leads to."""
        return tuple(self.data) if isinstance(self.data, list) else (self.data,) if self.data else ()


class Resource(Shape):
    """A resource object: a media item, a file, a node, a media type, a user."""

    type: str
    id: str
    attributes: dict[str, Any] = Field(default_factory=dict)
    relationships: dict[str, Relationship] = Field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return an attribute that holds text; empty where it holds none."""
        value = self.attributes.get(name)
        return value if isinstance(value, str) else ""

    def inner(self, name: str) -> dict[str, Any]:
        """Return an attribute that holds an object; empty where it holds none."""
        value = self.attributes.get(name)
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


class One(Shape):
    """A document about one thing."""

    data: Resource
    included: list[Resource] = Field(default_factory=list[Resource])


class Link(Shape):
    """A link with its address."""

    href: str = ""


class Many(Shape):
    """A page of a listing."""

    data: list[Resource]
    included: list[Resource] = Field(default_factory=list[Resource])
    links: dict[str, Link] = Field(default_factory=dict)


class Me(Shape):
    """The account that a call was made as."""

    id: str


class MeLink(Shape):
    """Where the entry point tells who we are."""

    meta: Me


class EntryLinks(Shape):
    """Links of the entry point's meta object."""

    me: MeLink | None = None


class EntryMeta(Shape):
    """What the entry point says besides; Drupal sends an empty list for nothing."""

    links: EntryLinks = EntryLinks()


class Entry(Shape):
    """The entry point: every resource type, and who we are."""

    links: dict[str, Link]
    meta: EntryMeta | list[Any] | None = None

    @property
    def me(self) -> str | None:
        """The UUID of the account; None when Drupal took us for nobody."""
        found = self.meta.links.me if isinstance(self.meta, EntryMeta) else None
        return found.meta.id if found else None

    def kinds(self, entity_type: str) -> tuple[str, ...]:
        """Return the bundles of an entity type, such as `article` of `node`."""
        start = f"{entity_type}--"
        return tuple(sorted(name.removeprefix(start) for name in self.links if name.startswith(start)))
