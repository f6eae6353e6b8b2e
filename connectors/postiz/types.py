"""Postiz's shapes, as far as they are read; and what a person says about a Postiz."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, StringConstraints

from connectors.sdk.guard import origin_of

CLOUD = "https://api.postiz.com"
CLOUD_PAGES = "https://platform.postiz.com"
Setting = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[\w-]+\.[\w-]+=.*$")]


class Settings(BaseModel):
    """A connection's settings."""

    address: str = Field(
        default=CLOUD,
        title="Address of Postiz's interface",
        description="Self-hosted: what NEXT_PUBLIC_BACKEND_URL says there, such as https://social.example.org/api",
    )
    pages: str = Field(
        default="",
        title="Address of Postiz's pages",
        description="Only to sign in, and only where the pages lie elsewhere than the interface (FRONTEND_URL there).",
    )
    organisation: Annotated[str, StringConstraints(max_length=80)] = Field(
        default="",
        title="Name of the organisation",
        description="Tells several organisations of one Postiz apart: Postiz does not say whose a key is.",
    )
    without_time: Literal["draft", "now"] = Field(
        default="draft",
        title="A post that has no time",
        description="Stays a draft until somebody in Postiz lets it go, or is published now.",
    )
    texts: Literal["once", "followed"] = Field(
        default="once",
        title="Texts",
        description="Given once, and then written further by people in Postiz; or followed, so that the hub's text "
        "stands there whatever people write.",
    )
    group: str = Field(
        default="", title="Only channels of this customer", description="The customer's id in Postiz; empty: all."
    )
    channel_settings: tuple[Setting, ...] = Field(
        default=(),
        title="Settings of channels",
        description="What a kind of channel needs besides text and picture, such as wordpress.type=page",
    )
    tag: Annotated[str, StringConstraints(max_length=80)] = Field(
        default="",
        title="Tag",
        description="Marks the hub's posts in Postiz's calendar. Make it there first: Postiz drops unknown tags.",
    )
    years_ahead: int = Field(
        default=5, ge=1, le=100, title="Years ahead", description="No post of the hub is looked for after this many."
    )

    @property
    def path(self) -> str:
        """The path of the interface below its origin."""
        return f"{urlsplit(self.address).path.rstrip('/')}/public/v1"

    @property
    def pages_address(self) -> str:
        """Where a person says yes in the browser."""
        if self.pages:
            return self.pages.rstrip("/")
        return CLOUD_PAGES if origin_of(self.address) == CLOUD else self.address.rstrip("/").removesuffix("/api")

    def of_channel(self, kind: str) -> dict[str, str]:
        """Return what a person filled in for a kind of channel."""
        named = (one.partition("=") for one in self.channel_settings)
        return {name.partition(".")[2]: value for name, _, value in named if name.partition(".")[0] == kind}


class Shape(BaseModel):
    """What comes from Postiz: keys that are not named here are let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Connected(Shape):
    """Whether the key works."""

    connected: bool


class Channel(Shape):
    """An account at a social network, or a site, that Postiz publishes to."""

    id: str
    name: str | None = None
    identifier: str = "channel"
    profile: str | None = None
    disabled: bool = False


class Schema(Shape):
    """Which settings a channel takes."""

    properties: dict[str, Any] = {}
    required: tuple[str, ...] = ()


def _schema(told: Any) -> Any:
    """Postiz sends a sentence instead where a channel takes no settings."""
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


class Rules(Shape):
    """What a channel takes."""

    longest: int = Field(default=0, alias="maxLength")
    settings: Annotated[Schema, BeforeValidator(_schema)] = Schema()


class RulesOf(Shape):
    """The answer that holds them."""

    output: Rules


class Media(Shape):
    """An uploaded file."""

    id: str
    path: str


class Made(Shape):
    """A post that was made or changed."""

    post_id: str = Field(alias="postId")


class Posted(Shape):
    """A post's channel, as the listing tells it."""

    id: str
    kind: str = Field(default="", alias="providerIdentifier")
    name: str | None = None


class Tag(Shape):
    """A tag, as the listing tells it."""

    name: str = ""


class Tagged(Shape):
    """A tag on a post."""

    tag: Tag = Tag()


class Note(Shape):
    """What the hub keeps in a post's settings: which copy it is, how it was made, and what Postiz does not list."""

    copy_: str = Field(alias="copy")  # the marker and the content key
    made_as: str = Field(default="draft", alias="type")
    of: str = ""  # the post that it was written into; another one that has it was made by that write, in vain
    image: dict[str, str] = {}  # the picture as it was sent: Postiz does not tell which one a post shows
    more: tuple[dict[str, str], ...] = ()  # further pictures of the same post, in their order

    @property
    def images(self) -> list[dict[str, str]]:
        """Return all pictures as they were sent, the leading one first."""
        return [self.image, *self.more]


class Post(Shape):
    """A post, as the listing tells it."""

    id: str
    content: str | None = None
    at: datetime = Field(alias="publishDate")
    release_url: str | None = Field(default=None, alias="releaseURL")
    release_id: str | None = Field(default=None, alias="releaseId")
    state: str = ""
    every_days: int | None = Field(default=None, alias="intervalInDays")
    settings: str | None = None  # JSON, as everybody's connectors wrote it: what is no JSON must not hide other posts
    tags: tuple[Tagged, ...] = ()
    integration: Posted

    @property
    def is_out(self) -> bool:
        """Whether it was published. A published post that somebody made a draft again keeps its address."""
        return self.state == "PUBLISHED" or bool(self.release_url) or bool(self.release_id)


class Posts(Shape):
    """The listing."""

    posts: list[Post]


class Point(Shape):
    """What was counted on a day."""

    total: float = Field(default=0, allow_inf_nan=False)


class Metric(Shape):
    """One thing that a network counts."""

    label: str
    data: tuple[Point, ...] = ()

    @property
    def latest(self) -> int:
        """The newest count."""
        return int(self.data[-1].total) if self.data else 0


class Numbers(RootModel[list[Metric] | dict[str, Any]]):
    """What is counted of a post; an object instead says that Postiz lost sight of it."""

    @property
    def metrics(self) -> list[Metric]:
        """Those that have a count."""
        return [one for one in self.root if one.data] if isinstance(self.root, list) else []
