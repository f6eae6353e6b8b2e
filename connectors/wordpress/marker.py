"""Our marker in a file's name: `<name>-<marker>-<content key>.<ending>`."""

from __future__ import annotations

import re
from posixpath import splitext

from connectors.sdk.marker import key_in, marker_in
from connectors.sdk.types import Outgoing
from connectors.wordpress.content import file_name

NAME_LENGTH = 48


def marked_name(outgoing: Outgoing) -> str:
    """Return the file name under which a copy is stored: plain ASCII, so that WordPress keeps it as it is."""
    stem, end = splitext(outgoing.filename)
    plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:NAME_LENGTH].strip("-") or "asset"
    return f"{plain}-{outgoing.marker}-{outgoing.content_key}{end.lower()}"


def read_marker(url: str) -> tuple[str | None, str | None]:
    """Return the marker and the content key in a file's address; None where it is not one of ours."""
    name = file_name(url)
    marker = marker_in(name)
    return (marker, key_in(name, marker)) if marker else (None, None)
