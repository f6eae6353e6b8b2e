"""Dropbox's own forms of answer and refusal, for its sandbox."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from flask import Response, request

BLOCK = 4 * 1024 * 1024
KEPT = 1024 * 1024
CHUNK = 64 * 1024
EMPTY = hashlib.sha256(b"").hexdigest()


class Intake:
    """Bytes as they come: hashed twice, kept while they are few."""

    def __init__(self) -> None:
        self.size = 0
        self.kept = b""
        self._sha256, self._block, self._blocks, self._left = hashlib.sha256(), hashlib.sha256(), b"", BLOCK

    def copy(self) -> Intake:
        """Return the same again: what breaks off halfway leaves no trace."""
        other = Intake()
        other.size, other.kept, other._blocks, other._left = self.size, self.kept, self._blocks, self._left
        other._sha256, other._block = self._sha256.copy(), self._block.copy()
        return other

    def take(self, data: bytes) -> None:
        """Take some more."""
        self.size += len(data)
        self._sha256.update(data)
        self.kept = self.kept + data if self.size <= KEPT else b""
        while data:
            now, data = data[: self._left], data[self._left :]
            self._block.update(now)
            self._left -= len(now)
            if not self._left:
                self._blocks, self._block, self._left = self._blocks + self._block.digest(), hashlib.sha256(), BLOCK

    @property
    def sha256(self) -> str:
        """The usual hash."""
        return self._sha256.hexdigest()

    @property
    def content_hash(self) -> str:
        """Dropbox's hash."""
        last = self._block.digest() if self._left < BLOCK else b""
        return hashlib.sha256(self._blocks + last).hexdigest()


def content_hash(data: bytes) -> str:
    """Return Dropbox's hash of bytes that are held anyway, computed in another way than while they come."""
    digests = (hashlib.sha256(data[at : at + BLOCK]).digest() for at in range(0, len(data), BLOCK))
    return hashlib.sha256(b"".join(digests)).hexdigest()


def answer(body: Any) -> Response:
    """Answer JSON; calls without a result answer the word null."""
    return Response(json.dumps(body), content_type="application/json")


def tagged(*tags: str, **more: Any) -> dict[str, Any]:
    """Nest tags as Dropbox does; the innermost carries what else is told."""
    if len(tags) == 1:
        return {".tag": tags[0], **more}
    return {".tag": tags[0], tags[0]: tagged(*tags[1:], **more)}


def refuse(*tags: str, status: int = 409, **more: Any) -> Response:
    """Refuse; the summary ends in dots that mean nothing."""
    body = {"error_summary": "/".join(tags) + "/..", "error": tagged(*tags, **more)}
    return Response(json.dumps(body), status, content_type="application/json")


def refuse_upload(*tags: str, session: str = "AAAAAAAAAGo") -> Response:
    """Refuse to write a file: here the reason has a name of its own, and the bytes are in a session."""
    error = {".tag": "path", "reason": tagged(*tags), "upload_session_id": session}
    body = {"error_summary": "/".join(("path", *tags)) + "/...", "error": error}
    return Response(json.dumps(body), 409, content_type="application/json")


def complain(why: str) -> Response:
    """Dropbox answers plain text to a request that is no request."""
    return Response(f"Error in call to API function: {why}", 400, content_type="text/plain; charset=utf-8")


def arguments() -> dict[str, Any]:
    """Return what was sent: in a header beside bytes, else in the body, which is null where there is nothing."""
    text = request.headers.get("Dropbox-API-Arg")
    return as_object(json.loads(text) if text else request.get_json(silent=True))


def as_object(value: object) -> dict[str, Any]:
    """Return an object as it is, and anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def asked() -> list[str]:
    """Return the templates whose groups were asked for."""
    return list(as_object(arguments().get("include_property_groups")).get("filter_some", []))


def received() -> Intake:
    """Read a body of bytes."""
    intake = Intake()
    while chunk := request.stream.read(CHUNK):
        intake.take(chunk)
    return intake


def sealed(place: Mapping[str, Any]) -> str:
    """Make a cursor of a place in a listing."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
