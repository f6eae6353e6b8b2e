"""A form with one file in it, made while it is sent: no more than one chunk is in memory."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping

from connectors.sdk.source import chunks
from connectors.sdk.types import Outgoing

_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\]')


class MultipartBody:
    """The body of one upload. `chunks` may be called again for another try."""

    def __init__(self, part: str, outgoing: Outgoing, fields: Mapping[str, str]) -> None:
        self._boundary = f"damhub-{secrets.token_hex(24)}"
        self._outgoing = outgoing
        self._head = b"".join(self._field(name, value) for name, value in fields.items()) + self._file_head(part)
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def headers(self) -> dict[str, str]:
        """Content-Type and the exact Content-Length."""
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(len(self._head) + self._outgoing.size + len(self._tail)),
        }

    def chunks(self) -> Iterator[bytes]:
        """Yield the body from a fresh stream of the bytes."""
        yield self._head
        yield from chunks(self._outgoing)
        yield self._tail

    def _field(self, name: str, value: str) -> bytes:
        return (
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="{_safe(name)}"\r\n'
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{value}\r\n"
        ).encode()

    def _file_head(self, part: str) -> bytes:
        return (
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="{_safe(part)}"; '
            f'filename="{_safe(self._outgoing.filename)}"\r\nContent-Type: {_safe(self._outgoing.media_type)}\r\n\r\n'
        ).encode()


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text)
