"""Files of a library: hashed as anybody sees them, fetched for an import, digested for an upload."""

from __future__ import annotations

import hashlib
from contextlib import closing
from http import HTTPStatus
from typing import IO

from connectors.sdk.errors import BadAnswer, Missing, Unreachable
from connectors.sdk.http import Api
from connectors.sdk.types import Fetched, Outgoing
from connectors.wordpress.content import Item

CHUNK = 1024 * 1024
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def md5_of(outgoing: Outgoing) -> str:
    """Return the only digest that WordPress compares an upload with."""
    digest = hashlib.md5(usedforsecurity=False)
    with closing(outgoing.open()) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def hash_of(api: Api, item: Item) -> str | None:
    """Hash the file that was uploaded, as visitors get it; None where the site does not hand it out."""
    seen = api.look_public(item.uploaded)
    return seen.sha256 if seen.status == HTTPStatus.OK else None


def fetched(api: Api, item: Item, into: IO[bytes], *, media_type: str, revision: str) -> Fetched:
    """Read the bytes of the file that was uploaded; elsewhere, as at a delivery network, as anybody can.

    Raises:
        Missing: the file is gone from where it lay elsewhere.
        Unreachable: it is not handed out there now.
        BadAnswer: a page is answered instead of a file.
    """
    size, came = _at_the_site(api, item, into) if api.reaches(item.uploaded) else _elsewhere(api, item, into)
    if came.startswith("text/html") and media_type != "text/html":
        raise BadAnswer(f"The site answers a page in the place of the file of item {item.id}. Look at its plugins.")
    return Fetched(size, media_type, revision)


def _at_the_site(api: Api, item: Item, into: IO[bytes]) -> tuple[int, str]:
    answer = api.download(item.uploaded, into)
    return answer.size, answer.headers.get("content-type", "")


def _elsewhere(api: Api, item: Item, into: IO[bytes]) -> tuple[int, str]:
    """Read without credentials: they are the site's, and go nowhere else."""
    seen = api.look_public(item.uploaded, into)
    if seen.status in GONE:
        raise Missing(f"The file of item {item.id} is not where WordPress says that it lies.", status=seen.status)
    if not seen.whole:
        why = f"{seen.status} for the file of item {item.id}"
        raise Unreachable("The file lies elsewhere, and is not handed out now. The hub reads it again.", detail=why)
    return seen.size, seen.media_type
