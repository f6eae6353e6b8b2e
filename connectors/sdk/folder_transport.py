"""Carries requests to folders instead of the network: httpx on one side, `connectors.sdk.folder` on the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import cast

import httpx

from connectors.sdk.folder import HOST, Door
from connectors.sdk.guard import AddressRefused
from connectors.sdk.source import SourceBroken

PATTERN = f"http://*{HOST}"


class FolderTransport(httpx.BaseTransport):
    """Reaches the folders that an operator named, and no others; no redirect of a remote leads there."""

    def __init__(self, folders: Mapping[str, Path], *, sent_by: str) -> None:
        self._folders = dict(folders)
        self._sent_by = sent_by

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        name = request.url.host.removesuffix(HOST)
        top = self._folders.get(name)
        if top is None or self._sent_by in request.extensions:
            raise AddressRefused(
                f"The hub's operator named no folder {name[:60]}. Correct the name in the connection's settings, or "
                "ask to have it added to DAMHUB_FOLDERS."
            )
        headers = {key.lower(): value for key, value in request.headers.items()}
        reply = Door(top).answer(request.method, request.url.raw_path.decode(), headers, _sent(request))
        return httpx.Response(reply.status, headers=dict(reply.headers), stream=_Body(reply.body))


def _sent(request: httpx.Request) -> Iterator[bytes]:
    """Yield what is sent. That it cannot be read here says nothing about the folder."""
    try:
        yield from cast("Iterable[bytes]", request.stream)
    except OSError as error:
        raise SourceBroken(str(error)) from error


class _Body(httpx.SyncByteStream):
    """A body that a disk may fail to read to its end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        close = getattr(self._chunks, "close", None)
        if callable(close):
            close()
