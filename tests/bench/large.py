"""Large bodies through the guarded client, beside bare httpx moving the same bytes.

Both speak to a server in another process that takes everything and gives a stream of zeros. Ours reads the file by
its source, counts what it sends, hashes nothing and bounds the whole call's time; the peer hands httpx an open file,
and writes what comes into another.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import httpx

from connectors.sdk.guard import Guard
from connectors.sdk.http import Api, guarded_client
from connectors.sdk.registry import discover
from connectors.sdk.types import Outgoing
from tests.bench.measure import Row, in_pairs, silent

MIB = 1024 * 1024
FULL = {"rounds": 5, "pairs": 10, "size": 256 * MIB}
TINY = {"rounds": 1, "pairs": 1, "size": 3 * MIB}
MEMORY = Path("/dev/shm")
"""Files lie there where a machine has it: writing back to a disk would be measured otherwise, and falls on anybody."""
GRACE_S = 10


def run(tell=silent, *, rounds, pairs, size):
    """Measure an upload as the whole body, one inside a form, and a download."""
    lies = str(MEMORY) if MEMORY.is_dir() else None
    with sink() as origin, tempfile.TemporaryDirectory(dir=lies) as folder, Both(origin, Path(folder), size) as both:
        return [
            Row(f"connector call, large: {what}", f"bare httpx {httpx.__version__}", "s",
                *in_pairs(rounds, pairs, ours, theirs, tell, doing=what),
                f"{size // MIB} MiB, {pairs} times a round, by turns with the peer, server in another process, files "
                f"{'in memory' if lies else 'on disk'}; ours: guard, limits and translation; peer: one pooled client",
                versions={"httpx": httpx.__version__})
            for what, ours, theirs in both.ways()
        ]  # fmt: skip


@contextmanager
def sink():
    """Serve the other side from another process."""
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.sink"], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(GRACE_S)
        process.stdout.close()


class Both:
    """The same bytes, moved by us and by the peer."""

    def __init__(self, origin, folder, size):
        self._origin, self._size = origin, size
        self._file, self._into = folder / "large", folder / "came"
        self._file.write_bytes(bytes(range(256)) * (size // 256))
        self._guarded = guarded_client(Guard(trusted_origins=[origin]))
        self._api = Api(origin, manifest=discover()["object_store"], client=self._guarded)
        self._peer = httpx.Client()
        self._outgoing = Outgoing(
            marker="dhbench1-aaaaaaaaaaaaaaaaaaaa", content_key="large", filename="large.bin",
            media_type="application/octet-stream", size=size, sha256=hashlib.sha256().hexdigest(),
            open=lambda: self._file.open("rb"), link="", fields={},
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._guarded.close()
        self._peer.close()

    def ways(self):
        """Return what is moved, by us and by the peer."""
        return (
            ("upload", self._put, self._peer_puts),
            ("upload in a form", self._post, self._peer_posts),
            ("download", self._get, self._peer_gets),
        )

    def _put(self):
        self._taken(self._api.upload("/", self._outgoing, method="PUT", headers={}).json["took"])

    def _peer_puts(self):
        headers = {"Content-Length": str(self._size), "Content-Type": "application/octet-stream"}
        with self._file.open("rb") as body:
            self._taken(self._peer.put(self._origin, content=body, headers=headers).raise_for_status().json()["took"])

    def _post(self):
        self._taken(self._api.upload_form("/", self._outgoing, fields={"name": "large"}).json["took"])

    def _peer_posts(self):
        with self._file.open("rb") as body:
            files = {"file": ("large.bin", body, "application/octet-stream")}
            answer = self._peer.post(self._origin, data={"name": "large"}, files=files)
        self._taken(answer.raise_for_status().json()["took"])

    def _get(self):
        with self._into.open("wb") as into:
            self._taken(self._api.download(f"/{self._size}", into).size)

    def _peer_gets(self):
        with self._into.open("wb") as into, self._peer.stream("GET", f"{self._origin}/{self._size}") as answer:
            for chunk in answer.raise_for_status().iter_bytes():
                into.write(chunk)
        self._taken(self._into.stat().st_size)

    def _taken(self, count):
        if count < self._size:
            raise AssertionError(f"{count} of {self._size} bytes arrived")
