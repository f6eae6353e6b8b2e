"""Bodies with one file in them, made while it is sent: no more than one chunk is in memory."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from connectors.sdk.source import chunks
from connectors.sdk.types import Source

_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')


class MultipartBody:
    """The body of one upload. `chunks` may be called again for another try."""

    def __init__(self, part: str, outgoing: Source, fields: Mapping[str, str]) -> None:
        self._boundary = f"damhub-{secrets.token_hex(24)}"
        self._outgoing = outgoing
        self._head = _fields(self._boundary, fields) + self._file_head(part)
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def kind(self) -> dict[str, str]:
        """Content-Type with the boundary."""
        return {"Content-Type": f"multipart/form-data; boundary={self._boundary}"}

    @property
    def size(self) -> int:
        """The exact length."""
        return len(self._head) + self._outgoing.size + len(self._tail)

    def chunks(self) -> Iterator[bytes]:
        """Yield the body from a fresh stream of the bytes."""
        yield self._head
        yield from chunks(self._outgoing)
        yield self._tail

    def _file_head(self, part: str) -> bytes:
        return (
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="{_safe(part)}"; '
            f'filename="{_safe(self._outgoing.filename)}"\r\nContent-Type: {_safe(self._outgoing.media_type)}\r\n\r\n'
        ).encode()


def plain_form(fields: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a form without a file, for remotes that take no other kind of form."""
    boundary = f"damhub-{secrets.token_hex(24)}"
    body = _fields(boundary, fields) + f"--{boundary}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


class RelatedBody:
    """What is said of the bytes, as JSON, and the bytes (RFC 2387). `chunks` may be called again for another try."""

    def __init__(self, about: Mapping[str, Any], outgoing: Source) -> None:
        self._boundary = f"damhub-{secrets.token_hex(24)}"
        self._outgoing = outgoing
        said = json.dumps(about, ensure_ascii=False, separators=(",", ":"))
        self._head = (
            f"--{self._boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{said}\r\n"
            f"--{self._boundary}\r\nContent-Type: {_safe(outgoing.media_type)}\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def kind(self) -> dict[str, str]:
        """Content-Type with the boundary."""
        return {"Content-Type": f"multipart/related; boundary={self._boundary}"}

    @property
    def size(self) -> int:
        """The exact length."""
        return len(self._head) + self._outgoing.size + len(self._tail)

    def chunks(self) -> Iterator[bytes]:
        """Yield the body from a fresh stream of the bytes."""
        yield self._head
        yield from chunks(self._outgoing)
        yield self._tail


def _fields(boundary: str, fields: Mapping[str, str]) -> bytes:
    return "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_safe(name)}"\r\n'
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{value}\r\n"
        for name, value in fields.items()
    ).encode()


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text)
