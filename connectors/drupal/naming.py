"""How a copy is named: a UUID of our own choice, which a second creation is refused for, and the name of its file.

The file is called `<name>-<marker>-<content key>-<UUID without dashes>.<ending>`. Drupal's filters on media hide items
that are not published; those on files hide nothing of ours. So a copy is found by its file, whose name says the UUID.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from posixpath import splitext

from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.types import Outgoing

NAMESPACE = uuid.UUID("5d2f8a0e-6c1b-5f0a-9c3e-2b7f4c1d9e60")
"""Never to be changed: every copy that was ever made is named by it."""
NAME_LENGTH = 48
NOBODY = "00000000-0000-0000-0000-000000000000"
"""The UUID of nothing."""


@dataclass(frozen=True, slots=True)
class Name:
    """What a file's name says."""

    marker: str
    content_key: str
    ref: str  # the UUID of the media item that it was uploaded for


def ref_of(outgoing: Outgoing) -> str:
    """Return the UUID of the media item for these bytes in this placement: the same for each try."""
    return str(uuid.uuid5(NAMESPACE, f"{outgoing.marker}/{outgoing.content_key}"))


def in_names(ref: str) -> str:
    """Return the UUID as file names carry it."""
    return ref.replace("-", "")


def file_name(outgoing: Outgoing, ref: str) -> str:
    """Return the file name under which the bytes are uploaded: plain ASCII, so that every site keeps it as it is."""
    stem, end = splitext(outgoing.filename)
    plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:NAME_LENGTH].strip("-") or "asset"
    return f"{plain}-{outgoing.marker}-{outgoing.content_key}-{in_names(ref)}{end.lower()}"


def read_name(name: str) -> Name | None:
    """Read a file's name; None where it is none of ours. Drupal adds `_0` where a name was taken."""
    marker = marker_in(name)
    key = key_in(name, marker) if marker else None
    if marker is None or key is None:
        return None
    found = re.search(rf"{marker}-{key}-([0-9a-f]{{32}})(?![a-z0-9])", name.lower())
    return Name(marker, key, str(uuid.UUID(found.group(1)))) if found else None
