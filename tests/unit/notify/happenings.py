"""Lets everything that is told happen once, through the real rooms, with remotes in memory."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
from sqlalchemy import select

from connectors.sdk.errors import Unreachable
from hub.clock import DAY, HOUR, SECOND
from hub.connections.mappings import AccountMappings
from hub.connections.models import Connection
from hub.connections.service import Connections
from hub.connections.speaking import Speaking
from hub.errors import HubError
from hub.intake.proposals.service import Proposals
from hub.media.models import Traits
from hub.media.service import Media
from hub.placements.models import Exchange, Placement
from hub.settings import Settings
from tests.faults.model.remote import manifest
from tests.unit.connections.fakevendor import APP_SECRET, KEY, TinyVendor, tiny_manifest

SECRETS = {"key": KEY, "app_secret": APP_SECRET}


def describe_and_decide(desk):
    """An asset comes in, is described, and people decide about its versions."""
    review, catalogue, world = desk.review, desk.catalogue, desk.world
    first = world.asset(b"described")
    review.submit(desk.actor, first)
    desk.approve(first)
    second = world.version(first, b"described anew")
    desk.approve(first, second)
    review.revoke(desk.actor, first, note="Why.")
    refused = world.asset(b"refused")
    newest = world.newest(refused)
    review.reject(desk.actor, newest, sha256=desk.sha256_of(newest))
    catalogue.set_successor(desk.actor, refused, first)
    catalogue.archive(desk.actor, refused)
    catalogue.unarchive(desk.actor, refused)
    catalogue.delete(desk.actor, refused)
    catalogue.restore(desk.actor, refused)


def develop(desk):
    """The decoder says that it cannot read a file."""

    class Pool:
        processes, longest_s = 1, 1.0

        def develop(self, *_, **__):
            raise HubError("file_broken", "The file is broken.")

    asset_id = desk.world.asset(b"broken")
    with desk.database.unit() as session:
        session.add(
            Traits(
                version_id=desk.world.newest(asset_id), state="pending", attempt=0, embedded={}, error_code="",
                error="",
                due_at=desk.clock.now(), lease_owner=None, lease_until=None,
            )
        )  # fmt: skip
    store = SimpleNamespace(local_copy=_nowhere)
    assert Media(desk.database, store, Pool(), desk.clock).drain("w") == 1


def collect(desk):
    """A collection is made, filled, emptied and removed."""
    catalogue, asset_id = desk.catalogue, desk.approved(b"collected")
    made = catalogue.make_collection(desk.actor, "Spring")
    catalogue.rename_collection(desk.actor, made.id, "Summer")
    catalogue.collect(desk.actor, made.id, [asset_id])
    catalogue.uncollect(desk.actor, made.id, [asset_id])
    catalogue.remove_collection(desk.actor, made.id)


def license_and_wait(desk):
    """A licence is given, ends soon, and ends."""
    asset_id = desk.approved(b"licensed")
    until = desk.clock.now() + 2 * DAY
    desk.rights.add_term(desk.actor, asset_id, source="licence", effect="allow", until_at=until)
    desk.rights.drain("w")
    desk.clock.advance(2 * DAY)
    desk.rights.drain("w")


def carry(desk):
    """Copies are made, changed there, removed there, lost on the way, refused, recalled, taken back."""
    placements, remote = desk.placements, desk.remote
    asset_id = desk.approved(b"carried")
    placement_id = desk.place(asset_id)
    desk.run()
    remote.entries[_ref(desk, placement_id)].fields["title"] = "Somebody else's"
    desk.clock.advance(2 * HOUR)
    desk.run()
    remote.remove(_ref(desk, placement_id), by="them")
    desk.clock.advance(2 * DAY)
    desk.run()
    placements.restoring.restore(desk.actor, placement_id)
    desk.run()
    lost = desk.place(desk.approved(b"lost"))
    remote.faults.append("lost_after")
    desk.run()
    refused = desk.place(desk.approved(b"refused there"))
    remote.faults.append("rejected")
    desk.run()
    placements.retry(desk.actor, refused)
    placements.take_back(desk.actor, lost)
    desk.run()
    stand_in = desk.approved(b"stand-in")
    placements.recall(desk.actor, asset_id, "It must go.", stand_in)
    desk.run()
    for _ in range(40):
        desk.clock.advance(DAY)
        desk.run()


def disagree(desk):
    """A field is changed here and there, and somebody decides which value holds."""
    asset_id = desk.approved(b"disputed")
    placement_id = desk.place(asset_id, desk.target("Disputed"))
    desk.run()
    desk.remote.entries[_ref(desk, placement_id)].fields["alt"] = "Somebody else's"
    desk.catalogue.edit(desk.actor, asset_id, {"alt_text": "Summer"})
    desk.run()
    [conflict] = desk.placements.conflicts.list(desk.actor)
    desk.placements.conflicts.decide(desk.actor, conflict.id, "theirs")
    desk.run()


def exchange(desk):
    """Somebody there puts another file in the place of a copy, and a person keeps ours."""
    asset = desk.approved(b"exchanged")
    placed = desk.place(asset)
    desk.run()
    with desk.database.unit() as session:
        row = session.get_one(Placement, placed)
        session.add(
            Exchange(
                id="exchange-1", placement_id=placed, asset_id=asset, version_id=row.desired_version_id, ref="1",
                item_ref="1", content_key="others", state="unread", media_type="", filename="",
                noticed_at=desk.clock.now(), failures=0, problem_code="", problem="It is too large.",
            )
        )  # fmt: skip
        row.exchange_id = "exchange-1"
    room = Proposals(
        desk.database, desk.clock, desk.world.exchange, store=None, pool=None, placements=desk.placements,
        settings=Settings(),
    )  # fmt: skip
    room.decide(desk.actor, "exchange-1", "ours")
    desk.run()


def let_go(desk):
    """An asset is held, the hold is lifted, and what was deleted is let go of for good."""
    asset_id = desk.world.asset(b"let go")
    hold = desk.rights.preservations.hold(desk.actor, asset_id, "Lawsuit.")
    desk.rights.preservations.lift(desk.actor, hold.id)
    desk.catalogue.delete(desk.actor, asset_id)
    desk.clock.advance(31 * DAY)
    assert desk.placements.purge.drain("w") == 1


def connect(desk, keyring, settings):
    """An account is connected, ails, needs somebody, is paused, and what it needs ends soon."""
    vendor, database, clock, actor = TinyVendor(), desk.database, desk.clock, desk.actor
    registry = {"tiny": tiny_manifest()}
    speaking = Speaking(
        database, clock, keyring, registry, base_url=settings.url, trusted_origins=[],
        client=httpx.Client(transport=httpx.MockTransport(vendor)), sleep=lambda _seconds: None,
    )  # fmt: skip
    room = Connections(database, clock, keyring, registry, settings, speaking=speaking)
    made = room.connect(actor, "tiny", auth="key", settings={}, secrets=SECRETS)
    room.report(made.remote_id, Unreachable("down"))
    vendor.keys.clear()
    room.test(actor, made.id)
    vendor.keys.add(KEY)
    room.reconnect(actor, made.id, SECRETS)
    with database.unit() as session:
        session.get_one(Connection, made.id).expires_at = clock.now() + 3 * DAY
    room.drain_warnings("w")
    room.refresh_targets(actor, made.id)
    target = room.targets(actor, made.remote_id)[0]
    room.set_target(actor, target.id, channel="web", territory="DE", lead_s=0)
    room.pause(actor, made.id)
    return made


def map_fields(desk):
    """An account gets its own field mapping."""
    from tests.unit.connections.test_account_mappings import OWN

    with desk.database.unit() as session:
        from hub.connections.models import Remote

        session.add(Remote(id="trello", connector="trello", account_key="t", label="Board", created_at=1))
    connection = desk.connect("trello")
    AccountMappings(desk.database, desk.clock).save(desk.actor, connection, OWN, seen=0)


def leave(desk):
    """An account is left, after somebody changed their mind once."""
    leaving = desk.placements.leaving
    with desk.database.read() as session:
        mine = select(Connection.id).where(Connection.remote_id == desk.world.remote_id)
        connection_id = session.scalars(mine).one()
    desk.world.exchange.disconnect = lambda *_: None
    leaving.begin(desk.actor, connection_id)
    leaving.cancel(desk.actor, connection_id)
    leaving.begin(desk.actor, connection_id)
    desk.run()
    assert leaving.drain("w") == 1


def _ref(desk, placement_id):
    (entry,) = desk.remote.living(desk.world.row(placement_id).marker)
    return entry.ref


def _nowhere(sha256):
    import contextlib
    from pathlib import Path

    return contextlib.nullcontext(Path(sha256))


def schedule(desk):
    """A post waits for its time, gets another one, and is held when its licence ends before it."""
    before = desk.world.exchange.declared
    desk.world.exchange.declared = manifest(replace=True, calendar=True)
    date = desk.clock.now() // SECOND * SECOND + 10 * DAY
    asset = desk.approved(b"scheduled")
    placed = desk.place(asset, slot="scheduled", publish_at=date)
    desk.run()
    desk.placements.schedule(desk.actor, placed, date + DAY)
    desk.run()
    desk.rights.add_term(desk.actor, asset, source="licence", effect="allow", until_at=date)
    desk.run()
    desk.placements.take_back(desk.actor, placed)
    desk.run()
    desk.world.exchange.declared = before
