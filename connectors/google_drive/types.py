"""Google Drive's shapes, as far as they are read, and what its refusals are called."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

MARKER = "damhub"
CONTENT = "damhub-content"
EARLIER = "damhub-earlier"
"""A property that says that earlier bytes of a copy are still to be deleted."""
PROPERTIES = ("creator", "credit", "copyright")
"""Fields that stand in a file's properties: people see name and description, other programs see these."""

NATIVE = "application/vnd.google-apps."
FOLDER = f"{NATIVE}folder"
SHORTCUT = f"{NATIVE}shortcut"
PDF = "application/pdf"
EXPORTS = {
    f"{NATIVE}spreadsheet": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    f"{NATIVE}drawing": "image/png",
    f"{NATIVE}script": f"{NATIVE}script+json",
}
"""What a native document is exported as; all others as PDF, which shows it as it looks."""


class Settings(BaseModel):
    """A connection's settings."""

    origin: str = Field(default="https://www.googleapis.com", title="Address of Google's interface")
    testing: bool = Field(
        default=False, title="The app at Google is in testing mode", description="Sign-ins then end after 7 days."
    )


class KeyFile(BaseModel):
    """What is used of a service account's key file."""

    client_email: str
    private_key: str
    private_key_id: str = ""
    project_id: str = ""


class Shape(BaseModel):
    """What comes from Drive: keys that are not named here are let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class User(Shape):
    """Whose account it is."""

    permission_id: str
    display_name: str = ""
    email_address: str = ""


class Storage(Shape):
    """How many bytes are used, and of how many: of the whole organization where its storage is pooled."""

    limit: int | None = None  # not told where it is unlimited
    usage: int | None = None


class About(Shape):
    """What Drive says of the account."""

    user: User
    storage_quota: Storage = Storage()


class Drive(Shape):
    """A shared drive."""

    id: str
    name: str = ""


class Drives(Shape):
    """A page of shared drives."""

    drives: tuple[Drive, ...]
    next_page_token: str = ""


class Capabilities(Shape):
    """What this account may do with a file."""

    can_add_children: bool = True
    can_download: bool = True


class Pointer(Shape):
    """Where a shortcut leads; the kind is as it was when the shortcut was made."""

    target_id: str = ""
    target_mime_type: str = ""


class File(Shape):
    """A file, folder, shortcut or native document. Any of the rest may be missing."""

    id: str
    name: str = ""
    mime_type: str = ""
    size: int | None = None
    md5_checksum: str = ""
    sha1_checksum: str = ""
    sha256_checksum: str = ""
    created_time: str = ""
    modified_time: str = ""
    version: str = ""
    head_revision_id: str = ""
    parents: tuple[str, ...] = ()
    description: str = ""
    starred: bool = False
    properties: dict[str, str] = Field(default_factory=dict)
    app_properties: dict[str, str] = Field(default_factory=dict)
    trashed: bool = False
    drive_id: str = ""
    capabilities: Capabilities = Capabilities()
    shortcut_details: Pointer = Pointer()
    web_view_link: str | None = None

    @property
    def native(self) -> bool:
        """Tell whether it has no bytes of its own."""
        return self.mime_type.startswith(NATIVE)


class Shortcut(Shape):
    """As much of a shortcut as a use tells."""

    id: str
    name: str = ""
    web_view_link: str | None = None


T = TypeVar("T")


class Files(Shape, Generic[T]):
    """A page of a listing."""

    files: tuple[T, ...]
    next_page_token: str = ""
    incomplete_search: bool = False


class Exportable(Shape):
    """Where people get a native document's exports, by media type."""

    export_links: dict[str, str] = Field(default_factory=dict)


class Revision(Shape):
    """What a file was at some time."""

    id: str


class Revisions(Shape):
    """A page of what a file was, oldest first."""

    revisions: tuple[Revision, ...]
    next_page_token: str = ""


class Permission(Shape):
    """Who can open a file. Whose name and address that is, nobody asks."""

    id: str = ""
    type: str = ""
    role: str = ""
    domain: str = ""
    allow_file_discovery: bool = False
    deleted: bool = False


class Permissions(Shape):
    """A page of who can open a file."""

    permissions: tuple[Permission, ...]
    next_page_token: str = ""


class GivenIds(Shape):
    """Ids for files that are yet to be made."""

    ids: tuple[str, ...]


class Changed(Shape):
    """One line of a change log: what an item is now, not what happened."""

    change_type: str = ""
    file_id: str = ""
    removed: bool = False
    file: File | None = None


class News(Shape):
    """A page of a change log. Exactly one of the tokens is there."""

    changes: tuple[Changed, ...]
    next_page_token: str = ""
    new_start_page_token: str = ""


class Start(Shape):
    """Where a change log begins now."""

    start_page_token: str


class Channel(Shape):
    """A watch channel."""

    resource_id: str = ""
    expiration: int | None = None  # in ms by Drive's clock; sent as text


class _Reason(Shape):
    reason: str = ""
    location: str = ""


class _Error(Shape):
    code: int = 0
    errors: tuple[_Reason, ...] = ()
    details: tuple[_Reason, ...] = ()


class _Refusal(Shape):
    error: _Error


def error_code(body: Any, text: str) -> str:
    """Return the reason of a refusal, which says more than its status; 429 says enough by itself."""
    del text
    try:
        error = _Refusal.model_validate(body).error
    except ValidationError:
        return ""
    first = next(iter((*error.errors, *error.details)), _Reason())
    if first.reason == "invalid" and first.location == "pageToken":
        return "invalidPageToken"
    return "" if error.code == HTTPStatus.TOO_MANY_REQUESTS else first.reason


def millis(text: str) -> int | None:
    """Return a point in time as UTC milliseconds; None where there is none."""
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)
    except ValueError:
        return None
