"""The made-up Drive's ids for files that are yet to be made. Each tells by itself whom and what it was given for.

What is refused is what the guide says; that an id stays taken after its file is deleted, and what an id that was never
given is answered, is written down nowhere: here it is the harder way.
https://developers.google.com/workspace/drive/api/guides/create-file
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from connectors.google_drive.sandbox_answers import Refused, invalid, partial
from connectors.google_drive.types import FOLDER, NATIVE, SHORTCUT

USUAL = 10
DRIVE, FILES, SHORTCUTS = "drive", "files", "shortcuts"


def give(user: str) -> Response:
    """Answer `files.generateIds`."""
    space, kind = request.args.get("space", DRIVE), request.args.get("type", FILES)
    if kind == SHORTCUTS and space != DRIVE:
        raise invalid("type")
    ids = [_sealed(secrets.token_hex(12), user, space, kind) for _ in range(request.args.get("count", USUAL, int))]
    return partial({"kind": "drive#generatedIds", "space": space, "ids": ids}, "GeneratedIds")


def chosen(about: Mapping[str, Any], user: str, *, taken: bool) -> None:
    """Hold a new file's id to what Drive gave.

    Raises:
        Refused: the id is taken, or was given to somebody else, for something else, or never.
    """
    ref, media_type = str(about["id"]), str(about.get("mimeType", ""))
    if taken:
        raise Refused(409, "fileIdInUse", "A file already exists with the provided ID.")
    kind = SHORTCUTS if media_type == SHORTCUT else FILES
    if ref != _sealed(ref[1:25], user, DRIVE, kind):
        raise Refused(400, "invalid", "The provided file ID is not usable.", "file.id")
    if media_type.startswith(NATIVE) and media_type not in (FOLDER, SHORTCUT) and ".drive-sdk" not in media_type:
        raise Refused(400, "generatedIdNotSupported", "Generated IDs are not supported for Google Docs formats.")


def _sealed(word: str, user: str, space: str, kind: str) -> str:
    """Return an id of the usual 33 letters."""
    seal = hashlib.sha256(f"{word} {user} {space} {kind}".encode()).hexdigest()
    return f"1{word}{seal[:8]}"
