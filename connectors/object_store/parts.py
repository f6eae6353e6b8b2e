"""Files that are larger than a store takes in one call: they go up in parts, and nothing stands there before the end.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from connectors.object_store.signing import HASH
from connectors.object_store.types import (
    CHECKSUM,
    KEY_META,
    PARTS_META,
    SHA256_META,
    each,
    following,
    local,
    millis,
    parsed,
    text_of,
)
from connectors.sdk.answer import Answer
from connectors.sdk.errors import GiveUp, OutcomeUnknown, Rejected, RetryLater
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.paging import every
from connectors.sdk.source import CHUNK, part
from connectors.sdk.types import Outgoing, Page

PIECE = 64 * 1024 * 1024
"""A part is streamed, so its size costs no memory. Stores want 5 MiB or more of each but the last."""
MOST_PARTS = 10_000
LEFT_BEHIND_MS = 7 * 24 * 3600 * 1000
NAMES = "http://s3.amazonaws.com/doc/2006-03-01/"
INSIDE = {"PreconditionFailed": 412, "InternalError": 500}
"""Statuses of refusals that may stand inside a success, where they are not 400."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a file."""

    number: int  # from 1 on
    start: int
    size: int
    sha256: bytes

    @property
    def checksum(self) -> str:
        """Its hash as stores write it."""
        return base64.b64encode(self.sha256).decode()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes."""

    api: Api
    bucket: str  # path
    path: Callable[[str], str]  # of an object's name
    prefix: str  # the connection's part of the bucket
    key: str


@dataclass(frozen=True, slots=True)
class _Begun:
    key: str
    id: str
    forgotten: bool  # a hub began it, and so long ago that nobody goes on with it


def cut(outgoing: Outgoing, most: int) -> tuple[Piece, ...]:
    """Read a file once, and return its parts.

    Raises:
        Rejected: `object_too_large`: that many parts of `most` bytes do not hold it.
        RetryLater: it does not hold the bytes that were announced.
    """
    size = max(min(PIECE, most), -(-outgoing.size // MOST_PARTS))
    if size > most:
        raise Rejected(
            f"The file is larger than {MOST_PARTS:,} times what this store takes in one call. Publish a smaller one; "
            "or, if the store takes more, say so in the settings of the connection.",
            code="object_too_large",
        )
    whole, found = hashlib.sha256(), list[Piece]()
    with closing(outgoing.open()) as stream:
        while len(found) * size < outgoing.size:
            digest, left = hashlib.sha256(), size
            while left and (chunk := stream.read(min(CHUNK, left))):
                digest.update(chunk)
                whole.update(chunk)
                left -= len(chunk)
            found.append(Piece(len(found) + 1, len(found) * size, size - left, digest.digest()))
            if left:
                break
    if whole.hexdigest() != outgoing.sha256:
        raise RetryLater("The file could not be read as it was announced. The hub tries again.", code="source_broken")
    return tuple(found)


def checksum_of(pieces: tuple[Piece, ...]) -> str:
    """Return what a store tells of an object that came in these parts: the hash of their hashes, and how many."""
    digest = hashlib.sha256(b"".join(one.sha256 for one in pieces)).digest()
    return f"{base64.b64encode(digest).decode()}-{len(pieces)}"


def send(place: Place, outgoing: Outgoing, condition: dict[str, str], most: int) -> None:
    """Send a file; a try that was cut short goes on where it was. It stands there if the condition holds at the end.

    Raises:
        Rejected: with status 412 where the condition does not hold; or `object_too_large`.
    """
    pieces = cut(outgoing, most)
    size, _, kept = outgoing.kept.partition(" ")
    begun = _tidied(place, kept if size == str(pieces[0].size) else "")
    upload = begun or _begin(place, outgoing, pieces)
    arrived = _arrived(place, upload) if begun else {}
    etags = [arrived.get((one.number, one.checksum)) or _sent(place, upload, outgoing, one) for one in pieces]
    try:
        _complete(place, upload, pieces, etags, condition)
    except (GiveUp, RetryLater) as refused:
        if isinstance(refused, GiveUp) or refused.status == HTTPStatus.CONFLICT:  # then it must be begun anew
            _abort(place, place.key, upload)
        raise


def _tidied(place: Place, kept: str) -> str:
    """Throw away what killed tries left, of this object and, after a week, of any; return the one to go on with."""
    found = list(every(lambda cursor: _uploads(place, cursor)))
    for one in found:
        if one.id != kept and (one.key == place.key or one.forgotten):
            _abort(place, one.key, one.id)
    return next((one.id for one in found if (one.key, one.id) == (place.key, kept)), "")


def _uploads(place: Place, cursor: str | None) -> Page[_Begun]:
    key, _, upload = (cursor or "").partition("\n")
    query = {
        "uploads": "", "prefix": place.prefix or None, "encoding-type": "url", "key-marker": key or None,
        "upload-id-marker": upload or None,
    }  # fmt: skip
    answer = place.api.ask("GET", place.bucket, query=query)
    root = parsed(answer, "ListMultipartUploadsResult")
    more = following(answer, root, "NextKeyMarker")
    cursor = f"{unquote_plus(more)}\n{text_of(root, 'NextUploadIdMarker')}" if more else None
    return Page(tuple(_begun(answer, one) for one in each(root, "Upload")), cursor)


def _begun(answer: Answer, element: Element) -> _Begun:
    """Read one; whether it is ours and how old it is, by the store's own clock."""
    key, at = unquote_plus(text_of(element, "Key")), millis(text_of(element, "Initiated"))
    now = _clock(answer)
    old = at is not None and now is not None and at < now - LEFT_BEHIND_MS
    return _Begun(key, text_of(element, "UploadId"), old and marker_in(key.rpartition("/")[2]) is not None)


