"""The one place where files are decoded: a pool of child processes that may cost little and reach nothing.

A child has a bound on memory (`RLIMIT_AS`), processor time, wall time, descriptors and the size of what it writes; an
environment without any of the hub's settings; and no network: on Linux a seccomp filter of its own makes the kernel
refuse sockets and other programs, elsewhere Python's sockets are replaced (see `hub.media.confine`). Files are opened
by the loader that the sniffed type names. Types whose decoders would follow references (SVG, playlists, lists) have
no loader here at all.

A child that hangs, crashes or runs out of memory is killed and replaced; the caller gets an error with a stable code,
and the hub lives on.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, cast

import hub
from hub.db.unit import refuse_in_transaction
from hub.errors import HubError, Invalid, TooLarge, Unavailable, Unsupported
from hub.media.presets import PRESETS, SIDES, Limits
from hub.media.sniff import HEAD_BYTES, sniff

PICTURE_TYPES: Final = frozenset(
    ("image/jpeg", "image/png", "image/webp", "image/gif", "image/tiff", "image/avif", "image/heic", "image/bmp")
) | {"image/vnd.adobe.photoshop"}
FOOTAGE_TYPES: Final = frozenset(
    ("video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/x-msvideo", "video/ogg")
) | {"audio/mp4", "audio/ogg", "audio/mpeg", "audio/wav", "audio/flac"}
DECODED: Final = PICTURE_TYPES | FOOTAGE_TYPES | {"application/pdf"}
"""The types that are looked into. Everything else is kept as bytes and served as a download."""

TRANSIENT: Final = frozenset({"decoder_crashed", "decoder_too_slow", "decoder_did_not_start"})
"""Codes that may be owed to a busy machine: worth another try."""

JOBS_PER_CHILD: Final = 100
LONGEST_ANSWER: Final = 8 * 1024 * 1024
START_S: Final = 60.0

_ERRORS: Final[Mapping[str, type[HubError]]] = {
    "Invalid": Invalid,
    "TooLarge": TooLarge,
    "Unsupported": Unsupported,
}


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A rendition in the job's folder."""

    preset: str
    path: Path
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a child says of a file."""

    width: int | None
    height: int | None
    duration_ms: int | None
    pages: int | None
    colour: str | None
    has_alpha: bool
    embedded: dict[str, Any]
    made: tuple[MadeFile, ...]


class MediaPool:
    """A bounded number of decoding children, started when first needed. Safe to share between threads."""

    def __init__(self, *, processes: int = 2, limits: Limits | None = None) -> None:
        self.processes = processes
        self._limits = limits or Limits()
        self._seats = threading.BoundedSemaphore(processes)
        self._idle: list[_Child] = []
        self._lock = threading.Lock()

    @property
    def longest_s(self) -> float:
        """Return how long one job can take at most, the start of a child included."""
        return self._limits.wall_s + START_S

    def develop(self, source: Path, media_type: str, *, rights: Mapping[str, str], folder: Path) -> Findings:
        """Measure a file and write its renditions into `folder`.

        Raises:
            Invalid: `file_damaged`, `decoder_crashed`, `rendition_refused`.
            TooLarge: `too_many_pixels`, `too_many_pages`, `too_much_memory`, `decoder_too_slow`.
            Unsupported: `no_rendition_for_type`, `video_extra_missing`.
            Unavailable: `decoder_did_not_start`.
        """
        refuse_in_transaction("decoding a file")
        if media_type not in DECODED:
            raise Unsupported(
                "no_rendition_for_type",
                f"Files of the type {media_type} are kept as they are and served as a download only.",
                next_step="Add a picture of it if people need to see one.",
            )
        request = {"source": str(source), "media_type": media_type, "rights": dict(rights), "folder": str(folder)}
        return _findings(self._ask(request), folder)

    def fingerprint(self, source: Path, media_type: str) -> str:
        """Return a picture's difference hash, 64 bits in hexadecimal digits (see `hub.media.likeness`).

        Raises:
            Invalid, TooLarge, Unavailable: as `develop`.
        """
        refuse_in_transaction("decoding a file")
        said = self._ask({"only": "fingerprint", "source": str(source), "media_type": media_type})
        if "error" in said:
            raise _error(said)
        return f"{int(str(said['fingerprint']), 16) % 2**64:016x}"

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._seats:
            child = self._take()
            try:
                said = child.ask(request, self._limits.wall_s)
            except BaseException:
                child.kill()
                raise
            self._give_back(child, spent=bool(said.get("spent")))
        return said

    def confinement(self) -> str:
        """Start a child if none is there and return how its network is shut off."""
        with self._seats:
            child = self._take()
            self._give_back(child, spent=False)
            return child.network

    def close(self) -> None:
        """End every idle child."""
        with self._lock:
            children, self._idle = self._idle, []
        for child in children:
            child.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> _Child:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Child(self._limits)

    def _give_back(self, child: _Child, *, spent: bool) -> None:
        if spent or child.jobs >= JOBS_PER_CHILD:
            child.kill()
            return
        with self._lock:
            self._idle.append(child)


class _Child:
    """One child process and the two pipes to it."""

    def __init__(self, limits: Limits) -> None:
        self.jobs = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-P", "-s", "-m", "hub.media.child", json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        try:
            self.network = str(self._read(START_S)["network"])
        except HubError as error:
            self.kill()
            raise Unavailable(
                "decoder_did_not_start",
                f"The process that opens files did not start ({error.code}). Nothing was lost.",
                next_step="Run `damhub doctor`.",
            ) from error

    def ask(self, request: Mapping[str, Any], wall_s: float) -> dict[str, Any]:
        """Hand over one request and wait for its answer."""
        self.jobs += 1
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except BrokenPipeError as gone:
            raise self._crashed() from gone
        return self._read(wall_s)

    def kill(self) -> None:
        """End the process at once and close its pipes."""
        self._process.kill()
        self._process.wait()
        self._answers.close()
        try:
            self._requests.close()
        except BrokenPipeError:
            # A request that never reached the dead child was still buffered.
            return

    def _read(self, wall_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + wall_s
        line = b""
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._answers], [], [], left)[0]
            if not ready:
                raise _too_slow()
            piece = os.read(self._answers.fileno(), 65_536)
            line += piece
            if not piece or len(line) > LONGEST_ANSWER:
                raise self._crashed()
        return cast("dict[str, Any]", json.loads(line))

    def _crashed(self) -> HubError:
        self._process.kill()
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return _too_slow()
        return Invalid(
            "decoder_crashed",
            f"The process that opened the file ended by itself (status {code}). The file itself is safe.",
            next_step="Export the file again and upload it as a new version.",
        )


def _environment() -> dict[str, str]:
    """Return the little that a child needs to run; no secret and no setting of the hub is in it."""
    return {
        "PYTHONPATH": str(Path(hub.__file__).resolve().parent.parent),
        "LANG": "C.UTF-8",
        "VIPS_CONCURRENCY": "1",
        "VIPS_BLOCK_UNTRUSTED": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _too_slow() -> TooLarge:
    return TooLarge(
        "decoder_too_slow",
        "Opening the file took longer than a file may take. The file itself is safe.",
        next_step="Upload a smaller or simpler file as a new version.",
    )


def _findings(said: Mapping[str, Any], folder: Path) -> Findings:
    """Read a child's answer as if a stranger had written it."""
    if "error" in said:
        raise _error(said)
    return Findings(
        width=said["width"],
        height=said["height"],
        duration_ms=said["duration_ms"],
        pages=said["pages"],
        colour=said["colour"],
        has_alpha=bool(said["has_alpha"]),
        embedded=dict(said["embedded"]),
        made=tuple(_made(entry, folder) for entry in said["made"]),
    )


def _error(said: Mapping[str, Any]) -> HubError:
    kind, code, what, next_step = said["error"]
    return _ERRORS.get(kind, Invalid)(str(code), str(what), next_step=str(next_step))


def _made(entry: list[Any], folder: Path) -> MadeFile:
    preset, name, media_type, width, height = entry
    path = folder / Path(name).name
    with path.open("rb") as file:
        sniffed = sniff(file.read(HEAD_BYTES))
    if preset not in PRESETS or sniffed != media_type or max(width, height) > SIDES[preset]:
        raise Invalid(
            "rendition_refused",
            "The rendition is not what it was said to be; it was thrown away.",
            next_step="Upload the file again; if it stays, tell an operator.",
        )
    return MadeFile(preset, path, media_type, width, height)
