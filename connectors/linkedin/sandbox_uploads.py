"""The made-up LinkedIn's uploads: addresses that are good for one upload, parts with ETags, media that become ready."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Response, request

from connectors.linkedin.sandbox_answers import answer, as_object, body_of_request, empty, refuse

PART = 4 * 1024 * 1024
KINDS = {"images": "image", "videos": "video", "documents": "document"}
ENDS = 1790086400000
CHUNK = 64 * 1024
MOST_DOCUMENT = 100 * 1024 * 1024


@dataclass(slots=True)
class Medium:
    """A picture, video or document, seen by nobody before a post names it."""

    kind: str
    owner: str
    due: int = 0
    status: str = "WAITING_UPLOAD"
    sha256: str = ""
    etags: dict[int, str] = field(default_factory=dict[int, str])
    parts: dict[int, Any] = field(default_factory=dict[int, Any])
    left: int = 0  # so many looks until it is ready
    tries: int = 0  # so many posts are refused because it is not known everywhere yet


class Uploads:
    """All media by name."""

    def __init__(self) -> None:
        self.media: dict[str, Medium] = {}
        self.looks = 0  # so many looks until a video is ready
        self.late = 0  # so many posts are refused before new media are known everywhere
        self.fails = False  # whether LinkedIn finds that it cannot show videos

    def begin(self, kind: str, origin: str, mine: tuple[str, ...]) -> Response:
        """Name a medium and where its bytes go."""
        wish = as_object(body_of_request().get("initializeUploadRequest"))
        if wish.get("owner") not in mine:
            return refuse(
                HTTPStatus.FORBIDDEN, "ACCESS_DENIED", "Not enough permissions to access: upload for this owner"
            )
        video = {"owner", "fileSizeBytes", "uploadCaptions", "uploadThumbnail"}
        unknown = set(wish) - (video if kind == "videos" else {"owner"})
        if unknown or (kind == "videos" and not wish.get("fileSizeBytes")):
            return refuse(
                HTTPStatus.BAD_REQUEST, "INVALID_VALUE_FOR_FIELD", f"initializeUploadRequest {sorted(unknown)}"
            )
        ref = f"urn:li:{KINDS[kind]}:C4{secrets.token_hex(8).upper()}"
        medium = Medium(kind, wish["owner"], wish.get("fileSizeBytes", 0), left=self.looks, tries=self.late)
        self.media[ref] = medium
        where = f"{origin}/dms-uploads/{ref}/{{}}?ca=vector_ads&cn=uploads&m={secrets.token_hex(6)}%3D&sync=0"
        if kind != "videos":
            value = {"uploadUrlExpiresAt": ENDS, "uploadUrl": where.format(0), KINDS[kind]: ref}
            return answer({"value": value})
        instructions = [
            {"uploadUrl": where.format(at), "firstByte": at, "lastByte": min(at + PART, medium.due) - 1}
            for at in range(0, medium.due, PART)
        ]
        value = {
            "uploadUrlsExpireAt": ENDS, "video": ref, "uploadInstructions": instructions, "uploadToken": "",
        }  # fmt: skip
        return answer({"value": value})

    def take(self, ref: str, at: int) -> Response:
        """Take bytes in; for a video exactly those that the address is for."""
        medium = self.media.get(ref)
        if medium is None or medium.status != "WAITING_UPLOAD" or not request.args.get("m"):
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "This upload has ended")
        digest, size, data = hashlib.sha256(), 0, b""
        while chunk := request.stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            data += chunk if medium.kind == "videos" else b""
        if not size or (medium.kind == "documents" and size > MOST_DOCUMENT):
            return refuse(HTTPStatus.BAD_REQUEST, "INVALID_FILE", f"{size} bytes")
        if medium.kind == "videos":
            if size != min(PART, medium.due - at):
                return refuse(HTTPStatus.BAD_REQUEST, "INVALID_PART", f"{size} bytes at {at}")
            medium.parts[at], medium.etags[at] = data, digest.hexdigest()[:16]
            return empty(HTTPStatus.OK, ETag=f'"{medium.etags[at]}"')
        medium.status, medium.sha256 = "AVAILABLE", digest.hexdigest()
        return empty(HTTPStatus.CREATED)

    def finish(self) -> Response:
        """Put a video together, in the order of its parts."""
        end = as_object(body_of_request().get("finalizeUploadRequest"))
        medium = self.media.get(str(end.get("video")))
        if medium is None:
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such video")
        due = [medium.etags.get(at, "") for at in range(0, medium.due, PART)]
        if end.get("uploadedPartIds") != due or end.get("uploadToken") != "":
            return refuse(HTTPStatus.BAD_REQUEST, "INVALID_VALUE_FOR_FIELD", "uploadedPartIds")
        whole = b"".join(medium.parts[at] for at in sorted(medium.parts))
        medium.status, medium.sha256 = "PROCESSING", hashlib.sha256(whole).hexdigest()
        medium.parts.clear()
        return empty(HTTPStatus.OK)

    def tell(self, ref: str) -> Response:
        """Say how far a medium is; LinkedIn works on while it is asked."""
        medium = self.media.get(ref)
        if medium is None:
            return refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "no such medium")
        if medium.status == "PROCESSING":
            medium.left -= 1
            if medium.left < 0:
                medium.status = "PROCESSING_FAILED" if self.fails else "AVAILABLE"
        why = {"processingFailureReason": "UNSUPPORTED_CODEC"} if medium.status == "PROCESSING_FAILED" else {}
        return answer({"id": ref, "owner": medium.owner, "status": medium.status, **why})

    def wrong(self, ref: str, author: str) -> Response | None:
        """Say why a post cannot show a medium."""
        medium = self.media.get(ref)
        if medium is None or medium.status == "WAITING_UPLOAD":
            return refuse(HTTPStatus.BAD_REQUEST, "INVALID_URN_TYPE", f"content.media.id {ref}")
        if medium.owner != author:
            what = KINDS[medium.kind]
            return refuse(HTTPStatus.FORBIDDEN, "ACCESS_DENIED", f"Accessing this {what} resource is forbidden.")
        if medium.status != "AVAILABLE" or medium.tries:
            medium.tries = max(medium.tries - 1, 0)
            return refuse(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "Unable to obtain activity")
        return None
