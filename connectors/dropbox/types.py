"""Dropbox's shapes, as far as they are read, and a connection's settings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from connectors.sdk.guard import origin_of

API = "https://api.dropboxapi.com"
CONTENT = "https://content.dropboxapi.com"
_DEEPEST = 6


class Settings(BaseModel):
    """A connection's settings."""

    folder: Annotated[str, StringConstraints(max_length=1000, pattern=r"^(/.*[^/])?$")] = Field(
        default="", title="Only below this folder (such as /Press)"
    )
    whole_team: bool = Field(default=False, title="The team's whole space, not only the member's own folder")
    origin: str = Field(default=API, title="Address of Dropbox's interface")

    def content_origin(self) -> str:
        """Return where bytes are sent and fetched: at Dropbox another host than for everything else."""
        return CONTENT if origin_of(self.origin) == API else origin_of(self.origin)


class _Shape(BaseModel):
    model_config = ConfigDict(populate_by_name=True)


class Named(_Shape):
    """A person's name."""

    display_name: str = ""


class Root(_Shape):
    """Which namespace paths begin in."""

    root_namespace_id: str
    home_namespace_id: str


class AccountType(_Shape):
    """Which plan an account has."""

    tag: str = Field(default="", alias=".tag")


class Me(_Shape):
    """Who we are."""

    account_id: str
    name: Named = Named()
    email: str = ""
    account_type: AccountType = AccountType()
    root_info: Root | None = None


class Property(_Shape):
    """One text that is kept with a file."""

    name: str
    value: str


class Group(_Shape):
    """The texts of one template."""

    template_id: str
    fields: list[Property] = []


class Templates(_Shape):
    """The templates that this app made."""

    template_ids: list[str]


class Template(_Shape):
    """A template's name; how it is made answers only its id."""

    name: str


class MadeTemplate(_Shape):
    """The id of a new template."""

    template_id: str


class Stored(_Shape):
    """What is known of a file."""

    id: str
    name: str
    rev: str = ""
    size: int = 0
    content_hash: str = ""
    property_groups: list[Group] = []


class Entry(_Shape):
    """One line of a listing: a file, a folder, or a path where there is nothing any more."""

    tag: str = Field(alias=".tag")
    name: str
    path_lower: str = ""
    path_display: str = ""
    id: str = ""
    rev: str = ""
    size: int | None = None
    content_hash: str = ""
    client_modified: str = ""
    is_downloadable: bool = True
    property_groups: list[Group] = []


class Listing(_Shape):
    """A page of a listing; its cursor goes on, and on, as a feed."""

    entries: list[Entry]
    cursor: str
    has_more: bool


class Latest(_Shape):
    """A cursor without a listing."""

    cursor: str


class Visibility(_Shape):
    """Who can open a link."""

    tag: str = Field(default="", alias=".tag")


class Permissions(_Shape):
    """What a link allows."""

    resolved_visibility: Visibility | None = None


class Link(_Shape):
    """A shared link, to a file or to a folder."""

    tag: str = Field(default="", alias=".tag")
    url: str
    name: str = ""
    link_permissions: Permissions = Permissions()


class Links(_Shape):
    """A page of shared links."""

    links: list[Link]
    has_more: bool = False
    cursor: str = ""


class SharedIn(_Shape):
    """Which shared folder a file lies in; empty: in none."""

    parent_shared_folder_id: str = ""


class Lying(_Shape):
    """As much of a file as tells who shares it."""

    sharing_info: SharedIn = SharedIn()


class Access(_Shape):
    """What a member may do."""

    tag: str = Field(default="", alias=".tag")


class Member(_Shape):
    """Somebody who shares a folder. Who that is, nobody reads."""

    access_type: Access = Access()


class Members(_Shape):
    """A page of who shares a folder."""

    users: list[Member]
    groups: list[Member]
    invitees: list[Member]
    cursor: str = ""


class Session(_Shape):
    """An upload in pieces."""

    session_id: str


class Kept(_Shape):
    """How far an upload in pieces has come, where another place was expected."""

    correct_offset: int


class Elsewhere(_Shape):
    """The refusal of a piece that is there already."""

    error: Kept


class Refused(_Shape):
    """A refusal after which the work may be done all the same."""

    error_summary: str


class Downloaded(_Shape):
    """What the header of a download says."""

    size: int | None = None
    rev: str = ""
    content_hash: str = ""


def downloaded(text: str) -> Downloaded | None:
    """Read that header; None where it is missing or nonsense."""
    try:
        return Downloaded.model_validate_json(text)
    except ValidationError:
        return None


def error_code(body: Any, text: str) -> str:
    """Return the tags of a refusal, such as `path/conflict/file`; its summary ends in random dots and slashes."""
    del text
    node, words = _object(_object(body).get("error")), list[str]()
    while node and len(words) < _DEEPEST:
        tag = node.get(".tag")
        if isinstance(tag, str):
            words.append(tag)
        # An upload's reason stands under a name of its own, all others under their tag.
        node = _object(node.get(str(tag))) or _object(node.get("reason"))
    return "/".join(words)[:120]


def millis(text: str) -> int | None:
    """Return a time of Dropbox's as UTC milliseconds."""
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None


def _object(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
