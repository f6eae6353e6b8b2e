"""The shapes of WordPress' REST answers that the connector reads, and the connection's settings."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal, NotRequired
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator
from typing_extensions import TypedDict

from connectors.sdk.http import Api
from connectors.sdk.types import Fields, JsonValue, Part, PartKind
from connectors.wordpress.content import Item

LIBRARY = "library"
"""The one target of a site."""


class Settings(BaseModel):
    """What a person says about a WordPress site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site_url: str = Field(title="Address of the site", description="such as https://example.org or https://x.org/blog")
    protocol: Literal["rest", "xmlrpc"] = Field(
        default="rest",
        title="Protocol",
        description="Choose xmlrpc only where the site's REST interface is closed: it cannot hold alternative texts",
    )
    rest_root: str = Field(
        default="/wp-json",
        title="Path of the REST interface",
        pattern=r"^/[\w./-]*$|^\?rest_route=$",
        description="`?rest_route=` for sites with plain permalinks",
    )
    content_types: tuple[str, ...] = Field(
        default=("posts", "pages", "blocks"),
        title="Content searched for uses",
        description="REST names of the content types in which pictures are looked for",
    )

    @field_validator("site_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("give the address of the site's home page, such as https://example.org")
        return value.strip().rstrip("/")

    @field_validator("content_types")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name.replace("-", "").replace("_", "").isalnum() for name in value):
            raise ValueError("give REST names of content types, such as posts")
        return value


class Text(TypedDict):
    """A text as the editor sees it (`raw`) and as visitors do."""

    raw: str


class Size(TypedDict):
    """One size of a picture."""

    source_url: str


class Details(TypedDict):
    """What WordPress knows of the file."""

    original_image: NotRequired[str]
    sizes: NotRequired[dict[str, Size] | list[Any]]


class Media(TypedDict):
    """A media library item in the edit context."""

    id: int
    source_url: str
    link: NotRequired[str]
    title: Text
    caption: Text
    description: Text
    alt_text: str
    media_details: NotRequired[Details | list[Any]]  # PHP's empty array is a list


class Post(TypedDict):
    """A post, page or block in the edit context, as far as it shows media."""

    id: int
    link: NotRequired[str]
    content: NotRequired[Text]
    featured_media: NotRequired[int]


class Index(TypedDict):
    """The REST index."""

    name: str
    home: str
    namespaces: list[str]


class User(TypedDict):
    """The signed-in user."""

    name: str
    roles: list[str]
    capabilities: dict[str, bool]


def item_of(media: Media) -> Item:
    """Return the item's number and every known address of its files."""
    urls = {"full": media["source_url"]}
    details = media.get("media_details", [])
    if isinstance(details, list):
        return Item(media["id"], urls)
    if original := details.get("original_image"):
        urls["original"] = f"{media['source_url'].rsplit('/', 1)[0]}/{original}"
    sizes = details.get("sizes", [])
    if not isinstance(sizes, list):
        urls |= {name: size["source_url"] for name, size in sizes.items() if name not in urls}
    return Item(media["id"], urls)


def fields_of(media: Media) -> dict[str, JsonValue]:
    """Return the mapped fields as they stand there."""
    return {
        "title": media["title"]["raw"],
        "alt_text": media["alt_text"],
        "caption": media["caption"]["raw"],
        "description": media["description"]["raw"],
    }


def form_of(fields: Fields) -> dict[str, str]:
    """Return the fields as a form can carry them."""
    return {name: "" if value is None else str(value) for name, value in fields.items()}


def parts_of(item: Item) -> tuple[Part, ...]:
    """Return the item and every address under which visitors get its files."""
    addresses = dict.fromkeys(item.urls.values())
    return (Part(PartKind.MEDIA, str(item.id)), *(Part(PartKind.PUBLIC_URL, url) for url in addresses))


def hash_of(api: Api, item: Item) -> str | None:
    """Hash the file that was uploaded, as visitors get it; None where the site does not hand it out."""
    seen = api.look_public(item.urls.get("original", item.urls["full"]))
    return seen.sha256 if seen.status == HTTPStatus.OK else None
