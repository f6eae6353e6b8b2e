"""A made-up object store: one bucket, listings in pages, conditional writes, checksums, signatures that are checked."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote
from xml.sax.saxutils import escape

from flask import Response, request

from connectors.object_store.sandbox_events import posted
from connectors.object_store.sandbox_parts import Uploads, etag_of
from connectors.object_store.sandbox_signature import UNSIGNED, wrong
from connectors.object_store.sandbox_versions import Versions
from connectors.object_store.types import KEY_META, META
from connectors.sdk.beside import MANIFEST_END
from connectors.sdk.marker import marker_in
from connectors.sdk.types import ItemKind
from connectors.testing.contract import Contract
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import Ledger, What
from connectors.testing.sandbox import Sandbox, Standing, Stock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTRACT = Path(__file__).parent / "fixtures" / "contract.json"
BUCKET = "press"
FOLDERS = (*(f"folder {number:03}/" for number in range(1, 119)), "folder 118/inner/", "folder 118/inner/innermost/")
PAGE = 50
"""A store may answer fewer names than it was asked for."""
CHUNK = 64 * 1024
KEPT = 1024 * 1024
MOST_META = 2048
MADE_AT = datetime(2026, 5, 4, 6, 30, tzinfo=UTC)
EMPTY = hashlib.sha256(b"").hexdigest()


def create(*, ledger: Ledger | None = None) -> ObjectStoreSandbox:
    """Make a store with a bucket of 120 folders, two of them deeper than one storey."""
    return ObjectStoreSandbox(ledger=ledger)


class ObjectStoreSandbox(Sandbox):
    """Answers as S3 does: XML for lists and refusals, headers for the rest. State is what the ledger adds up to."""

    name = "object_store"
    auth = "access_key"
    unsure_of_bytes = "only the answer that brings a file says how long it is now"
    text_fields = ("title", "alt_text")
    contract = Contract.load(CONTRACT)

    def __init__(self, *, ledger: Ledger | None = None) -> None:
        super().__init__(ledger=ledger)
        self.secrets = {
            "access_key": "AKIASANDBOX0PRESS",
            "secret_key": "sandbox/secret+key+5ca1ab1e",
            "region": "eu-test-1",
        }
        self.hook_secret = secrets.token_urlsafe(24)
        self._bytes: dict[str, bytes] = {EMPTY: b""}
        self.uploads, self.versions = Uploads(), Versions()
        route = self.app.add_url_rule
        route(f"/{BUCKET}", view_func=self._list)
        route(f"/{BUCKET}/<path:_key>", view_func=self._get, methods=["GET"])
        route(f"/{BUCKET}/<path:_key>", view_func=self._put, methods=["PUT"])
        route(f"/{BUCKET}/<path:_key>", view_func=self._post, methods=["POST"])
        route(f"/{BUCKET}/<path:_key>", view_func=self._delete, methods=["DELETE"])
        self.app.before_request(self._signed)

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Keep the path as it was sent: signatures cover it."""
        environ["damhub.raw"] = str(environ.get("RAW_URI", environ["PATH_INFO"])).partition("?")[0]
        return super().wsgi(environ, start_response)

    def sent(self) -> dict[str, Any]:
        """A store takes parameters from the query alone: bodies are objects."""
        return dict(request.args.items())

    def _signed(self) -> Response | None:
        refused = wrong(request, request.environ["damhub.raw"], self.secrets, datetime.now(UTC))
        return _refuse(refused, 403) if refused else None

    def _list(self) -> Response:
        prefix, delimiter = request.args.get("prefix", ""), request.args.get("delimiter", "")
        at = request.args.get("key-marker", "")
        if "uploads" in request.args:
            spot = (at, request.args.get("upload-id-marker", ""))
            return _xml("ListMultipartUploadsResult", self.uploads.listed(prefix, spot))
        if "versions" in request.args:
            return _xml(
                "ListVersionsResult", self.versions.listed(prefix, (at, request.args.get("version-id-marker", "")))
            )
        if request.args.get("list-type") != "2":
            return _refuse("InvalidArgument", 400)  # the older way to list is not offered here
        after = request.args.get("continuation-token", "") or request.args.get("start-after", "")
        found = sorted({_rolled(key, prefix, delimiter) for key in self._keys() if key.startswith(prefix)})
        rest = [key for key in found if key > after]
        page = rest[: min(request.args.get("max-keys", 1000, int), PAGE)]
        living = self._objects()
        more = len(rest) > len(page)
        return _xml(
            "ListBucketResult",
            f"<Name>{BUCKET}</Name><Prefix>{_named(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<EncodingType>url</EncodingType><IsTruncated>{'true' if more else 'false'}</IsTruncated>"
            + (f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else "")
            + "".join(_listed(key, living, delimiter, prefix) for key in page),
        )

    def _get(self, _key: str) -> Response:
        key = self._key()
        if upload := request.args.get("uploadId"):
            if self.uploads.of(upload, key) is None:
                return _refuse("NoSuchUpload", 404)
            return _xml("ListPartsResult", self.uploads.parts(upload, request.args.get("part-number-marker", 0, int)))
        facts = self._objects().get(key) or (_folder() if key in FOLDERS else None)
        if facts is None:
            return _refuse("NoSuchKey", 404)
        headers = {
            "ETag": f'"{facts["etag"]}"', "Content-Type": facts["type"], **facts["meta"],
            "Last-Modified": "Mon, 04 May 2026 06:30:00 GMT", "Content-Length": str(facts["size"]),
        }  # fmt: skip
        if request.headers.get("x-amz-checksum-mode") == "ENABLED" and facts["checksum"]:
            whole = base64.b64encode(bytes.fromhex(facts["sha256"])).decode()
            headers["x-amz-checksum-sha256"] = facts.get("of_parts") or whole
        if request.method == "HEAD":
            return Response(status=200, headers=headers)
        return Response(self._bytes.get(facts["sha256"], b""), headers=headers)

    def _put(self, _key: str) -> Response:
        meta = {name.lower(): value for name, value in request.headers.items() if name.lower().startswith(META)}
        if sum(len(name) - len(META) + len(value) for name, value in meta.items()) > MOST_META:
            return _refuse("MetadataTooLarge", 400)
        upload = request.args.get("uploadId", "")
        if upload and self.uploads.of(upload, self._key()) is None:
            return _refuse("NoSuchUpload", 404)
        digest, size = self._received(keep=bool(upload))
        refused = _mismatch(digest)
        if refused:
            return _refuse(refused, 400)
        if upload:
            data = self.uploads.begun[upload].parts[request.args.get("partNumber", 0, int)] = self._bytes.pop(digest)
            return Response(status=200, headers={"ETag": f'"{etag_of(data)}"'})
        with self.lock:
            there = self._objects().get(self._key())
            refused = _unmet(there)
            if refused:
                return _refuse(*refused)
            facts = {
                "sha256": digest, "size": size, "meta": meta, "type": request.headers.get("Content-Type", ""),
                "etag": digest[:32], "checksum": "x-amz-checksum-sha256" in request.headers,
            }  # fmt: skip
            kept = self._write(self._key(), facts, new=there is None)
        return Response(status=200, headers={"ETag": f'"{digest[:32]}"', **kept})

    def _post(self, _key: str) -> Response:
        key, upload = self._key(), request.args.get("uploadId", "")
        if "uploads" in request.args:
            meta = {name.lower(): value for name, value in request.headers.items() if name.lower().startswith(META)}
            name = self.uploads.begin(key, meta, request.headers.get("Content-Type", ""))
            inside = f"<Bucket>{BUCKET}</Bucket><Key>{_named(key)}</Key><UploadId>{name}</UploadId>"
            return _xml("InitiateMultipartUploadResult", inside)
        with self.lock:
            if self.uploads.of(upload, key) is None:
                return _refuse("NoSuchUpload", 404)
            there = self._objects().get(key)
            refused, made = _unmet(there), self.uploads.complete(upload, request.get_data())
            if refused or isinstance(made, str):
                return _refuse(*(refused or (str(made), 400)))
            digest = hashlib.sha256(made.data).hexdigest()
            self._bytes[digest] = made.data
            facts = {
                "sha256": digest, "size": len(made.data), "meta": dict(made.meta), "type": made.type,
                "etag": made.etag, "checksum": True, "of_parts": made.checksum,
            }  # fmt: skip
            kept = self._write(key, facts, new=there is None)
            del self.uploads.begun[upload]
        answer = _xml("CompleteMultipartUploadResult", f"<Key>{_named(key)}</Key><ETag>&quot;{made.etag}&quot;</ETag>")
        answer.headers.update(kept)
        return answer

    def _write(self, key: str, facts: Mapping[str, Any] | None, *, new: bool = False) -> dict[str, str]:
        """Note an object; return what is said of the version that is kept of it, in a bucket that keeps them."""
        self._note_effect(key, facts, new=new)
        return {"x-amz-version-id": self.versions.add(key, facts)} if self.versions.on else {}

    def _note_effect(self, key: str, facts: Mapping[str, Any] | None, *, new: bool = False) -> None:
        """Note a manifest as part of what it stands beside, since it is no copy of its own."""
        of = key.removesuffix(MANIFEST_END)
        if of != key:
            self.ledger.add(What.CHANGED, of, BUCKET, beside=facts)
        elif facts is None:
            self.ledger.add(What.REMOVED, key, BUCKET)
        else:
            self.ledger.add(What.MADE if new else What.CHANGED, key, BUCKET, **facts)

    def _delete(self, _key: str) -> Response:
        key, version = self._key(), request.args.get("versionId")
        if upload := request.args.get("uploadId"):
            known = self.uploads.of(upload, key) is not None
            self.uploads.begun.pop(upload, None)
            return Response(status=204) if known else _refuse("NoSuchUpload", 404)
        with self.lock:
            if version:
                was_newest, newest = self.versions.forget(key, version)
                if was_newest and (newest or key in self._objects()):
                    self._note_effect(key, newest, new=key not in self._objects())
                return Response(status=204, headers={"x-amz-version-id": version})
            there = key in self._objects()
            if there:
                self._note_effect(key, None)
            if not self.versions.on:
                return Response(status=204)
            marked = {"x-amz-version-id": self.versions.add(key, None), "x-amz-delete-marker": "true"}
        return Response(status=204, headers=marked)

    def _received(self, *, keep: bool = False) -> tuple[str, int]:
        """Read the body; small ones can be fetched again, and those to be kept."""
        digest, size, kept = hashlib.sha256(), 0, b""
        while chunk := request.stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            kept = kept + chunk if keep or size <= KEPT else b""
        if keep or size <= KEPT:
            self._bytes[digest.hexdigest()] = kept
        return digest.hexdigest(), size

    def _key(self) -> str:
        return unquote(request.environ["damhub.raw"]).removeprefix(f"/{BUCKET}/")

    def _living(self) -> dict[str, dict[str, Any]]:
        return self.ledger.living()

    def _objects(self) -> dict[str, dict[str, Any]]:
        """Copies, what others put there, and manifests."""
        living = self._living()
        beside = {key + MANIFEST_END: facts["beside"] for key, facts in living.items() if facts.get("beside")}
        return {**living, **beside}

    def _keys(self) -> list[str]:
        return [*FOLDERS, *self._objects()]

    # What is true here.

    def settings(self, origin: str) -> Mapping[str, Any]:
        """Point a connection here."""
        return {"endpoint": origin, "bucket": BUCKET}

    def targets(self) -> tuple[str, ...]:
        """The top and all folders."""
        return ("/", *FOLDERS)

    def copies(self, target: str) -> tuple[Standing, ...]:
        """All objects of a folder."""
        folder = "" if target == "/" else target
        return tuple(self._standing(target, key, facts) for key, facts in self._living().items() if _in(key, folder))

    def _standing(self, target: str, key: str, facts: Mapping[str, Any]) -> Standing:
        marker = marker_in(key.rpartition("/")[2])
        return Standing(key, target, marker, facts["meta"].get(KEY_META), self._said(facts)["fields"], facts["sha256"])

    def _said(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = (
            json.loads(self._bytes[facts["beside"]["sha256"]]) if facts.get("beside") else {"fields": {}}
        )
        return said

    def intrude(self, target: str, text: str) -> str:
        """Somebody puts something else there."""
        return self._lay(f"{'' if target == '/' else target}{text}.png", b"")

    def vanish(self, target: str, ref: str) -> None:
        """Somebody deletes an object."""
        del target
        self.ledger.add(What.REMOVED, ref, BUCKET)

    def edit(self, target: str, ref: str, fields: Mapping[str, Any]) -> None:
        """Somebody writes in the manifest."""
        del target
        facts = self._living()[ref]
        said = self._said(facts)
        text = json.dumps({**said, "fields": {**said["fields"], **fields}}).encode()
        digest = hashlib.sha256(text).hexdigest()
        self._bytes[digest] = text
        self._write(ref + MANIFEST_END, {**facts["beside"], "sha256": digest, "size": len(text), "etag": digest[:32]})

    def relocate(self, target: str, ref: str) -> bool:
        """Somebody moves it to the innermost folder: stores know no moves, so it is copied there and deleted here."""
        folder = next(one for one in reversed(self.targets()) if one != target)
        facts = {name: fact for name, fact in self._living()[ref].items() if name not in ("beside", "target")}
        self._write(folder + ref.rpartition("/")[2], facts, new=True)
        self.ledger.add(What.REMOVED, ref, BUCKET)
        return True

    def everything(self) -> tuple[Stock, ...]:
        """Folders and objects."""
        folders = tuple(Stock(key, ItemKind.FOLDER, key.rstrip("/").rpartition("/")[2]) for key in FOLDERS)
        return folders + tuple(
            Stock(key, ItemKind.FILE, key.rpartition("/")[2], facts["size"], facts["sha256"])
            for key, facts in self._living().items()
        )

    def stock(self, name: str, data: bytes) -> str:
        """Somebody puts a file at the top; a slash in its name makes folders, as everywhere in a bucket."""
        return self._lay(name, data)

    def unstock(self, ref: str) -> None:
        """Somebody deletes it."""
        self.ledger.add(What.REMOVED, ref, BUCKET)

    def delivery(self, *, target: str, ref: str, ours: bool = False, kind: str = "") -> Delivery:
        """Post a record as MinIO does; whose key wrote it is told, and yet no inbound knows which of them is ours."""
        del target, ours
        return posted(BUCKET, ref, kind or "s3:ObjectCreated:Put", token=self.hook_secret)

    def _lay(self, key: str, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self._bytes[digest] = data
        facts: dict[str, Any] = {
            "sha256": digest,
            "size": len(data),
            "meta": {},
            "type": "",
            "etag": digest[:32],
            "checksum": False,
        }
        self.ledger.add(What.MADE, key, BUCKET, **facts)
        return key


def _mismatch(digest: str) -> str:
    """Say which of the request's own statements about its body is not true."""
    stated = request.headers.get("x-amz-content-sha256", UNSIGNED)
    checksum = request.headers.get("x-amz-checksum-sha256", "")
    if stated not in (UNSIGNED, digest):
        return "XAmzContentSHA256Mismatch"
    return "BadDigest" if checksum and base64.b64decode(checksum).hex() != digest else ""


def _unmet(there: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """Say which condition of a put is not met."""
    match = request.headers.get("If-Match", "").strip('"')
    if match and there is None:
        return "NoSuchKey", 404
    taken = there is not None and request.headers.get("If-None-Match") == "*"
    return ("PreconditionFailed", 412) if taken or (match and there and match != there["etag"]) else None


def _rolled(key: str, prefix: str, delimiter: str) -> str:
    """Return a key, or the folder that stands for it in a listing by folders."""
    rest = key[len(prefix) :]
    return prefix + rest.partition(delimiter)[0] + delimiter if delimiter and delimiter in rest else key


def _listed(key: str, living: Mapping[str, Mapping[str, Any]], delimiter: str, prefix: str) -> str:
    if delimiter and key.endswith(delimiter) and key != prefix:
        return f"<CommonPrefixes><Prefix>{_named(key)}</Prefix></CommonPrefixes>"
    facts = living.get(key, {"size": 0, "etag": EMPTY[:32]})
    return (
        f"<Contents><Key>{_named(key)}</Key><LastModified>{MADE_AT:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
        f"<ETag>&quot;{facts['etag']}&quot;</ETag><Size>{facts['size']}</Size></Contents>"
    )


def _named(text: str) -> str:
    return escape(quote_plus(text, safe="/"))  # a blank is a +, as real stores write it


def _folder() -> dict[str, Any]:
    return {"etag": EMPTY[:32], "type": "", "meta": {}, "size": 0, "checksum": False, "sha256": EMPTY}


def _in(key: str, folder: str) -> bool:
    return key.startswith(folder) and "/" not in key[len(folder) :]


def _xml(name: str, inside: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inside}</{name}>'
    return Response(text, content_type="application/xml")


def _refuse(code: str, status: int) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Response(text, status, content_type="application/xml")
