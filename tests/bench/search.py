"""Search beside plain SQLite FTS5, over the same words and filters, with the same questions.

Ours finds a page of fifty by the index, asks the database whether this person may see each of them, and counts the
whole and six facets. The peer gives the same page, count and facets and asks nobody; then the same without facets.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from tests.bench.corpus import Corpus
from tests.bench.fts5 import Fts5
from tests.bench.hubs import ADMIN, hub_at
from tests.bench.measure import Row, in_turn, silent

FULL = {"rounds": 3, "assets": 100_000, "questions": 100}
TINY = {"rounds": 1, "assets": 300, "questions": 8}

PAGE = 50
SEED = 41


def run(tell=silent, *, rounds, assets, questions):
    """Measure the same questions on both, once it is sure that they find as much."""
    tell(f"thinks up {assets:,} assets", 0, 5)
    corpus = Corpus(assets, random.Random(SEED))
    asked = corpus.questions(questions)
    with tempfile.TemporaryDirectory(prefix="damhub-bench-") as folder, hub_at(Path(folder) / "home") as hub:
        tell("writes them", 1, 5)
        corpus.write(hub.services.database)
        tell("makes the index", 2, 5)
        hub.services.search.rebuild()
        tell("makes the FTS5 table", 3, 5)
        peer = Fts5(Path(folder) / "fts5.sqlite3", corpus)
        tell("compares answers", 4, 5)
        compare(hub, peer, asked)
        rows = [*measure(tell, hub, peer, asked, rounds, facets=True),
                *measure(tell, hub, peer, asked, rounds, facets=False)]  # fmt: skip
        peer.close()
    return rows


def measure(tell, hub, peer, asked, rounds, *, facets):
    """Return a row for half of all questions and one for nineteen of twenty."""
    ours, theirs = in_turn(
        rounds,
        lambda _: latencies(lambda one: ask(hub, one), asked),
        lambda _: latencies(lambda one: peer.ask(one, limit=PAGE, facets=facets), asked),
        tell, doing="asks",
    )  # fmt: skip
    name = f"FTS5 of SQLite {sqlite3.sqlite_version}, {'page, total, 6 facets' if facets else 'page and total only'}"
    counted = (
        f"{len(asked)} questions of one to three words, every third still being typed, half of them with filters; "
        f"ours: a page of {PAGE}, each hit checked in the database, total, six facets; peer: {name.split(', ', 1)[1]}"
    )
    versions = {"tantivy": version("tantivy"), "SQLite": sqlite3.sqlite_version}
    return [
        Row(f"search, p{part}", name, "ms", _each(ours, part), _each(theirs, part), counted, versions=versions)
        for part in (50, 95)
    ]


def ask(hub, asked):
    return hub.services.search.query(ADMIN, asked.text, filters=asked.filters, limit=PAGE)


def compare(hub, peer, asked):
    """Make sure that both understand each question in the same way: else the ratio says nothing."""
    for one in asked:
        hits = ask(hub, one)
        ids, total, facets = peer.ask(one, limit=PAGE, facets=True)
        same = (hits.total, len(hits.asset_ids)) == (total, len(ids)) and total
        # Where more values have as many hits as the last one shown, either may be shown.
        counts = all(sorted(hits.facets[name].values()) == sorted(facets[name].values()) for name in facets)
        if not same or not counts:
            raise AssertionError(f"{one}: ours finds {hits.total}, the peer {total}; facets agree: {counts}")


def latencies(act, asked):
    """Return how long each question took, in milliseconds."""
    taken = []
    for one in asked:
        begun = time.perf_counter()
        act(one)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def _each(rounds, part):
    return [statistics.quantiles(taken, n=100, method="inclusive")[part - 1] for taken in rounds]
