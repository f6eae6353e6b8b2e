from __future__ import annotations

import threading

import pytest

from hub.db.unit import Database
from hub.errors import Unavailable
from hub.jobs.drains import HEARTBEAT_MS, Drain, Round
from hub.jobs.models import Heartbeat


def heartbeat(database, name="work"):
    with database.read() as session:
        return session.get(Heartbeat, name)


def test_a_run_is_told_with_how_much_it_did(database, clock):
    assert Round(Drain("work", len), database, clock, owner="abc").once() == 3
    told = heartbeat(database)
    assert (told.ran_at, told.did, told.error) == (clock.now(), 3, "")


def test_an_idle_drain_is_told_from_time_to_time_only(database, clock):
    idle = Round(Drain("work", lambda _: 0), database, clock, owner="a")
    idle.once()
    first = clock.now()
    clock.advance(HEARTBEAT_MS - 1)
    idle.once()
    assert heartbeat(database).ran_at == first
    clock.advance(1)
    idle.once()
    assert heartbeat(database).ran_at == first + HEARTBEAT_MS


def test_a_failure_is_recorded_by_its_code_and_tried_again(database, clock):
    answers = [Unavailable("storage_failed", "The disk is full."), ValueError("password=secret"), 2]

    def run(_):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    work = Round(Drain("work", run), database, clock, owner="a")
    work.once()
    assert heartbeat(database).error == "storage_failed: The disk is full."
    work.once()
    assert heartbeat(database).error == "ValueError"
    work.once()
    assert (heartbeat(database).error, heartbeat(database).did) == ("", 2)


def test_a_failing_drain_is_tried_less_and_less_often_but_always_again(database, clock):
    pauses = []

    class Waits(threading.Event):
        def wait(self, timeout=None):
            pauses.append(timeout)
            return False

    Round(Drain("work", lambda _: 1 // 0, every_s=1.0), database, clock, owner="a").run(Waits(), 8)
    assert pauses == [2, 4, 8, 16, 30, 30, 30, 30]


def test_an_eager_drain_pauses_only_when_there_is_nothing_to_do(database, clock):
    pauses, did = [], [20, 3, 0, 1, ValueError()]

    class Waits(threading.Event):
        def wait(self, timeout=None):
            pauses.append(timeout)
            return False

    def run(_):
        now = did.pop(0)
        if isinstance(now, Exception):
            raise now
        return now

    Round(Drain("work", run, every_s=1.0, eager=True), database, clock, owner="a").run(Waits(), 5)
    assert pauses == [0, 0, 1, 0, 2]


def test_other_drains_gather_work_between_two_turns(database, clock):
    stop = threading.Event()
    pauses = []
    stop.wait = pauses.append
    Round(Drain("work", lambda _: 5, every_s=1.0), database, clock, owner="a").run(stop, 2)
    assert pauses == [1.0, 1.0]


def test_a_round_ends_when_it_is_told_to(database, clock):
    stop = threading.Event()
    runs = []

    def run(_):
        runs.append(1)
        if len(runs) == 3:
            stop.set()
        return 0

    Round(Drain("work", run, every_s=0.001), database, clock, owner="a").run(stop, 100)
    assert len(runs) == 3


def test_a_database_that_is_away_does_not_end_the_round(tmp_path, clock, caplog):
    broken = Database(f"sqlite:///{tmp_path / 'no tables.sqlite3'}")
    work = Round(Drain("work", lambda _: 1), broken, clock, owner="a")
    assert work.once() == 1
    assert "was not written" in caplog.text
    broken.dispose()


@pytest.mark.parametrize("workers", [2])
def test_workers_that_tell_at_once_do_not_disturb_each_other(database, clock, workers):
    rounds = [Round(Drain("work", lambda _: 1), database, clock, owner=str(number)) for number in range(workers)]
    start = threading.Barrier(workers)

    def go(work):
        start.wait()
        for _ in range(10):
            work.once()

    threads = [threading.Thread(target=go, args=(work,)) for work in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heartbeat(database).did == 1
