"""LinkedIn's shapes, as far as they are read, its names for things, and a connection's settings."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from connectors.sdk.guard import origin_of
from connectors.sdk.manifest import End

API = "https://api.linkedin.com"
WWW = "https://www.linkedin.com"
VERSION = "202608"
SUNSETS = {
    "202508": date(2026, 8, 17), "202510": date(2026, 10, 15), "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15), "202602": date(2027, 2, 15), "202603": date(2027, 3, 16),
}  # fmt: skip
"""The days that LinkedIn announced, in a table and never in an answer:
https://learn.microsoft.com/linkedin/marketing/integrations/migrations, as it stood with 202603 as its newest.
"""
USUAL_DAY = 15  # or a day or two later
ONLY_CONNECTIONS, NO_REPOSTS = "c", "n"
MEMBER, PAGE = "member", "page"
ORGANIZATION = "urn:li:organization:"
MAY_POST = frozenset({"ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN"})
NOT_READY = "unable to obtain activity"
_DUPLICATE = re.compile(r"urn:li:(?:share|ugcPost|activity):\d{1,30}")


class Settings(BaseModel):
    """A connection's settings."""

    pages: bool = Field(default=False, title="Post as company pages instead of as yourself")
    insights: bool = Field(
        default=False, title="Views, reactions and news of posts (asks for more rights; a reviewed app has them)"
    )
    audience: Literal["public", "connections"] = Field(
        default="public",
        title="Who sees your posts",
        description="Everybody, or only your connections. What pages post is always public.",
    )
    reposts: bool = Field(default=True, title="Posts may be reposted")
    app: Annotated[str, StringConstraints(pattern=r"^\d{0,20}$")] = Field(
        default="", title="Number of the app, for news (stands in its address at linkedin.com/developers/apps)"
    )
    version: Annotated[str, StringConstraints(pattern=r"^20[2-9]\d(0[1-9]|1[0-2])$")] = Field(
        default=VERSION, title="Version of LinkedIn's interface (year and month)"
    )
    origin: str = Field(default=API, title="Address of LinkedIn's interface")

    def ends(self) -> tuple[End, ...]:
        """Return when the version ends that is spoken: as announced, else a year after its month, as all did."""
        known = SUNSETS.get(self.version)
        usual = date(int(self.version[:4]) + 1, int(self.version[4:]), USUAL_DAY)
        why = "" if known else " LinkedIn named no day for this one yet; versions live for a year."
        step = f"Set a newer version (year and month) in the settings of this connection.{why}"
        return (End(f"API version {self.version}", known or usual, step, announced=known is not None),)

    def shown_to(self) -> str:
        """Return who may see a post, and do what with it, as it is noted with one: a letter for what is not usual."""
        mine = not self.pages and self.audience == "connections"
        return (ONLY_CONNECTIONS if mine else "") + ("" if self.reposts else NO_REPOSTS)

    def www(self) -> str:
        """Return where people sign in and bytes go: at LinkedIn another host than for everything else."""
        return WWW if origin_of(self.origin) == API else origin_of(self.origin)


class _Shape(BaseModel):
    model_config = ConfigDict(populate_by_name=True)


class UserInfo(_Shape):
    """A member, as OpenID Connect tells."""

    sub: str
    name: str = ""


class Profile(_Shape):
    """A member, as an app with a basic profile sees it."""

    id: str
    first: str = Field(default="", alias="localizedFirstName")
    last: str = Field(default="", alias="localizedLastName")

    @property
    def name(self) -> str:
        """Return the member's name; empty where LinkedIn tells none."""
        return f"{self.first} {self.last}".strip()


class Link(_Shape):
    """Where another part of a list is."""

    rel: str = ""


class Paging(_Shape):
    """Where in a list we are."""

    links: list[Link] = []


class Role(_Shape):
    """What a member may do at a page."""

    organization: str
    role: str = ""
    state: str = ""


