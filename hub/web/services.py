"""What the web door is given: every service of the hub, made by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from hub.access.keyring import Keyring
    from hub.access.service import Access
    from hub.catalogue.service import Catalogue
    from hub.clock import Clock
    from hub.connections.mappings import AccountMappings
    from hub.connections.replaying import Rereading
    from hub.connections.service import Connections
    from hub.db.unit import Database
    from hub.delivery.service import Delivery
    from hub.intake.proposals.service import Proposals
    from hub.intake.service import Intake
    from hub.intake.stock.service import Stock
    from hub.media.service import Media
    from hub.notify.service import Notify
    from hub.placements.bindings.service import Bindings
    from hub.placements.numbers import Numbers
    from hub.placements.rehearsal import Rehearsal
    from hub.placements.reports.service import Reports
    from hub.placements.service import Placements
    from hub.placements.uses import Uses
    from hub.review.service import Review
    from hub.rights.service import Rights
    from hub.search.service import Search
    from hub.settings import Settings
    from hub.storage.blobs import BlobStore

KEY = "damhub"


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one hub."""

    database: Database
    clock: Clock
    settings: Settings
    keyring: Keyring
    store: BlobStore
    access: Access
    catalogue: Catalogue
    media: Media
    intake: Intake
    stock: Stock
    proposals: Proposals
    search: Search
    review: Review
    rights: Rights
    connections: Connections
    rereading: Rereading
    mappings: AccountMappings
    placements: Placements
    bindings: Bindings
    uses: Uses
    numbers: Numbers
    rehearsal: Rehearsal
    delivery: Delivery
    reports: Reports
    notify: Notify


def services() -> Services:
    """Return the services of the hub that answers this request."""
    return cast("Services", current_app.extensions[KEY])
