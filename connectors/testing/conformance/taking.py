"""Checks of what is taken from a remote: its inventory, bytes, changes, uses and numbers."""

from __future__ import annotations

import hashlib
import io
from typing import Any

from connectors.sdk.errors import ConnectorError, Missing, RetryLater
from connectors.sdk.manifest import Capability
from connectors.sdk.paging import every
from connectors.sdk.types import Change, Changes, Item
from connectors.testing.conformance.bench import Bench
from connectors.testing.conformance.check import CheckFailed, NotApplicable, check, expect, raises
from connectors.testing.conformance.copies import NAMES
from connectors.testing.faults import Fault, Rule, refuse

IMPORT, CHANGES = Capability.IMPORT, Capability.CHANGES
PUBLISH, USAGE, NUMBERS = Capability.PUBLISH, Capability.USAGE, Capability.NUMBERS
MOST_PAGES = 500
MANY = 70
SOME = b"taken " * 5000
MOST_AT_ONCE = 1024 * 1024


@check("inventory-complete", "The inventory is complete over several pages, each item once.", IMPORT)
def inventory_complete(bench: Bench) -> None:
    """Put many things there and compare with the sandbox's own set."""
    for number in range(MANY):
        bench.sandbox.stock(f"item {number}.jpg", b"%d" % number)
    told = [item.ref for item in _inventory(bench)]
    expect(bench.connector.inventory(None).cursor, "everything fits on one page, so nothing is shown")
    expect(len(told) == len(set(told)), "an item is listed twice")
    expect(set(told) == {one.ref for one in bench.sandbox.everything()}, "the list is not what stands there")


@check("inventory-ends", "The inventory ends.", IMPORT)
def inventory_ends(bench: Bench) -> None:
    """Follow the cursors."""
    cursor, seen = None, set[str | None]()
    for _ in range(MOST_PAGES):
        cursor = bench.connector.inventory(cursor).cursor
        if cursor is None:
            return
        expect(cursor not in seen, "a cursor comes twice")
        seen.add(cursor)
    expect(cursor is None, "the inventory does not end")


@check("inventory-describes", "Each item has its kind, size and name, whatever script the name is in.", IMPORT)
def inventory_describes(bench: Bench) -> None:
    """Compare each with the truth."""
    for name in NAMES:
        bench.sandbox.stock(name, SOME)
    truth = {one.ref: one for one in bench.sandbox.everything()}
    for item in _inventory(bench):
        one = truth[item.ref]
        expect((item.kind, item.name) == (one.kind, one.name), f"{one.name!r} is told as {item.kind} {item.name!r}")
        expect(item.size in (one.size, None), f"{one.name!r} has {one.size} bytes, not {item.size}")
    expect(any(item.size == len(SOME) for item in _inventory(bench)), "no size is ever told")


@check("inventory-whole-or-fail", "An inventory of which one page fails is a failure, never a shorter one.", IMPORT)
def inventory_whole_or_fail(bench: Bench) -> None:
    """Let every page but the first fail."""
    for number in range(MANY):
        bench.sandbox.stock(f"item {number}.jpg", b"%d" % number)
    bench.sandbox.faults.add(Rule(fault=Fault.ERROR_BEFORE, on="read", skip=1, times=None))
    raises(ConnectorError, lambda: _inventory(bench))


@check("fetch-bytes", "What is fetched is exactly what stands there.", IMPORT)
def fetch_bytes(bench: Bench) -> None:
    """Compare hash and size."""
    ref, into = bench.sandbox.stock("holiday.jpg", SOME), io.BytesIO()
    fetched = bench.connector.fetch(ref, into)
    expect(hashlib.sha256(into.getvalue()).digest() == hashlib.sha256(SOME).digest(), "other bytes came")
    expect(fetched.size == len(SOME), f"{fetched.size} bytes are claimed")


@check("fetch-empty", "An empty file is fetched as one.", IMPORT)
def fetch_empty(bench: Bench) -> None:
    """Fetch nothing."""
    ref, into = bench.sandbox.stock("empty.txt", b""), io.BytesIO()
    expect(bench.connector.fetch(ref, into).size == 0, "bytes are claimed")
    expect(into.getvalue() == b"", "bytes came")


