"""Files of a library: hashed as anybody sees them, fetched for an import, digested for an upload."""

from __future__ import annotations

import hashlib
from contextlib import closing
from http import HTTPStatus
from typing import IO

from connectors.sdk.errors import BadAnswer, Misconfigured
from connectors.sdk.http import Api
from connectors.sdk.types import Fetched, Outgoing
from connectors.wordpress.content import Item

CHUNK = 1024 * 1024


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
    """Read the bytes of the file that was uploaded.

    Raises:
        Misconfigured: it lies elsewhere, such as at a delivery network.
        BadAnswer: the site answers a page instead of a file.
    """
    if not api.reaches(item.uploaded):
        raise Misconfigured("The site keeps this file elsewhere, where the hub does not sign in. Fetch it by hand.")
    answer = api.download(item.uploaded, into)
    if answer.headers.get("content-type", "").startswith("text/html") and media_type != "text/html":
        raise BadAnswer(f"The site answers a page in the place of the file of item {item.id}. Look at its plugins.")
    return Fetched(answer.size, media_type, revision)
