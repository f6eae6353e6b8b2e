"""Sends bytes that Delivery has let go: conditional answers and ranges, only after it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Final

from flask import Response, request
from werkzeug.datastructures import Range
from werkzeug.http import parse_range_header

from hub.delivery.service import Served
from hub.errors import HubError
from hub.web.problems import tell

CHUNK: Final = 256 * 1024


class _NoSuchRange(HubError):
    status = 416


def send(served: Served, *, download: bool = False) -> Response:
    """Answer with bytes that were let go: whole, in part, or "not modified"."""
    headers = served.headers(download=download)
    if request.if_none_match.contains_weak(served.etag.strip('"')):
        kept = {k: v for k, v in headers.items() if k not in {"Content-Type", "Content-Disposition"}}
        return Response(status=304, headers=kept)
    start, end, status = 0, served.size, 200
    wanted = _wanted_range()
    condition = request.headers.get("If-Range")
    if wanted is not None and (condition is None or condition == served.etag):
        found = wanted.range_for_length(served.size)
        if found is None:
            return _no_such_range(served.size)
        start, end, status = found[0], found[1], 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{served.size}"
    headers["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status=status, headers=headers)
    body = _chunks(served.open(start, end), end - start)
    return Response(body, status=status, headers=headers, direct_passthrough=True)


def _wanted_range() -> Range | None:
    """Return the one range of bytes that is asked for; what is not understood may be ignored (RFC 9110, 14.2)."""
    try:
        found = parse_range_header(request.headers.get("Range"))
    except ValueError:  # a figure of thousands of digits
        return None
    return found if found is not None and found.units == "bytes" and len(found.ranges) == 1 else None


def _no_such_range(size: int) -> Response:
    response = tell(
        _NoSuchRange("no_such_range", "There are no such bytes.", where="Range",
                     next_step=f"Ask for a range inside its {size} bytes.")
    )  # fmt: skip
    response.headers["Content-Range"] = f"bytes */{size}"
    return response


def _chunks(stream: IO[bytes], left: int) -> Iterator[bytes]:
    with stream:
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
