"""Each benchmark runs in a tiny size, so that none of them rots. No test asserts a time."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import pytest

from tests import services
from tests.bench import __main__ as bench
from tests.bench import calls, fanout, inbound, ingest, large, recall, search
from tests.bench.measure import Row, Spread, in_pairs, in_turn


def whole(row):
    """Tell whether a row has what the table needs."""
    return row.counted and row.ratio is not None and len(row.ours) == len(row.theirs) and min(row.ours) > 0


def test_ingest_makes_what_the_peer_makes(vipsthumbnail):
    [row] = ingest.run(**ingest.TINY, fetch=lambda: vipsthumbnail)
    assert whole(row)
    assert row.versions["vipsthumbnail"].startswith("libvips 8")


def test_ingest_says_why_there_is_no_peer():
    def fetch():
        raise services.CannotStart("no apt-get here")

    [row] = ingest.run(rounds=1, large=0, small=1, logos=0, fetch=fetch)
    assert row.ratio is None
    assert row.gap == "no apt-get here"


def test_calls_are_sent_again_by_the_peer():
    rows = calls.run(**calls.TINY)
    assert [row.what for row in rows] == ["connector call: trello", "connector call: wordpress"]
    assert all(whole(row) for row in rows)


def test_large_bodies_arrive_whole_by_both():
    rows = large.run(**large.TINY)
    assert [row.what.partition(": ")[2] for row in rows] == ["upload", "upload in a form", "download"]
    assert all(whole(row) for row in rows)


def test_a_recall_ends_with_every_copy_gone():
    [row] = recall.run(rounds={"wordpress": 1}, copies=2, settle=False)
    assert whole(row)


def test_webhooks_reach_the_good_beside_the_dead_and_the_slow():
    rows = fanout.run(**fanout.TINY)
    assert [row.unit for row in rows] == ["ms a delivery", "ms"]
    assert all(whole(row) for row in rows)


def test_a_recall_over_several_vendors_tells_of_each():
    [row] = recall.run(**{**recall.TINY, "rounds": {}})
    assert (row.what, row.gap) == ("recall of 4 copies over 2 vendors", recall.NO_WAIT)
    assert "trello: 2 copies, 4 calls made, 4 needed" in row.counted
    assert "wordpress: 2 copies" in row.counted


def test_webhooks_by_a_bad_line_end_like_those_by_a_good_one():
    [row] = inbound.run(**inbound.TINY)
    assert whole(row)
    assert all(f" {what}" in row.counted for what in ("doubled", "forged", "late", "lost"))


@pytest.mark.parametrize("what", ["ledger", "answers", "kept"])
def test_a_hub_that_ended_otherwise_is_told_apart(what):
    def ended(*, ledger="live", answers=None, kept=(9, 0)):
        return SimpleNamespace(books=lambda: {"ledger": [ledger]}, answers=Counter(answers), kept=lambda: kept)

    calm, line = ended(answers={200: 9}), SimpleNamespace(counts={"forged": 2})
    good = {"answers": {200: 9, 401: 2}}
    inbound.compare(calm, ended(**good), line)
    bad = {"ledger": "gone", "answers": {200: 10, 401: 1}, "kept": (9, 1)}
    with pytest.raises(AssertionError):
        inbound.compare(calm, ended(**{**good, what: bad[what]}), line)


def test_the_least_time_is_the_slowest_limits():
    limits = recall.discover()["trello"].limits
    assert recall.least_s(limits, 100) == 0
    assert recall.least_s(limits, 400) == 30.0
    assert recall.least_s((), 400) == 0
    assert [recall.in_windows_s(limits, calls) for calls in (100, 101, 400)] == [0, 10, 30]


def test_search_and_peer_find_the_same():
    rows = search.run(**search.TINY)
    assert len(rows) == 4
    assert all(whole(row) for row in rows)


def test_a_question_that_is_understood_differently_is_noticed(monkeypatch):
    monkeypatch.setattr("tests.bench.fts5._match", lambda text: f'"{text.split()[0]}"')
    with pytest.raises(AssertionError, match="ours finds"):
        search.run(**search.TINY)


def test_sides_take_turns_at_going_first():
    went = []
    ours, theirs = in_turn(3, lambda n: went.append("us") or n, lambda n: went.append("peer") or 10 * n)
    assert went == ["us", "peer", "peer", "us", "us", "peer"]
    assert (ours, theirs) == ([0, 1, 2], [0, 10, 20])


def test_short_acts_of_both_alternate_and_their_medians_count(monkeypatch):
    went, took = [], iter([1, 10, 20, 2, 90, 30])
    monkeypatch.setattr("tests.bench.measure.timed", lambda act: act() or next(took))
    ours, theirs = in_pairs(1, 3, lambda: went.append("us"), lambda: went.append("peer"))
    assert went[2:] == ["us", "peer", "peer", "us", "us", "peer"]
    assert (ours, theirs) == ([2], [20])


def test_a_ratio_is_of_each_round_with_its_own_peer():
    row = Row("x", "y", "s", [2.0, 9.0, 4.0], [1.0, 3.0, 4.0])
    assert row.ratio == Spread(1.0, 2.0, 3.0)


def test_the_figures_are_printed_and_written_down(monkeypatch, tmp_path, capsys):
    def run(tell, **size):
        tell("works", 1, 2)
        return [Row("thing", "peer", "s", [2.0], [1.0], "all of it", versions={"peer": "1.0"}),
                Row("other", "peer", "s", [2.0], counted="half", gap="not here")]  # fmt: skip

    monkeypatch.setattr(search, "run", run)
    bench.main(["search", "--tiny", "--json", str(tmp_path / "bench.json")])
    shown = capsys.readouterr().out
    assert "2 x" in shown
    assert "none: not here" in shown
    assert "all of it" in shown
    said = json.loads((tmp_path / "bench.json").read_text())
    assert said["rows"]["search"][0]["ratio"] == [2.0, 2.0, 2.0]


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.main(["nothing"])
    assert "there is no benchmark nothing" in capsys.readouterr().err
