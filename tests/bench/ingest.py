"""Taking files in, beside `vipsthumbnail` making the same renditions of the same files.

Ours does all that an upload costs: the stream is hashed and sniffed, file and folder are synced, rows are written; then
confined child processes probe each file, read its metadata and make the web rendition and the thumbnail, which are
hashed, synced and recorded too. The peer only makes the two renditions, in as many processes.
"""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import func, select

from hub.app import samples
from hub.media.models import Traits
from hub.media.presets import SIDES, THUMBNAIL, WEB
from tests import services
from tests.bench.hubs import ADMIN, hub_at, working
from tests.bench.measure import Row, in_turn, silent, timed
from tests.services import vips

FULL = {"rounds": 5, "large": 8, "small": 8, "logos": 4}
TINY = {"rounds": 1, "large": 0, "small": 2, "logos": 1}

PROCESSES = 2
LOOK_EVERY_S = 0.01
JPEG_OPTIONS = "[Q=85,optimize_coding,interlace,strip]"
PNG_OPTIONS = "[compression=7,strip]"
WEBP_OPTIONS = "[Q=80,effort=3,strip]"


def run(tell=silent, *, rounds, large, small, logos, fetch=vips.fetch):
    """Measure whole ingests; without the tool ours is measured alone and the row says why."""
    counted = (
        f"ours: upload of {large} JPEGs of 12 and {small} of 2 megapixels and {logos} transparent PNGs, with sha256, "
        "fsync, rows, probe, metadata, and both renditions by the worker's own drain, in "
        f"{PROCESSES} running confined children; peer: both renditions of these files to the same sizes and qualities "
        f"in {PROCESSES} processes, nothing else"
    )
    versions = {"pyvips": version("pyvips"), "pyvips-binary": version("pyvips-binary")}
    drawn = draw(tell, large, small, logos)
    try:
        tool = fetch()
    except services.CannotStart as gap:
        tool, why = None, str(gap)
    with (
        tempfile.TemporaryDirectory(prefix="damhub-bench-") as folder,
        hub_at(Path(folder) / "home") as hub,
        working(hub, "media"),
    ):
        bench = Ingest(hub, drawn, Path(folder))
        bench.ours(-1)  # children start once in a worker's life
        if tool is None:
            figures = [bench.ours(number) for number in range(rounds)]
            return [Row("ingest", "vipsthumbnail", "s", figures, counted=counted, gap=why, versions=versions)]
        versions["vipsthumbnail"] = tool.version
        ours, theirs = in_turn(rounds, bench.ours, lambda number: bench.theirs(tool.path, number), tell)
        bench.compare()
    return [Row(f"ingest of {len(drawn)} files", f"vipsthumbnail, {tool.version}", "s", ours, theirs, counted,
                versions=versions)]  # fmt: skip


def draw(tell, large, small, logos):
    """Draw the pictures; each is named by what it is."""
    tell("draws pictures", 0, 3)
    photo = samples.lake(size=(4240, 2830)) if large else b""
    tell("draws pictures", 1, 3)
    little = samples.lake(size=(1800, 1200))
    tell("draws pictures", 2, 3)
    return [
        *((f"large-{number}.jpg", photo) for number in range(large)),
        *((f"small-{number}.jpg", little) for number in range(small)),
        *((f"logo-{number}.png", samples.logo(size=1000)) for number in range(logos)),
    ]


class Ingest:
    """Both sides, over files whose bytes are new in each round."""

    def __init__(self, hub, drawn, folder):
        self._hub, self._drawn, self._folder = hub, drawn, folder
        self._taken = []

    def ours(self, number):
        files = self._files(number)
        return timed(lambda: self._take_in(files))

    def _take_in(self, files):
        services = self._hub.services
        self._taken = [
            services.intake.upload(ADMIN, io.BytesIO(content), filename=name, expect_size=len(content)).version_id
            for name, content in files
        ]
        pending, paused = select(func.count()).where(Traits.state == "pending"), threading.Event()
        while self._count(pending):
            paused.wait(LOOK_EVERY_S)

    def _count(self, query):
        with self._hub.services.database.read() as session:
            return session.scalar(query)

    def theirs(self, tool, number):
        source = self._folder / f"source-{number}"
        source.mkdir()
        for name, content in self._files(number):
            (source / name).write_bytes(content)
        return timed(lambda: thumbnails(tool, sorted(source.iterdir())))

    def compare(self):
        """Make sure that both made pictures of the same sizes and about as large: else the ratio says nothing."""
        services = self._hub.services
        [made] = [path for path in self._folder.iterdir() if path.name == "source-0"]
        with services.database.read() as session:
            for version_id, (name, _) in zip(self._taken, self._drawn, strict=True):
                for preset, suffix in ((THUMBNAIL, "webp"), (WEB, Path(name).suffix[1:])):
                    row = services.media.rendition(session, version_id, preset)
                    peers = made / f"{preset}-{Path(name).stem}.{suffix}"
                    if row.state != "ready" or not 0.7 < row.size / peers.stat().st_size < 1.4:
                        raise AssertionError(f"{peers.name}: ours is {row.state} with {row.size} bytes")

    def _files(self, number):
        return [(name, fresh(content, f"{name} {number}")) for name, content in self._drawn]


def fresh(content, note):
    """Return the same picture in other bytes, or it would be found in the catalogue already."""
    if content.startswith(b"\xff\xd8"):
        text = note.encode()
        return content[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + content[2:]
    return content + note.encode()  # after a PNG's end


def thumbnails(tool, paths):
    """Make both renditions of all files, always so many processes at once."""
    environment = {**os.environ, "VIPS_CONCURRENCY": "1"}
    photos = [path for path in paths if path.suffix == ".jpg"]
    logos = [path for path in paths if path.suffix == ".png"]
    commands = [
        command_for(tool, some[seat::PROCESSES], preset, ending)
        for some, preset, ending in (
            (photos, WEB, f".jpg{JPEG_OPTIONS}"),
            (paths, THUMBNAIL, f".webp{WEBP_OPTIONS}"),
            (logos, WEB, f".png{PNG_OPTIONS}"),
        )
        for seat in range(PROCESSES)
    ]
    with ThreadPoolExecutor(PROCESSES) as seats:
        list(seats.map(lambda command: subprocess.run(command, env=environment, check=True), filter(None, commands)))


def command_for(tool, paths, preset, ending):
    side = SIDES[preset]
    return [tool, "--size", f"{side}x{side}>", "--output", f"{preset}-%s{ending}", *map(str, paths)] if paths else []
