"""One hub and one sandbox for each connector, kept for all rows: each row has an asset and a copy of its own."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.sdk.manifest import Capability, Carries
from connectors.testing.sandbox import make_sandbox
from hub.app import acts
from hub.clock import DAY, SECOND, ManualClock, SystemClock
from hub.events.log import emit
from hub.media.models import Rendition
from hub.notify.models import Notice
from hub.placements.tasks import REMOVE_NOTICE
from tests.copies.table import connectors, kind_of
from tests.decoder import one_decoder
from tests.unit.intake.house import House, picture

HERE = Path(__file__).parent
USUAL = ("object_store", "trello")
"""They take turns in every run, a row each; all of them play all rows in `make faults`, and for the table."""
WORK = ("media", "rights", "plan", "reconcile-1", "stock")


class Channel(House):
    """A hub with one connector, and what stands there in truth."""

    count = 100
    column = ""

    @property
    def manifest(self):
        """Return what is declared for the kind of place that a column is about."""
        return connectors()[self.column]

    def open(self):
        super().open()
        self.drains = {name: drain for name, drain in self.drains.items() if name in WORK}
        if self.name == "postiz":  # the only one that publishes by itself: by the same clock
            self.sandbox.clock = lambda: datetime.fromtimestamp(self.clock.now() / 1000, UTC)

    def connect(self):
        """Connect, and wait for nothing in truth."""
        self.hurry()
        return super().connect()

    def connect_again(self):
        """Connect the same account as a person does who does not know that it is connected: by what can be typed in."""
        typed = self.sandbox.typed()
        settings = dict(self.sandbox.settings(self.origin))
        room = self.rooms.connections
        return room.connect(self.ada, self.name, auth=typed.auth, settings=settings, secrets=dict(typed.secrets))

    def hurry(self):
        """Let waits be a move of the clock, which is moved by hand."""
        speaking = self.rooms.connections._speaking
        speaking._sleep = lambda seconds: self.clock.advance(int(seconds * 1000) + 1)
        self.stack.callback(speaking._client.close)
        self.stack.callback(self.rooms.placements._reconciler._viewer._client.close)

    @contextmanager
    def restored(self, archive, home):
        """Open this hub as a backup has it: restored in another place, and adopted."""
        settings = self.settings.model_copy(update={"home": home})
        self.clock.advance(1000)
        acts.restore(settings, archive, told=None, clock=self.clock)
        acts.adopt(settings, clock=self.clock)
        with ExitStack() as opened:
            again = self._another(opened, home)
            again.hurry()
            again.resume()
            yield again

    @contextmanager
    def beside(self, home):
        """Open another hub, with an identity of its own, that has connected the same account."""
        with ExitStack() as opened:
            other = self._another(opened, home)
            other.count += 1000  # its pictures are others
            other.connect()
            yield other

    def _another(self, opened, home):
        other = Channel(opened, home, self.clock, name=self.name, sandbox=self.sandbox, origin=self.origin)
        other.column = self.column
        return other

    def fresh(self):
        """Return bytes of a picture that there never was."""
        self.count += 1
        return picture(self.count)

    def placed(self, **options):
        """Approve an asset and let it stand there; return the asset's and the copy's id."""
        asset = self.asset(self.fresh(), title=f"Lake {self.count}", description="A lake", copyright="© Ada")
        self.run()
        copy = self.place(asset, **options)
        self.run()
        return asset, copy

    def published(self, **options):
        """Place an asset and let it be out, as the hub has seen: what is a draft there, people let go."""
        asset, copy = self.placed(**options)
        if self.stays_out:
            (there,) = self.standing(copy)
            self.sandbox.release(there.ref, self.target.ref)
            with self.rooms.database.unit() as session:  # as the webhook says that people enter there
                emit(session, "remote.hint", self.connection.remote_id, actor="system")
            self.run()
        return asset, copy

    def in_each_state(self):
        """Place an asset for each state in which things may end differently; yield it, its copy, and whether it is out.

        Where what is out stays out, that is: as it comes, with a time, and published.
        """
        yield *self.placed(), False
        if self.stays_out:
            yield *self.placed(publish_at=self.clock.now() // SECOND * SECOND + 30 * DAY), False
            yield *self.published(), True

    @property
    def stays_out(self):
        """Tell whether what is out can neither be changed nor withdrawn by a program."""
        return bool(self.manifest.stays_once_out)

    @property
    def can_read(self):
        """Tell whether the hub can read there what stands; else the channel's word is all that it has."""
        return Capability.LOOK in self.manifest.abilities

    def asked(self, copy):
        """Return what whoever placed a copy was asked last to take away there."""
        with self.rooms.database.read() as session:
            mine = Notice.what == REMOVE_NOTICE, Notice.subject == copy, Notice.user_id == self.ada.id
            return session.scalars(select(Notice).where(*mine).order_by(Notice.id.desc()).limit(1)).one().body

    def standing(self, copy):
        """Return what stands there under a copy's marker."""
        marker = self.copy(copy).marker
        return [one for one in self.sandbox.copies(self.target.ref) if one.marker == marker]

    def shown_by(self, there):
        """Return the hash of the bytes that a copy shows: where it is a link, of those behind the hub's address."""
        if there.sha256 is not None:
            return there.sha256
        address = self.rooms.delivery.address_of(there.marker)
        assert address in str(self.sandbox.ledger.living()[there.ref])
        return self.rooms.delivery.serve_placement(address.rpartition("/")[2]).sha256

    def rendered(self, asset):
        """Return the hash of the bytes that a copy of an asset's newest version has to show."""
        version = max(self.rooms.catalogue.view(self.ada, asset).versions, key=lambda one: one.number)
        manifest = self.manifest
        preset = "web" if manifest.carries is Carries.LINK else manifest.rendition
        if preset == "original":
            return version.sha256
        with self.rooms.database.read() as session:
            return session.get_one(Rendition, (version.id, preset)).sha256

    def anywhere(self, copy):
        """Return what stands under a copy's marker in any place there."""
        marker, found = self.copy(copy).marker, {}
        for target in self.sandbox.targets():
            found.update({one.ref: one for one in self.sandbox.copies(target) if one.marker == marker})
        return list(found.values())

    def pass_time(self, milliseconds, most=40):
        """Let so much time pass, in steps in which the worker works."""
        for _ in range(most):
            self.clock.advance(milliseconds // most)
            for drain in self.drains.values():
                while drain.run("worker"):
                    pass


def pytest_collection_modifyitems(config, items):
    """Let the rows of one connector follow each other: its hub is opened once."""
    if not config.getoption("--every"):
        mine = [item for item in items if item.path.parent == HERE and _channel_of(item)]
        left = set(mine) - set(_one_of_each(mine))
        config.hook.pytest_deselected(items=list(left))
        items[:] = [item for item in items if item not in left]
    places = [at for at, item in enumerate(items) if item.path.parent == HERE and "channels" in item.fixturenames]
    ordered = sorted((items[at] for at in places), key=lambda item: item.callspec.params["name"])
    for at, item in zip(places, ordered, strict=True):
        items[at] = item


def _one_of_each(items):
    """Yield each row once, with one of the usual connectors that it applies to."""
    rows = {}
    for item in items:
        if _channel_of(item) in USUAL:
            rows.setdefault(item.originalname, []).append(item)
    for turn, row in enumerate(rows.values()):
        yield row[turn % len(row)]


def _channel_of(item):
    return item.callspec.params["name"] if "channels" in item.fixturenames else ""


@pytest.fixture(scope="session")
def channels(tmp_path_factory):
    """Return the channel of a connector: the last one that was asked for stays open."""
    with one_decoder(), ExitStack() as opened:
        made = {}

        def channel(name):
            if name not in made:
                opened.pop_all().close()
                made.clear()
                # From today on: a connector that tells what is still to come asks the system's clock.
                clock = ManualClock(SystemClock().now())
                connector, manifest = kind_of(name)[0], connectors()[name]
                made[name] = Channel(
                    opened, tmp_path_factory.mktemp(name), clock, name=connector, sandbox=make_sandbox(manifest)
                )
                made[name].column = name
                made[name].connect()
            return made[name]

        yield channel
