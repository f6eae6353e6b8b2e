"""Values of the API: what comes in is checked strictly, what goes out is described exactly."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.access.actors import Role
from hub.catalogue.models import Lifecycle

Ident = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Line = Annotated[str, StringConstraints(max_length=500)]
Preset = Literal["thumbnail", "web", "original"]
Instant = Annotated[int, Field(description="UTC milliseconds since 1970.", ge=0, le=253_402_300_799_999)]


class Given(BaseModel):
    """What comes in: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", strict=False)


class Shown(BaseModel):
    """What goes out: read from the services' values."""

    model_config = ConfigDict(from_attributes=True)


class AssetPath(BaseModel):
    """Names one asset by id or code."""

    asset_id: Ident


class SignInBody(Given):
    """Credentials of a person."""

    email: Line
    password: Annotated[str, StringConstraints(max_length=1024)]


class FirstBody(SignInBody):
    """The first administrator of a new hub."""

    name: Line
    code: Line = Field(description="The one-time code that the hub printed when it first started.")


class Me(Shown):
    """Who is signed in."""

    id: str
    name: str
    role: Role
    scopes: list[str] | None = None


class SessionOut(Shown):
    """A session that has begun; its cookie came with the answer."""

    csrf: str = Field(description="Send it as X-CSRF-Token with every write.")
    me: Me


class UserIn(SignInBody):
    """A person to add."""

    name: Line
    role: Role


class UserChange(Given):
    """What to change of a person: one thing at a time, so that a refusal leaves nothing half done."""

    role: Role | None = None
    disabled: bool | None = None
    password: Annotated[str, StringConstraints(max_length=1024)] | None = None
    current_password: Annotated[str, StringConstraints(max_length=1024)] = ""

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(one is not None for one in (self.role, self.disabled, self.password)) != 1:
            raise ValueError("name exactly one of role, disabled and password")
        return self


class UserOut(Shown):
    """A person."""

    id: str
    email: str
    name: str
    role: Role
    disabled: bool
    created_at: Instant


class Users(Shown):
    """Everybody."""

    items: list[UserOut]


class TokenIn(Given):
    """A token to issue."""

    label: Line
    scopes: list[Ident] = Field(max_length=20)
    days: int = Field(ge=1, le=366)


class TokenOut(Shown):
    """A token, without its secret."""

    id: str
    user_id: str
    label: str
    scopes: list[str]
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    last_used_at: Instant | None


class Tokens(Shown):
    """One's own tokens."""

    items: list[TokenOut]


class IssuedToken(Shown):
    """A token that was just issued."""

    id: str
    secret: str = Field(description="Shown this once.")


class VersionOut(Shown):
    """One version of an asset."""

    id: str
    number: int
    sha256: str
    size: int
    media_type: str
    filename: str
    by: str
    at: Instant


class AssetOut(Shown):
    """One asset as the asker may see it."""

    id: str
    code: str
    title: str
    kind: str
    lifecycle: Lifecycle
    owner_id: str
    revision: int
    fields: dict[str, str | list[str]] = Field(description="In the catalogue's own language.")
    language: str = Field(description="Tag of the catalogue's own language.")
    translations: dict[str, dict[str, str | list[str]]] = Field(
        description="Texts in other languages: by tag, such as de or pt-BR, then by field."
    )
    versions: list[VersionOut]
    current_version_id: str | None
    approved_version_id: str | None
    successor_id: str | None
    created_at: Instant
    changed_at: Instant
    archived_at: Instant | None
    deleted_at: Instant | None


class AssetQuery(Given):
    """Words, filters and place in a search."""

    q: Line = ""
    lifecycle: list[Lifecycle] = Field([])
    kind: list[Ident] = Field([])
    campaign: list[Line] = Field([])
    project: list[Line] = Field([])
    keyword: list[Line] = Field([])
    collection: list[Ident] = Field([])
    sort: Ident = "newest"
    limit: int = Field(60, ge=1, le=200)
    cursor: Annotated[str, StringConstraints(max_length=1000)] = ""


class Deleted(Shown):
    """Assets that are deleted; `purge_after` says until when each can be brought back."""

    items: list[AssetOut]


class AssetPage(Shown):
    """Part of a search's hits."""

    items: list[AssetOut]
    total: int
    facets: dict[str, dict[str, int]]
    cursor: str | None = Field(description="Send it back for the next part; null at the end.")


class UploadQuery(Given):
    """What comes with the bytes of an upload."""

    filename: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    title: Line | None = None


class Uploaded(Shown):
    """What an upload became."""

    asset_id: str
    code: str
    version_id: str
    duplicate_of: str | None
    upload_id: str


class AssetChange(Given):
    """Metadata to set; fields that are left out stay, an empty value removes one."""

    fields: dict[Ident, str | list[str]] = Field(max_length=40)
    language: Annotated[str, StringConstraints(max_length=35)] = Field(
        "", description="Tag of the language that they are in, such as de or pt-BR; empty: the catalogue's own."
    )


class SuccessorBody(Given):
    """Which asset takes this one's place."""

    successor_id: Ident | None


class ZipBody(Given):
    """Which assets to pack."""

    asset_ids: list[Ident] = Field(min_length=1, max_length=500)
    preset: Preset = "original"


class RenditionPath(AssetPath):
    """Names one form of an asset."""

    preset: Preset


class RenditionQuery(Given):
    """Which version, and whether it is saved or shown."""

    version: Ident | None = None
    download: bool = False


class LinkIn(Given):
    """A delivery link to make."""

    preset: Preset = "web"
    version_id: Ident | None = None
    days: int = Field(7, ge=1, le=365)


class LinkMade(Shown):
    """A delivery link as it was made."""

    id: str
    url: str
    expires_at: Instant


class LinkOut(Shown):
    """A delivery link that was given out; its address is not kept."""

    id: str
    asset_id: str
    version_id: str
    preset: str
    created_by: str
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None


class Links(Shown):
    """The links of one asset."""

    items: list[LinkOut]


class LinkPath(BaseModel):
    """Names one link."""

    link_id: Ident
