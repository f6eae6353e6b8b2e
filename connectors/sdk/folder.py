"""A folder as a remote: the few requests that a connector may make of one, and what each answers.

A folder is spoken to through the same client as every other remote, in the same words, and what goes wrong is told by
the same errors. Only folders that the operator named are reached, each under an address that no network knows
(`http://<name>.folder.invalid`), and each wants the key whose SHA-256 stands in `.damhub-key` at its top: where that
file is not there, the disk or share is not mounted, and nothing in it is taken for gone.

| request | does |
|---|---|
| `GET /path?say=facts` | kind, size, time and SHA-256 of what stands there |
| `GET /path?say=bytes` | a file's bytes |
| `GET /path?say=names` | what lies in a folder, a page of it: `after` a name, at most `most`, `holds` a text |
| `GET /?say=all` | what lies anywhere below the top: `after` a path, at most `most` |
| `GET /?say=found` | of these, files and folders whose names hold the text `holds`: `after` a path, at most `most` |
| `GET /?say=folders` | of these, folders: `after` a path, at most `most` |
| `PUT /path` | puts a file in its place: `If-None-Match: *`, `If-Match: "etag"`, `X-Sha256` |
| `DELETE /path` | takes a file away |
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from hmac import compare_digest
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

from connectors.sdk.tree import CHUNK, Away, Changed, Damaged, Tree, TreeError, Unconfirmed, opened

HOST = ".folder.invalid"
PAGE = 1000
BYTES = "application/octet-stream"
_MAY: Mapping[str, frozenset[str]] = {
    "facts": frozenset(), "bytes": frozenset(), "names": frozenset({"after", "most", "holds"}),
    "all": frozenset({"after", "most"}), "found": frozenset({"after", "most", "holds"}),
    "folders": frozenset({"after", "most"}),
}  # fmt: skip
_BY_ERRNO: Mapping[int, tuple[HTTPStatus, str, str]] = {
    errno.ENOENT: (HTTPStatus.NOT_FOUND, "not_there", "There is no such file."),
    errno.ENOTDIR: (HTTPStatus.NOT_FOUND, "not_there", "There is no such folder."),
    errno.EEXIST: (HTTPStatus.PRECONDITION_FAILED, "taken", "A file of this name is there already."),
    errno.EACCES: (HTTPStatus.FORBIDDEN, "not_permitted", "The disk does not let the hub do this"),
    errno.EPERM: (HTTPStatus.FORBIDDEN, "not_permitted", "The disk does not let the hub do this"),
    errno.EROFS: (HTTPStatus.FORBIDDEN, "read_only", "The disk can only be read"),
    errno.ENOSPC: (HTTPStatus.INSUFFICIENT_STORAGE, "no_space", "The disk is full"),
    errno.EDQUOT: (HTTPStatus.INSUFFICIENT_STORAGE, "no_space", "The space that the hub may use is full"),
    errno.EFBIG: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "The disk takes no file of this size"),
    errno.ENAMETOOLONG: (HTTPStatus.BAD_REQUEST, "no_such_name", "The disk takes no name of this length"),
    errno.EILSEQ: (HTTPStatus.BAD_REQUEST, "no_such_name", "The disk does not take this name"),
    errno.EINVAL: (HTTPStatus.BAD_REQUEST, "no_such_name", "The disk does not take this name"),
    errno.ELOOP: (HTTPStatus.BAD_REQUEST, "no_file", "This is a link or a device, which the hub does not follow"),
    errno.EISDIR: (HTTPStatus.BAD_REQUEST, "no_file", "This is a folder and no file"),
}
_BY_KIND: Mapping[type[TreeError], tuple[HTTPStatus, str, str]] = {
    Away: (HTTPStatus.SERVICE_UNAVAILABLE, "folder_away", "The folder, or the key at its top, is not there"),
    Changed: (HTTPStatus.PRECONDITION_FAILED, "changed", "Somebody changed the file just now"),
    Damaged: (HTTPStatus.UNPROCESSABLE_ENTITY, "damaged", "Other bytes came than were announced"),
    Unconfirmed: (HTTPStatus.INTERNAL_SERVER_ERROR, "unconfirmed", "The disk did not confirm the change"),
}
_FAILED = HTTPStatus.SERVICE_UNAVAILABLE, "disk_failed", "The disk failed before anything was changed"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: Iterable[bytes]


def origin_of_folder(name: str) -> str:
    """Return the address under which the hub speaks to a folder that its operator named."""
    return f"http://{name}{HOST}"


class Door:
    """Answers requests for one folder. Everything is opened anew for each: nothing is held between two."""

    def __init__(self, top: Path, *, page: int = PAGE) -> None:
        self._top = top
        self._page = page

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: Iterable[bytes]) -> Reply:
        """Answer one request.

        Args:
            method: GET, PUT or DELETE.
            target: path and query, as they were sent.
            headers: names in lower case.
            body: of a PUT.
        """
        try:
            with opened(self._top) as tree:
                if not _proven(headers.get("authorization", ""), tree.key_digest()):
                    return _refuse(HTTPStatus.UNAUTHORIZED, "key_refused", "This is not the folder's key.")
                return self._done(tree, method, target, headers, body)
        except TreeError as error:
            return _refuse(*_BY_KIND[type(error)])
        except OSError as error:
            return _refuse(*_BY_ERRNO.get(error.errno or 0, _FAILED))

    def _done(self, tree: Tree, method: str, target: str, headers: Mapping[str, str], body: Iterable[bytes]) -> Reply:
        parts = urlsplit(target)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = parts.path.strip("/")
        try:
            if method == "GET" and set(asked) - {"say"} <= _MAY[asked.get("say", "")]:
                return self._said(tree, path, asked)
            if method == "PUT" and not asked:
                return _put(tree, path, headers, body)
            if method == "DELETE" and not asked:
                tree.delete(path)
                return Reply(HTTPStatus.NO_CONTENT, {}, ())
        except (KeyError, ValueError):
            pass  # such a request cannot be made of a folder
        return _refuse(HTTPStatus.BAD_REQUEST, "not_understood", "A folder knows no such request.")

    def _said(self, tree: Tree, path: str, asked: Mapping[str, str]) -> Reply:
        if asked["say"] == "facts":
            return _facts(tree, path)
        if asked["say"] == "bytes":
            file, entry = tree.read(path)
            about = {"content-type": BYTES, "content-length": str(entry.size), "etag": entry.etag}
            return Reply(HTTPStatus.OK, about, _streamed(file, entry.size))
        after, most = asked.get("after", ""), min(int(asked.get("most", self._page)), self._page)
        if asked["say"] == "names":
            found, more = tree.children(path, after=after, most=most, holds=asked.get("holds", ""))
            cursor = found[-1].path.rpartition("/")[2] if more else None
        elif asked["say"] in ("found", "folders"):
            folders = asked["say"] == "folders"
            found, on = tree.sought(after=after, most=most, holds=asked.get("holds", ""), folders=folders)
            cursor = on or None
        else:
            found, more = tree.below(after=after, most=most)
            cursor = found[-1].path if more else None
        return _json(HTTPStatus.OK, {"entries": [asdict(one) for one in found], "cursor": cursor})


def _facts(tree: Tree, path: str) -> Reply:
    found = tree.look(path)
    digest = ""
    if not found.folder:
        file, found = tree.read(path)
        with closing(file):
            digest = hashlib.file_digest(file, hashlib.sha256).hexdigest()
    return _json(HTTPStatus.OK, {**asdict(found), "sha256": digest})


def _put(tree: Tree, path: str, headers: Mapping[str, str], body: Iterable[bytes]) -> Reply:
    entry, new = tree.write(
        path,
        body,
        sha256=headers.get("x-sha256", ""),
        new=headers.get("if-none-match", "") == "*",
        match=headers.get("if-match", "").strip('"'),
    )
    return _json(HTTPStatus.CREATED if new else HTTPStatus.OK, asdict(entry))


def _proven(said: str, digest: str) -> bool:
    key = said.removeprefix("Bearer ")
    return compare_digest(hashlib.sha256(key.encode("latin-1", "replace")).hexdigest().encode(), digest.encode())


def _streamed(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield exactly the bytes that were announced: a file that grows or shrinks meanwhile is not whole."""
    left = size
    with closing(file):
        while chunk := file.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
    if left:
        raise OSError(errno.EIO, "the file changed while it was read")


def _json(status: int, value: Mapping[str, Any]) -> Reply:
    body = json.dumps(value).encode()
    return Reply(status, {"content-type": "application/json", "content-length": str(len(body))}, (body,))


def _refuse(status: int, code: str, message: str) -> Reply:
    return _json(status, {"code": code, "message": message})
