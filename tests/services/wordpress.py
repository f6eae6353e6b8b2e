"""WordPress for the tests: a real 7.1 site with our helper plugin in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import services

PLUGIN = Path(__file__).parents[2] / "connectors" / "wordpress" / "companion" / "damhub-helper"


@dataclass(frozen=True)
class RealWordPress:
    """A running site: its address, passwords by user, and what it logs."""

    url: str
    version: str
    passwords: Mapping[str, str] = field(repr=False)
    home: Path
    port: int

    def secrets(self, user="admin"):
        """What this user would type in to connect."""
        return {"username": user, "password": self.passwords[user]}

    def run(self, code):
        """Run PHP inside the site."""
        services.call("wordpress", "eval", WP_PORT=str(self.port), SVC_HOME=str(self.home), WP_CODE=code)

    @property
    def complaints(self):
        """What PHP complained of so far."""
        log = self.home / "debug.log"
        return log.read_text() if log.exists() else ""


@pytest.fixture(scope="session")
def wordpress_server(tmp_path_factory):
    """The site, or None where it cannot run."""
    home, port = tmp_path_factory.mktemp("wordpress"), services.free_ports()
    try:
        with services.running("wordpress", home, WP_PORT=str(port), WP_PLUGINS=str(PLUGIN)) as printed:
            passwords = {user: printed[f"{user.upper()}_PASSWORD"] for user in ("admin", "author", "reader")}
            yield RealWordPress(printed["URL"], printed["VERSION"], passwords, home, port)
    except services.CannotStart as gap:
        services.note_gap("wordpress", str(gap))
        yield None


@pytest.fixture
def wordpress(request):
    """The site; without it the test is left out."""
    site = request.getfixturevalue("wordpress_server")
    services.need(request, "wordpress")
    return site
