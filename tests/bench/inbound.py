"""Webhooks that come lost, late, doubled, forged and out of order, beside the same ones as they should come.

Two hubs with a made-up Trello each live through the same edits by people there, drawn from one seed: links taken off
cards and put back, cards renamed and moved. One gets every webhook in its order; the other one gets what a bad line
leaves of them, and its own reads of Trello's feed. In the end the ledgers of both, what stands on the cards, and the
catalogues must be the same, and nothing forged may have been kept. What is timed is the answer to each webhook at the
second hub's door, signature checked and kept in SQLite, beside the time that the hub promises.
"""

from __future__ import annotations

import base64
import random
import statistics
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from sqlalchemy import func, select

from connectors.testing.hooks import Delivery, Outbox
from connectors.trello.events import SIGNATURE
from hub.app.compose import Hub
from hub.clock import HOUR, MINUTE, SECOND, ManualClock
from hub.connections.models import Inbox
from hub.placements.models import Placement
from hub.placements.steps import MAX_REPEATS
from hub.web.app import create_app
from tests.bench.measure import Row, silent
from tests.stories.story import ADA, Story, served

FULL = {"webhooks": 10_000, "copies": 40, "chunks": 20, "hours": 2}
TINY = {"webhooks": 40, "copies": 2, "chunks": 2, "hours": 0}

SEED = 20260921
PROMISED_MS = 100.0
LOST, DOUBLED, LATE, FORGED = 0.2, 0.2, 0.1, 0.1
WINDOW = 25
"""Within so many, webhooks come in any order."""
OK, REFUSED = 200, 401
QUARRELS = MAX_REPEATS - 1
"""The publication itself is the first time that the hub says what a link is called."""


