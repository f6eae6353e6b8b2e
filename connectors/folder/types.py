"""Shapes: what a folder's door answers, and the manifest that stands beside each file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from connectors.sdk.folder import origin_of_folder
from connectors.sdk.types import Outgoing

MANIFEST_END = ".damhub.json"


class Settings(BaseModel):
    """A connection's settings."""

    folder: Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,40}|https?://[^/\s]+)$")] = Field(
        title="Name that the hub's operator gave the folder"
    )
    public_url: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://.+[^/])?$")] = Field(
        default="", title="Address under which anybody can read the folder, if anybody can"
    )

    @property
    def origin(self) -> str:
        """Where the folder is spoken to; a whole address leads to a rehearsal."""
        return self.folder if "://" in self.folder else origin_of_folder(self.folder)


class Shape(BaseModel):
    """What is read: names that are not known are let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Entry(Shape):
    """A file or folder."""

    path: str
    folder: bool
    size: int
    modified_ms: int
    etag: str


class Facts(Entry):
    """One that was read."""

    sha256: str


class Listing(Shape):
    """A page of a listing."""

    entries: tuple[Entry, ...]
    cursor: str | None


class Beside(Shape):
    """The manifest beside a file: what the hub says of it. It holds for the bytes that it names, and for no others."""

    damhub: int = 1  # the version of this shape
    marker: str
    sha256: str
    size: int
    media_type: str = ""
    link: str = ""  # the hub's own address of this copy
    fields: dict[str, JsonValue] = {}

    @classmethod
    def of(cls, outgoing: Outgoing, fields: dict[str, JsonValue]) -> Beside:
        """Say of what goes out."""
        return cls(
            marker=outgoing.marker, sha256=outgoing.sha256, size=outgoing.size, media_type=outgoing.media_type,
            link=outgoing.link, fields=fields,
        )  # fmt: skip

    @classmethod
    def read(cls, text: bytes) -> Beside | None:
        """Read one; None where people left something that is none."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None
