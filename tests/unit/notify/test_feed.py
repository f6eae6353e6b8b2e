"""The feed: the same messages, none missed, and cursors that say when the log is another one."""

from __future__ import annotations

import json
import threading

import pytest

from hub.access.actors import Actor, Role
from hub.db.models import Installation
from hub.db.unit import Database
from hub.errors import HubError
from hub.events.log import EventLog, emit
from hub.events.models import Event

READER = Actor("r", "Rita", Role.EDITOR, frozenset({"events"}))


def code_of(call, *args, **kwargs):
    with pytest.raises(HubError) as refused:
        call(*args, **kwargs)
    return refused.value.code, refused.value.status


def read_all(notify, after="", limit=3, kinds=()):
    found = []
    while True:
        page = notify.feed(READER, after=after, limit=limit, kinds=kinds)
        found += page.items
        after = page.cursor
        if not page.more:
            return found, after


def test_the_feed_brings_the_messages_that_webhooks_bring(notify, endpoint, receiver, happen, drain):
    endpoint(kinds=["*"])
    for number in range(4):
        happen(version_id=str(number))
        happen("access.signed_in", "somebody")
    drain()
    items, _ = read_all(notify)
    assert {(item.id, json.dumps(item.message, sort_keys=True)) for item in items} == {
        (message_id, json.dumps(json.loads(body), sort_keys=True)) for _, message_id, body in receiver.got
    }
    assert [item.message["data"]["version_id"] for item in items] == list("0123")


def test_reading_goes_on_where_it_ended_page_by_page_and_behind_each_message(notify, happen):
    ids = [happen(subject=str(number)) for number in range(7)]
    items, end = read_all(notify, limit=3)
    assert [item.id for item in items] == ids
    assert read_all(notify, after=items[4].cursor)[0] == items[5:]
    assert read_all(notify, after=end) == ([], end)
    again = notify.feed(READER, after=items[0].cursor, limit=2)
    assert again == notify.feed(READER, after=items[0].cursor, limit=2)
    assert again.more
    late = happen(subject="late")
    assert [item.id for item in read_all(notify, after=end)[0]] == [late]


def test_what_is_not_wanted_is_passed_over_and_the_cursor_is_past_it(notify, happen, endpoint):
    happen("asset.archived")
    end = happen("rights.changed", term_id="t")
    for _ in range(5):
        happen("asset.archived")
    items, cursor = read_all(notify, kinds=["rights.*", "recall.opened"], limit=1)
    assert [item.id for item in items] == [end]
    assert cursor == notify.feed(READER, after="latest").cursor
    assert read_all(notify, after="latest")[0] == []


def test_a_reader_misses_none_of_what_others_write_at_once(notify, database, clock):
    done = threading.Event()

    def write(name):
        mine = Database(database.url, pool_size=1)
        EventLog(mine, clock)
        for number in range(15):
            with mine.unit() as unit:
                emit(unit, "asset.archived", f"{name}-{number}", actor="u")
        mine.dispose()

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    threading.Thread(target=lambda: ([writer.join() for writer in writers], done.set())).start()
    found, cursor = [], ""
    while True:
        over = done.is_set()
        items, cursor = read_all(notify, after=cursor, limit=4, kinds=["asset.archived"])
        found += [item.message["data"]["asset_id"] for item in items]
        if over:
            break
    assert sorted(found) == sorted(f"{name}-{number}" for name in "abc" for number in range(15))


def test_a_cursor_of_another_epoch_is_refused(notify, happen, database):
    happen()
    _, cursor = read_all(notify)
    with database.unit() as unit:
        unit.get(Installation, "i").epoch += 1
    assert code_of(notify.feed, READER, after=cursor) == ("cursor_of_another_epoch", 410)
    assert notify.feed(READER, after="latest").items == ()


def test_a_cursor_that_this_log_never_gave_is_refused(notify, happen, database):
    happen()
    with database.read() as unit:
        last = unit.query(Event).count()
    assert code_of(notify.feed, READER, after=f"1-{last + 1}") == ("cursor_of_another_epoch", 410)
    for cursor in ("1", "x-1", "1-", "-1", "1-1-1", "1-" + "9" * 40, "\u0661-1"):
        assert code_of(notify.feed, READER, after=cursor)[0] == "cursor_unreadable", cursor
    assert code_of(notify.feed, READER, kinds=["access.signed_in"])[0] == "event_kind_unknown"


@pytest.mark.parametrize(
    ("role", "scopes", "may"),
    [
        (Role.EDITOR, None, True),
        (Role.VIEWER, None, False),
        (Role.CONTRIBUTOR, {"events"}, False),
        (Role.ADMINISTRATOR, {"events"}, True),
        (Role.EDITOR, {"read"}, True),
        (Role.ADMINISTRATOR, {"admin", "upload"}, False),
    ],
)
def test_who_may_read_the_feed(notify, role, scopes, may):
    actor = Actor("a", "Ada", role, None if scopes is None else frozenset(scopes))
    if may:
        assert notify.feed(actor).items == ()
    else:
        assert code_of(notify.feed, actor)[0] == "not_allowed"
