from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import select

from hub.clock import ManualClock
from hub.db.models import Counter
from hub.db.unit import Database
from hub.errors import Stale
from hub.events.log import MAX_DEPTH, EventLog, LoopError, advance, emit, read_after
from hub.events.models import Cursor, Event
from tests.forked import FORKED

WRITERS = 6
EACH = 40


def everything(database):
    with database.read() as session:
        return list(session.scalars(select(Event).order_by(Event.seq)))


def write(url, name, start):
    """One writer in a process of its own: many small units, some of which fail."""
    database = Database(url, pool_size=1)
    EventLog(database, ManualClock())
    start.wait(60)
    for number in range(EACH):
        with database.unit() as session:
            emit(session, "asset.created", f"{name}-{number}", actor=name)
            emit(session, "asset.rendered", f"{name}-{number}", actor=name)
        if number % 10 == 0:
            with suppress(KeyError), database.unit() as session:
                emit(session, "never", name, actor=name)
                raise KeyError(number)
    database.dispose()
    sys.exit(0)


def test_six_writers_in_processes_and_a_reader_by_cursor_that_misses_none(database):
    start = FORKED.Event()
    writers = [FORKED.Process(target=write, args=(database.url, f"w{number}", start)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    start.set()
    read = []
    while True:
        at_work = any(writer.is_alive() for writer in writers)
        with database.unit() as session:
            events = read_after(session, "reader", limit=7)
            if events:
                advance(session, "reader", events[-1].seq)
            read += [(event.seq, event.kind, event.subject) for event in events]
        if not events and not at_work:
            break
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert [seq for seq, _, _ in read] == list(range(1, WRITERS * EACH * 2 + 1))
    assert {(kind, subject) for _, kind, subject in read} == {
        (kind, f"w{name}-{number}")
        for kind in ("asset.created", "asset.rendered")
        for name in range(WRITERS)
        for number in range(EACH)
    }


def test_events_are_appended_only_when_the_unit_commits(database, clock):
    with suppress(KeyError), database.unit() as session:
        emit(session, "asset.created", "a", actor="system")
        raise KeyError
    assert everything(database) == []
    with database.unit() as session:
        identity = emit(session, "asset.created", "a", actor="system", body={"x": [1, "ä"]})
    event = everything(database)[0]
    assert (event.seq, event.id, event.at, event.body, event.depth) == (1, identity, clock.now(), {"x": [1, "ä"]}, 0)


def test_a_unit_without_events_appends_none(database):
    with database.unit() as session:
        session.add(Counter(name="x", value=1))
    assert everything(database) == []


def test_causes_and_batches_are_inherited_and_loops_stop(database):
    with database.unit() as session:
        emit(session, "first", "a", actor="system", batch_id="batch")
    for depth in range(1, MAX_DEPTH + 1):
        cause = everything(database)[-1]
        with database.unit() as session:
            emit(session, "next", "a", actor="system", cause=cause)
        last = everything(database)[-1]
        assert (last.depth, last.cause_id, last.batch_id) == (depth, cause.id, "batch")
    end = everything(database)[-1]

    def go_on():
        with database.unit() as session:
            session.add(Counter(name="side effect", value=1))
            emit(session, "next", "a", actor="system", cause=end)

    with pytest.raises(LoopError):
        go_on()
    with database.read() as session:
        assert session.get(Counter, "side effect") is None


def test_a_cursor_never_moves_backward_and_belongs_to_one_consumer(database):
    with database.unit() as session:
        for number in range(5):
            emit(session, "kind", str(number), actor="system")
    with database.unit() as session:
        advance(session, "index", 4)
    with database.unit() as session:
        advance(session, "index", 2)
    with database.read() as session:
        assert session.get(Cursor, "index").seq == 4
        assert [event.subject for event in read_after(session, "index")] == ["4"]
        assert len(read_after(session, "hooks", limit=3)) == 3


def test_two_writers_hammering_a_revisioned_row_lose_nothing(database):
    """Each writer reads, thinks, writes; who comes late is told so and repeats."""
    from hub.access.models import User

    with database.unit() as session:
        session.add(
            User(id="u", email="a@b.c", name="0", role="viewer", password_hash="", disabled_at=None, created_at=0)
        )
    start = threading.Barrier(2)
    told = []

    def hammer(_):
        mine = Database(database.url)
        done = 0
        start.wait()
        while done < 50:
            try:
                with mine.read() as session:
                    seen = session.get(User, "u")
                with mine.unit() as session:
                    user = session.merge(seen, load=False)
                    user.name = str(int(seen.name) + 1)
            except Stale as stale:
                told.append(stale.code)
            else:
                done += 1
        mine.dispose()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(hammer, range(2)))
    with database.read() as session:
        user = session.get(User, "u")
        assert (user.name, user.revision) == ("100", 101)
    assert set(told) <= {"changed_meanwhile"}


def test_a_write_against_an_old_revision_is_refused_whole(database):
    from hub.access.models import User

    with database.unit() as session:
        session.add(
            User(id="u", email="a@b.c", name="0", role="viewer", password_hash="", disabled_at=None, created_at=0)
        )
    with database.read() as session:
        old = session.get(User, "u")
    with database.unit() as session:
        session.get(User, "u").name = "theirs"

    def write_late():
        with database.unit() as session:
            session.add(Counter(name="side effect", value=1))
            emit(session, "kind", "u", actor="system")
            session.merge(old, load=False).name = "mine"

    with pytest.raises(Stale) as refused:
        write_late()
    assert refused.value.status == 412
    with database.read() as session:
        assert session.get(User, "u").name == "theirs"
        assert session.get(Counter, "side effect") is None
    assert everything(database) == []


def test_a_reading_unit_sees_one_moment_and_cannot_write(database):
    with database.unit() as session:
        session.add(Counter(name="x", value=1))
    with database.read() as reader:
        assert reader.scalar(select(Counter.value)) == 1
        other = Database(database.url)
        with other.unit() as session:
            session.get(Counter, "x").value = 2
        other.dispose()
        assert reader.scalar(select(Counter.value)) == 1
    with database.read() as session:
        session.add(Counter(name="y", value=1))
    with database.read() as session:
        assert session.get(Counter, "y") is None
        assert session.get(Counter, "x").value == 2
