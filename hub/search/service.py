"""Search: the index proposes, the database decides."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from tantivy import Query, Searcher

from hub.access.actors import Actor
from hub.access.permissions import Act, require
from hub.catalogue.models import Asset
from hub.catalogue.views import Standing, is_seen
from hub.clock import Clock
from hub.db.models import Installation
from hub.db.unit import Database, refuse_in_transaction
from hub.errors import Unavailable
from hub.events.models import Event
from hub.review.models import Approved
from hub.search.asking import DEEPEST, Place, Question, below, queries, to_cursor, understand
from hub.search.entries import FILTERS, Entry, entries
from hub.search.index import IndexFolder, Progress
from hub.settings import Settings

BATCH: Final = 500
MOST_EVENTS: Final = 5_000
MOST_FACETS: Final = 50


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of what was found."""

    asset_ids: tuple[str, ...]
    total: int
    facets: dict[str, dict[str, int]]
    """Filter name -> value -> how many hits would have it; a filter in use is counted as if it were not."""
    cursor: str | None
    """The next page; None: this was the last."""


class Search:
    """Finds assets by words and filters."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._folder = IndexFolder(settings.home / "index")
        self._lock = threading.Lock()

    def drain(self, owner: str) -> int:
        """Bring the index up to the event log; return how many events were read. Only one process does it at a time.

        An index that is new, unreadable, or further than the database (which was restored, then) is made again.
        """
        del owner
        with self._lock:
            return self._drain()

    def rebuild(self) -> int:
        """Make the index again from the database; return how many assets are in it. Searches go on meanwhile."""
        with self._lock:
            if not self._hold():
                raise Unavailable(
                    "search_busy",
                    "Another process writes the search index now.",
                    next_step="Let the worker do it, or stop the worker first.",
                )
            return self._rebuild()

    def close(self) -> None:
        """Stop being the writer of the index."""
        with self._lock:
            self._folder.let_go()

    def query(
        self,
        actor: Actor,
        text: str = "",
        *,
        filters: Mapping[str, Sequence[str]] | None = None,
        sort: str = "relevance",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Hits:
        """Find what this person may see; the last word counts as a beginning, for finding while typing.

        Raises:
            Invalid: the question cannot be asked like this.
            Unavailable: `search_unavailable`: the index cannot be read; the worker will make it again.
        """
        require(actor, Act.VIEW)
        question = understand(text, filters or {}, sort=sort, limit=limit, cursor=cursor)
        try:
            return self._find(actor, question)
        except (ValueError, OSError) as broken:
            raise Unavailable(
                "search_unavailable",
                "The search index cannot be read; the worker makes it again.",
                next_step="Try again in a moment; `damhub doctor` tells more.",
            ) from broken

    def _find(self, actor: Actor, question: Question) -> Hits:
        with self._lock:
            searcher = self._folder.searcher()
        query = queries(question, actor, self._folder.schema)
        total = _count(searcher.search(query, 1, count=True))
        found: list[str] = []
        place: Place | None = question.place
        while place is not None and len(found) < question.limit:
            ids, place = self._page(
                searcher, query, place, question.limit - len(found), newest=question.sort == "newest"
            )
            with self._database.read() as session:
                found += _seen(session, actor, ids)
        facets = {name: self._facet(searcher, question, actor, name) for name in FILTERS}
        return Hits(tuple(found), total, facets, to_cursor(place) if place else None)

    def _page(
        self, searcher: Searcher, query: Query, place: Place, wanted: int, *, newest: bool
    ) -> tuple[list[str], Place | None]:
        """Return what the index proposes from a place on, and the place after it; None at the end."""
        if place.below is not None:
            query = below(query, self._folder.schema, place.below)
        result = searcher.search(
            query, wanted, count=True, order_by_field="number" if newest else None, offset=place.offset
        )
        ids = [str(searcher.doc(address).get_first("id")) for _, address in result.hits]
        end = place.offset + len(ids)
        if not ids or end >= _count(result) or (not newest and end >= DEEPEST):
            return ids, None
        return ids, Place(below=int(result.hits[-1][0])) if newest else Place(offset=end)

    def _facet(self, searcher: Searcher, question: Question, actor: Actor, name: str) -> dict[str, int]:
        query: Query = queries(question, actor, self._folder.schema, leave_out=name)
        asked = {"values": {"terms": {"field": name, "size": MOST_FACETS}}}
        answer = cast("Any", searcher).aggregate(query, asked)
        return {str(bucket["key"]): int(bucket["doc_count"]) for bucket in answer["values"]["buckets"]}

    def _drain(self) -> int:
        refuse_in_transaction("writing the search index")
        if not self._hold():
            return 0
        progress = self._folder.progress()
        with self._database.read() as session:
            now = _present(session)
            follows = progress is not None and progress.epoch == now.epoch and progress.seq <= now.seq
            events = _after(session, progress.seq) if progress is not None and follows else []
        if progress is None or not follows:
            return self._rebuild()
        if not events:
            return 0
        changed = list(dict.fromkeys(subject for _, subject, kind in events if kind.startswith("asset.")))
        for batch in _batches(changed):
            self._folder.write(batch, self._entries(batch))
        self._folder.commit(Progress(progress.epoch, events[-1][0]))
        return len(events)

    def _rebuild(self) -> int:
        """Write everything anew. What happens meanwhile comes after the noted event, and so by the next drain."""
        self._folder.clear()
        with self._database.read() as session:
            now = _present(session)
            ids = list(session.scalars(select(Asset.id).where(Asset.deleted_at.is_(None)).order_by(Asset.id)))
        for batch in _batches(ids):
            self._folder.write(batch, self._entries(batch))
        self._folder.commit(now)
        return len(ids)

    def _entries(self, asset_ids: Sequence[str]) -> list[Entry]:
        with self._database.read() as session:
            return entries(session, asset_ids)

    def _hold(self) -> bool:
        """Become the writer, over a fresh folder when the old one cannot be read."""
        try:
            if not self._folder.hold():
                return False
            self._folder.progress()
        except (ValueError, OSError):
            self._folder.discard()
            return self._folder.hold()
        return True


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _after(session: Session, seq: int) -> list[tuple[int, str, str]]:
    """Return number, subject and kind of the next events."""
    query = select(Event.seq, Event.subject, Event.kind).where(Event.seq > seq).order_by(Event.seq).limit(MOST_EVENTS)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def _present(session: Session) -> Progress:
    """Return where the event log stands."""
    epoch = session.scalar(select(func.max(Installation.epoch))) or 0
    seq = session.scalar(select(func.coalesce(func.max(Event.seq), 0))) or 0
    return Progress(int(epoch), int(seq))


def _seen(session: Session, actor: Actor, ids: Sequence[str]) -> list[str]:
    """Return those of the proposed assets that this person may see now, in their order."""
    query = select(Asset, Approved.version_id).outerjoin(Approved, Approved.asset_id == Asset.id)
    seen = {
        asset.id
        for asset, version_id in session.execute(query.where(Asset.id.in_(ids), Asset.deleted_at.is_(None)))
        if is_seen(actor, asset, Standing(approved_version_id=version_id))
    }
    return [asset_id for asset_id in ids if asset_id in seen]


def _count(result: Any) -> int:
    """Return how many documents match; the stub does not know of it."""
    return int(result.count)
