"""Recall of one asset from many places, from the click to the last proof, beside the least time that it can take.

A real hub on SQLite and a folder, its own drains in threads as in its worker process, the real clock, sandboxes in
processes of their own. The clock runs from `recall` until the report says that every copy is proven away.

Where the connector declares limits, the peer is arithmetic: the calls that cannot be done without (one withdrawal and
one look for each copy) at the pace that the manifest allows, from full buckets. Where it declares none, the peer is
the connector alone, doing the same acts for as many copies without any ledger, with as many at once.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
from sqlalchemy import select

from connectors.sdk.errors import Missing
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.registry import discover
from connectors.sdk.types import PartKind
from connectors.testing.control import CONTROL, CONTROL_HEADER
from connectors.testing.ledger import What
from hub.app import samples
from hub.placements.models import Recall
from hub.placements.seats import ORDINARY
from hub.placements.visitor import Visitor
from hub.settings import Settings
from tests.bench.calls import outgoing
from tests.bench.hubs import ADMIN, connector_to, hub_at, vendor, working
from tests.bench.ingest import fresh
from tests.bench.measure import Row, in_turn, silent

FULL = {"rounds": {"trello": 2, "wordpress": 3}, "copies": 200}
TINY = {"rounds": {"trello": 1, "wordpress": 1}, "copies": 2}

NEEDED = 2
"""A withdrawal and a look at what is there afterwards."""
LOOK_EVERY_S = 0.05
LONGEST_S = 600
DRAINS = ("plan", "reconcile")


def run(tell=silent, *, rounds, copies):
    """Measure a recall on each connector."""
    return [measure(tell, name, count, copies) for name, count in rounds.items()]


def measure(tell, name, rounds, copies):
    with tempfile.TemporaryDirectory(prefix="damhub-bench-") as folder, vendor(name) as sandbox:
        scene = Scene(Path(folder), name, sandbox, copies)
        scene.connect()
        limits = discover()[name].limits
        theirs = (lambda _: least_s(limits, NEEDED * copies)) if limits else scene.bare
        figures = in_turn(rounds, scene.recall, theirs, lambda doing, *far: tell(f"{name}, {doing}", *far))
    calls = scene.calls / copies
    if limits:
        peer = f"the least that its limits allow: {NEEDED} calls a copy"
        told = (
            "arithmetic: withdrawal and one look, at "
            + ", ".join(f"{each.calls} calls in {each.per_s:g} s per {each.scope}" for each in limits)
            + f"; for the {calls:.2f} calls a copy that were made it is {least_s(limits, round(calls * copies)):.1f} s"
        )
    else:
        peer = f"the connector alone, {ORDINARY} copies at once"
        told = "withdraw, find, look and a visit to every public address for as many copies, no ledger"
    counted = (
        f"from the recall to its last proof; {calls:.2f} calls a copy; ours: {copies} copies on SQLite and a folder, "
        f"{ORDINARY} reconcilers, each write intended first, each copy read back, evidence kept; peer: {told}"
    )
    gap = "" if all(figures[1]) else "so few calls may all be made at once"
    return Row(f"recall of {copies} copies: {name}", peer, "s", *figures, counted, gap)


def least_s(limits, calls):
    """Return how long so many calls take at least, under the limits that count all of them, when nothing is spent."""
    general = [each for each in limits if not each.counts]
    return max((max(0.0, calls - each.calls) * each.per_s / each.calls for each in general), default=0.0)


class Scene:
    """One hub, one vendor, and an asset for each round."""

    def __init__(self, folder, name, sandbox, copies):
        self._home, self._name, self._sandbox, self._copies = folder / "home", name, sandbox, copies
        self._picture = samples.lake(size=(1200, 800))
        self._trusted = [sandbox.origin]
        self.calls = 0
        # Putting copies there is not what is measured: it need not keep to the vendor's pace.
        manifests = discover()
        self._hasty = {**manifests, name: replace(manifests[name], limits=())}

    def connect(self):
        with hub_at(self._home, trusted=self._trusted) as hub:
            connections = hub.services.connections
            made = connections.connect(
                ADMIN, self._name, auth=self._sandbox.auth, settings=self._sandbox.settings,
                secrets=self._sandbox.secrets,
            )  # fmt: skip
            connections.refresh_targets(ADMIN, made.id)

    def recall(self, number):
        """Put the copies there, unmeasured; then recall them all and return how long it took."""
        asset_id = self._place(number)
        # Copies that were made just now are no case of their own: the vendor must have settled.
        threading.Event().wait(discover()[self._name].settles_after_s)
        with hub_at(self._home, trusted=self._trusted) as hub, working(hub, *DRAINS):
            placements, before = hub.services.placements, self._seen()
            begun = time.perf_counter()
            recall_id = placements.recall(ADMIN, asset_id, "the licence ended").id
            self._until(lambda: self._scalar(hub, select(Recall.closed_at).where(Recall.id == recall_id)))
            taken = time.perf_counter() - begun
            counts = placements.recall_report(ADMIN, recall_id).counts
        if number == 0:  # the sandbox remembers a bounded number of requests
            self.calls = self._seen() - before
        if counts != {"withdrawn": self._copies} or self._living():
            raise AssertionError(f"the recall ended with {counts}; still there: {self._living()}")
        return taken

    def bare(self, _):
        """Withdraw and look at as many copies by the connector alone; return how long it took."""
        client = guarded_client(Guard(trusted_origins=self._trusted))
        connector = connector_to(discover()[self._name], self._sandbox, client)
        target = connector.targets(None).items[0]
        receipts = []
        for number in range(self._copies):
            marker = f"dhbench1-{number:020d}"
            receipts.append((marker, connector.publish(target, outgoing(marker))))
        visitor = Visitor(Settings(trusted_origins=self._trusted))

        def take_away(marker, receipt):
            connector.withdraw(target, receipt.ref)
            left = connector.find(target, marker)
            gone = vanished(connector, target, receipt.ref)
            views = [visitor.view(part.ref).status for part in receipt.parts if part.kind is PartKind.PUBLIC_URL]
            if left or not gone or set(views) - {404}:
                raise AssertionError(f"{receipt.ref} still stands")

        begun = time.perf_counter()
        with ThreadPoolExecutor(ORDINARY) as seats:
            list(seats.map(take_away, *zip(*receipts, strict=True)))
        taken = time.perf_counter() - begun
        client.close()
        return taken

    def _place(self, number):
        """Take an asset in, approve it, and put copies of it everywhere; return its id once all of them are proven."""
        with hub_at(self._home, trusted=self._trusted, registry=self._hasty) as hub:
            services = hub.services
            content = fresh(self._picture, f"recall {number}")
            taken = services.intake.upload(ADMIN, io.BytesIO(content), filename="lake.jpg", expect_size=len(content),
                                           fields={"alt_text": "A lake"})  # fmt: skip
            while services.media.drain("bench"):
                pass
            digest = hashlib.sha256(content).hexdigest()
            services.review.approve(ADMIN, taken.version_id, sha256=digest)
            with working(hub, *DRAINS):
                for target_id, slot in self._places(hub):
                    services.placements.place(ADMIN, taken.asset_id, target_id, slot=slot)
                self._until(
                    lambda: {copy.phase for copy in services.placements.where(ADMIN, taken.asset_id)} == {"live"}
                )
        return taken.asset_id

    def _places(self, hub):
        """Spread the copies over the vendor's targets; where there are fewer, a target gets more than one slot."""
        targets = [target.id for target in hub.services.connections.targets(ADMIN)]
        return [(targets[number % len(targets)], str(number // len(targets) or "")) for number in range(self._copies)]

    def _scalar(self, hub, query):
        """Ask for one value: looking on must not cost what is measured."""
        with hub.services.database.read() as session:
            return session.scalar(query)

    def _ask(self, path):
        headers = {CONTROL_HEADER: self._sandbox.control_token}
        return httpx.get(f"{self._sandbox.origin}{CONTROL}/{path}", headers=headers).raise_for_status().json()

    def _seen(self):
        return len(self._ask("requests"))

    def _living(self):
        effects = self._ask("ledger")
        gone = {effect["ref"] for effect in effects if effect["what"] == What.REMOVED}
        return sorted({effect["ref"] for effect in effects if effect["what"] == What.MADE} - gone)

    def _until(self, true):
        paused, ends = threading.Event(), time.monotonic() + LONGEST_S
        while not true():
            if time.monotonic() > ends:
                raise TimeoutError("the copies did not come to rest")
            paused.wait(LOOK_EVERY_S)


def vanished(connector, target, ref):
    """Look for one copy that should be gone."""
    try:
        connector.look(target, ref)
    except Missing:
        return True
    return False
