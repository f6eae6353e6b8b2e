"""The made-up Postiz's media library: kinds are told by bytes, names are random, nothing is recognised again."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable
from typing import Any, cast

from flask import Response, request

from connectors.postiz.sandbox_answers import said, told
from connectors.postiz.sandbox_posts import ENDINGS

CHUNK = 64 * 1024
LARGEST_IMAGE = 10 * 1024 * 1024
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF8", "gif"), (b"BM", "bmp"), (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
)  # fmt: skip
_BRANDS = {b"avif": "avif", b"isom": "mp4", b"mp42": "mp4"}


class Uploads:
    """Takes files; `media` keeps the hash of the bytes of each path."""

    def __init__(self, media: dict[str, str], origin: Callable[[], str]) -> None:
        self._media = media
        self._origin = origin

    def by_form(self) -> Response:
        """Take one file in a form, whatever its name and type say."""
        files = [(name, file) for name, file in request.files.items(multi=True)]
        stranger = next((name for name, _ in files if name != "file"), "file" if len(files) > 1 else "")
        if stranger:
            return told(400, f"Unexpected field - {stranger}")
        if not files:
            return said({"msg": "No file provided"}, 400)
        stream, digest, size = files[0][1].stream, hashlib.sha256(), 0
        head = stream.read(CHUNK)
        chunk = head
        while chunk:
            digest.update(chunk)
            size += len(chunk)
            chunk = stream.read(CHUNK)
        wrong, ending = sniffed(head, size)
        return wrong or said(self._keep(digest.hexdigest(), ending), 201)

    def _keep(self, sha256: str, ending: str) -> dict[str, Any]:
        name = f"{uuid.uuid4().hex}.{ending}"
        path = f"{self._origin()}/uploads/2026/11/23/{name}"
        self._media[path] = sha256
        nothing = dict.fromkeys(("originalName", "thumbnail", "alt"))
        return {"id": str(uuid.uuid4()), "name": name, "path": path, **nothing}

    def by_address(self) -> Response:
        """Refuse an address as the real one does; there is nothing that could be fetched from here."""
        url = str(_sent().get("url") or "")
        if not url.startswith("https://") or re.match(r"https://(localhost|127\.|10\.|169\.254\.|\[::1\])", url):
            inside = "URL must be a public HTTPS URL and cannot point to internal network addresses"
            return told(400, [inside])
        if not url.partition("?")[0].endswith(ENDINGS):
            return told(400, ["File must have a valid extension: .png, .jpg, .jpeg, .gif, .webp, or .mp4"])
        return said({"msg": "Failed to fetch URL"}, 400)


def sniffed(head: bytes, size: int) -> tuple[Response | None, str]:
    """Tell the kind of a file by its bytes, or refuse it."""
    ending = next((ending for magic, ending in _MAGIC if head.startswith(magic)), "")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        ending = "webp"
    if head[4:8] == b"ftyp":
        ending = _BRANDS.get(head[8:12], "")
    if not ending:
        return told(400, "Unsupported file type."), ""
    if ending != "mp4" and size > LARGEST_IMAGE:
        return told(400, f"File size exceeds the maximum allowed size of {LARGEST_IMAGE} bytes."), ""
    return None, ending


def _sent() -> dict[str, Any]:
    body: Any = request.get_json(silent=True)
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}
