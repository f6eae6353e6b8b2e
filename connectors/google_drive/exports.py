"""Documents without bytes of their own: what stands for them is an export.

The ordinary call exports up to 10 MB. Beyond that, what is fetched is the address that Drive itself names for the same
format (`exportLinks`), for which no limit is written down anywhere. It lies at another address of Google's, is meant
for browsers, and may answer with a page to sign in at: what comes is held to its kind.
https://developers.google.com/workspace/drive/api/guides/manage-downloads
"""

from __future__ import annotations

from typing import IO

from connectors.google_drive.addresses import path_of
from connectors.google_drive.types import EXPORTS, PDF, Exportable, File
from connectors.sdk.answer import Answer
from connectors.sdk.errors import GiveUp, NeedsPerson, Rejected
from connectors.sdk.http import Api
from connectors.sdk.types import Fetched


def export(api: Api, file: File, into: IO[bytes]) -> Fetched:
    """Write a document's export into a file.

    Raises:
        Rejected: it has none, or only people can get it.
    """
    kind = EXPORTS.get(file.mime_type, PDF)
    try:
        answer = api.download(f"{path_of(file.id)}/export", into, query={"mimeType": kind})
    except Rejected as refused:
        answer = _as_people_do(api, file, kind, into, refused)
    return Fetched(answer.size, kind, file.head_revision_id or file.version)


def _as_people_do(api: Api, file: File, kind: str, into: IO[bytes], refused: Rejected) -> Answer:
    query = {"supportsAllDrives": True, "fields": "exportLinks"}
    link = api.get(path_of(file.id), Exportable, query=query).export_links.get(kind, "")
    if not link or not api.reaches(link):
        raise refused
    try:
        answer = api.download(link, into)
    except (NeedsPerson, GiveUp) as closed:
        raise refused from closed  # that only people get in there says nothing of the sign-in, nor that it is gone
    if answer.headers.get("content-type", "").partition(";")[0].strip() != kind:
        raise refused
    return answer
