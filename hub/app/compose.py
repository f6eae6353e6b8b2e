"""Wires one hub: every room gets what it needs from the rooms below, and nothing else is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from connectors.sdk.manifest import Manifest
from connectors.sdk.registry import discover
from hub.access.actors import SYSTEM
from hub.access.keyring import Keyring
from hub.access.service import Access
from hub.app.finding import found_by
from hub.app.reach import touched_by
from hub.catalogue.service import Catalogue
from hub.clock import SECOND, Clock, SystemClock
from hub.connections.mappings import AccountMappings
from hub.connections.replaying import Rereading
from hub.connections.service import Connections
from hub.db.installation import wake
from hub.db.migrate import migrate
from hub.db.unit import Database
from hub.delivery.handouts import recipients
from hub.delivery.service import Delivery
from hub.events.log import EventLog
from hub.intake.proposals.service import Proposals
from hub.intake.service import Intake
from hub.intake.stock.service import Stock
from hub.jobs.drains import Drain
from hub.media.likeness import Likeness
from hub.media.pool import MediaPool
from hub.media.service import Media
from hub.notify.service import Notify
from hub.placements.bindings.service import Bindings
from hub.placements.numbers import Numbers
from hub.placements.rehearsal import Rehearsal
from hub.placements.reports.service import Reports
from hub.placements.seats import ORDINARY, SPARE
from hub.placements.service import Placements
from hub.placements.silence import Silence
from hub.placements.uses import Uses
from hub.review.service import Review
from hub.review.standing import standing_of
from hub.rights.service import Rights
from hub.search.service import Search
from hub.settings import Settings
from hub.storage.stores import make_store
from hub.storage.sweep import Sweeper
from hub.web.services import Services


@dataclass(frozen=True, slots=True)
class Hub:
    """One hub, wired and awake."""

    services: Services
    pool: MediaPool
    likeness: Likeness
    sweeper: Sweeper

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        clock: Clock | None = None,
        registry: Mapping[str, Manifest] | None = None,
        lease_ms: int | None = None,
    ) -> Self:
        """Bring the tables up to date, recognise the installation, and wire every room.

        Args:
            settings: of this hub.
            clock: the wall clock by default, shifted as the settings say.
            registry: the installed connectors by default.
            lease_ms: how long a worker keeps a copy to itself; only rehearsals change it.

        Raises:
            Conflict: `database_newer`.
            Invalid: the key is damaged, readable by others, or too short.
        """
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        clock = clock or SystemClock(shift_ms=settings.clock_shift_s * SECOND)
        database = Database(settings.database)
        migrate(database)
        EventLog(database, clock)
        wake(database, settings, clock)
        keyring, store = Keyring.load(settings), make_store(settings)
        pool = MediaPool(processes=settings.media_processes)
        connections = Connections(database, clock, keyring, registry or discover(), settings)
        placements = Placements(database, clock, connections, store, keyring, settings, lease_ms=lease_ms)
        search = Search(database, settings, clock)
        bindings = Bindings(
            database, clock, connections, placements.wake, partial(found_by, search),
            partial(connections.subscribe, SYSTEM),
        )  # fmt: skip
        intake = Intake(database, store, clock, settings)
        services = Services(
            database=database, clock=clock, settings=settings, keyring=keyring, store=store,
            access=Access(database, clock, keyring),
            catalogue=Catalogue(database, clock, judge=standing_of, language=settings.language,
                                grace_days=settings.deletion_grace_days),
            media=Media(database, store, pool, clock), intake=intake,
            stock=Stock(database, clock, connections, intake=intake, placements=placements, pool=pool,
                        limit=settings.max_upload_bytes),
            proposals=Proposals(database, clock, connections, store=store, pool=pool, placements=placements,
                                settings=settings),
            search=search,
            review=Review(database, clock), rights=Rights(database, clock, settings.rights_default),
            connections=connections, rereading=Rereading(database), mappings=AccountMappings(database, clock),
            placements=placements, bindings=bindings,
            uses=Uses(database, clock, connections),
            numbers=Numbers(database, clock, connections, connections.has_room),
            rehearsal=Rehearsal(database, clock, connections, settings.rights_default, bindings),
            delivery=Delivery(database, store, keyring, clock, settings),
            reports=Reports(database, clock, placements, keyring, recipients, address=settings.url,
                            manifest_of=connections.manifest),
            notify=Notify(database, clock, keyring, settings, reach=touched_by),
        )  # fmt: skip
        return cls(services, pool, Likeness(database, store, pool, clock), Sweeper(database, clock, store))

    def drains(self) -> Sequence[Drain]:
        """Return every kind of work that a worker process does, each safe to be killed at any point."""
        rooms = self.services
        return (
            Drain("media", rooms.media.drain, 0.5, eager=True),
            Drain("likeness", self.likeness.drain, 5.0, eager=True),
            Drain("search", rooms.search.drain, 0.5),
            Drain("rights", rooms.rights.drain, 5.0),
            Drain("plan", rooms.placements.plan, 0.5),
            *(
                Drain(f"reconcile-{seat}", partial(self._reconcile, seat), 0.5, eager=True)
                for seat in range(1, ORDINARY + SPARE + 1)
            ),
            Drain("leaving", rooms.placements.leaving.drain, 5.0),
            Drain("purge", rooms.placements.purge.drain, 60.0, eager=True),
            Drain("blobs", self.sweeper.drain, 60.0, eager=True),
            Drain("uses", rooms.uses.drain, 5.0, eager=True),
            Drain("numbers", rooms.numbers.drain, 10.0, eager=True),
            Drain("stock", rooms.stock.drain, 2.0, eager=True),
            Drain("proposals", rooms.proposals.drain, 2.0, eager=True),
            Drain("bindings", rooms.bindings.drain, 1.0),
            Drain("feeds", rooms.placements.feeds.drain, 2.0, eager=True),
            Drain("inbox", rooms.connections.drain_inbox, 1.0),
            Drain("health", rooms.connections.drain_health, 10.0),
            Drain("subscriptions", rooms.connections.drain_subscriptions, 30.0),
            Drain("warnings", rooms.connections.drain_warnings, 60.0),
            Drain("silence", Silence(rooms.database, rooms.clock, rooms.settings.url).drain, 60.0),
            Drain("webhook-events", rooms.notify.drain_events, 0.5),
            Drain("webhook-deliveries", rooms.notify.drain_deliveries, 0.5, eager=True),
            Drain("webhook-log", rooms.notify.sweep, 60.0, eager=True),
        )

    def close(self) -> None:
        """Give up what this process holds: decoders, the index, connections to receivers and to the database."""
        self.pool.close()
        self.services.notify.close()
        self.services.search.close()
        self.services.database.dispose()

    def _reconcile(self, seat: int, owner: str) -> int:
        """Work as one of several reconcilers of a process; each holds leases of its own."""
        return self.services.placements.reconcile(f"{owner}/{seat}", spare=seat > ORDINARY)