def run(tell=silent, *, webhooks, copies, chunks, hours, seed=SEED):
    """Let both hubs live through the same, compare them, and return how fast the second one answered."""
    with tempfile.TemporaryDirectory(prefix="damhub-bench-") as folder, ExitStack() as stack:
        calm, rough = (World(stack, Path(folder) / name, copies) for name in ("calm", "rough"))
        line = Line(random.Random(seed))
        for number in range(chunks):
            tell(f"{webhooks} webhooks", number, chunks)
            for world in (calm, rough):
                world.edit(random.Random(f"{seed} {number}"), webhooks // chunks)
            calm.receive(calm.told())
            rough.receive(line.disturb(rough.told()))
            for world in (calm, rough):
                world.run()
        rough.receive(line.late)
        for world in (calm, rough):
            world.come_to_rest(hours)
        tell(f"{webhooks} webhooks", chunks, chunks)
        compare(calm, rough, line)
        took = sorted(1000 * each for each in rough.took)
    told = ", ".join(f"{count} {what}" for what, count in sorted(line.counts.items()))
    return [
        Row(
            f"{webhooks} webhooks in: 99% are answered within", "the promise", "ms",
            [statistics.quantiles(took, n=100, method="inclusive")[98]], [PROMISED_MS],
            f"{told}; {len(took)} came, in any order within {WINDOW}; half of them were answered within "
            f"{statistics.median(took):.1f} ms, all within {took[-1]:.1f} ms; ledger, cards and catalogue ended like "
            "those of a hub that got each of them once and in order; nothing forged was kept",
        )
    ]  # fmt: skip


class Line:
    """A bad line between a vendor and a hub."""

    def __init__(self, chance):
        self._chance, self.counts, self.late = chance, Counter(), []

    def disturb(self, deliveries):
        """Return what is left of deliveries, in the order in which they come."""
        coming = []
        for delivery in deliveries:
            drawn = self._chance.random()
            if drawn < LOST:
                self.counts["lost"] += 1
            elif drawn < LOST + DOUBLED:
                self.counts["doubled"] += 1
                coming += [delivery, delivery]
            elif drawn < LOST + DOUBLED + LATE:
                self.counts["late"] += 1
                self.late.append(delivery)
            else:
                coming.append(delivery)
            if self._chance.random() < FORGED:
                self.counts["forged"] += 1
                coming.append(forged(delivery))
        for start in range(0, len(coming), WINDOW):
            part = coming[start : start + WINDOW]
            self._chance.shuffle(part)
            coming[start : start + WINDOW] = part
        return coming


def forged(delivery):
    """Return what somebody sends who knows everything but the secret."""
    body = delivery.body.replace(b'"type"', b'"forged":true,"type"', 1)
    return Delivery(delivery.url, {**delivery.headers, SIGNATURE: base64.b64encode(b"0" * 20).decode()}, body)


class World(Story):
    """A hub, its Trello, and copies of one asset on some cards."""

    def __init__(self, stack, home, copies):
        home.mkdir()
        super().__init__(stack, home, f"sqlite:///{home}/damhub.sqlite3", ManualClock(), vendors={"trello": "trello"})
        self.took, self.answers, self._told = [], Counter(), []
        self.trello = self.sandboxes["trello"]
        self.trello.outbox = Outbox(lambda delivery: self._told.append(delivery) or OK)
        self._there = self.trello.app.test_client()
        signed = self.manifests["trello"].auths[0].headers(self.trello.secrets)
        self._signed = {"Authorization": signed["Authorization"]}
        first = self.connect("trello")
        places = self.rooms.connections.targets(ADA, first.remote_id)[:copies]
        self.cards = [place.ref for place in places]
        asset = self.asset("navy")
        self.placed = [self.rooms.placements.place(ADA, asset, place.id).id for place in places]
        self.run()
        for place in places:
            self.rooms.connections.subscribe(ADA, place.id)
        self._links, self._names = (
            {card: self._attached(card)[0][1][what] for card in self.cards} for what in ("url", "name")
        )
        self._renamed = Counter()
        self.told()

    def open(self):
        """Open the hub; Trello's limits are no part of this, and its clock stands still while a turn is waited for."""
        self.settings = self.settings.model_copy(update={"log_level": "ERROR"})
        hasty = {**self.manifests, "trello": replace(self.manifests["trello"], limits=())}
        self.hub = Hub.open(self.settings, clock=self.clock, registry=hasty)
        self.stack.callback(self.hub.close)
        self.rooms = self.hub.services
        self.drains = {drain.name: drain for drain in self.hub.drains()}
        app = create_app(self.rooms)
        self.url = self.stack.enter_context(served(app, self.port))
        self._door = app.test_client()

    def told(self):
        """Return what Trello wants to tell since it was asked last."""
        self.trello.outbox.flush()
        told, self._told[:] = list(self._told), []
        return told

    def edit(self, chance, webhooks):
        """Let people there do something that is told in so many webhooks."""
        for number in range(webhooks):
            card, drawn = chance.choice(self.cards), chance.random()
            self.clock.advance(SECOND)
            if drawn < 1 / 4:
                self.trello.cards[card]["name"] = f"Renamed {number}"
                self.trello.say(card)
            elif drawn < 1 / 2:
                self.trello.cards[card]["list"] = 1 - self.trello.cards[card]["list"]
                self.trello.say(card)
            elif there := self._attached(card):
                self._call("delete", f"/1/cards/{card}/attachments/{there[0][0]}")
            else:
                name = self._name_for(card)
                url = quote(self._links[card], safe="")
                self._call("post", f"/1/cards/{card}/attachments?url={url}&name={quote(name, safe='')}")

    def _name_for(self, card):
        """Return what people call a link that they put back: a few times something else, which the hub puts right.

        More often would be a quarrel, which the hub leaves to a person after some rounds; how many it saw is no matter
        of lost webhooks.
        """
        self._renamed[card] += 1
        return "Back" if self._renamed[card] <= QUARRELS else self._names[card]

    def receive(self, deliveries):
        """Take webhooks in at the door, one after another."""
        for one in deliveries:
            begun = time.perf_counter()
            answer = self._door.post(urlsplit(one.url).path, data=one.body, headers=dict(one.headers))
            self.took.append(time.perf_counter() - begun)
            self.answers[answer.status_code] += 1

    def come_to_rest(self, hours):
        """Work off what waits, let the feed be read, and, after hours, let what is gone be looked for once more."""
        self.run()
        for wait in (30 * MINUTE, *([hours * HOUR] if hours else [])):
            self.clock.advance(wait)
            self.run()

    def books(self):
        """Return what the hub holds for true, and what is true, card by card, and the assets."""
        with self.rooms.database.read() as session:
            rows = [session.get_one(Placement, placement_id) for placement_id in self.placed]
            ledger = [(row.phase, row.observed, row.desired, row.settled_reason, row.problem_code) for row in rows]
            mine = [row.marker for row in rows]
        standing = [
            [(one.marker == marker, one.fields["name"]) for one in self.trello.copies(card)]
            for card, marker in zip(self.cards, mine, strict=True)
        ]
        cards = [(self.trello.cards[card]["name"], self.trello.cards[card]["list"]) for card in self.cards]
        return {"ledger": ledger, "links": standing, "cards": cards}

    def kept(self):
        """Return how many deliveries are kept, and how many of them are forged."""
        with self.rooms.database.read() as session:
            bodies = [base64.b64decode(body) for body in session.scalars(select(Inbox.body))]
            return session.scalar(select(func.count()).select_from(Inbox)), sum(b"forged" in body for body in bodies)

    def _attached(self, card):
        return list(self.trello.ledger.living(card).items())

    def _call(self, method, path):
        answer = getattr(self._there, method)(path, headers=self._signed)
        if answer.status_code != OK:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")


def compare(calm, rough, line):
    """Raise unless both hubs ended alike and nothing forged was believed."""
    for what, wanted in calm.books().items():
        if (found := rough.books()[what]) != wanted:
            differ = [pair for pair in zip(wanted, found, strict=True) if pair[0] != pair[1]]
            raise AssertionError(f"{what} differs in {len(differ)} of {len(wanted)}: {differ[:3]}")
    if set(calm.answers) != {OK} or rough.answers[REFUSED] != line.counts["forged"] or rough.kept()[1]:
        raise AssertionError(f"answers: {calm.answers}, {rough.answers}; forged: {line.counts['forged']}")
