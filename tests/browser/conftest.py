"""A hub on a real socket and a browser that looks at it; whatever a page complains of fails its test."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from hub.clock import ManualClock
from hub.db.unit import Database
from hub.events.log import EventLog
from tests import services
from tests.browser import nordlicht
from tests.browser.eyes import Eyes
from tests.web_hub import PASSWORD, WebHub


class _Quiet(WSGIRequestHandler):
    def log(self, *args):
        """Write no log."""


@contextmanager
def served(home, now=nordlicht.FIRST_DAY):
    """Serve the hub of a folder on loopback."""
    clock, port = ManualClock(now), services.free_ports()
    database = Database(f"sqlite:///{home / 'damhub.sqlite3'}")
    EventLog(database, clock)
    hub = WebHub(database, clock, home / "home", base_url=f"http://127.0.0.1:{port}")
    server = make_server("127.0.0.1", port, hub.app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield SimpleNamespace(hub=hub, url=f"http://127.0.0.1:{port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        database.dispose()


@pytest.fixture(scope="session")
def filled(sqlite_template, tmp_path_factory):
    """The folder of a filled hub, made once, with what is known of it."""
    home = tmp_path_factory.mktemp("filled")
    shutil.copyfile(sqlite_template, home / "damhub.sqlite3")
    with served(home) as site:
        assets = nordlicht.settle(site.hub)
        return SimpleNamespace(home=home, assets=assets, people=site.hub.people, now=site.hub.clock.now())


@contextmanager
def opened(filled, home):
    """Serve a copy of the filled hub."""
    shutil.copytree(filled.home, home)
    with served(home, filled.now) as site:
        site.assets, site.hub.people = filled.assets, filled.people
        yield site


@pytest.fixture(scope="session")
def gallery(filled, tmp_path_factory):
    """A filled hub that is only looked at."""
    with opened(filled, tmp_path_factory.mktemp("gallery") / "site") as site:
        yield site


@pytest.fixture
def site(filled, tmp_path):
    """A filled hub that a test may change."""
    with opened(filled, tmp_path / "site") as site:
        yield site


@pytest.fixture
def bare_site(sqlite_template, tmp_path):
    """A hub that nobody has signed in to yet."""
    shutil.copyfile(sqlite_template, tmp_path / "damhub.sqlite3")
    with served(tmp_path) as site:
        yield site


@pytest.fixture
def look(browser):
    """Open a page of a site, signed in as somebody: `look(site, role, width=..., dark=...)`."""
    opened = []

    def open_eyes(site, role="administrator", *, width=1400, height=900, dark=False):
        context = browser.context(
            base_url=site.url, viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        if role:
            signed = site.hub.services.access.sign_in(f"{role}@dam.test", PASSWORD, address="127.0.0.1")
            context.add_cookies([{"name": "damhub_session", "value": signed.cookie, "url": site.url}])
        eyes = Eyes(context.new_page(), browser.axe)
        opened.append((context, eyes))
        return eyes

    yield open_eyes
    complaints = [line for _, eyes in opened for line in eyes.complaints]
    for context, _ in opened:
        context.close()
    assert not complaints, "\n".join(complaints)
