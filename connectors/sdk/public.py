"""What anybody sees at a public address: an anonymous read, for evidence of the level `seen`, or for the bytes."""

from __future__ import annotations

import hashlib
import time
from contextlib import closing
from dataclasses import dataclass
from typing import IO
from urllib.parse import urljoin

import httpx

from connectors.sdk.errors import BadAnswer, Unreachable
from connectors.sdk.translate import REDIRECTS
from connectors.sdk.wire import SENT_BY, Monotonic, time_limit

CHUNK = 64 * 1024
MAX_REDIRECTS = 5
OK = 200


@dataclass(frozen=True, slots=True)
class PublicLook:
    """What an anonymous GET was answered. Any status is a finding, not an error."""

    url: str  # where the answer came from, after redirects
    status: int
    sha256: str
    size: int
    media_type: str

    @property
    def whole(self) -> bool:
        """Tell whether what came is what stands there, and not a word about it."""
        return self.status == OK


def fetch_public(
    url: str,
    *,
    client: httpx.Client,
    into: IO[bytes] | None = None,
    named_by: str = "",
    limit: int = 5 * 1024**3,
    total_s: float = 300.0,
    monotonic: Monotonic = time.monotonic,
) -> PublicLook:
    """Read a public address without credentials, past caches, and hash what it sends; memory stays flat.

    Args:
        url: the address.
        client: from `guarded_client`.
        into: a whole answer is written here too.
        named_by: the address of whoever named `url` just now, in whom the guard trusts no more than in a redirect.
        limit: the most bytes that are read.
        total_s: the most time that it takes.
        monotonic: measures it.

    Raises:
        AddressRefused: it, or what it redirects to, is no public address.
        Unreachable: no whole answer came in time. Says nothing about whether it is there.
        BadAnswer: it sends more than `limit` bytes, or redirects in circles.
    """
    with time_limit(total_s, monotonic=monotonic):
        try:
            return _follow(url, client, limit, into, named_by)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure = f"GET of a public address: {type(error).__name__}"
        raise Unreachable("The public address does not answer now. The hub tries again by itself.", detail=failure)


def _follow(url: str, client: httpx.Client, limit: int, into: IO[bytes] | None, named_by: str) -> PublicLook:
    began = {SENT_BY: named_by} if named_by else {}
    for _ in range(MAX_REDIRECTS + 1):
        request = client.build_request(
            "GET", url, headers={"Cache-Control": "no-cache", "Accept": "*/*"}, extensions=began
        )
        began = began or {SENT_BY: url}
        response = client.send(request, stream=True)
        with closing(response):
            if response.status_code not in REDIRECTS or "location" not in response.headers:
                return _hash(url, response, limit, into)
            url = urljoin(url, response.headers["location"])
    raise BadAnswer("The public address redirects in circles. Open it in a browser to see why.")


def _hash(url: str, response: httpx.Response, limit: int, into: IO[bytes] | None) -> PublicLook:
    digest = hashlib.sha256()
    size = 0
    for chunk in response.iter_bytes(CHUNK):
        size += len(chunk)
        if size > limit:
            raise BadAnswer("The public address sends more than any copy holds.", detail=f"more than {limit} bytes")
        digest.update(chunk)
        if into is not None and response.status_code == OK:
            into.write(chunk)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return PublicLook(url, response.status_code, digest.hexdigest(), size, media_type)
