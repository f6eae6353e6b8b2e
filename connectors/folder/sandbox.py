"""A real folder in a temporary place, behind the very door that the hub uses, served over HTTP so that faults fit in.

The files are the truth: what stands here is read from the disk, past door and connector.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from flask import Response, request

from connectors.sdk.beside import MANIFEST_END
from connectors.sdk.folder import Door
from connectors.sdk.marker import marker_in
from connectors.sdk.tree import KEY_FILE
from connectors.sdk.types import ItemKind
from connectors.testing.contract import Contract
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTRACT = Path(__file__).parent / "fixtures" / "contract.json"
KEY = "sandbox key of the press folder"
TOP = "/"
FOLDERS = (*(f"folder {number:03}" for number in range(1, 120)), "folder 119/inner")
PAGE = 50
CHUNK = 64 * 1024
WRITTEN = range(200, 300)


def create(*, ledger: Ledger | None = None) -> FolderSandbox:
    """Make a folder with 120 folders in it, one of them in another."""
    return FolderSandbox(ledger=ledger)


class FolderSandbox(Sandbox):
    """Hands every request to the door of a real folder, and notes what came of it."""

    name = "folder"
    auth = "key"
    secrets: Mapping[str, str] = {"key": KEY}
    unsure_of_bytes = "only the answer that brings a file says how long it is now"
    text_fields = ("title", "description", "copyright")
    contract = Contract.load(CONTRACT)

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.top = Path(tempfile.mkdtemp(prefix="damhub-folder-"))
        weakref.finalize(self, shutil.rmtree, self.top, ignore_errors=True)
        self._door = Door(self.top, page=PAGE)
        (self.top / KEY_FILE).write_text(hashlib.sha256(KEY.encode()).hexdigest())
        for folder in FOLDERS:
            (self.top / folder).mkdir()
        for rule in ("/", "/<path:_path>"):
            self.app.add_url_rule(rule, f"any {rule}", self._any, methods=["GET", "PUT", "DELETE"])

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Keep the path as it was sent."""
        environ["damhub.raw"] = str(environ.get("RAW_URI", environ["PATH_INFO"]))
        return super().wsgi(environ, start_response)

    def sent(self) -> dict[str, Any]:
        """A folder takes parameters from the query alone: bodies are files."""
        return dict(request.args.items())

    def _any(self, _path: str = "") -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = str(request.environ["damhub.raw"])
        reply = self._door.answer(request.method, raw, headers, _chunks())
        if request.method != "GET" and reply.status in WRITTEN:
            self._note_effect(urlsplit(raw).path.strip("/"), new=reply.status == HTTPStatus.CREATED)
        return Response(reply.body, reply.status, headers=dict(reply.headers))

    def _note_effect(self, ref: str, *, new: bool) -> None:
        of, is_manifest = ref.removesuffix(MANIFEST_END), ref.endswith(MANIFEST_END)
        if request.method == "DELETE":
            what = What.CHANGED if is_manifest else What.REMOVED
        else:
            what = What.MADE if new and not is_manifest else What.CHANGED
        self.ledger.add(what, of, _folder_of(of))

    # What is true here.

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"folder": origin}

    def targets(self) -> tuple[str, ...]:
        """The top and all folders."""
        return (TOP, *(quote(folder) for folder in FOLDERS))

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All files of a folder that are no manifests."""
        return tuple(_standing(target, self._ref(file), file) for file in self._files(self._path(target)))

    def intrude(self, target: str, text: str) -> str:
        """Somebody puts something else there."""
        return self._lay(self._path(target) / f"{text}.png", b"")

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes a file, and leaves the manifest."""
        self._path(ref).unlink()
        self.ledger.add(What.REMOVED, ref, target)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody writes in the manifest."""
        beside = self._path(ref + MANIFEST_END)
        said = json.loads(beside.read_bytes())
        beside.write_text(json.dumps({**said, "fields": {**said["fields"], **fields}}))
        self.ledger.add(What.CHANGED, ref, target)

    def relocate(self, target: str, ref: str) -> bool:
        """Somebody moves a file to the innermost folder with another name, its code still in it; the manifest stays."""
        file = self._path(ref)
        code = next(part for part in re.split(r"[ .]", file.name) if marker_in(part))
        to = self._path(next(one for one in reversed(self.targets()) if one != target)) / f"Ours {code}{file.suffix}"
        file.rename(to)
        self.ledger.add(What.REMOVED, ref, target)
        self.ledger.add(What.MADE, self._ref(to), _folder_of(self._ref(to)))
        return True

    def everything(self) -> tuple[Stock, ...]:
        """Folders and files, at any depth."""
        found = (one for one in self.top.rglob("*") if not one.name.startswith(".damhub"))
        return tuple(
            Stock(self._ref(one), ItemKind.FOLDER, one.name)
            if one.is_dir()
            else Stock(self._ref(one), ItemKind.FILE, one.name, one.stat().st_size, _sha256(one))
            for one in found
            if not one.name.endswith(MANIFEST_END)
        )

    def stock(self, name: str, data: bytes) -> str:
        """Somebody puts a file at the top; a slash in its name makes folders, as everywhere on disks."""
        return self._lay(self.top / name, data)

    def unstock(self, ref: str) -> None:
        """Somebody deletes it."""
        self.vanish(TOP, ref)

    def _lay(self, file: Path, data: bytes) -> str:
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(data)
        ref = self._ref(file)
        self.ledger.add(What.MADE, ref, _folder_of(ref))
        return ref

    def _path(self, ref: str) -> Path:
        return self.top / unquote(ref).strip("/")

    def _ref(self, file: Path) -> str:
        return quote(str(file.relative_to(self.top)), safe="/")

    def _files(self, folder: Path) -> Iterator[Path]:
        for one in sorted(folder.iterdir()):
            if one.is_file() and not one.name.startswith(".damhub") and not one.name.endswith(MANIFEST_END):
                yield one


def _chunks() -> Iterator[bytes]:
    while chunk := request.stream.read(CHUNK):
        yield chunk


def _folder_of(ref: str) -> str:
    return ref.rpartition("/")[0] or TOP


def _standing(target: str, ref: str, file: Path) -> Standing:
    beside, sha256 = file.with_name(file.name + MANIFEST_END), _sha256(file)
    fields: dict[str, Any] = json.loads(beside.read_bytes())["fields"] if beside.is_file() else {}
    return Standing(ref, target, marker_in(file.name), sha256[:12], fields, sha256)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, hashlib.sha256).hexdigest()
