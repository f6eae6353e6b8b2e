"""Shapes of the S3 protocol, as far as they are read: XML in answers, headers for what an object says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import BaseModel, Field, StringConstraints

from connectors.sdk.answer import Answer

CHECKSUM = "x-amz-checksum-sha256"
META = "x-amz-meta-"
KEY_META = f"{META}damhub-content"
SHA256_META = f"{META}damhub-sha256"
"""The hash of all bytes, of what came in parts."""
PARTS_META = f"{META}damhub-parts"
"""The checksum that a store tells of just these parts: of other bytes under the same name it tells another."""


class Settings(BaseModel):
    """A connection's settings."""

    endpoint: str = Field(default="https://s3.amazonaws.com", title="Address of the object store")
    bucket: Annotated[str, StringConstraints(min_length=3, max_length=63, pattern=r"^[a-z0-9][a-z0-9.-]*$")] = Field(
        title="Bucket"
    )
    prefix: Annotated[str, StringConstraints(max_length=500, pattern=r"^([^/].*/)?$")] = Field(
        default="", title="Only below this folder (ends with /)"
    )
    public_url: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://.+[^/])?$")] = Field(
        default="", title="Address under which anybody can read the bucket, if anybody can"
    )
    link_hours: int = Field(
        default=0,
        ge=0,
        le=168,
        title="Hours that a signed link to an object works where it has no public address (0: no links)",
    )
    most_gib: int = Field(
        default=5,
        ge=1,
        le=51_200,
        title="Largest file that the store takes in one call, in GiB (at Amazon 5); larger ones go in parts",
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """One object of a listing."""

    key: str
    size: int
    etag: str
    modified_at: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of ListObjectsV2."""

    objects: tuple[Stored, ...]
    folders: tuple[str, ...]
    cursor: str | None


def listing(answer: Answer) -> Listing:
    """Read a page; one without a word on whether more follow is no page at all."""
    root = parsed(answer, "ListBucketResult")
    cursor = following(answer, root, "NextContinuationToken")
    return Listing(
        tuple(_stored(one) for one in each(root, "Contents")),
        tuple(unquote_plus(text_of(one, "Prefix")) for one in each(root, "CommonPrefixes")),
        cursor,
    )


def following(answer: Answer, root: Element, name: str) -> str | None:
    """Return where a listing goes on; None at its end."""
    truncated, cursor = text_of(root, "IsTruncated"), text_of(root, name)
    if truncated not in {"true", "false"} or (truncated == "true" and not cursor):
        raise answer.call.senseless("a listing that does not say whether it ends", status=answer.status)
    return cursor if truncated == "true" else None


def parsed(answer: Answer, *names: str) -> Element:
    """Return the XML of an answer whose outermost element has such a name; anything else is no answer."""
    try:
        root: Element = fromstring(answer.body.strip(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as broken:
        raise answer.call.senseless(f"no XML: {type(broken).__name__}", status=answer.status) from None
    if local(root) not in names:
        raise answer.call.senseless(f"no {names[0]} but {local(root)[:40]}", status=answer.status)
    return root


def error_code(body: object, text: str) -> str:
    """Return the code of a refusal, such as `NoSuchKey`; empty where there is none."""
    if isinstance(body, dict):  # one that stood inside a success
        return str(cast("dict[str, object]", body).get("code", ""))[:60]
    try:
        return text_of(fromstring(text, forbid_dtd=True), "Code")[:60]
    except (ParseError, DefusedXmlException, ValueError):
        return ""


def _stored(element: Element) -> Stored:
    size, etag = text_of(element, "Size"), text_of(element, "ETag").strip('"')
    return Stored(
        unquote_plus(text_of(element, "Key")), int(size) if size.isdecimal() else 0, etag,
        millis(text_of(element, "LastModified")),
    )  # fmt: skip


def millis(text: str) -> int | None:
    """Return a time in UTC milliseconds; None where it is none."""
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)
    except ValueError:
        return None


def each(element: Element, name: str) -> Iterator[Element]:
    """Yield what an element holds by this name."""
    return (child for child in element if local(child) == name)


def text_of(element: Element, name: str) -> str:
    """Return the text of what an element holds by this name; empty where there is none."""
    return next((child.text or "" for child in each(element, name)), "")


def local(element: Element) -> str:
    """Return an element's name without its namespace, which servers disagree about."""
    return str(element.tag).rpartition("}")[2]
