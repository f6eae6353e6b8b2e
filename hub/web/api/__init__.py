"""The JSON API, described by OpenAPI 3.1."""

from __future__ import annotations

from typing import Final

from hub.web.api.activity import activity, health
from hub.web.api.assets import assets
from hub.web.api.bindings import bindings
from hub.web.api.conflicts import conflicts
from hub.web.api.connections import connections
from hub.web.api.drift import drift
from hub.web.api.endpoints import endpoints
from hub.web.api.events import events
from hub.web.api.evidence import evidence
from hub.web.api.inbound import inbound
from hub.web.api.keeping import keeping
from hub.web.api.links import links
from hub.web.api.mappings import mappings
from hub.web.api.people import entry, people
from hub.web.api.placements import placements, recalls
from hub.web.api.proposals import proposals
from hub.web.api.review import review
from hub.web.api.rights import rights
from hub.web.api.stock import stock
from hub.web.api.texts import texts

BLUEPRINTS: Final = (
    entry, people, assets, review, rights, placements, conflicts, proposals, drift, recalls, evidence, bindings, links,
    connections, inbound, keeping, mappings, endpoints, events, activity, health, stock, texts,
)  # fmt: skip
