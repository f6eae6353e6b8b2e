"""Bytes on their way in: small ones in one call, large ones in pieces of which Drive says how much it kept.

https://developers.google.com/workspace/drive/api/guides/manage-uploads
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.sdk.answer import Answer
from connectors.sdk.errors import Missing, OutcomeUnknown, Unreachable
from connectors.sdk.http import Api, Query
from connectors.sdk.source import CHUNK, SourceBroken
from connectors.sdk.types import Outgoing

SMALL = 5 * 1024 * 1024
PIECE = 64 * 1024 * 1024  # a multiple of 256 KiB; it is streamed, so its size costs no memory
GO_ON = 308
_KEPT = re.compile(r"bytes=0-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes go: a new file, or one that gets a new revision."""

    method: str
    path: str
    query: Query


def send(api: Api, place: Place, outgoing: Outgoing, about: Mapping[str, Any]) -> Answer:
    """Send bytes with what is said of them; the answer is the file's."""
    if outgoing.size <= SMALL:
        query = {**place.query, "uploadType": "multipart"}
        return api.upload_related(place.path, outgoing, about, method=place.method, query=query)
    return _Session(api, place, outgoing, about).run()


class _Session:
    """One upload in pieces. Nothing stands in Drive before the last piece is kept."""

    def __init__(self, api: Api, place: Place, outgoing: Outgoing, about: Mapping[str, Any]) -> None:
        self._api = api
        self._outgoing = outgoing
        announced = {
            "X-Upload-Content-Type": outgoing.media_type,
            "X-Upload-Content-Length": str(outgoing.size),
        }
        # It only asks for an address to send to: asking twice makes nothing.
        query = {**place.query, "uploadType": "resumable"}
        begun = api.ask(place.method, place.path, query=query, json=about, headers=announced, reads=True)
        where = urlsplit(begun.headers.get("location", ""))
        # Whoever knows the address can upload: it goes into no path, since paths are named in errors.
        self._path, self._query = where.path, dict(parse_qsl(where.query))
        if not self._query:
            raise begun.call.senseless("no address to send the bytes to", status=begun.status)

    def run(self) -> Answer:
        """Send piece by piece, from where Drive says that it stands."""
        kept, stuck = 0, False
        while True:
            answer = self._piece(kept)
            if answer.status != GO_ON:
                return answer
            now = _kept(answer)
            if now <= kept and stuck:
                raise answer.call.senseless("the same bytes again and again", status=answer.status)
            kept, stuck = now, now <= kept

    def _piece(self, start: int) -> Answer:
        size = min(PIECE, self._outgoing.size - start)
        span = f"bytes {start}-{start + size - 1}/{self._outgoing.size}"
        try:
            return self._put(span, start, size)
        except OutcomeUnknown:  # the session knows how much arrived, and whether that was all
            return self._put(f"bytes */{self._outgoing.size}", start, 0)

    def _put(self, span: str, start: int, size: int) -> Answer:
        try:
            return self._api.stream(
                "PUT", self._path, lambda: _part(self._outgoing, start, size), size, query=self._query,
                headers={"Content-Range": span}, fine=frozenset({GO_ON}),
            )  # fmt: skip
        except Missing as ended:
            raise Unreachable(
                "Google Drive ended an upload before it was complete. The hub begins it anew by itself.",
                detail=ended.detail, status=ended.status,
            ) from ended  # fmt: skip


def _kept(answer: Answer) -> int:
    """Return how many bytes were kept; without the header it is none."""
    told = _KEPT.fullmatch(answer.headers.get("range", ""))
    return int(told.group(1)) + 1 if told else 0


def _part(outgoing: Outgoing, start: int, size: int) -> Iterator[bytes]:
    """Yield exactly this part of the bytes."""
    with closing(outgoing.open()) as stream:
        if stream.seekable():
            stream.seek(start)
        else:
            for at in range(0, start, CHUNK):
                stream.read(min(CHUNK, start - at))
        while size and (chunk := stream.read(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk
    if size:
        raise SourceBroken(f"fewer bytes than the {outgoing.size} announced")
