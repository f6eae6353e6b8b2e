"""Media items as Drupal tells them: file, fields, parts; and the documents that change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from connectors.drupal.naming import Name, read_name
from connectors.drupal.types import Linked, Resource, Settings
from connectors.sdk.types import Copy, Fields, Item, ItemKind, JsonValue, Part, PartKind, PartState, Target

IMAGE, FILE = "image", "file"
NOTHING: Mapping[str, JsonValue] = {}
SOURCES = frozenset({"image", "file", "audio_file", "video_file"})
"""Sources of media types that keep a file; the others only point to something elsewhere."""
SAID_OF_FILE = {IMAGE: "alt", FILE: "description"}
KEPT = ("alt", "title", "description", "display")
"""What stands beside a file in its relationship, and is lost when it is not sent again."""
NO_BYTES = ""
"""The content key of an item whose file is gone, or is none of ours: it fits nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """A media type and the field that holds its file."""

    kind: str  # image or file
    bundle: str
    field: str

    @classmethod
    def of(cls, target: Target) -> Place:
        """Read a target."""
        bundle, _, field = target.ref.partition("/")
        return cls(target.kind, bundle, field)

    def target(self, label: str) -> Target:
        """Say it as a target."""
        return Target(self.kind, f"{self.bundle}/{self.field}", label)

    @property
    def path(self) -> str:
        """Where its items are."""
        return f"/media/{self.bundle}"


@dataclass(frozen=True, slots=True)
class Media:
    """A media item and its file."""

    resource: Resource
    link: Linked | None
    file: Resource | None  # None where it was deleted, or may not be seen

    @classmethod
    def of(cls, resource: Resource, included: list[Resource], field: str) -> Media:
        """Put an item and its file together."""
        ends = resource.relationships[field].ends if field in resource.relationships else ()
        link = ends[0] if ends else None
        return cls(resource, link, next((one for one in included if link and one.id == link.id), None))

    @property
    def name(self) -> Name | None:
        """What the file's name says; None where it is none of ours."""
        return read_name(self.file.text("filename")) if self.file else None

    def meta(self, changes: Mapping[str, JsonValue] = NOTHING) -> dict[str, JsonValue]:
        """Return what stands beside the file, changed."""
        kept = self.link.meta if self.link else {}
        return {**{name: kept[name] for name in KEPT if kept.get(name) is not None}, **changes}

    def fields(self, settings: Settings) -> dict[str, JsonValue]:
        """Return the mapped fields that this item can hold."""
        meta = self.link.meta if self.link else {}
        found: dict[str, JsonValue] = {"name": self.resource.text("name")}
        found |= {name: meta.get(name) or "" for name in SAID_OF_FILE.values() if name in meta}
        if settings.rights_field in self.resource.attributes:
            found["rights"] = self.resource.text(settings.rights_field)
        return found

    def address(self, settings: Settings) -> str | None:
        """Return the address under which anybody gets the file; None where not anybody does."""
        return address_of(self.file, settings) if self.file else None

    def copy(self, ref: str, settings: Settings) -> Copy:
        """Say it as a copy. An item that shows another file than ours holds no bytes of ours."""
        name = self.name
        return Copy(
            ref=ref,
            marker=name.marker if name else None,
            content_key=name.content_key if name else NO_BYTES,
            fields=self.fields(settings),
            parts=(Part(PartKind.MEDIA, ref, self._state), *public_part(self.address(settings))),
            url=self.page(settings),
        )

    def item(self, place: Place, settings: Settings) -> Item:
        """Say it as a thing that can be imported."""
        said, file = self.resource, self.file.attributes if self.file else {}
        meta = self.link.meta if self.link else {}
        return Item(
            ref=f"{place.bundle}/{place.field}/{said.id}",
            kind=ItemKind.FILE,
            name=said.text("name"),
            size=size_of(self.file) if self.file else None,
            media_type=str(file.get("filemime") or ""),
            modified_at=moment(said.text("changed")),
            revision=self.file.id if self.file else "",
            facts={name: meta[name] for name in KEPT if isinstance(meta.get(name), str)} | {"type": place.bundle},
            url=self.page(settings),
            marker=(ours.marker or "") if (ours := self.name) else "",
            copy_ref=said.id,
            place=f"{place.bundle}/{place.field}",
        )

    def page(self, settings: Settings) -> str | None:
        """Return where a person sees and changes it."""
        number = self.resource.attributes.get("drupal_internal__mid")
        return f"{settings.site_url}/media/{number}/edit" if isinstance(number, int) else None

    @property
    def _state(self) -> PartState:
        # Not published: visitors do not see the item, but its file's address still answers.
        return PartState.SHOWING if self.resource.attributes.get("status") is True else PartState.UNKNOWN


def address_of(file: Resource, settings: Settings) -> str | None:
    """Return the address under which anybody gets a file; None where not anybody does."""
    uri = file.inner("uri")
    private = str(uri.get("value")).startswith(("private:", "temporary:"))
    return None if private else _url(uri, settings)


def bytes_of(file: Resource, settings: Settings) -> str | None:
    """Return the address under which we get a file, private ones too."""
    return _url(file.inner("uri"), settings)


def size_of(file: Resource) -> int | None:
    """Return how many bytes a file has, as Drupal says; None where it does not."""
    size = file.attributes.get("filesize")
    return size if isinstance(size, int) else None


def public_part(url: str | None) -> tuple[Part, ...]:
    """Return an address as a part."""
    return (Part(PartKind.PUBLIC_URL, url),) if url else ()


def document(
    place: Place, ref: str, attributes: Mapping[str, JsonValue], file: str = "", meta: Mapping[str, JsonValue] = NOTHING
) -> dict[str, Any]:
    """Return the document that makes or changes an item; with a file, what is not said beside it is lost."""
    said: dict[str, Any] = {"type": f"media--{place.bundle}", "id": ref}
    if attributes:
        said["attributes"] = dict(attributes)
    if file:
        shown = {"type": "file--file", "id": file, **({"meta": dict(meta)} if meta else {})}
        said["relationships"] = {place.field: {"data": shown}}
    return said


def attributes_of(fields: Fields, settings: Settings) -> dict[str, JsonValue]:
    """Return the mapped fields that are attributes. Drupal keeps no item without a name: then it takes the file's."""
    found = {"name": fields["name"]} if fields.get("name") else {}
    if settings.rights_field and "rights" in fields:
        found[settings.rights_field] = fields["rights"]
    return found


def meta_of(place: Place, fields: Fields) -> dict[str, JsonValue]:
    """Return the mapped fields that stand beside the file."""
    name = SAID_OF_FILE[IMAGE if place.kind == IMAGE else FILE]
    return {name: fields[name]} if name in fields else {}


def _url(uri: Mapping[str, Any], settings: Settings) -> str | None:
    url = uri.get("url")
    return urljoin(f"{settings.site_url}/", url) if isinstance(url, str) and url else None


def moment(text: str) -> int | None:
    """Read a time such as 2026-11-25T04:00:00+00:00, in UTC milliseconds; None where it is none."""
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None
