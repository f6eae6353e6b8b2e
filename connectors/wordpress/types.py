"""The shapes of WordPress' REST answers that the connector reads, and the connection's settings."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any, Literal, NotRequired, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import TypedDict

from connectors.sdk.marker import marker_in
from connectors.sdk.types import Fields, ItemKind, JsonValue, Part, PartKind
from connectors.sdk.types import Item as Listed
from connectors.wordpress.content import Item, file_name

LIBRARY = "library"
"""The one target of a site. Further sites of a network are named by their addresses."""
PATH = r"^/[\w./-]*(\?[\w./=&-]+)?$"
"""A path below the site, with parameters where a plugin has its page at one of WordPress' own."""
LISTED = "id,title,caption,description,alt_text,source_url,link,mime_type,media_details,modified_gmt"
"""What an import and the change feed read of an item."""


class Settings(BaseModel):
    """What a person says about a WordPress site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site_url: str = Field(title="Address of the site", description="such as https://example.org or https://x.org/blog")
    protocol: Literal["rest", "xmlrpc", "wordpress_com"] = Field(
        default="rest",
        title="Protocol",
        description="rest for most sites; wordpress_com for those that are reached by signing in at WordPress.com; "
        "xmlrpc only where the site's REST interface is closed: it cannot hold alternative texts",
    )
    rest_root: str = Field(
        default="/wp-json",
        title="Path of the REST interface",
        pattern=r"^/[\w./-]*$|^\?rest_route=$",
        description="`?rest_route=` for sites with plain permalinks",
    )
    sites: tuple[str, ...] = Field(
        default=(),
        title="Further sites of the network",
        description="addresses of a multisite network's other sites; the same application password is good for them",
    )
    oauth_authorize: str = Field(
        default="/oauth/authorize",
        title="OAuth: path of the page that asks",
        pattern=PATH,
        description="only for sites with a plugin that is an OAuth 2 server: the guide names the paths of three",
    )
    oauth_token: str = Field(default="/oauth/token", title="OAuth: path that hands tokens out", pattern=PATH)
    wordpress_com: str = Field(
        default="https://public-api.wordpress.com", title="Address of WordPress.com's interface"
    )  # fmt: skip
    content_types: tuple[str, ...] = Field(
        default=("posts", "pages", "blocks"),
        title="Content searched for uses",
        description="REST names of the content types in which pictures are looked for",
    )

    @field_validator("site_url", "wordpress_com")
    @classmethod
    def _address(cls, value: str) -> str:
        return _home(value)

    @field_validator("sites")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(_home, value)))

    @model_validator(mode="after")
    def _one_by_one(self) -> Self:
        if self.sites and self.protocol != "rest":
            raise ValueError("further sites are reached over REST only: connect each one by itself")
        return self

    @field_validator("content_types")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(name.replace("-", "").replace("_", "").isalnum() for name in value):
            raise ValueError("give REST names of content types, such as posts")
        return value


def _home(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise ValueError("give the address of the site's home page, such as https://example.org")
    return value.strip().rstrip("/")


class Text(TypedDict):
    """A text as the editor sees it (`raw`) and as visitors do."""

    raw: str


class Size(TypedDict):
    """One size of a picture."""

    source_url: str


class Details(TypedDict):
    """What WordPress knows of the file."""

    original_image: NotRequired[str]
    filesize: NotRequired[Any]  # of the file that is served
    sizes: NotRequired[dict[str, Size] | list[Any]]


class Numbered(TypedDict):
    """Anything in a listing."""

    id: int


class Media(Numbered):
    """A media library item in the edit context."""

    source_url: str
    mime_type: NotRequired[str]
    modified_gmt: NotRequired[str]
    link: NotRequired[str]
    title: Text
    caption: Text
    description: Text
    alt_text: str
    media_details: NotRequired[Details | list[Any]]  # PHP's empty array is a list


class Post(Numbered):
    """A post, page or block in the edit context, as far as it shows media."""

    link: NotRequired[str]
    status: NotRequired[str]
    title: NotRequired[Text]
    content: NotRequired[Text]
    featured_media: NotRequired[int]


class Password(TypedDict):
    """An application password, as the site knows it."""

    uuid: str


class Kind(TypedDict):
    """A type of content."""

    rest_base: str


class Passwords(TypedDict):
    """Where application passwords are made."""

    endpoints: dict[str, str]


Ways = TypedDict("Ways", {"application-passwords": NotRequired[Passwords]})


class Index(TypedDict):
    """The REST index."""

    name: str
    home: str
    namespaces: list[str]
    site_logo: NotRequired[int | None]
    site_icon: NotRequired[int | None]
    authentication: NotRequired[Ways | list[Any]]  # PHP's empty array is a list


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


def raw_of(text: Text | None) -> str:
    """Return a text as the editor sees it; nothing where it was not asked for."""
    return (text or {"raw": ""})["raw"]


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


def listed(media: Media) -> Listed:
    """Say an item as a thing that can be imported: under its title, as the library shows it."""
    details = media.get("media_details", [])
    known = Details() if isinstance(details, list) else details
    size, modified = known.get("filesize"), media.get("modified_gmt", "")
    whole = "original_image" not in known  # the size that is told is that of a smaller copy otherwise
    name = file_name(item_of(media).uploaded)
    return Listed(
        ref=str(media["id"]),
        kind=ItemKind.FILE,
        name=html.unescape(media["title"]["raw"]) or name,
        size=size if whole and isinstance(size, int) else None,
        media_type=media.get("mime_type", ""),
        modified_at=round(moment(modified).timestamp() * 1000) or None,
        revision=f"{modified} {name} {size}",
        facts={**fields_of(media), "file_name": name},
        url=media.get("link"),
        marker=marker_in(name) or "",
    )


def moment(text: str) -> datetime:
    """Read a time of the site's, such as 2026-11-25T04:00:00, which is UTC; what is none lies at the beginning."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
