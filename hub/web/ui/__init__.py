"""Pages for people: the same templates whole or as fragments."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask

from hub.web.api.evidence import well_known
from hub.web.api.links import open_doors
from hub.web.ui import frame
from hub.web.ui.activity import activity
from hub.web.ui.adjusting import adjusting
from hub.web.ui.asset import asset
from hub.web.ui.bindings import bindings
from hub.web.ui.calendar import calendar
from hub.web.ui.conflicts import conflicts
from hub.web.ui.connecting import connecting
from hub.web.ui.connections import connections
from hub.web.ui.copies import copies
from hub.web.ui.drift import drift
from hub.web.ui.endpoints import endpoints
from hub.web.ui.entry import entry
from hub.web.ui.foreseen import foreseen
from hub.web.ui.health import health
from hub.web.ui.holding import holding
from hub.web.ui.keeping import keeping
from hub.web.ui.library import library
from hub.web.ui.listening import listening
from hub.web.ui.living import living
from hub.web.ui.mapping import mapping
from hub.web.ui.notices import notices
from hub.web.ui.people import people
from hub.web.ui.proposals import proposals
from hub.web.ui.recalls import recalls
from hub.web.ui.rereading import rereading
from hub.web.ui.rewording import rewording
from hub.web.ui.schedules import schedules
from hub.web.ui.scorecards import quality, rating
from hub.web.ui.selection import selection
from hub.web.ui.stock import stock
from hub.web.ui.uses import uses


def install(app: Flask) -> None:
    """Register every page."""
    frame.install(app)
    cast("dict[str, Any]", app.jinja_env.globals).update(rating=rating)
    for blueprint in (
        entry, library, selection, copies, conflicts, proposals, drift, holding, recalls, uses, foreseen, asset,
        connections, connecting, adjusting, calendar, bindings, keeping, notices, people, endpoints, mapping, listening,
        rereading, rewording,
        quality, activity, open_doors, living, well_known, health, stock, schedules,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
