"""Trello's action feed: ties within a second, clocks, pages, boards that come and go, cards that come as a whole."""

import time

import pytest

from connectors.sdk.errors import BadAnswer
from connectors.testing.faults import Fault, Rule, refuse
from connectors.trello import feed

SECOND = 1_000


def told_since(trello, cursor):
    """Read until there is no more; return the changes by ref, and where to go on."""
    told = {}
    while True:
        found = trello.changes(cursor)
        assert not found.lost
        told.update((change.ref, change) for change in found.items)
        cursor = found.cursor
        if not found.more:
            return told, cursor


@pytest.fixture
def cards(sandbox):
    return sandbox.targets()


def test_an_upload_is_told_with_its_card_and_a_link_by_its_own_name(trello, sandbox, cards):
    cursor = trello.changes(None).cursor
    ref = sandbox.stock("holiday in Köln.jpg", b"x")
    link = sandbox.intrude(cards[0], "page")
    told, _ = told_since(trello, cursor)
    card, _, _ = ref.partition("/")
    assert set(told) == {card, ref, link}
    item = told[ref].item
    assert (item.name, item.parents, item.size) == ("holiday in Köln.jpg", (card,), None)
    assert told[card].item.parents == (sandbox.cards[card]["board"],)
    assert told[link].item is None


def test_what_was_told_is_not_told_again_and_the_old_cursor_still_works(trello, sandbox):
    start = trello.changes(None).cursor
    ref = sandbox.stock("a.jpg", b"x")
    told, cursor = told_since(trello, start)
    assert ref in told
    assert told_since(trello, cursor)[0] == {}
    assert told_since(trello, start)[0] == told


def test_actions_of_one_second_are_all_told_whatever_their_ids(trello, sandbox, cards):
    sandbox.clock = lambda: standing
    standing = time.time()
    cursor = trello.changes(None).cursor
    told = {}
    for number in range(12):  # each read ends amid the second, and ids within it come in no order
        sandbox.intrude(cards[0], f"page-{number}")
        more, cursor = told_since(trello, cursor)
        told.update(more)
    assert set(told) == set(sandbox.ledger.living())
    ids = [action["id"] for action in sandbox.files._of(sandbox.cards[cards[0]]["board"])]
    assert ids != sorted(ids)


def test_an_action_that_shows_late_under_an_earlier_second_is_told(trello, sandbox, cards):
    cursor = trello.changes(None).cursor
    sandbox.intrude(cards[0], "now")
    _, cursor = told_since(trello, cursor)
    earlier = time.time() - 30
    sandbox.clock = lambda: earlier
    late = sandbox.intrude(cards[0], "late")
    assert set(told_since(trello, cursor)[0]) == {late}


def test_a_clock_that_is_ahead_hides_nothing_that_others_tell_later(trello, sandbox, cards):
    cursor = trello.changes(None).cursor
    ahead = time.time() + 600
    sandbox.clock = lambda: ahead
    early = sandbox.intrude(cards[0], "ahead")
    told, cursor = told_since(trello, cursor)
    assert set(told) == {early}
    sandbox.clock = time.time
    right = sandbox.intrude(cards[0], "now")
    told, cursor = told_since(trello, cursor)
    assert set(told) == {right}
    assert told_since(trello, cursor)[0] == {}


def test_pages_end_amid_a_second_and_nothing_is_missed(trello, sandbox, cards, monkeypatch):
    monkeypatch.setattr(feed, "PAGE_SIZE", 7)
    cursor = trello.changes(None).cursor
    began = time.time() + 1
    for number in range(40):
        sandbox.clock = lambda at=began + number // 5: at
        sandbox.intrude(cards[0], f"page-{number}")
    sandbox.reset_requests()
    assert set(told_since(trello, cursor)[0]) == set(sandbox.ledger.living())
    board = sandbox.cards[cards[0]]["board"]
    assert sum(f"{board}/actions" in seen.path for seen in sandbox.requests) > 5


def test_more_in_one_second_than_a_page_holds_is_lost_and_never_passed_over(trello, sandbox, cards, monkeypatch):
    monkeypatch.setattr(feed, "PAGE_SIZE", 7)
    cursor = trello.changes(None).cursor
    soon = time.time() + 1
    sandbox.clock = lambda: soon
    for number in range(9):
        sandbox.intrude(cards[0], f"page-{number}")
    assert trello.changes(cursor).lost


