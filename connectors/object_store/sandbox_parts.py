"""Uploads in parts, as a store keeps them until they are complete: by the manual, with no code of the connector's.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote_plus
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

LEAST = 5 * 1024 * 1024
"""Bytes of each part but the last."""
PAGE = 2
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(slots=True)
class Upload:
    """One that was begun."""

    key: str
    meta: Mapping[str, str]
    type: str
    at: datetime
    parts: dict[int, bytes] = field(default_factory=dict[int, bytes])


@dataclass(frozen=True, slots=True)
class Whole:
    """What came of one."""

    key: str
    data: bytes
    meta: Mapping[str, str]
    type: str
    checksum: str  # as it is told of the object
    etag: str


class Uploads:
    """All of a bucket that are under way."""

    def __init__(self) -> None:
        self.begun: dict[str, Upload] = {}

    def begin(self, key: str, meta: Mapping[str, str], media_type: str) -> str:
        """Begin one; return what it is called."""
        name = secrets.token_urlsafe(24)
        self.begun[name] = Upload(key, dict(meta), media_type, datetime.now(UTC))
        return name

    def of(self, name: str, key: str) -> Upload | None:
        """Return one by name, if it is of this object."""
        found = self.begun.get(name)
        return found if found and found.key == key else None

    def listed(self, prefix: str, after: tuple[str, str]) -> str:
        """List by key, and within a key by name."""
        found = sorted((one.key, name) for name, one in self.begun.items() if one.key.startswith(prefix))
        rest = [pair for pair in found if pair > after] if after[0] else found
        page = rest[:PAGE]
        end = ""
        if len(rest) > len(page):
            key, name = page[-1]
            end = f"<NextKeyMarker>{_named(key)}</NextKeyMarker><NextUploadIdMarker>{name}</NextUploadIdMarker>"
        told = "".join(
            f"<Upload><Key>{_named(key)}</Key><UploadId>{name}</UploadId>"
            f"<Initiated>{self.begun[name].at:%Y-%m-%dT%H:%M:%S.000Z}</Initiated></Upload>"
            for key, name in page
        )
        return f"<IsTruncated>{'true' if end else 'false'}</IsTruncated>{end}{told}"

    def parts(self, name: str, after: int) -> str:
        """List the parts that came, by number."""
        rest = sorted(pair for pair in self.begun[name].parts.items() if pair[0] > after)
        page = rest[:PAGE]
        more = len(rest) > len(page)
        end = f"<NextPartNumberMarker>{page[-1][0]}</NextPartNumberMarker>" if more else ""
        told = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag_of(data)}&quot;</ETag><Size>{len(data)}</Size>"
            f"<ChecksumSHA256>{_base64(_sha256(data))}</ChecksumSHA256></Part>"
            for number, data in page
        )
        return f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{end}{told}"

    def complete(self, name: str, body: bytes) -> Whole | str:
        """Put a file together as it was asked for; or return the code of a refusal."""
        upload = self.begun[name]
        asked = [_asked(one) for one in fromstring(body)]
        have = {number: (f'"{etag_of(data)}"', _base64(_sha256(data))) for number, data in upload.parts.items()}
        if not asked or any(have.get(number) != (etag, checksum) for number, etag, checksum in asked):
            return "InvalidPart"
        chosen = [upload.parts[number] for number, *_ in asked]
        if any(len(data) < LEAST for data in chosen[:-1]):
            return "EntityTooSmall"
        digests = b"".join(_sha256(data) for data in chosen)
        checksum = f"{_base64(_sha256(digests))}-{len(chosen)}"
        etag = f"{hashlib.sha256(digests).hexdigest()[:32]}-{len(chosen)}"
        return Whole(upload.key, b"".join(chosen), upload.meta, upload.type, checksum, etag)


def etag_of(data: bytes) -> str:
    """Return the ETag of one part, without quotes."""
    return hashlib.sha256(data).hexdigest()[:32]


def _asked(element: Element) -> tuple[int, str, str]:
    told: Iterator[str] = ((element.findtext(S3 + name) or "") for name in ("PartNumber", "ETag", "ChecksumSHA256"))
    number, etag, checksum = told
    return int(number), etag, checksum


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _named(text: str) -> str:
    return escape(quote_plus(text, safe="/"))
