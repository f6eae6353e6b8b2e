"""Shapes of what a folder's door answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from connectors.sdk.folder import origin_of_folder


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