def _clock(answer: Answer) -> int | None:
    try:
        return int(parsedate_to_datetime(answer.headers.get("date", "")).timestamp() * 1000)
    except ValueError:
        return None


def _begin(place: Place, outgoing: Outgoing, pieces: tuple[Piece, ...]) -> str:
    headers = {
        "Content-Type": outgoing.media_type, "x-amz-checksum-algorithm": "SHA256", KEY_META: outgoing.content_key,
        SHA256_META: outgoing.sha256, PARTS_META: checksum_of(pieces),
    }  # fmt: skip
    answer = place.api.ask("POST", place.path(place.key), query={"uploads": ""}, headers=headers)
    upload = text_of(parsed(answer, "InitiateMultipartUploadResult"), "UploadId")
    if not upload:
        raise answer.call.senseless("an upload without a name", status=answer.status)
    outgoing.keep(f"{pieces[0].size} {upload}")
    return upload


def _arrived(place: Place, upload: str) -> dict[tuple[int, str], str]:
    """Return the ETags of parts that are there, by number and hash: where a store tells no hash, none."""

    def page(cursor: str | None) -> Page[Element]:
        query = {"uploadId": upload, "part-number-marker": cursor}
        answer = _there(place.api.ask("GET", place.path(place.key), query=query))
        root = parsed(answer, "ListPartsResult")
        return Page(tuple(each(root, "Part")), following(answer, root, "NextPartNumberMarker"))

    found = ((text_of(one, "PartNumber"), text_of(one, "ChecksumSHA256"), text_of(one, "ETag")) for one in every(page))
    return {(int(number), checksum): etag for number, checksum, etag in found if number.isdecimal() and checksum}


def _sent(place: Place, upload: str, outgoing: Outgoing, piece: Piece) -> str:
    """Send one part; sent again, it takes the place of the one before."""
    headers = {HASH: piece.sha256.hex(), CHECKSUM: piece.checksum}
    query = {"partNumber": piece.number, "uploadId": upload}

    def put() -> Answer:
        return place.api.stream(
            "PUT", place.path(place.key), lambda: part(outgoing, piece.start, piece.size), piece.size, query=query,
            headers=headers,
        )  # fmt: skip

    try:
        answer = put()
    except OutcomeUnknown:
        answer = put()
    etag = _there(answer).headers.get("etag", "")
    if not etag or answer.body.strip():
        raise answer.call.senseless("an answer to a part without an ETag, or with a body", status=answer.status)
    return etag


def _complete(
    place: Place, upload: str, pieces: tuple[Piece, ...], etags: list[str], condition: dict[str, str]
) -> None:
    told = "".join(
        f"<Part><PartNumber>{one.number}</PartNumber><ETag>{escape(etag)}</ETag>"
        f"<ChecksumSHA256>{one.checksum}</ChecksumSHA256></Part>"
        for one, etag in zip(pieces, etags, strict=True)
    )
    body = f'<CompleteMultipartUpload xmlns="{NAMES}">{told}</CompleteMultipartUpload>'.encode()
    headers = {"Content-Type": "application/xml", HASH: hashlib.sha256(body).hexdigest(), **condition}
    answer = place.api.ask("POST", place.path(place.key), query={"uploadId": upload}, content=body, headers=headers)
    root = parsed(_there(answer), "CompleteMultipartUploadResult", "Error")
    if local(root) == "Error":  # a store may begin to answer before it knows
        code = text_of(root, "Code")
        status = INSIDE.get(code, HTTPStatus.BAD_REQUEST)
        raise place.api.fault(answer.call, code, text_of(root, "Message"), status) or _ended()


def _abort(place: Place, key: str, upload: str) -> None:
    """Throw an upload away; one that is gone already is no error."""
    place.api.delete(place.path(key), query={"uploadId": upload})


def _there(answer: Answer) -> Answer:
    if answer.status == HTTPStatus.NOT_FOUND:
        raise _ended()
    return answer


def _ended() -> RetryLater:
    return RetryLater("The store ended an upload before it was complete. The hub begins it anew.", code="upload_ended")
