"""Planted bugs of what is taken from a remote, and of schedulers."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any

from connectors.sdk.errors import ConnectorError, Missing
from connectors.sdk.types import Changes, Fetched, Page, Receipt
from connectors.testing.conformance.bench import Bench, Planted
from connectors.testing.conformance.breaking import look, method, publish

NOTHING: Page[Any] = Page((), None)
SOON = 3_900_000_000_000  # before the time at which the checks let something go out


def _listing(check: str, sentence: str, name: str, act: Callable[[Any, Bench, str | None], Any]) -> Planted:
    """Break a method that takes a cursor."""
    return method(check, sentence, name, act)


def _of_copy(check: str, sentence: str, name: str, act: Callable[[Any, Bench, Any, str], Any]) -> Planted:
    """Break a method that takes a copy's target and ref."""
    return method(check, sentence, name, act)


def _whole(inner: Any, _bench: Bench, ref: str, into: IO[bytes]) -> Fetched:
    """Hold the whole file at once."""
    held = io.BytesIO()
    fetched = inner.fetch(ref, held)
    into.write(held.getvalue())
    return fetched


def _contented(inner: Any, _bench: Bench, ref: str, into: IO[bytes]) -> Fetched:
    """Take what came for the whole."""
    with suppress(ConnectorError):
        return inner.fetch(ref, into)
    return Fetched(into.tell())


def _padded(inner: Any, _bench: Bench, ref: str, into: IO[bytes]) -> Fetched:
    """Write a byte too many."""
    fetched = inner.fetch(ref, into)
    into.write(b"~")
    return fetched


def _swallowed(name: str, instead: Any) -> Callable[..., Any]:
    """Take a failure for an empty answer."""

    def act(inner: Any, _bench: Bench, *arguments: Any) -> Any:
        with suppress(ConnectorError):
            return getattr(inner, name)(*arguments)
        return instead

    return act


def _partial(inner: Any, _bench: Bench, cursor: str | None) -> Page[Any]:
    with suppress(ConnectorError):
        return inner.inventory(cursor)
    return NOTHING


def _plain_names(inner: Any, _bench: Bench, cursor: str | None) -> Page[Any]:
    page = inner.inventory(cursor)
    items = (replace(item, name=item.name.encode("ascii", "replace").decode()) for item in page.items)
    return Page(tuple(items), page.cursor)


def _from_the_start(inner: Any, _bench: Bench, cursor: str | None) -> Changes:
    return inner.changes(cursor or "0")


def _first_page(inner: Any, _bench: Bench, cursor: str | None) -> Changes:
    return replace(inner.changes(cursor), more=False)


def _once(inner: Any, bench: Bench, cursor: str | None) -> Changes:
    """Tell each change once."""
    found = inner.changes(cursor)
    told: set[str] = bench.notes.setdefault("told", set())
    fresh = tuple(one for one in found.items if one.ref not in told)
    told.update(one.ref for one in found.items)
    return replace(found, items=fresh)


def _resuming_anew(inner: Any, bench: Bench, target: Any, ref: str, at: int) -> Receipt:
    """Publish a second time instead of letting the first one go."""
    inner.resume(target, ref, at)
    return inner.publish(target, replace(bench.outgoing(), publish_at=at))


def _not_moved(_inner: Any, _bench: Bench, _target: Any, ref: str, _at: int) -> Receipt:
    """Leave what waits as it is."""
    return Receipt(ref)


def _out(name: str) -> Callable[..., Any]:
    """Let what waits out with every change."""

    def act(inner: Any, _bench: Bench, target: Any, ref: str, changed: Any) -> Receipt:
        receipt = getattr(inner, name)(target, ref, changed)
        inner.resume(target, ref, SOON)
        return receipt

    return act


def _forgiving(name: str) -> Callable[..., Any]:
    def act(inner: Any, _bench: Bench, _target: Any, ref: str) -> Receipt:
        with suppress(Missing):
            return getattr(inner, name)(_target, ref)
        return Receipt(ref)

    return act


TAKING: tuple[Planted, ...] = (
    _listing("inventory-complete", "the last item of each page is lost", "inventory",
        lambda inner, _, cursor: replace(inner.inventory(cursor), items=inner.inventory(cursor).items[:-1]),
    ),
    _listing("inventory-ends", "every page names a next one", "inventory",
        lambda inner, _, _cursor: Page(inner.inventory(None).items, "again"),
    ),
    _listing("inventory-describes", "names are squeezed into ASCII", "inventory", _plain_names),
    _listing("inventory-whole-or-fail", "a failed page ends the list", "inventory", _partial),
    method("fetch-bytes", "a byte is added", "fetch", _padded),
    method("fetch-empty", "a byte is added", "fetch", _padded),
    method("fetch-streams", "the whole file is held at once", "fetch", _whole),
    method("fetch-cut", "what came is taken for the whole", "fetch", _contented),
    method("fetch-damaged", "what came is taken for the file", "fetch", _contented),
    method("fetch-missing", "what is gone is an empty file", "fetch", _contented),
    _listing("changes-begin", "the feed begins at the start", "changes", _from_the_start),
    _listing("changes-none-missed", "one page is enough", "changes", _first_page),
    _listing("changes-again", "each change is told once", "changes", _once),
    _listing("changes-lost", "a lost place is not told", "changes",
        lambda inner, _, cursor: replace(inner.changes(cursor), lost=False),
    ),
    method("changes-or-fail", "a failed feed tells nothing", "changes", _swallowed("changes", Changes((), "0"))),
    method("uses-told", "no use is told", "uses", lambda *_: NOTHING),
    method("uses-or-fail", "failed uses are none", "uses", _swallowed("uses", NOTHING)),
    _of_copy("numbers-told", "everything is counted twice", "numbers",
        lambda inner, _, target, ref: {name: 2 * count for name, count in inner.numbers(target, ref).items()},
    ),
    method("numbers-or-fail", "failed numbers are none", "numbers", _swallowed("numbers", {})),
)  # fmt: skip

TIMING: tuple[Planted, ...] = (
    publish("publish-waits", "the time is left out",
        lambda inner, _, target, out: inner.publish(target, replace(out, publish_at=None)),
    ),
    _of_copy("hold-holds", "nothing is held", "hold", lambda _inner, _bench, _target, ref: Receipt(ref)),
    method("resume-lets-go", "it is published anew", "resume", _resuming_anew),
    look("look-tells-time", "the time is not read",
        lambda inner, _, target, ref: replace(inner.look(target, ref), publish_at=None),
    ),
    method("resume-moves", "only what is held is given a time", "resume", _not_moved),
    method("replace-keeps-waiting", "other bytes go out at once", "replace", _out("replace")),
    method("update-keeps-waiting", "other texts go out at once", "update", _out("update")),
    method("hold-lost-answer", "a lost answer is taken for yes", "hold", _swallowed("hold", Receipt("x"))),
    _of_copy("hold-missing", "what is gone is held", "hold", _forgiving("hold")),
)  # fmt: skip