class Roles(_Shape):
    """Part of the list of pages where the member has a role."""

    elements: list[Role]
    paging: Paging = Paging()


class Organization(_Shape):
    """A page."""

    name: str = Field(default="", alias="localizedName")
    vanity: str = Field(default="", alias="vanityName")


class Instruction(_Shape):
    """One part of a video, and where it goes."""

    url: str = Field(alias="uploadUrl")
    first: int = Field(alias="firstByte", ge=0)
    last: int = Field(alias="lastByte")


class Begun(_Shape):
    """Where the bytes of a picture, video or document go, and what they will be called."""

    url: str = Field(default="", alias="uploadUrl")
    image: str = ""
    video: str = ""
    document: str = ""
    token: str = Field(default="", alias="uploadToken")
    parts: list[Instruction] = Field(default=[], alias="uploadInstructions")


class Started(_Shape):
    """The answer to the wish to upload."""

    value: Begun


class Video(_Shape):
    """How far LinkedIn is with a video."""

    status: str = ""
    why: str = Field(default="", alias="processingFailureReason")


class Media(_Shape):
    """What a post shows."""

    id: str = ""
    title: str = ""


class MultiImage(_Shape):
    """Several pictures in one post."""

    images: list[Media] = []


class Content(_Shape):
    """What a post consists of besides its text; kinds other than media are never ours."""

    media: Media = Media()
    several: MultiImage = Field(default=MultiImage(), alias="multiImage")

    @property
    def title(self) -> str:
        """Return the title of what the post shows, of several pictures that of the first."""
        return self.several.images[0].title if self.several.images else self.media.title


class Post(_Shape):
    """A post."""

    id: str
    commentary: str = ""
    content: Content = Content()
    lifecycle: str = Field(default="", alias="lifecycleState")

    @field_validator("commentary", mode="before")
    @classmethod
    def _no_text(cls, value: object) -> object:
        return "" if value is None else value

    @field_validator("content", mode="before")
    @classmethod
    def _no_content(cls, value: object) -> object:
        return {} if value is None else value


class Posts(_Shape):
    """Part of an author's posts."""

    elements: list[Post]
    paging: Paging = Paging()


class Subscription(_Shape):
    """Where LinkedIn sends news of a page to."""

    webhook: str = ""


class Counted(_Shape):
    """What LinkedIn counts of one post."""

    counts: dict[str, float] = Field(default={}, alias="totalShareStatistics")


class Statistics(_Shape):
    """What LinkedIn counts; nothing is listed of what nobody saw yet."""

    elements: list[Counted]


class Counts(_Shape):
    """How often one thing was counted: LinkedIn says `count` of members' posts, and `value` of pages' videos."""

    count: int | None = Field(default=None, ge=0, validation_alias=AliasChoices("count", "value"))


class Told(_Shape):
    """What LinkedIn counts of one thing; nothing is listed of what it does not know."""

    elements: list[Counts]

    @property
    def value(self) -> int | None:
        """Return the number; None where LinkedIn told none."""
        return self.elements[0].count if self.elements else None


def error_code(body: Any, text: str) -> str:
    """Name a refusal: by what is wrong with the input, else by its code, else by the one sentence that means wait."""
    fields = _object(body)
    inputs = _object(fields.get("errorDetails")).get("inputErrors")
    first: Any = cast("list[Any]", inputs)[0] if isinstance(inputs, list) and inputs else None
    if NOT_READY in text.lower():
        return "not_ready"
    code = _object(first).get("code") or fields.get("code") or fields.get("error") or ""
    return code if isinstance(code, str) else ""


def duplicate_in(body: Any) -> str:
    """Return the reference of the post that a refusal takes ours for a duplicate of; empty: it names none."""
    found = _DUPLICATE.search(str(_object(body).get("message", "")))
    return found.group() if found and error_code(body, "") == "DUPLICATE_POST" else ""


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
