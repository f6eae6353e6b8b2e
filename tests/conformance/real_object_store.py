"""A real object store in the place of the sandbox: a proxy before it brings faults and keeps the ledger."""

from __future__ import annotations

import hashlib
import json

from flask import Response, request

from connectors.object_store.sandbox import ObjectStoreSandbox
from connectors.object_store.types import KEY_META, META
from connectors.sdk.beside import MANIFEST_END
from connectors.sdk.marker import marker_in
from connectors.sdk.types import ItemKind
from connectors.testing.ledger import What
from connectors.testing.sandbox import Sandbox, Standing, Stock

HOP = {"connection", "transfer-encoding", "date", "server", "keep-alive"}
FOLDERS = tuple(f"folder {number:02}/" for number in range(1, 26))
server = direct = there = None  # settings of the running server, and clients for it, set by the suite


class RealObjectStore(ObjectStoreSandbox):
    """Requests go on as they came, signature and all; what is true is read past the proxy."""

    contract = None  # the real server decides what it takes

    def __init__(self, *, ledger=None):
        Sandbox.__init__(self, ledger=ledger)
        self.secrets = {
            "access_key": server.access_key.get_secret_value(), "secret_key": server.secret_key.get_secret_value(),
            "region": server.region,
        }  # fmt: skip
        self._direct, self._there = direct, there
        for path in ("/", "/<path:_>"):
            self.app.add_url_rule(path, path, self._pass, methods=["GET", "HEAD", "PUT", "POST", "DELETE"])
        self._empty()

    def _signed(self):
        return None

    def _empty(self):
        kept = {server.prefix + folder for folder in FOLDERS}
        there = set(self._names())
        for key in there - kept:
            self._direct.delete_object(Bucket=server.bucket, Key=key)
        for key in kept - there:
            self._direct.put_object(Bucket=server.bucket, Key=key, Body=b"")

    def _pass(self, _=""):
        url = server.endpoint_url + str(request.environ["RAW_URI"])
        sent = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP]
        there = request.method in {"PUT", "POST"} and self._exists()
        answer = self._there.request(request.method, url, headers=sent, content=request.get_data())
        if answer.is_success and self._is_effect():
            what = What.REMOVED if request.method == "DELETE" else What.CHANGED if there else What.MADE
            of = self._key().removesuffix(MANIFEST_END)
            self.ledger.add(what if of == self._key() else What.CHANGED, of, server.bucket)
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP]
        return Response(answer.content if request.method != "HEAD" else None, answer.status_code, kept)

    def _is_effect(self):
        """Parts are none, nor is their beginning or their loss; that they are complete is one."""
        parts, versions = "uploadId" in request.args, "versionId" in request.args
        return {"PUT": not parts, "POST": parts, "DELETE": not parts and not versions}.get(request.method, False)

    def _key(self):
        return super()._key().removeprefix(f"/{server.bucket}/")

    def _exists(self):
        return self._key() in self._names()

    def _names(self):
        pages = self._direct.get_paginator("list_objects_v2").paginate(Bucket=server.bucket, Prefix=server.prefix)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def settings(self, origin):
        return {"endpoint": origin, "bucket": server.bucket, "prefix": server.prefix}

    def targets(self):
        return (server.prefix, *(server.prefix + folder for folder in FOLDERS))

    def copies(self, target):
        rest = [(key, key.removeprefix(target)) for key in self._files() if key.startswith(target)]
        return tuple(self._of(target, key) for key, name in rest if name and "/" not in name)

    def _files(self):
        return [key for key in self._names() if not key.endswith(MANIFEST_END)]

    def _beside(self, key):
        if key + MANIFEST_END not in self._names():
            return {"fields": {}}
        return json.loads(self._direct.get_object(Bucket=server.bucket, Key=key + MANIFEST_END)["Body"].read())

    def _of(self, target, key):
        found = self._direct.get_object(Bucket=server.bucket, Key=key)
        meta = {f"{META}{name}": value for name, value in found["Metadata"].items()}
        digest = hashlib.sha256(found["Body"].read()).hexdigest()
        return Standing(key, target, marker_in(key), meta.get(KEY_META), self._beside(key)["fields"], digest)

    def everything(self):
        return tuple(self._stock_of(key) for key in self._files())

    def _stock_of(self, key):
        if key.endswith("/"):
            return Stock(key, ItemKind.FOLDER, key.rstrip("/").rpartition("/")[2])
        size = self._direct.head_object(Bucket=server.bucket, Key=key)["ContentLength"]
        return Stock(key, ItemKind.FILE, key.rpartition("/")[2], size)

    def stock(self, name, data):
        self._direct.put_object(Bucket=server.bucket, Key=server.prefix + name, Body=data)
        return server.prefix + name

    def unstock(self, ref):
        self._direct.delete_object(Bucket=server.bucket, Key=ref)

    def intrude(self, target, text):
        self._direct.put_object(Bucket=server.bucket, Key=f"{target}{text}.png", Body=b"x")
        return f"{target}{text}.png"

    def delivery(self, *, target, ref, ours=False, kind=""):
        """SeaweedFS posts no records in this form."""
        del target, ref, ours, kind

    def vanish(self, target, ref):
        self.unstock(ref)

    def edit(self, target, ref, fields):
        said = self._beside(ref)
        text = json.dumps({**said, "fields": {**said["fields"], **fields}}).encode()
        self._direct.put_object(Bucket=server.bucket, Key=ref + MANIFEST_END, Body=text)


def create(*, ledger=None):
    return RealObjectStore(ledger=ledger)