@check("fetch-streams", "A large file is written in pieces, never whole.", IMPORT)
def fetch_streams(bench: Bench) -> None:
    """Watch how it is written."""
    data = bytes(4 * MOST_AT_ONCE)
    into = _Watched()
    bench.connector.fetch(bench.sandbox.stock("large.tif", data), into)
    expect(into.total == len(data), f"{into.total} bytes came")
    expect(into.largest <= MOST_AT_ONCE, "the whole file was held at once")


@check("fetch-cut", "A body that is cut off is not carried out, never a shorter file.", IMPORT)
def fetch_cut(bench: Bench) -> None:
    """Cut the answer in half."""
    ref = bench.sandbox.stock("holiday.jpg", SOME)
    bench.sandbox.faults.add(Rule(fault=Fault.CUT, on="read", times=None))
    raises(RetryLater, lambda: bench.connector.fetch(ref, io.BytesIO()))


@check("fetch-damaged", "Bytes of another length or sum than the remote says are never taken.", IMPORT)
def fetch_damaged(bench: Bench) -> None:
    """Shorten what comes, and change a word of it, each time with an answer that agrees with itself."""
    if bench.sandbox.unsure_of_bytes:
        raise NotApplicable(bench.sandbox.unsure_of_bytes)
    ref = bench.sandbox.stock("holiday.jpg", SOME)
    told = next(item for item in _inventory(bench) if item.ref == ref)
    damages = {"shorter": (told.size is not None, ""), "changed": (bool(told.checksums), "tak3n ")}
    if not any(said for said, _ in damages.values()):
        raise NotApplicable("nothing is said there of a file's bytes")
    for how, (said, instead) in damages.items():
        bench.sandbox.faults.add(Rule(fault=Fault.REWRITE, on="read", times=None, find="^taken ", replace=instead))
        expect(not (said and _fetches(bench, ref)), f"{how} bytes were taken for the file")
        bench.sandbox.faults.clear()


@check("fetch-missing", "What is gone is Missing.", IMPORT)
def fetch_missing(bench: Bench) -> None:
    """Delete it first."""
    ref = bench.sandbox.stock("holiday.jpg", SOME)
    bench.sandbox.unstock(ref)
    raises(Missing, lambda: bench.connector.fetch(ref, io.BytesIO()))


@check("changes-begin", "Without a cursor the feed begins now: it tells nothing, and nothing follows.", CHANGES)
def changes_begin(bench: Bench) -> None:
    """Begin, and ask."""
    bench.sandbox.stock("before.jpg", SOME)
    begun: Changes = bench.connector.changes(None)
    expect(begun.cursor and not begun.items and not begun.lost, "the beginning tells something")
    expect(not _changes(bench, begun.cursor), "something that was before is told")


@check("changes-none-missed", "Everything that comes, changes or goes after the beginning is told.", CHANGES)
def changes_none_missed(bench: Bench) -> None:
    """Add many, so that there are several pages; take one away."""
    going = bench.sandbox.stock("going.jpg", SOME)
    cursor = bench.connector.changes(None).cursor
    come = {bench.sandbox.stock(f"new {number}.jpg", b"%d" % number) for number in range(MANY)}
    bench.sandbox.unstock(going)
    told = {change.ref: change for change in _changes(bench, cursor)}
    expect(come <= set(told), f"{len(come - set(told))} of {len(come)} new things are not told")
    expect(not any(told[ref].gone for ref in come), "what came is told as gone")
    if bench.manifest.abilities[CHANGES].tells_gone:
        expect(going in told and told[going].gone, "what is gone is not told as such")
    else:
        expect(not told.get(going, Change(going)).gone, "it tells what is gone, and declares that it does not")


@check("changes-again", "Asking again with the same cursor is safe.", CHANGES)
def changes_again(bench: Bench) -> None:
    """Ask twice."""
    cursor = bench.connector.changes(None).cursor
    ref = bench.sandbox.stock("new.jpg", SOME)
    first, second = _changes(bench, cursor), _changes(bench, cursor)
    expect(ref in {change.ref for change in first}, "the first time it is not told")
    expect(ref in {change.ref for change in second}, "the second time it is not told")