def test_more_pages_than_anybody_reads_are_lost(trello, sandbox, cards, monkeypatch):
    monkeypatch.setattr(feed, "PAGE_SIZE", 3)
    monkeypatch.setattr(feed, "MOST_PAGES", 2)
    cursor = trello.changes(None).cursor
    began = time.time() + 1
    for number in range(12):
        sandbox.clock = lambda at=began + number: at
        sandbox.intrude(cards[0], f"page-{number}")
    assert trello.changes(cursor).lost


def test_a_deleted_attachment_is_told_by_both_of_its_names_as_nothing_says_what_it_was(trello, sandbox, cards):
    ref = sandbox.stock("a.jpg", b"x")
    cursor = trello.changes(None).cursor
    sandbox.unstock(ref)
    told, _ = told_since(trello, cursor)
    assert set(told) == {ref, ref.partition("/")[2]}
    assert all(change.gone for change in told.values())


def test_what_came_and_went_is_told_as_gone(trello, sandbox):
    cursor = trello.changes(None).cursor
    ref = sandbox.stock("a.jpg", b"x")
    sandbox.unstock(ref)
    assert told_since(trello, cursor)[0][ref].gone


def act(sandbox, kind, card, /, **data):
    board = sandbox.cards[card]["board"] if card in sandbox.cards else sandbox.boards[0]["id"]
    now = int(time.time() * SECOND)
    sandbox.files.acts.append((now, board, kind, {"card": {"id": card}, "board": {"id": board}, **data}))


def test_a_deleted_card_is_told_by_its_id_alone(trello, sandbox, cards):
    cursor = trello.changes(None).cursor
    card = cards[1]
    # As recorded in February 2023: no name.
    act(sandbox, "deleteCard", card, card={"id": card, "idShort": 1120, "shortLink": "fWdPbwrp"})
    assert told_since(trello, cursor)[0][card].gone


@pytest.mark.parametrize("kind", sorted(feed.CARDS_MOVE))
def test_a_card_that_comes_as_a_whole_is_read_with_its_files(trello, sandbox, kind):
    ref = sandbox.stock("logo.png", b"1234")
    card, _, _ = ref.partition("/")
    cursor = trello.changes(None).cursor
    act(sandbox, kind, card)
    told, _ = told_since(trello, cursor)
    assert set(told) == {card, ref}
    assert told[ref].item.size == 4


def test_a_card_that_moved_out_of_sight_is_gone(trello, sandbox, cards):
    cursor = trello.changes(None).cursor
    act(sandbox, "moveCardFromBoard", cards[0])
    sandbox.faults.add(refuse(401, on="read", path="/1/cards/", body="unauthorized card permission requested"))
    assert told_since(trello, cursor)[0][cards[0]].gone
    cursor = trello.changes(None).cursor
    act(sandbox, "moveCardFromBoard", "c" + "f" * 23)
    assert told_since(trello, cursor)[0]["c" + "f" * 23].gone


@pytest.mark.parametrize("kind", sorted(feed.LISTS_MOVE))
def test_a_list_that_moved_makes_a_new_inventory(trello, sandbox, cards, kind):
    cursor = trello.changes(None).cursor
    act(sandbox, kind, cards[0], boardTarget={"id": "63d128840231b184c3a2c1cd"})
    lost = trello.changes(cursor)
    assert lost.lost
    assert told_since(trello, lost.cursor)[0] == {}


def test_a_board_that_was_closed_is_lost_too(trello, sandbox):
    cursor = trello.changes(None).cursor
    del sandbox.boards[-1]
    assert trello.changes(cursor).lost


def test_only_what_counts_is_asked_for(trello, sandbox, cards):
    cursor = trello.changes(None).cursor
    act(sandbox, "updateCard", cards[0], old={"name": "old"})
    assert told_since(trello, cursor)[0] == {}


def test_a_member_without_boards_is_told_nothing(trello, sandbox):
    sandbox.boards.clear()
    cursor = trello.changes(None).cursor
    assert told_since(trello, cursor) == ({}, cursor)


def test_ids_that_are_none_are_no_actions(trello, sandbox):
    cursor = trello.changes(None).cursor
    sandbox.intrude(sandbox.targets()[0], "page")
    sandbox.faults.add(Rule(fault=Fault.REWRITE, path="actions", find='"id":"6', replace='"id":"z', times=None))
    with pytest.raises(BadAnswer):
        trello.changes(cursor)
