"""Recall of one asset from many places, from the click to the last proof, beside the least time that it can take.

A real hub on SQLite and a folder, its own drains in threads as in its worker process, the real clock, sandboxes in
processes of their own. The clock runs from `recall` until the report says that every copy is proven away.

Where the connector declares limits, its sandbox refuses what is beyond them, in any window, and the peer is
arithmetic: the calls that cannot be done without (one withdrawal and one look for each copy) at the pace that the
limits allow, from full buckets that fill all the time. Where it declares none, the peer is the connector alone, doing
the same acts for as many copies without any ledger, with as many at once.

Over several vendors at once, each gets the same number of copies, whatever its limits; one whose system knows none is
held to those of a host. The least time is then that of the slowest one, with no window fuller than its limits allow.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from sqlalchemy import func, select

from connectors.sdk.errors import Missing
from connectors.sdk.guard import Guard
from connectors.sdk.http import guarded_client
from connectors.sdk.manifest import Limit
from connectors.sdk.registry import discover
from connectors.sdk.types import PartKind
from connectors.testing.control import CONTROL, CONTROL_HEADER
from connectors.testing.ledger import What
from hub.app import samples
from hub.connections.models import Remote, Target
from hub.placements.models import Evidence, Placement, Recall
from hub.placements.seats import ORDINARY
from hub.placements.visitor import Visitor
from hub.settings import Settings
from tests.bench.calls import outgoing
from tests.bench.hubs import ADMIN, connect, connector_to, hub_at, vendor, working
from tests.bench.ingest import fresh
from tests.bench.measure import Row, in_turn, silent

VENDORS = ("trello", "wordpress", "asana", "drupal", "google_drive", "dropbox")
FULL = {"rounds": {"trello": 2, "wordpress": 3}, "copies": 200, "everywhere": VENDORS, "spread": 1000}
TINY = {"rounds": {"trello": 1, "wordpress": 1}, "copies": 2, "everywhere": VENDORS[:2], "spread": 4, "settle": False}

HOSTED = {"wordpress": Limit(1200, 60.0), "drupal": Limit(1200, 60.0)}
"""These systems know no limits; whoever hosts them does. The hub is told as much as it would be by a manifest."""
NO_PICTURES = ("audio/", "document/", "video/")
"""Places at Drupal that keep other files."""
NO_WAIT = "so few calls may all be made at once"
NEEDED = 2
"""A withdrawal and a look at what is there afterwards."""
LOOK_EVERY_S = 0.05
LONGEST_S = 1800
DRAINS = ("plan", "reconcile")


def run(tell=silent, *, rounds, copies, everywhere=(), spread=0, settle=True):
    """Measure a recall on each connector alone, and one over several at once."""
    rows = [measure(tell, name, count, copies, settle=settle) for name, count in rounds.items()]
    return [*rows, measure_all(tell, everywhere, spread, settle=settle)] if everywhere else rows


@contextmanager
def scene_of(names, copies, *, settle, hosted=False):
    """Connect a hub to the sandboxes of these connectors."""
    with tempfile.TemporaryDirectory(prefix="damhub-bench-") as folder, ExitStack() as stack:
        sandboxes = {name: stack.enter_context(vendor(name)) for name in names}
        scene = Scene(Path(folder), sandboxes, copies, settle=settle, hosted=hosted)
        scene.connect()
        yield scene


def measure(tell, name, rounds, copies, *, settle):
    limits = discover()[name].limits
    with scene_of([name], copies, settle=settle) as scene:
        theirs = (lambda _: least_s(limits, NEEDED * copies)) if limits else scene.bare
        figures = in_turn(rounds, scene.recall, theirs, lambda doing, *far: tell(f"{name}, {doing}", *far))
    calls = scene.calls[name] / copies
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
    gap = "" if all(figures[1]) else NO_WAIT
    return Row(f"recall of {copies} copies: {name}", peer, "s", *figures, counted, gap)


def measure_all(tell, names, copies, *, settle):
    """Recall an asset that stands at all of these at once; each keeps to its own limits, so the slowest one decides."""
    limits = {name: discover()[name].limits or (HOSTED[name],) for name in names}
    with scene_of(names, copies, settle=settle, hosted=True) as scene:
        least = {name: in_windows_s(limits[name], NEEDED * count) for name, count in scene.shares.items()}
        figures = in_turn(1, scene.recall, lambda _: max(least.values()), tell, doing=f"{len(names)} vendors")
    told = "; ".join(
        f"{name}: {count} copies, {scene.calls[name]} calls made, {NEEDED * count} needed, last proof after "
        f"{scene.took[name]:.1f} s, least {least[name]:.1f} s (for the calls made "
        f"{in_windows_s(limits[name], scene.calls[name]):.1f} s), {scene.refused[name]} calls refused by its limits"
        for name, count in scene.shares.items()
    )
    behind = figures[0][0] - figures[1][0]
    flowing = max(least_s(limits[name], NEEDED * count) for name, count in scene.shares.items())
    return Row(
        f"recall of {copies} copies over {len(names)} vendors",
        f"the least that their limits allow: {NEEDED} calls a copy", "s", *figures,
        f"from the recall to its last proof, {behind:.1f} s behind the least time: in these sandboxes no window may "
        f"hold more calls than a limit says (full buckets that fill all the time would take {flowing:.1f} s); the "
        f"click took {scene.click_s:.1f} s; putting the copies there {scene.setup_s:.0f} s, without limits; {told}; "
        "limits are those of the manifests, and 1,200 calls in 60 s where the system knows none; a call is needed to "
        "withdraw a copy, and one to look whether it is away",
        "" if all(figures[1]) else NO_WAIT,
    )  # fmt: skip


def least_s(limits, calls):
    """Return how long so many calls take at least, under the limits that count all of them, when nothing is spent."""
    general = [each for each in limits if not each.counts]
    return max((max(0.0, calls - each.calls) * each.per_s / each.calls for each in general), default=0.0)


def in_windows_s(limits, calls):
    """Return how long so many calls take at least, where no window of a limit may hold more than it says."""
    general = [each for each in limits if not each.counts]
    return max(((calls - 1) // each.calls * each.per_s for each in general), default=0.0)


class Scene:
    """One hub, some vendors, and an asset for each round."""

    def __init__(self, folder, sandboxes, copies, *, settle=True, hosted=False):
        self._home, self._sandboxes, self._copies, self._settle = folder / "home", sandboxes, copies, settle
        self._hosted = [name for name in sandboxes if hosted and name in HOSTED]
        self._picture = samples.lake(size=(1200, 800))
        self._trusted = [sandbox.origin for sandbox in sandboxes.values()]
        self.shares = {name: copies // len(sandboxes) for name in sandboxes}
        for name in list(sandboxes)[: copies % len(sandboxes)]:
            self.shares[name] += 1
        self.calls, self.took, self.refused = {}, {}, {}
        self.setup_s = self.click_s = 0.0
        # Putting copies there is not what is measured: it need not keep to the vendor's pace.
        self._manifests = {
            name: manifest if settle else replace(manifest, settles_after_s=0)
            for name, manifest in discover().items()
        }  # fmt: skip
        for name in self._hosted:
            self._manifests[name] = replace(self._manifests[name], limits=(HOSTED[name],))
        self._hasty = {name: replace(manifest, limits=()) for name, manifest in self._manifests.items()}

    def connect(self):
        with hub_at(self._home, trusted=self._trusted) as hub:
            for name, sandbox in self._sandboxes.items():
                connect(hub, name, sandbox)

    def recall(self, number):
        """Put the copies there, unmeasured; then recall them all and return how long it took."""
        begun = time.perf_counter()
        self._keep_limits(on=False)
        asset_id = self._place(number)
        self.setup_s = time.perf_counter() - begun
        # Copies that were made just now are no case of their own: the vendors must have settled.
        settled = max(self._manifests[name].settles_after_s for name in self._sandboxes)
        threading.Event().wait(settled)
        self._keep_limits(on=True)
        with hub_at(self._home, trusted=self._trusted, registry=self._manifests) as hub, working(hub, *DRAINS):
            placements = hub.services.placements
            begun, begun_ms = time.perf_counter(), hub.services.clock.now()
            recall_id = placements.recall(ADMIN, asset_id, "the licence ended").id
            self.click_s = time.perf_counter() - begun
            self._until(lambda: self._scalar(hub, select(Recall.closed_at).where(Recall.id == recall_id)))
            taken = time.perf_counter() - begun
            counts = placements.recall_report(ADMIN, recall_id).counts
            self.took = self._proven(hub, asset_id, begun_ms)
        seen = self._ask("limits")
        self.calls = {name: counted["called"] for name, counted in seen.items()}
        self.refused = {name: counted["refused"] for name, counted in seen.items()}
        if counts != {"withdrawn": self._copies} or self._living():
            raise AssertionError(f"the recall ended with {counts}; still there: {self._living()}")
        return taken

    def _proven(self, hub, asset_id, begun_ms):
        """Return how many seconds after the recall each vendor's last copy was proven away."""
        last = (
            select(Remote.connector, func.max(Evidence.at))
            .join(Target, Target.remote_id == Remote.id)
            .join(Placement, Placement.target_id == Target.id)
            .join(Evidence, Evidence.placement_id == Placement.id)
            .where(Placement.asset_id == asset_id, Evidence.at >= begun_ms)
            .group_by(Remote.connector)
        )
        with hub.services.database.read() as session:
            return {name: (at - begun_ms) / 1000 for name, at in session.execute(last)}

    def bare(self, _):
        """Withdraw and look at as many copies by the connector alone; return how long it took."""
        client = guarded_client(Guard(trusted_origins=self._trusted))
        [(name, sandbox)] = self._sandboxes.items()
        connector = connector_to(discover()[name], sandbox, client)
        target = connector.targets(None).items[0]
        receipts = []
        for number in range(self._copies):
            marker = f"dhbench1-{number:020d}"
            receipts.append((marker, connector.publish(target, outgoing(marker, name))))
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
                copies = select(func.count()).where(Placement.asset_id == taken.asset_id, Placement.phase == "live")
                self._until(lambda: self._scalar(hub, copies) == self._copies)
        return taken.asset_id

    def _places(self, hub):
        """Spread the copies over the vendors' targets; where there are fewer, a target gets more than one slot."""
        by_vendor = {}
        for target in hub.services.connections.targets(ADMIN):
            if target.ref.startswith(NO_PICTURES):
                continue
            by_vendor.setdefault(target.connector, []).append(target.id)
        for name, count in self.shares.items():
            targets = by_vendor[name]
            yield from ((targets[n % len(targets)], str(n // len(targets) or "")) for n in range(count))

    def _scalar(self, hub, query):
        """Ask for one value: looking on must not cost what is measured."""
        with hub.services.database.read() as session:
            return session.scalar(query)

    def _ask(self, path):
        """Ask every sandbox; return their answers by name."""
        return {
            name: httpx.get(
                f"{sandbox.origin}{CONTROL}/{path}", headers={CONTROL_HEADER: sandbox.control_token}, timeout=30
            )
            .raise_for_status()
            .json()
            for name, sandbox in self._sandboxes.items()
        }

    def _keep_limits(self, *, on):
        for name, sandbox in self._sandboxes.items():
            path, headers = f"{sandbox.origin}{CONTROL}/limits", {CONTROL_HEADER: sandbox.control_token}
            host = [[HOSTED[name].calls, HOSTED[name].per_s]] if name in self._hosted else []
            httpx.post(path, json={"on": on, "host": host}, headers=headers).raise_for_status()

    def _living(self):
        living = set()
        for name, effects in self._ask("ledger").items():
            gone = {effect["ref"] for effect in effects if effect["what"] == What.REMOVED}
            living |= {(name, effect["ref"]) for effect in effects if effect["what"] == What.MADE} - {
                (name, ref) for ref in gone
            }
        return sorted(living)

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
