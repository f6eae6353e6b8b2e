"""The made-up Drupal's files: uploads as strict as the real ones, names that are taken, addresses that stay."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import basename, splitext
from typing import Any, Final
from urllib.parse import quote

from flask import request

from connectors.drupal.sandbox_documents import NO_FORMAT, NO_HEADER, NO_NAME, Refusal, moment

FOLDER: Final = "2026-11"
LONGEST_LIFE_S: Final = 21_600
KINDS: Final = {
    ".png": "image/png", ".gif": "image/gif", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
    ".pdf": "application/pdf", ".txt": "text/plain", ".doc": "application/msword", ".mp3": "audio/mpeg",
    ".wav": "audio/wav", ".aac": "audio/aac", ".mp4": "video/mp4",
}  # fmt: skip
ALLOWED: Final = {
    "image": ("png", "gif", "jpg", "jpeg", "webp"), "file": ("txt", "rtf", "doc", "docx", "pdf", "odt"),
    "audio_file": ("mp3", "wav", "aac"), "video_file": ("mp4",),
}  # fmt: skip
PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")
CHUNK: Final = 64 * 1024


@dataclass(slots=True)
class File:
    """A file entity and its bytes."""

    uuid: str
    number: int
    name: str
    path: str
    data: bytes = field(repr=False)
    made: int  # when, in the sandbox's seconds
    kept: bool = False  # False: temporary, and thrown away after six hours

    @property
    def sha256(self) -> str:
        """The hash of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def media_type(self) -> str:
        """What its name says."""
        return KINDS.get(splitext(self.name)[1].lower(), "application/octet-stream")

    def said(self, origin: str) -> dict[str, Any]:
        """Say it as a resource."""
        attributes = {
            "drupal_internal__fid": self.number, "langcode": "en", "filename": self.name,
            "uri": {"value": f"public://{self.path}", "url": f"/sites/default/files/{quote(self.path)}"},
            "filemime": self.media_type, "filesize": len(self.data), "status": self.kept,
            "created": moment(self.made), "changed": moment(self.made),
        }  # fmt: skip
        links = {"self": {"href": f"{origin}/jsonapi/file/file/{self.uuid}"}}
        return {"type": "file--file", "id": self.uuid, "links": links, "attributes": attributes}


class Files:
    """Every file of the site."""

    def __init__(self) -> None:
        self.all: dict[str, File] = {}
        self.most_bytes = 64 * 1024 * 1024
        self.locked = 0  # so many of the next uploads meet a lock

    def add(self, name: str, data: bytes, now: int) -> File:
        """Keep bytes under a free name."""
        stem, end = splitext(name)
        taken = {one.path for one in self.all.values()}
        path, number = f"{FOLDER}/{name}", 0
        while path in taken:
            path, number = f"{FOLDER}/{stem}_{number}{end}", number + 1
        file = File(str(uuid.uuid4()), len(self.all) + 1, basename(path), path, data, now)
        self.all[file.uuid] = file
        return file

    def upload(self, source: str, now: int) -> File:
        """Take a request's body, or refuse it."""
        name = _sent_name()
        if self.locked:
            self.locked -= 1
            locked = f'File "public://{FOLDER}/{name}" is already locked for writing.'
            raise Refusal(503, locked, headers={"Retry-After": "1"})
        data = b"".join(iter(lambda: request.stream.read(CHUNK), b""))
        if splitext(name)[1].lower().lstrip(".") not in ALLOWED[source]:
            raise _invalid(f"Only files with the following extensions are allowed: {' '.join(ALLOWED[source])}.")
        if len(data) > self.most_bytes:
            had, most = len(data) // 1024**2, self.most_bytes // 1024**2
            raise _invalid(f"The file is {had} MB exceeding the maximum file size of {most} MB.")
        if source == "image" and not data.startswith(PICTURES):
            raise _invalid("The image file is invalid or the image type is not allowed.")
        return self.add(name, data, now)

    def cron(self, now: int) -> None:
        """Throw temporary files away that are older than six hours."""
        for file in tuple(self.all.values()):
            if not file.kept and now - file.made > LONGEST_LIFE_S:
                del self.all[file.uuid]

    def at(self, path: str) -> File | None:
        """Return the file at an address."""
        return next((file for file in tuple(self.all.values()) if file.path == path), None)

    def named(self, filters: Mapping[str, str]) -> list[File]:
        """Return the files that a filter lets pass; temporary ones, too."""
        found = list(self.all.values())
        value = filters.get("filter[filename][value]")
        if value is None:
            return found
        if filters.get("filter[filename][operator]") != "CONTAINS":
            return [file for file in found if file.name == value]
        return [file for file in found if value.lower() in file.name.lower()]


def _sent_name() -> str:
    if request.mimetype != "application/octet-stream":
        raise Refusal(415, NO_FORMAT.format(kind=request.mimetype))
    header = request.headers.get("Content-Disposition")
    if header is None:
        raise Refusal(400, NO_HEADER)
    found = re.search(r'filename="([^"]+)"', header)
    if found is None:
        raise Refusal(400, NO_NAME)
    return basename(found.group(1).encode("latin-1").decode("utf-8", "replace"))


def _invalid(why: str) -> Refusal:
    return Refusal(422, f"Unprocessable Entity: file validation failed.\n{why}")
