"""Buckets that keep what is deleted: a withdrawn copy is gone only when its versions are.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_plus

from connectors.object_store.types import following, local, parsed, text_of
from connectors.sdk.answer import Answer
from connectors.sdk.errors import Misconfigured
from connectors.sdk.http import Api
from connectors.sdk.paging import every
from connectors.sdk.types import Page

VERSION = "x-amz-version-id"
KINDS = frozenset({"Version", "DeleteMarker"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where objects lie."""

    api: Api
    path: str
    of: Callable[[str], str]  # an object's name -> its path


@dataclass(frozen=True, slots=True)
class _Version:
    key: str
    id: str
    latest: bool


def kept_by(answer: Answer) -> bool:
    """Tell by the answer to a plain deletion whether the bucket keeps versions: then it only made a mark."""
    return VERSION in answer.headers


def clear(bucket: Bucket, ref: str, beside: str) -> None:
    """Delete all versions of an object and of what stands beside it; the one that is seen goes last.

    As long as it is there, the hub knows that something is left.

    Raises:
        Misconfigured: `versions_kept`: the object itself is deleted, and the key may do no more.
    """
    try:
        found = [one for one in every(lambda cursor: _versions(bucket, ref, cursor)) if one.key in (ref, beside)]
        for one in sorted(found, key=lambda one: (one.key == ref, one.latest)):
            bucket.api.delete(bucket.of(one.key), query={"versionId": one.id})
    except Misconfigured as refused:
        bucket.api.delete(bucket.of(ref))  # nobody may go on seeing it, whatever is kept
        raise Misconfigured(
            "The object is deleted, but the bucket keeps its versions, and the key may not delete those. Delete them "
            "there, and let the key do it from now on (s3:ListBucketVersions, s3:DeleteObjectVersion).",
            code="versions_kept", detail=refused.detail, status=refused.status,
        ) from None  # fmt: skip


def _versions(bucket: Bucket, prefix: str, cursor: str | None) -> Page[_Version]:
    key, _, version = (cursor or "").partition("\n")
    query = {
        "versions": "", "prefix": prefix, "encoding-type": "url", "key-marker": key or None,
        "version-id-marker": version or None,
    }  # fmt: skip
    answer = bucket.api.ask("GET", bucket.path, query=query)
    root = parsed(answer, "ListVersionsResult")
    found = tuple(
        _Version(unquote_plus(text_of(one, "Key")), text_of(one, "VersionId"), text_of(one, "IsLatest") == "true")
        for one in root
        if local(one) in KINDS
    )
    more = following(answer, root, "NextKeyMarker")
    return Page(found, f"{unquote_plus(more)}\n{text_of(root, 'NextVersionIdMarker')}" if more else None)
