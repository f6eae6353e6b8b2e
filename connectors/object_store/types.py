"""Shapes of the S3 protocol, as far as they are read: XML in answers, headers for what an object says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import unquote_plus
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import BaseModel, Field, StringConstraints

from connectors.sdk.answer import Answer

META = "x-amz-meta-"
KEY_META = f"{META}damhub-content"


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
        default=5, ge=1, le=51_200, title="Largest file that the store takes in one call, in GiB (at Amazon 5)"
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
    truncated, cursor = _text(root, "IsTruncated"), _text(root, "NextContinuationToken")
    if truncated not in {"true", "false"} or (truncated == "true" and not cursor):
        raise answer.call.senseless("a listing that does not say whether it ends", status=answer.status)
    return Listing(
        tuple(_stored(one) for one in _every(root, "Contents")),
        tuple(unquote_plus(_text(one, "Prefix")) for one in _every(root, "CommonPrefixes")),
        cursor if truncated == "true" else None,
    )


def parsed(answer: Answer, name: str) -> Element:
    """Return the XML of an answer whose outermost element has this name; anything else is no answer."""
    try:
        root: Element = fromstring(answer.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as broken:
        raise answer.call.senseless(f"no XML: {type(broken).__name__}", status=answer.status) from None
    if _local(root) != name:
        raise answer.call.senseless(f"no {name} but {_local(root)[:40]}", status=answer.status)
    return root


def error_code(body: object, text: str) -> str:
    """Return the code of a refusal, such as `NoSuchKey`; empty where there is none."""
    del body
    try:
        return _text(fromstring(text, forbid_dtd=True), "Code")[:60]
    except (ParseError, DefusedXmlException, ValueError):
        return ""


def _stored(element: Element) -> Stored:
    size = _text(element, "Size")
    return Stored(
        unquote_plus(_text(element, "Key")), int(size) if size.isdecimal() else 0, _text(element, "ETag").strip('"'),
        _millis(_text(element, "LastModified")),
    )  # fmt: skip


def _millis(text: str) -> int | None:
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)
    except ValueError:
        return None


def _every(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _text(element: Element, name: str) -> str:
    return next((child.text or "" for child in _every(element, name)), "")


def _local(element: Element) -> str:
    """Return an element's name without its namespace, which servers disagree about."""
    return str(element.tag).rpartition("}")[2]
