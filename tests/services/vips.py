"""libvips' command line for the benchmarks: no server, only a tool that is there or is not."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import services


@dataclass(frozen=True)
class VipsThumbnail:
    """Where `vipsthumbnail` is, and which libvips it is."""

    path: str
    version: str


def fetch():
    """Find the tool, or install it where that can be done; raises CannotStart with the reason."""
    with tempfile.TemporaryDirectory(prefix="damhub-vips-") as home:
        printed = services.call("vips", "start", SVC_HOME=home)
    return VipsThumbnail(str(Path(printed["TOOL"])), printed["VERSION"])


@pytest.fixture(scope="session")
def vips_tool():
    """The tool, or None where it cannot be had."""
    try:
        return fetch()
    except services.CannotStart as gap:
        services.note_gap("vips", str(gap))
        return None


@pytest.fixture
def vipsthumbnail(request):
    """The tool; without it the test is left out."""
    tool = request.getfixturevalue("vips_tool")
    services.need(request, "vips")
    return tool
