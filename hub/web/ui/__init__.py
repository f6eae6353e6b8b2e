"""Pages for people: the same templates whole or as fragments."""

from __future__ import annotations

from flask import Flask

from hub.web.api.links import open_doors
from hub.web.ui import frame
from hub.web.ui.activity import activity
from hub.web.ui.asset import asset
from hub.web.ui.connections import connections
from hub.web.ui.copies import copies
from hub.web.ui.entry import entry
from hub.web.ui.health import health
from hub.web.ui.library import library
from hub.web.ui.selection import selection


def install(app: Flask) -> None:
    """Register every page."""
    frame.install(app)
    for blueprint in (entry, library, selection, copies, asset, connections, activity, open_doors, health):
        app.register_blueprint(blueprint)