@check("changes-lost", "A cursor that the remote forgot is told as lost, with a fresh beginning.", CHANGES)
def changes_lost(bench: Bench) -> None:
    """Let the sandbox forget."""
    cursor = bench.connector.changes(None).cursor
    bench.sandbox.stock("new.jpg", SOME)
    try:
        bench.sandbox.lose_feed()
    except NotImplementedError as never:
        raise NotApplicable("this remote's cursors never end") from never
    lost: Changes = bench.connector.changes(cursor)
    expect(lost.lost and lost.cursor, "it is not told")
    ref = bench.sandbox.stock("newer.jpg", SOME)
    expect(ref in {change.ref for change in _changes(bench, lost.cursor)}, "the fresh beginning tells nothing")


@check("changes-or-fail", "A feed that fails is a failure, never no changes.", CHANGES)
def changes_or_fail(bench: Bench) -> None:
    """Break every read."""
    cursor = bench.connector.changes(None).cursor
    bench.sandbox.faults.add(refuse(503, times=None))
    raises(ConnectorError, lambda: bench.connector.changes(cursor))


@check("uses-told", "Every use of a copy is told, and nothing else.", USAGE, PUBLISH)
def uses_told(bench: Bench) -> None:
    """Use one copy and not the other."""
    (_, used), (_, idle) = bench.publish(), bench.publish()
    if bench.sandbox.use(bench.target.ref, used.ref) is None:
        raise NotApplicable("nobody can use a copy there")
    expect(len(_uses(bench, used.ref)) == bench.sandbox.uses(bench.target.ref, used.ref) > 0, "uses are missing")
    expect(not _uses(bench, idle.ref), "a use is made up")


@check("uses-or-fail", "Uses that cannot be read are a failure, never none.", USAGE, PUBLISH)
def uses_or_fail(bench: Bench) -> None:
    """Break every read."""
    _, receipt = bench.publish()
    bench.sandbox.faults.add(refuse(503, times=None))
    raises(ConnectorError, lambda: _uses(bench, receipt.ref))


@check("numbers-told", "Numbers are those that the remote counts.", NUMBERS, PUBLISH)
def numbers_told(bench: Bench) -> None:
    """Look three times."""
    _, receipt = bench.publish()
    counted = [bench.sandbox.view(bench.target.ref, receipt.ref) for _ in range(3)][-1]
    expect(dict(bench.connector.numbers(bench.target, receipt.ref)) == dict(counted), f"they are {counted}")


@check("numbers-or-fail", "Numbers that cannot be read are a failure, never zero.", NUMBERS, PUBLISH)
def numbers_or_fail(bench: Bench) -> None:
    """Break every read."""
    _, receipt = bench.publish()
    bench.sandbox.faults.add(refuse(503, times=None))
    raises(ConnectorError, lambda: bench.connector.numbers(bench.target, receipt.ref))


class _Watched(io.RawIOBase):
    """A file that only watches how it is written."""

    total = 0
    largest = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.total += len(data)
        self.largest = max(self.largest, len(data))
        return len(data)


def _inventory(bench: Bench) -> list[Item]:
    return list(every(bench.connector.inventory, most_pages=MOST_PAGES))


def _changes(bench: Bench, cursor: str) -> list[Change]:
    told: list[Change] = []
    for _ in range(MOST_PAGES):
        found: Changes = bench.connector.changes(cursor)
        told.extend(found.items)
        cursor = found.cursor
        if not found.more:
            return told
    raise CheckFailed("the feed does not end")


def _fetches(bench: Bench, ref: str) -> bool:
    """Tell whether a file is fetched without a complaint."""
    try:
        bench.connector.fetch(ref, io.BytesIO())
    except ConnectorError:
        return False
    return True


def _uses(bench: Bench, ref: str) -> list[Any]:
    return list(every(lambda cursor: bench.connector.uses(bench.target, ref, cursor), most_pages=MOST_PAGES))
