"""One hub with the sandboxes of several vendors: a recall over all of them, and cards that get their links."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from werkzeug.serving import make_server

from connectors.sdk.registry import discover
from connectors.testing.sandbox import make_sandbox
from connectors.testing.serve import serve
from hub.clock import DAY, HOUR, MINUTE
from hub.placements.bindings.rules import Names, Source, Takes
from hub.placements.bindings.service import BindingWish
from hub.settings import Settings
from hub.web.app import create_app
from tests import services
from tests.copies.conftest import Channel

DUNES = Path(__file__).parent / "pictures" / "dunes.jpg"
ROUNDS, BLINK_MS = 60, 230
"""So often a worker looks for work after a recall, and so long it takes to look."""
VENDORS = ("wordpress", "drupal", "trello", "asana", "google_drive", "folder")


class Several(Channel):
    """One hub that really listens, and accounts at several vendors."""

    def __init__(self, stack, home, clock):
        self.stack, self.clock, self.name = stack, clock, "several"
        self.sandboxes = {name: make_sandbox(discover()[name]) for name in VENDORS}
        self.origins = {name: stack.enter_context(serve(one)) for name, one in self.sandboxes.items()}
        port = services.free_ports()
        trusted = [*self.origins.values(), f"http://127.0.0.1:{port}"]
        self.settings = Settings(home=home, port=port, media_processes=1, trusted_origins=trusted)
        self.open()
        self.hurry()
        self._listen(port)

    def _listen(self, port):
        server = make_server("127.0.0.1", port, create_app(self.rooms), threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        self.stack.callback(server.server_close)
        self.stack.callback(thread.join)
        self.stack.callback(server.shutdown)

    def place_of(self, name):
        """Connect a vendor by what a person would type in; return its first place."""
        sandbox, room = self.sandboxes[name], self.rooms.connections
        typed = sandbox.typed()
        made = room.connect(self.ada, name, auth=typed.auth, settings=dict(sandbox.settings(self.origins[name])),
                            secrets=dict(typed.secrets))  # fmt: skip
        room.refresh_targets(self.ada, made.id)
        return next(one for one in room.targets(self.ada, made.remote_id) if one.ref == sandbox.targets()[0])

    def open(self):
        super().open()
        self.drains |= {drain.name: drain for drain in self.hub.drains() if drain.name == "bindings"}

    def bring(self, picture, title, *, approve=True, **fields):
        """Upload a picture under its own name, and approve it if wanted; return the asset's id."""
        made = self.rooms.intake.upload(
            self.ada, io.BytesIO(picture.read_bytes()), filename=picture.name, fields={"title": title, **fields}
        )
        if approve:
            self.approve(made.asset_id)
        return made.asset_id

    def play(self):
        """Let a picture stand in every place for a day, and recall it; return the recall."""
        places = [self.place_of(name) for name in VENDORS]
        asset = self.bring(DUNES, "Dunes, evening", description="Dunes in the evening light.",
                           alt_text="Dunes under a low sun", copyright="© Nordlicht")  # fmt: skip
        self.run()
        copies = [self.rooms.placements.place(self.ada, asset, place.id).id for place in places]
        self.run(within_ms=HOUR)
        stands = {self.copy(copy).connector: (self.copy(copy).phase, self.copy(copy).problem) for copy in copies}
        assert {phase for phase, _ in stands.values()} == {"live"}, stands
        self.clock.advance(DAY)
        recall = self.rooms.placements.recall(self.ada, asset, "The owner of the dunes withdrew permission.")
        for _ in range(ROUNDS):
            for drain in self.drains.values():
                drain.run("worker")
                self.clock.advance(BLINK_MS)
        self.run(within_ms=5 * MINUTE)
        report = self.rooms.placements.recall_report(self.ada, recall.id)
        assert report.complete
        return recall

    def link_cards(self):
        """Let cards at Trello get their links by themselves; return the binding's id."""
        place, sandbox = self.place_of("trello"), self.sandboxes["trello"]
        titles = {"bottle-red": "Bottle, lava red", "dunes": "Dunes, evening", "bowl": "Bowl, sand"}
        assets = {
            name: self.bring(DUNES.with_name(f"{name}.jpg"), title, approve=name != "bowl")
            for name, title in titles.items()
        }
        codes = {name: self.rooms.catalogue.view(self.ada, one).code for name, one in assets.items()}
        ref = sandbox.all_boards()[0].ref
        for title, text in (
            ("Launch: landing page", f"Opens with {codes['dunes']}, then {codes['bottle-red']}."),
            (f"Launch: newsletter with {codes['bottle-red']}", ""),
            ("Launch: shop window in Hamburg", f"{codes['bowl']}, as soon as it is approved"),
            ("Launch: invitation", "Whatever DAM-9999 may be"),
        ):
            sandbox.deal(ref, title, text)
        board = self.rooms.bindings.board(self.ada, place.remote_id, ref)
        label = next(one.ref for one in board.labels if one.label == "Launch")
        wish = BindingWish("Pictures of the launch", place.remote_id, ref, Takes(labels=(label,)), Source(),
                           Names(title=True, text=True))  # fmt: skip
        binding = self.rooms.bindings.make(self.ada, wish).id
        self.run()
        self.rooms.bindings.start(self.ada, binding)
        self.run(within_ms=5 * MINUTE)
        self.clock.advance(4 * MINUTE)
        return binding
