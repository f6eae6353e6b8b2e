"""Where things are at Drive's interface, and what is asked of a file."""

from __future__ import annotations

from urllib.parse import quote

from connectors.sdk.query import Query

API, UPLOAD = "/drive/v3", "/upload/drive/v3"
FIELDS = (
    "id,name,mimeType,size,md5Checksum,sha1Checksum,sha256Checksum,createdTime,modifiedTime,version,headRevisionId,"
    "parents,description,starred,properties,appProperties,trashed,driveId,capabilities(canAddChildren,canDownload),"
    "shortcutDetails(targetId,targetMimeType),webViewLink"
)
FILE: Query = {"supportsAllDrives": True, "fields": FIELDS}


def path_of(ref: str, at: str = API) -> str:
    """Return where a file is; `at` says whether it is about what is known of it or about its bytes."""
    return f"{at}/files/{quote(ref, safe='')}"
