"""WordPress for the tests: a real 7.1 site with our helper plugin in it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
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

    def secrets(self, user="admin"):
        """What this user would type in to connect."""
        return {"username": user, "password": self.passwords[user]}

    @property
    def admin(self):
        """User name and password of the administrator, for calls past the connector."""
        return "admin", self.passwords["admin"]

    def options(self, **options):
        """Set options inside the site."""
        told = httpx.post(f"{self.url}/wp-json/tests/v1/options", json=options, auth=self.admin, timeout=60)
        told.raise_for_status()

    @property
    def complaints(self):
        """What PHP complained of so far."""
        log = self.home / "debug.log"
        return log.read_text() if log.exists() else ""


@contextmanager
def a_site(home: Path, **more: str) -> Generator[RealWordPress | None]:
    """Yield a site, or None where it cannot run."""
    knobs = {"WP_PORT": str(services.free_ports()), "WP_PLUGINS": str(PLUGIN), **more}
    try:
        with services.running("wordpress", home, **knobs) as printed:
            passwords = {user: printed[f"{user.upper()}_PASSWORD"] for user in ("admin", "author", "reader")}
            yield RealWordPress(printed["URL"], printed["VERSION"], passwords, home)
    except services.CannotStart as gap:
        services.note_gap("wordpress", str(gap))
        yield None


@pytest.fixture(scope="session")
def wordpress_server(tmp_path_factory):
    """The site, or None where it cannot run."""
    with a_site(tmp_path_factory.mktemp("wordpress")) as site:
        yield site


@pytest.fixture
def wordpress(request):
    """The site; without it the test is left out."""
    site = request.getfixturevalue("wordpress_server")
    services.need(request, "wordpress")
    return site


@pytest.fixture(scope="session")
def wordpress_network_server(tmp_path_factory):
    """A network in the folder /blog, with a second site in /blog/second; None where it cannot run."""
    with a_site(tmp_path_factory.mktemp("network"), WP_PATH="/blog", WP_NETWORK="1") as site:
        yield site


@pytest.fixture
def wordpress_network(request):
    """The network; without it the test is left out."""
    site = request.getfixturevalue("wordpress_network_server")
    services.need(request, "wordpress")
    return site


@pytest.fixture(scope="session")
def wordpress_oldest_server(tmp_path_factory):
    """The oldest WordPress that can be had: 6.1 from Debian, else 6.2; None where it cannot run."""
    with a_site(tmp_path_factory.mktemp("oldest"), WP_RELEASE="oldest") as site:
        yield site


@pytest.fixture
def wordpress_oldest(request):
    """That site; without it the test is left out."""
    site = request.getfixturevalue("wordpress_oldest_server")
    services.need(request, "wordpress")
    return site
